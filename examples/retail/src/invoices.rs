//! Rows grouped into invoices, and invoices as the commands that they stand for. It decides nothing about stock or
//! validity: what is wrong with an order goes along, so that the engine refuses it with its own code.

use std::collections::{HashMap, HashSet};

use jiff::civil::DateTime;
use jiff::tz::Offset;
use sha2::{Digest, Sha256};
use stockroom::ids::{ID_BYTES_MAX, KEY_BYTES_MAX, name_fault};
use stockroom::{Code, Command, Fault, NewLine, NewOrder, ReceiveStock, ShipOrder, Source, StockLine};

use crate::decimal::{pence, units};
use crate::rows::Row;

/// The location that holds all the stock.
pub const LOCATION: &str = "main";

/// The channel that all orders come from.
pub const CHANNEL: &str = "web";

/// The currency of all prices.
const CURRENCY: &str = "GBP";

/// The invoices of a file, in the order of their first rows.
#[derive(Debug, Default, PartialEq)]
pub struct Invoices {
    list: Vec<Invoice>,
    /// Where each invoice stands in the list: its rows need not stand together.
    places: HashMap<String, usize>,
    /// Every SKU once, in the order of first mention.
    skus: Vec<String>,
    known_skus: HashSet<String>,
    rows: u64,
}

/// One invoice.
#[derive(Debug, PartialEq)]
pub struct Invoice {
    /// The time of its first row, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Its InvoiceNo.
    pub number: String,
    content: Content,
}

#[derive(Debug, PartialEq)]
enum Content {
    Order { lines: Vec<NewLine>, faults: Vec<Fault> },
    Return(Vec<StockLine>),
}

/// What a command is for, which says how its answer is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Registers the location or the channel.
    Ground,
    /// Registers a SKU.
    Sku,
    /// Puts a SKU's first units on hand.
    OpeningStock,
    /// Places an order.
    Order,
    /// Ships the order that the command before it places.
    Shipment,
    /// Puts the units of a return back on hand.
    Return,
    /// A row of a return that cannot be put back.
    ReturnedOddity,
}

impl Invoices {
    /// Adds a row, or says why no command can carry it.
    pub fn add(&mut self, row: &Row<'_>) -> Result<(), String> {
        self.rows += 1;
        let sku = row.stock_code.trim();
        if !sku.is_empty() && !self.known_skus.contains(sku) {
            self.known_skus.insert(sku.to_owned());
            self.skus.push(sku.to_owned());
        }
        let number = row.invoice.trim();
        let place = match self.places.get(number) {
            Some(place) => *place,
            None => {
                self.list.push(Invoice::new(number, time_ms(row.date)?));
                self.places.insert(number.to_owned(), self.list.len() - 1);
                self.list.len() - 1
            }
        };
        self.list[place].add(sku, row);
        Ok(())
    }

    /// How many invoices there are.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// How many rows they were read from.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Every SKU once, in the order of first mention.
    pub fn skus(&self) -> &[String] {
        &self.skus
    }

    /// When the first invoice was written.
    pub fn begin_at_ms(&self) -> Option<i64> {
        self.list.first().map(|invoice| invoice.at_ms)
    }
}

