//! How a Shopify shop's orders become ours, as a document: for its webhooks and its backfill. WooCommerce's options are
//! a document already.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use stockroom::order::StockPolicy;
use stockroom::{Command, Result};
use stockroom_shopify::{OrderMapping, PricesIn};

use crate::calls::CommandDocument;
use crate::exchange_faults::good;

/// How a Shopify shop's orders become ours.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShopifyOrders {
    /// The channel.
    pub channel: String,
    /// What our ids begin with; the shop's number of the order follows. Absent: `shopify-`. Two shops need two.
    #[serde(default)]
    pub prefix: Option<String>,
    /// The SKUs by the number of the variant, where the line's own is not ours. A variant that is not here keeps the
    /// line's.
    #[serde(default)]
    pub variants: BTreeMap<u64, String>,
    /// Which currency prices are in.
    #[serde(default)]
    pub prices_in: PricesIn,
    /// How shortages are met; they were sold already, so absent for `backorder`.
    #[serde(default = "policy")]
    pub policy: StockPolicy,
    /// Whether test orders are taken in like others.
    #[serde(default)]
    pub takes_tests: bool,
}

fn policy() -> StockPolicy {
    StockPolicy::Backorder
}

impl ShopifyOrders {
    /// The mapping.
    pub(crate) fn mapping(self, operation: &'static str) -> Result<OrderMapping> {
        let ShopifyOrders { channel, prefix, variants, prices_in, policy, takes_tests } = self;
        let mapping = good(OrderMapping::new(channel), operation)?;
        let mapping = mapping.with_prices_in(prices_in).with_policy(policy).with_tests(takes_tests);
        let mapping = if variants.is_empty() { mapping } else { mapping.with_variants(variants) };
        match prefix {
            Some(prefix) => good(mapping.with_prefix(prefix), operation),
            None => Ok(mapping),
        }
    }
}

/// A command as hosts send it: without a key, decided when it comes. The outside says the same thing twice; that it has
/// one effect rests on the ids in the command itself.
pub(crate) fn command(command: impl Into<Command>) -> CommandDocument {
    let Command { key, action } = command.into();
    CommandDocument { key, at_ms: None, action }
}
