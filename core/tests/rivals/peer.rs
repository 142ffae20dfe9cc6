//! Peers that do on purpose what the reports tell of: between a caller and the engine they change what is asked, as if the
//! check, the lock or the key were missing. They show that the scenarios would notice.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::place::{Answer, Failure, Place};
use crate::shop::accepted;

macro_rules! flaws {
    ($($variant:ident $name:literal $about:literal)*) => {
        /// What is wrong with a peer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Flaw {
            $(#[doc = $about] $variant,)*
        }

        impl Flaw {
            pub(crate) fn name(self) -> &'static str {
                match self { $(Flaw::$variant => $name),* }
            }

            pub(crate) const ALL: &'static [(&'static str, &'static str)] = &[$(($name, $about)),*];
        }
    };
}

flaws! {
    ChecksApart "checks-apart" "Looks first whether there is enough, line by line, and then claims without a guard."
    FirstLocation "first-location" "Asks the first location alone."
    SplitsTooMuch "splits-too-much" "Claims at the second location what the first one gave already."
    ShipsFromAnywhere "ships-from-anywhere" "Takes units from the shelf that it is told, whoever has claimed where."
    ReleasesTwice "releases-twice" "Each notice of a cancelled payment gives the units back."
    ForgetsOwnHold "forgets-own-hold" "Checks a checkout against all holds, its own among them."
    NoKeys "no-keys" "Takes each request for a new one."
    ReadIsDone "read-is-done" "Counts events as dealt with once they were read."
    NoInbox "no-inbox" "Takes each message for a new one and the last that came for the newest."
}

/// A place whose answers come through a flaw.
pub(crate) struct Peer {
    place: Box<dyn Place>,
    flaw: Flaw,
    /// What happened so far, to make new names of.
    count: u64,
    seen: BTreeSet<String>,
}

impl Peer {
    pub(crate) fn new(place: Box<dyn Place>, flaw: Flaw) -> Self {
        Peer { place, flaw, count: 0, seen: BTreeSet::new() }
    }

    fn available(&mut self, sku: &Value, location: &str) -> i64 {
        let read = json!({ "available": { "sku": sku, "location": location } });
        self.place.read(&read).ok().and_then(|units| units.as_i64()).unwrap_or_default()
    }

    /// Whether a look says that there is enough, one line at a time.
    fn looks(&mut self, order: &Value) -> bool {
        let lines = order["lines"].as_array().cloned().unwrap_or_default();
        lines.iter().all(|line| {
            let there = self.available(&line["sku"], "main").max(0) + self.available(&line["sku"], "backup").max(0);
            there >= line["quantity"].as_i64().unwrap_or_default()
        })
    }

    /// Lets every SKU be promised beyond stock: what a claim without a guard comes to.
    fn without_guard(&mut self) {
        for sku in ["mug", "plate"] {
            for location in ["main", "backup"] {
                let policy = json!({ "sku": sku, "location": location, "backorder_limit": 1_000_000 });
                drop(self.place.execute(&json!({ "action": { "set_stock_policy": policy } })));
            }
        }
    }

    /// What is asked of the engine in place of what was asked of the peer.
    fn spoil(&mut self, command: &Value) -> Value {
        let mut command = command.clone();
        let action = &mut command["action"];
        match self.flaw {
            Flaw::FirstLocation if action.get("place_order").is_some() => {
                action["place_order"]["ranking"] = json!(["main"]);
            }
            Flaw::SplitsTooMuch if action.get("place_order").is_some() => {
                let wanted = action["place_order"]["lines"][0]["quantity"].as_i64().unwrap_or_default();
                let first = self.available(&command["action"]["place_order"]["lines"][0]["sku"], "main");
                if first < wanted {
                    command["action"]["place_order"]["lines"][0]["quantity"] = json!(first + wanted);
                }
            }
            Flaw::ForgetsOwnHold => {
                if let Some(order) = action.get_mut("place_order").and_then(Value::as_object_mut) {
                    order.remove("hold");
                }
            }
            Flaw::NoKeys => {
                self.count += 1;
                if let Some(Value::String(id)) = action.get_mut("place_order").map(|order| &mut order["id"]) {
                    if !self.seen.insert(id.clone()) {
                        id.push_str(&format!("-{}", self.count));
                    }
                } else if let Some(Value::String(key)) = command.get_mut("key") {
                    key.push_str(&format!("-{}", self.count));
                }
            }
            Flaw::NoInbox => {
                for told in ["take_channel_order", "note_shipment", "note_fulfillment"] {
                    let Some(told) = action.get_mut(told).and_then(Value::as_object_mut) else { continue };
                    self.count += 1;
                    told.remove("message");
                    if let Some(order) = told.get_mut("order") {
                        order["updated_at_ms"] = json!(1_790_000_000_000 + self.count * 1_000);
                    }
                }
            }
            _ => {}
        }
        command
    }
}

