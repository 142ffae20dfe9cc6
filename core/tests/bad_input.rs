//! Bad input: every field of every command is given what it may not have. Each gets its code, nothing panics,
//! nothing is half done, and what was refused leaves no trace but the memory of the refusal.

mod common;

use common::samples::{HUGE, Sample, Wrong, prepared, samples};
use common::{START_MS, Shop, digest, every_row, order, receive, rows_of_the_business};
use stockroom::engine::RecordKey;
use stockroom::ports::{Page, Rows};
use stockroom::time::TIME_MS_MAX;
use stockroom::{
    Action, Code, Command, Event, EventData, LocationNumber, NewLine, NewOrder, OrderNumber, PlaceHold,
    RegisterLocation, RegisterSku, Rejection, SkuNumber, SkuQuantity, StockLine, StockPolicy, Tick,
};

/// The field of a JSON pointer as faults name it: `/lines/0/sku` is `lines[0].sku`.
fn path(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push_str(&format!("[{part}]"));
        } else {
            path.push_str(if path.is_empty() { "" } else { "." });
            path.push_str(part);
        }
    }
    path
}

fn keys(shop: &Shop) -> usize {
    match shop.room.page(&Page::Keys(String::new()), u32::MAX) {
        Ok(Rows::Keys(rows)) => rows.len(),
        other => panic!("{other:?}"),
    }
}

/// The rejection that a command gets, after checking that its preview said so and that it left no trace but
/// the memory of it.
fn refused(shop: &Shop, command: &Command, what: &str) -> Rejection {
    let (before, events, keys_before) = (rows_of_the_business(&shop.room), shop.events(), keys(shop));
    let state = digest(&shop.room);
    let foretold = shop.room.preview(command.clone()).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(digest(&shop.room), state, "{what}: the preview left a trace");
    let reply = shop.room.execute(command.clone()).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(reply, foretold, "{what}");
    let rejection = reply.rejection().unwrap_or_else(|| panic!("{what} was accepted: {reply:?}")).clone();
    assert_eq!(rows_of_the_business(&shop.room), before, "{what} left a trace");

    let now = shop.events();
    let new: Vec<&Event> = now[events.len()..].iter().collect();
    let places_an_order = matches!(command.action, Action::PlaceOrder(_) | Action::TakeChannelOrder(_));
    let is_order_event = |event: &&Event| matches!(event.data, EventData::OrderRejected(_));
    assert!(new.len() <= usize::from(places_an_order) && new.iter().all(is_order_event), "{what}: {new:?}");
    if command.key.is_none() && !places_an_order {
        assert_eq!(digest(&shop.room), state, "{what} left a trace");
    }
    assert!(keys(shop) <= keys_before + 1, "{what}");
    rejection
}

/// A sample with something wrong, in a form that can be sent many times: an order gets a key of its own, as
/// its id would remember the first refusal.
fn numbered(sample: &Sample, wrong: &Wrong, number: usize) -> Command {
    let command = sample.with(wrong);
    if sample.action == "place_order" { command.with_key(format!("k-{number}")) } else { command }
}

#[test]
fn every_sample_is_right() {
    for sample in samples() {
        let shop = prepared();
        shop.accept(sample.command());
        shop.assert_verified();
    }
}

#[test]
fn every_wrong_value_gets_its_code_and_leaves_no_trace() {
    for sample in samples() {
        let shop = prepared();
        for (number, wrong) in sample.wrongs.iter().enumerate() {
            let what = format!("{}{} {}", sample.action, wrong.pointer, wrong.what);
            let rejection = refused(&shop, &numbered(&sample, wrong, number), &what);
            assert_eq!(rejection.code, wrong.code, "{what}: {rejection}");
            let at = wrong.at.map_or_else(|| path(&wrong.pointer), str::to_owned);
            let named = |fault: &&stockroom::Fault| fault.code == wrong.code && state_or(wrong.code, &fault.at, &at);
            assert!(rejection.faults.iter().any(|f| named(&f)), "{what}: {:?} not at {at}", rejection.faults);
            // What is refused for its size is not kept for its size.
            let size: usize = rejection.faults.iter().map(|fault| fault.at.len() + fault.detail.len()).sum();
            assert!(size < 20_000, "{what}: the rejection has {size} bytes");
        }
        shop.assert_verified();
        // None of this stands in the way of the right command.
        shop.accept(sample.command());
        shop.assert_verified();
    }
}

