//! Command sequences: each few bytes are a command in a small world, in which everything meets everything. One by one and
//! in batches they have to give the same answers and the same digest, and the books have to hold throughout.

use serde_json::{Value, json};
use stockroom::memory::MemoryStore;
use stockroom::{Stockroom, TimedCommand};

use crate::NOW_MS;
use crate::documents::must_hold;

/// Bytes of one command.
const EACH: usize = 4;
/// Longer inputs are cut: they show nothing that shorter ones do not, and cost time.
const COMMANDS_MAX: usize = 200;
/// The books are looked through after so many commands.
const LOOK_EVERY: usize = 16;

const SKUS: [&str; 4] = ["mug", "cup", "set", "jug"];
const LOCATIONS: [&str; 3] = ["main", "east", "moon"];
const POLICIES: [&str; 3] = ["all_or_nothing", "partial", "backorder"];

fn furniture() -> Vec<Value> {
    vec![
        json!({ "register_location": { "location": "main" } }),
        json!({ "register_location": { "location": "east" } }),
        json!({ "register_sku": { "sku": "mug" } }),
        json!({ "register_sku": { "sku": "cup" } }),
        json!({ "register_sku": { "sku": "set", "components": [{ "sku": "mug", "quantity": 2 }, { "sku": "cup", "quantity": 1 }] } }),
        json!({ "register_channel": { "channel": "web", "locations": ["main", "east"] } }),
        json!({ "register_destination": { "destination": "wms" } }),
        json!({ "register_destination": { "destination": "shop" } }),
        json!({ "register_warehouse": { "location": "east", "destination": "wms" } }),
        json!({ "connect_channel": { "channel": "web", "destination": "shop" } }),
        json!({ "set_listing": { "channel": "web", "sku": "mug", "item": "1" } }),
        json!({ "subscribe": { "subscription": "mail", "from": "start" } }),
    ]
}

