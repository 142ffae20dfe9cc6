//! What can be asked of the outbox: subscriptions and pruning. Nothing here is trusted: every field is
//! judged when the command is decided.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Opens a subscription: a durable place in the events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {
    /// Its name, 1 to 64 bytes.
    pub subscription: String,
    /// Where it begins.
    pub from: SubscribeFrom,
}

/// Where a subscription begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscribeFrom {
    /// With the oldest event that is kept.
    #[default]
    Start,
    /// With the next event that happens.
    Now,
    /// With the event after this number.
    After(u64),
}

/// Says that a subscription has dealt with the events up to a number. Saying it again changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Acknowledge {
    /// The subscription's name.
    pub subscription: String,
    /// The number of the last event dealt with.
    pub through: u64,
}

/// Closes a subscription; pruning waits for it no longer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unsubscribe {
    /// The subscription's name.
    pub subscription: String,
}

/// One bounded step of pruning: looks at `limit` rows and forgets those from before a time. Events go once
/// every subscription has passed them, keys once they are old, closed orders lose their details. Stock,
/// movements and open orders stay. The answer says where to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prune {
    /// What is older than this may go, in milliseconds since the Unix epoch.
    pub before_ms: i64,
    /// Rows to look at in this step, 1 to 10,000.
    pub limit: u32,
    /// Where to go on; as the last step's answer said, or the default to begin.
    #[serde(default)]
    pub from: PruneFrom,
}

/// A place in the course of pruning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PruneFrom {
    /// The events, from the oldest.
    #[default]
    Events,
    /// The idempotency keys after this one, in byte order.
    Keys(String),
    /// The orders after this number.
    Orders(u64),
    /// The inbox's messages after this source and id, in byte order.
    Messages(String, String),
}

/// What one step of pruning did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pruned {
    /// Events forgotten.
    pub events: u64,
    /// Idempotency keys forgotten.
    pub keys: u64,
    /// Closed orders that lost their details.
    pub orders: u64,
    /// Messages of the inbox forgotten: they would be taken in again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub messages: u64,
    /// Where to go on, or nothing when all has been looked at.
    pub next: Option<PruneFrom>,
}

/// Answers of before are kept without this field, and stay as they are to the byte.
// serde's skip_serializing_if hands over a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_before_there_were_messages_stay_as_they_are() {
        let before = r#"{"events":1,"keys":2,"orders":3,"next":null}"#;
        let pruned = Pruned { events: 1, keys: 2, orders: 3, messages: 0, next: None };
        assert_eq!(serde_json::to_string(&pruned).unwrap(), before);
        assert_eq!(serde_json::from_str::<Pruned>(before).unwrap(), pruned);
        let with = serde_json::to_value(Pruned { messages: 4, ..pruned }).unwrap();
        assert_eq!(with["messages"], 4);
    }
}