/// Whether a fault stands where it should. What a thing's state forbids is said of the thing.
fn state_or(code: Code, found: &str, expected: &str) -> bool {
    found == expected || (code == Code::OrderExists && found == "id")
}

/// Puts a text of ten million bytes where a document has one that is far too long.
fn lengthen(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) if text.len() >= 50_000 => *text = "x".repeat(10_000_000),
        serde_json::Value::Array(list) => list.iter_mut().for_each(lengthen),
        serde_json::Value::Object(map) => map.values_mut().for_each(lengthen),
        _ => {}
    }
}

#[test]
fn ten_megabytes_are_refused_and_not_kept() {
    // An order has many texts that are judged alike; fewer will do.
    let skipped = ["region", "postal_code", "country", "phone", "city", "address", "ranking", "hold"];
    for sample in samples() {
        let shop = prepared();
        let long = |wrong: &&Wrong| wrong.what == HUGE && !skipped.iter().any(|part| wrong.pointer.contains(part));
        for (number, wrong) in sample.wrongs.iter().filter(long).enumerate() {
            let mut value = wrong.value.clone();
            lengthen(&mut value);
            let huge = Wrong { value, pointer: wrong.pointer.clone(), what: String::new(), ..*wrong };
            let reply = shop.reply(numbered(&sample, &huge, number));
            let code = reply.rejection().map(|rejection| rejection.code);
            assert_eq!(code, Some(wrong.code), "{}{}", sample.action, wrong.pointer);
        }
        let kept = every_row(&shop.room).iter().map(|rows| format!("{rows:?}").len()).sum::<usize>();
        assert!(kept < 100_000, "{}: {kept} bytes are kept", sample.action);
    }
}

#[test]
fn every_wrong_key_is_refused_with_every_command() {
    let long = "x".repeat(129);
    let huge = "x".repeat(10_000_000);
    for sample in samples() {
        let shop = prepared();
        for key in ["", "\0", "a\nb", "\u{7f}", "\u{85}", &long, &huge] {
            let rejection = refused(&shop, &sample.command().with_key(key), sample.action);
            assert_eq!((rejection.code, &*rejection.faults[0].at), (Code::KeyInvalid, "key"), "{}", sample.action);
        }
        assert_eq!(refused(&shop, &sample.command().with_key("k-used"), sample.action).code, Code::KeyReused);
        // The longest key that is taken.
        shop.accept(sample.command().with_key("é".repeat(64)));
        assert!(shop.accept(sample.command().with_key("é".repeat(64))).repeated);
    }
}

#[test]
fn every_wrong_time_is_refused_with_every_command_and_remembered_by_nothing() {
    for sample in samples() {
        let shop = prepared();
        let before = digest(&shop.room);
        for at_ms in [i64::MIN, -1, TIME_MS_MAX + 1, i64::MAX] {
            let reply = shop.room.execute_at(at_ms, sample.command()).expect("the command is answered");
            let rejection = reply.rejection().unwrap_or_else(|| panic!("{} at {at_ms}", sample.action));
            assert_eq!((rejection.code, &*rejection.faults[0].at), (Code::TimeOutOfRange, "at_ms"));
            let reply = shop.room.execute_at(at_ms, sample.command().with_key("k")).expect("the command is answered");
            assert_eq!(reply.rejection().map(|rejection| rejection.code), Some(Code::TimeOutOfRange));
        }
        assert_eq!(digest(&shop.room), before, "{}", sample.action);
        // The same command under the same key, once the clock is right.
        shop.accept(sample.command().with_key("k"));
    }
}

