//! The ends of a conversation that all exchanges share, so that each says who is at fault and whether a doubt
//! remains in the same way. What an answer means is not decided here.

use stockroom::channel::ShownQuantities;
use stockroom::outbox::{DeliveryAnswer, DeliveryResult, LeasedDelivery, Retry, RetryCause};
use stockroom::ports::{HttpRequest, Step, Turn};

pub(crate) fn ask(request: HttpRequest, step: Step, memo: String) -> Turn {
    Turn::Ask { request, step, memo }
}

/// Carried out; `pause_ms` where the shop is better left alone for a while.
pub(crate) fn done(answer: DeliveryAnswer, pause_ms: Option<i64>) -> Turn {
    Turn::End(match pause_ms {
        Some(pause_ms) => DeliveryResult::DoneWithPause { answer, pause_ms },
        None => DeliveryResult::Done(answer),
    })
}

pub(crate) fn told(quantities: ShownQuantities, pause_ms: Option<i64>) -> Turn {
    done(DeliveryAnswer::Quantities(quantities), pause_ms)
}

pub(crate) fn refused(why: impl Into<String>) -> Turn {
    Turn::End(DeliveryResult::Refused { why: why.into() })
}

/// To be tried again, by the shop's fault.
pub(crate) fn failing(doubt: bool, why: impl Into<String>) -> Turn {
    retry(RetryCause::Failing, doubt, None, why)
}

pub(crate) fn retry(cause: RetryCause, doubt: bool, after_ms: Option<i64>, why: impl Into<String>) -> Turn {
    Turn::End(DeliveryResult::Retry(Retry { after_ms, doubt, cause, why: why.into() }))
}

/// A delivery of a kind, a step or a memo that the exchange does not know. Nothing was sent for it now, but nothing
/// is known of it either.
pub(crate) fn unknown(delivery: &LeasedDelivery) -> Turn {
    let why = "this exchange does not know this kind of delivery or step; is the host newer than the adapter?";
    failing(delivery.doubt, why)
}
