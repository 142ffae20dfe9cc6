//! The engine: commands in, decisions, changes and events out. Decisions are pure; `driver` runs them over a
//! store, and `step` lets a host run them over anything else.

mod command;
mod decide;
mod decision;
mod digest;
mod driver;
mod needs;
mod pages;
mod prune;
mod reads;
mod records;
mod settle;
mod step;
mod unread;
mod verify;
mod working_set;

pub use command::{Action, Answer, Command, Outcome, Reply, TimedCommand};
pub(crate) use decide::locations_of;
pub(crate) use decision::Decision;
pub use digest::StateDigest;
pub use driver::{OrderRule, Recorder, Stockroom, Ticket};
pub use needs::{Found, Needs, Query};
pub use prune::PrunedTotal;
pub use records::{Record, RecordKey, RecordKind};
pub use step::{Progress, Step};
pub use unread::Unread;
pub use verify::{Problem, Verification};
pub(crate) use working_set::Stop;
pub use working_set::{
    BackorderChange, Catalog, Changes, Counters, Forget, NewKey, NewOrderRow, RecordChange, SubscriptionChange,
    WorkingSet,
};