#[test]
fn the_first_and_the_last_moment_are_taken() {
    let shop = Shop::empty();
    let register = |sku: &str| RegisterSku { sku: sku.into(), components: None };
    assert!(shop.room.execute_at(0, register("first")).expect("it is answered").accepted().is_ok());
    assert!(shop.room.execute_at(TIME_MS_MAX, register("last")).expect("it is answered").accepted().is_ok());
    assert_eq!(shop.events().iter().map(|event| event.at_ms).collect::<Vec<_>>(), [0, TIME_MS_MAX]);
}

/// Every number of every sample at once, at either end of its type.
#[test]
fn all_numbers_at_the_end_of_their_range_at_once() {
    fn set_numbers(value: &mut serde_json::Value, to: &dyn Fn(&str) -> serde_json::Value, name: &str) {
        match value {
            serde_json::Value::Number(_) => *value = to(name),
            serde_json::Value::Array(list) => list.iter_mut().for_each(|value| set_numbers(value, to, name)),
            serde_json::Value::Object(map) => map.iter_mut().for_each(|(name, value)| set_numbers(value, to, name)),
            _ => {}
        }
    }
    for sample in samples() {
        let shop = prepared();
        for end in [i64::MIN, i64::MAX] {
            let number = |name: &str| match name {
                "line" | "limit" | "max" | "attempt" | "attempts_max" | "breaker_failures" | "batch_max" => {
                    (if end < 0 { 0 } else { u32::MAX }).into()
                }
                "after" | "through" | "number" | "seed" => (if end < 0 { 0 } else { u64::MAX }).into(),
                _ => serde_json::Value::from(end),
            };
            let mut document = sample.document.clone();
            set_numbers(&mut document, &number, "");
            if document == sample.document {
                continue;
            }
            let command = common::samples::command_of(sample.action, document);
            let command = if sample.action == "place_order" { command.with_key(end.to_string()) } else { command };
            if sample.action == "subscribe" && end < 0 {
                continue; // After event 0 is a place like any other.
            }
            refused(&shop, &command, sample.action);
        }
        shop.accept(sample.command());
    }
}

#[test]
fn values_and_sums_overflow_into_their_codes() {
    let shop = Shop::stocked(&[("main", "mug", 10)]);
    let line = |quantity, unit_price_minor| NewLine { sku: "mug".into(), quantity, unit_price_minor };
    let (most, dearest) = (1_000_000_000, 1_000_000_000_000);
    let cases: Vec<(Vec<NewLine>, Code)> = vec![
        // Each of quantity and price is right, their product passes 2^53 - 1, or 2^63.
        (vec![line(9_008, dearest)], Code::ValueOutOfRange),
        (vec![line(most, dearest)], Code::ValueOutOfRange),
        // Each line is right, their sum is not.
        (vec![line(9_007, dearest), line(1, 199_254_740_992)], Code::ValueOutOfRange),
        ((0..10_000).map(|_| line(most, 1_000)).collect(), Code::ValueOutOfRange),
        // 2^53 - 1 itself is right: then the stock is missing.
        (vec![line(9_007, dearest), line(1, 199_254_740_991)], Code::InsufficientStock),
        ((0..10_000).map(|_| line(most, 0)).collect(), Code::InsufficientStock),
        (vec![line(i64::MAX, i64::MAX), line(i64::MIN, i64::MAX)], Code::QuantityOutOfRange),
        (vec![line(1, i64::MAX), line(1, i64::MIN)], Code::PriceOutOfRange),
    ];
    for (number, (lines, code)) in cases.into_iter().enumerate() {
        let order = NewOrder { lines, ..order(&format!("o-{number}"), &[]) };
        let rejection = refused(&shop, &order.into(), &format!("case {number}"));
        assert_eq!(rejection.code, code, "case {number}: {rejection}");
    }
}

