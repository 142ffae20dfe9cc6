//! One right command of every kind, as a document, over a prepared shop; and for each of its fields the values
//! that are wrong and the code that each must get. The tests of bad input and of precedence are made from this.

mod channel;
mod warehouse;

use serde_json::{Value, json};
use stockroom::{
    CancelOrder, Code, Command, CompleteOrder, LineQuantity, PlaceHold, Prune, PruneFrom, RegisterSku, ShipOrder,
    StockLine, Subscribe, SubscribeFrom,
};

use super::{START_MS, Shop, order};

/// One right command and what can be wrong with it.
pub(crate) struct Sample {
    /// The action's name in documents.
    pub(crate) action: &'static str,
    /// The action's document.
    pub(crate) document: Value,
    /// Every wrong value.
    pub(crate) wrongs: Vec<Wrong>,
}

/// A wrong value of one field.
pub(crate) struct Wrong {
    /// Which field, as a JSON pointer into the document.
    pub(crate) pointer: String,
    /// What is wrong, for messages.
    pub(crate) what: String,
    /// What stands in the field.
    pub(crate) value: Value,
    /// The code that a command gets that is wrong in this alone.
    pub(crate) code: Code,
    /// Where the fault is said to be, if not at the field itself.
    pub(crate) at: Option<&'static str>,
}

impl Sample {
    /// The sample as a command.
    pub(crate) fn command(&self) -> Command {
        command_of(self.action, self.document.clone())
    }

    /// The sample with one value in place of the right one.
    pub(crate) fn with(&self, wrong: &Wrong) -> Command {
        self.with_all(&[wrong])
    }

    /// The sample with several wrong values.
    pub(crate) fn with_all(&self, wrongs: &[&Wrong]) -> Command {
        let mut document = self.document.clone();
        for wrong in wrongs {
            let field = document.pointer_mut(&wrong.pointer);
            *field.unwrap_or_else(|| panic!("{}{} is no field", self.action, wrong.pointer)) = wrong.value.clone();
        }
        command_of(self.action, document)
    }
}

pub(crate) fn command_of(action: &str, document: Value) -> Command {
    let command = json!({ "action": { action: document } });
    serde_json::from_value(command).unwrap_or_else(|error| panic!("{action} cannot be read: {error}"))
}

/// The shop that the samples are made for. Its orders: `o-open` is allocated, `o-part` partly shipped,
/// `o-shipped` shipped, `o-completed` completed, `o-cancelled` cancelled, `o-pruned` pruned. Its holds:
/// `h-live`, and `h-expired`, which no tick has ended. Its subscription `erp` has passed three events, and
/// its key `k-used` is used. A warehouse runs its location `hub`, which the channel `outlet` sells from: see
/// [`warehouse::open`]. A shop stands behind its channel `market`: see [`channel::open`].
pub(crate) fn prepared() -> Shop {
    prepare(Shop::empty())
}

/// Makes an empty shop into the one that the samples are made for.
pub(crate) fn prepare(shop: Shop) -> Shop {
    shop.furnish(&[("main", "mug", 30), ("main", "plate", 60), ("backup", "mug", 5)]);
    shop.accept(order("o-pruned", &[("mug", 1)]));
    shop.accept(CancelOrder { order: "o-pruned".into(), ..CancelOrder::default() });
    shop.set_clock(START_MS + 60_000);
    shop.accept(Prune { before_ms: START_MS + 60_000, limit: 100, from: PruneFrom::Orders(0) });
    shop.accept(order("o-open", &[("mug", 4), ("plate", 2)]));
    for id in ["o-part", "o-shipped", "o-completed", "o-cancelled"] {
        shop.accept(order(id, &[("mug", 3)]));
    }
    let one = LineQuantity { line: 1, quantity: 1 };
    shop.accept(ShipOrder { order: "o-part".into(), lines: Some(vec![one]), ..ShipOrder::default() });
    shop.accept(ShipOrder { order: "o-shipped".into(), ..ShipOrder::default() });
    shop.accept(ShipOrder { order: "o-completed".into(), ..ShipOrder::default() });
    shop.accept(CompleteOrder { order: "o-completed".into() });
    shop.accept(CancelOrder { order: "o-cancelled".into(), ..CancelOrder::default() });
    for (id, lives_ms) in [("h-live", 86_400_000), ("h-expired", 1_000)] {
        let lines = vec![StockLine { sku: "mug".into(), quantity: 2 }];
        shop.accept(PlaceHold { hold: id.into(), channel: "web".into(), lines, lives_ms, ..PlaceHold::default() });
    }
    shop.set_clock(START_MS + 120_000);
    shop.accept(Subscribe { subscription: "erp".into(), from: SubscribeFrom::After(3) });
    let keyed = RegisterSku { sku: "keyed".into(), components: None };
    shop.accept(Command::from(keyed).with_key("k-used"));
    warehouse::open(&shop);
    channel::open(&shop);
    shop
}

