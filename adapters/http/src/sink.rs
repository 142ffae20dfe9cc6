//! Holds the conversation about one delivery, within its lease. What is asked and what an answer means is the
//! exchange's affair; this file counts turns and time.

use std::sync::Arc;
use std::time::Instant;

use stockroom::outbox::{DeliveryResult, LeasedDelivery, Retry, RetryCause};
use stockroom::ports::{Clock, Exchange, HttpFailure, HttpRequest, HttpResponse, Method, Sink, Step, TURNS_MAX, Turn};

/// How long before the end of its lease a delivery is through, in milliseconds, unless the host says otherwise: the
/// time to report it.
pub const LEASE_MARGIN_MS: i64 = 1_000;

/// The least time for which a request is still begun, in milliseconds. One that is sure to be cut off only raises
/// a doubt.
pub const REQUEST_LEAST_MS: i64 = 100;

/// What a sink sends requests with. `HttpClient` is one.
pub trait SendRequest: Send + Sync {
    /// Sends a request once and waits for the whole answer, whatever its status, for at most `whole_timeout_ms`
    /// milliseconds. It follows no redirect and repeats nothing.
    ///
    /// # Errors
    /// [`HttpFailure::NotSent`] where nothing of the request was given to a connection, else [`HttpFailure::Lost`]. The
    /// texts hold no secrets.
    fn send_within(&self, request: &HttpRequest, whole_timeout_ms: u64) -> Result<HttpResponse, HttpFailure>;
}

/// What is shared sends as well.
impl<S: SendRequest + ?Sized> SendRequest for Arc<S> {
    fn send_within(&self, request: &HttpRequest, whole_timeout_ms: u64) -> Result<HttpResponse, HttpFailure> {
        (**self).send_within(request, whole_timeout_ms)
    }
}

/// Carries deliveries out by an exchange over HTTP.
///
/// A delivery ends before its lease does, by the margin: each request gets at most the time that is left, and where
/// that is too short for another the delivery is to be tried again. The lease is read by the clock that is given
/// here, which has to be the engine's; from then on time cannot stretch, even where that clock is set back.
pub struct HttpSink<E, S, C> {
    exchange: E,
    client: S,
    clock: C,
    margin_ms: i64,
}

impl<E: Exchange, S: SendRequest, C: Clock> HttpSink<E, S, C> {
    /// A sink that keeps a margin of [`LEASE_MARGIN_MS`].
    pub fn new(exchange: E, client: S, clock: C) -> Self {
        HttpSink { exchange, client, clock, margin_ms: LEASE_MARGIN_MS }
    }

    /// Keeps another margin before the end of a lease, in milliseconds; below 0 counts as 0. Where the lease is not
    /// longer than the margin nothing is ever sent.
    #[must_use]
    pub fn with_margin_ms(mut self, margin_ms: i64) -> Self {
        self.margin_ms = margin_ms.max(0);
        self
    }

    /// One conversation, ended by the exchange or by what it has used up.
    fn converse(&self, delivery: &LeasedDelivery, allowance: &Allowance) -> DeliveryResult {
        let mut was_asked = false;
        // What an earlier attempt may have done stays in doubt until the exchange itself ends the conversation.
        let mut doubt = delivery.doubt;
        let mut turns = 1;
        let mut turn = self.exchange.begin(delivery);
        loop {
            let (request, step, memo) = match turn {
                Turn::End(result) => return result,
                Turn::Ask { request, step, memo } => (request, step, memo),
            };
            if turns >= TURNS_MAX {
                return too_many_turns(step, doubt);
            }
            let left_ms = allowance.left_ms(self.clock.now_ms());
            if left_ms < REQUEST_LEAST_MS {
                return out_of_time(step, was_asked, doubt);
            }
            let answer = self.client.send_within(&request, u64::try_from(left_ms).unwrap_or(0));
            was_asked = true;
            doubt |= may_have_changed(&request, answer.as_ref().err());
            turn = self.exchange.answered(delivery, step, &memo, answer.as_ref(), self.clock.now_ms());
            turns += 1;
        }
    }
}

impl<E: Exchange, S: SendRequest, C: Clock> Sink for HttpSink<E, S, C> {
    fn deliver(&self, delivery: &LeasedDelivery) -> DeliveryResult {
        let end_ms = delivery.lease_until_ms.saturating_sub(self.margin_ms);
        let first_ms = end_ms.saturating_sub(self.clock.now_ms());
        self.converse(delivery, &Allowance { end_ms, first_ms, began: Instant::now() })
    }
}

/// The time that a conversation has.
struct Allowance {
    /// When it ends, by the clock.
    end_ms: i64,
    /// How long it was at first.
    first_ms: i64,
    /// When that was, by a watch that nobody can set.
    began: Instant,
}

impl Allowance {
    /// What is left by the clock or by the watch, whichever is less.
    fn left_ms(&self, now_ms: i64) -> i64 {
        let passed_ms = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.end_ms.saturating_sub(now_ms).min(self.first_ms.saturating_sub(passed_ms))
    }
}

/// Whether a request may have changed something over there. An idempotent one counts as well: it could be sent again
/// without harm, but it may have been carried out all the same.
fn may_have_changed(request: &HttpRequest, failure: Option<&HttpFailure>) -> bool {
    request.method != Method::Get && !matches!(failure, Some(HttpFailure::NotSent(_)))
}

fn too_many_turns(Step(step): Step, doubt: bool) -> DeliveryResult {
    let why = format!("the conversation came to no end within {TURNS_MAX} turns, the next was `{step}`");
    DeliveryResult::Retry(Retry { after_ms: None, doubt, cause: RetryCause::Failing, why })
}

fn out_of_time(Step(step): Step, was_asked: bool, doubt: bool) -> DeliveryResult {
    // Nobody over there is to blame for a delivery that came to its turn too late.
    let (cause, ending) = if was_asked {
        (RetryCause::Failing, "the conversation took too long for its lease")
    } else {
        (RetryCause::NotYet, "too little was left of the lease to begin")
    };
    DeliveryResult::Retry(Retry { after_ms: None, doubt, cause, why: format!("{ending}, the next was `{step}`") })
}
