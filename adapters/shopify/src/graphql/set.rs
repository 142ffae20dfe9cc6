//! Setting quantities: compared before they are set, and never twice for one content. What a shop will not have is
//! taken out, dealt with on its own, and the rest is sent again, because Shopify sets all of a request or nothing.
//!
//! What is known stands in the memo. Each entry only ever goes forward (read, stock, set, look, end), so that every
//! conversation ends.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stockroom::channel::{SetQuantities, Shown, ShownQuantities, ShownQuantity};
use stockroom::outbox::{LeasedDelivery, RetryCause};
use stockroom::ports::{HttpFailure, HttpResponse, REQUESTS_MAX, Step, Turn};

use super::answer::{self, Answer, FaultKind};
use super::codes::{Handling, handling};
use super::document::{ACTIVATE, SET_QUANTITIES, key, request};
use super::read::{ITEMS_MAX, Level, available, earlier, levels, not_an_id, read_request};
use crate::ids::gid;
use crate::remote::shown;
use crate::settings::{ENTRIES_MAX, Shop};
use crate::turns::{ask, failing, retry, told};

pub(super) const SET: Step = Step("set");
pub(super) const LOOK: Step = Step("look");
pub(super) const STOCK: Step = Step("stock");

/// The wait where the same request is being carried out already, in milliseconds.
const CONCURRENT_MS: i64 = 2_000;
/// A quantity is from minus to plus this (the schema's INVALID_QUANTITY_TOO_HIGH and INVALID_QUANTITY_TOO_LOW).
const QUANTITY_MAX: i64 = 1_000_000_000;

/// What is known, from turn to turn.
#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    /// Requests so far.
    turns: u32,
    /// Keys that the shop would not have again, for the content that is next.
    salt: u32,
    /// How often a quantity was refused as stale and, when looked at, was what we believed after all.
    #[serde(default)]
    returned: u32,
    /// Items that one query asks for.
    items: usize,
    /// Quantities that one request sets.
    sets: usize,
    /// Whether a change was carried out in this conversation.
    changed: bool,
    /// When the oldest of what is known was so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_ms: Option<i64>,
    /// The listings, in their order.
    entries: Vec<Entry>,
    /// Those that this request is about.
    asked: Vec<usize>,
}

impl Progress {
    /// Which of the keys of one content is next. It follows from what the shop said alone, so that another attempt finds
    /// the same.
    fn next_key(&self) -> u32 {
        self.salt.saturating_add(self.returned)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    /// To be read first: we do not know what it shows.
    Read,
    /// To be stocked at the location.
    Stock,
    /// To be set, where it shows this. The flag says whether it was stocked already.
    Set(i64, bool),
    /// To be looked at: it does not show this any more, or could not be set.
    Look(i64, bool),
    /// Dealt with.
    End(Shown),
}

/// An entry of `InventorySetQuantitiesInput.quantities`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Quantity {
    inventory_item_id: String,
    location_id: String,
    quantity: i64,
    change_from_quantity: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Input<'a> {
    name: &'static str,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_document_uri: Option<String>,
    quantities: Vec<Quantity>,
}

#[derive(Serialize)]
struct SetVariables<'a> {
    input: Input<'a>,
    #[serde(skip_serializing_if = "String::is_empty")]
    key: String,
}

#[derive(Serialize)]
struct StockVariables {
    item: String,
    location: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    key: String,
}

/// One conversation with what it is about.
pub(super) struct Setting<'a> {
    pub(super) shop: &'a Shop,
    pub(super) delivery: &'a LeasedDelivery,
    pub(super) set: &'a SetQuantities,
}