/// A sample under construction.
struct Fields {
    sample: Sample,
}

/// What [`Wrong::what`] says of the values that are wrong for being far too long.
pub(crate) const HUGE: &str = "far too long";

fn huge() -> Value {
    "x".repeat(50_000).into()
}

impl Fields {
    fn of(action: &'static str, document: Value) -> Self {
        Fields { sample: Sample { action, document, wrongs: Vec::new() } }
    }

    fn wrong(mut self, pointer: &str, what: &str, value: impl Into<Value>, code: Code) -> Self {
        let wrong = Wrong { pointer: pointer.into(), what: what.into(), value: value.into(), code, at: None };
        self.sample.wrongs.push(wrong);
        self
    }

    /// Says where the faults of the last `count` values are said to be.
    fn at(mut self, count: usize, at: &'static str) -> Self {
        self.sample.wrongs.iter_mut().rev().take(count).for_each(|wrong| wrong.at = Some(at));
        self
    }

    /// A name: what no name may be.
    fn name(mut self, pointer: &str, bytes_max: usize) -> Self {
        for bad in ["", "a\0b", "a\u{1}b", "a\nb", "\t", "\u{7f}", "\u{85}", "a\r"] {
            self = self.wrong(pointer, &format!("{bad:?}"), bad, Code::IdInvalid);
        }
        self.wrong(pointer, "one byte too long", "x".repeat(bytes_max + 1), Code::IdInvalid)
            .wrong(pointer, "too long in bytes, not in letters", "é".repeat(bytes_max / 2 + 1), Code::IdInvalid)
            .wrong(pointer, HUGE, huge(), Code::IdInvalid)
    }

    /// The name of something that must be there.
    fn known(self, pointer: &str, bytes_max: usize, unknown: Code) -> Self {
        self.name(pointer, bytes_max)
            .wrong(pointer, "unknown", "nosuch", unknown)
            .wrong(pointer, "unknown and as long as can be", "y".repeat(bytes_max), unknown)
            .wrong(pointer, "SQL", "' OR 1=1 --", unknown)
            .wrong(pointer, "a space", " ", unknown)
    }

    fn sku(self, pointer: &str) -> Self {
        self.known(pointer, 128, Code::SkuUnknown)
    }

    /// A SKU that holds stock itself.
    fn stocked_sku(self, pointer: &str) -> Self {
        self.sku(pointer).wrong(pointer, "a bundle", "set", Code::SkuIsBundle)
    }

    fn location(self, pointer: &str) -> Self {
        self.known(pointer, 64, Code::LocationUnknown)
    }

    fn channel(self, pointer: &str) -> Self {
        self.known(pointer, 64, Code::ChannelUnknown)
    }

    fn order(self) -> Self {
        self.known("/order", 64, Code::OrderUnknown).wrong("/order", "pruned", "o-pruned", Code::OrderPruned)
    }

    fn hold(self, pointer: &str) -> Self {
        self.known(pointer, 64, Code::HoldUnknown).wrong(pointer, "expired", "h-expired", Code::HoldUnknown)
    }

    fn subscription(self) -> Self {
        self.known("/subscription", 64, Code::SubscriptionUnknown)
    }

