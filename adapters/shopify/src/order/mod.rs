//! Orders of a shop as Stockroom takes them in. It maps; whether an order can be placed is for the engine to say.

pub(crate) mod body;
pub(crate) mod money;
pub(crate) mod node;
pub(crate) mod shape;
mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use stockroom::channel::{ChannelLine, ChannelOrder};
use stockroom::ids::{ID_BYTES_MAX, LINES_MAX, TEXT_BYTES_MAX, name_fault};
use stockroom::order::{ShipTo, StockPolicy, Totals};

use self::money::{AmountFault, Decimal, currency_decimals, minor};
use self::shape::{Address, Amounts, ShopLine, ShopOrder};
use crate::dates::rfc3339_ms;
use crate::remote::shown;

/// The longest prefix of an order's id: behind it goes a number of at most 20 digits.
const PREFIX_BYTES_MAX: usize = ID_BYTES_MAX - 20;

/// Which currency an order's prices are in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PricesIn {
    /// The shop's own.
    #[default]
    Shop,
    /// The one that the customer saw.
    Presentment,
}

/// A line, for a host that finds its SKU by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineSku<'a> {
    /// The variant's id, where there is one.
    pub variant: Option<u64>,
    /// The SKU as it stands in the line.
    pub sku: Option<&'a str>,
    /// The line's title.
    pub title: &'a str,
}

/// Finds the SKU of a line; nothing for a line that is no goods of ours.
pub type FindSku = Arc<dyn Fn(&LineSku<'_>) -> Option<String> + Send + Sync>;

/// How a shop's orders become ours.
#[derive(Clone)]
pub struct OrderMapping {
    channel: String,
    prefix: String,
    prices_in: PricesIn,
    policy: StockPolicy,
    takes_tests: bool,
    find_sku: FindSku,
}

impl fmt::Debug for OrderMapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrderMapping")
            .field("channel", &self.channel)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// What is wrong with a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MappingFault {
    /// The channel is no name.
    Channel,
    /// The prefix is too long, or has a control character.
    Prefix,
}

impl fmt::Display for MappingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MappingFault::Channel => f.write_str("the channel's name is empty, too long or has a control character"),
            MappingFault::Prefix => {
                write!(f, "the prefix is longer than {PREFIX_BYTES_MAX} bytes or has a control character")
            }
        }
    }
}

impl std::error::Error for MappingFault {}

/// Why an order cannot be taken in. It reads the same when it comes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderError {
    /// It has no id that could be read.
    NoId,
    /// The time of its last change cannot be read.
    NoTime,
    /// The engine does not know the currency.
    UnknownCurrency(String),
    /// An amount is no number, too large, or finer than the currency's minor unit.
    Amount {
        /// The line, or what of the order.
        of: String,
        /// The amount.
        text: String,
    },
    /// A line has no id, or its units are out of range.
    Line(String),
    /// It has more lines than an order may have.
    TooManyLines(usize),
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OrderError::NoId => f.write_str("the order has no id"),
            OrderError::NoTime => f.write_str("the time of the order's last change cannot be read"),
            OrderError::UnknownCurrency(code) => write!(f, "the currency `{code}` is not one of ISO 4217"),
            OrderError::Amount { of, text } => {
                write!(f, "the amount `{text}` of {of} cannot be counted in minor units")
            }
            OrderError::Line(line) => write!(f, "the line `{line}` has no id, or its units are out of range"),
            OrderError::TooManyLines(count) => {
                write!(f, "the order has {count} lines; at most {LINES_MAX} can be taken")
            }
        }
    }
}

impl std::error::Error for OrderError {}

impl OrderMapping {
    /// A mapping for a channel: ids are `shopify-` and the shop's number, prices are in the shop's currency, SKUs are
    /// those of the lines, test orders are passed over, and what is short is a backorder, for it was sold already.
    pub fn new(channel: impl Into<String>) -> Result<Self, MappingFault> {
        let channel = channel.into();
        if name_fault(&channel, ID_BYTES_MAX).is_some() {
            return Err(MappingFault::Channel);
        }
        Ok(OrderMapping {
            channel,
            prefix: "shopify-".to_owned(),
            prices_in: PricesIn::Shop,
            policy: StockPolicy::Backorder,
            takes_tests: false,
            find_sku: Arc::new(|line| line.sku.map(str::to_owned)),
        })
    }

    /// The same with another prefix of ids: two shops need two.
    pub fn with_prefix(self, prefix: impl Into<String>) -> Result<Self, MappingFault> {
        let prefix = prefix.into();
        if prefix.len() > PREFIX_BYTES_MAX || prefix.chars().any(char::is_control) {
            return Err(MappingFault::Prefix);
        }
        Ok(OrderMapping { prefix, ..self })
    }

    /// The same with prices in another currency.
    #[must_use]
    pub fn with_prices_in(self, prices_in: PricesIn) -> Self {
        OrderMapping { prices_in, ..self }
    }

    /// The same with another way to meet shortages.
    #[must_use]
    pub fn with_policy(self, policy: StockPolicy) -> Self {
        OrderMapping { policy, ..self }
    }

