//! Command logs: one timed command a line, as JSON. The engine tells every command that it has committed; the same
//! commands at the same times give the same state, to the byte.

use std::fs::File;
use std::io::{self, BufRead, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stockroom::{Outcome, Stockroom, TimedCommand};
use stockroom_sqlite::SqliteStore;

use crate::progress::Progress;
use crate::run::BATCH;
use retail::{Failure, Result};

/// Writes a command log.
#[derive(Debug)]
pub(crate) struct TraceWriter {
    path: PathBuf,
    log: Arc<Mutex<Log>>,
}

/// The recorder can answer nothing, so that its first error waits here for the end of the run.
#[derive(Debug)]
struct Log {
    out: BufWriter<File>,
    failed: Option<io::Error>,
}

impl TraceWriter {
    /// Begins a log. A file that is there is replaced.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|error| Failure::new(path.display(), error))?;
        let log = Log { out: BufWriter::new(file), failed: None };
        Ok(TraceWriter { path: path.to_owned(), log: Arc::new(Mutex::new(log)) })
    }

    /// What the engine tells its commands to.
    pub(crate) fn recorder(&self) -> impl FnMut(&TimedCommand) + Send + use<> {
        let log = Arc::clone(&self.log);
        move |timed| locked(&log).write(timed)
    }

    /// Writes out what is left, and says whether anything went wrong on the way.
    pub(crate) fn finish(self) -> Result<()> {
        let mut log = locked(&self.log);
        let done = match log.failed.take() {
            Some(error) => Err(error),
            None => log.out.flush(),
        };
        done.map_err(|error| Failure::new(self.path.display(), error))
    }
}

impl Log {
    fn write(&mut self, timed: &TimedCommand) {
        if self.failed.is_none() {
            let line = serde_json::to_writer(&mut self.out, timed).map_err(io::Error::from);
            self.failed = line.and_then(|()| self.out.write_all(b"\n")).err();
        }
    }
}

fn locked(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What came of the commands of a log.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Commands read.
    pub(crate) commands: u64,
    /// Accepted ones among them.
    pub(crate) accepted: u64,
    /// Refused ones among them.
    pub(crate) rejected: u64,
    /// Commands that the database knew already, accepted or refused.
    pub(crate) repeated: u64,
}

/// Opens a log for reading, unpacking it where it is gzipped.
pub(crate) fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    retail::open(path)
}

/// Has every command of a log done again. It is read as it goes, so that its length does not matter.
pub(crate) fn rebuild(
    shop: &Stockroom<SqliteStore>,
    log: impl BufRead,
    path: &Path,
    progress: &Progress,
) -> Result<Counts> {
    let bar = progress.count("commands");
    let mut counts = Counts::default();
    let mut batch = Vec::with_capacity(BATCH);
    for (number, line) in (1_u64..).zip(log.lines()) {
        let at = |error: &dyn std::fmt::Display| Failure::new(format_args!("{}, line {number}", path.display()), error);
        let line = line.map_err(|error| at(&error))?;
        let timed =
            serde_json::from_str(&line).map_err(|error| at(&format_args!("is not a timed command: {error}")))?;
        batch.push(timed);
        if batch.len() >= BATCH {
            counts.execute(shop, &mut batch)?;
            bar.set_position(counts.commands);
        }
    }
    counts.execute(shop, &mut batch)?;
    bar.finish_and_clear();
    Ok(counts)
}

impl Counts {
    fn execute(&mut self, shop: &Stockroom<SqliteStore>, batch: &mut Vec<TimedCommand>) -> Result<()> {
        for reply in shop.execute_batch_at(std::mem::take(batch))? {
            self.commands += 1;
            self.repeated += u64::from(reply.repeated);
            match reply.outcome {
                Outcome::Accepted(_) => self.accepted += 1,
                Outcome::Rejected(_) => self.rejected += 1,
            }
        }
        Ok(())
    }
}
