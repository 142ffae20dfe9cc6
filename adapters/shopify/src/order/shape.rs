//! An order as a shop has it, whichever way it was told: the few fields that matter, with texts as they came. The
//! webhooks' bodies and GraphQL's answers are both read into it, so that one order is the same either way.

use super::money::Decimal;

/// An amount in the shop's currency and in the one that the customer saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amounts {
    pub(crate) shop: Decimal,
    pub(crate) presentment: Decimal,
}

/// An order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ShopOrder {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) test: bool,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
    pub(crate) cancelled_at: Option<String>,
    pub(crate) cancel_reason: Option<String>,
    pub(crate) shop_currency: String,
    pub(crate) presentment_currency: String,
    pub(crate) financial_status: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) taxes_included: bool,
    pub(crate) note: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) total: Amounts,
    pub(crate) shipping: Amounts,
    pub(crate) tax: Amounts,
    pub(crate) discount: Amounts,
    pub(crate) tip: Amounts,
    pub(crate) address: Option<Address>,
    pub(crate) lines: Vec<ShopLine>,
}

/// Where it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) name: Option<String>,
    pub(crate) company: Option<String>,
    pub(crate) address1: Option<String>,
    pub(crate) address2: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) postal_code: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) phone: Option<String>,
}

/// A line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ShopLine {
    pub(crate) id: u64,
    pub(crate) title: String,
    pub(crate) sku: Option<String>,
    pub(crate) variant: Option<u64>,
    /// Units as ordered.
    pub(crate) ordered: i64,
    /// Units without those that were taken out or refunded.
    pub(crate) current: i64,
    pub(crate) is_gift_card: bool,
    /// Whether it says by itself that it is a tip.
    pub(crate) is_tip: bool,
    /// The price of one unit, before discounts.
    pub(crate) price: Amounts,
}