    fn text(self, pointer: &str) -> Self {
        self.wrong(pointer, "NUL", "a\0b", Code::TextInvalid)
            .wrong(pointer, "escape", "\u{1b}[0m", Code::TextInvalid)
            .wrong(pointer, "a C1 control", "a\u{9f}", Code::TextInvalid)
            .wrong(pointer, "one byte too long", "x".repeat(2_001), Code::TextInvalid)
            .wrong(pointer, HUGE, huge(), Code::TextInvalid)
    }

    fn reference(self) -> Self {
        self.wrong("/reference", "NUL", "\0", Code::TextInvalid)
            .wrong("/reference", "a line break", "a\nb", Code::TextInvalid)
            .wrong("/reference", "one byte too long", "x".repeat(65), Code::TextInvalid)
            .wrong("/reference", HUGE, huge(), Code::TextInvalid)
    }

    /// A point in time.
    fn time(self, pointer: &str) -> Self {
        self.wrong(pointer, "-1", -1, Code::TimeOutOfRange)
            .wrong(pointer, "i64::MIN", i64::MIN, Code::TimeOutOfRange)
            .wrong(pointer, "i64::MAX", i64::MAX, Code::TimeOutOfRange)
            .wrong(pointer, "the year 10000", 253_402_300_800_000_i64, Code::TimeOutOfRange)
    }

    /// A number outside of a range, which must hold 0 or 1 at its lower end.
    fn number(mut self, pointer: &str, range: std::ops::RangeInclusive<i64>, code: Code) -> Self {
        for bad in [i64::MIN, -(1 << 53), -1, 0, range.end() + 1, 1 << 53, i64::MAX] {
            if !range.contains(&bad) {
                self = self.wrong(pointer, &bad.to_string(), bad, code);
            }
        }
        self
    }

    fn quantity(self, pointer: &str) -> Self {
        self.number(pointer, 1..=1_000_000_000, Code::QuantityOutOfRange)
    }

    fn level(self, pointer: &str) -> Self {
        self.number(pointer, 0..=1_000_000_000, Code::QuantityOutOfRange)
    }

    fn price(self, pointer: &str) -> Self {
        self.number(pointer, 0..=1_000_000_000_000, Code::PriceOutOfRange)
    }

    fn lives(self) -> Self {
        self.number("/lives_ms", 1..=400 * 86_400_000, Code::TimeOutOfRange)
    }

    /// How many things to look at or to try: at least one.
    fn count(self, pointer: &str, most: u32) -> Self {
        self.wrong(pointer, "0", 0, Code::QuantityOutOfRange)
            .wrong(pointer, "one too many", most + 1, Code::QuantityOutOfRange)
            .wrong(pointer, "u32::MAX", u32::MAX, Code::QuantityOutOfRange)
    }

    fn limit(self) -> Self {
        self.count("/limit", 10_000)
    }

    fn tracking(self) -> Self {
        self.text("/tracking/carrier").text("/tracking/number").text("/tracking/url")
    }

    /// Lines, of which `first` is right. `needed` where there must be one.
    fn lines(mut self, pointer: &str, first: Value, needed: bool) -> Self {
        if needed {
            self = self.wrong(pointer, "none", json!([]), Code::LinesMissing);
        }
        self.wrong(pointer, "10,001 of them", vec![first; 10_001], Code::TooManyLines)
    }

    /// Numbers of an order's lines, with quantities.
    fn line_quantities(self, from: i64, needed: bool) -> Self {
        let one = json!({ "line": 1, "quantity": 1 });
        self.lines("/lines", one.clone(), needed)
            .wrong("/lines", "one line twice", json!([one, one]), Code::DuplicateEntry)
            .at(1, "lines[1].line")
            .wrong("/lines/0/line", "0", 0, Code::LineUnknown)
            .wrong("/lines/0/line", "99", 99, Code::LineUnknown)
            .wrong("/lines/0/line", "u32::MAX", u32::MAX, Code::LineUnknown)
            .number("/lines/0/quantity", from..=1_000_000_000, Code::QuantityOutOfRange)
    }