/// One of several, by a byte.
fn of(choices: &[&'static str], byte: u8) -> &'static str {
    choices[usize::from(byte) % choices.len()]
}

/// A command of four bytes.
fn action(bytes: [u8; EACH]) -> Value {
    let [kind, a, b, c] = bytes;
    let sku = of(&SKUS, a);
    let location = of(&LOCATIONS, b);
    let units = i64::from(c % 9);
    let order = format!("o-{}", a % 8);
    let hold = format!("h-{}", a % 4);
    let line = i64::from(b % 3) + 1;
    let fulfillment = format!("o-{}-{}", a % 8, line);
    match kind % 30 {
        0..=2 => json!({ "receive_stock": { "location": location, "lines": [{ "sku": sku, "quantity": units }] } }),
        3 => json!({ "adjust_stock": { "sku": sku, "location": location, "difference": units - 4, "lost": c >= 128 } }),
        4 => json!({ "count_stock": { "sku": sku, "location": location, "counted": units } }),
        5 => {
            json!({ "transfer_stock": { "from": location, "to": "main", "lines": [{ "sku": sku, "quantity": units }] } })
        }
        6 => json!({ "set_stock_policy": { "sku": sku, "location": location, "safety_stock": units % 3,
            "backorder_limit": i64::from(b % 8) } }),
        7 | 8 => json!({ "place_hold": { "hold": hold, "channel": "web", "lives_ms": 1 + i64::from(b) * 4,
            "lines": [{ "sku": sku, "quantity": units }] } }),
        9 => json!({ "extend_hold": { "hold": hold, "lives_ms": 1 + i64::from(b) * 8 } }),
        10 => json!({ "release_hold": { "hold": hold } }),
        11 => json!({ "tick": { "limit": 1 + u32::from(c) } }),
        12..=16 => {
            let mut lines = vec![json!({ "sku": sku, "quantity": units, "unit_price_minor": 100 })];
            if b % 2 == 0 {
                lines.push(json!({ "sku": of(&SKUS, b / 2), "quantity": 1, "unit_price_minor": 5 }));
            }
            let mut placed = json!({ "id": order, "channel": "web", "currency": "EUR", "lines": lines,
                "policy": of(&POLICIES, c / 9) });
            if kind >= 200 {
                placed["hold"] = json!(hold);
            }
            json!({ "place_order": placed })
        }
        17 => json!({ "edit_order": { "order": order, "lines": [{ "line": line, "quantity": units }] } }),
        18 | 19 if c % 2 == 0 => json!({ "cancel_order": { "order": order } }),
        18 | 19 => json!({ "cancel_order": { "order": order, "lines": [{ "line": line, "quantity": units }] } }),
        20 | 21 => json!({ "ship_order": { "order": order, "location": location,
            "lines": [{ "line": line, "quantity": units }] } }),
        22 => json!({ "return_order": { "order": order,
            "lines": [{ "line": line, "quantity": units, "disposition": of(&["restock", "damaged", "lost"], c / 9) }] } }),
        23 => json!({ "complete_order": { "order": order } }),
        24 => json!({ "fulfill": { "limit": 1 + u32::from(c) } }),
        25 => json!({ "update_listings": { "limit": 1 + u32::from(c) } }),
        26 => json!({ "take_deliveries": { "destination": of(&["wms", "shop"], b), "max": 1 + u32::from(c % 5),
            "lease_ms": 1_000 } }),
        27 => {
            let result = match c % 5 {
                0 => json!({ "done": "taken" }),
                1 => json!({ "done": { "handed": { "reference": "W" } } }),
                2 => json!({ "done": "cancelled" }),
                3 => json!({ "refused": { "why": "no" } }),
                _ => json!({ "retry": { "why": "later", "doubt": b % 3 == 0 } }),
            };
            json!({ "report_delivery": { "destination": of(&["wms", "shop"], b), "number": 1 + u64::from(a % 8),
                "attempt": 1 + u32::from(c / 64), "result": result } })
        }
        28 => json!({ "note_shipment": { "fulfillment": fulfillment, "shipment": format!("s-{}", c % 4) } }),
        _ => match c % 4 {
            0 => {
                json!({ "note_fulfillment": { "fulfillment": fulfillment, "status": of(&["accepted", "picking", "cancelled"], b) } })
            }
            1 => json!({ "reassign_fulfillment": { "fulfillment": fulfillment, "location": location } }),
            2 => json!({ "prune": { "before_ms": NOW_MS + i64::from(b) * 10, "limit": 10 } }),
            _ => json!({ "acknowledge": { "subscription": "mail", "through": u64::from(a) } }),
        },
    }
}

/// The commands of an input, at times that go on.
fn commands(data: &[u8]) -> Vec<TimedCommand> {
    let drawn =
        data.chunks_exact(EACH).take(COMMANDS_MAX).map(|bytes| action([bytes[0], bytes[1], bytes[2], bytes[3]]));
    let mut at_ms = NOW_MS;
    let timed = furniture().into_iter().chain(drawn).filter_map(|action| {
        at_ms += 7;
        // A shape that is none any more would make the target show nothing: the test of the seeds looks.
        serde_json::from_value(json!({ "at_ms": at_ms, "command": { "action": action } })).ok()
    });
    timed.collect()
}

/// A sequence of commands.
pub fn sequences(data: &[u8]) {
    let commands = commands(data);
    let single = Stockroom::new(MemoryStore::new(), || NOW_MS);
    let mut answers = Vec::with_capacity(commands.len());
    for (number, command) in commands.iter().enumerate() {
        let reply = single.execute_batch_at(vec![command.clone()]);
        answers.extend(reply.unwrap_or_else(|error| panic!("{command:?}: {error}")));
        if number % LOOK_EVERY == 0 {
            must_hold(&single);
        }
    }
    must_hold(&single);
    let size = usize::from(data.first().copied().unwrap_or(0) % 7) + 2;
    let batched = Stockroom::new(MemoryStore::new(), || NOW_MS);
    let mut again = Vec::with_capacity(commands.len());
    for batch in commands.chunks(size) {
        again.extend(batched.execute_batch_at(batch.to_vec()).unwrap_or_else(|error| panic!("{batch:?}: {error}")));
    }
    assert_eq!(answers, again, "batches of {size} are answered otherwise");
    assert_eq!(single.digest().ok(), batched.digest().ok(), "batches of {size} leave something else");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_command_is_one_that_the_engine_reads() {
        for kind in 0..=255_u8 {
            for c in [0, 1, 2, 3, 4, 70] {
                let action = action([kind, 1, 1, c]);
                let command = json!({ "at_ms": 1, "command": { "action": action } });
                serde_json::from_value::<TimedCommand>(command).unwrap_or_else(|error| panic!("{action}: {error}"));
            }
        }
        furniture().into_iter().for_each(|action| {
            let command = json!({ "at_ms": 1, "command": { "action": action } });
            serde_json::from_value::<TimedCommand>(command).unwrap_or_else(|error| panic!("{action}: {error}"));
        });
    }

    #[test]
    fn sequences_do_something() {
        let data: Vec<u8> = (0..800_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let shop = Stockroom::new(MemoryStore::new(), || NOW_MS);
        let replies = shop.execute_batch_at(commands(&data)).unwrap();
        let accepted = replies.iter().filter(|reply| matches!(reply.outcome, stockroom::Outcome::Accepted(_))).count();
        assert!(accepted > 60, "{accepted} of {} are accepted", replies.len());
    }
}
