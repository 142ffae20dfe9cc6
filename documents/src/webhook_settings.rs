//! What a host says of those who send to its webhook address, as a document.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use stockroom::ports::Secret;
use stockroom_woocommerce::OrderOptions;

use crate::exchange_orders::ShopifyOrders;

/// Who sends, with which secret, and what its messages become. It holds secrets, which are never written or shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WebhookSettings {
    /// A Shopify shop.
    Shopify(ShopifyWebhook),
    /// A WooCommerce shop.
    Woocommerce(WoocommerceWebhook),
    /// A warehouse that follows the contract of `docs/wms.md`, signed by Standard Webhooks.
    Warehouse(WarehouseWebhook),
    /// A ShipBob account.
    Shipbob(ShipbobWebhook),
}

/// A Shopify shop's webhooks: `docs/shopify.md` lists the topics.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShopifyWebhook {
    /// The shop's domain, such as `example.myshopify.com`.
    pub shop: String,
    /// The app's client secret; two while they are exchanged.
    #[serde(deserialize_with = "secrets")]
    #[schemars(with = "Vec<String>", length(min = 1, max = 2))]
    pub secrets: Vec<Secret>,
    /// The Shopify location whose quantities count: its number or its global id.
    pub location: String,
    /// How its orders become ours.
    pub orders: ShopifyOrders,
    /// Tells this shop's message ids from those of others, 1 to 64 bytes. Absent: `shopify` and the channel.
    #[serde(default)]
    pub source: Option<String>,
}

/// A WooCommerce shop's webhooks: `docs/woocommerce.md` lists the topics.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WoocommerceWebhook {
    /// The webhooks' secret; two while they are exchanged.
    #[serde(deserialize_with = "secrets")]
    #[schemars(with = "Vec<String>", length(min = 1, max = 2))]
    pub secrets: Vec<Secret>,
    /// How its orders become ours.
    pub orders: OrderOptions,
    /// Tells this shop's message ids from those of others, 1 to 64 bytes. Absent: `woocommerce` and the channel.
    #[serde(default)]
    pub source: Option<String>,
}

/// A warehouse's webhooks: `docs/wms.md` lists the events.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WarehouseWebhook {
    /// The secret, `whsec_` and base64; two while they are exchanged.
    #[serde(deserialize_with = "secrets")]
    #[schemars(with = "Vec<String>", length(min = 1, max = 2))]
    pub secrets: Vec<Secret>,
    /// Tells this warehouse's message ids from those of others, 1 to 64 bytes.
    pub source: String,
    /// The location that stock is of where a message names none.
    #[serde(default)]
    pub location: Option<String>,
    /// How far a message's time may be from ours, either way, in milliseconds. Absent: five minutes.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub tolerance_ms: Option<i64>,
}

/// A ShipBob account's webhooks: `docs/wms.md` lists the topics.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipbobWebhook {
    /// The secret, `whsec_` and base64; two while they are exchanged.
    #[serde(deserialize_with = "secrets")]
    #[schemars(with = "Vec<String>", length(min = 1, max = 2))]
    pub secrets: Vec<Secret>,
    /// Tells this account's message ids from those of others, 1 to 64 bytes.
    pub source: String,
    /// How far a message's time may be from ours, either way, in milliseconds. Absent: five minutes.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub tolerance_ms: Option<i64>,
}

fn secrets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Secret>, D::Error> {
    Ok(Vec::<String>::deserialize(deserializer)?.into_iter().map(Secret::new).collect())
}
