//! Records as rows: what SQLite itself refuses to keep, what damaged rows are answered with, and what the views show.

use rusqlite::Connection;
use stockroom::engine::{Changes, Needs, Query, Record, RecordKey, RecordKind, WorkingSet};
use stockroom::fulfillment::{FULFILLMENTS_MAX, FulfillmentOrder};
use stockroom::ports::{Finish, Mode, Page, Rows, Store, Written};
use stockroom::{Error, ErrorKind, LocationNumber, OrderNumber, Result, SkuNumber};
use stockroom_conformance::documents::{NOON, note, shipment};
use stockroom_conformance::expect::Expect;
use stockroom_conformance::record_samples::shops;
use stockroom_conformance::scene::{SECOND_ACT, first_act, second_act};
use stockroom_sqlite::SqliteStore;

use crate::place::{Place, Shop, over};

/// The first act, and the shops behind its channels.
fn scene(place: &Place) -> Shop {
    let shop = place.shop();
    shop.execute_batch_at(first_act()).expect("done");
    let mut store = shop.into_store();
    store.begin(Mode::Write).expect("begins");
    assert_eq!(store.write(shops(), Finish::Commit).expect("writes"), Written::Done);
    over(store)
}

/// What a store says of a kind of record in every way in which it can be asked.
fn ask(store: &mut SqliteStore, key: &RecordKey) -> Vec<Result<()>> {
    let mut supply = |needs: Needs| {
        store.begin(Mode::Read).expect("begins");
        let supplied = store.supply(&needs, &mut WorkingSet::default());
        store.rollback().expect("ends");
        supplied
    };
    let mut said = vec![supply(Needs { records: vec![key.clone()], ..Needs::default() })];
    let queries = match key {
        RecordKey::Delivery(name, _) => {
            vec![Query::DueDeliveries { destination: name.clone(), now_ms: i64::MAX, limit: 99 }]
        }
        RecordKey::Message(source, _) => {
            let after = ((**source).into(), String::new());
            vec![Query::PrunableMessages { after, before_ms: i64::MAX, limit: 99 }]
        }
        RecordKey::Listing(channel, _) => vec![
            Query::Listings { channel: channel.clone(), after: SkuNumber(0), limit: 99 },
            Query::DueListings { now_ms: i64::MAX, limit: 99 },
        ],
        _ => Vec::new(),
    };
    for query in queries {
        said.push(supply(Needs { queries: vec![query], ..Needs::default() }));
    }
    said.push(store.page(&Page::Records(key.kind(), None), 99).map(drop));
    said
}

