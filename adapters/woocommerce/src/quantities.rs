//! The conversation about quantities: what the shop shows, and what it is to show. It reads before it sets, because
//! WooCommerce cannot compare before it sets, and because setting a variation under another product would move it
//! there. What was learnt stands in the memo, so that one conversation can have many requests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stockroom::channel::{Shown, ShownQuantities, ShownQuantity};
use stockroom::ids::Name;
use stockroom::outbox::{DeliveryAnswer, DeliveryBody, DeliveryResult, LeasedDelivery, Retry, RetryCause};
use stockroom::ports::{HttpFailure, HttpResponse, REQUESTS_MAX, Step, Turn};

use crate::dates::http_date_ms;
use crate::exchange::{Asked, WooExchange, again, ask, done, error_code, says_unknown, unknown};
use crate::item::Item;
use crate::json::{Object, list};
use crate::requests;
use crate::stock::{Told, Updated, after, before, failed, seen, told, told_by, updated};

/// Reads products, or variations of one product.
const READ: Step = Step("read");
/// Sets those that may be set.
const SET: Step = Step("set");
/// Looks for one that the reading left out.
const LOOK: Step = Step("look");

/// What has to be left of the lease, in milliseconds, for another group to be begun: what is known is worth more.
const LEASE_LEFT_MS_MIN: i64 = 20_000;
/// The pause where the shop asks for a slower pace without saying how long, in milliseconds.
const PAUSE_MS: i64 = 60_000;

/// What is asked of the shop for one listing.
struct Wanted<'a> {
    sku: &'a Name,
    /// Nothing where the listing's name is none of WooCommerce's.
    item: Option<Item>,
    /// The quantity to set, and what it shows as far as we know.
    set: Option<(i64, Option<i64>)>,
}

/// What is known so far. Listings are named by their place in the delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Memo {
    /// Requests so far.
    requests: u32,
    /// Groups that were read.
    read: usize,
    /// What the shop said.
    shown: Vec<(usize, Shown)>,
    /// To be set in the next request.
    set: Vec<usize>,
    /// Not in the answer that they should be in.
    absent: Vec<usize>,
    /// When the first answer was given, by the shop's clock.
    read_at_ms: Option<i64>,
    /// When the first quantity was set, by the shop's clock.
    set_at_ms: Option<i64>,
}

impl WooExchange {
    pub(crate) fn begin_quantities(&self, delivery: &LeasedDelivery) -> Turn {
        self.next(&wanted(delivery), Memo::default(), true)
    }

    pub(crate) fn quantities_answered(
        &self,
        delivery: &LeasedDelivery,
        step: Step,
        memo: &str,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        let wanted = wanted(delivery);
        let Ok(mut memo) = stockroom::read_json::<Memo>(memo) else { return unknown(delivery) };
        let date_ms = answer.ok().and_then(|response| response.header("Date")).and_then(http_date_ms);
        memo.read_at_ms = memo.read_at_ms.or(date_ms);
        if step == SET {
            memo.set_at_ms = memo.set_at_ms.or(date_ms);
        }
        let outcome = match step {
            READ => self.read(&wanted, &mut memo, answer, now_ms),
            SET => self.set(&wanted, &mut memo, answer, now_ms),
            LOOK => self.looked(&wanted, &mut memo, answer, now_ms),
            _ => return unknown(delivery),
        };
        match outcome {
            Ok(()) => {
                let is_in_time = delivery.lease_until_ms.saturating_sub(now_ms) >= LEASE_LEFT_MS_MIN;
                self.next(&wanted, memo, is_in_time)
            }
            Err(retry) => stopped(delivery, &wanted, memo, retry),
        }
    }

