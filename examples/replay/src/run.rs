//! Having the commands done, in batches, and counting the answers. What a refusal means for the run is said here:
//! a refused order is a figure, a refused shipment of an accepted order ends the run.

use std::collections::BTreeMap;

use stockroom::{
    Answer, Code, Command, Outcome, ReceiveStock, RegisterChannel, RegisterLocation, RegisterSku, Rejection, Reply,
    StockLine, Stockroom, TimedCommand,
};
use stockroom_sqlite::SqliteStore;

use crate::progress::Progress;
use retail::{CHANNEL, Failure, Invoices, LOCATION, Part, Result, key};

/// Commands that one commit carries, or a few more: an invoice is not cut in two.
pub(crate) const BATCH: usize = 500;

/// What came of the commands. Repeated answers count as the first ones did, so that a second run over the same
/// database comes to the same figures.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Rows of the file.
    pub(crate) rows: u64,
    /// Invoices of the file.
    pub(crate) invoices: u64,
    /// SKUs that the engine does not take as a name.
    pub(crate) skus_refused: u64,
    /// Orders accepted, and shipped whole.
    pub(crate) orders_accepted: u64,
    /// Orders refused, by code.
    pub(crate) orders_rejected: BTreeMap<Code, u64>,
    /// Units shipped. Sums of many orders can pass 64 bits, if only in a file made for it.
    pub(crate) units_shipped: i128,
    /// The sum of quantity × price of the accepted orders, in pence.
    pub(crate) value_minor: i128,
    /// Returns of which something was put back.
    pub(crate) returns: u64,
    /// Units put back.
    pub(crate) units_returned: i128,
    /// Commands for returns that were refused: a whole return, or one of its rows.
    pub(crate) returns_refused: u64,
    /// Commands sent.
    pub(crate) commands: u64,
    /// Commands that had been done before, and changed nothing now.
    pub(crate) repeated: u64,
}

impl Tally {
    /// Orders refused because of the stock: code 5xx.
    pub(crate) fn rejected_stock(&self) -> u64 {
        self.orders_rejected.iter().filter(|(code, _)| code.number() >= 500).map(|(_, count)| count).sum()
    }

    /// Orders refused because of what they say.
    pub(crate) fn rejected_invalid(&self) -> u64 {
        self.orders_rejected.values().sum::<u64>() - self.rejected_stock()
    }

    /// Counts one answer. `placed` goes from an order to its shipment.
    fn take(&mut self, part: Part, reply: &Reply, placed: &mut bool) -> std::result::Result<(), Rejection> {
        self.commands += 1;
        self.repeated += u64::from(reply.repeated);
        let answer = match &reply.outcome {
            // The key or the id is taken by something else: this database holds another history.
            Outcome::Rejected(rejection) if matches!(rejection.code, Code::KeyReused | Code::OrderExists) => {
                return Err(rejection.clone());
            }
            Outcome::Accepted(answer) => Ok(answer),
            Outcome::Rejected(rejection) => Err(rejection),
        };
        match (part, answer) {
            (Part::Order, Ok(Answer::OrderPlaced(order))) => {
                self.orders_accepted += 1;
                self.value_minor += i128::from(order.value_minor);
            }
            (Part::Order, Err(rejection)) => *self.orders_rejected.entry(rejection.code).or_default() += 1,
            (Part::Shipment, Ok(Answer::OrderChanged(order))) => self.units_shipped += i128::from(order.units),
            (Part::Shipment, Err(_)) if !*placed => {}
            (Part::Return, Ok(Answer::Moved(moved))) => {
                self.returns += 1;
                self.units_returned += i128::from(moved.difference);
            }
            (Part::Return | Part::ReturnedOddity, Err(_)) => self.returns_refused += 1,
            // A name that the engine does not take: the orders for it are refused in their turn.
            (Part::Sku, Err(rejection)) if rejection.code == Code::IdInvalid => self.skus_refused += 1,
            (Part::OpeningStock, Err(rejection)) if rejection.code == Code::IdInvalid => {}
            (_, Ok(_)) => {}
            (_, Err(rejection)) => return Err(rejection.clone()),
        }
        *placed = part == Part::Order && answer.is_ok();
        Ok(())
    }
}

