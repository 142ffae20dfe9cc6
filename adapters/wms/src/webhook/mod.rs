//! Webhooks from warehouses: proof of who sent a message ([`Verifier`], by the Standard Webhooks specification
//! 1.0.0), and what it says as Stockroom's commands ([`Reader`], [`ShipBobReader`]). A reader takes only what a
//! verifier let through. It opens no port and asks for no time.

mod generic;
mod shipbob;

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use stockroom::fulfillment::{NoteFulfillment, NoteShipment, NoteWarehouseStock};
use stockroom::ports::Secret;
use subtle::{Choice, ConstantTimeEq};

pub use generic::Reader;
pub use shipbob::ShipBobReader;

/// The header with the message's id, the same for each attempt to deliver it.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the time of the attempt, in seconds since the Unix epoch.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with the signatures.
pub const SIGNATURE_HEADER: &str = "webhook-signature";
/// How far a message's time may be from ours, either way, where the host does not say: five minutes.
pub const TOLERANCE_MS: i64 = 5 * 60_000;
/// The fewest bytes of a secret (Standard Webhooks 1.0.0, "Signature scheme").
pub const SECRET_BYTES_MIN: usize = 24;
/// The most secrets at once: the new and the old while they are exchanged.
pub const SECRETS_MAX: usize = 2;
/// The most signatures of one message that are looked at.
pub const SIGNATURES_MAX: usize = 16;
/// The longest message id, as `MessageId` takes it.
const ID_BYTES_MAX: usize = 128;

/// Base64 with or without its padding: both are sent in practice.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Tells genuine messages from others. Its `Debug` shows no secret.
#[derive(Clone)]
pub struct Verifier {
    /// One keyed hash for each secret, ready for a message.
    keys: Vec<Hmac<Sha256>>,
    tolerance_ms: i64,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("secrets", &self.keys.len())
            .field("tolerance_ms", &self.tolerance_ms)
            .finish_non_exhaustive()
    }
}

/// What is wrong with a verifier's secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretFault {
    /// There is none, or more than [`SECRETS_MAX`].
    Count,
    /// One is not `whsec_` with base64 behind it.
    Form,
    /// One has fewer than [`SECRET_BYTES_MIN`] bytes.
    TooShort,
}

impl fmt::Display for SecretFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretFault::Count => write!(f, "a webhook has 1 to {SECRETS_MAX} secrets"),
            SecretFault::Form => f.write_str("a webhook's secret is `whsec_` with base64 behind it"),
            SecretFault::TooShort => write!(f, "a webhook's secret has at least {SECRET_BYTES_MIN} bytes"),
        }
    }
}

impl std::error::Error for SecretFault {}

/// Why a message is not let through. The texts are for the host's log and hold no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyError {
    /// A header is absent.
    MissingHeader(&'static str),
    /// The id is empty, longer than 128 bytes or has a control character.
    BadId,
    /// The time is no whole number of seconds since the Unix epoch.
    BadTimestamp,
    /// The time is too long ago: a message that is played again, or a wrong clock.
    TooOld,
    /// The time is too far ahead: a wrong clock.
    TooNew,
    /// No signature is one of ours: another sender, another secret or a changed body.
    NoSignatureMatches,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VerifyError::MissingHeader(name) => write!(f, "the header {name} is missing"),
            VerifyError::BadId => f.write_str("the message's id is empty, too long or has a control character"),
            VerifyError::BadTimestamp => f.write_str("the message's time is no number of seconds"),
            VerifyError::TooOld => f.write_str("the message is too old"),
            VerifyError::TooNew => f.write_str("the message is from the future"),
            VerifyError::NoSignatureMatches => f.write_str("no signature of the message matches"),
        }
    }
}

impl std::error::Error for VerifyError {}

/// A message whose sender is proved. Only a [`Verifier`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified<'a> {
    id: &'a str,
    sent_at_ms: i64,
    body: &'a [u8],
}

impl<'a> Verified<'a> {
    /// Its id, the same for each attempt to deliver it.
    pub fn id(&self) -> &'a str {
        self.id
    }

    /// When this attempt was made, by the sender's clock, in milliseconds since the Unix epoch.
    pub fn sent_at_ms(&self) -> i64 {
        self.sent_at_ms
    }

    /// Its body.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }
}

impl Verifier {
    /// A verifier with the secret in use, or with two while they are exchanged.
    pub fn new(secrets: &[Secret]) -> Result<Self, SecretFault> {
        if secrets.is_empty() || secrets.len() > SECRETS_MAX {
            return Err(SecretFault::Count);
        }
        let keys = secrets.iter().map(key).collect::<Result<_, _>>()?;
        Ok(Verifier { keys, tolerance_ms: TOLERANCE_MS })
    }

