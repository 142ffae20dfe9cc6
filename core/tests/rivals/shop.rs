//! A small shop at a place, as the scenarios use it: what is done, what must be answered, what must be there. It expects
//! nothing of its own but that commands are answered.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::place::{Answer, Failure, Place};

/// When the scenarios' time begins: the 21st of September 2026, 14:13:20 UTC.
pub(crate) const START_MS: i64 = 1_790_000_000_000;

pub(crate) struct Shop {
    place: Box<dyn Place>,
    pub(crate) now_ms: i64,
}

/// Quantities of a SKU at a location.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) on_hand: i64,
    pub(crate) held: i64,
    pub(crate) allocated: i64,
    pub(crate) backordered: i64,
    pub(crate) available: i64,
}

impl Shop {
    /// A shop with the locations `main` and `backup`, which serve the channel `web` in this order, the SKUs `mug` and
    /// `plate`, and the bundle `set` of one mug and two plates. Nothing is in stock.
    pub(crate) fn new(mut place: Box<dyn Place>) -> Self {
        place.set_clock(START_MS);
        let mut shop = Shop { place, now_ms: START_MS };
        let actions = [
            json!({ "register_sku": { "sku": "mug" } }),
            json!({ "register_sku": { "sku": "plate" } }),
            json!({ "register_sku": { "sku": "set", "components": [
                { "sku": "mug", "quantity": 1 }, { "sku": "plate", "quantity": 2 }] } }),
            json!({ "register_location": { "location": "main" } }),
            json!({ "register_location": { "location": "backup" } }),
            json!({ "register_channel": { "channel": "web", "locations": ["main", "backup"] } }),
        ];
        for action in actions {
            shop.accept(action);
        }
        shop
    }

    /// The same database seen by another process, where it can be.
    pub(crate) fn second(&mut self) -> Option<Result<Shop, Failure>> {
        let now_ms = self.now_ms;
        let second = self.place.second()?;
        Some(second.map(|mut place| {
            place.set_clock(now_ms);
            Shop { place, now_ms }
        }))
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, ms: i64) {
        self.now_ms += ms;
        self.place.set_clock(self.now_ms);
    }

    /// Ends the process, or what stands for it, and starts it again.
    pub(crate) fn restart(&mut self) {
        self.place.reopen();
    }

    #[track_caller]
    pub(crate) fn reply(&mut self, command: &Value) -> Value {
        self.place.execute(command).unwrap_or_else(|failure| panic!("{command}: {failure}"))
    }

    /// Does what must be accepted, and gives the answer.
    #[track_caller]
    pub(crate) fn accept(&mut self, action: Value) -> Value {
        let reply = self.reply(&json!({ "action": action }));
        accepted(&reply).unwrap_or_else(|| panic!("{action} is answered {reply}")).clone()
    }

    /// Does what must be rejected with this code.
    #[track_caller]
    pub(crate) fn reject(&mut self, code: &str, action: Value) {
        let reply = self.reply(&json!({ "action": action }));
        assert_eq!(rejected(&reply), Some(code), "{action} is answered {reply}");
    }

    /// Does commands in one commit.
    #[track_caller]
    pub(crate) fn batch(&mut self, commands: Vec<Value>) -> Vec<Value> {
        let replies = self.place.batch(&Value::Array(commands)).unwrap_or_else(|failure| panic!("{failure}"));
        replies.as_array().expect("an array of replies").clone()
    }

    /// Lets callers come at once, each with actions; the replies of each.
    #[track_caller]
    pub(crate) fn together(&mut self, callers: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
        let commands = |actions: Vec<Value>| actions.into_iter().map(|action| json!({ "action": action })).collect();
        self.together_commands(callers.into_iter().map(commands).collect())
    }

    /// The same with whole commands.
    #[track_caller]
    pub(crate) fn together_commands(&mut self, callers: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
        let answer = |answer: Answer| answer.unwrap_or_else(|failure| panic!("{failure}"));
        let answers = self.place.together(&callers);
        answers.into_iter().map(|answers| answers.into_iter().map(answer).collect()).collect()
    }

    #[track_caller]
    pub(crate) fn read(&mut self, read: Value) -> Value {
        self.place.read(&read).unwrap_or_else(|failure| panic!("{read}: {failure}"))
    }

    pub(crate) fn receive(&mut self, location: &str, sku: &str, quantity: i64) {
        let lines = json!([{ "sku": sku, "quantity": quantity }]);
        self.accept(json!({ "receive_stock": { "location": location, "lines": lines } }));
    }

    #[track_caller]
    pub(crate) fn level(&mut self, sku: &str, location: &str) -> Level {
        let stock = self.read(json!({ "stock": { "sku": sku, "location": location } }));
        let of = |name: &str| stock[name].as_i64().unwrap_or_else(|| panic!("no {name} in {stock}"));
        Level {
            on_hand: of("on_hand"),
            held: of("held"),
            allocated: of("allocated"),
            backordered: of("backordered"),
            available: of("available"),
        }
    }

