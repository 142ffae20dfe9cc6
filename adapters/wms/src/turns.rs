//! The ends of a conversation that all exchanges share, so that each says who is at fault and whether a doubt
//! remains in the same way. What an answer means is not decided here.

use stockroom::Error;
use stockroom::outbox::{DeliveryAnswer, DeliveryResult, LeasedDelivery, Retry, RetryCause};
use stockroom::ports::{HttpFailure, HttpResponse, Turn};

use crate::dates::wait_ms;
use crate::remote::{excerpt, shown};

pub(crate) fn done(answer: DeliveryAnswer) -> Turn {
    Turn::End(DeliveryResult::Done(answer))
}

pub(crate) fn refused(why: impl Into<String>) -> Turn {
    Turn::End(DeliveryResult::Refused { why: why.into() })
}

/// To be tried again, by the destination's fault.
pub(crate) fn failing(doubt: bool, why: impl Into<String>) -> Turn {
    retry(RetryCause::Failing, doubt, None, why)
}

pub(crate) fn retry(cause: RetryCause, doubt: bool, after_ms: Option<i64>, why: impl Into<String>) -> Turn {
    Turn::End(DeliveryResult::Retry(Retry { after_ms, doubt, cause, why: why.into() }))
}

/// A delivery of a kind, or a step, that the exchange does not know. Nothing was sent for it now, but nothing is
/// known of it either.
pub(crate) fn unknown(delivery: &LeasedDelivery) -> Turn {
    let why = "this exchange does not know this kind of delivery or step; is the host newer than the adapter?";
    failing(delivery.doubt, why)
}

/// A delivery that the store has damaged. Nothing was sent for it now; trying again does no harm, and where it stays so it
/// becomes a dead letter that somebody looks at.
pub(crate) fn unreadable(delivery: &LeasedDelivery, error: &Error) -> Turn {
    retry(RetryCause::NotYet, delivery.doubt, None, error.to_string())
}

/// No answer came; `doubt` says whether the request may have been carried out, or an earlier one may.
pub(crate) fn no_answer(failure: &HttpFailure, doubt: bool, secrets: &[String]) -> Turn {
    failing(doubt, shown(&failure.to_string(), secrets))
}

/// The status and the message of an answer, behind what was asked.
pub(crate) fn why(what: &str, response: &HttpResponse, secrets: &[String]) -> String {
    let said = excerpt(&response.body, secrets);
    let status = response.status;
    if said.is_empty() { format!("{what}: status {status}") } else { format!("{what}: status {status}: {said}") }
}

/// The wait that an answer asks for in the first of these headers that can be read.
pub(crate) fn asked_wait_ms(response: &HttpResponse, headers: &[String], now_ms: i64) -> Option<i64> {
    headers.iter().filter_map(|name| response.header(name)).find_map(|text| wait_ms(text, now_ms))
}
