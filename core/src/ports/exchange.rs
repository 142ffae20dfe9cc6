//! The exchange port: a conversation with a remote HTTP API as plain values. An exchange turns a delivery into
//! requests and answers into what came of it; it does no I/O. `adapters/http` runs it, as can any host with a
//! client of its own.

use std::fmt;

use crate::outbox::{DeliveryResult, LeasedDelivery};

/// A conversation about one delivery at a time. It keeps nothing between turns: all it knows stands in the
/// delivery, in the step that it named and in its memo.
pub trait Exchange: Send + Sync {
    /// The first turn. A delivery in doubt is looked up before it is carried out again.
    fn begin(&self, delivery: &LeasedDelivery) -> Turn;

    /// The turn after an answer, or after none came. `step` and `memo` are those of the question; `now_ms` is for
    /// dates in answers, such as Retry-After.
    fn answered(
        &self,
        delivery: &LeasedDelivery,
        step: Step,
        memo: &str,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn;
}

/// An exchange that is shared is one.
impl<E: Exchange + ?Sized> Exchange for std::sync::Arc<E> {
    fn begin(&self, delivery: &LeasedDelivery) -> Turn {
        (**self).begin(delivery)
    }

    fn answered(
        &self,
        delivery: &LeasedDelivery,
        step: Step,
        memo: &str,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        (**self).answered(delivery, step, memo, answer, now_ms)
    }
}

/// What happens next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Send this and come back with the answer.
    Ask {
        /// What to send.
        request: HttpRequest,
        /// What it is for, to be handed back with the answer.
        step: Step,
        /// What the exchange has to remember until then, to be handed back with the answer; mostly nothing.
        memo: String,
    },
    /// The conversation is over.
    End(DeliveryResult),
}

/// What a request is for, as the exchange names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step(pub &'static str);

/// The most turns of one conversation; one that takes more is ended as failing.
pub const TURNS_MAX: u32 = 20;

/// The most requests of one conversation. Its end is a turn as well.
pub const REQUESTS_MAX: u32 = TURNS_MAX - 1;

/// A request to send as it is. Redirects are not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// Absolute, `https://` or, on a private network, `http://`.
    pub url: String,
    /// Headers beside those that the client sets itself (Host, Content-Length, User-Agent).
    pub headers: Vec<(String, HeaderValue)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
}

/// A request's method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Each is the method of its name.
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The method as it stands in a request.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }

    /// Whether sending it twice is as good as once by its definition (RFC 9110, 9.2.2).
    pub fn is_idempotent(self) -> bool {
        matches!(self, Method::Get | Method::Put | Method::Delete)
    }
}

/// The value of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderValue {
    /// To be seen by anybody.
    Plain(String),
    /// Not to be written anywhere but into the request.
    Secret(Secret),
}

/// A text that shows itself to nobody who does not ask: it has no `Display`, and its `Debug` is `***`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text in.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Secret::new(text)
    }
}

/// An answer as it came, its body decoded and whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Headers in their order, names as they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The first header of a name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Why no whole answer came. The texts are for people and hold no secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpFailure {
    /// The request cannot have been carried out: no connection, no trusted certificate.
    NotSent(String),
    /// It may have been carried out: a timeout, a cut connection, a body too large to be read.
    Lost(String),
}

impl fmt::Display for HttpFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HttpFailure::NotSent(why) => write!(f, "not sent: {why}"),
            HttpFailure::Lost(why) => write!(f, "no answer: {why}"),
        }
    }
}
