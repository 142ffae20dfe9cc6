//! Webhooks from a shop: proof of who sent a message ([`Verifier`]), and what it says as Stockroom's commands
//! ([`Reader`]). A reader takes only what a verifier let through. It opens no port and asks for no time.
//!
//! Shopify signs the body alone. The headers beside it (topic, shop, ids, times) are as good as the connection that
//! they came over, so nothing that matters rests on them alone.

mod reader;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use stockroom::ports::Secret;
use subtle::{Choice, ConstantTimeEq};

use crate::dates::rfc3339_ms;
use crate::settings::is_domain;

pub use reader::{Incoming, ReadError, Reader, ReaderFault};

/// The header with the signature: base64 of HMAC-SHA256 over the body
/// (<https://shopify.dev/docs/apps/build/webhooks/delivery-structure>).
pub const SIGNATURE_HEADER: &str = "X-Shopify-Hmac-Sha256";
/// The header with the topic, such as `orders/create`.
pub const TOPIC_HEADER: &str = "X-Shopify-Topic";
/// The header with the shop's domain.
pub const SHOP_HEADER: &str = "X-Shopify-Shop-Domain";
/// The header with the delivery's id.
pub const WEBHOOK_ID_HEADER: &str = "X-Shopify-Webhook-Id";
/// The header with the id of what happened, the same for all messages about it. Not always there.
pub const EVENT_ID_HEADER: &str = "X-Shopify-Event-Id";
/// The header with the time of what happened. Not always there.
pub const TRIGGERED_AT_HEADER: &str = "X-Shopify-Triggered-At";
/// The most secrets at once: the new and the old while they are exchanged.
pub const SECRETS_MAX: usize = 2;
/// The fewest bytes of a secret.
pub const SECRET_BYTES_MIN: usize = 16;
/// The longest id: with a topic that is read, an order's number and a time it makes a `MessageId`.
const ID_BYTES_MAX: usize = 64;
/// The longest topic.
const TOPIC_BYTES_MAX: usize = 128;

/// Tells genuine messages from others. Its `Debug` shows no secret.
#[derive(Clone)]
pub struct Verifier {
    /// One keyed hash for each secret, ready for a message.
    keys: Vec<Hmac<Sha256>>,
    shop: String,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("secrets", &self.keys.len()).field("shop", &self.shop).finish()
    }
}

/// What is wrong with what a verifier is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifierFault {
    /// There is no secret, or more than [`SECRETS_MAX`].
    Count,
    /// One has fewer than [`SECRET_BYTES_MIN`] bytes.
    TooShort,
    /// The shop is no host name.
    Domain,
}

impl fmt::Display for VerifierFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VerifierFault::Count => write!(f, "a webhook has 1 to {SECRETS_MAX} secrets"),
            VerifierFault::TooShort => write!(f, "a webhook's secret has at least {SECRET_BYTES_MIN} bytes"),
            VerifierFault::Domain => f.write_str("the shop is a host name such as example.myshopify.com"),
        }
    }
}

impl std::error::Error for VerifierFault {}

/// Why a message is not let through. The texts are for the host's log and hold no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyError {
    /// A header is absent.
    MissingHeader(&'static str),
    /// A header is empty, too long or has a control character.
    BadHeader(&'static str),
    /// There is no body.
    NoBody,
    /// The signature is not one of ours: another sender, another secret or a changed body.
    WrongSignature,
    /// It is from another shop.
    OtherShop,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VerifyError::MissingHeader(name) => write!(f, "the header {name} is missing"),
            VerifyError::BadHeader(name) => write!(f, "the header {name} is empty, too long or not plain text"),
            VerifyError::NoBody => f.write_str("the message has no body"),
            VerifyError::WrongSignature => f.write_str("the message's signature does not match"),
            VerifyError::OtherShop => f.write_str("the message is from another shop"),
        }
    }
}

impl std::error::Error for VerifyError {}

/// A message whose sender is proved. Only a [`Verifier`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified<'a> {
    topic: &'a str,
    event_id: &'a str,
    triggered_at_ms: Option<i64>,
    received_at_ms: i64,
    body: &'a [u8],
}

