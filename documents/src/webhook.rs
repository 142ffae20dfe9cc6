//! What shops and warehouses say by themselves: proves who sent a message, and says which commands it asks for, or
//! which status it gets instead. It opens no port and carries nothing out.

use std::fmt::Display;

use schemars::JsonSchema;
use serde::Serialize;
use stockroom::Result;
use stockroom::ids::{ID_BYTES_MAX, name_fault};
use stockroom_shopify::webhook as shopify;
use stockroom_wms::webhook as warehouse;
use stockroom_woocommerce::OrderReader;
use stockroom_woocommerce::webhook as woocommerce;

use crate::calls::{CommandDocument, write};
use crate::exchange_faults::{good, malformed, parse_unquoted};
use crate::exchange_http::{BodyFault, IncomingDocument, IncomingParts};
use crate::exchange_orders::command;
use crate::webhook_settings::{ShipbobWebhook, ShopifyWebhook, WarehouseWebhook, WebhookSettings, WoocommerceWebhook};

const OPERATION: &str = "documents.webhook";

/// The status for a message from which nothing follows.
const IGNORED: u16 = 200;
/// The status for a message that cannot be read.
const UNREADABLE: u16 = 400;
/// The status for a message whose sender is not proved.
const UNPROVED: u16 = 401;
/// The status for a message that is too large.
const TOO_LARGE: u16 = 413;

/// What a message asks of the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Told {
    /// To be carried out.
    Commands(ToldCommands),
    /// Nothing.
    Ignored {
        /// Answer it as received.
        ignored: IgnoredDocument,
    },
    /// Nothing, and the sender is to hear of it.
    Refused {
        /// Answer it as failed: the sender sends it again, or shows it to somebody.
        refused: RefusedDocument,
    },
}

/// The commands of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ToldCommands {
    /// At least one, to be carried out in their order, as `execute_batch` does. Answer 200 where each is accepted, 409
    /// where one is rejected (it may be right later, and somebody should see it if not) and 503 where the call fails: the
    /// message comes again then, and what was carried out is not done twice.
    pub commands: Vec<CommandDocument>,
    /// What is not in them, for the host's log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A message from which nothing follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IgnoredDocument {
    /// The status to answer: 200.
    pub status: u16,
    /// What it is about, as the sender calls it.
    pub event: String,
    /// Why nothing follows.
    pub why: String,
}

/// A message that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RefusedDocument {
    /// The status to answer: 401 where the sender is not proved, 400 where the message cannot be read, 413 where it is
    /// too large.
    pub status: u16,
    /// Why, for the host's log. It holds no secret. Of one that is not proved it repeats nothing; of one that cannot be
    /// read it may repeat a little.
    pub why: String,
}

impl Told {
    /// The document as text.
    ///
    /// # Errors
    /// None that a message can cause.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        write(self, OPERATION)
    }

    fn commands(commands: Vec<CommandDocument>) -> Self {
        Told::Commands(ToldCommands { commands, notes: Vec::new() })
    }

    fn ignored(event: String, why: impl Into<String>) -> Self {
        Told::Ignored { ignored: IgnoredDocument { status: IGNORED, event, why: why.into() } }
    }

    fn refused(status: u16, why: impl Display) -> Self {
        Told::Refused { refused: RefusedDocument { status, why: why.to_string() } }
    }
}

/// Reads the messages of one sender. Its `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Webhook(Sender);

#[derive(Clone, Debug)]
enum Sender {
    Shopify { verifier: shopify::Verifier, reader: Box<shopify::Reader> },
    Woocommerce { verifier: woocommerce::Verifier, reader: Box<woocommerce::Reader> },
    Warehouse { verifier: warehouse::Verifier, reader: warehouse::Reader },
    Shipbob { verifier: warehouse::Verifier, reader: warehouse::ShipBobReader },
}

impl Webhook {
    /// Reads settings and makes a reader of them.
    ///
    /// # Errors
    /// [`stockroom::ErrorKind::Malformed`] where the bytes are no such document, or a setting is wrong. The text says
    /// which, and holds no secret.
    pub fn parse(settings: &[u8]) -> Result<Self> {
        Self::new(parse_unquoted(settings, OPERATION)?)
    }

    /// A reader, or what is wrong with the settings.
    ///
    /// # Errors
    /// [`stockroom::ErrorKind::Malformed`] where a setting is wrong.
    pub fn new(settings: WebhookSettings) -> Result<Self> {
        Ok(Webhook(match settings {
            WebhookSettings::Shopify(ShopifyWebhook { shop, secrets, location, orders, source }) => {
                let verifier = good(shopify::Verifier::new(shop, &secrets), OPERATION)?;
                let mut reader = good(shopify::Reader::new(orders.mapping(OPERATION)?, &location), OPERATION)?;
                if let Some(source) = source {
                    reader = good(reader.with_source(source), OPERATION)?;
                }
                Sender::Shopify { verifier, reader: Box::new(reader) }
            }
            WebhookSettings::Woocommerce(WoocommerceWebhook { secrets, orders, source }) => {
                let verifier = good(woocommerce::Verifier::new(&secrets), OPERATION)?;
                let orders = good(OrderReader::new(orders), OPERATION)?;
                let source = source_of(source.unwrap_or_else(|| format!("woocommerce {}", orders.channel())))?;
                Sender::Woocommerce { verifier, reader: Box::new(woocommerce::Reader::new(source, orders)) }
            }
            WebhookSettings::Warehouse(WarehouseWebhook { secrets, source, location, tolerance_ms }) => {
                let reader = warehouse::Reader::new(source_of(source)?);
                let reader = match location {
                    Some(location) => reader.with_location(location),
                    None => reader,
                };
                Sender::Warehouse { verifier: standard(&secrets, tolerance_ms)?, reader }
            }
            WebhookSettings::Shipbob(ShipbobWebhook { secrets, source, tolerance_ms }) => Sender::Shipbob {
                verifier: standard(&secrets, tolerance_ms)?,
                reader: warehouse::ShipBobReader::new(source_of(source)?),
            },
        }))
    }

