//! Kills a till with -9 while it sells, at moments that nobody chose, and then asks whether every sale that it told is
//! there exactly once. It knows the till by its input and output alone; it may not look into the database.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;

use crate::process;

const KILLS: usize = 12;

/// How long a till sells before it is killed, in milliseconds.
const LIFE_MS: std::ops::Range<u64> = 40..400;

/// Opening stock of each article; more than can be sold.
const STOCK: i64 = 1_000_000;

/// What the till has said of sales, so far.
#[derive(Default)]
struct Told {
    sold: BTreeSet<String>,
    again: BTreeSet<String>,
}

/// A till program and the files that it works on.
struct Till {
    program: PathBuf,
    shop: PathBuf,
}

/// Runs the whole trial in an empty directory.
pub(super) fn survives(program: &Path, scratch: &Path) -> Result<()> {
    let till = Till { program: program.to_owned(), shop: scratch.join("killed.sqlite3") };
    let mut told = BTreeSet::new();
    let mut next = 0;
    for _ in 0..KILLS {
        let (sales, after) = till.sell_until_killed(next)?;
        ensure!(sales.again.is_empty(), "a sale that was new is told as repeated: {:?}", sales.again);
        told.extend(sales.sold);
        next = after;
    }
    ensure!(!told.is_empty(), "the till sold nothing before it was killed {KILLS} times");
    let sent: Vec<String> = (0..next).map(id).collect();

    // Everything is sent again: what was told is repeated, what was on its way is done now or was done.
    let second = till.sell(&sent)?;
    let lost: Vec<&String> = told.difference(&second.again).collect();
    ensure!(lost.is_empty(), "sales that were told are gone: {lost:?}");
    let third = till.sell(&sent)?;
    ensure!(third.sold.is_empty() && third.again.len() == sent.len(), "sent a third time: sold {:?}", third.sold);
    let placed = placed_by_journal(&fs::read_to_string(till.journal())?)?;
    let expected = sent.iter().map(|id| (id.clone(), 1)).collect::<BTreeMap<_, _>>();
    ensure!(placed == expected, "the journal tells of other sales: {placed:?}");
    let (waiting, done) = (next - told.len(), second.again.len() - told.len());
    println!("{} sales told through {KILLS} kills: each is there once", told.len());
    println!("{waiting} sales on their way when a kill came, {done} of them done before it: each is there once");
    Ok(())
}

fn id(number: usize) -> String {
    format!("s-{number}")
}

/// What the cashier does for one sale.
fn sale(id: &str) -> String {
    format!("mug\ntea 2\npay {id}\n")
}

impl Till {
    fn journal(&self) -> PathBuf {
        self.shop.with_extension("sqlite3.journal")
    }

