//! Random bytes and random JSON, as bodies of everything that is read. Nothing may panic.

use serde_json::{Value, json};
use stockroom_woocommerce::OrderOptions;

use crate::orders::order;
use crate::support::{answer, converse, exchange, read, set, tell};
use crate::webhook::read_with;

/// Numbers that are random enough and the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn value(&mut self, depth: u32) -> Value {
        let names = [
            "id",
            "status",
            "line_items",
            "quantity",
            "subtotal",
            "sku",
            "update",
            "error",
            "code",
            "data",
            "message",
            "manage_stock",
            "stock_quantity",
            "type",
            "date_modified_gmt",
            "currency",
            "shipping",
            "billing",
            "note",
            "total",
            "parent_id",
            "city",
            "number",
        ];
        let numbers = ["0", "-1", "11", "21", "1e400", "-0.0", "9223372036854775808", "1e-400", "0.1", "1E5"];
        let words = ["", "yes", "trash", "processing", "2026-07-01T09:31:02", "EUR", "1e9999", "\u{0}", "🦀", "parent"];
        match self.below(if depth == 0 { 5 } else { 8 }) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.below(40)),
            3 => {
                let number = numbers[usize::try_from(self.below(10)).unwrap()];
                serde_json::from_str(number).unwrap_or_else(|_| json!(number))
            }
            4 => json!(words[usize::try_from(self.below(10)).unwrap()]),
            5 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            _ => {
                let mut object = serde_json::Map::new();
                for _ in 0..self.below(8) {
                    let name = names[usize::try_from(self.below(23)).unwrap()];
                    object.insert(name.to_owned(), self.value(depth - 1));
                }
                Value::Object(object)
            }
        }
    }
}

#[test]
fn nothing_panics() {
    let topics = ["order.updated", "order.deleted", "product.updated", "product.deleted"];
    let deliveries = [set(&[("11", 2, Some(5)), ("20/21", 3, None)], true), read(&["11", "20/21"]), tell(true)];
    let mut random = Random(0x5eed_1234_5678_9abc);
    for _ in 0..1_500 {
        let mut body = match random.below(3) {
            0 => random.value(4),
            1 => json!([random.value(3), { "id": 11, "manage_stock": true, "stock_quantity": random.value(1) }]),
            _ => {
                let mut order = order();
                let fields: Vec<String> = order.as_object().unwrap().keys().cloned().collect();
                let field = &fields[usize::try_from(random.below(fields.len() as u64)).unwrap()];
                order[field] = random.value(3);
                order
            }
        }
        .to_string()
        .into_bytes();
        // One in four is broken as bytes.
        if random.below(4) == 0 && !body.is_empty() {
            let at = usize::try_from(random.below(body.len() as u64)).unwrap();
            body[at] = u8::try_from(random.below(256)).unwrap();
            body.truncate(usize::try_from(random.below(body.len() as u64 + 1)).unwrap().max(at));
        }
        for topic in topics {
            let _ = read_with(OrderOptions::new("web", "EUR"), topic, &body);
        }
        let text = String::from_utf8_lossy(&body).into_owned();
        let status = [200, 201, 404, 500][usize::try_from(random.below(4)).unwrap()];
        for delivery in &deliveries {
            converse(&exchange(), delivery, |_| answer(status, &text));
        }
    }
}
