//! A shop in a few lines that keeps Shopify's rules of setting quantities (compare, all or nothing, keys), with
//! customers and failures in between: whatever happens, nothing is overwritten unseen and nobody is told wrong.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use stockroom::channel::Shown;
use stockroom::outbox::{DeliveryAnswer, DeliveryResult, LeasedDelivery};
use stockroom::ports::HttpRequest;
use stockroom_shopify::GraphqlExchange;

use crate::support::*;

/// A generator of numbers that are the same in each run (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

#[derive(Default)]
struct FakeShop {
    /// What is stocked, by item; absent where the item is not stocked at the location.
    levels: BTreeMap<String, Option<i64>>,
    /// Bodies that were carried out, with the answer, by key.
    keys: HashMap<String, (Vec<u8>, Value)>,
    /// Sets that were applied: item, from, to.
    applied: Vec<(String, i64, i64)>,
    /// Whether user errors are said again under their key as well. What Shopify does is not known.
    repeats_errors: bool,
}

impl FakeShop {
    fn carry_out(&mut self, request: &HttpRequest) -> Value {
        let sent = body(request);
        let variables = &sent["variables"];
        match operation(request).as_str() {
            "ReadQuantities" => {
                let level = |id: &Value| match self.levels.get(number(id)) {
                    None => Value::Null,
                    Some(quantity) => json!({ "id": id, "inventoryLevel": quantity.map(level_of) }),
                };
                json!({ "nodes": variables["ids"].as_array().unwrap().iter().map(level).collect::<Vec<_>>() })
            }
            "Activate" => {
                let level = self.levels.get_mut(number(&variables["item"])).expect("it was there");
                let quantity = *level.get_or_insert(0);
                json!({ "inventoryActivate": { "inventoryLevel": level_of(quantity), "userErrors": [] } })
            }
            "SetQuantities" => {
                let key = key(request);
                if let Some((before, said)) = self.keys.get(&key) {
                    assert_eq!(*before, request.body, "one key for two contents");
                    return said.clone();
                }
                let said = self.set(&variables["input"]["quantities"]);
                if self.repeats_errors || said["inventorySetQuantities"]["userErrors"].as_array().unwrap().is_empty() {
                    self.keys.insert(key, (request.body.clone(), said.clone()));
                }
                said
            }
            other => panic!("{other}"),
        }
    }

    fn set(&mut self, quantities: &Value) -> Value {
        let mut errors = Vec::new();
        let quantities = quantities.as_array().unwrap();
        for (index, entry) in quantities.iter().enumerate() {
            let code = match self.levels.get(number(&entry["inventoryItemId"])) {
                None => "INVALID_INVENTORY_ITEM",
                Some(None) => "ITEM_NOT_STOCKED_AT_LOCATION",
                Some(Some(level)) if entry["changeFromQuantity"] != json!(level) => "CHANGE_FROM_QUANTITY_STALE",
                Some(Some(_)) => continue,
            };
            let field = ["input", "quantities", &index.to_string(), "changeFromQuantity"];
            errors.push(json!({ "code": code, "field": field, "message": "no" }));
        }
        if errors.is_empty() {
            for entry in quantities {
                let item = number(&entry["inventoryItemId"]).to_owned();
                let (from, to) = (entry["changeFromQuantity"].as_i64().unwrap(), entry["quantity"].as_i64().unwrap());
                self.levels.insert(item.clone(), Some(to));
                self.applied.push((item, from, to));
            }
        }
        json!({ "inventorySetQuantities": { "inventoryAdjustmentGroup": null, "userErrors": errors } })
    }
}

fn number(id: &Value) -> &str {
    id.as_str().unwrap().rsplit('/').next().unwrap()
}

/// What somebody else changes a quantity to.
#[derive(Clone, Copy, PartialEq)]
enum Others {
    /// What it never showed before. Two changes that cancel each other out are seen by nobody who compares.
    Away,
    /// Something else and back again.
    AndBack,
}

