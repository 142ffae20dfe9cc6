//! Events as others read them: every kind is provoked once and held against its published JSON Schema and the
//! rules of CloudEvents 1.0, and the published files are held against the code. With `STOCKROOM_BLESS=1` the
//! files are written instead: look at the difference before it is committed.

mod common;

use std::path::PathBuf;

use common::{START_MS, Shop, order, receive};
use serde_json::{Value, json};
use stockroom::{
    Acknowledge, AdjustStock, Answer, CancelOrder, ChannelLine, ChannelOrder, ChannelPolicy, Command, CompleteOrder,
    ConnectChannel, DeliveryAnswer, DeliveryResult, DisconnectChannel, Disposition, DropDelivery, EditOrder, Event,
    EventData, EventKind, ExtendHold, Fulfill, LeasedDelivery, LineQuantity, NewOrder, NoteFulfillment, NoteListings,
    NoteShipment, NoteWarehouseStock, Outcome, Patience, PlaceHold, ReassignFulfillment, ReconcileChannel,
    RegisterDestination, RegisterWarehouse, ReleaseHold, RemoveListing, ReportDelivery, RequeueDelivery, Retry,
    ReturnLine, ReturnOrder, SeenListing, SetListing, SetStockPolicy, ShipOrder, Shown, ShownQuantities, ShownQuantity,
    SkuLevel, SkuQuantity, StockLine, StockPolicy, StockReports, Subscribe, SubscribeFrom, TakeChannelOrder,
    TakeDeliveries, Tick, Tracking, UpdateListings, WarehouseStatus, WarehouseStock,
};

const SOURCE: &str = "/shops/berlin";

fn hold(id: &str, quantity: i64) -> PlaceHold {
    PlaceHold {
        hold: id.into(),
        channel: "web".into(),
        lines: vec![StockLine { sku: "mug".into(), quantity }],
        lives_ms: 900_000,
        ranking: None,
    }
}

/// A day of a little shop, in which every kind of event happens.
fn history() -> Shop {
    let shop = Shop::stocked(&[("main", "mug", 10), ("main", "plate", 4)]);
    let at = |minutes: i64| shop.set_clock(START_MS + minutes * 60_000);
    let lines = |line, quantity| Some(vec![LineQuantity { line, quantity }]);
    let policy = SetStockPolicy { sku: "mug".into(), location: "main".into(), ..SetStockPolicy::default() };
    let accept = |command: Command| {
        let reply = shop.accept(command);
        shop.assert_verified();
        reply
    };
    accept(SetStockPolicy { backorder_limit: Some(5), ..policy }.into());
    at(1);
    accept(order("o-1", &[("mug", 2), ("set", 1)]).into());
    at(2);
    accept(NewOrder { policy: StockPolicy::Partial, ..order("o-2", &[("plate", 3)]) }.into());
    shop.reject(order("o-3", &[("plate", 1), ("cup", 1)]));
    at(3);
    accept(hold("h-1", 2).into());
    accept(hold("h-2", 1).into());
    accept(hold("h-3", 1).into());
    at(4);
    accept(ExtendHold { hold: "h-1".into(), lives_ms: 1_800_000 }.into());
    accept(ReleaseHold { hold: "h-2".into() }.into());
    at(5);
    accept(NewOrder { hold: Some("h-1".into()), ..order("o-4", &[("mug", 2)]) }.into());
    at(20);
    accept(Tick::default().into());
    accept(NewOrder { policy: StockPolicy::Backorder, ..order("o-5", &[("mug", 8)]) }.into());
    at(30);
    accept(receive("main", "mug", 2).into());
    at(40);
    let add = order("", &[("plate", 1)]).lines;
    accept(receive("main", "plate", 2).into());
    accept(
        EditOrder { order: "o-1".into(), lines: lines(1, 1).unwrap_or_default(), add, ..EditOrder::default() }.into(),
    );
    at(50);
    let tracking = Tracking { carrier: "DHL".into(), number: "00340434".into(), ..Tracking::default() };
    accept(ShipOrder { order: "o-1".into(), tracking: Some(tracking), ..ShipOrder::default() }.into());
    at(60);
    let damaged = ReturnLine { line: 1, quantity: 1, disposition: Disposition::Damaged, location: None };
    accept(ReturnOrder { order: "o-1".into(), lines: vec![damaged] }.into());
    accept(CompleteOrder { order: "o-1".into() }.into());
    at(70);
    let reason = Some("The customer changed their mind".into());
    accept(CancelOrder { order: "o-5".into(), lines: lines(1, 1), reason }.into());
    at(80);
    accept(hold("h-4", 1).into());
    let lost = AdjustStock {
        sku: "mug".into(),
        location: "main".into(),
        difference: -4,
        lost: true,
        reference: Some("break-in".into()),
    };
    accept(lost.into());
    afternoon(&shop);
    evening(&shop);
    shop
}

