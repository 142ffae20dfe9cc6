//! Wrong bits in real files: whatever is flipped in the database or its log, the engine says that something is wrong, or
//! answers as before. Every page of the database has a checksum that the store judges as it reads; SQLite's log has its own,
//! and ends where one is wrong. This counts what is found by opening, by a read, by a check alone, and by nothing.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rusqlite::Connection;
use stockroom::{Error, Stockroom};
use stockroom_conformance::{ChannelHistory, Random};
use stockroom_sqlite::{Durability, Options, SqliteStore};
use tempfile::TempDir;

use crate::scene::Shop;

/// What came of a flip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Found {
    /// Opening fails.
    AtOpen,
    /// A read fails.
    AtRead,
    /// No read fails; `verify` does, or finds a problem.
    AtVerify,
    /// `verify` finds nothing; SQLite's `integrity_check` does.
    AtCheck,
    /// Everything is answered as before, and `verify` finds nothing.
    Harmless,
    /// Commits at the end of the log are gone, and what is left is the sound state before them.
    Shortened,
    /// How much there is to sell is answered differently, and nothing says so.
    SilentStock,
    /// Something else is: a text, a price, an old event.
    Silent,
}

impl Found {
    pub(crate) const ALL: [Found; 8] = [
        Found::AtOpen,
        Found::AtRead,
        Found::AtVerify,
        Found::AtCheck,
        Found::Harmless,
        Found::Shortened,
        Found::SilentStock,
        Found::Silent,
    ];

    /// Whether this must not happen: a wrong answer that nothing speaks against, in the database one that only a check
    /// speaks against. A log may be shortened: damage to it looks as a power cut does.
    pub(crate) fn is_amiss(self, file: &str) -> bool {
        match self {
            Found::AtOpen | Found::AtRead | Found::Harmless => false,
            Found::Shortened | Found::AtVerify | Found::AtCheck => file == "database",
            Found::SilentStock | Found::Silent => true,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Found::AtOpen => "open",
            Found::AtRead => "read",
            Found::AtVerify => "verify",
            Found::AtCheck => "integrity_check",
            Found::Harmless => "harmless",
            Found::Shortened => "shortened",
            Found::SilentStock => "silent_stock",
            Found::Silent => "silent",
        }
    }
}

/// Files of a shop with rows of every kind, and what it answers.
pub(crate) struct Sound {
    database: Vec<u8>,
    log: Vec<u8>,
    answers: Vec<String>,
    /// The digest of the state, and of those before each of the last commits.
    digest: String,
    earlier: Vec<String>,
}

fn options() -> Options {
    Options { durability: Durability::Normal, busy_timeout_ms: 0, ..Options::default() }
}

fn open(path: &Path) -> Result<Shop, Error> {
    Ok(Stockroom::new(SqliteStore::open_with(path, &options())?, || 0))
}

/// How many of the answers, from the first, say how much there is to sell.
const STOCK_ANSWERS: usize = 13;

/// What a host asks for all day, as text.
fn reads(shop: &Shop) -> Result<Vec<String>, Error> {
    let mut answers = Vec::new();
    let mut keep = |answer: String| answers.push(answer);
    keep(format!("{:?}", shop.channel_availability("web", &["mug", "plate", "set"])?));
    for sku in ["mug", "plate", "Zebra", "cup"] {
        for location in ["main", "north", "Ost"] {
            keep(format!("{:?}", shop.available(sku, location)?));
        }
    }
    for number in 0..40 {
        for letter in ["o", "b", "s"] {
            keep(format!("{:?}", shop.order(&format!("{letter}-{number}"))?));
        }
        keep(format!("{:?}", shop.hold(&format!("h-{number}"))?));
    }
    keep(format!("{:?}", shop.events(0, u32::MAX)?));
    Ok(answers)
}

impl Sound {
    /// Most of it in the database, the last commits in the log.
    pub(crate) fn new() -> Self {
        let place = TempDir::new().expect("a directory");
        let path = place.path().join("shop.sqlite3");
        let history: Vec<_> = ChannelHistory::new(41).take(700).collect();
        let (most, last) = history.split_at(600);
        let shop = open(&path).expect("opens");
        shop.execute_batch_at(most.to_vec()).expect("done");
        drop(shop);
        let shop = open(&path).expect("opens");
        let mut digests = vec![shop.digest().expect("reads").to_string()];
        for commands in last.chunks(10) {
            shop.execute_batch_at(commands.to_vec()).expect("done");
            digests.push(shop.digest().expect("reads").to_string());
        }
        let digest = digests.pop().unwrap_or_default();
        let [database, log] = ["shop.sqlite3", "shop.sqlite3-wal"]
            .map(|name| fs::read(place.path().join(name)).expect("the files are there"));
        Sound { database, log, answers: reads(&shop).expect("reads"), digest, earlier: digests }
    }

    /// Flips one to four bits, in the database or, one time in four, in the log, and says how it is found.
    pub(crate) fn flip(&self, seed: u64) -> Result<(&'static str, Found), String> {
        let mut random = Random::new(seed);
        let (mut database, mut log) = (self.database.clone(), self.log.clone());
        let in_log = random.percent(25);
        let bytes = if in_log { &mut log } else { &mut database };
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] ^= 1 << random.below(8);
        }
        let place = TempDir::new().map_err(|error| error.to_string())?;
        let path = place.path().join("shop.sqlite3");
        let write = |name: &str, bytes: &[u8]| fs::write(place.path().join(name), bytes).map_err(|e| e.to_string());
        write("shop.sqlite3", &database)?;
        write("shop.sqlite3-wal", &log)?;
        let found = catch_unwind(AssertUnwindSafe(|| self.found(&path)));
        Ok((if in_log { "log" } else { "database" }, found.map_err(|_| "panicked".to_owned())?))
    }

    fn found(&self, path: &Path) -> Found {
        let Ok(shop) = open(path) else { return Found::AtOpen };
        let (answers, digest) = match (reads(&shop), shop.digest()) {
            (Ok(answers), Ok(digest)) => (answers, digest.to_string()),
            _ => return Found::AtRead,
        };
        if !shop.verify().is_ok_and(|report| report.is_ok()) {
            return Found::AtVerify;
        }
        if answers == self.answers && digest == self.digest {
            Found::Harmless
        } else if self.earlier.contains(&digest) {
            Found::Shortened
        } else {
            drop(shop);
            let check = Connection::open(path).and_then(|connection| {
                connection.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0))
            });
            match check.is_ok_and(|report| report == "ok") {
                false => Found::AtCheck,
                true if answers[..STOCK_ANSWERS] != self.answers[..STOCK_ANSWERS] => Found::SilentStock,
                true => Found::Silent,
            }
        }
    }
}