    /// The same, with test orders taken in like others or not.
    #[must_use]
    pub fn with_tests(self, takes_tests: bool) -> Self {
        OrderMapping { takes_tests, ..self }
    }

    /// The same with SKUs found by the host.
    #[must_use]
    pub fn with_skus(self, find: impl Fn(&LineSku<'_>) -> Option<String> + Send + Sync + 'static) -> Self {
        OrderMapping { find_sku: Arc::new(find), ..self }
    }

    /// The same with SKUs by the number of the variant; a variant that is not in the map keeps the line's.
    #[must_use]
    pub fn with_variants(self, skus: BTreeMap<u64, String>) -> Self {
        self.with_skus(move |line| {
            let mapped = line.variant.and_then(|variant| skus.get(&variant)).cloned();
            mapped.or_else(|| line.sku.map(str::to_owned))
        })
    }

    /// The channel.
    pub fn channel(&self) -> &str {
        &self.channel
    }

    /// The order as Stockroom takes it in; nothing for a test order that is passed over.
    pub(crate) fn map(&self, order: &ShopOrder, told_at_ms: i64) -> Result<Option<ChannelOrder>, OrderError> {
        if order.id == 0 {
            return Err(OrderError::NoId);
        }
        if order.test && !self.takes_tests {
            return Ok(None);
        }
        let updated_at_ms = rfc3339_ms(&order.updated_at).ok_or(OrderError::NoTime)?;
        if order.lines.len() > LINES_MAX {
            return Err(OrderError::TooManyLines(order.lines.len()));
        }
        let (currency, other) = match self.prices_in {
            PricesIn::Shop => (&order.shop_currency, &order.presentment_currency),
            PricesIn::Presentment => (&order.presentment_currency, &order.shop_currency),
        };
        let decimals = currency_decimals(currency).ok_or_else(|| OrderError::UnknownCurrency(shown(currency, &[])))?;
        let money = Money { prices_in: self.prices_in, decimals };
        let mut sorted = Sorted::default();
        for line in &order.lines {
            self.sort_line(order, line, money, &mut sorted)?;
        }
        let mut metadata = sorted.metadata();
        let mut put = |name: &str, value: &str| {
            let value = text::line(value, TEXT_BYTES_MAX);
            if !value.is_empty() {
                metadata.insert(name.to_owned(), value);
            }
        };
        put("shopify_name", &order.name);
        put("shopify_financial_status", order.financial_status.as_deref().unwrap_or_default());
        put("shopify_source", order.source.as_deref().unwrap_or_default());
        put("shopify_total", &money.text(&order.total).0);
        if !other.is_empty() && other != currency {
            put("shopify_other_currency", other);
            put("shopify_other_total", &money.other_text(&order.total).0);
        }
        for (name, amounts) in [("shopify_discount", &order.discount), ("shopify_tip", &order.tip)] {
            let amount = money.text(amounts);
            if minor(&amount.0, money.decimals).is_ok_and(|minor| minor != 0) {
                put(name, &amount.0);
            }
        }
        if order.test {
            put("shopify_test", "true");
        }
        let text = |text: &Option<String>| text.as_deref().map(text::note).filter(|text| !text.is_empty());
        Ok(Some(ChannelOrder {
            id: format!("{}{}", self.prefix, order.id),
            channel: self.channel.clone(),
            reference: order.id.to_string(),
            placed_at_ms: rfc3339_ms(&order.created_at).unwrap_or(updated_at_ms),
            updated_at_ms,
            told_at_ms,
            cancelled: order.cancelled_at.is_some(),
            cancel_reason: order.cancelled_at.as_ref().and_then(|_| text(&order.cancel_reason)),
            currency: currency.clone(),
            totals: totals(order, &sorted, money),
            lines: sorted.goods,
            policy: self.policy,
            ship_to: order.address.as_ref().and_then(|address| ship_to(address, order.email.as_deref())),
            note: text(&order.note),
            metadata,
        }))
    }

    fn sort_line(
        &self,
        order: &ShopOrder,
        line: &ShopLine,
        money: Money,
        sorted: &mut Sorted,
    ) -> Result<(), OrderError> {
        if line.id == 0 || line.current < 0 || line.ordered < 0 {
            return Err(OrderError::Line(shown(&line.title, &[])));
        }
        sorted.is_as_ordered &= line.current == line.ordered;
        let sku = line.sku.as_deref().map(|sku| text::line(sku, usize::MAX)).filter(|sku| !sku.is_empty());
        let found = (self.find_sku)(&LineSku { variant: line.variant, sku: sku.as_deref(), title: &line.title });
        let found = found.filter(|sku| !sku.is_empty());
        if line.is_gift_card {
            sorted.gift_cards.push(line.id);
            return Ok(());
        }
        let Some(sku) = found else {
            // A tip has neither variant nor SKU, and only webhooks say that it is one.
            let is_tip = line.variant.is_none() && (line.is_tip || is_the_tip(order, line, money));
            let list = if is_tip { &mut sorted.tips } else { &mut sorted.others };
            list.push(line.id);
            return Ok(());
        };
        let price = money.text(&line.price);
        let unit_price_minor = minor(&price.0, money.decimals).map_err(|_: AmountFault| OrderError::Amount {
            of: format!("line {}", line.id),
            text: shown(&price.0, &[]),
        })?;
        sorted.goods.push(ChannelLine { line: line.id.to_string(), sku, quantity: line.current, unit_price_minor });
        Ok(())
    }
}

/// In which of the two currencies to count.
#[derive(Clone, Copy)]
struct Money {
    prices_in: PricesIn,
    decimals: u8,
}

impl Money {
    fn text(self, amounts: &Amounts) -> &Decimal {
        match self.prices_in {
            PricesIn::Shop => &amounts.shop,
            PricesIn::Presentment => &amounts.presentment,
        }
    }

