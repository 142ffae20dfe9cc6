//! Stock rows: a table, and a log of levels that are newer than it. Placing an order changes rows all over the
//! table; to the log it adds a few bytes at the end of one page. The store keeps what the log says in memory,
//! and folds it into the table when it has grown, all in the transactions that commits run in anyway. Nothing
//! outside this file sees the two apart.

use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;
use stockroom::inventory::{Stock, StockRow};
use stockroom::{Error, ErrorKind, OrderNumber, Result, StockNumber};

use crate::error::During;
use crate::read::{one, prepared};
use crate::rows;

/// Level changes in the log from which it is folded into the table. Reading that many takes some ten
/// milliseconds, which is what opening the database costs at the most.
const FOLD_CHANGES: usize = 50_000;

const STOCK: &str = "sqlite.stock";

/// A level as the log keeps it: number, on-hand, unavailable, safety stock, held, allocated, backordered,
/// backorder limit, last claim.
type Level = (u64, i64, i64, i64, i64, i64, i64, i64, u64);

/// What the log says, in memory.
#[derive(Debug, Default)]
pub(crate) struct StockLog {
    levels: FxHashMap<StockNumber, Stock>,
    /// The first and the last row of the log that was taken in; 0 where it was empty.
    first: i64,
    last: i64,
    changes: usize,
    /// SQLite's `data_version` at which this was true; `None` where it is not.
    version: Option<i64>,
    /// Whether levels were taken in that are not committed yet.
    uncommitted: bool,
}

/// Levels to be written.
pub(crate) enum StockWrite {
    /// To the log, as one row.
    Log { number: i64, rows: Vec<StockRow> },
    /// To the table.
    Table(Vec<StockRow>),
}

impl StockLog {
    /// Brings the memory in step with the log, inside a transaction: reads what is new, or everything where
    /// another connection has folded.
    pub(crate) fn catch_up(&mut self, connection: &Connection, version: i64) -> Result<()> {
        if self.version == Some(version) {
            return Ok(());
        }
        let mut ends = connection
            .prepare_cached("SELECT coalesce(min(number), 0), coalesce(max(number), 0) FROM stockroom_stock_log")
            .during(STOCK)?;
        let (first, last): (i64, i64) = ends.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).during(STOCK)?;
        // Rows are numbered after events, so that a number never comes again after a fold.
        if self.version.is_none() || first != self.first || last < self.last {
            *self = StockLog::default();
        }
        self.version = None;
        let mut newer = connection
            .prepare_cached("SELECT levels FROM stockroom_stock_log WHERE number > ?1 ORDER BY number")
            .during(STOCK)?;
        let mut rows = newer.query([self.last]).during(STOCK)?;
        while let Some(row) = rows.next().during(STOCK)? {
            let levels: Vec<Level> = rows::json(row, 0).during(STOCK)?;
            self.changes += levels.len();
            for (number, stock) in levels.into_iter().map(stock) {
                if !stock.is_sound() {
                    let message = format!("the log says {stock:?} of stock row {}", number.0);
                    return Err(Error::new(ErrorKind::Corrupt, STOCK, message));
                }
                self.levels.insert(number, stock);
            }
        }
        (self.first, self.last) = (first, last);
        self.version = Some(version);
        Ok(())
    }

    /// Has everything read again, because the log may be another.
    pub(crate) fn distrust(&mut self) {
        self.version = None;
        self.uncommitted = false;
    }

    /// What was taken in is in the database.
    pub(crate) fn committed(&mut self) {
        self.uncommitted = false;
    }

    /// What was taken in since the last commit is not in the database.
    pub(crate) fn rolled_back(&mut self) {
        if self.uncommitted {
            self.distrust();
        }
    }

    /// A row, from the log or the table.
    pub(crate) fn read(
        &self,
        connection: &Connection,
        numbers: &[StockNumber],
        put: &mut dyn FnMut(StockNumber, Option<Stock>),
    ) -> Result<()> {
        let mut by_number = prepared(connection, rows::STOCK, "WHERE number = ?1")?;
        for number in numbers {
            let stock = match self.levels.get(number) {
                Some(stock) => Some(*stock),
                None => one(&mut by_number, [number.as_i64()], rows::stock)?.map(|row| row.stock),
            };
            put(*number, stock);
        }
        Ok(())
    }

    /// Rows of the table, as they are now. Every row has its place in the table from its first write on.
    pub(crate) fn overlay(&self, rows: &mut [StockRow]) {
        for row in rows {
            if let Some(stock) = self.levels.get(&row.number) {
                row.stock = *stock;
            }
        }
    }

    /// Takes levels in and says what to write. `number` is that of the write's last event.
    pub(crate) fn add(&mut self, number: u64, rows: Vec<StockRow>) -> StockWrite {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        if rows.is_empty() || number <= self.last {
            return StockWrite::Table(rows);
        }
        self.levels.extend(rows.iter().map(|row| (row.number, row.stock)));
        self.uncommitted = true;
        self.changes += rows.len();
        self.last = number;
        if self.first == 0 {
            self.first = number;
        }
        StockWrite::Log { number, rows }
    }

    /// Folds the log into the table, inside a transaction, if it has grown enough or must.
    pub(crate) fn fold(&mut self, connection: &Connection, must: bool) -> Result<()> {
        if self.levels.is_empty() || (self.changes < FOLD_CHANGES && !must) {
            return Ok(());
        }
        let mut rows: Vec<StockRow> =
            self.levels.iter().map(|(number, stock)| StockRow { number: *number, stock: *stock }).collect();
        rows.sort_unstable_by_key(|row| row.number);
        update(connection, &rows)?;
        connection.prepare_cached("DELETE FROM stockroom_stock_log").and_then(|mut s| s.execute([])).during(STOCK)?;
        *self = StockLog { version: self.version, uncommitted: true, ..StockLog::default() };
        Ok(())
    }
}