/// One delivery, tried until it ends, with customers and failures in between.
fn try_until_done(seed: u64, others: Others, repeats_errors: bool) {
    let mut chance = Chance(seed);
    let exchange = GraphqlExchange::new(shop()).expect("a shop");
    let mut fake = FakeShop { repeats_errors, ..FakeShop::default() };
    let items: Vec<String> = (1..=1 + chance.below(8)).map(|item| item.to_string()).collect();
    let mut listings = Vec::new();
    for item in &items {
        let level = chance.below(20) as i64;
        match chance.below(10) {
            0 => {}
            1 => drop(fake.levels.insert(item.clone(), None)),
            _ => drop(fake.levels.insert(item.clone(), Some(level))),
        }
        let from = [None, Some(level), Some(level), Some(level + 1)][chance.below(4) as usize];
        listings.push((item.as_str(), chance.below(20) as i64, from));
    }
    let mut elsewhere = -100;
    // Where others never rest, a failure in most conversations as well would let none of them end.
    let calm = if others == Others::Away { 1 } else { 10 };
    let mut delivery: LeasedDelivery = set(&listings, false);
    for _attempt in 0..200 {
        let (_, end) = run(&exchange, &delivery, |request| {
            if chance.one_in(if others == Others::Away { 12 } else { 2 }) {
                let at = chance.below(items.len() as u64) as usize;
                if let Some(Some(level)) = fake.levels.get_mut(&items[at]) {
                    elsewhere -= 1;
                    *level = match (others, listings[at].2) {
                        (Others::AndBack, Some(from)) if *level < -100 => from,
                        _ => elsewhere,
                    };
                }
            }
            match chance.below(12 * calm) {
                0 => return not_sent(),
                1 => return lost(),
                2 => return answer(500, ""),
                3 => return answer(429, ""),
                _ => {}
            }
            let said = fake.carry_out(request);
            if chance.one_in(8 * calm) { lost() } else { data(said) }
        });
        match end {
            DeliveryResult::Retry(retry) => delivery.doubt = retry.doubt,
            DeliveryResult::Done(DeliveryAnswer::Quantities(said))
            | DeliveryResult::DoneWithPause { answer: DeliveryAnswer::Quantities(said), .. } => {
                for (said, (item, wanted, _)) in said.listings.iter().zip(&listings) {
                    if let Shown::NotYet { why } = &said.shown {
                        assert!(!why.contains("too many turns"), "seed {seed}: {item}");
                    }
                    if others == Others::AndBack {
                        continue;
                    }
                    let level = fake.levels.get(*item);
                    let set = fake.applied.iter().filter(|(of, from, to)| of == item && from != to).count();
                    match &said.shown {
                        Shown::Gone => assert_eq!(level, None),
                        // It showed it at some time; somebody may have changed it since.
                        Shown::Set => {
                            assert!(
                                level.and_then(|level| *level).is_some_and(|level| level == *wanted || level < -100)
                            );
                        }
                        Shown::Shows(_) | Shown::NotYet { .. } => {}
                        Shown::Refused { why } => panic!("{why}"),
                    }
                    assert!(set <= 1, "seed {seed}: {item} was set {set} times");
                }
                assert_eq!(said.listings.len(), listings.len());
                return;
            }
            end => panic!("{end:?}"),
        }
    }
    panic!("seed {seed} does not end");
}

#[test]
fn whatever_happens_nothing_is_overwritten_unseen() {
    for seed in 0..2_000 {
        for repeats_errors in [false, true] {
            try_until_done(seed, Others::Away, repeats_errors);
        }
    }
}

#[test]
fn what_is_changed_and_changed_back_holds_nothing_up() {
    for seed in 0..1_000 {
        for repeats_errors in [false, true] {
            try_until_done(seed, Others::AndBack, repeats_errors);
        }
    }
}
