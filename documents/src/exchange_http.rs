//! Requests, answers and incoming messages of HTTP as documents, for hosts that have an HTTP client and server of their
//! own. Nothing is sent here.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use stockroom::ports::{HeaderValue, HttpFailure, HttpRequest, HttpResponse};
use stockroom::{Error, Result};

use crate::exchange_faults::{malformed, parse_unquoted};

/// The largest body of an answer or a message that is read: 4 MiB, once decoded.
pub const BODY_MAX_BYTES: usize = 4 * 1024 * 1024;

/// The longest that one answer is waited for, in milliseconds.
pub const ANSWER_MAX_MS: i64 = 60_000;

/// Base64 with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A request to send as it is.
///
/// The document shows everything, keys and tokens too, for it is what the host sends: hand it to the HTTP client and
/// nowhere else, least of all into a log. (The Rust value's `Debug` does not show them.)
///
/// Send it once. Follow no redirect, repeat nothing, and take any status for an answer. The body comes back decoded
/// (gzip and the like) and whole. Beside the headers here the client sets its own: Host, Content-Length, User-Agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "HttpRequest")]
pub struct HttpRequestDocument {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// Absolute, `https://` or, on a private network, `http://`. It holds no secret.
    pub url: String,
    /// Pairs of name and value, secrets among them.
    #[serde(serialize_with = "revealed")]
    #[schemars(with = "Vec<(String, String)>")]
    pub headers: Vec<(String, HeaderValue)>,
    /// The body as text; absent for none, and where it is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body in base64, where it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// How long to wait for the whole answer, in milliseconds. After that give up and answer `lost`, or `not_sent` where
    /// no connection was made.
    pub timeout_ms: i64,
}

fn revealed<S: Serializer>(headers: &[(String, HeaderValue)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(headers.iter().map(|(name, value)| match value {
        HeaderValue::Plain(text) => (name, text.as_str()),
        HeaderValue::Secret(secret) => (name, secret.reveal()),
    }))
}

impl HttpRequestDocument {
    /// A request of an exchange, whose answer may take so long.
    pub(crate) fn new(request: HttpRequest, timeout_ms: i64) -> Self {
        let HttpRequest { method, url, headers, body } = request;
        let (body, body_base64) = match String::from_utf8(body) {
            Ok(text) if text.is_empty() => (None, None),
            Ok(text) => (Some(text), None),
            Err(bytes) => (None, Some(BASE64.encode(bytes.as_bytes()))),
        };
        HttpRequestDocument { method: method.name(), url, headers, body, body_base64, timeout_ms }
    }
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "HttpAnswer")]
pub enum AnswerDocument {
    /// An answer, whatever its status: a redirect and an error are answers as well.
    Response(ResponseDocument),
    /// Why no byte of the request left: no address, no connection, no trusted certificate. For people, without secrets.
    /// Where this is not sure it is `lost`.
    NotSent(String),
    /// Why no whole answer came though the request may have: a timeout, a cut connection. For people, without secrets.
    Lost(String),
}

/// An answer of HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HttpResponse")]
pub struct ResponseDocument {
    /// The status.
    #[schemars(range(min = 100, max = 999))]
    pub status: u16,
    /// Its headers, names in any case.
    #[serde(default)]
    pub headers: HeadersDocument,
    /// The body as text.
    #[serde(default)]
    pub body: Option<String>,
    /// The body in base64, in place of `body`.
    #[serde(default)]
    pub body_base64: Option<String>,
}

/// Headers: a list of pairs, or an object.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename = "HttpHeaders", untagged)]
pub enum HeadersDocument {
    /// Pairs of name and value, in their order.
    Pairs(Vec<(String, String)>),
    /// Values by name.
    Object(BTreeMap<String, HeaderTexts>),
}

/// The value of a header, or all of them where it came several times.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum HeaderTexts {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// Read by hand: what serde makes of a choice without a name first keeps all that it may be.
impl<'de> Deserialize<'de> for HeadersDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Headers;

        impl<'de> Visitor<'de> for Headers {
            type Value = HeadersDocument;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("headers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, pairs: A) -> Result<HeadersDocument, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(pairs)).map(HeadersDocument::Pairs)
            }

            fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<HeadersDocument, A::Error> {
                BTreeMap::deserialize(MapAccessDeserializer::new(object)).map(HeadersDocument::Object)
            }
        }

        deserializer.deserialize_any(Headers)
    }
}