    /// The same with another tolerance, at least 0.
    #[must_use]
    pub fn with_tolerance_ms(self, tolerance_ms: i64) -> Self {
        Verifier { tolerance_ms: tolerance_ms.max(0), ..self }
    }

    /// Proves who sent a message. `body` has to be the bytes that came; JSON that was read and written again is
    /// another body.
    pub fn verify<'a, Name: AsRef<str>, Text: AsRef<str>>(
        &self,
        headers: &'a [(Name, Text)],
        body: &'a [u8],
        now_ms: i64,
    ) -> Result<Verified<'a>, VerifyError> {
        let header = |wanted: &'static str| {
            let found = headers.iter().find(|(name, _)| name.as_ref().eq_ignore_ascii_case(wanted));
            found.map(|(_, text)| text.as_ref().trim()).ok_or(VerifyError::MissingHeader(wanted))
        };
        let (id, timestamp, signatures) = (header(ID_HEADER)?, header(TIMESTAMP_HEADER)?, header(SIGNATURE_HEADER)?);
        if id.is_empty() || id.len() > ID_BYTES_MAX || id.chars().any(char::is_control) {
            return Err(VerifyError::BadId);
        }
        let sent_at_ms = timestamp_ms(timestamp).ok_or(VerifyError::BadTimestamp)?;
        if sent_at_ms < now_ms.saturating_sub(self.tolerance_ms) {
            return Err(VerifyError::TooOld);
        }
        if sent_at_ms > now_ms.saturating_add(self.tolerance_ms) {
            return Err(VerifyError::TooNew);
        }
        // Every signature is held against every secret, whatever was found before: the time tells nothing.
        let mut matches = Choice::from(0);
        for key in &self.keys {
            let mut hash = key.clone();
            for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
                hash.update(part);
            }
            let expected = hash.finalize().into_bytes();
            for signature in candidates(signatures) {
                matches |= expected.as_slice().ct_eq(&signature);
            }
        }
        if bool::from(matches) { Ok(Verified { id, sent_at_ms, body }) } else { Err(VerifyError::NoSignatureMatches) }
    }
}

fn key(secret: &Secret) -> Result<Hmac<Sha256>, SecretFault> {
    let encoded = secret.reveal().trim().strip_prefix("whsec_").ok_or(SecretFault::Form)?;
    let bytes = BASE64.decode(encoded).map_err(|_| SecretFault::Form)?;
    if bytes.len() < SECRET_BYTES_MIN {
        return Err(SecretFault::TooShort);
    }
    Hmac::new_from_slice(&bytes).map_err(|_| SecretFault::Form)
}

/// Digits alone: a sign, a fraction or a space would be another text under the signature.
fn timestamp_ms(text: &str) -> Option<i64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse::<i64>().ok()?.checked_mul(1000)).flatten()
}

/// The signatures of the version that a shared secret makes (`v1`), decoded. Other versions, such as the `v1a` of key
/// pairs, stand beside them and are passed over.
fn candidates(header: &str) -> impl Iterator<Item = Vec<u8>> {
    let signatures = header.split(' ').filter_map(|entry| entry.trim().strip_prefix("v1,"));
    signatures.take(SIGNATURES_MAX).filter_map(|encoded| BASE64.decode(encoded).ok())
}

/// What a message asks of Stockroom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A fulfillment order has come further.
    Fulfillment(NoteFulfillment),
    /// Units left. Several where one message tells of several shipments.
    Shipments(Vec<NoteShipment>),
    /// Stock was counted.
    Stock(NoteWarehouseStock),
    /// Nothing: answer it as received.
    Ignored {
        /// What it is about, as the sender calls it.
        event: String,
        /// Why nothing follows.
        why: &'static str,
    },
}

/// Why a message of a known sender cannot be read. It reads the same when it comes again: answer it as failed, so that
/// the sender shows it to somebody, and look at what it sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The body is not the JSON object that it should be.
    NotAnEnvelope {
        /// What is wrong.
        why: String,
    },
    /// The event is known and its data is not what it should be.
    Malformed {
        /// The event.
        event: String,
        /// What is wrong.
        why: String,
    },
    /// Stock, and neither the data nor the reader says of which location.
    NoLocation,
    /// More levels of stock than one command takes: the number of them.
    TooManyLevels(usize),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::NotAnEnvelope { why } => write!(f, "the message is no event: {why}"),
            ReadError::Malformed { event, why } => write!(f, "the data of `{event}` cannot be read: {why}"),
            ReadError::NoLocation => f.write_str("the stock is of no location, and none is configured"),
            ReadError::TooManyLevels(count) => {
                write!(f, "{count} levels of stock in one message; send them as a feed or in several messages")
            }
        }
    }
}

impl std::error::Error for ReadError {}