    fn locations(self, pointer: &str) -> Self {
        self.location(&format!("{pointer}/0"))
            .wrong(pointer, "none", json!([]), Code::LinesMissing)
            .wrong(pointer, "1,001 of them", vec!["main"; 1_001], Code::TooManyEntries)
            .wrong(&format!("{pointer}/1"), "one twice", "main", Code::DuplicateEntry)
    }

    /// Where to ship to, which stands in `within` as `at`.
    fn ship_to_in(mut self, within: &str, at: &'static str) -> Self {
        for field in ["name", "city", "region", "postal_code", "country", "phone", "email"] {
            self = self.text(&format!("{within}/ship_to/{field}"));
        }
        let wrongs = self.sample.wrongs.len();
        self = self.text(&format!("{within}/ship_to/address/1"));
        let count = self.sample.wrongs.len() - wrongs;
        let pointer = format!("{within}/ship_to/address");
        self.at(count, at).wrong(&pointer, "11 entries", vec!["x"; 11], Code::TooManyEntries)
    }

    fn ship_to(self) -> Self {
        self.ship_to_in("", "ship_to.address")
    }

    fn currency(mut self, pointer: &str) -> Self {
        for bad in ["", "eur", "EURO", "XXQ", "E\0R", "€", "   ", "EU"] {
            self = self.wrong(pointer, bad, bad, Code::CurrencyUnknown);
        }
        self.wrong(pointer, HUGE, huge(), Code::CurrencyUnknown)
    }

    /// Totals of lines that are worth 1,100, which stand at `pointer` as `total_at`.
    fn totals(mut self, pointer: &str, total_at: &'static str) -> Self {
        for part in ["shipping", "tax", "discount"] {
            let field = format!("{pointer}/{part}_minor");
            self = self
                .number(&field, 0..=(1 << 53) - 1, Code::PriceOutOfRange)
                .wrong(&field, "one off", 1, Code::TotalsMismatch)
                .at(1, total_at);
        }
        for sum in ["lines", "total"] {
            for bad in [i64::MIN, -1, 0, 1101, i64::MAX] {
                self = self.wrong(&format!("{pointer}/{sum}_minor"), &bad.to_string(), bad, Code::TotalsMismatch);
            }
        }
        self
    }

    /// Pairs of the host's own: the first of them stands as `name` and `value`.
    fn metadata(self, pointer: &str, name: &'static str, value: &'static str) -> Self {
        let names: serde_json::Map<String, Value> = (0..51).map(|i| (i.to_string(), "".into())).collect();
        self.wrong(pointer, "51 pairs", names, Code::TooManyEntries)
            .wrong(pointer, "a name of nothing", json!({ "": "x" }), Code::IdInvalid)
            .wrong(pointer, "a long name", json!({ "x".repeat(65): "x" }), Code::IdInvalid)
            .wrong(pointer, "a name with NUL", json!({ "\0": "x" }), Code::IdInvalid)
            .at(3, name)
            .wrong(pointer, "a long value", json!({ "x": "x".repeat(2_001) }), Code::TextInvalid)
            .wrong(pointer, "a value with NUL", json!({ "x": "\0" }), Code::TextInvalid)
            .at(2, value)
    }

    fn done(self) -> Sample {
        self.sample
    }
}

fn ship_to() -> Value {
    json!({
        "name": "Ada", "address": ["Main St 1", "2nd floor"], "city": "Berlin", "region": "BE",
        "postal_code": "10115", "country": "DE", "phone": "+49 30 1", "email": "ada@example.com",
    })
}

/// One right command of every kind.
pub(crate) fn samples() -> Vec<Sample> {
    let mut samples = stock_samples();
    samples.extend(hold_samples());
    samples.push(place_order());
    samples.extend(order_samples());
    samples.extend(outbox_samples());
    samples.extend(warehouse::samples());
    samples.extend(channel::samples());
    samples
}

