//! Webhooks from shops: proof of who sent a message ([`Verifier`]), and what it says as Stockroom's commands
//! ([`Reader`]). A reader takes only what a verifier let through. It opens no port and asks for no time.

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use stockroom::channel::{NoteListings, SeenListing, TakeChannelOrder};
use stockroom::outbox::MessageId;
use stockroom::ports::Secret;
use subtle::{Choice, ConstantTimeEq};

use crate::dates::gmt_ms;
use crate::item::Item;
use crate::json::{Object, cleaned};
use crate::orders::{LeftOut, OrderReader, OrderTold, ReadError};
use crate::said::shown;
use crate::stock::{Stock, told_by};

/// The header with the topic, such as `order.updated`. It is not under the signature.
pub const TOPIC_HEADER: &str = "X-WC-Webhook-Topic";
/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "X-WC-Webhook-Signature";
/// The header with the delivery's id. Two messages of one webhook within a second share it.
pub const DELIVERY_HEADER: &str = "X-WC-Webhook-Delivery-ID";
/// The fewest bytes of a secret. WooCommerce makes one of 50 where none is given.
pub const SECRET_BYTES_MIN: usize = 16;
/// The most secrets at once: the new and the old while they are exchanged.
pub const SECRETS_MAX: usize = 2;
/// The most bytes of a topic, and of a delivery's id, so that a message id can be made of them.
const TOPIC_BYTES_MAX: usize = 32;
const DELIVERY_BYTES_MAX: usize = 64;
/// The most digits of a webhook's number in a ping.
const PING_DIGITS_MAX: usize = 20;

/// Base64 with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Tells genuine messages from others. Its `Debug` shows no secret.
#[derive(Clone)]
pub struct Verifier {
    /// One keyed hash for each secret, ready for a message.
    keys: Vec<Hmac<Sha256>>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("secrets", &self.keys.len()).finish_non_exhaustive()
    }
}

/// What is wrong with a verifier's secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretFault {
    /// There is none, or more than [`SECRETS_MAX`].
    Count,
    /// One has fewer than [`SECRET_BYTES_MIN`] bytes.
    TooShort,
}

impl fmt::Display for SecretFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretFault::Count => write!(f, "a webhook has 1 to {SECRETS_MAX} secrets"),
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
    /// The topic or the delivery's id is empty, too long, or not visible ASCII.
    BadHeader(&'static str),
    /// The signature is none of ours: another sender, another secret or a changed body.
    NoSignatureMatches,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VerifyError::MissingHeader(name) => write!(f, "the header {name} is missing"),
            VerifyError::BadHeader(name) => write!(f, "the header {name} is empty, too long or not visible ASCII"),
            VerifyError::NoSignatureMatches => f.write_str("the message's signature does not match"),
        }
    }
}

impl std::error::Error for VerifyError {}

/// A message whose sender is proved, or the ping of a new webhook, which nobody signs and which asks for nothing. Only
/// a [`Verifier`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified<'a>(Kind<'a>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind<'a> {
    Ping,
    Message { topic: &'a str, delivery: &'a str, body: &'a [u8] },
}

impl Verifier {
    /// A verifier with the secret in use, or with two while they are exchanged. A secret is its characters as they are,
    /// not decoded in any way.
    pub fn new(secrets: &[Secret]) -> Result<Self, SecretFault> {
        if secrets.is_empty() || secrets.len() > SECRETS_MAX {
            return Err(SecretFault::Count);
        }
        let key = |secret: &Secret| {
            let bytes = secret.reveal().as_bytes();
            let key = Hmac::new_from_slice(bytes).ok().filter(|_| bytes.len() >= SECRET_BYTES_MIN);
            key.ok_or(SecretFault::TooShort)
        };
        Ok(Verifier { keys: secrets.iter().map(key).collect::<Result<_, _>>()? })
    }

    /// Proves who sent a message. `body` has to be the bytes that came; JSON that was read and written again is
    /// another body.
    pub fn verify<'a, Name: AsRef<str>, Text: AsRef<str>>(
        &self,
        headers: &'a [(Name, Text)],
        body: &'a [u8],
    ) -> Result<Verified<'a>, VerifyError> {
        let header = |wanted: &'static str| {
            let found = headers.iter().find(|(name, _)| name.as_ref().eq_ignore_ascii_case(wanted));
            found.map(|(_, text)| text.as_ref().trim()).ok_or(VerifyError::MissingHeader(wanted))
        };
        let signature = match header(SIGNATURE_HEADER) {
            Err(_) if is_ping(body) => return Ok(Verified(Kind::Ping)),
            signature => signature?,
        };
        let word = |wanted: &'static str, bytes_max: usize| {
            let text = header(wanted)?;
            let is_word = (1..=bytes_max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
            if is_word { Ok(text) } else { Err(VerifyError::BadHeader(wanted)) }
        };
        let topic = word(TOPIC_HEADER, TOPIC_BYTES_MAX)?;
        let delivery = word(DELIVERY_HEADER, DELIVERY_BYTES_MAX)?;
        let claimed = BASE64.decode(signature).unwrap_or_default();
        // Every secret is tried, whatever was found before: the time tells nothing.
        let mut matches = Choice::from(0);
        for key in &self.keys {
            let mut hash = key.clone();
            hash.update(body);
            matches |= hash.finalize().into_bytes().as_slice().ct_eq(&claimed);
        }
        if bool::from(matches) {
            Ok(Verified(Kind::Message { topic, delivery, body }))
        } else {
            Err(VerifyError::NoSignatureMatches)
        }
    }
}

