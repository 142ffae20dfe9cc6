//! Orders as WooCommerce's REST API and webhooks tell them, as Stockroom's command. Prices go to minor units without
//! floats. It judges the form only: what becomes of the order is for the engine to say.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::value::RawValue;
use stockroom::channel::{ChannelLine, ChannelOrder, TakeChannelOrder};
use stockroom::ids::{ID_BYTES_MAX, TEXT_BYTES_MAX, name_fault};
use stockroom::money::decimals;
use stockroom::order::{ShipTo, StockPolicy, Totals};

use crate::dates::gmt_ms;
use crate::json::Object;
use crate::profile::ProfileFault;
use crate::said::cut;

/// The most bytes of a number or a reason that is kept with an order.
const WORD_BYTES_MAX: usize = 128;
/// Room for the shop's number of an order behind the prefix.
const NUMBER_BYTES_MAX: usize = 20;

/// How a shop's orders are taken in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderOptions {
    /// The channel.
    pub channel: String,
    /// The shop's currency, ISO 4217: for messages that say none, such as those about deleted orders.
    pub currency: String,
    /// What our ids begin with; the shop's number of the order follows. Absent: the channel and a hyphen.
    #[serde(default)]
    pub id_prefix: Option<String>,
    /// Statuses of orders that are taken in. An order with a status that stands in no list is passed over: it is not
    /// paid yet, or no affair of ours any more.
    #[serde(default = "taken")]
    pub taken: Vec<String>,
    /// Statuses of orders that count as cancelled.
    #[serde(default = "cancelled")]
    pub cancelled: Vec<String>,
    /// How shortages are met.
    #[serde(default = "policy")]
    pub policy: StockPolicy,
    /// Orders that were placed before this time are passed over, in milliseconds since the Unix epoch: those that the
    /// shop had before Stockroom did.
    #[serde(default)]
    pub placed_from_ms: i64,
}

fn taken() -> Vec<String> {
    ["processing", "on-hold"].map(str::to_owned).to_vec()
}

fn cancelled() -> Vec<String> {
    ["cancelled", "refunded", "failed", "trash"].map(str::to_owned).to_vec()
}

/// The customer has paid, so that what is short is owed.
fn policy() -> StockPolicy {
    StockPolicy::Backorder
}

impl OrderOptions {
    /// Options with all that has a default at its default.
    pub fn new(channel: impl Into<String>, currency: impl Into<String>) -> Self {
        OrderOptions {
            channel: channel.into(),
            currency: currency.into(),
            id_prefix: None,
            taken: taken(),
            cancelled: cancelled(),
            policy: policy(),
            placed_from_ms: 0,
        }
    }
}

/// Reads the orders of one shop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderReader {
    options: OrderOptions,
    prefix: String,
}

/// What an order asks of Stockroom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderTold {
    /// Take it in.
    Take {
        /// The command.
        command: Box<TakeChannelOrder>,
        /// Lines that are not in it.
        left_out: Vec<LeftOut>,
    },
    /// Nothing.
    Passed {
        /// The shop's number of it.
        order: u64,
        /// Why.
        why: String,
    },
}

/// A line that is not taken in, for the host's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The shop's number of the line.
    pub line: String,
    /// Why.
    pub why: &'static str,
}