impl<'de> Deserialize<'de> for HeaderTexts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;

        impl<'de> Visitor<'de> for Texts {
            type Value = HeaderTexts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a header's text, or several")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<HeaderTexts, E> {
                Ok(HeaderTexts::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, texts: A) -> Result<HeaderTexts, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(texts)).map(HeaderTexts::Several)
            }
        }

        deserializer.deserialize_any(Texts)
    }
}

impl Default for HeadersDocument {
    fn default() -> Self {
        HeadersDocument::Pairs(Vec::new())
    }
}

impl HeadersDocument {
    fn into_pairs(self) -> Vec<(String, String)> {
        match self {
            HeadersDocument::Pairs(pairs) => pairs,
            HeadersDocument::Object(object) => object
                .into_iter()
                .flat_map(|(name, texts)| {
                    let texts = match texts {
                        HeaderTexts::One(text) => vec![text],
                        HeaderTexts::Several(texts) => texts,
                    };
                    texts.into_iter().map(move |text| (name.clone(), text))
                })
                .collect(),
        }
    }
}

impl AnswerDocument {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`stockroom::ErrorKind::Malformed`] where the bytes are no such document. The text repeats nothing of it.
    pub fn parse(answer: &[u8]) -> Result<Self> {
        parse_unquoted(answer, "documents.answer")
    }

    /// As an exchange takes it. A body above [`BODY_MAX_BYTES`] counts as an answer that was lost: something was done,
    /// and nobody can read what.
    pub(crate) fn outcome(self, operation: &'static str) -> Result<Result<HttpResponse, HttpFailure>> {
        let response = match self {
            AnswerDocument::Response(response) => response,
            AnswerDocument::NotSent(why) => return Ok(Err(HttpFailure::NotSent(why))),
            AnswerDocument::Lost(why) => return Ok(Err(HttpFailure::Lost(why))),
        };
        let ResponseDocument { status, headers, body, body_base64 } = response;
        if !(100..=999).contains(&status) {
            return Err(malformed(operation, format!("{status} is no status of HTTP")));
        }
        Ok(match bytes_of(body, body_base64) {
            Ok(body) => Ok(HttpResponse { status, headers: headers.into_pairs(), body }),
            Err(BodyFault::TooLarge) => Err(HttpFailure::Lost(BodyFault::TooLarge.to_string())),
            Err(fault) => return Err(fault.error(operation)),
        })
    }
}

/// A message that came to the host's webhook address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IncomingMessage")]
pub struct IncomingDocument {
    /// Its headers, names in any case.
    pub headers: HeadersDocument,
    /// The body as text: exactly the bytes that came, read as UTF-8. JSON that was read and written again has another
    /// signature.
    #[serde(default)]
    pub body: Option<String>,
    /// The bytes that came in base64, in place of `body`.
    #[serde(default)]
    pub body_base64: Option<String>,
}

impl IncomingDocument {
    /// Reads a message.
    ///
    /// # Errors
    /// [`stockroom::ErrorKind::Malformed`] where the bytes are no such document. The text repeats nothing of it.
    pub fn parse(message: &[u8]) -> Result<Self> {
        parse_unquoted(message, "documents.webhook")
    }

    /// The headers and the bytes that came.
    pub(crate) fn parts(self) -> Result<IncomingParts, BodyFault> {
        Ok(IncomingParts { body: bytes_of(self.body, self.body_base64)?, headers: self.headers.into_pairs() })
    }
}

/// A message as the readers take it.
pub(crate) struct IncomingParts {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFault {
    Both,
    Base64,
    TooLarge,
}

impl BodyFault {
    pub(crate) fn error(self, operation: &'static str) -> Error {
        malformed(operation, self.to_string())
    }
}

impl fmt::Display for BodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BodyFault::Both => "there is a body and a body_base64: say one of them",
            BodyFault::Base64 => "body_base64 is no base64",
            // As adapters/http says it.
            BodyFault::TooLarge => "the answer's body is too large",
        })
    }
}

fn bytes_of(body: Option<String>, body_base64: Option<String>) -> Result<Vec<u8>, BodyFault> {
    let bytes = match (body, body_base64) {
        (Some(_), Some(_)) => return Err(BodyFault::Both),
        (Some(text), None) => text.into_bytes(),
        (None, Some(text)) => BASE64.decode(text).map_err(|_| BodyFault::Base64)?,
        (None, None) => Vec::new(),
    };
    if bytes.len() > BODY_MAX_BYTES { Err(BodyFault::TooLarge) } else { Ok(bytes) }
}