    /// The next request: set what was read, read the next group, and in the end look for what was not there. What is
    /// left when the turns or the lease run out is not told of, and asked again.
    fn next(&self, wanted: &[Wanted<'_>], mut memo: Memo, is_in_time: bool) -> Turn {
        let left = if is_in_time || memo.shown.is_empty() { REQUESTS_MAX.saturating_sub(memo.requests) } else { 0 };
        let groups = self.groups(wanted);
        // A reading that leaves no turn to set anything is for nothing.
        let needed = if wanted.iter().any(|wanted| wanted.set.is_some()) { 2 } else { 1 };
        let group = groups.get(memo.read).filter(|_| left >= needed);
        let (request, step) = if left > 0 && !memo.set.is_empty() {
            let entry = |index: &usize| {
                let wanted = wanted.get(*index)?;
                Some((wanted.item?, wanted.set?.0))
            };
            let entries: Vec<(Item, i64)> = memo.set.iter().filter_map(entry).collect();
            (requests::set(&self.profile, &entries), SET)
        } else if let Some(group) = group {
            (requests::read(&self.profile, &items(wanted, group)), READ)
        } else if let Some(item) = memo.absent.last().and_then(|index| wanted.get(*index)?.item).filter(|_| left > 0) {
            (requests::look(&self.profile, item), LOOK)
        } else {
            return done(DeliveryAnswer::Quantities(shown(wanted, memo)));
        };
        memo.requests += 1;
        match serde_json::to_string(&memo) {
            Ok(memo) => ask(request, step, memo),
            // Unreachable: numbers and texts can always be written.
            Err(_) => done(DeliveryAnswer::Quantities(shown(wanted, memo))),
        }
    }

    /// The listings in groups that go into one request each: products, then the variations of each product.
    fn groups(&self, wanted: &[Wanted<'_>]) -> Vec<Vec<usize>> {
        let mut by_parent: BTreeMap<Option<u64>, Vec<usize>> = BTreeMap::new();
        for (index, item) in wanted.iter().enumerate().filter_map(|(index, wanted)| Some((index, wanted.item?))) {
            by_parent.entry(item.parent()).or_default().push(index);
        }
        let size = usize::try_from(self.profile.items_max.max(1)).unwrap_or(1);
        by_parent.values().flat_map(|group| group.chunks(size)).map(<[usize]>::to_vec).collect()
    }

    fn read(
        &self,
        wanted: &[Wanted<'_>],
        memo: &mut Memo,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Result<(), Retry> {
        let group = self.groups(wanted).into_iter().nth(memo.read).unwrap_or_default();
        let are_variations = items(wanted, &group).first().is_some_and(|item| item.parent().is_some());
        if are_variations && is_unknown(answer) {
            // The product itself is gone, and its variations with it.
            memo.shown.extend(group.into_iter().map(|index| (index, Shown::Gone)));
        } else {
            let body = self.body(Asked::Read, answer, now_ms)?;
            let entries =
                list(&body).ok_or_else(|| self.unreadable(Asked::Read, "the answer is no list of products", answer))?;
            let products: Vec<Told> = entries.into_iter().filter_map(told).collect();
            for index in group {
                let found = wanted.get(index).and_then(|wanted| {
                    let id = wanted.item?.id();
                    products.iter().find(|product| product.id == id).map(|product| (wanted, product))
                });
                match found {
                    Some((wanted, product)) => judge(wanted, index, product, memo),
                    // No proof that it is gone: lists leave out what a key may not read, and what plugins filter.
                    None => memo.absent.push(index),
                }
            }
        }
        memo.read += 1;
        Ok(())
    }

    fn looked(
        &self,
        wanted: &[Wanted<'_>],
        memo: &mut Memo,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Result<(), Retry> {
        let Some((index, wanted)) = memo.absent.last().and_then(|index| Some((*index, wanted.get(*index)?))) else {
            memo.absent.clear();
            return Ok(());
        };
        let is_forbidden =
            |response: &HttpResponse| response.status == 403 && error_code(response) == "woocommerce_rest_cannot_view";
        if is_unknown(answer) {
            memo.shown.push((index, Shown::Gone));
        } else if let Some(response) = answer.ok().filter(|response| is_forbidden(response)) {
            memo.shown.push((index, Shown::NotYet { why: self.why("the key may not read it", response) }));
        } else {
            let body = self.body(Asked::Read, answer, now_ms)?;
            let product = Object::parse(&body).and_then(|product| told_by(&product));
            let product =
                product.filter(|product| wanted.item.is_some_and(|item| item.id() == product.id)).ok_or_else(|| {
                    self.unreadable(Asked::Read, "the answer is not the product that was asked for", answer)
                })?;
            judge(wanted, index, &product, memo);
        }
        memo.absent.pop();
        Ok(())
    }

    fn set(
        &self,
        wanted: &[Wanted<'_>],
        memo: &mut Memo,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Result<(), Retry> {
        let body = self.body(Asked::Change, answer, now_ms)?;
        let object = Object::parse(&body).unwrap_or_default();
        let entries = object
            .list("update")
            .ok_or_else(|| self.unreadable(Asked::Change, "the answer has no list of updates", answer))?;
        let entries: Vec<Updated> = entries.into_iter().filter_map(updated).collect();
        for index in std::mem::take(&mut memo.set) {
            let Some((id, quantity)) = wanted.get(index).and_then(|wanted| Some((wanted.item?.id(), wanted.set?.0)))
            else {
                continue;
            };
            let entry = entries.iter().find(|entry| match entry {
                Updated::Told(Told { id: told, .. }) | Updated::Failed { id: told, .. } => *told == id,
            });
            let shown = match entry {
                Some(Updated::Told(product)) => after(&product.stock, quantity),
                Some(Updated::Failed { code, status, message, .. }) => {
                    failed(&self.shown(code), *status, self.shown(message))
                }
                None => Shown::NotYet { why: "the shop's answer does not tell of it".to_owned() },
            };
            memo.shown.push((index, shown));
        }
        Ok(())
    }
}

/// What is asked for, listing by listing.
fn wanted(delivery: &LeasedDelivery) -> Vec<Wanted<'_>> {
    match &delivery.body {
        DeliveryBody::SetQuantities(set) => {
            let wanted = set.listings.iter().map(|listing| Wanted {
                sku: &listing.sku,
                item: Item::parse(&listing.item),
                set: Some((listing.quantity, listing.from)),
            });
            wanted.collect()
        }
        DeliveryBody::ReadQuantities(read) => {
            let wanted = read.listings.iter();
            wanted.map(|listing| Wanted { sku: &listing.sku, item: Item::parse(&listing.item), set: None }).collect()
        }
        _ => Vec::new(),
    }
}

fn items(wanted: &[Wanted<'_>], group: &[usize]) -> Vec<Item> {
    group.iter().filter_map(|index| wanted.get(*index)?.item).collect()
}

/// Takes in what a look says of a listing: an end, or that it may be set.
fn judge(wanted: &Wanted<'_>, index: usize, product: &Told, memo: &mut Memo) {
    let shown = match wanted.set {
        None => Some(seen(&product.stock)),
        Some((quantity, from)) => before(&product.stock, quantity, from),
    };
    match shown {
        Some(shown) => memo.shown.push((index, shown)),
        None => memo.set.push(index),
    }
}

/// Whether the shop itself says that there is nothing with this number.
fn is_unknown(answer: Result<&HttpResponse, &HttpFailure>) -> bool {
    answer.is_ok_and(|response| response.status == 404 && says_unknown(&error_code(response)))
}

/// The end of a conversation that cannot go on. What is known is reported, unless something may have been set that is
/// not: then all of it is looked at again.
fn stopped(delivery: &LeasedDelivery, wanted: &[Wanted<'_>], memo: Memo, retry: Retry) -> Turn {
    let sets = matches!(delivery.body, DeliveryBody::SetQuantities(_));
    if !sets && memo.shown.is_empty() {
        // A reading changes nothing, so it is never in doubt.
        return Turn::End(DeliveryResult::Retry(retry));
    }
    if retry.doubt || memo.shown.is_empty() || (sets && delivery.doubt) {
        return again(delivery, retry);
    }
    let answer = DeliveryAnswer::Quantities(shown(wanted, memo));
    match retry.cause {
        // Otherwise a slow pace would never let a long conversation come to its end.
        RetryCause::Throttled => {
            Turn::End(DeliveryResult::DoneWithPause { answer, pause_ms: retry.after_ms.unwrap_or(PAUSE_MS) })
        }
        _ => done(answer),
    }
}

/// What is reported: what the shop said, and the listings that it cannot have. Each is told of once, in their order.
fn shown(wanted: &[Wanted<'_>], memo: Memo) -> ShownQuantities {
    // What the shop showed was so when it was read; what was set is so since it was set, with the orders before that.
    let has_seen = memo.shown.iter().any(|(_, shown)| matches!(shown, Shown::Shows(_)));
    let at_ms = memo.set_at_ms.filter(|_| !has_seen).or(memo.read_at_ms);
    let mut said: BTreeMap<usize, Shown> = BTreeMap::new();
    said.extend(memo.shown);
    let listings = wanted.iter().enumerate().filter_map(|(index, wanted)| {
        let shown = match wanted.item {
            Some(_) => said.remove(&index)?,
            None => Shown::Refused { why: "the item is neither a product's number nor `product/variation`".to_owned() },
        };
        Some(ShownQuantity { sku: wanted.sku.clone(), shown })
    });
    ShownQuantities { at_ms, listings: listings.collect() }
}