impl<'a> Verified<'a> {
    /// What it is about, such as `orders/create`.
    pub fn topic(&self) -> &'a str {
        self.topic
    }

    /// The id of what happened, or where there is none of the delivery.
    pub fn event_id(&self) -> &'a str {
        self.event_id
    }

    /// When it happened, by the shop's clock, in milliseconds since the Unix epoch, where it says so.
    pub fn triggered_at_ms(&self) -> Option<i64> {
        self.triggered_at_ms
    }

    /// When it came, by our clock.
    pub fn received_at_ms(&self) -> i64 {
        self.received_at_ms
    }

    /// Its body.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }
}

impl Verifier {
    /// A verifier for one shop with the app's client secret, or with two while they are exchanged: after an exchange the
    /// old one signs for up to an hour (<https://shopify.dev/docs/apps/build/webhooks/verify-deliveries>).
    pub fn new(shop: impl Into<String>, secrets: &[Secret]) -> Result<Self, VerifierFault> {
        let shop = shop.into();
        if secrets.is_empty() || secrets.len() > SECRETS_MAX {
            return Err(VerifierFault::Count);
        }
        if !is_domain(&shop) {
            return Err(VerifierFault::Domain);
        }
        let key = |secret: &Secret| {
            let bytes = secret.reveal().as_bytes();
            if bytes.len() < SECRET_BYTES_MIN {
                return Err(VerifierFault::TooShort);
            }
            Hmac::new_from_slice(bytes).map_err(|_| VerifierFault::TooShort)
        };
        Ok(Verifier { keys: secrets.iter().map(key).collect::<Result<_, _>>()?, shop })
    }

    /// Proves who sent a message. `body` has to be the bytes that came; JSON that was read and written again is another
    /// body. The names of headers may be in any case: HTTP/2 has them in small letters.
    pub fn verify<'a, Name: AsRef<str>, Text: AsRef<str>>(
        &self,
        headers: &'a [(Name, Text)],
        body: &'a [u8],
        now_ms: i64,
    ) -> Result<Verified<'a>, VerifyError> {
        let find = |wanted: &'static str| {
            let found = headers.iter().find(|(name, _)| name.as_ref().eq_ignore_ascii_case(wanted));
            found.map(|(_, text)| text.as_ref())
        };
        let header = |wanted: &'static str| find(wanted).ok_or(VerifyError::MissingHeader(wanted));
        let name = |wanted: &'static str, bytes_max: usize| {
            let text = header(wanted)?;
            let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
            let is_fit = (1..=bytes_max).contains(&text.len()) && is_plain;
            if is_fit { Ok(text) } else { Err(VerifyError::BadHeader(wanted)) }
        };
        let signature = header(SIGNATURE_HEADER)?;
        if body.is_empty() {
            return Err(VerifyError::NoBody);
        }
        // Every secret is tried, whatever was found before: the time tells nothing. The texts are compared, as
        // Shopify's own library does, so that a signature has one form.
        let mut matches = Choice::from(0);
        for key in &self.keys {
            let mut hash = key.clone();
            hash.update(body);
            let expected = STANDARD.encode(hash.finalize().into_bytes());
            matches |= expected.as_bytes().ct_eq(signature.as_bytes());
        }
        if !bool::from(matches) {
            return Err(VerifyError::WrongSignature);
        }
        let topic = name(TOPIC_HEADER, TOPIC_BYTES_MAX)?;
        if !header(SHOP_HEADER)?.eq_ignore_ascii_case(&self.shop) {
            return Err(VerifyError::OtherShop);
        }
        let event_id = match find(EVENT_ID_HEADER) {
            Some(_) => name(EVENT_ID_HEADER, ID_BYTES_MAX)?,
            None => name(WEBHOOK_ID_HEADER, ID_BYTES_MAX)?,
        };
        let triggered_at_ms = find(TRIGGERED_AT_HEADER).and_then(rfc3339_ms);
        Ok(Verified { topic, event_id, triggered_at_ms, received_at_ms: now_ms, body })
    }
}