/// Does a command, and looks at every row.
fn checked(shop: &Shop, command: impl Into<Command>) {
    shop.accept(command);
    shop.assert_verified();
}

/// The afternoon of the same day: a warehouse runs the location `backup` from now on.
fn afternoon(shop: &Shop) {
    let at = |minutes: i64| shop.set_clock(START_MS + minutes * 60_000);
    let noted = |fulfillment: &str, status| NoteFulfillment { fulfillment: fulfillment.into(), status, message: None };
    at(720);
    let patience = Patience { attempts_max: 1, ..Patience::default() };
    checked(shop, RegisterDestination { destination: "wms".into(), patience });
    let warehouse = RegisterWarehouse { location: "backup".into(), destination: "wms".into(), ..Default::default() };
    checked(shop, RegisterWarehouse { stock: StockReports::CountIn, ..warehouse });
    checked(shop, receive("backup", "mug", 20));
    checked(shop, receive("backup", "plate", 20));

    // Everything leaves, in two parcels.
    at(730);
    let handed = |reference: &str| DeliveryAnswer::Handed { reference: Some(reference.into()) };
    let answered = DeliveryResult::Done(handed("W-6001"));
    requested(shop, NewOrder { note: Some("Ring twice".into()), ..order("o-6", &[("mug", 2), ("set", 1)]) }, answered);
    at(740);
    checked(shop, noted("o-6-1", WarehouseStatus::Picking));
    at(750);
    let mugs = vec![SkuQuantity { sku: "mug".into(), quantity: 2 }];
    let tracking = Tracking { carrier: "DHL".into(), number: "00340435".into(), ..Tracking::default() };
    let parcel = |shipment: &str| NoteShipment {
        fulfillment: "o-6-1".into(),
        shipment: shipment.into(),
        tracking: Some(tracking.clone()),
        ..NoteShipment::default()
    };
    checked(shop, NoteShipment { items: Some(mugs), ..parcel("S-1") });
    at(760);
    checked(shop, parcel("S-2"));

    // The warehouse will not do it.
    at(770);
    let refused = DeliveryResult::Refused { why: "The address is on an island".into() };
    requested(shop, order("o-7", &[("mug", 1)]), refused);

    // A cancellation that comes too late, and one that does not.
    for (minutes, id, answer) in [(780, "o-8", DeliveryAnswer::TooLate), (800, "o-9", DeliveryAnswer::Cancelled)] {
        at(minutes);
        requested(shop, order(id, &[("mug", 1)]), DeliveryResult::Done(handed(&id.replace("o-", "W-600"))));
        at(minutes + 10);
        checked(shop, CancelOrder { order: id.into(), ..CancelOrder::default() });
        checked(shop, Fulfill { limit: 100 });
        report(shop, DeliveryResult::Done(answer));
    }

    // A delivery that nobody takes.
    at(820);
    let hung_up = || DeliveryResult::Retry(Retry { why: "No answer within 30 seconds".into(), ..Retry::default() });
    requested(shop, order("o-10", &[("mug", 1)]), hung_up());
    at(830);
    let number = shop.room.dead_letters(None, 1).expect("it can be read")[0].number;
    checked(shop, RequeueDelivery { destination: "wms".into(), number });
    report(shop, hung_up());
    at(840);
    checked(shop, DropDelivery { destination: "wms".into(), number });

    at(960);
    let levels = vec![SkuLevel { sku: "plate".into(), on_hand: 19 }];
    let stock = WarehouseStock { taken_at_ms: shop.now_ms(), levels };
    checked(shop, NoteWarehouseStock { location: "backup".into(), stock, message: None });

    // What the warehouse would not do goes elsewhere.
    at(970);
    checked(shop, receive("main", "mug", 5));
    checked(shop, ReassignFulfillment { fulfillment: "o-7-1".into(), location: Some("main".into()) });
}