/// The body that WooCommerce sends unsigned when a webhook is made: `webhook_id=12`.
fn is_ping(body: &[u8]) -> bool {
    let digits = body.strip_prefix(b"webhook_id=").unwrap_or_default();
    (1..=PING_DIGITS_MAX).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
}

/// What a message asks of Stockroom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// An order is to be taken in as the shop has it.
    Order {
        /// The command.
        command: Box<TakeChannelOrder>,
        /// Lines that are not in it, for the host's log.
        left_out: Vec<LeftOut>,
    },
    /// A listing is seen to show a quantity, or to be gone.
    Listings(NoteListings),
    /// Nothing: answer it as received.
    Ignored {
        /// What it is about, as the shop calls it.
        event: String,
        /// Why nothing follows.
        why: String,
    },
}

/// Reads the messages of one shop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    source: String,
    orders: OrderReader,
}

impl Reader {
    /// A reader for messages of a source, as the host names it: it tells this shop's message ids from those of others.
    pub fn new(source: impl Into<String>, orders: OrderReader) -> Self {
        Reader { source: source.into(), orders }
    }

    /// What a message asks of Stockroom. `received_at_ms` is when it came: the shop says no time with a message.
    pub fn read(&self, message: &Verified<'_>, received_at_ms: i64) -> Result<Incoming, ReadError> {
        let Kind::Message { topic, delivery, body } = message.0 else {
            return Ok(ignored("ping", "a webhook was made"));
        };
        let text = cleaned(body);
        let content = Object::parse(&text).ok_or(ReadError::NotAnObject)?;
        if content.has("code") && !content.has("id") {
            // The shop makes the body when it sends it, of what there is then: an error where the thing is gone.
            return Ok(ignored(topic, "the shop could not read what the message is about"));
        }
        let id = content.id("id").ok_or(ReadError::Field { of: None, field: "id", why: "is no number" })?;
        let message = MessageId { source: self.source.clone(), message: message_id(topic, delivery, body) };
        match topic {
            "order.created" | "order.updated" | "order.restored" => {
                Ok(match self.orders.read(&content, received_at_ms)? {
                    OrderTold::Take { mut command, left_out } => {
                        command.message = Some(message);
                        Incoming::Order { command, left_out }
                    }
                    OrderTold::Passed { why, .. } => ignored(topic, why),
                })
            }
            "order.deleted" => {
                let mut command = self.orders.deleted(id, received_at_ms);
                command.message = Some(message);
                Ok(Incoming::Order { command, left_out: Vec::new() })
            }
            "product.created" | "product.updated" | "product.restored" => {
                product(&content, id).map(|seen| match seen {
                    Some(seen) => self.listings(seen, message),
                    None => ignored(topic, "the shop keeps no stock of the product"),
                })
            }
            "product.deleted" => {
                let item = Item::Product(id).to_string();
                Ok(self.listings(SeenListing { item, at_ms: received_at_ms, quantity: None }, message))
            }
            _ => Ok(ignored(topic, "it is neither about an order nor about a product")),
        }
    }

    fn listings(&self, seen: SeenListing, message: MessageId) -> Incoming {
        let channel = self.orders.channel().to_owned();
        Incoming::Listings(NoteListings { channel, listings: vec![seen], message: Some(message) })
    }
}

/// What a product shows; nothing where it shows no quantity.
fn product(content: &Object<'_>, id: u64) -> Result<Option<SeenListing>, ReadError> {
    let fault = |field, why| ReadError::Field { of: Some(id), field, why };
    if !content.has("manage_stock") {
        // The topic is not under the signature, so that the body has to be a product by itself.
        return Err(fault("manage_stock", "is absent: this is no product"));
    }
    let quantity = match told_by(content).map(|told| told.stock) {
        Some(Stock::Own(quantity) | Stock::Parents(quantity)) => Some(quantity),
        Some(Stock::Trashed) => None,
        Some(Stock::Unreadable) => return Err(fault("stock_quantity", "is no number")),
        Some(Stock::Unkept | Stock::Never) | None => return Ok(None),
    };
    let at_ms = content.text("date_modified_gmt").and_then(|text| gmt_ms(&text));
    let at_ms = at_ms.ok_or(fault("date_modified_gmt", "is no date and time"))?;
    // A variation is told of as if it were a product, and names its product.
    let item = match content.id("parent_id").filter(|_| content.text("type").as_deref() == Some("variation")) {
        Some(product) => Item::Variation { product, variation: id },
        None => Item::Product(id),
    };
    Ok(Some(SeenListing { item: item.to_string(), at_ms, quantity }))
}

/// The message's id. The body has a part in it, because messages about two orders within one second have one delivery
/// id; and the topic, because hosts may have several webhooks.
fn message_id(topic: &str, delivery: &str, body: &[u8]) -> String {
    let hash = Sha256::digest(body);
    let hash: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("{topic}:{delivery}:{hash}")
}

fn ignored(event: &str, why: impl Into<String>) -> Incoming {
    Incoming::Ignored { event: shown(event, &[]), why: why.into() }
}