#[test]
fn ten_thousand_lines_go_all_the_way_and_one_more_does_not() {
    let shop = Shop::empty();
    let skus: Vec<String> = (0..10_000).map(|number| format!("sku-{number}")).collect();
    let registering = skus.iter().map(|sku| RegisterSku { sku: sku.clone(), components: None }.into());
    assert!(shop.room.execute_batch(registering).expect("it is answered").iter().all(|r| r.accepted().is_ok()));
    shop.furnish(&[]);
    let stock_lines = |extra: usize| -> Vec<StockLine> {
        let skus = skus.iter().chain(skus.iter().take(extra));
        skus.map(|sku| StockLine { sku: sku.clone(), quantity: 2 }).collect()
    };
    let received = |extra| stockroom::ReceiveStock { lines: stock_lines(extra), ..receive("main", "mug", 1) };
    shop.accept(received(0));
    shop.reject_as(Code::TooManyLines, received(1));

    let hold = |extra: usize| PlaceHold {
        hold: "h-1".into(),
        channel: "web".into(),
        lines: stock_lines(extra),
        lives_ms: 1_000,
        ranking: None,
    };
    shop.reject_as(Code::TooManyLines, hold(1));
    shop.accept(hold(0));

    let new = |extra: usize| {
        let lines = stock_lines(extra).into_iter();
        let lines = lines.map(|line| NewLine { sku: line.sku, quantity: line.quantity, unit_price_minor: 5 });
        NewOrder { lines: lines.collect(), hold: Some("h-1".into()), ..order(&format!("o-{extra}"), &[]) }
    };
    shop.reject_as(Code::TooManyLines, new(1));
    shop.accept(new(0));

    let each = |quantity| (1..=10_000).map(move |line| stockroom::LineQuantity { line, quantity }).collect::<Vec<_>>();
    let add = vec![NewLine { sku: "mug".into(), quantity: 1, unit_price_minor: 1 }];
    let edit = stockroom::EditOrder { order: "o-0".into(), lines: each(1), ..Default::default() };
    shop.reject_as(Code::TooManyLines, stockroom::EditOrder { add, ..edit.clone() });
    shop.accept(edit);
    shop.accept(stockroom::ShipOrder { order: "o-0".into(), lines: Some(each(1)), ..Default::default() });
    let come_back = |line: u32| stockroom::ReturnLine {
        line,
        quantity: 1,
        disposition: stockroom::Disposition::Restock,
        location: None,
    };
    let all: Vec<_> = (1..=10_000).map(come_back).collect();
    shop.accept(stockroom::ReturnOrder { order: "o-0".into(), lines: all });
    shop.accept(NewOrder { hold: None, id: "o-2".into(), ..new(0) });
    shop.accept(stockroom::CancelOrder { order: "o-2".into(), lines: Some(each(2)), ..Default::default() });
    let transfer = |extra| stockroom::TransferStock {
        from: "main".into(),
        to: "backup".into(),
        lines: stock_lines(extra),
        reference: None,
    };
    shop.reject_as(Code::TooManyLines, transfer(1));
    shop.accept(transfer(0));
    shop.assert_verified();

    // And through a warehouse.
    shop.accept(stockroom::RegisterDestination { destination: "wms".into(), ..Default::default() });
    let warehouse = stockroom::RegisterWarehouse {
        location: "main".into(),
        destination: "wms".into(),
        check_on_allocation: true,
        ..Default::default()
    };
    shop.accept(warehouse);
    shop.accept(received(0));
    shop.accept(NewOrder { hold: None, ranking: Some(vec!["main".into()]), id: "o-3".into(), ..new(0) });
    shop.accept(stockroom::Fulfill { limit: 1_000 });
    let take = || stockroom::TakeDeliveries { destination: "wms".into(), max: 1_000, lease_ms: 60_000 };
    let taken = shop.accept(take());
    let stockroom::Outcome::Accepted(stockroom::Answer::Taken(taken)) = taken.outcome else { panic!("{taken:?}") };
    // The request, and the checks of fifty SKUs each.
    assert_eq!(taken.deliveries.len(), 201);
    let levels = |extra| {
        let level = |line: StockLine| stockroom::SkuLevel { sku: line.sku, on_hand: line.quantity };
        let stock = stockroom::WarehouseStock {
            taken_at_ms: START_MS,
            levels: stock_lines(extra).into_iter().map(level).collect(),
        };
        stockroom::NoteWarehouseStock { location: "main".into(), stock, message: None }
    };
    shop.reject_as(Code::TooManyLines, levels(1));
    shop.accept(levels(0));
    let left = |extra| stockroom::NoteShipment {
        fulfillment: "o-3-1".into(),
        shipment: "S-1".into(),
        items: Some(stock_lines(extra).into_iter().map(|line| SkuQuantity { sku: line.sku, quantity: 1 }).collect()),
        ..Default::default()
    };
    shop.reject_as(Code::TooManyLines, left(1));
    shop.accept(left(0));
    shop.assert_verified();
}