/// The evening: a shop stands behind the channel `web` from now on.
fn evening(shop: &Shop) {
    let at = |minutes: i64| shop.set_clock(START_MS + minutes * 60_000);
    let channel = || "web".to_owned();
    let list = |sku: &str, item: &str| SetListing {
        channel: channel(),
        sku: sku.into(),
        item: item.into(),
        ..SetListing::default()
    };
    let saw = |item: &str, quantity: Option<i64>| NoteListings {
        channel: channel(),
        listings: vec![SeenListing { item: item.into(), at_ms: shop.now_ms(), quantity }],
        message: None,
    };
    let update = || checked(shop, UpdateListings { limit: 100 });
    at(1_080);
    checked(shop, Tick::default());
    checked(shop, RegisterDestination { destination: "shop".into(), ..RegisterDestination::default() });
    let connect = ConnectChannel { channel: channel(), destination: "shop".into(), ..ConnectChannel::default() };
    checked(shop, ConnectChannel { policy: ChannelPolicy { buffer: 1, ..ChannelPolicy::default() }, ..connect });
    checked(shop, list("mug", "gid://shop/item/41"));
    checked(shop, list("plate", "gid://shop/item/42"));
    update();
    let said = |sku: &str, shown| ShownQuantity { sku: sku.into(), shown };
    let refused = Shown::Refused { why: "The item is not stocked at the location".into() };
    let listings = vec![said("mug", Shown::Set), said("plate", refused)];
    let answer = DeliveryAnswer::Quantities(ShownQuantities { at_ms: None, listings });
    report_of(shop, "shop", DeliveryResult::Done(answer));
    checked(shop, RemoveListing { channel: channel(), sku: "plate".into() });

    // Somebody changes a quantity at the shop, and nothing explains it.
    at(1_090);
    checked(shop, saw("gid://shop/item/41", Some(7)));
    at(1_095);
    update();
    report_of(shop, "shop", DeliveryResult::Done(DeliveryAnswer::Taken));

    // An order of the shop's, of which the shop does not want to know that it left.
    at(1_100);
    let line = ChannelLine { line: "L-1".into(), sku: "mug".into(), quantity: 1, unit_price_minor: 1250 };
    let told = |quantity, updated_at_ms| TakeChannelOrder {
        order: ChannelOrder {
            id: "shop-1001".into(),
            channel: channel(),
            reference: "gid://shop/order/1001".into(),
            placed_at_ms: START_MS + 1_100 * 60_000,
            updated_at_ms,
            currency: "EUR".into(),
            lines: vec![ChannelLine { quantity, ..line.clone() }],
            ..ChannelOrder::default()
        },
        message: None,
    };
    checked(shop, told(1, shop.now_ms()));
    checked(shop, ShipOrder { order: "shop-1001".into(), ..ShipOrder::default() });
    update();
    report_of(shop, "shop", DeliveryResult::Refused { why: "The order was archived".into() });
    at(1_110);
    checked(shop, told(2, shop.now_ms()));

    // All is read; then the listing is deleted there, and the shop is closed.
    at(1_120);
    checked(shop, ReconcileChannel { channel: channel(), mend: false });
    let shows = shop.room.listing("web", "mug").expect("it can be read").expect("it is listed").desired;
    let listings = vec![said("mug", Shown::Shows(shows))];
    let answer = DeliveryAnswer::Quantities(ShownQuantities { at_ms: Some(shop.now_ms()), listings });
    report_of(shop, "shop", DeliveryResult::Done(answer));
    at(1_130);
    checked(shop, saw("gid://shop/item/41", None));
    at(1_140);
    checked(shop, DisconnectChannel { channel: channel(), message: None });
}

/// Places an order that the warehouse is to ship, and lets it answer to that.
fn requested(shop: &Shop, order: NewOrder, answer: DeliveryResult) {
    checked(shop, NewOrder { ranking: Some(vec!["backup".into()]), ..order });
    checked(shop, Fulfill { limit: 100 });
    report(shop, answer);
}

/// Takes the one delivery that is due and reports what came of it.
fn report(shop: &Shop, result: DeliveryResult) {
    report_of(shop, "wms", result);
}

/// The same of another destination.
fn report_of(shop: &Shop, destination: &str, result: DeliveryResult) {
    let take = TakeDeliveries { destination: destination.into(), max: 10, lease_ms: 60_000 };
    let Outcome::Accepted(Answer::Taken(mut taken)) = shop.accept(take).outcome else { panic!("nothing was taken") };
    assert_eq!(taken.deliveries.len(), 1, "{taken:?}");
    let LeasedDelivery { destination, number, attempt, .. } = taken.deliveries.remove(0);
    checked(shop, ReportDelivery { destination: destination.clone(), number, attempt, result });
}