    fn other_text(self, amounts: &Amounts) -> &Decimal {
        match self.prices_in {
            PricesIn::Shop => &amounts.presentment,
            PricesIn::Presentment => &amounts.shop,
        }
    }

    /// Minor units; nothing said is nothing.
    fn minor(self, amounts: &Amounts) -> Option<i64> {
        let text = self.text(amounts);
        if text.0.is_empty() { Some(0) } else { minor(&text.0, self.decimals).ok() }
    }
}

/// An order's lines by what they are.
struct Sorted {
    goods: Vec<ChannelLine>,
    gift_cards: Vec<u64>,
    tips: Vec<u64>,
    others: Vec<u64>,
    /// Whether no unit was taken out or refunded.
    is_as_ordered: bool,
}

impl Default for Sorted {
    fn default() -> Self {
        Sorted { goods: Vec::new(), gift_cards: Vec::new(), tips: Vec::new(), others: Vec::new(), is_as_ordered: true }
    }
}

impl Sorted {
    /// The lines that are no goods of ours, for people to look up.
    fn metadata(&self) -> BTreeMap<String, String> {
        let lists = [
            ("shopify_gift_card_lines", &self.gift_cards),
            ("shopify_tip_lines", &self.tips),
            ("shopify_lines_without_sku", &self.others),
        ];
        let text = |lines: &Vec<u64>| lines.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
        let named = lists.into_iter().filter(|(_, lines)| !lines.is_empty());
        let mut metadata = BTreeMap::new();
        metadata.extend(named.map(|(name, lines)| (name.to_owned(), text::line(&text(lines), TEXT_BYTES_MAX))));
        metadata
    }
}

/// Whether a line is worth just what was given as a tip.
fn is_the_tip(order: &ShopOrder, line: &ShopLine, money: Money) -> bool {
    let tip = money.minor(&order.tip).filter(|tip| *tip != 0);
    let price = money.minor(&line.price);
    tip.is_some() && price.and_then(|price| price.checked_mul(line.ordered)) == tip
}

/// Totals where they add up to the minor unit over goods alone, as ordered; else none, for a wrong sum would stop an
/// order that was paid.
fn totals(order: &ShopOrder, sorted: &Sorted, money: Money) -> Option<Totals> {
    let is_goods_alone = sorted.gift_cards.is_empty() && sorted.tips.is_empty() && sorted.others.is_empty();
    if !sorted.is_as_ordered || !is_goods_alone || sorted.goods.is_empty() || order.cancelled_at.is_some() {
        return None;
    }
    let lines_minor = sorted.goods.iter().try_fold(0i64, |sum, line| {
        line.quantity.checked_mul(line.unit_price_minor).and_then(|value| sum.checked_add(value))
    })?;
    let said = |amounts: &Amounts| (!money.text(amounts).0.is_empty()).then(|| money.minor(amounts)).flatten();
    let shipping_minor = said(&order.shipping)?;
    let discount_minor = said(&order.discount)?;
    let tax_minor = if order.taxes_included { 0 } else { said(&order.tax)? };
    let total_minor = said(&order.total)?;
    let parts = [shipping_minor, discount_minor, tax_minor];
    let sum = lines_minor.checked_add(shipping_minor)?.checked_add(tax_minor)?.checked_sub(discount_minor)?;
    let is_exact = parts.iter().all(|part| *part >= 0) && sum == total_minor && money.minor(&order.tip) == Some(0);
    is_exact.then_some(Totals { lines_minor, shipping_minor, tax_minor, discount_minor, total_minor })
}

fn ship_to(address: &Address, email: Option<&str>) -> Option<ShipTo> {
    let line = |text: Option<&str>| text::line(text.unwrap_or_default(), TEXT_BYTES_MAX);
    let of = |text: &Option<String>| line(text.as_deref());
    let lines = [&address.company, &address.address1, &address.address2];
    let ship_to = ShipTo {
        name: of(&address.name),
        address: lines.into_iter().map(of).filter(|text| !text.is_empty()).collect(),
        city: of(&address.city),
        region: of(&address.region),
        postal_code: of(&address.postal_code),
        country: of(&address.country),
        phone: of(&address.phone),
        email: line(email),
    };
    (ship_to != ShipTo { email: ship_to.email.clone(), ..ShipTo::default() }).then_some(ship_to)
}
