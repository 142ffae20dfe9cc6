//! Rows of one kind after a place, in the order of their keys.

use stockroom::Result;
use stockroom::engine::Record;
use stockroom::inventory::{Stock, StockRow};
use stockroom::ports::{Page, Rows};
use stockroom::{Error, ErrorKind, StockNumber};

use crate::cells::Cells;
use crate::key::{self, Key};
use crate::store::{KeyValueStore, parsed};

pub(crate) fn page<C: Cells>(store: &mut KeyValueStore<C>, page: &Page, limit: u32) -> Result<Rows> {
    let numbered = |table: &str, after: u64| (Key::of(table), Some(Key::of(table).number(after)));
    let named = |table: &str, after: &str| (Key::of(table), Some(Key::of(table).text(after)));
    macro_rules! rows {
        ($kind:ident, $place:expr) => {{
            let (table, after) = $place;
            Ok(Rows::$kind(store.rows(&table, after.as_ref(), limit)?))
        }};
    }
    match page {
        Page::Skus(after) => rows!(Skus, numbered("sku", *after)),
        Page::Locations(after) => rows!(Locations, numbered("location", *after)),
        Page::Channels(after) => rows!(Channels, named("channel", after)),
        Page::Stock(after) => stock(store, *after, limit).map(Rows::Stock),
        Page::Holds(after) => rows!(Holds, numbered("hold", *after)),
        Page::Backorders(after) => rows!(Backorders, (Key::of("backorder"), after.as_ref().map(key::backorder))),
        Page::Movements(after) => rows!(Movements, numbered("movement", *after)),
        Page::Orders(after) => rows!(Orders, numbered("order", *after)),
        Page::Events(after) => rows!(Events, numbered("event", *after)),
        Page::Keys(after) => rows!(Keys, named("key", after)),
        Page::Subscriptions(after) => rows!(Subscriptions, named("subscription", after)),
        Page::Records(kind, after) => {
            // A place of another kind is before all of these or after them.
            let after = match after {
                Some(after) if after.kind() > *kind => return Ok(Rows::Records(Vec::new())),
                after => after.as_ref().filter(|after| after.kind() == *kind).map(key::record),
            };
            let rows: Vec<Record> = store.rows(&key::table(*kind), after.as_ref(), limit)?;
            Ok(Rows::Records(rows))
        }
    }
}

/// A stock row's number stands in its key alone.
fn stock<C: Cells>(store: &mut KeyValueStore<C>, after: u64, limit: u32) -> Result<Vec<StockRow>> {
    let table = Key::of("stock");
    let cells = store.range(table.clone().number(after).next(), table.end(), limit);
    let row = |(key, cell): (String, String)| {
        let number = key.rsplit('!').next().and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let unreadable = || Error::new(ErrorKind::Corrupt, "keyvalue.read", format!("the key {key} has no number"));
        let number = StockNumber(number.ok_or_else(unreadable)?);
        parsed::<Stock>(&key, &cell).map(|stock| StockRow { number, stock })
    };
    cells.into_iter().map(row).collect()
}