fn docs(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(path)
}

fn blessing() -> bool {
    std::env::var_os("STOCKROOM_BLESS").is_some_and(|value| value == "1")
}

/// Compares a committed file with what it should be, or writes it.
fn compare(path: &str, fresh: &str) {
    let file = docs(path);
    if blessing() {
        std::fs::create_dir_all(file.parent().expect("it is in a directory")).expect("the directory can be made");
        std::fs::write(&file, fresh).expect("the file can be written");
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == fresh,
        "docs/{path} is out of date: run the tests with STOCKROOM_BLESS=1 and look at what changed"
    );
}

/// The document as text, its fields in the order of their names however the map that holds them is built.
fn pretty(value: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let map: std::collections::BTreeMap<_, _> = map.iter().collect();
                map.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect()
            }
            Value::Array(list) => list.iter().map(sorted).collect(),
            other => other.clone(),
        }
    }
    let mut text = serde_json::to_string_pretty(&sorted(value)).expect("it can be written");
    text.push('\n');
    text
}

fn schema_path(kind: EventKind) -> String {
    format!("events/{}.schema.json", kind.cloud_type())
}

fn validator(kind: EventKind) -> jsonschema::Validator {
    let text = std::fs::read_to_string(docs(&schema_path(kind))).expect("the schema is published");
    let schema: Value = serde_json::from_str(&text).expect("it is JSON");
    jsonschema::draft202012::new(&schema).expect("it is a JSON Schema")
}

#[test]
fn the_published_schemas_are_the_current_ones() {
    for kind in EventKind::ALL {
        compare(&schema_path(*kind), &pretty(&kind.schema()));
    }
    let mut files: Vec<String> = std::fs::read_dir(docs("events"))
        .expect("the directory is there")
        .map(|entry| format!("events/{}", entry.expect("an entry").file_name().to_string_lossy()))
        .collect();
    files.sort_unstable();
    let mut expected: Vec<String> = EventKind::ALL.iter().map(|kind| schema_path(*kind)).collect();
    expected.sort_unstable();
    assert_eq!(files, expected);
}

/// What CloudEvents 1.0 asks of an event in JSON, its attributes in structured mode.
fn cloud_event_rules() -> jsonschema::Validator {
    let text = json!({ "type": "string", "minLength": 1 });
    let rules = json!({
        "type": "object",
        "required": ["id", "source", "specversion", "type"],
        "properties": {
            "id": text,
            "source": { "type": "string", "minLength": 1, "pattern": "^[^\\s]+$" },
            "specversion": { "const": "1.0" },
            "type": { "type": "string", "pattern": "^stockroom(\\.[a-z_]+){2}\\.v[1-9][0-9]*$" },
            "datacontenttype": { "const": "application/json" },
            "dataschema": text,
            "subject": text,
            "time": { "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$" },
            "data": { "type": "object" },
        },
        // Names of attributes are lower-case letters and digits; extensions hold plain values.
        "propertyNames": { "pattern": "^[a-z0-9]{1,20}$" },
        "additionalProperties": { "type": ["string", "boolean", "integer"] },
    });
    jsonschema::draft202012::new(&rules).expect("it is a JSON Schema")
}

#[test]
fn every_kind_of_event_keeps_to_its_schema_and_to_cloud_events() {
    let events = history().events();
    let rules = cloud_event_rules();
    for (number, event) in (1..).zip(&events) {
        let document = event.to_cloud_event(SOURCE);
        if let Err(error) = rules.validate(&document) {
            panic!("{error} in {document}");
        }
        if let Err(error) = validator(event.data.kind()).validate(&document["data"]) {
            panic!("{error} in {document}");
        }
        // Numbers have no gaps, and sort as text in their extension.
        assert_eq!(event.number, number);
        assert_eq!(document["id"], number.to_string());
        assert_eq!(document["sequence"], format!("{number:020}"));
        assert_eq!(document["source"], SOURCE);
        assert_eq!(document["type"], format!("stockroom.{}.v1", event.data.kind().name()));
        assert_eq!(document["subject"], subject(&document["type"], &document["data"]));
        assert_eq!(document["time"], stockroom::time::rfc3339(event.at_ms));
    }
    assert!(events.windows(2).all(|pair| pair[0].at_ms <= pair[1].at_ms));
    for kind in EventKind::ALL {
        assert!(events.iter().any(|event| event.data.kind() == *kind), "{} did not happen", kind.name());
    }
}