fn stock_samples() -> Vec<Sample> {
    let line = json!({ "sku": "mug", "quantity": 1 });
    let lines = json!([{ "sku": "mug", "quantity": 1 }, { "sku": "plate", "quantity": 2 }]);
    vec![
        Fields::of("register_sku", json!({ "sku": "new", "components": lines }))
            .name("/sku", 128)
            .wrong("/sku", "registered as a plain SKU", "keyed", Code::SkuIsNotBundle)
            .at(1, "components")
            .wrong("/components", "none", json!([]), Code::BundleInvalid)
            .wrong("/components", "101 of them", vec![line.clone(); 101], Code::TooManyEntries)
            .sku("/components/0/sku")
            .wrong("/components/0/sku", "a bundle", "set", Code::BundleInvalid)
            .wrong("/components/1/sku", "one twice", "mug", Code::DuplicateEntry)
            .number("/components/0/quantity", 1..=1_000, Code::QuantityOutOfRange)
            .done(),
        Fields::of("register_location", json!({ "location": "new" })).name("/location", 64).done(),
        Fields::of(
            "register_channel",
            json!({ "channel": "new", "locations": ["main", "backup"], "sourcing": "fewest_splits" }),
        )
        .name("/channel", 64)
        .locations("/locations")
        .done(),
        Fields::of(
            "receive_stock",
            json!({ "location": "main", "lines": lines, "source": "customer", "reference": "DN-1" }),
        )
        .location("/location")
        .lines("/lines", line.clone(), true)
        .stocked_sku("/lines/0/sku")
        .quantity("/lines/0/quantity")
        .quantity("/lines/1/quantity")
        .reference()
        .done(),
        Fields::of(
            "adjust_stock",
            json!({ "sku": "mug", "location": "main", "difference": -1, "lost": true, "reference": "R-1" }),
        )
        .stocked_sku("/sku")
        .location("/location")
        .wrong("/difference", "0", 0, Code::QuantityOutOfRange)
        .wrong("/difference", "lost and more", 1, Code::QuantityOutOfRange)
        .wrong("/difference", "i64::MIN", i64::MIN, Code::QuantityOutOfRange)
        .wrong("/difference", "i64::MAX", i64::MAX, Code::QuantityOutOfRange)
        .wrong("/difference", "one too many", -1_000_000_001, Code::QuantityOutOfRange)
        .wrong("/difference", "more than there are", -1_000_000_000, Code::NotOnHand)
        .at(1, "")
        .reference()
        .done(),
        Fields::of(
            "count_stock",
            json!({ "sku": "mug", "location": "main", "counted": 15, "expected": 16, "reference": "R-1" }),
        )
        .stocked_sku("/sku")
        .location("/location")
        .level("/counted")
        .wrong("/expected", "-1", -1, Code::QuantityOutOfRange)
        .wrong("/expected", "i64::MIN", i64::MIN, Code::QuantityOutOfRange)
        .wrong("/expected", "i64::MAX", i64::MAX, Code::QuantityOutOfRange)
        .wrong("/expected", "as many as can be", (1_i64 << 53) - 1, Code::NotOnHand)
        .at(1, "")
        .reference()
        .done(),
        Fields::of("transfer_stock", json!({ "from": "main", "to": "backup", "lines": lines, "reference": "R-1" }))
            .location("/from")
            .location("/to")
            .wrong("/to", "where they are", "main", Code::DuplicateEntry)
            .lines("/lines", line, true)
            .stocked_sku("/lines/1/sku")
            .quantity("/lines/1/quantity")
            .wrong("/lines/0/quantity", "more than there are", 1_000_000_000, Code::InsufficientStock)
            .at(1, "lines[0]")
            .reference()
            .done(),
        Fields::of(
            "set_stock_policy",
            json!({ "sku": "mug", "location": "main", "safety_stock": 1, "backorder_limit": 2, "unavailable": 1 }),
        )
        .stocked_sku("/sku")
        .location("/location")
        .level("/safety_stock")
        .level("/backorder_limit")
        .level("/unavailable")
        .wrong("/unavailable", "more than there are", 1_000_000_000, Code::NotOnHand)
        .done(),
    ]
}

