//! The order of a webhook's body. Only what is used is read; all else is passed over without being kept, so that a
//! body of many megabytes costs its length.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::money::{Decimal, text_of};
use super::shape::{Address, Amounts, ShopLine, ShopOrder};

/// A whole number that may be written as a text; nothing for all else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Id(Option<u64>);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Id(text_of(<&RawValue>::deserialize(deserializer)?).parse().ok().filter(|id| *id > 0)))
    }
}

/// A text; nothing for null.
type Text = Option<String>;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(default)]
    id: Id,
    #[serde(default)]
    name: Text,
    #[serde(default)]
    test: Option<bool>,
    #[serde(default)]
    created_at: String,
    updated_at: String,
    #[serde(default)]
    cancelled_at: Text,
    #[serde(default)]
    cancel_reason: Text,
    currency: String,
    #[serde(default)]
    presentment_currency: Text,
    #[serde(default)]
    financial_status: Text,
    #[serde(default)]
    source_name: Text,
    #[serde(default)]
    taxes_included: Option<bool>,
    #[serde(default)]
    note: Text,
    #[serde(default)]
    email: Text,
    #[serde(default)]
    total_price: Decimal,
    #[serde(default)]
    total_price_set: Option<Set>,
    #[serde(default)]
    total_shipping_price_set: Option<Set>,
    #[serde(default)]
    total_tax: Decimal,
    #[serde(default)]
    total_tax_set: Option<Set>,
    #[serde(default)]
    total_discounts: Decimal,
    #[serde(default)]
    total_discounts_set: Option<Set>,
    #[serde(default)]
    total_tip_received: Decimal,
    #[serde(default)]
    total_tip_received_set: Option<Set>,
    #[serde(default)]
    shipping_address: Option<BodyAddress>,
    #[serde(default, borrow)]
    line_items: Option<Vec<Line<'a>>>,
}

#[derive(Deserialize)]
struct Set {
    #[serde(default)]
    shop_money: Option<Money>,
    #[serde(default)]
    presentment_money: Option<Money>,
}

#[derive(Deserialize)]
struct Money {
    #[serde(default)]
    amount: Decimal,
}

#[derive(Deserialize)]
struct BodyAddress {
    #[serde(default)]
    name: Text,
    #[serde(default)]
    company: Text,
    #[serde(default)]
    address1: Text,
    #[serde(default)]
    address2: Text,
    #[serde(default)]
    city: Text,
    #[serde(default)]
    province: Text,
    #[serde(default)]
    zip: Text,
    #[serde(default)]
    country_code: Text,
    #[serde(default)]
    phone: Text,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(default)]
    id: Id,
    #[serde(default, borrow)]
    title: Option<Cow<'a, str>>,
    #[serde(default)]
    sku: Text,
    #[serde(default)]
    variant_id: Id,
    #[serde(default)]
    quantity: Option<i64>,
    #[serde(default)]
    current_quantity: Option<i64>,
    #[serde(default)]
    gift_card: Option<bool>,
    /// Said of a tip only, as far as is known.
    #[serde(default, borrow)]
    tip: Option<&'a RawValue>,
    #[serde(default)]
    tip_payment_gateway: Text,
    #[serde(default)]
    price: Decimal,
    #[serde(default)]
    price_set: Option<Set>,
}

/// Reads the body of an order's webhook.
pub(crate) fn read(body: &[u8]) -> Result<ShopOrder, serde_json::Error> {
    let body: Body<'_> = stockroom::read_json_bytes(body)?;
    let presentment = body.presentment_currency.filter(|code| !code.is_empty());
    let one_currency = presentment.as_ref().is_none_or(|code| *code == body.currency);
    let amounts = |plain: Decimal, set: Option<Set>| amounts(plain, set, one_currency);
    Ok(ShopOrder {
        id: body.id.0.unwrap_or(0),
        name: body.name.unwrap_or_default(),
        test: body.test.unwrap_or(false),
        created_at: body.created_at,
        updated_at: body.updated_at,
        cancelled_at: body.cancelled_at,
        cancel_reason: body.cancel_reason,
        presentment_currency: presentment.unwrap_or_else(|| body.currency.clone()),
        shop_currency: body.currency,
        financial_status: body.financial_status,
        source: body.source_name,
        taxes_included: body.taxes_included.unwrap_or(false),
        note: body.note,
        email: body.email,
        total: amounts(body.total_price, body.total_price_set),
        shipping: amounts(Decimal::default(), body.total_shipping_price_set),
        tax: amounts(body.total_tax, body.total_tax_set),
        discount: amounts(body.total_discounts, body.total_discounts_set),
        tip: amounts(body.total_tip_received, body.total_tip_received_set),
        address: body.shipping_address.map(BodyAddress::address),
        lines: body.line_items.unwrap_or_default().into_iter().map(|line| line.line(one_currency)).collect(),
    })
}

/// The plain field is in the shop's currency; the set has both.
fn amounts(plain: Decimal, set: Option<Set>, one_currency: bool) -> Amounts {
    let (shop, presentment) = set.map(|set| (set.shop_money, set.presentment_money)).unwrap_or_default();
    let shop = shop.map(|money| money.amount).filter(|amount| !amount.0.is_empty()).unwrap_or(plain);
    let presentment = presentment.map(|money| money.amount).filter(|amount| !amount.0.is_empty());
    let presentment = presentment.unwrap_or_else(|| if one_currency { shop.clone() } else { Decimal::default() });
    Amounts { shop, presentment }
}

impl BodyAddress {
    fn address(self) -> Address {
        Address {
            name: self.name,
            company: self.company,
            address1: self.address1,
            address2: self.address2,
            city: self.city,
            region: self.province,
            postal_code: self.zip,
            country: self.country_code,
            phone: self.phone,
        }
    }
}

impl Line<'_> {
    fn line(self, one_currency: bool) -> ShopLine {
        let ordered = self.quantity.unwrap_or(0);
        ShopLine {
            id: self.id.0.unwrap_or(0),
            title: self.title.unwrap_or_default().into_owned(),
            sku: self.sku,
            variant: self.variant_id.0,
            ordered,
            current: self.current_quantity.unwrap_or(ordered),
            is_gift_card: self.gift_card.unwrap_or(false),
            is_tip: self.tip.is_some_and(|tip| tip.get() != "null") || self.tip_payment_gateway.is_some(),
            price: amounts(self.price, self.price_set, one_currency),
        }
    }
}