/// What an event of this type is about.
fn subject(kind: &Value, data: &Value) -> Value {
    let kind = kind.as_str().unwrap_or_default();
    let field = match kind.split('.').nth(1) {
        Some("order") => "order",
        Some("hold") => "hold",
        Some("location") => "location",
        Some("channel") if kind.contains("order") || kind.contains("shipment") => "order",
        Some("channel") => "channel",
        Some("fulfillment") => "fulfillment",
        Some("delivery") => "destination",
        _ => "sku",
    };
    data[field].clone()
}

#[test]
fn the_schemas_and_the_rules_can_fail() {
    for event in history().events() {
        let document = event.to_cloud_event(SOURCE);
        let schema = validator(event.data.kind());
        assert!(!schema.is_valid(&json!({})) && !schema.is_valid(&json!([])), "{}", event.data.kind().name());
        let Value::Object(data) = &document["data"] else { panic!("{document}") };
        for name in data.keys() {
            let mut wrong = document["data"].clone();
            wrong[name] = json!({ "no": "such" });
            assert!(!schema.is_valid(&wrong), "{} takes anything for {name}", event.data.kind().name());
        }
    }
    let rules = cloud_event_rules();
    let right = history().events()[0].to_cloud_event(SOURCE);
    for (name, value) in [
        ("specversion", json!("0.3")),
        ("id", json!("")),
        ("source", json!("")),
        ("type", json!("order")),
        ("time", json!("yesterday")),
        ("data", json!("text")),
        ("Upper", json!("x")),
        ("nested", json!({})),
    ] {
        let mut wrong = right.clone();
        wrong[name] = value;
        assert!(!rules.is_valid(&wrong), "{name}");
    }
}

/// Stores keep facts in a compact form that is written by hand. Read back it must say what the caller was told
/// and what the rows say.
#[test]
fn what_stores_keep_is_what_was_told() {
    let shop = Shop::stocked(&[("main", "mug", 5), ("backup", "mug", 2), ("backup", "plate", 9)]);
    let odd = "\"\\\u{2028}🫖";
    shop.accept(stockroom::RegisterSku { sku: odd.into(), components: None });
    shop.accept(receive("backup", odd, 2));
    let policy = SetStockPolicy { sku: "mug".into(), location: "main".into(), ..SetStockPolicy::default() };
    shop.accept(SetStockPolicy { backorder_limit: Some(9), safety_stock: Some(1), unavailable: Some(1), ..policy });
    shop.accept(hold("h-1", 1));
    let free = stockroom::NewLine { sku: "plate".into(), quantity: 1, unit_price_minor: 0 };
    let orders = [
        order("o-1", &[("mug", 1)]),
        NewOrder { hold: Some("h-1".into()), ..order("o-2", &[("mug", 2), (odd, 1)]) },
        NewOrder { policy: StockPolicy::Partial, ..order(odd, &[("set", 1), (odd, 7)]) },
        NewOrder { lines: vec![free.clone(), free], currency: "JPY".into(), ..order("o-3", &[]) },
        NewOrder { ranking: Some(vec!["backup".into(), "main".into()]), ..order("o-4", &[("plate", 1)]) },
        NewOrder { policy: StockPolicy::Backorder, ..order("o-5", &[("mug", 1), ("mug", 3)]) },
    ];
    for new in orders {
        let last = shop.events().len();
        let id = new.id.clone();
        let reply = shop.reply(new);
        let placed = reply.placed_order().unwrap_or_else(|| panic!("{id}: {reply:?}"));
        let mut told = 0;
        for event in &shop.events()[last..] {
            match &event.data {
                EventData::OrderAllocated(data)
                | EventData::OrderPartlyAllocated(data)
                | EventData::OrderBackordered(data) => {
                    assert_eq!(data, placed);
                    told += 1;
                }
                EventData::StockChanged(level) => {
                    let now = shop.room.stock(&level.sku, &level.location).expect("it can be read");
                    assert_eq!(now.as_ref(), Some(level));
                    told += 1;
                }
                EventData::HoldConverted(data) => assert_eq!((&*data.hold, &*data.order), ("h-1", "o-2")),
                other => panic!("{other:?}"),
            }
        }
        assert!(told >= 2, "{id}");
    }
    shop.assert_verified();
}

