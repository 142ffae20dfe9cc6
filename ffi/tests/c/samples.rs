//! Documents drawn from their published schemas, so that the hostile callers have something of every kind of command
//! and read that is nearly good, also of those that come later.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::library::crate_directory;

/// The same numbers for the same seed, on every machine: <https://prng.di.unimi.it/splitmix64.c>.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn of<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[usize::try_from(self.below(list.len() as u64)).unwrap_or(0)]
    }
}

/// Which schemas have samples, and how many of each variant.
const EACH: usize = 30;

/// Reads that look at everything: few of them, or the others wait.
const SLOW: &[&str] = &["verify", "digest", "dead_letters", "settled"];

/// What makes a database worth attacking: names, stock, an order, a delivery.
fn furniture() -> Value {
    let actions = json!([
        { "register_sku": { "sku": "mug" } },
        { "register_sku": { "sku": "cup" } },
        { "register_sku": { "sku": "set", "components": [{ "sku": "mug", "quantity": 2 }] } },
        { "register_location": { "location": "main" } },
        { "register_location": { "location": "east" } },
        { "register_channel": { "channel": "web", "locations": ["main", "east"] } },
        { "receive_stock": { "location": "main", "lines": [{ "sku": "mug", "quantity": 900 }] } },
        { "receive_stock": { "location": "east", "lines": [{ "sku": "cup", "quantity": 400 }] } },
        { "subscribe": { "subscription": "mail", "from": "start" } },
        { "register_destination": { "destination": "wms" } },
        { "register_destination": { "destination": "shopify" } },
        { "register_warehouse": { "location": "main", "destination": "wms" } },
        { "connect_channel": { "channel": "web", "destination": "shopify" } },
        { "set_listing": { "channel": "web", "sku": "mug", "item": "42" } },
        { "place_order": { "id": "o-1", "channel": "web", "currency": "EUR",
                           "lines": [{ "sku": "set", "quantity": 2, "unit_price_minor": 1999 }] } },
        { "fulfill": { "limit": 100 } },
        { "update_listings": { "limit": 100 } },
    ]);
    let actions = actions.as_array().cloned().unwrap_or_default();
    actions.into_iter().map(|action| json!({ "action": action })).collect()
}

/// Writes `NAME.samples` for a pool, where it is one of documents, and returns how many there are.
pub(crate) fn write(pool: &str, directory: &Path, random: &mut Random) -> usize {
    let samples = match pool {
        "furniture" => vec![furniture()],
        "commands" => drawn("command", random),
        "place" => [":memory:", "a.sqlite3", "sqlite:a.sqlite3", "b.sqlite3", ":memory:", "postgres://a/b", "."]
            .map(Value::from)
            .to_vec(),
        "sku" => ["mug", "mug", "cup", "set", "jug"].map(Value::from).to_vec(),
        "location" => ["main", "main", "east", "moon"].map(Value::from).to_vec(),
        "subscription" => ["mail", "mail", "mail", "post"].map(Value::from).to_vec(),
        "destination" => ["wms", "shopify", "nobody"].map(Value::from).to_vec(),
        // Nothing may be sent anywhere: no delivery is ever for this destination.
        "relay_settings" => vec![
            json!({ "routes": [], "fulfill": true, "idle_ms": 5 }),
            json!({ "routes": [], "listings": true, "take_max": 7 }),
            json!({ "routes": [{ "destination": "idle", "exchange": { "rest": { "base_url": "https://127.0.0.1:9",
                "auth": "none" } } }], "fulfill": false, "idle_ms": 5, "lease_ms": 1_000 }),
        ],
        "source" => ["/shops/berlin", "", "https://shop.example/"].map(Value::from).to_vec(),
        pool => drawn(pool, random),
    };
    let line = |sample: &Value| match sample {
        Value::String(text) => format!("{text}\n"),
        other => format!("{other}\n"),
    };
    let text: String = samples.iter().map(line).collect();
    fs::write(directory.join(format!("{pool}.samples")), text).expect("the samples can be written");
    samples.len()
}

/// Samples of a schema, as many of each of its variants; none where there is no such schema.
fn drawn(name: &str, random: &mut Random) -> Vec<Value> {
    let path = crate_directory().join(format!("../docs/documents/{name}.schema.json"));
    let Ok(text) = fs::read_to_string(path) else { return Vec::new() };
    let schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
    let mut sampler = Sampler { definitions: &schema["$defs"], random, turn: 0 };
    let variants = variants(&schema, &schema["$defs"]);
    let mut samples = Vec::new();
    for turn in 0..variants * EACH {
        sampler.turn = turn;
        samples.push(sampler.draw(&schema, "", 0));
    }
    let is_slow = |sample: &Value| SLOW.iter().any(|slow| sample.get(slow).is_some());
    let slow: Vec<Value> = samples.iter().filter(|sample| is_slow(sample)).cloned().collect();
    samples.retain(|sample| !is_slow(sample));
    for name in SLOW {
        samples.extend(slow.iter().find(|sample| sample.get(name).is_some()).cloned());
    }
    samples
}

/// How many variants a document has: those of its first choice.
fn variants(schema: &Value, definitions: &Value) -> usize {
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices.len();
    }
    let action = &definitions["Action"]["oneOf"];
    action.as_array().map_or(4, Vec::len)
}

struct Sampler<'a, 'b> {
    definitions: &'a Value,
    random: &'b mut Random,
    /// Which of the variants it is the turn of.
    turn: usize,
}