/// A replay under way.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    shop: &'a Stockroom<SqliteStore>,
    batch: Vec<TimedCommand>,
    /// What each command of the batch is for, and a name for it in messages.
    parts: Vec<(Part, String)>,
    tally: Tally,
}

impl<'a> Run<'a> {
    /// Nothing is done yet.
    pub(crate) fn new(shop: &'a Stockroom<SqliteStore>) -> Self {
        Run { shop, batch: Vec::new(), parts: Vec::new(), tally: Tally::default() }
    }

    /// Registers what the invoices name, and puts the first units of every SKU on hand.
    pub(crate) fn set_up(&mut self, invoices: &Invoices, stock: i64, progress: &Progress) -> Result<()> {
        (self.tally.rows, self.tally.invoices) = (invoices.rows(), invoices.count() as u64);
        let Some(at_ms) = invoices.begin_at_ms() else {
            return Ok(());
        };
        let location = RegisterLocation { location: LOCATION.into() };
        self.push(at_ms, Part::Ground, LOCATION, Command::from(location).with_key(key("location", LOCATION)));
        let locations = vec![LOCATION.to_owned()];
        let channel = RegisterChannel { channel: CHANNEL.into(), locations, ..RegisterChannel::default() };
        self.push(at_ms, Part::Ground, CHANNEL, Command::from(channel).with_key(key("channel", CHANNEL)));
        let bar = progress.bar("SKUs", invoices.skus().len() as u64);
        for sku in invoices.skus() {
            let register = RegisterSku { sku: sku.clone(), components: None };
            self.push(at_ms, Part::Sku, sku, Command::from(register).with_key(key("sku", sku)));
            // No delivery is of no units.
            if stock > 0 {
                let lines = vec![StockLine { sku: sku.clone(), quantity: stock }];
                let opening = ReceiveStock { location: LOCATION.into(), lines, ..ReceiveStock::default() };
                self.push(at_ms, Part::OpeningStock, sku, Command::from(opening).with_key(key("opening", sku)));
            }
            if self.batch.len() >= BATCH {
                self.flush()?;
            }
            bar.inc(1);
        }
        self.flush()?;
        bar.finish_and_clear();
        Ok(())
    }

    /// Has the invoices done, in their order.
    pub(crate) fn invoices(&mut self, invoices: Invoices, progress: &Progress) -> Result<()> {
        let bar = progress.bar("invoices", invoices.count() as u64);
        for invoice in invoices {
            let (at_ms, number) = (invoice.at_ms, invoice.number.clone());
            for (part, command) in invoice.into_commands() {
                self.push(at_ms, part, &number, command);
            }
            if self.batch.len() >= BATCH {
                self.flush()?;
            }
            bar.inc(1);
        }
        self.flush()?;
        bar.finish_and_clear();
        Ok(())
    }

    /// What came of it.
    pub(crate) fn finish(self) -> Tally {
        self.tally
    }

    fn push(&mut self, at_ms: i64, part: Part, name: &str, command: Command) {
        self.batch.push(TimedCommand { at_ms, command });
        self.parts.push((part, name.to_owned()));
    }

    /// Has the batch done in one commit.
    fn flush(&mut self) -> Result<()> {
        let replies = self.shop.execute_batch_at(std::mem::take(&mut self.batch))?;
        let mut placed = false;
        for ((part, name), reply) in self.parts.drain(..).zip(&replies) {
            self.tally.take(part, reply, &mut placed).map_err(|rejection| unexpected(part, &name, &rejection))?;
        }
        Ok(())
    }
}

/// A refusal that the run cannot go on after.
fn unexpected(part: Part, name: &str, rejection: &Rejection) -> Failure {
    let what = match part {
        Part::Ground => "registering",
        Part::Sku => "registering the SKU",
        Part::OpeningStock => "the opening stock of",
        Part::Order => "the order",
        Part::Shipment => "shipping the order",
        Part::Return | Part::ReturnedOddity => "the return",
    };
    let advice = match rejection.code {
        Code::KeyReused | Code::OrderExists => {
            " (the database holds another history: use the same file and the same --stock as before, or another --db)"
        }
        _ => "",
    };
    Failure::new(format_args!("{what} {name}"), format_args!("{rejection}{advice}"))
}