#[test]
fn data_is_read_back_as_it_was() {
    for event in history().events() {
        let document = event.to_cloud_event(SOURCE);
        let named = json!({ event.data.kind().name(): document["data"] });
        assert_eq!(serde_json::from_value::<EventData>(named).expect("it can be read"), event.data);
        assert_eq!(EventKind::from_name(event.data.kind().name()), Some(event.data.kind()));
    }
    assert_eq!(EventKind::from_name("order.vanished"), None);
}

/// The page with every example replaced by what the history says, and the types that it has headings for.
fn page_with_fresh_examples(page: &str, events: &[Event]) -> (String, Vec<String>) {
    let (mut fresh, mut types) = (String::new(), Vec::new());
    let mut in_example = false;
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## stockroom.") {
            types.push(format!("stockroom.{heading}"));
        }
        if in_example && line == "```" {
            in_example = false;
            let event = events.iter().find(|event| Some(&event.data.kind().cloud_type()) == types.last());
            let document = event.map(|event| event.to_cloud_event(SOURCE)).unwrap_or_default();
            fresh.push_str(&pretty(&document));
        }
        if !in_example {
            fresh.push_str(line);
            fresh.push('\n');
        }
        in_example |= line == "```json";
    }
    (fresh, types)
}

#[test]
fn the_page_explains_every_type_with_an_example_from_life() {
    let page = std::fs::read_to_string(docs("events.md")).expect("the page is there");
    let events = history().events();
    let (fresh, types) = page_with_fresh_examples(&page, &events);
    assert_eq!(types, EventKind::ALL.iter().map(|kind| kind.cloud_type()).collect::<Vec<_>>());
    compare("events.md", &fresh);

    // Each has its schema, and exactly one example, which keeps to it.
    let rules = cloud_event_rules();
    for kind in EventKind::ALL {
        let (_, section) = fresh.split_once(&format!("\n## {}\n", kind.cloud_type())).expect("it has a heading");
        let section = section.split("\n## ").next().unwrap_or_default();
        assert!(section.contains(&format!("({})", schema_path(*kind))), "{} does not name its schema", kind.name());
        let examples: Vec<&str> = section.split("```json\n").skip(1).collect();
        assert_eq!(examples.len(), 1, "{}", kind.name());
        let example: Value =
            serde_json::from_str(examples[0].split("```").next().unwrap_or_default()).expect("it is JSON");
        assert_eq!(example["type"], kind.cloud_type());
        assert!(rules.is_valid(&example) && validator(*kind).is_valid(&example["data"]), "{example}");
    }
}

#[test]
fn a_reader_gets_every_event_in_order_wherever_it_starts() {
    let shop = history();
    let all = shop.events();
    let last = all.len() as u64;
    for limit in [1, 2, 3, 7, 1_000] {
        let (mut place, mut read) = (0, Vec::new());
        loop {
            let events = shop.room.events(place, limit).expect("they can be read");
            let Some(event) = events.last() else { break };
            assert!(events.len() >= (limit as usize).min((last - place) as usize));
            place = event.number;
            read.extend(events);
        }
        assert_eq!(read, all, "in pages of {limit}");
    }
    for after in 0..=last {
        assert_eq!(shop.room.events(after, u32::MAX).expect("they can be read"), all[after as usize..]);
    }
}

#[test]
fn a_subscription_keeps_its_place_whatever_happens_meanwhile() {
    let shop = history();
    shop.accept(Subscribe { subscription: "erp".into(), from: SubscribeFrom::Start });
    let mut read = Vec::new();
    for round in 0.. {
        let events = shop.room.subscribed_events("erp", 4).expect("they can be read").expect("it is subscribed");
        // Read again without an acknowledgement, they are the same.
        assert_eq!(shop.room.subscribed_events("erp", 4).expect("they can be read"), Some(events.clone()));
        let Some(through) = events.get(2).or(events.last()).map(|event| event.number) else { break };
        shop.accept(Acknowledge { subscription: "erp".into(), through });
        read.extend(events.into_iter().filter(|event| event.number <= through));
        if round < 5 {
            shop.accept(receive("backup", "mug", 1));
        }
    }
    assert_eq!(read, shop.events());
    shop.assert_verified();
}