#[test]
fn an_order_of_bad_lines_lists_a_hundred_faults_and_counts_the_others() {
    let shop = Shop::stocked(&[]);
    let lines = (0..10_000).map(|_| NewLine { sku: "nosuch".into(), quantity: 0, unit_price_minor: 0 });
    let rejection = shop.reject(NewOrder { lines: lines.collect(), ..order("o-1", &[]) });
    assert_eq!((rejection.code, rejection.faults.len(), rejection.more), (Code::QuantityOutOfRange, 100, 19_900));
}

/// What is odd but right: it is taken, and every text comes back from the events as it was.
#[test]
fn odd_names_and_texts_come_back_as_they_were() {
    let shop = Shop::stocked(&[]);
    let odd =
        ["\"", "\\", "\\u0000", "a\u{2028}b", "🫖", "null", "0", " leading and trailing ", "'--", "{}", "é́", "%00"];
    for (number, name) in odd.iter().enumerate() {
        shop.accept(RegisterSku { sku: (*name).into(), components: None });
        shop.accept(RegisterLocation { location: (*name).into() });
        shop.accept(stockroom::RegisterChannel {
            channel: (*name).into(),
            locations: vec![(*name).into()],
            ..Default::default()
        });
        shop.accept(stockroom::ReceiveStock { reference: Some((*name).into()), ..receive(name, name, 5) });
        let new = NewOrder {
            channel: (*name).into(),
            note: Some(format!("{name}\r\n\t")),
            metadata: [((*name).to_owned(), format!("{name}\n"))].into(),
            ..order(&format!("{name}{number}"), &[(name, 2)])
        };
        shop.accept(new);
        shop.reject_as(
            Code::InsufficientStock,
            NewOrder { channel: (*name).into(), ..order(&format!("{name}!"), &[(name, 9)]) },
        );
        let level = shop.room.stock(name, name).expect("it can be read").expect("it is registered");
        assert_eq!((level.on_hand, level.available, &*level.sku, &*level.location), (5, 3, *name, *name));
        let last = shop.events();
        let subjects: Vec<&str> = last[last.len() - 6..].iter().map(|event| event.data.subject()).collect();
        let (placed, rejected) = (format!("{name}{number}"), format!("{name}!"));
        assert_eq!(subjects, [name, name, name, &*placed, name, &*rejected], "{name:?}");
    }
    // The longest of each kind.
    let (sku, id) = ("🫖".repeat(32), "é".repeat(32));
    shop.accept(RegisterSku { sku: sku.clone(), components: None });
    shop.accept(receive("main", &sku, 1));
    shop.accept(NewOrder { note: Some("n".repeat(2_000)), ..order(&id, &[(&sku, 1)]) });
    assert!(shop.room.order(&id).expect("it can be read").is_some());
    shop.assert_verified();
}