impl Setting<'_> {
    pub(super) fn begin(&self) -> Turn {
        let mut seen = std::collections::BTreeSet::new();
        let entries = self.set.listings.iter().map(|listing| {
            let Some(item) = gid("InventoryItem", &listing.item) else { return Entry::End(not_an_id(&listing.item)) };
            if !(-QUANTITY_MAX..=QUANTITY_MAX).contains(&listing.quantity) {
                // More than an integer of GraphQL holds would stop all the others as well.
                return Entry::End(Shown::Refused { why: format!("{} is more than Shopify takes", listing.quantity) });
            }
            if !seen.insert(item) {
                return Entry::End(Shown::Refused { why: "another SKU is listed as the same item".to_owned() });
            }
            match listing.from {
                Some(from) if (-QUANTITY_MAX..=QUANTITY_MAX).contains(&from) => Entry::Set(from, false),
                _ => Entry::Read,
            }
        });
        let progress = Progress {
            turns: 0,
            salt: 0,
            returned: 0,
            items: ITEMS_MAX,
            sets: ENTRIES_MAX,
            changed: false,
            at_ms: None,
            entries: entries.collect(),
            asked: Vec::new(),
        };
        self.go_on(progress, None)
    }

    pub(super) fn answered(
        &self,
        step: Step,
        memo: &str,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        let count = self.set.listings.len();
        let read = stockroom::read_json::<Progress>(memo).ok();
        let is_whole = |read: &Progress| read.entries.len() == count && read.asked.iter().all(|index| *index < count);
        let Some(mut progress) = read.filter(is_whole) else {
            return failing(true, "what was known before this turn is lost");
        };
        let doubt = self.delivery.doubt || progress.changed;
        let is_change = step != LOOK;
        let response = match answer {
            Ok(response) => response,
            Err(failure) => {
                let lost = is_change && matches!(failure, HttpFailure::Lost(_));
                return failing(doubt || lost, shown(&failure.to_string(), &self.shop.secrets()));
            }
        };
        let answer = match answer::read(self.shop, response, now_ms) {
            Ok(answer) => answer,
            Err(fault) if fault.kind == FaultKind::TooCostly && step == LOOK && progress.items > 1 => {
                progress.items /= 2;
                return self.go_on(progress, None);
            }
            // What is done is told and the rest left for later, unless an earlier attempt may have done some of it:
            // only this same content, sent again, finds out.
            Err(fault) if fault.kind == FaultKind::Throttled && !self.delivery.doubt && progress.changed => {
                return self.end(progress, "the shop asks for a slower pace", fault.after_ms);
            }
            Err(fault) => return fault.end(doubt, is_change),
        };
        progress.at_ms = earlier(progress.at_ms, answer.at_ms);
        let fault = match step {
            SET => self.was_set(&mut progress, &answer),
            LOOK => self.was_read(&mut progress, &answer),
            _ => self.was_stocked(&mut progress, &answer),
        };
        match fault {
            None => self.go_on(progress, answer.pause_ms),
            Some(Stop::Unreadable) => {
                failing(doubt || is_change, answer::why(self.shop, "the answer cannot be understood", response))
            }
            Some(Stop::Failing(why)) => failing(doubt || progress.changed, why),
            Some(Stop::Concurrent) => {
                let why = "the shop is carrying out the same request at this moment";
                retry(RetryCause::NotYet, true, Some(CONCURRENT_MS), why)
            }
        }
    }

    /// The next request, or the end.
    fn go_on(&self, mut progress: Progress, pause_ms: Option<i64>) -> Turn {
        let of = |progress: &Progress, wanted: fn(&Entry) -> bool, most: usize| -> Vec<usize> {
            let all = progress.entries.iter().enumerate();
            all.filter(|(_, entry)| wanted(entry)).map(|(index, _)| index).take(most.max(1)).collect()
        };
        let to_set = of(&progress, |entry| matches!(entry, Entry::Set(..)), progress.sets.min(ENTRIES_MAX));
        let to_stock = of(&progress, |entry| matches!(entry, Entry::Stock), 1);
        let to_read =
            of(&progress, |entry| matches!(entry, Entry::Read | Entry::Look(..)), progress.items.min(ENTRIES_MAX));
        if progress.turns >= REQUESTS_MAX {
            return self.end(progress, "the conversation took too many turns", pause_ms);
        }
        progress.turns += 1;
        // What can be set is set before more is read, so that a large delivery gets on however slow the pace is.
        if !to_set.is_empty() {
            progress.asked = to_set;
            let mut variables = SetVariables { input: self.input(&progress), key: String::new() };
            variables.key = key(self.delivery, "set", progress.next_key(), &variables);
            let request = request(self.shop, SET_QUANTITIES, &variables);
            ask(request, SET, memo(&progress))
        } else if !to_stock.is_empty() {
            progress.asked = to_stock;
            let item = progress.asked.first().map_or_else(String::new, |index| self.item(*index));
            let mut variables = StockVariables { item, location: self.shop.location_gid(), key: String::new() };
            variables.key = key(self.delivery, "stock", progress.next_key(), &variables);
            let request = request(self.shop, ACTIVATE, &variables);
            ask(request, STOCK, memo(&progress))
        } else if !to_read.is_empty() {
            let ids: Vec<String> = to_read.iter().map(|index| self.item(*index)).collect();
            progress.asked = to_read;
            ask(read_request(self.shop, &ids), LOOK, memo(&progress))
        } else {
            self.end(progress, "", pause_ms)
        }
    }

    /// What the shop said of each listing; `why` for those that it said nothing of.
    fn end(&self, progress: Progress, why: &str, pause_ms: Option<i64>) -> Turn {
        let listings = self.set.listings.iter().zip(progress.entries).map(|(listing, entry)| ShownQuantity {
            sku: listing.sku.clone(),
            shown: match entry {
                Entry::End(shown) => shown,
                _ => Shown::NotYet { why: why.to_owned() },
            },
        });
        told(ShownQuantities { at_ms: progress.at_ms, listings: listings.collect() }, pause_ms)
    }

    fn item(&self, index: usize) -> String {
        let item = self.set.listings.get(index).and_then(|listing| gid("InventoryItem", &listing.item));
        item.unwrap_or_default()
    }

    fn wanted(&self, index: usize) -> i64 {
        self.set.listings.get(index).map_or(0, |listing| listing.quantity)
    }

    fn input(&self, progress: &Progress) -> Input<'_> {
        let quantities = progress.asked.iter().filter_map(|index| match progress.entries.get(*index) {
            Some(Entry::Set(from, _)) => Some(Quantity {
                inventory_item_id: self.item(*index),
                location_id: self.shop.location_gid(),
                quantity: self.wanted(*index),
                change_from_quantity: *from,
            }),
            _ => None,
        });
        let document = &self.shop.reference_document;
        let reference_document_uri = (!document.is_empty()).then(|| {
            let destination = uri_text(&self.delivery.destination);
            document.replace("{destination}", &destination).replace("{number}", &self.delivery.number.to_string())
        });
        Input { name: "available", reason: &self.shop.reason, reference_document_uri, quantities: quantities.collect() }
    }
}

