//! Quantities by the REST Admin API, for shops whose app still uses it: one listing a request. REST can neither compare
//! before it sets nor tell two equal requests apart, so each conversation looks first and leaves alone what is not as
//! believed. Shipments go by GraphQL, with the same token.

mod requests;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stockroom::channel::{ReadQuantities, SetQuantities, Shown, ShownQuantities, ShownQuantity};
use stockroom::ids::Name;
use stockroom::outbox::{DeliveryBody, LeasedDelivery};
use stockroom::ports::{Exchange, HttpFailure, HttpResponse, REQUESTS_MAX, Step, Turn};

use crate::graphql::GraphqlExchange;
use crate::graphql::answer::{self, FaultKind};
use crate::ids::number;
use crate::remote::shown;
use crate::settings::{Pace, Shop, ShopFault};
use crate::turns::{ask, failing, told, unknown};

const LOOK: Step = Step("rest_look");
const SET: Step = Step("rest_set");
const CONNECT: Step = Step("rest_connect");
const ITEM: Step = Step("rest_item");

/// Items that one look asks for.
const ITEMS_MAX: usize = 50;

/// The most listings that one conversation can set: beside the look there are twenty requests less one, and a listing
/// that is not stocked takes three. Set the channel's `batch_max` to it.
pub const REST_BATCH_MAX: u32 = 10;

/// A shop by its REST Admin API.
#[derive(Clone, Debug)]
pub struct RestExchange {
    graphql: GraphqlExchange,
}

/// What is known, from turn to turn.
#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    turns: u32,
    /// Whether a change was carried out in this conversation.
    changed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_ms: Option<i64>,
    entries: Vec<Entry>,
    asked: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    /// To be looked at.
    Look,
    /// To be set; the flag says whether it was connected to the location.
    Set(bool),
    /// To be connected to the location.
    Connect,
    /// Not found: the item or the location is no more.
    Item,
    End(Shown),
}

impl RestExchange {
    /// An exchange with a shop, or what is wrong with what is said of it.
    pub fn new(shop: Shop) -> Result<Self, ShopFault> {
        GraphqlExchange::new(shop).map(|graphql| RestExchange { graphql })
    }

    /// The shop.
    pub fn shop(&self) -> &Shop {
        self.graphql.shop()
    }
}

impl Exchange for RestExchange {
    fn begin(&self, delivery: &LeasedDelivery) -> Turn {
        match Asked::of(delivery) {
            Some(asked) => self.first(&asked),
            None if matches!(delivery.body, DeliveryBody::TellShipment(_)) => self.graphql.begin(delivery),
            None => unknown(delivery),
        }
    }

    fn answered(
        &self,
        delivery: &LeasedDelivery,
        step: Step,
        memo: &str,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        match (Asked::of(delivery), step) {
            (Some(asked), LOOK | SET | CONNECT | ITEM) => self.next(&asked, step, memo, answer, now_ms),
            (None, _) if matches!(delivery.body, DeliveryBody::TellShipment(_)) => {
                self.graphql.answered(delivery, step, memo, answer, now_ms)
            }
            _ => unknown(delivery),
        }
    }
}

/// A listing to be read or set.
#[derive(Clone, Copy)]
struct Listing<'a> {
    sku: &'a Name,
    item: &'a str,
    /// What is to be set, and what it shows as far as we know.
    set: Option<(i64, Option<i64>)>,
}

/// What a delivery asks for, of whichever kind.
struct Asked<'a> {
    listings: Vec<Listing<'a>>,
    doubt: bool,
}

impl<'a> Asked<'a> {
    fn of(delivery: &'a LeasedDelivery) -> Option<Self> {
        let listings = match &delivery.body {
            DeliveryBody::SetQuantities(SetQuantities { listings, .. }) => {
                let all = listings.iter();
                all.map(|entry| Listing { sku: &entry.sku, item: &entry.item, set: Some((entry.quantity, entry.from)) })
                    .collect()
            }
            DeliveryBody::ReadQuantities(ReadQuantities { listings, .. }) => {
                listings.iter().map(|entry| Listing { sku: &entry.sku, item: &entry.item, set: None }).collect()
            }
            _ => return None,
        };
        // What only reads leaves nothing in doubt.
        let is_change = matches!(delivery.body, DeliveryBody::SetQuantities(_));
        Some(Asked { listings, doubt: delivery.doubt && is_change })
    }

