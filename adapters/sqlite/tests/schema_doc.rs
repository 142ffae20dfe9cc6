//! `docs/schema.md` against the real schema: every table, view and column stands there and none else, and every
//! query in it runs.

use std::collections::BTreeMap;

use stockroom_conformance::documents::order;

use crate::place::Place;

const PAGE: &str = include_str!("../../../docs/schema.md");

/// Columns by table or view, as the page lists them.
fn documented() -> BTreeMap<String, Vec<String>> {
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut table = None;
    for line in PAGE.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            table = Some(name.to_owned());
            assert!(tables.insert(name.to_owned(), Vec::new()).is_none(), "{name} stands twice");
        } else if let (Some(table), Some(rest)) = (&table, line.strip_prefix("| `")) {
            let column = rest.split('`').next().expect("a column in backticks");
            tables.get_mut(table).expect("its table").push(column.to_owned());
        }
    }
    tables
}

#[test]
fn the_page_has_every_table_view_and_column() {
    let place = Place::new();
    drop(place.small_shop());
    let connection = place.connection();
    let mut names = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name LIKE 'stockroom%'")
        .expect("a query");
    let names: Vec<String> =
        names.query_map([], |row| row.get(0)).expect("runs").collect::<Result<_, _>>().expect("reads");
    let mut real = BTreeMap::new();
    for name in names {
        let mut columns = connection.prepare("SELECT name FROM pragma_table_xinfo(?1)").expect("a query");
        let columns: Vec<String> =
            columns.query_map([&name], |row| row.get(0)).expect("runs").collect::<Result<_, _>>().expect("reads");
        real.insert(name, columns);
    }
    assert_eq!(documented(), real);
}

#[test]
fn every_query_on_the_page_runs_and_the_views_tell_what_is() {
    let place = Place::new();
    let shop = place.small_shop();
    assert!(shop.execute(order("o-1", &[("mug", 2)])).expect("done").accepted().is_ok());
    drop(shop);
    let connection = place.connection();
    let mut queries = 0;
    for block in PAGE.split("```sql\n").skip(1) {
        let query = block.split("```").next().expect("its end");
        let mut statement = connection.prepare(query).expect("a query that SQLite takes");
        let mut rows = statement.query([]).expect("runs");
        while rows.next().expect("reads").is_some() {}
        queries += 1;
    }
    assert!(queries >= 4, "{queries} queries");
    // The order's two mugs are in the log, not yet in the table; the view knows.
    let mugs = "SELECT allocated, available FROM stockroom_stock_levels WHERE sku = 'mug' AND location = 'main'";
    let mugs: (i64, i64) = connection.query_row(mugs, [], |row| Ok((row.get(0)?, row.get(1)?))).expect("reads");
    assert_eq!(mugs, (2, 8));
    let placed = "SELECT data ->> 'number' FROM stockroom_event_list WHERE name = 'order.allocated'";
    let placed: i64 = connection.query_row(placed, [], |row| row.get(0)).expect("reads");
    assert_eq!(placed, 1);
    let events = "SELECT (SELECT count(*) FROM stockroom_event_list), (SELECT max(number) FROM stockroom_events)";
    let events: (i64, i64) = connection.query_row(events, [], |row| Ok((row.get(0)?, row.get(1)?))).expect("reads");
    assert_eq!(events.0, events.1, "one row an event, from 1 without gaps");
}
