//! The order of a GraphQL answer, as `orders.graphql` asks for it.

use serde_json::Value;

use super::money::Decimal;
use super::shape::{Address, Amounts, ShopLine, ShopOrder};
use crate::ids::number;

/// Reads an order without judging it; nothing where it has another form. More pages of lines are for the caller.
pub(crate) fn read(node: &Value) -> Option<ShopOrder> {
    let text = |name: &str| node.get(name).and_then(Value::as_str).map(str::to_owned);
    let amounts = |name: &str| node.get(name).map(amounts).unwrap_or_default();
    // The webhooks write these words in small letters.
    let word = |name: &str| text(name).map(|word| word.to_lowercase());
    let shop_currency = text("currencyCode")?;
    Some(ShopOrder {
        id: number("Order", node.get("id")?.as_str()?)?,
        name: text("name").unwrap_or_default(),
        test: node.get("test").and_then(Value::as_bool).unwrap_or(false),
        created_at: text("createdAt").unwrap_or_default(),
        updated_at: text("updatedAt")?,
        cancelled_at: text("cancelledAt"),
        cancel_reason: word("cancelReason"),
        presentment_currency: text("presentmentCurrencyCode").unwrap_or_else(|| shop_currency.clone()),
        shop_currency,
        financial_status: word("displayFinancialStatus"),
        source: text("sourceName"),
        taxes_included: node.get("taxesIncluded").and_then(Value::as_bool).unwrap_or(false),
        note: text("note"),
        email: text("email"),
        total: amounts("totalPriceSet"),
        shipping: amounts("totalShippingPriceSet"),
        tax: amounts("totalTaxSet"),
        discount: amounts("totalDiscountsSet"),
        tip: amounts("totalTipReceivedSet"),
        address: node.get("shippingAddress").filter(|address| address.is_object()).map(address),
        lines: lines(node.get("lineItems")?)?,
    })
}

/// The lines of one page.
pub(crate) fn lines(page: &Value) -> Option<Vec<ShopLine>> {
    page.get("nodes")?.as_array()?.iter().map(line).collect()
}

fn line(node: &Value) -> Option<ShopLine> {
    let text = |name: &str| node.get(name).and_then(Value::as_str).map(str::to_owned);
    let variant = node.get("variant").and_then(|variant| variant.get("id")?.as_str());
    Some(ShopLine {
        id: number("LineItem", node.get("id")?.as_str()?)?,
        title: text("title").unwrap_or_default(),
        sku: text("sku"),
        variant: variant.and_then(|id| number("ProductVariant", id)),
        ordered: node.get("quantity")?.as_i64()?,
        current: node.get("currentQuantity")?.as_i64()?,
        is_gift_card: node.get("isGiftCard").and_then(Value::as_bool).unwrap_or(false),
        is_tip: false,
        price: node.get("originalUnitPriceSet").map(amounts).unwrap_or_default(),
    })
}

fn amounts(bag: &Value) -> Amounts {
    let amount = |name: &str| bag.get(name).and_then(|money| money.get("amount")?.as_str());
    let decimal = |name: &str| Decimal(amount(name).unwrap_or_default().to_owned());
    Amounts { shop: decimal("shopMoney"), presentment: decimal("presentmentMoney") }
}

fn address(node: &Value) -> Address {
    let text = |name: &str| node.get(name).and_then(Value::as_str).map(str::to_owned);
    Address {
        name: text("name"),
        company: text("company"),
        address1: text("address1"),
        address2: text("address2"),
        city: text("city"),
        region: text("province"),
        postal_code: text("zip"),
        country: text("countryCodeV2"),
        phone: text("phone"),
    }
}
