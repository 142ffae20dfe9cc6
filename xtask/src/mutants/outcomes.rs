//! What is known of each mutant: every verdict is written down at once, so that a run that was stopped goes on where it
//! was, and the figures of them all. Which verdicts still stand after a change is decided here.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::build::Fate;
use super::list::Mutant;
use super::tree::Hashes;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Caught,
    /// It ran for ever, or nearly so: found as well.
    TimedOut,
    /// Every test passed.
    Missed,
    /// No test comes to its place, so that none can fail.
    Unreached,
}

/// A verdict as it is kept, one on a line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Outcome {
    pub(super) name: String,
    pub(super) verdict: Verdict,
    /// The test program that found it.
    pub(super) by: Option<String>,
    pub(super) seconds: f64,
    /// Hash of the file that was changed.
    pub(super) file: String,
    /// Hash of the core and of what its tests lean on.
    pub(super) all: String,
}

impl Outcome {
    /// Whether it says what another run would say. A mutant that was found is taken to be found as long as its own file
    /// stays as it is; one that was missed may be found by any new test.
    fn stands(&self, mutant: &Mutant, hashes: &Hashes) -> bool {
        match self.verdict {
            Verdict::Caught | Verdict::TimedOut => self.file == hashes.of_file(&mutant.file),
            Verdict::Missed | Verdict::Unreached => self.all == hashes.all,
        }
    }
}

/// The file of all verdicts; the last about a mutant counts.
pub(super) struct Book {
    path: PathBuf,
    file: File,
}

impl Book {
    pub(super) fn open(output: &Path) -> Result<Self> {
        let path = output.join("outcomes.jsonl");
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        Ok(Book { path, file })
    }

    pub(super) fn write(&mut self, outcome: &Outcome) -> Result<()> {
        let line = serde_json::to_string(outcome)? + "\n";
        self.file.write_all(line.as_bytes()).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// The verdicts of an output directory that stand.
pub(super) fn standing(output: &Path, mutants: &[Mutant], hashes: &Hashes) -> Result<BTreeMap<String, Outcome>> {
    let text = match fs::read_to_string(output.join("outcomes.jsonl")) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error.into()),
    };
    let known: BTreeMap<&str, &Mutant> = mutants.iter().map(|mutant| (mutant.name.as_str(), mutant)).collect();
    // The last line may be cut off where the run was.
    let outcomes = text.lines().filter_map(|line| serde_json::from_str::<Outcome>(line).ok());
    let outcomes = outcomes
        .filter(|outcome| known.get(outcome.name.as_str()).is_some_and(|mutant| outcome.stands(mutant, hashes)));
    Ok(outcomes.map(|outcome| (outcome.name.clone(), outcome)).collect())
}

/// The figures of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Score {
    caught: usize,
    timed_out: usize,
    missed: usize,
    unreached: usize,
    unviable: usize,
    not_woven: usize,
    left: usize,
}

impl Score {
    /// Counts mutants, each by its fate in the build and its verdict.
    pub(super) fn of<'a>(known: impl Iterator<Item = (Option<&'a Fate>, Option<Verdict>)>) -> Self {
        let mut score = Score::default();
        for (fate, verdict) in known {
            let count = match (verdict, fate) {
                (Some(Verdict::Caught), _) => &mut score.caught,
                (Some(Verdict::TimedOut), _) => &mut score.timed_out,
                (Some(Verdict::Missed), _) => &mut score.missed,
                (Some(Verdict::Unreached), _) => &mut score.unreached,
                (None, Some(Fate::Unviable)) => &mut score.unviable,
                (None, Some(Fate::NotWoven(_))) => &mut score.not_woven,
                (None, None) => &mut score.left,
            };
            *count += 1;
        }
        score
    }

    fn found(&self) -> usize {
        self.caught + self.timed_out
    }

    fn tried(&self) -> usize {
        self.found() + self.missed + self.unreached
    }

    /// As it is printed. What no test comes to counts against the tests.
    pub(super) fn told(&self) -> Value {
        let Score { caught, timed_out, missed, unreached, unviable, not_woven, left } = self;
        let percent = 100.0 * self.found() as f64 / self.tried().max(1) as f64;
        json!({ "mutants": {
            "tried": self.tried(), "caught": caught, "timed_out": timed_out, "missed": missed, "unreached": unreached,
            "unviable": unviable, "not_woven": not_woven, "left": left, "percent": percent,
        } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str, verdict: Verdict, file: &str, all: &str) -> Outcome {
        Outcome { name: name.into(), verdict, by: None, seconds: 0.5, file: file.into(), all: all.into() }
    }

    fn mutant(name: &str) -> Mutant {
        let at = json!({ "line": 1, "column": 1 });
        let said = json!({ "file": "a.rs", "name": name, "genre": "FnValue", "replacement": "", "span": { "start": at, "end": at } });
        serde_json::from_value(said).expect("a mutant")
    }

    #[test]
    fn what_was_found_stands_with_its_file_and_what_was_missed_with_everything() {
        let mut hashes = Hashes::default();
        hashes.all = "all".into();
        // Of a file that is not known the hash is empty.
        let cases = [
            (Verdict::Caught, "", "other", true),
            (Verdict::TimedOut, "", "other", true),
            (Verdict::Caught, "other", "all", false),
            (Verdict::Missed, "", "all", true),
            (Verdict::Missed, "", "other", false),
            (Verdict::Unreached, "", "other", false),
        ];
        for (verdict, file, all, expected) in cases {
            assert_eq!(outcome("a", verdict, file, all).stands(&mutant("a"), &hashes), expected, "{verdict:?}");
        }
    }

    #[test]
    fn verdicts_are_read_as_they_were_written() {
        let directory = std::env::temp_dir().join(format!("stockroom-outcomes-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("it can be made");
        let mut hashes = Hashes::default();
        hashes.all = "all".into();
        let mutants = [mutant("a"), mutant("b")];
        assert!(standing(&directory, &mutants, &hashes).expect("nothing").is_empty());
        let mut book = Book::open(&directory).expect("it opens");
        for (name, verdict) in [("a", Verdict::Missed), ("a", Verdict::Caught), ("gone", Verdict::Caught)] {
            book.write(&outcome(name, verdict, "", "all")).expect("it is written");
        }
        book.file.write_all(b"{\"name\":\"b\",\"verd").expect("it is written");
        let known = standing(&directory, &mutants, &hashes).expect("they are read");
        assert_eq!(
            known.into_iter().map(|(name, it)| (name, it.verdict)).collect::<Vec<_>>(),
            [("a".into(), Verdict::Caught)]
        );
        fs::remove_dir_all(&directory).expect("it can be removed");
    }

    #[test]
    fn what_compiles_and_is_not_found_counts_against_the_tests() {
        let (unviable, not_woven) = (Fate::Unviable, Fate::NotWoven(String::new()));
        let known = [
            (None, Some(Verdict::Caught)),
            (None, Some(Verdict::TimedOut)),
            (None, Some(Verdict::Missed)),
            (None, Some(Verdict::Unreached)),
            (Some(&unviable), None),
            (Some(&not_woven), None),
            // Tried the slow way.
            (Some(&not_woven), Some(Verdict::Caught)),
            (None, None),
        ];
        let told = Score::of(known.into_iter()).told();
        let expected = json!({ "mutants": {
            "tried": 5, "caught": 2, "timed_out": 1, "missed": 1, "unreached": 1, "unviable": 1, "not_woven": 1, "left": 1,
            "percent": 60.0,
        } });
        assert_eq!(told, expected);
    }
}