    fn item(&self, index: usize) -> Option<u64> {
        self.listings.get(index).and_then(|listing| number("InventoryItem", listing.item))
    }

    fn wanted(&self, index: usize) -> Option<i64> {
        self.listings.get(index).and_then(|listing| listing.set).map(|(quantity, _)| quantity)
    }
}

impl RestExchange {
    fn first(&self, asked: &Asked<'_>) -> Turn {
        let entry = |index: usize| match asked.item(index) {
            Some(_) => Entry::Look,
            None => Entry::End(Shown::Refused { why: "it is listed under what is no inventory item's id".to_owned() }),
        };
        let entries = (0..asked.listings.len()).map(entry).collect();
        self.go_on(asked, Progress { turns: 0, changed: false, at_ms: None, entries, asked: Vec::new() }, None)
    }

    fn next(
        &self,
        asked: &Asked<'_>,
        step: Step,
        memo: &str,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        let count = asked.listings.len();
        let is_whole = |read: &Progress| read.entries.len() == count && read.asked.iter().all(|index| *index < count);
        let Some(mut progress) = stockroom::read_json::<Progress>(memo).ok().filter(is_whole) else {
            return failing(true, "what was known before this turn is lost");
        };
        let doubt = asked.doubt || progress.changed;
        let is_change = matches!(step, SET | CONNECT);
        let response = match answer {
            Ok(response) => response,
            Err(failure) => {
                let lost = is_change && matches!(failure, HttpFailure::Lost(_));
                return failing(doubt || lost, shown(&failure.to_string(), &self.shop().secrets()));
            }
        };
        let now = std::mem::take(&mut progress.asked);
        let first = now.first().copied().unwrap_or_default();
        let body = stockroom::read_json_bytes::<Value>(&response.body).unwrap_or_default();
        let why = |what: &str| answer::why(self.shop(), what, response);
        match (step, response.status) {
            (LOOK, 200) => {
                let Some(levels) = requests::levels(&body) else {
                    return failing(doubt, why("the answer cannot be understood"));
                };
                for index in now {
                    let level = levels.iter().find(|level| Some(level.item) == asked.item(index));
                    progress.entries[index] = looked(asked, index, level.map(|level| level.available));
                }
                progress.at_ms = progress.at_ms.into_iter().chain(answer::date_ms(response)).min();
            }
            (SET, 200 | 201) => match requests::was_set(&body) {
                Some(available) => {
                    progress.changed = true;
                    let shown = if available.is_some() { Shown::Set } else { not_tracked() };
                    progress.entries[first] = Entry::End(shown);
                }
                None => return failing(true, why("the answer cannot be understood")),
            },
            (CONNECT, 200 | 201) => {
                progress.changed = true;
                progress.entries[first] = Entry::Set(true);
            }
            (SET, 422) if progress.entries[first] == Entry::Set(false) => progress.entries[first] = Entry::Connect,
            (SET | CONNECT, 422) => {
                progress.entries[first] = Entry::End(Shown::Refused { why: why("the shop will not have it") });
            }
            (SET | CONNECT, 404) => progress.entries[first] = Entry::Item,
            (ITEM, 404) => progress.entries[first] = Entry::End(Shown::Gone),
            (ITEM, 200) => return failing(doubt, "the item is there, so the location of the channel is not"),
            (_, 200..=299) => return failing(doubt || is_change, why("the answer cannot be understood")),
            _ => {
                let fault = answer::by_status(self.shop(), response, now_ms);
                let is_done = progress.entries.iter().any(|entry| matches!(entry, Entry::End(_)));
                if fault.kind == FaultKind::Throttled && is_done && !asked.doubt {
                    return end(asked, progress, "the shop asks for a slower pace", fault.after_ms);
                }
                return fault.end(doubt, is_change);
            }
        }
        self.go_on(asked, progress, requests::pause_ms(response, &self.shop().pace))
    }