/// Levels as a row of the log.
fn levels(rows: &[StockRow]) -> String {
    let mut levels = String::with_capacity(48 * rows.len());
    for StockRow { number, stock } in rows {
        levels.push_str(if levels.is_empty() { "[[" } else { ",[" });
        let mut digits = itoa::Buffer::new();
        levels.push_str(digits.format(number.0));
        let fields = [
            stock.on_hand,
            stock.unavailable,
            stock.safety_stock,
            stock.held,
            stock.allocated,
            stock.backordered,
            stock.backorder_limit,
            stock.last_claim.as_i64(),
        ];
        for field in fields {
            levels.push(',');
            match u8::try_from(field) {
                // Most are zeros.
                Ok(digit @ 0..10) => levels.push(char::from(b'0' + digit)),
                _ => levels.push_str(digits.format(field)),
            }
        }
        levels.push(']');
    }
    levels.push(']');
    levels
}

fn stock(level: Level) -> (StockNumber, Stock) {
    let (number, on_hand, unavailable, safety_stock, held, allocated, backordered, backorder_limit, last_claim) = level;
    let stock = Stock {
        on_hand,
        unavailable,
        safety_stock,
        held,
        allocated,
        backordered,
        backorder_limit,
        last_claim: OrderNumber(last_claim),
    };
    (StockNumber(number), stock)
}

/// Writes changed levels.
pub(crate) fn write(connection: &Connection, write: &StockWrite) -> Result<()> {
    match write {
        StockWrite::Log { number, rows } => {
            let sql = "INSERT INTO stockroom_stock_log (number, levels) VALUES (?1, ?2)";
            let mut insert = connection.prepare_cached(sql).during(STOCK)?;
            insert.execute(params![number, levels(rows)]).map(|_| ()).during(STOCK)
        }
        StockWrite::Table(rows) => update(connection, rows),
    }
}

/// Inserts new rows.
pub(crate) fn insert(connection: &Connection, rows: &[StockRow]) -> Result<()> {
    let sql = "INSERT INTO stockroom_stock (number, on_hand, unavailable, safety_stock, held, allocated, backordered, \
               backorder_limit, last_claim) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    each(connection, sql, rows)
}

fn update(connection: &Connection, rows: &[StockRow]) -> Result<()> {
    let sql = "UPDATE stockroom_stock SET on_hand = ?2, unavailable = ?3, safety_stock = ?4, held = ?5, \
               allocated = ?6, backordered = ?7, backorder_limit = ?8, last_claim = ?9 WHERE number = ?1";
    each(connection, sql, rows)
}

fn each(connection: &Connection, sql: &str, rows: &[StockRow]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut statement = connection.prepare_cached(sql).during(STOCK)?;
    for StockRow { number, stock } in rows {
        let columns = [
            number.as_i64(),
            stock.on_hand,
            stock.unavailable,
            stock.safety_stock,
            stock.held,
            stock.allocated,
            stock.backordered,
            stock.backorder_limit,
            stock.last_claim.as_i64(),
        ];
        let written = statement.execute(columns).during(STOCK)?;
        crate::write::expect_one(written, "a stock row")?;
    }
    Ok(())
}
