//! What is said to the engine about deliveries that were taken: what came of an attempt, or that there was none.

use stockroom::{Command, DeliveryResult, LeasedDelivery, Name, ReportDelivery, Retry, RetryCause};

/// A delivery and what came of it. It is whole, and goes back to the keeper so: what one thread took from the memory and
/// another gives back costs both of them a lock, and often a wait for each other.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) delivery: LeasedDelivery,
    pub(crate) result: DeliveryResult,
}

/// What the engine is told of a delivery of the keeper's destination.
#[derive(Debug)]
pub(crate) struct Report {
    number: u64,
    attempt: u32,
    result: DeliveryResult,
}

impl From<Ended> for Report {
    fn from(Ended { delivery, result }: Ended) -> Self {
        Report { number: delivery.number, attempt: delivery.attempt, result }
    }
}

impl Report {
    /// The command, which can be given again where it could not be carried out.
    pub(crate) fn command(&self, destination: &Name) -> Command {
        let Report { number, attempt, result } = self;
        ReportDelivery { destination: destination.clone(), number: *number, attempt: *attempt, result: result.clone() }
            .into()
    }
}

/// A delivery that was not begun, so that nobody has to doubt it or to wait for the end of its lease.
pub(crate) fn given_back(delivery: LeasedDelivery, why: &str) -> Ended {
    let retry = Retry { after_ms: None, doubt: false, cause: RetryCause::NotYet, why: why.to_owned() };
    Ended { delivery, result: DeliveryResult::Retry(retry) }
}

/// A pause that a destination asked for, in milliseconds; without a number the engine's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pause(Option<i64>);

/// The pause that a destination wants before anything else is sent to it, where it does.
pub(crate) fn pause(result: &DeliveryResult) -> Option<Pause> {
    match result {
        DeliveryResult::DoneWithPause { pause_ms, .. } => Some(Pause(Some(*pause_ms))),
        DeliveryResult::Retry(Retry { cause: RetryCause::Throttled, after_ms, .. }) => Some(Pause(*after_ms)),
        _ => None,
    }
}

/// A delivery that was not begun because the destination wants a pause. It goes back as it was.
pub(crate) fn not_now(delivery: LeasedDelivery, Pause(after_ms): Pause) -> Ended {
    let why = "the destination wanted a pause before it".to_owned();
    let retry = Retry { after_ms, doubt: false, cause: RetryCause::Throttled, why };
    Ended { delivery, result: DeliveryResult::Retry(retry) }
}
