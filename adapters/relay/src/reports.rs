//! What is said to the engine about deliveries that were taken: what came of an attempt, or that there was none.

use stockroom::{Command, DeliveryResult, LeasedDelivery, ReportDelivery, Retry, RetryCause};

/// Reports an attempt.
pub(crate) fn report(delivery: LeasedDelivery, result: DeliveryResult) -> Command {
    let LeasedDelivery { destination, number, attempt, .. } = delivery;
    ReportDelivery { destination: destination.to_string(), number, attempt, result }.into()
}

/// Reports that a delivery was not begun, so that nobody has to doubt it or to wait for the end of its lease.
pub(crate) fn given_back(delivery: LeasedDelivery, why: &str) -> Command {
    let retry = Retry { after_ms: None, doubt: false, cause: RetryCause::NotYet, why: why.to_owned() };
    report(delivery, DeliveryResult::Retry(retry))
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

/// Reports that a delivery was not begun because the destination wants a pause. It goes back as it was.
pub(crate) fn not_now(delivery: LeasedDelivery, Pause(after_ms): Pause) -> Command {
    let why = "the destination wanted a pause before it".to_owned();
    report(delivery, DeliveryResult::Retry(Retry { after_ms, doubt: false, cause: RetryCause::Throttled, why }))
}