#[test]
fn damaged_rows_are_corrupt_however_they_are_met() {
    let damages: [(RecordKey, &str, &[&str]); 10] = [
        (
            RecordKey::Destination("wms".into()),
            "stockroom_destinations SET",
            &[
                "last_number = -1",
                "attempts_max = -1",
                "attempts_max = 4294967296",
                "failures = -1",
                "paused_until_ms = -1",
                "breaker_failures = -1",
                "backoff_ms = -1",
                "backoff_max_ms = -1",
                "age_max_ms = -1",
                "breaker_open_ms = -1",
            ],
        ),
        (
            RecordKey::Delivery("wms".into(), 6),
            "stockroom_outbox SET",
            &[
                "state = 'lost'",
                "state = ''",
                "attempts = -1",
                "doubt = 2",
                "due_at_ms = -1",
                "created_at_ms = -1",
                "body = ''",
                "body = '{'",
                "body = '{}'",
                "body = '{\"other\":{}}'",
                "body = '{\"check_stock\":{\"location\":1,\"skus\":[]}}'",
                "body = CAST(x'ff' AS TEXT)",
                "why = CAST(x'ff' AS TEXT)",
                "key = CAST(x'ff' AS TEXT)",
            ],
        ),
        (
            RecordKey::Warehouse(LocationNumber(3)),
            "stockroom_warehouses SET",
            &["stock = 'ignore'", "check_on_allocation = 2", "stock_taken_at_ms = -1"],
        ),
        (
            RecordKey::Fulfillment(OrderNumber(0), 1),
            "stockroom_fulfillment_orders SET",
            &[
                "state = 'lost'",
                "location = -1",
                "delivery = -1",
                "cancelling = 2",
                "requested_at_ms = -1",
                "items = '{}'",
                "items = '[{}]'",
                "items = json_set(items, '$[0].per', 0)",
                "items = json_set(items, '$[0].quantity', -1)",
                "items = json_set(items, '$[0].shipped', 99999)",
                "items = json_set(items, '$[0].quantity', 9223372036854775807)",
                "items = json_set(items, '$[0].sku_number', -1)",
                "items = json_set(items, '$[0].line', -1)",
                "shipments = 'null'",
            ],
        ),
        (RecordKey::Message("wms".into(), "m-1".into()), "stockroom_inbox SET", &["at_ms = -1"]),
        (
            RecordKey::ChannelSettings("web".into()),
            "stockroom_channel_settings SET",
            &[
                "destination = CAST(x'ff' AS TEXT)",
                "connected = 2",
                "buffer = -1",
                "buffer = 9007199254740992",
                "cap = -1",
                "drift = 'ignore'",
                "drift_after_ms = -1",
                "batch_max = -1",
                "batch_max = 0",
                "batch_max = 4294967296",
                "shop_counts_down = 2",
                "tell_shipments = -1",
                "open_batch = -1",
                "open_count = -1",
                "batches = -1",
                "recount_after = -1",
                "reconciliation = ''",
                "reconciliation = '{}'",
                "reconciliation = 'null'",
                "reconciliation = '{\"began_at_ms\":-1,\"mend\":true,\"after\":0,\"agree\":0,\"differ\":0,\"unsettled\":0,\"gone\":0}'",
                "reconciliation = '{\"began_at_ms\":1,\"mend\":true,\"after\":0,\"agree\":-1,\"differ\":0,\"unsettled\":0,\"gone\":0}'",
                "reconciliation = '{\"began_at_ms\":1,\"mend\":true,\"after\":0,\"agree\":0,\"differ\":18446744073709551615,\"unsettled\":0,\"gone\":0}'",
                "orders_through_ms = -1",
            ],
        ),
        (
            RecordKey::Listing("web".into(), SkuNumber(1)),
            "stockroom_listings SET",
            &[
                "sku = CAST(x'ff' AS TEXT)",
                "item = CAST(x'ff' AS TEXT)",
                "buffer = -1",
                "cap = -1",
                "cap = 9007199254740992",
                "state = 'lost'",
                "state = ''",
                "why = CAST(x'ff' AS TEXT)",
                "observed_at_ms = -1",
                "unexplained = -9223372036854775808",
                "drift_since_ms = -1",
                "delivery = -1",
            ],
        ),
        (RecordKey::ListedItem("web".into(), "web 1".into()), "stockroom_listed_items SET", &["sku_number = -1"]),
        (
            RecordKey::ListedSku(SkuNumber(1)),
            "stockroom_listed_skus SET",
            &[
                "listings = ''",
                "listings = '{}'",
                "listings = '[\"web\"]'",
                "listings = '[[\"web\"]]'",
                "listings = '[[\"web\",-1]]'",
                "listings = '[[\"web\",1,2]]'",
                "listings = CAST(x'5b22ff225d' AS TEXT)",
            ],
        ),
        (
            RecordKey::TakenOrder("web".into(), "o-1".into()),
            "stockroom_taken_orders SET",
            &[
                "order_number = -1",
                "reference = CAST(x'ff' AS TEXT)",
                "placed_at_ms = -1",
                "updated_at_ms = -1",
                "told_at_ms = -1",
                "lines = '{}'",
                "lines = '[1]'",
                "lines = '['",
            ],
        ),
    ];
    let place = Place::new();
    drop(scene(&place));
    let connection = place.connection();
    connection.execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF").expect("settings");
    let mut store = place.store();
    for (mut key, table, changes) in damages {
        if let RecordKey::Fulfillment(order, _) = &mut key {
            let number = "SELECT number FROM stockroom_orders WHERE id = 'f-7'";
            *order = OrderNumber::from_i64(connection.query_row(number, [], |row| row.get(0)).expect("the order"));
        }
        let row = match &key {
            RecordKey::Destination(name) => format!("destination = '{name}'"),
            RecordKey::Delivery(name, number) => {
                let base = format!("(SELECT number << 44 FROM stockroom_destinations WHERE destination = '{name}')");
                format!("id = {base} + {number}")
            }
            RecordKey::Warehouse(location) => format!("location = {}", location.0),
            RecordKey::Fulfillment(order, sequence) => format!("order_number = {} AND sequence = {sequence}", order.0),
            RecordKey::Message(source, message) => format!("source = '{source}' AND message = '{message}'"),
            RecordKey::ChannelSettings(channel) => format!("channel = '{channel}'"),
            RecordKey::Listing(channel, sku) => format!("channel = '{channel}' AND sku_number = {}", sku.0),
            RecordKey::ListedItem(channel, item) => format!("channel = '{channel}' AND item = '{item}'"),
            RecordKey::ListedSku(sku) => format!("sku_number = {}", sku.0),
            RecordKey::TakenOrder(channel, id) => format!("channel = '{channel}' AND id = '{id}'"),
        };
        for said in ask(&mut store, &key) {
            said.unwrap_or_else(|error| panic!("{key:?}: {error}"));
        }
        for change in changes {
            // The damage is there for as long as the asking takes.
            let before = saved(&connection, table, &row);
            let damaged = connection.execute(&format!("UPDATE {table} {change} WHERE {row}"), []).expect(change);
            assert_eq!(damaged, 1, "{change}");
            // Items are read when a rule asks for them, or a page; see the test below.
            let by_key_too = usize::from(change.starts_with("items"));
            for said in ask(&mut store, &key).into_iter().skip(by_key_too) {
                let error = said.expect_err(change);
                assert_eq!(error.kind(), ErrorKind::Corrupt, "{change}: {error}");
            }
            restore(&connection, table, &row, before);
        }
        for said in ask(&mut store, &key) {
            said.unwrap_or_else(|error| panic!("{key:?}: {error}"));
        }
    }
    stockroom::Stockroom::new(store, || NOON).sound();
}

