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
    /// The tests passed that were run; others are still to come.
    Open,
    /// No test comes to its place, so that none can fail.
    Unreached,
    /// It does not compile, which showed only when it was tried with a build of its own.
    Unviable,
}

impl Verdict {
    /// Of a mutant that so many programs come to and none has found, while some of them have not tried it.
    pub(super) fn where_none_found(reaching: usize, not_tried: usize) -> Self {
        match (reaching, not_tried) {
            (0, _) => Verdict::Unreached,
            (_, 0) => Verdict::Missed,
            _ => Verdict::Open,
        }
    }
}

/// What is known of a mutant, one on a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Outcome {
    pub(super) name: String,
    pub(super) verdict: Verdict,
    /// The test program that found it.
    pub(super) by: Option<String>,
    /// The test programs that did not, each with the hash of its suite.
    #[serde(default)]
    pub(super) passed: BTreeMap<String, String>,
    pub(super) seconds: f64,
    /// Hash of the file that was changed.
    pub(super) file: String,
}

impl Outcome {
    /// What of it is still so. A mutant that was found, or passed a suite, is taken to be so as long as its own file and
    /// the suite stay as they are: what changes elsewhere seldom matters.
    fn still(mut self, mutant: &Mutant, hashes: &Hashes) -> Option<Self> {
        if self.file != hashes.of_file(&mutant.file) {
            return None;
        }
        let known = self.passed.len();
        self.passed.retain(|suite, hash| *hash == hashes.of_suite(suite));
        if self.verdict == Verdict::Missed && (self.passed.len() < known || known == 0) {
            self.verdict = Verdict::Open;
        }
        Some(self)
    }

    /// Whether it was found, or cannot be.
    pub(super) fn is_final(&self) -> bool {
        matches!(self.verdict, Verdict::Caught | Verdict::TimedOut | Verdict::Unviable)
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
    let outcomes = outcomes.filter_map(|outcome| {
        let mutant = *known.get(outcome.name.as_str())?;
        outcome.still(mutant, hashes)
    });
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
    open: usize,
    left: usize,
}

impl Score {
    /// Counts mutants, each by its fate in the build and its verdict.
    pub(super) fn of<'a>(known: impl Iterator<Item = (Option<&'a Fate>, Option<Verdict>)>) -> Self {
        let mut score = Score::default();
        for (fate, verdict) in known {
            let count = match (verdict, fate) {
                (Some(Verdict::Unviable), _) => &mut score.unviable,
                (Some(Verdict::Open), _) => &mut score.open,
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

    /// As it is printed. What no test comes to counts against the tests, and so does what none has found so far.
    pub(super) fn told(&self) -> Value {
        let Score { caught, timed_out, missed, unreached, unviable, not_woven, open, left } = self;
        let percent = 100.0 * self.found() as f64 / (self.tried() + open).max(1) as f64;
        json!({ "mutants": {
            "tried": self.tried(), "caught": caught, "timed_out": timed_out, "missed": missed, "unreached": unreached,
            "unviable": unviable, "not_woven": not_woven, "open": open, "left": left, "percent": percent,
        } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str, verdict: Verdict, file: &str, passed: &[(&str, &str)]) -> Outcome {
        let passed = passed.iter().map(|(suite, hash)| ((*suite).into(), (*hash).into())).collect();
        Outcome { name: name.into(), verdict, by: None, passed, seconds: 0.5, file: file.into() }
    }

    fn mutant(name: &str) -> Mutant {
        let at = json!({ "line": 1, "column": 1 });
        let said = json!({ "file": "a.rs", "name": name, "genre": "FnValue", "replacement": "", "span": { "start": at, "end": at } });
        serde_json::from_value(said).expect("a mutant")
    }

    #[test]
    fn a_mutant_is_missed_when_all_have_tried_it() {
        let cases = [((0, 0), Verdict::Unreached), ((3, 0), Verdict::Missed), ((3, 1), Verdict::Open)];
        for ((reaching, not_tried), expected) in cases {
            assert_eq!(Verdict::where_none_found(reaching, not_tried), expected);
        }
    }

    #[test]
    fn a_verdict_stands_with_its_file_and_what_it_passed_with_the_suites() {
        let hashes = Hashes::default();
        let now = hashes.of_suite("events");
        let (stays, changed) = ([("events", now.as_str())], [("events", now.as_str()), ("steps", "other")]);
        // Of a file that is not known the hash is empty.
        let cases: [(Verdict, &str, &[_], Option<Verdict>); 7] = [
            (Verdict::Caught, "", &changed, Some(Verdict::Caught)),
            (Verdict::TimedOut, "", &stays, Some(Verdict::TimedOut)),
            (Verdict::Caught, "other", &stays, None),
            (Verdict::Missed, "", &stays, Some(Verdict::Missed)),
            (Verdict::Missed, "", &changed, Some(Verdict::Open)),
            (Verdict::Missed, "", &[], Some(Verdict::Open)),
            (Verdict::Missed, "other", &stays, None),
        ];
        for (verdict, file, passed, expected) in cases {
            let still = outcome("a", verdict, file, passed).still(&mutant("a"), &hashes);
            assert_eq!(still.as_ref().map(|it| it.verdict), expected, "{verdict:?} {file} {passed:?}");
            assert!(still.is_none_or(|it| !it.passed.contains_key("steps")));
        }
    }

    #[test]
    fn verdicts_are_read_as_they_were_written() {
        let directory = std::env::temp_dir().join(format!("stockroom-outcomes-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("it can be made");
        let hashes = Hashes::default();
        let mutants = [mutant("a"), mutant("b")];
        assert!(standing(&directory, &mutants, &hashes).expect("nothing").is_empty());
        let mut book = Book::open(&directory).expect("it opens");
        let caught = outcome("a", Verdict::Caught, "", &[("events", &hashes.of_suite("events"))]);
        for outcome in [outcome("a", Verdict::Open, "", &[]), caught.clone(), outcome("gone", Verdict::Caught, "", &[])]
        {
            book.write(&outcome).expect("it is written");
        }
        book.file.write_all(b"{\"name\":\"b\",\"verd").expect("it is written");
        let known = standing(&directory, &mutants, &hashes).expect("they are read");
        assert_eq!(known.into_values().collect::<Vec<_>>(), [caught]);
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
            (Some(&not_woven), Some(Verdict::Unviable)),
            (None, None),
            (None, Some(Verdict::Open)),
        ];
        let told = Score::of(known.into_iter()).told();
        let expected = json!({ "mutants": {
            "tried": 5, "caught": 2, "timed_out": 1, "missed": 1, "unreached": 1, "unviable": 2, "not_woven": 1, "open": 1,
            "left": 1, "percent": 50.0,
        } });
        assert_eq!(told, expected);
    }
}