#[test]
fn a_clock_that_goes_back_does_not_take_events_with_it() {
    let shop = Shop::stocked(&[("main", "mug", 20)]);
    let hold = |id: &str| PlaceHold {
        hold: id.into(),
        channel: "web".into(),
        lines: vec![StockLine { sku: "mug".into(), quantity: 1 }],
        lives_ms: 1_000,
        ranking: None,
    };
    for (step, at_ms) in [5_000, 9_000, 0, 8_999, -START_MS, 9_001, 1].into_iter().enumerate() {
        shop.set_clock(START_MS + at_ms);
        shop.accept(hold(&format!("h-{step}")));
        shop.accept(order(&format!("o-{step}"), &[("mug", 1)]));
    }
    let times: Vec<i64> = shop.events().iter().map(|event| event.at_ms - START_MS).collect();
    assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "{times:?}");
    assert_eq!(times.last(), Some(&9_001));
    // A hold's life is counted from the engine's time, which did not go back.
    let hold = shop.room.hold("h-6").expect("it can be read").expect("it lives");
    assert_eq!(hold.expires_at_ms - START_MS, 10_001);
    shop.set_clock(START_MS);
    shop.accept(Tick::default());
    assert!(shop.room.hold("h-6").expect("it can be read").is_some());
    shop.assert_verified();
}

/// Two orders that differ in anything are two orders.
#[test]
fn every_field_tells_an_order_from_another() {
    let sample = samples().into_iter().find(|sample| sample.action == "place_order").expect("there is one");
    let shop = prepared();
    shop.accept(sample.command());
    shop.accept(NewOrder { hold: None, ..order("o-plain", &[("mug", 1)]) }).placed_order().expect("it was placed");
    let mut fields = Vec::new();
    leaves(&sample.document, String::new(), &mut fields);
    for pointer in fields.iter().filter(|pointer| !["/id", "/host_faults"].contains(&&***pointer)) {
        let mut document = sample.document.clone();
        let field = document.pointer_mut(pointer).expect("it is there");
        *field = match field {
            serde_json::Value::Number(number) => (number.as_i64().unwrap_or_default() + 1).into(),
            serde_json::Value::String(_) if pointer == "/policy" => "partial".into(),
            serde_json::Value::String(text) => format!("{text}x").into(),
            other => panic!("{pointer} is {other}"),
        };
        let command = common::samples::command_of("place_order", document);
        assert_eq!(shop.reject(command.clone()).code, Code::OrderExists, "{pointer}");
        let key = sample.command().with_key(pointer.clone());
        shop.accept(key);
        assert_eq!(shop.reject(command.with_key(pointer.clone())).code, Code::KeyReused, "{pointer}");
    }
    // Presence, order and number count too, and text does not run from one field into the next.
    let plain = order("o-plain", &[("mug", 1)]);
    let others = [
        NewOrder { note: Some(String::new()), ..plain.clone() },
        NewOrder { ranking: Some(vec!["main".into()]), ..plain.clone() },
        NewOrder { metadata: [(String::from("a"), String::new())].into(), ..plain.clone() },
        NewOrder { ship_to: Some(Default::default()), ..plain.clone() },
        NewOrder { totals: Some(Default::default()), ..plain.clone() },
        NewOrder { policy: StockPolicy::Partial, ..plain.clone() },
        NewOrder { lines: [plain.lines.clone(), plain.lines.clone()].concat(), ..plain.clone() },
        NewOrder { channel: "webE".into(), currency: "UR".into(), ..plain.clone() },
    ];
    for other in others {
        assert_eq!(shop.reject(other.clone()).code, Code::OrderExists, "{other:?}");
    }
    assert!(shop.accept(plain).repeated);
}

/// The pointers of all values that have no values inside.
fn leaves(value: &serde_json::Value, pointer: String, list: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(name, value)| leaves(value, format!("{pointer}/{name}"), list));
        }
        serde_json::Value::Array(values) if !values.is_empty() => {
            values.iter().enumerate().for_each(|(index, value)| leaves(value, format!("{pointer}/{index}"), list));
        }
        _ => list.push(pointer),
    }
}