/// What a warehouse is to pick is read when somebody asks for it. Nothing is shipped by what cannot be.
#[test]
fn items_that_cannot_be_are_corrupt_for_whoever_asks_for_them() {
    let place = Place::new();
    let shop = scene(&place);
    let find = "WHERE order_number = (SELECT number FROM stockroom_orders WHERE id = 'f-7') AND sequence = 1";
    let connection = place.connection();
    connection.execute_batch("PRAGMA ignore_check_constraints = ON").expect("a setting");
    let sound: String = connection
        .query_row(&format!("SELECT items FROM stockroom_fulfillment_orders {find}"), [], |row| row.get(0))
        .expect("items");
    let write = |items: &str| {
        let sql = format!("UPDATE stockroom_fulfillment_orders SET items = ?1 {find}");
        assert_eq!(connection.execute(&sql, [items]).expect("written"), 1);
    };
    let ship = || shop.execute_at(NOON, shipment("f-7-1", "S-1", None));
    for damaged in ["{}", "[{}]", "[", &sound.replace("\"quantity\":", "\"quantity\":-")] {
        write(damaged);
        let row = shop.fulfillment_orders("f-7").expect("reads").expect("the order").remove(0);
        assert_eq!(row.items().expect_err(damaged).kind(), ErrorKind::Corrupt);
        let error = ship().expect_err(damaged);
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Corrupt, false), "{damaged}: {error}");
        assert_eq!(shop.verify().expect_err(damaged).kind(), ErrorKind::Corrupt);
    }
    write(&sound);
    assert!(ship().expect("sound").accepted().is_ok());
    shop.sound();
}

/// A listing whose time is damaged stands in no index; whoever meets the row itself is told.
#[test]
fn a_listing_with_a_time_that_cannot_be_is_corrupt() {
    let place = Place::new();
    drop(scene(&place));
    let connection = place.connection();
    connection.execute_batch("PRAGMA ignore_check_constraints = ON").expect("a setting");
    let damage = "UPDATE stockroom_listings SET due_at_ms = -1 WHERE channel = 'web' AND sku_number = 1";
    assert_eq!(connection.execute(damage, []).expect("damage"), 1);
    let said = ask(&mut place.store(), &RecordKey::Listing("web".into(), SkuNumber(1)));
    let [by_key, of_channel, due, page] = &said[..] else { panic!("{said:?}") };
    assert!(due.is_ok(), "{due:?}");
    for said in [by_key, of_channel, page] {
        assert_eq!(said.as_ref().expect_err("it cannot be").kind(), ErrorKind::Corrupt);
    }
}

type Saved = Vec<(String, rusqlite::types::Value)>;

fn saved(connection: &Connection, table: &str, row: &str) -> Saved {
    let table = table.trim_end_matches(" SET");
    let mut statement = connection.prepare(&format!("SELECT * FROM {table} WHERE {row}")).expect("a query");
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let values = statement.query_row([], |row| (0..names.len()).map(|index| row.get(index)).collect());
    let values: Vec<rusqlite::types::Value> = values.expect("the row");
    names.into_iter().zip(values).collect()
}

