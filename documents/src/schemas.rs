//! The JSON Schemas of all documents, made of the Rust types: what `docs/documents` holds.

use serde_json::Value;
use stockroom::{LeasedDelivery, Reply};

use crate::backfill::{BackfillDocument, BackfillSettings};
use crate::calls::CommandDocument;
use crate::conversation::TurnDocument;
use crate::exchange::ExchangeSettings;
use crate::exchange_http::{AnswerDocument, HttpRequestDocument, IncomingDocument};
use crate::failure::Failure;
use crate::read::{Read, ReadKind};
use crate::webhook::Told;
use crate::webhook_settings::WebhookSettings;

/// A published schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// The name, which is that of its file as well.
    pub name: String,
    /// What the document is for, in a sentence.
    pub about: String,
    /// The schema.
    pub schema: Value,
}

/// Every schema, in the order in which a reader wants them.
pub fn schemas() -> Vec<Schema> {
    let one = |name: &str, about: &str, schema: schemars::Schema| Schema {
        name: name.to_owned(),
        about: about.to_owned(),
        schema: schema.to_value(),
    };
    let mut schemas = vec![
        one("command", "One thing asked of the engine.", schemars::schema_for!(CommandDocument)),
        one(
            "commands",
            "A batch: all in one commit, each standing or falling alone.",
            schemars::schema_for!(Vec<CommandDocument>),
        ),
        one("reply", "What became of a command.", schemars::schema_for!(Reply)),
        one("replies", "What became of a batch, in its order.", schemars::schema_for!(Vec<Reply>)),
        one("read", "A read.", schemars::schema_for!(Read)),
    ];
    for kind in ReadKind::ALL {
        schemas.push(one(&format!("read.{}", kind.name()), kind.about(), kind.answer_schema()));
    }
    schemas.push(one("failure", "A failure. A business \"no\" is none.", schemars::schema_for!(Failure)));
    schemas.push(one("delivery", "A delivery that was taken.", schemars::schema_for!(LeasedDelivery)));
    schemas.extend([
        one(
            "exchange_settings",
            "A warehouse or a shop to talk to about deliveries.",
            schemars::schema_for!(ExchangeSettings),
        ),
        one(
            "relay_settings",
            "Where deliveries go, how to speak there, and how patient to be. Holds keys.",
            schemars::schema_for!(crate::relay_settings::RelaySettings),
        ),
        one("turn", "What is next in a conversation about a delivery.", schemars::schema_for!(TurnDocument)),
        one("answer", "What came of a request of HTTP.", schemars::schema_for!(AnswerDocument)),
        one("webhook_settings", "Who sends to a webhook address.", schemars::schema_for!(WebhookSettings)),
        one("incoming", "A message that came to a webhook address.", schemars::schema_for!(IncomingDocument)),
        one("told", "What a message asks for.", schemars::schema_for!(Told)),
        one("backfill_settings", "A shop whose orders are asked for.", schemars::schema_for!(BackfillSettings)),
        one(
            "backfill_request",
            "What a backfill sends next; null at its end.",
            schemars::schema_for!(Option<HttpRequestDocument>),
        ),
        one("backfill", "What came of a backfill's request.", schemars::schema_for!(BackfillDocument)),
    ]);
    schemas
}