impl Sampler<'_, '_> {
    fn draw(&mut self, schema: &Value, name: &str, depth: usize) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let definitions = self.definitions;
            let target = reference.rsplit('/').next().unwrap_or_default();
            return self.draw(&definitions[target], name, depth);
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[choice].as_array() {
                let is_first = choices.len() > 10 && depth < 3;
                let random = usize::try_from(self.random.below(choices.len() as u64)).unwrap_or(0);
                let index = if is_first { self.turn % choices.len() } else { random };
                return self.draw(&choices[index], name, depth + 1);
            }
        }
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(values) = schema["enum"].as_array() {
            let values: Vec<&Value> = values.iter().collect();
            return self.random.of(&values).clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.first().and_then(Value::as_str).unwrap_or("null"),
            kind => kind.as_str().unwrap_or("object"),
        };
        match kind {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, name, depth),
            "string" => self.text(name).into(),
            "integer" | "number" => self.number(schema, name).into(),
            "boolean" => self.random.chance(50).into(),
            _ => Value::Null,
        }
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let mut fields = Map::new();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let is_required = required.iter().any(|required| required == name);
            // A time of the command's own would move the clock of the database for good.
            let percent = if name == "at_ms" && depth == 0 { 2 } else { 35 };
            if is_required || self.random.chance(percent) {
                fields.insert(name.clone(), self.draw(field, name, depth + 1));
            }
        }
        if schema["additionalProperties"].is_object() {
            for _ in 0..self.random.below(3) {
                let name = self.text("").to_owned();
                fields.insert(name.clone(), self.draw(&schema["additionalProperties"], &name, depth + 1));
            }
        }
        Value::Object(fields)
    }

    fn array(&mut self, schema: &Value, name: &str, depth: usize) -> Value {
        if let Some(items) = schema["prefixItems"].as_array() {
            return items.iter().map(|item| self.draw(item, name, depth + 1)).collect();
        }
        let least = schema["minItems"].as_u64().unwrap_or(0);
        let count = least + self.random.below(3) + u64::from(self.random.chance(80));
        (0..count).map(|_| self.draw(&schema["items"], name.trim_end_matches('s'), depth + 1)).collect()
    }

    fn text(&mut self, name: &str) -> &'static str {
        const ANY: &[&str] = &["mug", "main", "web", "o-1", "h-1", "wms", "", "ring twice", "ä🫖", "\u{0}", "42"];
        self.random.of(match name {
            "sku" => &["mug", "mug", "cup", "set", "jug"],
            "location" | "from" | "to" => &["main", "main", "east", "moon"],
            "channel" => &["web", "web", "web", "till"],
            "order" | "id" | "reference" => &["o-1", "o-2", "o-3", "o-4", "o-5", "o-6", "o-7", "o-8", "o-9"],
            "hold" => &["h-1", "h-2", "h-3"],
            "key" => &["k-1", "k-2", "k-3", "k-4", "k-5"],
            "subscription" => &["mail", "mail", "post"],
            "destination" => &["wms", "shopify"],
            "fulfillment" => &["o-1-1", "o-2-1", "p-1-1"],
            "currency" => &["EUR", "EUR", "EUR", "USD", "euro"],
            "item" | "line" => &["42", "1", "2"],
            // Nothing is sent anywhere, but where it were it would stay here.
            "base_url" | "shop_url" | "url" => &["http://127.0.0.1:9", "https://localhost:9/"],
            _ => ANY,
        })
    }

    fn number(&mut self, schema: &Value, name: &str) -> i64 {
        let least = schema["minimum"].as_i64().unwrap_or(0);
        if self.random.chance(3) {
            return [i64::MIN, i64::MAX, -1, least - 1, 1 << 53][usize::try_from(self.random.below(5)).unwrap_or(0)];
        }
        let most = match name {
            "quantity" | "number" | "attempt" | "line" => 4,
            "limit" | "max" => 100,
            _ if name.ends_with("at_ms") || name == "before_ms" => return 1_700_000_000_000,
            _ if name.ends_with("_ms") => return [1_000, 60_000][usize::from(self.random.chance(50))],
            _ => 20,
        };
        least + i64::try_from(self.random.below(most)).unwrap_or(0) + i64::from(least == 0)
    }
}

#[test]
fn samples_of_commands_and_reads_are_mostly_good() {
    let mut random = Random::new(1);
    let commands = drawn("command", &mut random);
    let good = commands.iter().filter(|sample| is_good(sample, "command")).count();
    assert!(commands.len() >= 1_000 && good * 10 >= commands.len() * 8, "{good} of {} are good", commands.len());
    let reads = drawn("read", &mut random);
    let good = reads.iter().filter(|sample| is_good(sample, "read")).count();
    assert!(reads.len() >= 300 && good * 10 >= reads.len() * 8, "{good} of {} are good", reads.len());
    // Every kind of each is among them.
    for (name, samples, pointer) in [("command", &commands, "/action"), ("read", &reads, "")] {
        let kinds: std::collections::BTreeSet<&str> = samples
            .iter()
            .filter_map(|sample| sample.pointer(pointer)?.as_object()?.keys().next())
            .map(String::as_str)
            .collect();
        let text = fs::read_to_string(crate_directory().join(format!("../docs/documents/{name}.schema.json")));
        let schema: Value = serde_json::from_str(&text.expect("the schema")).expect("JSON");
        assert_eq!(kinds.len(), variants(&schema, &schema["$defs"]), "{name}: {kinds:?}");
    }
}

#[cfg(test)]
fn is_good(sample: &Value, kind: &str) -> bool {
    use stockroom::Stockroom;
    use stockroom::memory::MemoryStore;
    let room = Stockroom::new(MemoryStore::new(), || 1_700_000_000_000);
    let bytes = sample.to_string();
    let answer = match kind {
        "command" => stockroom_documents::preview(&room, bytes.as_bytes()),
        _ => stockroom_documents::read(&room, bytes.as_bytes()),
    };
    answer.is_ok()
}