    /// What can be promised, by every read that says so.
    #[track_caller]
    pub(crate) fn available(&mut self, sku: &str, location: &str) -> i64 {
        let one = self.read(json!({ "available": { "sku": sku, "location": location } }));
        let many = self.read(json!({ "availability": { "pairs": [{ "sku": sku, "location": location }] } }));
        assert_eq!(many[0], one, "two reads say two things");
        one.as_i64().expect("it is registered")
    }

    /// An order as it is now; null where there is none.
    pub(crate) fn order(&mut self, id: &str) -> Value {
        self.read(json!({ "order": { "order": id } }))
    }

    /// The state of an order that is there.
    #[track_caller]
    pub(crate) fn state(&mut self, id: &str) -> String {
        let order = self.order(id);
        order["state"].as_str().unwrap_or_else(|| panic!("there is no order {id}")).to_owned()
    }

    /// Every order.
    pub(crate) fn orders(&mut self) -> Vec<Value> {
        self.read(json!({ "orders": { "limit": 10_000 } })).as_array().expect("a list").clone()
    }

    /// Every event.
    pub(crate) fn events(&mut self) -> Vec<Value> {
        self.read(json!({ "events": { "limit": 10_000 } })).as_array().expect("a list").clone()
    }

    /// How often an event of this kind is about this subject.
    pub(crate) fn told(&mut self, kind: &str, subject: &str) -> usize {
        let kind = format!("stockroom.{kind}.v1");
        self.events().iter().filter(|event| event["type"] == *kind && event["subject"] == subject).count()
    }

    /// Every invariant holds, and the counters of the stock rows are what the orders and holds say.
    #[track_caller]
    pub(crate) fn sound(&mut self) {
        let report = self.read(json!({ "verify": {} }));
        assert_eq!(report["ok"], true, "{report}");
        let mut claimed: BTreeMap<(String, String), i64> = BTreeMap::new();
        for order in self.orders() {
            for allocation in order["allocations"].as_array().expect("a list") {
                let line = &order["lines"][allocation["line"].as_u64().expect("an index") as usize];
                let units = number(allocation, "open") + number(allocation, "backordered");
                let location = allocation["location"].as_str().expect("a name").to_owned();
                let takes: Vec<(String, i64)> = match line["components"].as_array().map(Vec::as_slice) {
                    None | Some([]) => vec![(line["sku"].as_str().expect("a name").to_owned(), 1)],
                    Some(parts) => parts
                        .iter()
                        .map(|part| (part["sku"].as_str().expect("a name").to_owned(), number(part, "quantity")))
                        .collect(),
                };
                for (sku, per) in takes {
                    *claimed.entry((sku, location.clone())).or_default() += per * units;
                }
            }
        }
        let levels = self.read(json!({ "stock_levels": { "limit": 10_000 } }));
        for level in levels["levels"].as_array().expect("a list") {
            let name = |of: &str| level[of].as_str().expect("a name").to_owned();
            let claims = claimed.remove(&(name("sku"), name("location"))).unwrap_or_default();
            assert_eq!(number(level, "allocated"), claims, "{level} has not what the orders claim");
        }
        assert!(claimed.values().all(|claims| *claims == 0), "orders claim where there is no stock row: {claimed:?}");
    }
}

fn number(of: &Value, name: &str) -> i64 {
    of[name].as_i64().unwrap_or_else(|| panic!("no {name} in {of}"))
}

/// What a reply accepts.
pub(crate) fn accepted(reply: &Value) -> Option<&Value> {
    reply["outcome"].get("accepted")
}

/// The code with which a reply rejects.
pub(crate) fn rejected(reply: &Value) -> Option<&str> {
    reply["outcome"]["rejected"]["code"].as_str()
}

/// An order of the channel `web`, as an action.
pub(crate) fn order(id: &str, lines: &[(&str, i64)]) -> Value {
    order_with(id, lines, &json!({}))
}

/// An order with more said.
pub(crate) fn order_with(id: &str, lines: &[(&str, i64)], more: &Value) -> Value {
    let line = |(sku, quantity): &(&str, i64)| json!({ "sku": sku, "quantity": quantity, "unit_price_minor": 500 });
    let lines: Vec<Value> = lines.iter().map(line).collect();
    let mut order = json!({ "id": id, "channel": "web", "currency": "EUR", "lines": lines });
    for (name, value) in more.as_object().expect("an object") {
        order[name] = value.clone();
    }
    json!({ "place_order": order })
}

/// A hold of the channel `web`, as an action.
pub(crate) fn hold(id: &str, lines: &[(&str, i64)], lives_ms: i64) -> Value {
    let line = |(sku, quantity): &(&str, i64)| json!({ "sku": sku, "quantity": quantity });
    let lines: Vec<Value> = lines.iter().map(line).collect();
    json!({ "place_hold": { "hold": id, "channel": "web", "lines": lines, "lives_ms": lives_ms } })
}

pub(crate) fn cancel(id: &str) -> Value {
    json!({ "cancel_order": { "order": id } })
}

pub(crate) fn ship(id: &str) -> Value {
    json!({ "ship_order": { "order": id } })
}