fn hold_samples() -> Vec<Sample> {
    let line = json!({ "sku": "mug", "quantity": 1 });
    vec![
        Fields::of(
            "place_hold",
            json!({
                "hold": "h-new", "channel": "web", "lives_ms": 60_000, "ranking": ["main", "backup"],
                "lines": [{ "sku": "mug", "quantity": 1 }, { "sku": "set", "quantity": 1 }],
            }),
        )
        .name("/hold", 64)
        .wrong("/hold", "another's", "h-live", Code::HoldExists)
        .channel("/channel")
        .lines("/lines", line, true)
        .sku("/lines/1/sku")
        .quantity("/lines/1/quantity")
        .wrong("/lines/0/quantity", "more than there are", 1_000_000_000, Code::InsufficientStock)
        .at(1, "lines[0]")
        .lives()
        .locations("/ranking")
        .done(),
        Fields::of("extend_hold", json!({ "hold": "h-live", "lives_ms": 60_000 })).hold("/hold").lives().done(),
        Fields::of("release_hold", json!({ "hold": "h-live" })).hold("/hold").done(),
        Fields::of("tick", json!({ "limit": 10 })).limit().done(),
    ]
}

fn place_order() -> Sample {
    let line = json!({ "sku": "mug", "quantity": 1, "unit_price_minor": 100 });
    let document = json!({
        "id": "o-new", "channel": "web", "currency": "EUR",
        "lines": [line, { "sku": "set", "quantity": 2, "unit_price_minor": 500 }],
        "policy": "backorder", "ranking": ["main", "backup"], "hold": "h-live",
        "totals": {
            "lines_minor": 1100, "shipping_minor": 490, "tax_minor": 200, "discount_minor": 90, "total_minor": 1700,
        },
        "ship_to": ship_to(), "note": "Ring twice", "metadata": { "cart": "c-1" }, "host_faults": [],
    });
    let fault = |at: &str, detail: &str| json!([{ "code": "host_rule", "at": at, "detail": detail }]);
    Fields::of("place_order", document)
        .name("/id", 64)
        .wrong("/id", "another's", "o-open", Code::OrderExists)
        .channel("/channel")
        .lines("/lines", line, true)
        .sku("/lines/1/sku")
        .quantity("/lines/0/quantity")
        .price("/lines/1/unit_price_minor")
        .locations("/ranking")
        .hold("/hold")
        .ship_to()
        .text("/note")
        .currency("/currency")
        .totals("/totals", "totals.total_minor")
        .metadata("/metadata", "metadata[0] (name)", "metadata[0] (value)")
        .wrong("/host_faults", "a fault of the host's", fault("lines[0]", "not on Sundays"), Code::HostRule)
        .at(1, "lines[0]")
        .wrong("/host_faults", HUGE, fault("x", &"x".repeat(50_000)), Code::TextInvalid)
        .at(1, "host_faults[0]")
        .wrong("/host_faults", "a fault with NUL", fault("\0", "x"), Code::TextInvalid)
        .at(1, "host_faults[0]")
        .done()
}

