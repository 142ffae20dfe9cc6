//! Reads as documents: what can be asked, and what is answered. Each is one consistent read, but where it says that
//! it looks at some rows at a time.

use std::collections::btree_map::Entry;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stockroom::inventory::{Location, Sku, StockRow};
use stockroom::order::Order;
use stockroom::ports::{Page, Rows, Store};
use stockroom::{Error, ErrorKind, LocationNumber, Result, Settlement, SkuNumber, StockLevel, Stockroom};

use crate::calls::{parse, write};
use crate::views::{
    ChannelDocument, DeadLetterDocument, EventDocument, FulfillmentDocument, HoldDocument, ListingDocument, Locations,
    OrderDocument, SkuDocument, SubscriptionDocument, VerificationDocument,
};

/// The most rows, events or pairs of one read.
pub const READ_MAX: u32 = 10_000;
/// Rows or events where the read does not say how many.
const READ_DEFAULT: u32 = 100;

const OPERATION: &str = "documents.read";

macro_rules! reads {
    ($($(#[doc = $about:literal])* $name:literal $variant:ident($ask:ident) -> $answer:ty, $run:ident;)*) => {
        /// A read.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Read {
            $($(#[doc = $about])* $variant($ask),)*
        }

        /// The kinds of read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ReadKind {
            $($(#[doc = $about])* $variant,)*
        }

        impl ReadKind {
            /// Every kind.
            pub const ALL: &'static [ReadKind] = &[$(ReadKind::$variant),*];

            /// The name, as it stands in the document.
            pub fn name(self) -> &'static str {
                match self { $(ReadKind::$variant => $name),* }
            }

            /// What it tells.
            pub fn about(self) -> &'static str {
                match self { $(ReadKind::$variant => concat!($($about),*).trim_ascii_start()),* }
            }

            /// The JSON Schema of what is asked.
            pub fn request_schema(self) -> schemars::Schema {
                match self { $(ReadKind::$variant => schemars::schema_for!($ask)),* }
            }

            /// The JSON Schema of the answer.
            pub fn answer_schema(self) -> schemars::Schema {
                match self { $(ReadKind::$variant => schemars::schema_for!($answer)),* }
            }
        }

        fn answer<S: Store>(stockroom: &Stockroom<S>, read: Read) -> Result<Vec<u8>> {
            match read {
                $(Read::$variant(ask) => {
                    let answer = $run(stockroom, ask)?;
                    write(&answer, OPERATION)
                })*
            }
        }
    };
}

reads! {
    /// Available-to-promise of a SKU at a location, in units; null where either is not registered.
    "available" Available(SkuAt) -> Option<i64>, available;
    /// The same for many pairs of SKU and location, in their order, from one consistent state.
    "availability" Availability(Pairs) -> Vec<Option<i64>>, availability;
    /// Available-to-promise of SKUs on a channel, in units: the sum over the locations that serve it.
    "channel_availability" ChannelAvailability(ChannelSkus) -> Vec<Option<i64>>, channel_availability;
    /// All quantities of a SKU at a location; null where either is not registered.
    "stock" Stock(SkuAt) -> Option<StockLevel>, stock;
    /// Quantities at every location, by SKU in the order of registration, some at a time.
    "stock_levels" StockLevels(After) -> StockLevelPage, stock_levels;
    /// SKUs in the order of registration.
    "skus" Skus(After) -> Vec<SkuDocument>, skus;
    /// The names of all locations, in the order of registration.
    "locations" Locations(Nothing) -> Vec<stockroom::Name>, locations;
    /// An order by the host's id; null where there is none.
    "order" Order(OrderId) -> Option<OrderDocument>, order;
    /// Orders in the order of placing.
    "orders" Orders(After) -> Vec<OrderDocument>, orders;
    /// A live hold by the host's id; null where there is none. It may have expired and wait for a tick.
    "hold" Hold(HoldId) -> Option<HoldDocument>, hold;
    /// A subscription's place; null where there is none.
    "subscription" Subscription(SubscriptionName) -> Option<SubscriptionDocument>, subscription;
    /// Events after a number, in order. Those of one command come together, so that there may be more than asked for.
    "events" Events(EventsAfter) -> Vec<EventDocument>, events;
    /// Events that a subscription has not acknowledged, as `events`; null where there is no such subscription.
    "subscribed_events" SubscribedEvents(SubscribedTo) -> Option<Vec<EventDocument>>, subscribed_events;
    /// The fulfillment orders of an order, in the order in which they were written; null where there is no such order.
    "fulfillment_orders" FulfillmentOrders(OrderId) -> Option<Vec<FulfillmentDocument>>, fulfillment_orders;
    /// Deliveries that were given up and wait for an operator. It looks at every delivery that there is.
    "dead_letters" DeadLetters(DeadLettersOf) -> Vec<DeadLetterDocument>, dead_letters;
    /// How a channel is kept in step with its shop; null where it has none.
    "channel" Channel(ChannelName) -> Option<ChannelDocument>, channel;
    /// A SKU as a channel shows it; null where it is not listed there.
    "listing" Listing(SkuOn) -> Option<ListingDocument>, listing;
    /// Whether every listing of a channel shows what it should, and which do not; null where the channel has no shop.
    "settled" Settled(ChannelName) -> Option<Settlement>, settled;
    /// Reads everything and checks every invariant.
    "verify" Verify(Nothing) -> VerificationDocument, verify;
    /// SHA-256 over the whole state in hex: equal digests mean equal rows. It reads everything.
    "digest" Digest(Nothing) -> String, digest;
}

/// Answers a read.
///
/// # Errors
/// [`ErrorKind::Malformed`] where the bytes are no read, or one that asks for too much; else where the store cannot be
/// read.
pub fn read<S: Store>(stockroom: &Stockroom<S>, read: &[u8]) -> Result<Vec<u8>> {
    answer(stockroom, parse(read, OPERATION)?)
}

/// The engine over a store of any kind.
pub type AnyStockroom = Stockroom<Box<dyn Store>>;

/// Does as [`read`], over a store of any kind. It is compiled with this crate, not with the host that calls it: reads may be
/// small where sales are to be quick.
///
/// # Errors
/// As [`read`].
pub fn read_any(stockroom: &AnyStockroom, document: &[u8]) -> Result<Vec<u8>> {
    read(stockroom, document)
}

macro_rules! documents {
    ($($(#[doc = $about:literal])+ $name:ident { $($(#[doc = $field_about:literal])+ $(#[serde($($serde:tt)*)])? $field:ident: $type:ty,)* })*) => {
        $(
            $(#[doc = $about])+
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
            #[serde(deny_unknown_fields)]
            pub struct $name {
                $($(#[doc = $field_about])+ $(#[serde($($serde)*)])? pub $field: $type,)*
            }
        )*
    };
}

documents! {
    /// A SKU at a location.
    SkuAt {
        /// The SKU.
        sku: String,
        /// The location.
        location: String,
    }
    /// Pairs of SKU and location, at most 10,000.
    Pairs {
        /// The pairs.
        pairs: Vec<SkuAt>,
    }
    /// SKUs of a channel, at most 10,000.
    ChannelSkus {
        /// The channel.
        channel: String,
        /// The SKUs.
        skus: Vec<String>,
    }
    /// A SKU on a channel.
    SkuOn {
        /// The channel.
        channel: String,
        /// The SKU.
        sku: String,
    }
    /// A place in a list, and how many to read from there.
    After {
        /// The number of the last one read; 0 to begin.
        #[serde(default)]
        after: u64,
        /// At most so many, 1 to 10,000; 100 where it is left out.
        #[serde(default = "read_default")]
        limit: u32,
    }
    /// Nothing more to say.
    Nothing {}
    /// An order's id.
    OrderId {
        /// The order's id.
        order: String,
    }
    /// A hold's id.
    HoldId {
        /// The hold's id.
        hold: String,
    }
    /// A subscription's name.
    SubscriptionName {
        /// The subscription's name.
        subscription: String,
    }
    /// A channel's name.
    ChannelName {
        /// The channel's name.
        channel: String,
    }
    /// A place in the events.
    EventsAfter {
        /// The number of the last one read; 0 to begin.
        #[serde(default)]
        after: u64,
        /// About so many, 1 to 10,000; 100 where it is left out.
        #[serde(default = "read_default")]
        limit: u32,
        /// Which system speaks, as a URI reference; `/stockroom` where it is left out.
        #[serde(default = "source_default")]
        source: String,
    }
    /// A subscription, and how many events to read.
    SubscribedTo {
        /// The subscription's name.
        subscription: String,
        /// About so many, 1 to 10,000; 100 where it is left out.
        #[serde(default = "read_default")]
        limit: u32,
        /// Which system speaks, as a URI reference; `/stockroom` where it is left out.
        #[serde(default = "source_default")]
        source: String,
    }
    /// Whose dead letters, and how many.
    DeadLettersOf {
        /// The destination; absent for all.
        #[serde(default)]
        destination: Option<String>,
        /// At most so many, 1 to 10,000; 100 where it is left out.
        #[serde(default = "read_default")]
        limit: u32,
    }
}

/// Quantities, and where to read on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StockLevelPage {
    /// The quantities.
    pub levels: Vec<StockLevel>,
    /// What to ask on after; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

fn read_default() -> u32 {
    READ_DEFAULT
}

fn source_default() -> String {
    "/stockroom".to_owned()
}

/// Refuses a read of nothing, or of more than one call may ask for.
fn fits(count: usize) -> Result<()> {
    if (1..=READ_MAX as usize).contains(&count) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Malformed, OPERATION, format!("{count} asked for; 1 to {READ_MAX} may be")))
}

fn available<S: Store>(stockroom: &Stockroom<S>, ask: SkuAt) -> Result<Option<i64>> {
    stockroom.available(&ask.sku, &ask.location)
}

fn availability<S: Store>(stockroom: &Stockroom<S>, ask: Pairs) -> Result<Vec<Option<i64>>> {
    fits(ask.pairs.len().max(1))?;
    let pairs: Vec<_> = ask.pairs.iter().map(|pair| (pair.sku.as_str(), pair.location.as_str())).collect();
    stockroom.availability(&pairs)
}

fn channel_availability<S: Store>(stockroom: &Stockroom<S>, ask: ChannelSkus) -> Result<Vec<Option<i64>>> {
    fits(ask.skus.len().max(1))?;
    let skus: Vec<_> = ask.skus.iter().map(String::as_str).collect();
    stockroom.channel_availability(&ask.channel, &skus)
}

fn stock<S: Store>(stockroom: &Stockroom<S>, ask: SkuAt) -> Result<Option<StockLevel>> {
    stockroom.stock(&ask.sku, &ask.location)
}

fn stock_levels<S: Store>(stockroom: &Stockroom<S>, ask: After) -> Result<StockLevelPage> {
    fits(ask.limit as usize)?;
    let Rows::Stock(rows) = stockroom.page(&Page::Stock(ask.after), ask.limit)? else { return Err(other_rows()) };
    let next = rows.last().filter(|_| rows.len() == ask.limit as usize).map(|row| row.number.0);
    let locations = location_names(stockroom, rows.iter().map(|row| row.number.location()))?;
    let mut skus = SkuNames::default();
    let mut levels = Vec::with_capacity(rows.len());
    for StockRow { number, stock } in &rows {
        let sku = skus.of(stockroom, number.sku())?;
        let location = locations.get(&number.location()).cloned();
        if let (Some(sku), Some(location)) = (sku, location) {
            levels.push(StockLevel::new(sku, location, stock));
        }
    }
    Ok(StockLevelPage { levels, next })
}

fn skus<S: Store>(stockroom: &Stockroom<S>, ask: After) -> Result<Vec<SkuDocument>> {
    fits(ask.limit as usize)?;
    Ok(sku_rows(stockroom, ask.after, ask.limit)?.into_iter().map(SkuDocument::from).collect())
}

fn locations<S: Store>(stockroom: &Stockroom<S>, _: Nothing) -> Result<Vec<stockroom::Name>> {
    Ok(location_rows(stockroom, 0, u32::from(u16::MAX))?.into_iter().map(|row| row.location).collect())
}

fn order<S: Store>(stockroom: &Stockroom<S>, ask: OrderId) -> Result<Option<OrderDocument>> {
    let Some(order) = stockroom.order(&ask.order)? else { return Ok(None) };
    let locations = location_names(stockroom, OrderDocument::locations(&order))?;
    Ok(Some(OrderDocument::new(order, &locations)))
}

fn orders<S: Store>(stockroom: &Stockroom<S>, ask: After) -> Result<Vec<OrderDocument>> {
    fits(ask.limit as usize)?;
    let Rows::Orders(rows) = stockroom.page(&Page::Orders(ask.after), ask.limit)? else { return Err(other_rows()) };
    let locations = location_names(stockroom, rows.iter().flat_map(OrderDocument::locations))?;
    Ok(rows.into_iter().map(|row: Order| OrderDocument::new(row, &locations)).collect())
}

fn hold<S: Store>(stockroom: &Stockroom<S>, ask: HoldId) -> Result<Option<HoldDocument>> {
    let Some(hold) = stockroom.hold(&ask.hold)? else { return Ok(None) };
    let locations = location_names(stockroom, HoldDocument::locations(&hold))?;
    Ok(Some(HoldDocument::new(hold, &locations)))
}

fn subscription<S: Store>(stockroom: &Stockroom<S>, ask: SubscriptionName) -> Result<Option<SubscriptionDocument>> {
    Ok(stockroom.subscription(&ask.subscription)?.map(SubscriptionDocument::from))
}

fn events<S: Store>(stockroom: &Stockroom<S>, ask: EventsAfter) -> Result<Vec<serde_json::Value>> {
    fits(ask.limit as usize)?;
    Ok(EventDocument::list(&stockroom.events(ask.after, ask.limit)?, &ask.source))
}

fn subscribed_events<S: Store>(stockroom: &Stockroom<S>, ask: SubscribedTo) -> Result<Option<Vec<serde_json::Value>>> {
    fits(ask.limit as usize)?;
    let events = stockroom.subscribed_events(&ask.subscription, ask.limit)?;
    Ok(events.map(|events| EventDocument::list(&events, &ask.source)))
}

fn fulfillment_orders<S: Store>(stockroom: &Stockroom<S>, ask: OrderId) -> Result<Option<Vec<FulfillmentDocument>>> {
    let Some(rows) = stockroom.fulfillment_orders(&ask.order)? else { return Ok(None) };
    let locations = location_names(stockroom, rows.iter().map(|row| row.location))?;
    rows.into_iter().map(|row| FulfillmentDocument::new(&ask.order, row, &locations)).collect::<Result<_>>().map(Some)
}

fn dead_letters<S: Store>(stockroom: &Stockroom<S>, ask: DeadLettersOf) -> Result<Vec<DeadLetterDocument>> {
    fits(ask.limit as usize)?;
    let rows = stockroom.dead_letters(ask.destination.as_deref(), ask.limit as usize)?;
    Ok(rows.into_iter().map(DeadLetterDocument::from).collect())
}

fn channel<S: Store>(stockroom: &Stockroom<S>, ask: ChannelName) -> Result<Option<ChannelDocument>> {
    Ok(stockroom.channel_settings(&ask.channel)?.map(ChannelDocument::from))
}

fn listing<S: Store>(stockroom: &Stockroom<S>, ask: SkuOn) -> Result<Option<ListingDocument>> {
    Ok(stockroom.listing(&ask.channel, &ask.sku)?.map(ListingDocument::from))
}

fn settled<S: Store>(stockroom: &Stockroom<S>, ask: ChannelName) -> Result<Option<Settlement>> {
    stockroom.settled(&ask.channel)
}

fn verify<S: Store>(stockroom: &Stockroom<S>, _: Nothing) -> Result<VerificationDocument> {
    stockroom.verify().map(VerificationDocument::from)
}

fn digest<S: Store>(stockroom: &Stockroom<S>, _: Nothing) -> Result<String> {
    stockroom.digest().map(|digest| digest.to_string())
}

/// The names of locations. A name never changes once it is given, so that it may be read after the rows.
fn location_names<S: Store>(
    stockroom: &Stockroom<S>,
    numbers: impl Iterator<Item = LocationNumber>,
) -> Result<Locations> {
    let mut names = Locations::new();
    for number in numbers {
        if let Entry::Vacant(unknown) = names.entry(number) {
            let row = location_rows(stockroom, number.0.saturating_sub(1), 1)?.pop();
            unknown.insert(row.filter(|row| row.number == number).map(|row| row.location).unwrap_or_default());
        }
    }
    Ok(names)
}

fn location_rows<S: Store>(stockroom: &Stockroom<S>, after: u64, limit: u32) -> Result<Vec<Location>> {
    match stockroom.page(&Page::Locations(after), limit)? {
        Rows::Locations(rows) => Ok(rows),
        _ => Err(other_rows()),
    }
}

fn sku_rows<S: Store>(stockroom: &Stockroom<S>, after: u64, limit: u32) -> Result<Vec<Sku>> {
    match stockroom.page(&Page::Skus(after), limit)? {
        Rows::Skus(rows) => Ok(rows),
        _ => Err(other_rows()),
    }
}

/// The names of SKUs whose numbers are asked for in rising order, read some at a time.
#[derive(Default)]
struct SkuNames {
    rows: Vec<Sku>,
}

impl SkuNames {
    fn of<S: Store>(&mut self, stockroom: &Stockroom<S>, number: SkuNumber) -> Result<Option<stockroom::Name>> {
        let found = |rows: &[Sku]| {
            let index = rows.binary_search_by_key(&number, |row| row.number).ok()?;
            rows.get(index).map(|row| row.sku.clone())
        };
        if let Some(name) = found(&self.rows) {
            return Ok(Some(name));
        }
        self.rows = sku_rows(stockroom, number.0.saturating_sub(1), READ_DEFAULT)?;
        Ok(found(&self.rows))
    }
}

fn other_rows() -> Error {
    Error::new(ErrorKind::Corrupt, OPERATION, "the store gave rows of another kind")
}