fn restore(connection: &Connection, table: &str, row: &str, before: Saved) {
    for (name, value) in before {
        let sql = format!("UPDATE {table} {name} = ?1 WHERE {row}");
        connection.execute(&sql, [value]).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

/// The ledger's numbers have no gaps; one that is missing is not passed over.
#[test]
fn a_gap_in_the_ledger_is_corrupt() {
    let place = Place::new();
    drop(place.small_shop());
    let mut store = place.store();
    let needs =
        Needs { queries: vec![Query::MovedSince { location: LocationNumber(1), at_ms: NOON }], ..Needs::default() };
    store.supply(&needs, &mut WorkingSet::default()).expect("sound");
    place.connection().execute("DELETE FROM stockroom_movements WHERE number = 2", []).expect("damage");
    let error = store.supply(&needs, &mut WorkingSet::default()).expect_err("a gap");
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
}

/// People who write by hand are stopped where SQLite can tell.
#[test]
fn rows_that_cannot_be_are_refused_by_the_tables() {
    let place = Place::new();
    drop(scene(&place));
    let connection = place.connection();
    for statement in [
        "UPDATE stockroom_outbox SET body = 'no JSON' WHERE id & 255 = 6",
        "UPDATE stockroom_outbox SET id = destination << 44 WHERE id & 255 = 6",
        "UPDATE stockroom_outbox SET id = id + (1 << 44) WHERE id & 255 = 6",
        "UPDATE stockroom_outbox SET attempts = -1",
        "UPDATE stockroom_outbox SET doubt = 2",
        "UPDATE stockroom_outbox SET id = id + (99 << 44), destination = destination + 99 WHERE id & 255 = 6",
        "UPDATE stockroom_destinations SET number = number + 524287 WHERE number = 1",
        "UPDATE stockroom_destinations SET destination = 'other' WHERE destination = 'wms'",
        "UPDATE stockroom_destinations SET last_number = -1",
        "UPDATE stockroom_warehouses SET location = 99 WHERE location = 3",
        "UPDATE stockroom_warehouses SET destination = 'nobody'",
        "UPDATE stockroom_fulfillment_orders SET items = 'no JSON'",
        "UPDATE stockroom_fulfillment_orders SET order_number = 999 WHERE sequence = 1",
        "UPDATE stockroom_fulfillment_orders SET sequence = 0",
        "UPDATE stockroom_fulfillment_orders SET id = id + 1",
        "UPDATE stockroom_fulfillment_orders SET id = id - sequence, sequence = 0",
        "UPDATE stockroom_fulfillment_orders SET id = id | 1048575, sequence = 1048575",
        "UPDATE stockroom_inbox SET at_ms = -1",
        "UPDATE stockroom_channel_settings SET channel = 'nobody' WHERE channel = 'web'",
        "UPDATE stockroom_channel_settings SET destination = 'nobody'",
        "UPDATE stockroom_channel_settings SET connected = 2",
        "UPDATE stockroom_channel_settings SET buffer = -1",
        "UPDATE stockroom_channel_settings SET batch_max = 0",
        "UPDATE stockroom_channel_settings SET recount_after = -1",
        "UPDATE stockroom_channel_settings SET reconciliation = 'no JSON'",
        "UPDATE stockroom_listings SET channel = 'nobody'",
        "UPDATE stockroom_listings SET sku_number = 99 WHERE sku_number = 2",
        "UPDATE stockroom_listings SET cap = -1",
        "UPDATE stockroom_listings SET due_at_ms = -1",
        "UPDATE stockroom_listed_items SET channel = 'nobody' WHERE item = 'web 2'",
        "UPDATE stockroom_listed_items SET sku_number = 99",
        "UPDATE stockroom_listed_skus SET sku_number = 99 WHERE sku_number = 2",
        "UPDATE stockroom_listed_skus SET listings = 'no JSON'",
        "UPDATE stockroom_taken_orders SET channel = 'nobody' WHERE id = 'o-10'",
        "UPDATE stockroom_taken_orders SET order_number = 999",
        "UPDATE stockroom_taken_orders SET lines = 'no JSON'",
        "DELETE FROM stockroom_channels",
        "DELETE FROM stockroom_skus",
        "DELETE FROM stockroom_destinations",
        "DELETE FROM stockroom_locations",
        "DELETE FROM stockroom_orders",
        "DELETE FROM stockroom_orders WHERE id = 'o-1'",
        "INSERT INTO stockroom_inbox SELECT * FROM stockroom_inbox",
    ] {
        let error = connection.execute(statement, []).expect_err(statement);
        let code = error.sqlite_error_code();
        assert_eq!(code, Some(rusqlite::ErrorCode::ConstraintViolation), "{statement}: {error}");
    }
}

/// A change that contradicts the rows is told, and nothing of its unit stays.
#[test]
fn a_contradicting_change_is_corrupt() {
    let place = Place::new();
    drop(scene(&place));
    let mut store = place.store();
    let Rows::Records(there) = store.page(&Page::Records(RecordKind::Message, None), 1).expect("reads") else {
        panic!("rows of another kind");
    };
    let record = there.into_iter().next().map(std::sync::Arc::new);
    let key = record.as_deref().map(Record::key).expect("a message");
    let nobody = RecordKey::Message("nobody".into(), "m".into());
    let change = |key: &RecordKey, new, record: &Option<_>| stockroom::engine::RecordChange {
        key: key.clone(),
        new,
        record: record.clone(),
        stored: None,
    };
    for change in [change(&key, true, &record), change(&nobody, false, &None)] {
        store.begin(Mode::Write).expect("begins");
        let changes = Changes { records: vec![change], ..Changes::default() };
        let error: Error = store.write(changes, Finish::Commit).expect_err("it contradicts");
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Corrupt, "sqlite.write"), "{error}");
    }
}

