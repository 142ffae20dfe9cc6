//! Reading a store from end to end, page by page.

use crate::engine::records::RecordKind;
use crate::error::{Error, ErrorKind, Result};
use crate::ports::{Page, Rows, Store};

/// Rows read at a time.
const PAGE: u32 = 1_000;

/// The kinds of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Skus,
    Locations,
    Channels,
    Stock,
    Holds,
    Backorders,
    Movements,
    Orders,
    Events,
    Keys,
    Subscriptions,
    Records(RecordKind),
}

impl Kind {
    /// Every kind, in the order of the digest.
    pub(crate) const ALL: &'static [Kind] = &[
        Kind::Skus,
        Kind::Locations,
        Kind::Channels,
        Kind::Stock,
        Kind::Holds,
        Kind::Backorders,
        Kind::Movements,
        Kind::Orders,
        Kind::Events,
        Kind::Keys,
        Kind::Subscriptions,
        Kind::Records(RecordKind::Destination),
        Kind::Records(RecordKind::Delivery),
        Kind::Records(RecordKind::Warehouse),
        Kind::Records(RecordKind::Fulfillment),
        Kind::Records(RecordKind::Message),
        Kind::Records(RecordKind::ChannelSettings),
        Kind::Records(RecordKind::Listing),
        Kind::Records(RecordKind::ListedItem),
        Kind::Records(RecordKind::ListedSku),
        Kind::Records(RecordKind::TakenOrder),
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Skus => "skus",
            Kind::Locations => "locations",
            Kind::Channels => "channels",
            Kind::Stock => "stock",
            Kind::Holds => "holds",
            Kind::Backorders => "backorders",
            Kind::Movements => "movements",
            Kind::Orders => "orders",
            Kind::Events => "events",
            Kind::Keys => "keys",
            Kind::Subscriptions => "subscriptions",
            Kind::Records(kind) => kind.name(),
        }
    }

    fn first_page(self) -> Page {
        match self {
            Kind::Skus => Page::Skus(0),
            Kind::Locations => Page::Locations(0),
            Kind::Channels => Page::Channels(String::new()),
            Kind::Stock => Page::Stock(0),
            Kind::Holds => Page::Holds(0),
            Kind::Backorders => Page::Backorders(None),
            Kind::Movements => Page::Movements(0),
            Kind::Orders => Page::Orders(0),
            Kind::Events => Page::Events(0),
            Kind::Keys => Page::Keys(String::new()),
            Kind::Subscriptions => Page::Subscriptions(String::new()),
            Kind::Records(kind) => Page::Records(kind, None),
        }
    }
}

/// The page after these rows; `None` where there were none.
fn next_page(rows: &Rows) -> Option<Page> {
    Some(match rows {
        Rows::Skus(rows) => Page::Skus(rows.last()?.number.0),
        Rows::Locations(rows) => Page::Locations(rows.last()?.number.0),
        Rows::Channels(rows) => Page::Channels(rows.last()?.channel.to_string()),
        Rows::Stock(rows) => Page::Stock(rows.last()?.number.0),
        Rows::Holds(rows) => Page::Holds(rows.last()?.number),
        Rows::Backorders(rows) => Page::Backorders(Some(*rows.last()?)),
        Rows::Movements(rows) => Page::Movements(rows.last()?.number),
        Rows::Orders(rows) => Page::Orders(rows.last()?.number.0),
        Rows::Events(rows) => Page::Events(rows.last()?.number),
        Rows::Keys(rows) => Page::Keys(rows.last()?.key.clone()),
        Rows::Subscriptions(rows) => Page::Subscriptions(rows.last()?.subscription.clone()),
        Rows::Records(rows) => Page::Records(rows.last()?.kind(), Some(rows.last()?.key())),
    })
}

/// Hands over every row of a kind, in the order of the keys.
pub(crate) fn each_page<S: Store>(store: &mut S, kind: Kind, take: &mut dyn FnMut(Rows) -> Result<()>) -> Result<()> {
    let mut page = kind.first_page();
    loop {
        let rows = store.page(&page, PAGE)?;
        let Some(next) = next_page(&rows) else {
            return Ok(());
        };
        if next <= page {
            // A damaged file can hold keys in any order; reading on would never end.
            let message = format!("the {} are not in the order of their keys", kind.name());
            return Err(Error::new(ErrorKind::Corrupt, "store.page", message));
        }
        take(rows)?;
        page = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_record_is_read() {
        let records = Kind::ALL.iter().filter_map(|kind| match kind {
            Kind::Records(kind) => Some(*kind),
            _ => None,
        });
        assert_eq!(records.collect::<Vec<_>>(), RecordKind::ALL);
    }
}