/// Why an order, or another message of a shop, cannot be read. It reads the same when it comes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It is not the JSON object that it should be.
    NotAnObject,
    /// A field is absent, or not what it should be.
    Field {
        /// The shop's number of the order or product, where it has one.
        of: Option<u64>,
        /// The field.
        field: &'static str,
        /// What is wrong.
        why: &'static str,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::NotAnObject => f.write_str("the message is no JSON object"),
            ReadError::Field { of: Some(id), field, why } => write!(f, "number {id}: `{field}` {why}"),
            ReadError::Field { of: None, field, why } => write!(f, "`{field}` {why}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// The lines of an order as far as they are taken in.
#[derive(Default)]
struct Lines {
    lines: Vec<ChannelLine>,
    left_out: Vec<LeftOut>,
    /// Whether every price is exactly what the shop says.
    are_exact: bool,
}

impl OrderReader {
    /// A reader, or what is wrong with the options.
    pub fn new(options: OrderOptions) -> Result<Self, ProfileFault> {
        let prefix = options.id_prefix.clone().unwrap_or_else(|| format!("{}-", options.channel));
        let prefix_bytes_max = ID_BYTES_MAX - NUMBER_BYTES_MAX;
        let fault = |field, why| Err(ProfileFault { field, why });
        match () {
            () if name_fault(&options.channel, ID_BYTES_MAX).is_some() => fault("channel", "is no name"),
            () if decimals(&options.currency).is_none() => fault("currency", "is not a code of ISO 4217"),
            () if name_fault(&prefix, prefix_bytes_max).is_some() => {
                fault("id_prefix", "is empty, has a control character or more than 44 bytes")
            }
            () if options.taken.iter().any(|status| options.cancelled.contains(status)) => {
                fault("taken", "has a status that counts as cancelled")
            }
            () => Ok(OrderReader { options, prefix }),
        }
    }

    /// The channel whose orders it reads.
    pub fn channel(&self) -> &str {
        &self.options.channel
    }

    /// Our id of an order of the shop's.
    pub fn id(&self, order: u64) -> String {
        format!("{}{order}", self.prefix)
    }

    /// What an order asks of Stockroom. `told_at_ms` is when it was told: the shop says no time with it.
    pub(crate) fn read(&self, order: &Object<'_>, told_at_ms: i64) -> Result<OrderTold, ReadError> {
        let id = order.id("id").ok_or(ReadError::Field { of: None, field: "id", why: "is no number" })?;
        let fault = |field, why| ReadError::Field { of: Some(id), field, why };
        let passed = |why| Ok(OrderTold::Passed { order: id, why });
        if order.list("line_items").is_none() {
            // A topic is not under the signature, so that the body has to be an order by itself.
            return Err(fault("line_items", "is no list: this is no order"));
        }
        let status = order.text("status").ok_or(fault("status", "is no text"))?;
        let status = status.strip_prefix("wc-").unwrap_or(&status);
        let is_in = |list: &[String]| list.iter().any(|known| known == status);
        let is_cancelled = is_in(&self.options.cancelled);
        if !is_cancelled && !is_in(&self.options.taken) {
            return passed(format!("its status is `{}`", cut(status, WORD_BYTES_MAX)));
        }
        let time_ms = |field| order.text(field).and_then(|text| gmt_ms(&text));
        let created_at_ms = time_ms("date_created_gmt");
        let updated_at_ms =
            time_ms("date_modified_gmt").or(created_at_ms).ok_or(fault("date_modified_gmt", "is no date and time"))?;
        if created_at_ms.is_some_and(|created_at_ms| created_at_ms < self.options.placed_from_ms) {
            return passed("it was placed before orders are taken in".to_owned());
        }
        let currency = order.text("currency").unwrap_or_else(|| self.options.currency.clone());
        let decimals = decimals(&currency).ok_or(fault("currency", "is not a code of ISO 4217"))?;
        let lines = match lines(order, id, decimals) {
            // That it is cancelled counts, whatever its lines say.
            Err(_) if is_cancelled => Lines::default(),
            lines => lines?,
        };
        let totals = if is_cancelled { None } else { totals(order, &lines, decimals) };
        let command = self.command(ChannelOrder {
            id: self.id(id),
            reference: id.to_string(),
            // The engine compares it with what the shop was seen to show, and WooCommerce counts down when an order is
            // paid, not when it is placed. One that needs no payment first is counted at once.
            placed_at_ms: time_ms("date_paid_gmt").or(created_at_ms).unwrap_or(updated_at_ms),
            updated_at_ms,
            told_at_ms,
            cancelled: is_cancelled,
            cancel_reason: is_cancelled.then(|| format!("the shop's status is `{status}`")),
            currency,
            totals,
            lines: lines.lines,
            ship_to: ship_to(order),
            note: order.text("customer_note").map(|note| cut(&note, TEXT_BYTES_MAX)),
            metadata: metadata(order, id),
            ..ChannelOrder::default()
        });
        Ok(OrderTold::Take { command, left_out: lines.left_out })
    }

    /// What follows from an order's deletion, of which the shop tells the number alone.
    pub(crate) fn deleted(&self, id: u64, told_at_ms: i64) -> Box<TakeChannelOrder> {
        self.command(ChannelOrder {
            id: self.id(id),
            reference: id.to_string(),
            placed_at_ms: told_at_ms,
            updated_at_ms: told_at_ms,
            told_at_ms,
            cancelled: true,
            cancel_reason: Some("the order was deleted at the shop".to_owned()),
            currency: self.options.currency.clone(),
            ..ChannelOrder::default()
        })
    }

    fn command(&self, order: ChannelOrder) -> Box<TakeChannelOrder> {
        let (channel, policy) = (self.options.channel.clone(), self.options.policy);
        Box::new(TakeChannelOrder { order: ChannelOrder { channel, policy, ..order }, message: None })
    }
}

fn lines(order: &Object<'_>, id: u64, decimals: u8) -> Result<Lines, ReadError> {
    let fault = |field, why| ReadError::Field { of: Some(id), field, why };
    let mut lines = Lines { are_exact: true, ..Lines::default() };
    for line in order.list("line_items").ok_or(fault("line_items", "is no list"))? {
        let line = Object::parse(line.get()).ok_or(fault("line_items", "has an entry that is no object"))?;
        let name = line.id("id").ok_or(fault("line_items.id", "is no number"))?.to_string();
        let Some(sku) = line.text("sku") else {
            lines.left_out.push(LeftOut { line: name, why: "it has no SKU" });
            continue;
        };
        let quantity = line.number("quantity").and_then(|number| number.minor(0));
        let quantity = quantity
            .filter(|quantity| *quantity >= 0)
            .ok_or(fault("line_items.quantity", "is no whole number from 0"))?;
        // The amount of the line before discounts. `price` is what PHP's floats made of it.
        let amount = line.number("subtotal").or_else(|| line.number("total"));
        let amount = amount.ok_or(fault("line_items.subtotal", "is no amount"))?;
        let price = amount.minor_each(quantity.max(1), decimals);
        let price = price.ok_or(fault("line_items.subtotal", "is too large an amount"))?;
        lines.are_exact &= price.exact && price.number >= 0;
        // What a plugin takes off by a line below 0 is not a price of goods.
        let unit_price_minor = price.number.max(0);
        lines.lines.push(ChannelLine { line: name, sku, quantity, unit_price_minor });
    }
    Ok(lines)
}

/// The order's totals, where they are exactly what its lines come to and nothing else plays a part.
fn totals(order: &Object<'_>, lines: &Lines, decimals: u8) -> Option<Totals> {
    let amount = |field| order.number(field)?.minor(decimals).filter(|amount: &i64| *amount >= 0);
    let is_empty = |list: Option<Vec<&RawValue>>| list.is_none_or(|list| list.is_empty());
    if !lines.are_exact || !lines.left_out.is_empty() || !is_empty(order.list("fee_lines")) {
        return None;
    }
    let lines_minor = lines.lines.iter().try_fold(0_i64, |sum, line| {
        line.quantity.checked_mul(line.unit_price_minor).and_then(|value| sum.checked_add(value))
    })?;
    let totals = Totals {
        lines_minor,
        shipping_minor: amount("shipping_total")?,
        tax_minor: amount("total_tax")?,
        discount_minor: amount("discount_total")?,
        total_minor: amount("total")?,
    };
    let sum = lines_minor.checked_add(totals.shipping_minor)?.checked_add(totals.tax_minor)?;
    (sum.checked_sub(totals.discount_minor)? == totals.total_minor).then_some(totals)
}

/// Where to ship to: the shipping address, or the billing address where that is empty.
fn ship_to(order: &Object<'_>) -> Option<ShipTo> {
    let billing = order.object("billing").unwrap_or_default();
    let text = |of: &Object<'_>, field| cut(&of.text(field).unwrap_or_default(), TEXT_BYTES_MAX);
    let is_address =
        |of: &Object<'_>| ["address_1", "city", "postcode"].into_iter().any(|field| of.text(field).is_some());
    let address = order.object("shipping").filter(is_address).or_else(|| Some(billing.clone()).filter(is_address))?;
    let name = [text(&address, "first_name"), text(&address, "last_name")].join(" ");
    let lines = ["company", "address_1", "address_2"].map(|field| text(&address, field));
    let phone = text(&address, "phone");
    Some(ShipTo {
        name: cut(name.trim(), TEXT_BYTES_MAX),
        address: lines.into_iter().filter(|line| !line.is_empty()).collect(),
        city: text(&address, "city"),
        region: text(&address, "state"),
        postal_code: text(&address, "postcode"),
        country: text(&address, "country"),
        phone: if phone.is_empty() { text(&billing, "phone") } else { phone },
        email: text(&billing, "email"),
    })
}

/// The number that the shop's people know the order by, where a plugin gave it another than its own.
fn metadata(order: &Object<'_>, id: u64) -> BTreeMap<String, String> {
    let number = order.text("number").filter(|number| *number != id.to_string());
    let mut metadata = BTreeMap::new();
    metadata.extend(number.map(|number| ("shop_number".to_owned(), cut(&number, WORD_BYTES_MAX))));
    metadata
}