    fn start(&self) -> Result<Child> {
        let mut command = Command::new(&self.program);
        command.arg(&self.shop).arg(STOCK.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.spawn().with_context(|| format!("cannot start {}", self.program.display()))
    }

    /// Sells from a number on until the till is killed at a random moment after its first answer. What it told, and the
    /// number after the last that was sent.
    fn sell_until_killed(&self, first: usize) -> Result<(Told, usize)> {
        let mut child = self.start()?;
        let mut input = child.stdin.take().context("a pipe")?;
        let mut output = BufReader::new(child.stdout.take().context("a pipe")?).lines();
        let (started, start) = mpsc::channel();
        // The cashier sells until nobody listens or answers any more.
        let cashier = thread::spawn(move || {
            let mut told = Told::default();
            let mut number = first;
            while input.write_all(sale(&id(number)).as_bytes()).is_ok() {
                number += 1;
                let is_end = |line: &String| line.starts_with("  total") || line.starts_with("refused");
                if output.by_ref().map_while(Result::ok).inspect(|line| told.note(line)).find(is_end).is_none() {
                    break;
                }
                // Starting takes its time; a till that is killed before it sells shows little.
                let _ = started.send(());
            }
            // What it said before it was killed counts, whenever it is read; what could not be written was cut, perhaps.
            output.map_while(Result::ok).for_each(|line| told.note(&line));
            (told, number + 1)
        });
        start.recv().context("the till ended by itself")?;
        thread::sleep(Duration::from_millis(random(LIFE_MS)));
        child.kill()?;
        let status = child.wait()?;
        ensure!(status.code().is_none(), "the till ended by itself before it was killed ({status})");
        cashier.join().map_err(|_| anyhow!("the cashier of the trial failed"))
    }

    /// Sells to the end, and looks at stock and verification.
    fn sell(&self, ids: &[String]) -> Result<Told> {
        let mut input: String = ids.iter().map(|id| sale(id)).collect();
        input.push_str("stock\n");
        let orders = self.shop.with_extension("input");
        fs::write(&orders, input)?;
        let mut command = Command::new(&self.program);
        command.arg(&self.shop).arg(STOCK.to_string()).stdin(fs::File::open(&orders)?);
        let text = process::capture(&mut command)?;
        let mut told = Told::default();
        text.lines().for_each(|line| told.note(line));
        let sales = i64::try_from(ids.len())?;
        for line in [format!("mug {}", STOCK - sales), format!("tea {}", STOCK - 2 * sales), "verify: ok".to_owned()] {
            let last = text.lines().rev().take(5).collect::<Vec<_>>();
            ensure!(last.contains(&line.as_str()), "after {sales} sales the till does not say `{line}`: {last:?}");
        }
        Ok(told)
    }
}

impl Told {
    fn note(&mut self, line: &str) {
        if let Some(id) = line.strip_prefix("sold ") {
            self.sold.insert(id.to_owned());
        } else if let Some(id) = line.strip_prefix("again ") {
            self.again.insert(id.to_owned());
        }
    }
}

/// How often each order was placed, as the journal tells it: an array of events a line, some cut by a kill, and events
/// may have come again with the same number.
fn placed_by_journal(journal: &str) -> Result<BTreeMap<String, usize>> {
    let mut events: BTreeMap<u64, Value> = BTreeMap::new();
    let whole = journal.lines().filter_map(|line| serde_json::from_str::<Vec<Value>>(line).ok());
    for event in whole.flatten() {
        let number = event["id"].as_str().and_then(|id| id.parse().ok()).context("an event without a number")?;
        let earlier = events.insert(number, event.clone());
        ensure!(earlier.is_none_or(|earlier| earlier == event), "event {number} came again as another");
    }
    let gap = (1..).zip(events.keys()).find(|(expected, found)| expected != *found);
    ensure!(gap.is_none(), "the journal has a gap: {gap:?}");
    let mut placed = BTreeMap::new();
    for event in events.values().filter(|event| event["type"] == "stockroom.order.allocated.v1") {
        *placed.entry(event["subject"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    Ok(placed)
}

/// A number that is another in each run: the moment of a kill is to be anybody's guess.
fn random(range: std::ops::Range<u64>) -> u64 {
    range.start + RandomState::new().hash_one(0) % (range.end - range.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: u64, subject: &str) -> String {
        format!(r#"{{"id":"{number}","type":"stockroom.order.allocated.v1","subject":"{subject}"}}"#)
    }

    #[test]
    fn a_journal_counts_each_event_once() {
        let journal = format!("\n[{}]\n[{},\n[{},{}]", event(1, "a"), event(2, "b"), event(1, "a"), event(2, "b"));
        let placed = placed_by_journal(&journal).expect("a sound journal");
        assert_eq!(placed, BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 1)]));

        let twice = format!("[{},{}]", event(1, "a"), event(2, "a"));
        assert_eq!(placed_by_journal(&twice).expect("sound")["a"], 2);
        let gap = format!("[{},{}]", event(1, "a"), event(3, "b"));
        assert!(placed_by_journal(&gap).is_err());
        let other = format!("[{}]\n[{}]", event(1, "a"), event(1, "b"));
        assert!(placed_by_journal(&other).is_err());
    }

    #[test]
    fn only_whole_words_of_the_till_are_noted() {
        let mut told = Told::default();
        for line in ["sold s-1", "again s-2", "  receipt 1", "refused s-3: the hold"] {
            told.note(line);
        }
        assert_eq!((told.sold.len(), told.again.len()), (1, 1));
    }

    #[test]
    fn a_random_number_is_in_its_range() {
        assert!((0..100).all(|_| LIFE_MS.contains(&random(LIFE_MS))));
    }
}