fn order_samples() -> Vec<Sample> {
    let add = json!({ "sku": "mug", "quantity": 1, "unit_price_minor": 100 });
    vec![
        Fields::of(
            "edit_order",
            json!({
                "order": "o-open", "lines": [{ "line": 1, "quantity": 3 }], "add": [add], "ship_to": ship_to(),
                "note": "Ring twice",
            }),
        )
        .order()
        .wrong("/order", "shipped", "o-shipped", Code::OrderClosed)
        .wrong("/order", "partly shipped", "o-part", Code::OrderClosed)
        .wrong("/order", "cancelled", "o-cancelled", Code::OrderClosed)
        .wrong("/order", "in fulfillment", "o-accepted", Code::InFulfillment)
        .line_quantities(0, false)
        .wrong("/lines/0/quantity", "more than there are", 1_000_000_000, Code::InsufficientStock)
        .at(1, "lines[0]")
        .lines("/add", add, false)
        .sku("/add/0/sku")
        .quantity("/add/0/quantity")
        .wrong("/add/0/quantity", "more than there are", 1_000_000_000, Code::InsufficientStock)
        .at(1, "add[0]")
        .price("/add/0/unit_price_minor")
        .ship_to()
        .text("/note")
        .done(),
        Fields::of(
            "cancel_order",
            json!({
                "order": "o-open", "lines": [{ "line": 1, "quantity": 1 }, { "line": 2, "quantity": 2 }],
                "reason": "changed their mind",
            }),
        )
        .order()
        .wrong("/order", "shipped", "o-completed", Code::LineUnknown)
        .at(1, "lines[1].line")
        .line_quantities(1, true)
        .wrong("/lines/0/quantity", "more than are left", 5, Code::AlreadyShipped)
        .text("/reason")
        .done(),
        Fields::of(
            "ship_order",
            json!({
                "order": "o-open", "lines": [{ "line": 1, "quantity": 1 }], "location": "main",
                "tracking": { "carrier": "DHL", "number": "00340", "url": "https://example.com/00340" },
            }),
        )
        .order()
        .wrong("/order", "shipped", "o-shipped", Code::OrderClosed)
        .line_quantities(1, true)
        .wrong("/lines/0/quantity", "more than are allocated", 5, Code::NotAllocated)
        .at(1, "lines[0]")
        .location("/location")
        .wrong("/location", "where nothing is allocated", "backup", Code::NotAllocated)
        .at(1, "lines[0]")
        .tracking()
        .done(),
        return_order(),
        Fields::of("complete_order", json!({ "order": "o-shipped" }))
            .order()
            .wrong("/order", "open", "o-open", Code::OrderClosed)
            .wrong("/order", "partly shipped", "o-part", Code::OrderClosed)
            .wrong("/order", "in fulfillment", "o-accepted", Code::OrderClosed)
            .done(),
    ]
}

fn return_order() -> Sample {
    let line = json!({ "line": 1, "quantity": 1, "disposition": "restock", "location": "backup" });
    Fields::of("return_order", json!({ "order": "o-shipped", "lines": [line] }))
        .order()
        .wrong("/order", "completed", "o-completed", Code::OrderClosed)
        .wrong("/order", "not shipped", "o-open", Code::NotShipped)
        .at(1, "lines[0]")
        .lines("/lines", line, true)
        .wrong("/lines/0/line", "0", 0, Code::LineUnknown)
        .wrong("/lines/0/line", "2", 2, Code::LineUnknown)
        .wrong("/lines/0/line", "u32::MAX", u32::MAX, Code::LineUnknown)
        .quantity("/lines/0/quantity")
        .wrong("/lines/0/quantity", "more than were shipped", 4, Code::NotShipped)
        .at(1, "lines[0]")
        .location("/lines/0/location")
        .done()
}

fn outbox_samples() -> Vec<Sample> {
    vec![
        Fields::of("subscribe", json!({ "subscription": "new", "from": { "after": 1 } }))
            .name("/subscription", 64)
            .wrong("/subscription", "another's", "erp", Code::SubscriptionExists)
            .wrong("/from/after", "ahead", 1_000, Code::EventNumberInvalid)
            .at(1, "from")
            .wrong("/from/after", "u64::MAX", u64::MAX, Code::EventNumberInvalid)
            .at(1, "from")
            .done(),
        Fields::of("acknowledge", json!({ "subscription": "erp", "through": 4 }))
            .subscription()
            .wrong("/through", "behind", 2, Code::EventNumberInvalid)
            .wrong("/through", "0", 0, Code::EventNumberInvalid)
            .wrong("/through", "ahead", 1_000, Code::EventNumberInvalid)
            .wrong("/through", "u64::MAX", u64::MAX, Code::EventNumberInvalid)
            .done(),
        Fields::of("unsubscribe", json!({ "subscription": "erp" })).subscription().done(),
        Fields::of("prune", json!({ "before_ms": START_MS, "limit": 10, "from": { "keys": "k" } }))
            .time("/before_ms")
            .limit()
            .done(),
    ]
}