/// Why a conversation cannot go on.
enum Stop {
    Unreadable,
    Failing(String),
    Concurrent,
}

/// A user error as it came.
struct UserError<'a> {
    code: Option<&'a str>,
    /// Its place among the quantities that were sent.
    index: Option<usize>,
    message: String,
}

impl Setting<'_> {
    fn user_errors<'a>(&self, payload: &'a Value, asked: usize) -> Option<Vec<UserError<'a>>> {
        let errors = payload.get("userErrors")?.as_array()?;
        let error = |error: &'a Value| {
            let field: Vec<&str> =
                error.get("field").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
            let index = match field.as_slice() {
                ["input", "quantities", index, ..] => index.parse().ok().filter(|index| *index < asked),
                _ => None,
            };
            let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
            UserError {
                code: error.get("code").and_then(Value::as_str),
                // With one entry there is no doubt which.
                index: index.or((asked == 1).then_some(0)),
                message: shown(message, &self.shop.secrets()),
            }
        };
        Some(errors.iter().map(error).collect())
    }

    fn was_set(&self, progress: &mut Progress, answer: &Answer) -> Option<Stop> {
        let asked = std::mem::take(&mut progress.asked);
        let Some(payload) = answer.data.get("inventorySetQuantities").filter(|payload| payload.is_object()) else {
            return Some(Stop::Unreadable);
        };
        let Some(errors) = self.user_errors(payload, asked.len()) else { return Some(Stop::Unreadable) };
        if errors.is_empty() {
            for index in asked {
                progress.entries[index] = Entry::End(Shown::Set);
            }
            (progress.changed, progress.salt) = (true, 0);
            return None;
        }
        // What concerns the whole request comes first: then nothing is known of the entries.
        for error in &errors {
            let code = error.code.unwrap_or("no code");
            match handling(error.code) {
                Handling::Wait => return Some(Stop::Concurrent),
                Handling::NewKey => {
                    progress.salt += 1;
                    return None;
                }
                Handling::Settings => {
                    let why = format!("the settings of the channel are refused ({code}): {}", error.message);
                    return Some(Stop::Failing(why));
                }
                _ => {}
            }
        }
        progress.salt = 0;
        let mut is_further = false;
        for error in &errors {
            let Some(index) = error.index.and_then(|place| asked.get(place).copied()) else { continue };
            let Some(Entry::Set(from, stocked)) = progress.entries.get(index).cloned() else { continue };
            is_further = true;
            let why = || format!("{}: {}", error.code.unwrap_or("no code"), error.message);
            progress.entries[index] = match handling(error.code) {
                Handling::Look => Entry::Look(from, stocked),
                Handling::Stock if !stocked => Entry::Stock,
                Handling::Gone => Entry::End(Shown::Gone),
                Handling::Refuse => Entry::End(Shown::Refused { why: why() }),
                _ => Entry::End(Shown::NotYet { why: why() }),
            };
        }
        if !is_further && asked.len() > 1 {
            // Nobody says which entry it is: fewer at once, until it is clear.
            progress.sets = asked.len() / 2;
            is_further = true;
        }
        (!is_further).then_some(Stop::Unreadable)
    }

    fn was_stocked(&self, progress: &mut Progress, answer: &Answer) -> Option<Stop> {
        let asked = std::mem::take(&mut progress.asked);
        let (Some(index), Some(payload)) = (asked.first().copied(), answer.data.get("inventoryActivate")) else {
            return Some(Stop::Unreadable);
        };
        let Some(errors) = self.user_errors(payload, 1) else { return Some(Stop::Unreadable) };
        // These errors have no code: that one is about the key and not about the item, its words alone say.
        if errors.iter().any(|error| error.message.contains("currently in progress")) {
            return Some(Stop::Concurrent);
        }
        if errors.iter().any(|error| error.message.contains("idempotency key")) {
            progress.salt += 1;
            return None;
        }
        progress.salt = 0;
        if let Some(error) = errors.first() {
            let why = format!("it cannot be stocked at the location: {}", error.message);
            progress.entries[index] = Entry::End(Shown::Refused { why });
            return None;
        }
        let Some(quantity) = payload.get("inventoryLevel").and_then(available) else { return Some(Stop::Unreadable) };
        progress.changed = true;
        progress.entries[index] = self.known(index, quantity, true);
        None
    }

    fn was_read(&self, progress: &mut Progress, answer: &Answer) -> Option<Stop> {
        let asked = std::mem::take(&mut progress.asked);
        let Some(levels) = levels(&answer.data, asked.len()) else { return Some(Stop::Unreadable) };
        for (index, level) in asked.into_iter().zip(levels) {
            let next = match (level, &progress.entries[index]) {
                (Level::Gone, _) => Entry::End(Shown::Gone),
                (Level::NotStocked, Entry::Look(_, true)) => {
                    Entry::End(Shown::NotYet { why: "it was stocked at the location and is not any more".to_owned() })
                }
                (Level::NotStocked, _) => Entry::Stock,
                (Level::Shows(quantity), Entry::Look(from, stocked)) => match quantity {
                    _ if quantity == self.wanted(index) => Entry::End(Shown::Set),
                    // It was changed and changed back. A shop that repeats what it said under a key would call the
                    // same content stale for as long as it keeps the key.
                    _ if quantity == *from => {
                        progress.returned += 1;
                        Entry::Set(quantity, *stocked)
                    }
                    _ => Entry::End(Shown::Shows(quantity)),
                },
                (Level::Shows(quantity), _) => self.known(index, quantity, false),
            };
            progress.entries[index] = next;
        }
        None
    }

    /// What follows where we now know what is shown, and believed nothing before. In doubt it may be what an earlier
    /// attempt set, less what customers bought since: then it is told, and not set over.
    fn known(&self, index: usize, quantity: i64, stocked: bool) -> Entry {
        match quantity {
            _ if quantity == self.wanted(index) => Entry::End(Shown::Set),
            _ if self.delivery.doubt => Entry::End(Shown::Shows(quantity)),
            _ => Entry::Set(quantity, stocked),
        }
    }
}

fn memo(progress: &Progress) -> String {
    serde_json::to_string(progress).unwrap_or_default()
}

/// A name as part of a URI: all but the unreserved characters of RFC 3986 are percent-encoded.
fn uri_text(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
