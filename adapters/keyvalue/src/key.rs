//! Keys: the table's name, and then the parts that order its rows. They are printable ASCII, and their order as bytes
//! (and as JavaScript's texts) is that of the rows, part by part.

use stockroom::engine::{RecordKey, RecordKind};
use stockroom::inventory::Backorder;

/// Stands before each part. Lower than anything in one, so that a shorter part comes first.
const SEPARATOR: char = '!';
/// Stands for bytes from here down, written as two digits after it.
const LOW: char = '#';
/// Stands for bytes from here up, written as two digits after it.
const HIGH: char = '~';

/// A key, part by part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    /// The first part: the table.
    pub(crate) fn of(table: &str) -> Self {
        Key(table.to_owned())
    }

    /// A number as a part.
    pub(crate) fn number(mut self, number: u64) -> Self {
        self.0.push_str(&format!("{SEPARATOR}{number:016x}"));
        self
    }

    /// A time, which may lie before 1970.
    pub(crate) fn time(self, at_ms: i64) -> Self {
        self.number((at_ms as u64) ^ (1 << 63))
    }

    /// A text as a part.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.push(SEPARATOR);
        for byte in text.bytes() {
            match char::from(byte) {
                low if low <= LOW => self.0.push_str(&format!("{LOW}{byte:02x}")),
                high if high >= HIGH => self.0.push_str(&format!("{HIGH}{byte:02x}")),
                plain => self.0.push(plain),
            }
        }
        self
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The first key after this one and after all that begin with it and a further part.
    pub(crate) fn end(&self) -> String {
        format!("{}{}", self.0, char::from(SEPARATOR as u8 + 1))
    }

    /// The first key that begins with this one and a further part.
    pub(crate) fn begin(&self) -> String {
        format!("{}{SEPARATOR}", self.0)
    }

    /// Before all keys after this one, and after it: no key goes on with anything lower. Some databases' texts hold no zero
    /// bytes, which would be the nearest.
    pub(crate) fn next(&self) -> String {
        self.begin()
    }
}

impl From<Key> for String {
    fn from(key: Key) -> String {
        key.0
    }
}

/// The key of a line that waits.
pub(crate) fn backorder(place: &Backorder) -> Key {
    Key::of("backorder").number(place.stock.0).number(place.since).number(place.order.0).number(place.line.into())
}

/// The table of a kind of records.
pub(crate) fn table(kind: RecordKind) -> Key {
    Key::of(kind.name())
}

/// The key of a record.
pub(crate) fn record(key: &RecordKey) -> Key {
    let table = table(key.kind());
    match key {
        RecordKey::Destination(name) | RecordKey::ChannelSettings(name) => table.text(name),
        RecordKey::Delivery(name, number) => table.text(name).number(*number),
        RecordKey::Warehouse(location) => table.number(location.0),
        RecordKey::Fulfillment(order, sequence) => table.number(order.0).number((*sequence).into()),
        RecordKey::Listing(channel, sku) => table.text(channel).number(sku.0),
        RecordKey::ListedSku(sku) => table.number(sku.0),
        RecordKey::Message(first, second)
        | RecordKey::ListedItem(first, second)
        | RecordKey::TakenOrder(first, second) => table.text(first).text(second),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_order_of_what_they_are_made_of() {
        let texts = [
            "",
            "\0",
            "\t",
            " ",
            "!",
            "\"",
            "#",
            "#00",
            "$",
            "-",
            "0",
            "A",
            "a",
            "a\0",
            "a b",
            "a!",
            "a-b",
            "ab",
            "b",
            "}",
            "~",
            "~ff",
            "\u{7f}",
            "é",
            "z\u{ffff}",
            "\u{ffff}",
            "\u{10000}",
        ];
        for one in texts {
            for other in texts {
                let key = |text: &str, number| String::from(Key::of("table").text(text).number(number));
                assert!(key(one, 0).bytes().all(|byte| byte.is_ascii_graphic()), "{one:?}");
                assert_eq!((one, 3).cmp(&(other, 10)), key(one, 3).cmp(&key(other, 10)), "{one:?} {other:?}");
            }
        }
        let times = [i64::MIN, -1, 0, 1, i64::MAX];
        assert!(times.map(|at_ms| String::from(Key::of("table").time(at_ms))).is_sorted());
    }

    #[test]
    fn a_table_ends_before_the_next_begins() {
        let inside = Key::of("order").text("zz").number(u64::MAX);
        for other in [Key::of("order"), Key::of("order_id").text(""), Key::of("orders").text("\0")] {
            let (begin, end) = (Key::of("order").begin(), Key::of("order").end());
            assert!(begin.as_str() <= inside.as_str() && inside.as_str() < end.as_str());
            assert!(!(begin.as_str()..end.as_str()).contains(&other.as_str()), "{other:?}");
        }
        assert!(inside.as_str() < inside.next().as_str());
        assert!(inside.next() <= String::from(inside.number(0)));
    }
}