    fn go_on(&self, asked: &Asked<'_>, mut progress: Progress, pause_ms: Option<i64>) -> Turn {
        let all = || progress.entries.iter().enumerate();
        let next = all().find(|(_, entry)| matches!(entry, Entry::Set(_) | Entry::Connect | Entry::Item));
        let next = next.map(|(index, entry)| (index, entry.clone()));
        let looks = all().filter(|(_, entry)| **entry == Entry::Look).map(|(index, _)| index);
        let looks: Vec<usize> = looks.take(ITEMS_MAX).collect();
        if progress.turns >= REQUESTS_MAX {
            return end(asked, progress, "one conversation sets no more; make the channel's batches smaller", pause_ms);
        }
        progress.turns += 1;
        let memo = |progress: &Progress| serde_json::to_string(progress).unwrap_or_default();
        if let Some((index, entry)) = next {
            let item = asked.item(index).unwrap_or_default();
            progress.asked = vec![index];
            let (request, step) = match entry {
                Entry::Connect => (requests::connect(self.shop(), item), CONNECT),
                Entry::Item => (requests::item(self.shop(), item), ITEM),
                _ => (requests::set(self.shop(), item, asked.wanted(index).unwrap_or_default()), SET),
            };
            return ask(request, step, memo(&progress));
        }
        if looks.is_empty() {
            return end(asked, progress, "", pause_ms);
        }
        let items: Vec<u64> = looks.iter().filter_map(|index| asked.item(*index)).collect();
        progress.asked = looks;
        ask(requests::look(self.shop(), &items), LOOK, memo(&progress))
    }
}

fn not_tracked() -> Shown {
    Shown::Refused { why: "the shop does not track the item's quantity".to_owned() }
}

/// What follows from what is shown; absent where the location has no level of the item.
fn looked(asked: &Asked<'_>, index: usize, level: Option<Option<i64>>) -> Entry {
    let set = asked.listings.get(index).and_then(|listing| listing.set);
    let level = match level {
        Some(None) => return Entry::End(not_tracked()),
        level => level.flatten(),
    };
    let Some((wanted, from)) = set else { return Entry::End(Shown::Shows(level.unwrap_or(0))) };
    match (level, from) {
        (Some(level), _) if level == wanted => Entry::End(Shown::Set),
        // In doubt it may be what an earlier attempt set, less what customers bought since.
        (Some(level), None) if asked.doubt => Entry::End(Shown::Shows(level)),
        (Some(level), Some(from)) if level != from => Entry::End(Shown::Shows(level)),
        _ => Entry::Set(false),
    }
}

/// What the shop said of each listing; `why` for those to be set that it said nothing of.
fn end(asked: &Asked<'_>, progress: Progress, why: &str, pause_ms: Option<i64>) -> Turn {
    let listings = asked.listings.iter().zip(progress.entries).filter_map(|(listing, entry)| {
        let shown = match entry {
            Entry::End(shown) => shown,
            _ if listing.set.is_some() => Shown::NotYet { why: why.to_owned() },
            _ => return None,
        };
        Some(ShownQuantity { sku: listing.sku.clone(), shown })
    });
    told(ShownQuantities { at_ms: progress.at_ms, listings: listings.collect() }, pause_ms)
}

/// How full the REST bucket is after an answer: `X-Shopify-Shop-Api-Call-Limit: 32/40`.
fn pause_ms(text: &str, pace: &Pace) -> Option<i64> {
    let (used, size) = text.trim().split_once('/')?;
    let free = size.parse::<u32>().ok()?.saturating_sub(used.parse().ok()?);
    let missing = pace.requests_low.saturating_sub(free);
    (missing > 0).then(|| i64::from(missing) * i64::from(pace.request_ms) + i64::from(pace.margin_ms))
}