impl IntoIterator for Invoices {
    type Item = Invoice;
    type IntoIter = std::vec::IntoIter<Invoice>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl Invoice {
    fn new(number: &str, at_ms: i64) -> Self {
        let content = match number.starts_with('C') {
            true => Content::Return(Vec::new()),
            false => Content::Order { lines: Vec::new(), faults: Vec::new() },
        };
        Invoice { at_ms, number: number.to_owned(), content }
    }

    fn add(&mut self, sku: &str, row: &Row<'_>) {
        let sku = sku.to_owned();
        match &mut self.content {
            // A quantity that is no number counts as 0 here, which the engine takes as little as a negative one.
            Content::Return(lines) => {
                lines.push(StockLine { sku, quantity: -units(row.quantity).unwrap_or_default() });
            }
            Content::Order { lines, faults } => {
                // Text that is no integer of its unit cannot stand in the line. It is the host that knows of it,
                // so it goes along as a fault found by a rule of the host's, and the engine refuses the order.
                let index = lines.len();
                let mut fault = |field: &str, detail: String| {
                    faults.push(Fault { code: Code::HostRule, at: format!("lines[{index}].{field}"), detail });
                };
                let quantity = units(row.quantity).unwrap_or_else(|not| {
                    fault("quantity", format!("Quantity `{}` {not}", row.quantity));
                    0
                });
                let unit_price_minor = pence(row.unit_price).unwrap_or_else(|not| {
                    fault("unit_price_minor", format!("UnitPrice `{}` {not} in pence", row.unit_price));
                    0
                });
                lines.push(NewLine { sku, quantity, unit_price_minor });
            }
        }
    }

    /// The commands that the invoice stands for, each with what it is for.
    ///
    /// An order is followed by its shipment in the same batch, before anybody knows whether it will be accepted.
    /// So the log has everything in its true order and at its true time, and one commit still carries hundreds
    /// of commands. The price: the shipment of an order that was refused is refused too (`order_unknown`), and
    /// its key is remembered. Waiting for the answers and shipping a batch of orders afterwards would give the
    /// same stock, as shipping takes as many units from on-hand as from allocated, but would date shipments days
    /// too late.
    ///
    /// Of a return, every row stands for itself: goods lie on the table. Those with a SKU and a negative quantity
    /// go back on hand together. Any other row is sent alone: the engine refuses it with its code, and the rest
    /// of the return is not lost for it.
    pub fn into_commands(self) -> Vec<(Part, Command)> {
        let number = self.number;
        match self.content {
            Content::Order { lines, faults } => {
                let order = NewOrder {
                    id: number.clone(),
                    channel: CHANNEL.into(),
                    currency: CURRENCY.into(),
                    lines,
                    host_faults: faults,
                    ..NewOrder::default()
                };
                let ship = ShipOrder { order: number.clone(), ..ShipOrder::default() };
                // An order's id is its key, where it can be one.
                let place = match name_fault(&number, ID_BYTES_MAX) {
                    None => Command::from(order),
                    Some(_) => Command::from(order).with_key(key("order", &number)),
                };
                let ship = Command::from(ship).with_key(key("ship", &number));
                vec![(Part::Order, place), (Part::Shipment, ship)]
            }
            Content::Return(rows) => {
                let receive = |lines| ReceiveStock {
                    location: LOCATION.into(),
                    lines,
                    source: Source::Customer,
                    reference: Some(number.clone()),
                };
                let mut good = Vec::with_capacity(rows.len());
                let mut commands = Vec::new();
                for (index, line) in rows.into_iter().enumerate() {
                    if !line.sku.is_empty() && line.quantity > 0 {
                        good.push(line);
                        continue;
                    }
                    let key = key("return-row", &format!("{number}/{}", index + 1));
                    commands.push((Part::ReturnedOddity, Command::from(receive(vec![line])).with_key(key)));
                }
                if !good.is_empty() {
                    let whole = Command::from(receive(good)).with_key(key("return", &number));
                    commands.insert(0, (Part::Return, whole));
                }
                commands
            }
        }
    }
}

/// The idempotency key of the one effect of a kind that a name stands for. A name that makes no key is replaced
/// by its digest, so that the engine judges the name and not the key.
pub fn key(kind: &str, name: &str) -> String {
    let key = format!("replay/{kind}/{name}");
    match name_fault(&key, KEY_BYTES_MAX) {
        None => key,
        Some(_) => format!("replay/{kind}/{}", hex(&Sha256::digest(name))),
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A time such as `2010-12-01 08:26:00`, taken as UTC.
fn time_ms(text: &str) -> Result<i64, String> {
    let time = text.trim().parse::<DateTime>().and_then(|time| Offset::UTC.to_timestamp(time));
    let time = time.map_err(|_| format!("InvoiceDate `{text}` is not a time such as 2010-12-01 08:26:00"))?;
    Ok(time.as_millisecond())
}

#[cfg(test)]
mod tests {
    use stockroom::Action;

    use super::*;

    /// 2010-12-01 00:00:00 UTC.
    const DECEMBER_MS: i64 = 1_291_161_600_000;

    fn row<'a>(invoice: &'a str, stock_code: &'a str, quantity: &'a str, unit_price: &'a str) -> Row<'a> {
        Row { invoice, stock_code, quantity, date: "2010-12-01 08:26:00", unit_price }
    }

    fn grouped(rows: &[Row<'_>]) -> Invoices {
        let mut invoices = Invoices::default();
        rows.iter().for_each(|row| invoices.add(row).expect("a row with a time"));
        invoices
    }

    fn commands(rows: &[Row<'_>]) -> Vec<(Part, Command)> {
        grouped(rows).into_iter().flat_map(Invoice::into_commands).collect()
    }

    fn received(command: &Command) -> Vec<(&str, i64)> {
        match &command.action {
            Action::ReceiveStock(receive) => receive.lines.iter().map(|line| (&*line.sku, line.quantity)).collect(),
            _ => panic!("not a delivery: {command:?}"),
        }
    }

    #[test]
    fn invoices_run_in_the_order_and_at_the_time_of_their_first_rows() {
        let late = Row { date: "2010-12-01 09:00:00", ..row("1", "B", "1", "1") };
        let unread = Row { date: "whenever", ..row("1", "A", "1", "1") };
        let invoices = grouped(&[row("1", "A", "1", "1"), row("2", "A", "1", "1"), late, unread]);
        assert_eq!((invoices.count(), invoices.rows()), (2, 4));
        let invoices: Vec<_> = invoices.into_iter().map(|invoice| (invoice.number, invoice.at_ms)).collect();
        let at_ms = DECEMBER_MS + (8 * 60 + 26) * 60_000;
        assert_eq!(invoices, [("1".to_owned(), at_ms), ("2".to_owned(), at_ms)]);
    }

    #[test]
    fn every_sku_is_known_once_trimmed_with_its_case_kept() {
        let rows =
            [row("1", " B ", "1", "1"), row("1", "a", "x", "x"), row("C2", "A", "-1", "1"), row("3", " ", "1", "1")];
        assert_eq!(grouped(&rows).skus(), ["B", "a", "A"]);
        assert_eq!(grouped(&[row("1", "B", "1", "1"), row("1", "B ", "1", "1")]).skus(), ["B"]);
    }

    #[test]
    fn an_order_is_placed_and_shipped_with_what_is_wrong_with_it() {
        let commands = commands(&[row("1", "A", "2", "2.55"), row("1", "", "-3", "0.001"), row("1", "B", "few", "-1")]);
        let parts: Vec<_> = commands.iter().map(|(part, _)| *part).collect();
        assert_eq!(parts, [Part::Order, Part::Shipment]);
        let Action::PlaceOrder(order) = &commands[0].1.action else { panic!("not an order") };
        assert_eq!((&*order.id, &*order.channel, &*order.currency), ("1", "web", "GBP"));
        let lines: Vec<_> = order.lines.iter().map(|line| (&*line.sku, line.quantity, line.unit_price_minor)).collect();
        assert_eq!(lines, [("A", 2, 255), ("", -3, 0), ("B", 0, -100)]);
        let faults: Vec<_> = order.host_faults.iter().map(|fault| (&*fault.at, &*fault.detail)).collect();
        assert_eq!(
            faults,
            [
                ("lines[1].unit_price_minor", "UnitPrice `0.001` is not whole in pence"),
                ("lines[2].quantity", "Quantity `few` is not a decimal number"),
            ]
        );
    }

    #[test]
    fn a_return_puts_back_what_can_be_and_sends_other_rows_alone() {
        let rows = [("A", "-2"), ("", "-3"), ("B", "4"), ("B", "-5"), ("A", "0"), ("A", "some")];
        let rows: Vec<_> = rows.map(|(sku, quantity)| row("C1", sku, quantity, "1")).into();
        let commands = commands(&rows);
        let sent: Vec<_> = commands.iter().map(|(part, command)| (*part, received(command))).collect();
        assert_eq!(
            sent,
            [
                (Part::Return, vec![("A", 2), ("B", 5)]),
                (Part::ReturnedOddity, vec![("", 3)]),
                (Part::ReturnedOddity, vec![("B", -4)]),
                (Part::ReturnedOddity, vec![("A", 0)]),
                (Part::ReturnedOddity, vec![("A", 0)]),
            ]
        );
        let keys: HashSet<_> = commands.iter().map(|(_, command)| command.key.clone()).collect();
        assert_eq!(keys.len(), commands.len(), "each has a key of its own");
        assert_eq!(commands[0].1.key.as_deref(), Some("replay/return/C1"));
    }

    #[test]
    fn every_command_has_a_key_that_can_be_one() {
        let long = "9".repeat(200);
        for number in ["", "1", "a\u{1}b", &long] {
            for (part, command) in commands(&[row(number, "A", "1", "1")]) {
                let by_id = part == Part::Order && number == "1";
                assert_eq!(command.key.is_none(), by_id, "{number:?}");
                assert!(command.key.is_none_or(|key| name_fault(&key, KEY_BYTES_MAX).is_none()), "{number:?}");
            }
        }
        assert_ne!(key("sku", &long), key("sku", &format!("{long}9")));
    }

    #[test]
    fn times_are_utc_or_refused() {
        let table = [
            ("2010-12-01 00:00:00", Some(DECEMBER_MS)),
            ("2010-12-01T00:00:00", Some(DECEMBER_MS)),
            (" 2010-12-01 00:01 ", Some(DECEMBER_MS + 60_000)),
            ("2010-12-01 00:00:00.250", Some(DECEMBER_MS + 250)),
            // Day or month first? Better to ask than to guess.
            ("01/12/2010 08:26", None),
            ("2010-13-01 00:00:00", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(time_ms(text).ok(), expected, "{text:?}");
        }
    }
}