    /// What a message asks for. `received_at_ms` is when it came, by the engine's clock, in milliseconds since the Unix
    /// epoch.
    ///
    /// # Errors
    /// [`stockroom::ErrorKind::Malformed`] where the host gave the body twice, or as base64 that is none. What is wrong
    /// with the message itself is no failure: it stands in the answer.
    pub fn read(&self, message: IncomingDocument, received_at_ms: i64) -> Result<Told> {
        match message.parts() {
            Ok(IncomingParts { headers, body }) => Ok(self.told(&headers, &body, received_at_ms)),
            Err(BodyFault::TooLarge) => Ok(Told::refused(TOO_LARGE, "the message is too large")),
            Err(fault) => Err(fault.error(OPERATION)),
        }
    }

    /// The same with the message as text.
    ///
    /// # Errors
    /// As [`Webhook::read`], and where the bytes are no such document.
    pub fn read_json(&self, message: &[u8], received_at_ms: i64) -> Result<Told> {
        self.read(IncomingDocument::parse(message)?, received_at_ms)
    }

    fn told(&self, headers: &[(String, String)], body: &[u8], now_ms: i64) -> Told {
        match &self.0 {
            Sender::Shopify { verifier, reader } => match verifier.verify(headers, body, now_ms) {
                Ok(message) => reader.read(&message).map_or_else(unreadable, told_by_shopify),
                Err(fault) => Told::refused(UNPROVED, fault),
            },
            Sender::Woocommerce { verifier, reader } => match verifier.verify(headers, body) {
                Ok(message) => reader.read(&message, now_ms).map_or_else(unreadable, told_by_woocommerce),
                Err(fault) => Told::refused(UNPROVED, fault),
            },
            Sender::Warehouse { verifier, reader } => match verifier.verify(headers, body, now_ms) {
                Ok(message) => reader.read(&message).map_or_else(unreadable, told_by_warehouse),
                Err(fault) => Told::refused(UNPROVED, fault),
            },
            Sender::Shipbob { verifier, reader } => match verifier.verify(headers, body, now_ms) {
                Ok(message) => {
                    let wanted = warehouse::ShipBobReader::TOPIC_HEADER;
                    match headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)) {
                        Some((_, topic)) => reader.read(&message, topic).map_or_else(unreadable, told_by_warehouse),
                        None => Told::refused(UNREADABLE, format!("the header {wanted} is missing")),
                    }
                }
                Err(fault) => Told::refused(UNPROVED, fault),
            },
        }
    }
}

fn unreadable(fault: impl Display) -> Told {
    Told::refused(UNREADABLE, fault)
}

fn told_by_shopify(incoming: shopify::Incoming) -> Told {
    match incoming {
        shopify::Incoming::Order(order) => Told::commands(vec![command(*order)]),
        shopify::Incoming::Listings(note) => Told::commands(vec![command(note)]),
        shopify::Incoming::Disconnected(disconnect) => Told::commands(vec![command(disconnect)]),
        shopify::Incoming::Ignored { topic, why } => Told::ignored(topic, why),
    }
}

fn told_by_woocommerce(incoming: woocommerce::Incoming) -> Told {
    match incoming {
        woocommerce::Incoming::Order { command: order, left_out } => {
            let notes = left_out.into_iter().map(|line| format!("line {}: {}", line.line, line.why)).collect();
            Told::Commands(ToldCommands { commands: vec![command(*order)], notes })
        }
        woocommerce::Incoming::Listings(note) => Told::commands(vec![command(note)]),
        woocommerce::Incoming::Ignored { event, why } => Told::ignored(event, why),
    }
}

fn told_by_warehouse(incoming: warehouse::Incoming) -> Told {
    match incoming {
        warehouse::Incoming::Fulfillment(note) => Told::commands(vec![command(note)]),
        warehouse::Incoming::Shipments(notes) => Told::commands(notes.into_iter().map(command).collect()),
        warehouse::Incoming::Stock(note) => Told::commands(vec![command(note)]),
        warehouse::Incoming::Ignored { event, why } => Told::ignored(event, why),
    }
}

fn standard(secrets: &[stockroom::ports::Secret], tolerance_ms: Option<i64>) -> Result<warehouse::Verifier> {
    let verifier = good(warehouse::Verifier::new(secrets), OPERATION)?;
    Ok(match tolerance_ms {
        Some(tolerance_ms) => verifier.with_tolerance_ms(tolerance_ms),
        None => verifier,
    })
}

fn source_of(source: String) -> Result<String> {
    match name_fault(&source, ID_BYTES_MAX) {
        Some(fault) => Err(malformed(OPERATION, format!("the source {fault}"))),
        None => Ok(source),
    }
}
