//! The conversation about one delivery, run by a host with an HTTP client of its own: what to send, and at the end what
//! to report. It counts turns and time as `adapters/http` does; what is asked and what an answer means is the
//! exchange's affair.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use stockroom::ports::{Exchange, HttpFailure, Method, Step, TURNS_MAX, Turn};
use stockroom::{DeliveryResult, LeasedDelivery, ReportDelivery, Result, Retry, RetryCause};

use crate::calls::{CommandDocument, write};
use crate::exchange_faults::{malformed, parse_unquoted};
use crate::exchange_http::{ANSWER_MAX_MS, AnswerDocument, HttpRequestDocument};
use crate::exchange_orders::command;

const OPERATION: &str = "documents.conversation";

/// How long before the end of its lease a delivery is through, in milliseconds: the time to report it.
pub const LEASE_MARGIN_MS: i64 = 1_000;

/// The least time for which a request is still begun, in milliseconds. One that is sure to be cut off only raises a
/// doubt.
const REQUEST_LEAST_MS: i64 = 100;

/// What happens next in a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Turn")]
pub enum TurnDocument {
    /// Send this and come back with the answer.
    Ask(HttpRequestDocument),
    /// The conversation is over.
    End(Box<EndDocument>),
}

/// The end of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "TurnEnd")]
pub struct EndDocument {
    /// What came of the delivery.
    pub result: DeliveryResult,
    /// The command that reports it, as `execute` takes it. Send it before the lease ends.
    pub report: CommandDocument,
}

impl TurnDocument {
    /// The document as text.
    ///
    /// # Errors
    /// None that a turn of an exchange of ours can meet.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        write(self, OPERATION)
    }
}

/// A conversation. It keeps the delivery and what the exchange has to remember between two turns; to give it up, drop
/// it: the delivery comes again, in doubt, when its lease ends.
pub struct Conversation {
    exchange: Arc<dyn Exchange>,
    delivery: LeasedDelivery,
    /// What was asked; nothing once it is over.
    asked: Option<Asked>,
    turns: u32,
    /// What an earlier attempt may have done stays in doubt until the exchange itself ends the conversation.
    doubt: bool,
    /// The latest time that was said: a clock that is set back does not lengthen the lease.
    latest_ms: i64,
}

struct Asked {
    step: Step,
    memo: String,
    /// Whether it may change something over there.
    changes: bool,
}

impl fmt::Debug for Conversation {
    /// Which delivery it is about. What was said may be anybody's affair but a log's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("destination", &self.delivery.destination)
            .field("number", &self.delivery.number)
            .field("attempt", &self.delivery.attempt)
            .field("turns", &self.turns)
            .field("is_over", &self.asked.is_none())
            .finish_non_exhaustive()
    }
}

impl Conversation {
    /// Begins the conversation about a delivery as `take_deliveries` gave it. `now_ms` is the time by the engine's
    /// clock, in milliseconds since the Unix epoch: what the lease is counted by.
    pub fn begin(exchange: Arc<dyn Exchange>, delivery: LeasedDelivery, now_ms: i64) -> (Self, TurnDocument) {
        let turn = exchange.begin(&delivery);
        let doubt = delivery.doubt;
        let mut conversation = Conversation { exchange, delivery, asked: None, turns: 1, doubt, latest_ms: now_ms };
        let first = conversation.next(turn, now_ms);
        (conversation, first)
    }

    /// The same with the delivery as text.
    ///
    /// # Errors
    /// [`stockroom::ErrorKind::Malformed`] where the bytes are no delivery. The text repeats nothing of it.
    pub fn begin_json(exchange: Arc<dyn Exchange>, delivery: &[u8], now_ms: i64) -> Result<(Self, TurnDocument)> {
        Ok(Self::begin(exchange, parse_unquoted(delivery, OPERATION)?, now_ms))
    }

    /// Takes in the answer to what was asked last, or that none came, and says what is next.
    ///
    /// # Errors
    /// [`stockroom::ErrorKind::Malformed`] where the conversation is over, or the answer's status or body is none of
    /// HTTP. The conversation stands where it stood.
    pub fn answered(&mut self, answer: AnswerDocument, now_ms: i64) -> Result<TurnDocument> {
        if self.asked.is_none() {
            return Err(malformed(OPERATION, "the conversation is over: nothing was asked"));
        }
        let answer = answer.outcome(OPERATION)?;
        let Some(asked) = self.asked.take() else {
            return Err(malformed(OPERATION, "nothing was asked"));
        };
        // An idempotent request counts as well: it could be sent again without harm, but may have been carried out.
        self.doubt |= asked.changes && !matches!(answer, Err(HttpFailure::NotSent(_)));
        let turn = self.exchange.answered(&self.delivery, asked.step, &asked.memo, answer.as_ref(), now_ms);
        self.turns += 1;
        Ok(self.next(turn, now_ms))
    }

    /// The same with the answer as text.
    ///
    /// # Errors
    /// As [`Conversation::answered`], and where the bytes are no answer.
    pub fn answered_json(&mut self, answer: &[u8], now_ms: i64) -> Result<TurnDocument> {
        self.answered(AnswerDocument::parse(answer)?, now_ms)
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.asked.is_none()
    }

    fn next(&mut self, turn: Turn, now_ms: i64) -> TurnDocument {
        self.latest_ms = self.latest_ms.max(now_ms);
        let left_ms = self.delivery.lease_until_ms.saturating_sub(LEASE_MARGIN_MS).saturating_sub(self.latest_ms);
        let result = match turn {
            Turn::End(result) => result,
            Turn::Ask { step, .. } if self.turns >= TURNS_MAX => self.too_many_turns(step),
            Turn::Ask { step, .. } if left_ms < REQUEST_LEAST_MS => self.out_of_time(step),
            Turn::Ask { request, step, memo } => {
                self.asked = Some(Asked { step, memo, changes: request.method != Method::Get });
                return TurnDocument::Ask(HttpRequestDocument::new(request, left_ms.min(ANSWER_MAX_MS)));
            }
        };
        let report = command(ReportDelivery {
            destination: self.delivery.destination.clone(),
            number: self.delivery.number,
            attempt: self.delivery.attempt,
            result: result.clone(),
        });
        TurnDocument::End(Box::new(EndDocument { result, report }))
    }

    fn too_many_turns(&self, Step(step): Step) -> DeliveryResult {
        let why = format!("the conversation came to no end within {TURNS_MAX} turns, the next was `{step}`");
        self.again(RetryCause::Failing, why)
    }

    fn out_of_time(&self, Step(step): Step) -> DeliveryResult {
        // Nobody over there is to blame for a delivery that came to its turn too late.
        let (cause, ending) = if self.turns > 1 {
            (RetryCause::Failing, "the conversation took too long for its lease")
        } else {
            (RetryCause::NotYet, "too little was left of the lease to begin")
        };
        self.again(cause, format!("{ending}, the next was `{step}`"))
    }

    fn again(&self, cause: RetryCause, why: String) -> DeliveryResult {
        DeliveryResult::Retry(Retry { after_ms: None, doubt: self.doubt, cause, why })
    }
}