#[test]
fn reads_answer_whatever_they_are_asked() {
    let shop = prepared();
    let room = &shop.room;
    let before = digest(room);
    let (huge, long) = ("x".repeat(10_000_000), "é".repeat(64));
    for name in ["", "\0", "a\nb", "nosuch", " mug", "MUG", "' OR 1=1 --", &long, &huge] {
        assert_eq!(room.available(name, "main").expect("it is answered"), None);
        assert_eq!(room.available("mug", name).expect("it is answered"), None);
        assert_eq!(room.availability(&[(name, name), ("mug", "main")]).expect("it is answered")[0], None);
        assert_eq!(room.channel_availability(name, &["mug"]).expect("it is answered"), [None]);
        assert_eq!(room.channel_availability("web", &[name]).expect("it is answered"), [None]);
        assert!(room.stock(name, "main").expect("it is answered").is_none());
        assert!(room.stock("mug", name).expect("it is answered").is_none());
        assert!(room.order(name).expect("it is answered").is_none());
        assert!(room.hold(name).expect("it is answered").is_none());
        assert!(room.subscription(name).expect("it is answered").is_none());
        assert!(room.subscribed_events(name, 1).expect("it is answered").is_none());
        assert!(room.fulfillment_orders(name).expect("it is answered").is_none());
        assert!(room.dead_letters(Some(name), 10).expect("it is answered").is_empty());
        for page in [Page::Channels(name.into()), Page::Keys(name.into()), Page::Subscriptions(name.into())] {
            room.page(&page, 10).expect("it is answered");
        }
        for number in [0, 1, u64::MAX] {
            let keys = [
                RecordKey::Destination(name.into()),
                RecordKey::Delivery(name.into(), number),
                RecordKey::Warehouse(LocationNumber(number)),
                RecordKey::Fulfillment(OrderNumber(number), u32::MAX),
                RecordKey::Message(name.into(), name.into()),
                RecordKey::ChannelSettings(name.into()),
                RecordKey::Listing(name.into(), SkuNumber(number)),
                RecordKey::ListedItem(name.into(), name.into()),
                RecordKey::ListedSku(SkuNumber(number)),
                RecordKey::TakenOrder(name.into(), name.into()),
            ];
            for key in keys {
                room.page(&Page::Records(key.kind(), Some(key)), 10).expect("it is answered");
            }
        }
    }
    for limit in [0, 1, usize::MAX] {
        assert_eq!(room.dead_letters(None, limit).expect("it is answered").len(), limit.min(1));
        assert_eq!(room.dead_letters(Some("wms"), limit).expect("it is answered").len(), limit.min(1));
    }
    for order in ["o-open", "o-pruned"] {
        assert_eq!(room.fulfillment_orders(order).expect("it is answered"), Some(vec![]));
    }
    let last = shop.events().len() as u64;
    for (after, limit) in [(0, 0), (0, 1), (0, u32::MAX), (last, 10), (last + 1, 10), (u64::MAX, u32::MAX)] {
        let events = room.events(after, limit).expect("it is answered");
        assert_eq!(events.first().map(|event| event.number), (after < last).then(|| after + 1));
    }
    for number in [0, 1, u64::MAX / 2, u64::MAX] {
        let pages =
            [Page::Skus, Page::Locations, Page::Stock, Page::Holds, Page::Movements, Page::Orders, Page::Events];
        for page in pages {
            for limit in [0, 1, u32::MAX] {
                room.page(&page(number), limit).expect("it is answered");
            }
        }
    }
    // Many in one call.
    let many: Vec<(&str, &str)> = std::iter::repeat_n(("mug", "main"), 10_000).collect();
    let one = room.available("mug", "main").expect("it is answered");
    assert!(room.availability(&many).expect("it is answered").iter().all(|units| *units == one && one.is_some()));
    assert!(room.availability(&[]).expect("it is answered").is_empty());
    assert!(room.channel_availability("web", &[]).expect("it is answered").is_empty());
    assert_eq!(digest(room), before);
}