/// Two numbers stand in one, where there is room for so much of each.
#[test]
fn a_fulfillment_order_with_numbers_beyond_all_is_refused() {
    let place = Place::new();
    drop(scene(&place));
    let mut store = place.store();
    let Rows::Records(there) = store.page(&Page::Records(RecordKind::Fulfillment, None), 1).expect("reads") else {
        panic!("rows of another kind");
    };
    let Some(Record::Fulfillment(row)) = there.into_iter().next() else { panic!("no fulfillment order") };
    let beyond = OrderNumber((1 << 43) - 1);
    let sequences = [(row.order, FULFILLMENTS_MAX + 1), (row.order, u32::MAX), (beyond, 1), (OrderNumber(u64::MAX), 1)];
    for (order, sequence) in sequences {
        let row = Record::from(FulfillmentOrder { order, sequence, ..row.clone() });
        store.begin(Mode::Write).expect("begins");
        let change =
            stockroom::engine::RecordChange { key: row.key(), new: true, record: Some(row.into()), stored: None };
        let changes = Changes { records: vec![change], ..Changes::default() };
        let error: Error = store.write(changes, Finish::Commit).expect_err("there is no room");
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Unsupported, "sqlite.write"), "{error}");
    }
}

#[test]
fn the_views_show_what_warehouses_have_to_do() {
    let place = Place::new();
    let shop = scene(&place);
    shop.execute_batch_at(second_act()).expect("done");
    let picking = stockroom::fulfillment::WarehouseStatus::Picking;
    shop.reply_at(SECOND_ACT, note("f-7-1", picking, None));
    let connection = place.connection();
    let texts = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).expect("a query");
        statement.query_map([], |row| row.get(0)).expect("runs").collect::<Result<_, _>>().expect("reads")
    };
    let seven = "SELECT concat_ws(' ', fulfillment, order_id, location, state, cancelling) FROM stockroom_fulfillments \
                 WHERE order_id = 'f-7'";
    assert_eq!(texts(seven), ["f-7-1 f-7 Ost picking 0"]);
    let handed = "SELECT concat_ws(' ', fulfillment, coalesce(delivery, 'handed over'), reference) \
                  FROM stockroom_fulfillments WHERE order_id = 'f-1'";
    assert_eq!(texts(handed), ["f-1-1 handed over W \"1\""]);
    let items = "SELECT concat_ws(' ', line, sku, quantity, shipped) FROM stockroom_fulfillment_items \
                 WHERE fulfillment = ?1 ORDER BY line, sku";
    assert_eq!(texts(&items.replace("?1", "'f-3-1'")), ["1 mug 2 0", "1 plate 1 0", "2 mug 2 0"]);
    assert_eq!(texts(&items.replace("?1", "'f-1-1'")), ["1 mug 2 2"]);
    // One order's are found by its number, whatever there is of others'.
    for view in ["stockroom_fulfillments", "stockroom_fulfillment_items"] {
        let mut plan = connection
            .prepare(&format!("EXPLAIN QUERY PLAN SELECT * FROM {view} WHERE order_id = 'f-3'"))
            .expect("a query");
        let plan: Vec<String> =
            plan.query_map([], |row| row.get(3)).expect("runs").collect::<Result<_, _>>().expect("reads");
        assert!(plan.contains(&"SEARCH f USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)".to_owned()), "{plan:?}");
    }
}