impl Place for Peer {
    fn execute(&mut self, command: &Value) -> Answer {
        let (action, flaw) = (&command["action"], self.flaw);
        match flaw {
            Flaw::ChecksApart if action.get("place_order").is_some_and(|order| self.looks(order)) => {
                self.without_guard();
                let mut unguarded = command.clone();
                unguarded["action"]["place_order"]["policy"] = json!("backorder");
                return self.place.execute(&unguarded);
            }
            Flaw::ShipsFromAnywhere if action["ship_order"].get("location").is_some() => {
                let mut anywhere = command.clone();
                let location = action["ship_order"]["location"].clone();
                let taken = json!({ "sku": "mug", "location": location, "difference": -1 });
                drop(self.place.execute(&json!({ "action": { "adjust_stock": taken } })));
                anywhere["action"]["ship_order"].as_object_mut().expect("an object").remove("location");
                return self.place.execute(&anywhere);
            }
            Flaw::ReleasesTwice if action.get("cancel_order").is_some() => {
                let reply = self.place.execute(command)?;
                if accepted(&reply).is_none() {
                    let given = json!({ "sku": "mug", "location": "main", "difference": 1 });
                    return self.place.execute(&json!({ "action": { "adjust_stock": given } }));
                }
                return Ok(reply);
            }
            _ => {}
        }
        let command = self.spoil(command);
        self.place.execute(&command)
    }

    fn batch(&mut self, commands: &Value) -> Answer {
        let replies: Result<Vec<Value>, Failure> =
            commands.as_array().into_iter().flatten().map(|command| self.execute(command)).collect();
        replies.map(Value::Array)
    }

    fn read(&mut self, read: &Value) -> Answer {
        let answer = self.place.read(read)?;
        if let (Flaw::ReadIsDone, Some(ask)) = (self.flaw, read.get("subscribed_events")) {
            if let Some(last) = answer.as_array().and_then(|events| events.last()) {
                let through: u64 = last["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
                let done = json!({ "subscription": ask["subscription"], "through": through });
                self.place.execute(&json!({ "action": { "acknowledge": done } }))?;
            }
        }
        Ok(answer)
    }

    /// All look before any of them claims: the moment that the reports tell of, every time.
    fn together(&mut self, callers: &[Vec<Value>]) -> Vec<Vec<Answer>> {
        if self.flaw != Flaw::ChecksApart {
            let turn = |caller: &Vec<Value>| caller.iter().map(|command| self.execute(command)).collect();
            return callers.iter().map(turn).collect();
        }
        let passed: Vec<Vec<Value>> = callers
            .iter()
            .map(|caller| {
                caller
                    .iter()
                    .map(|command| {
                        let mut command = command.clone();
                        if command["action"].get("place_order").is_some()
                            && self.looks(&command["action"]["place_order"])
                        {
                            command["action"]["place_order"]["policy"] = json!("backorder");
                        }
                        command
                    })
                    .collect()
            })
            .collect();
        self.without_guard();
        self.place.together(&passed)
    }

    fn set_clock(&mut self, now_ms: i64) {
        self.place.set_clock(now_ms);
    }

    fn reopen(&mut self) {
        self.place.reopen();
    }

    fn second(&mut self) -> Option<Result<Box<dyn Place>, Failure>> {
        let (second, flaw) = (self.place.second()?, self.flaw);
        Some(second.map(|place| Box::new(Peer::new(place, flaw)) as Box<dyn Place>))
    }
}
