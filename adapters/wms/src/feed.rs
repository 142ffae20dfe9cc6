//! A warehouse's stock feed, as JSON or CSV, as what [`NoteWarehouseStock`](stockroom::fulfillment::NoteWarehouseStock)
//! takes. It reads bytes that the host fetched; every fault is named with its line, and one fault means that nothing
//! of the feed is used: half a feed looks like a whole one.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use stockroom::fulfillment::{SkuLevel, WarehouseStock};
use stockroom::ids::{SKU_BYTES_MAX, name_fault};

use crate::dates::rfc3339_ms;
use crate::remote::{shown, unplaced};

/// The most levels of one command; a longer feed becomes several.
pub const LEVELS_MAX: usize = 10_000;
/// The most levels of a feed. More is taken for a mistake.
pub const FEED_LEVELS_MAX: usize = 5_000_000;
/// The most faults that are listed; the others are counted.
pub const FEED_FAULTS_MAX: usize = 100;

/// What is wrong with a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedError {
    /// The faults, at most [`FEED_FAULTS_MAX`], in the order of their lines.
    pub faults: Vec<FeedFault>,
    /// How many more there are.
    pub more: usize,
}

/// One fault of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedFault {
    /// The line that the entry begins on, from 1; 0 for the feed as a whole. JSON's levels have no lines of their own:
    /// there it is the place in the list, from 1, except for JSON that cannot be read at all.
    pub line: u64,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for FeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stock feed is not used")?;
        if let Some(first) = self.faults.first() {
            write!(f, ": line {}: {}", first.line, first.why)?;
        }
        let others = self.faults.len().saturating_sub(1) + self.more;
        if others > 0 { write!(f, " (and {others} more)") } else { Ok(()) }
    }
}

impl std::error::Error for FeedError {}

/// Reads a feed in JSON: `{"taken_at": …, "levels": [{"sku": …, "on_hand": …}]}`, as the answer to a stock check.
pub fn read_json(feed: &[u8]) -> Result<Vec<WarehouseStock>, FeedError> {
    #[derive(Deserialize)]
    struct Feed {
        taken_at: String,
        levels: Vec<serde_json::Value>,
    }
    #[derive(Deserialize)]
    struct Level {
        sku: String,
        on_hand: i64,
    }

    let feed: Feed = stockroom::read_json_bytes(without_mark(feed))
        .map_err(|fault| one(fault.line() as u64, shown(&fault.to_string(), &[])))?;
    let taken_at_ms = rfc3339_ms(&feed.taken_at).ok_or_else(|| one(0, "taken_at is no time in RFC 3339".to_owned()))?;
    let mut levels = Levels::default();
    for (place, level) in (1..).zip(feed.levels) {
        match stockroom::read_json::<Level>(&level.to_string()) {
            Ok(level) => levels.take(place, level.sku, level.on_hand),
            Err(fault) => levels.fault(place, shown(&unplaced(&fault), &[])),
        }
    }
    levels.commands(taken_at_ms)
}

/// Reads a feed in CSV (RFC 4180, UTF-8): a header with `sku` and `on_hand`, in any order and among others, then one
/// line a SKU. CSV says no time: `taken_at_ms` is when the warehouse wrote it, such as the file's time.
pub fn read_csv(feed: &[u8], taken_at_ms: i64) -> Result<Vec<WarehouseStock>, FeedError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(without_mark(feed));
    let header = reader.headers().map_err(|fault| csv_fault(&fault))?;
    let column = |name: &str| {
        let mut found = header.iter().enumerate().filter(|(_, title)| title.eq_ignore_ascii_case(name));
        match (found.next(), found.next()) {
            (Some((column, _)), None) => Ok(column),
            (None, _) => Err(one(1, format!("the header has no {name}"))),
            (Some(_), Some(_)) => Err(one(1, format!("the header has {name} twice"))),
        }
    };
    let (sku_column, on_hand_column) = (column("sku")?, column("on_hand")?);
    let mut levels = Levels::default();
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                let line = record.position().map_or(0, csv::Position::line);
                let (sku, on_hand) = (record.get(sku_column), record.get(on_hand_column));
                match (sku, on_hand.map(str::parse::<i64>)) {
                    (Some(sku), Some(Ok(on_hand))) => levels.take(line, sku.to_owned(), on_hand),
                    _ => levels.fault(line, "on_hand is no whole number".to_owned()),
                }
            }
            Err(fault) => match fault.kind() {
                // The reader stands behind such a line and can go on.
                csv::ErrorKind::Utf8 { pos: Some(position), .. }
                | csv::ErrorKind::UnequalLengths { pos: Some(position), .. } => {
                    levels.fault(position.line(), plain(&fault));
                }
                _ => return Err(csv_fault(&fault)),
            },
        }
    }
    levels.commands(taken_at_ms)
}

/// Levels as they are read.
#[derive(Default)]
struct Levels {
    levels: Vec<SkuLevel>,
    seen: HashSet<String>,
    faults: Vec<FeedFault>,
    more: usize,
}

impl Levels {
    fn take(&mut self, line: u64, sku: String, on_hand: i64) {
        if let Some(fault) = name_fault(&sku, SKU_BYTES_MAX) {
            self.fault(line, format!("the SKU {fault}"));
        } else if on_hand < 0 {
            self.fault(line, "on_hand is below 0".to_owned());
        } else if !self.seen.insert(sku.clone()) {
            self.fault(line, format!("the SKU {} stands there a second time", shown(&sku, &[])));
        } else if self.levels.len() >= FEED_LEVELS_MAX {
            self.fault(line, format!("there are more than {FEED_LEVELS_MAX} SKUs"));
        } else {
            self.levels.push(SkuLevel { sku, on_hand });
        }
    }

    fn fault(&mut self, line: u64, why: String) {
        if self.faults.len() < FEED_FAULTS_MAX {
            self.faults.push(FeedFault { line, why });
        } else {
            self.more += 1;
        }
    }

    fn commands(self, taken_at_ms: i64) -> Result<Vec<WarehouseStock>, FeedError> {
        if !self.faults.is_empty() {
            return Err(FeedError { faults: self.faults, more: self.more });
        }
        if self.levels.is_empty() {
            return Err(one(0, "there are no levels".to_owned()));
        }
        let mut commands = Vec::with_capacity(self.levels.len().div_ceil(LEVELS_MAX));
        let mut left = self.levels.into_iter();
        loop {
            let levels: Vec<SkuLevel> = left.by_ref().take(LEVELS_MAX).collect();
            if levels.is_empty() {
                break;
            }
            commands.push(WarehouseStock { taken_at_ms, levels });
        }
        Ok(commands)
    }
}

fn one(line: u64, why: String) -> FeedError {
    FeedError { faults: vec![FeedFault { line, why }], more: 0 }
}

/// Without the byte order mark that spreadsheets put in front.
fn without_mark(feed: &[u8]) -> &[u8] {
    feed.strip_prefix(b"\xef\xbb\xbf").unwrap_or(feed)
}

fn csv_fault(fault: &csv::Error) -> FeedError {
    one(fault.position().map_or(0, csv::Position::line), plain(fault))
}

fn plain(fault: &csv::Error) -> String {
    match fault.kind() {
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} fields, and the header has {expected_len}")
        }
        _ => shown(&fault.to_string(), &[]),
    }
}
