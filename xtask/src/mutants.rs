//! `cargo xtask mutants`: mutation testing of the core. cargo-mutants lists the mutants, each one change to one rule, which
//! the core's own tests must find; with a build for each they would take days. So all of them are woven into one copy of
//! the core, each behind a switch that the environment turns, which is built once; and a mutant costs no more than the
//! tests that come to its place, up to the first that fails. What is not changed, and why, stands in
//! `.cargo/mutants.toml`.
//!
//! A mutant is of the tree, not of the text: with `a - b * c`, the change of `*` gives `a - (b + c)`.

mod attempt;
mod build;
mod list;
mod outcomes;
mod places;
mod switch;
mod tree;
mod weave;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use self::attempt::Tried;
use self::build::{Fate, Fates};
use self::list::Mutant;
use self::outcomes::{Book, Outcome, Score, Verdict};
use self::tree::{Copy, Hashes};
use self::weave::Id;
use crate::workspace::Workspace;

/// What is beside the suites: what they share, and another package.
const NO_SUITES: [&str; 2] = ["common", "rivals"];

/// The command line of `cargo xtask mutants`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Which of the mutants: the K-th of N parts, each a sample of the whole
    #[arg(long, value_name = "K/N", default_value = "0/1", value_parser = shard)]
    shard: Shard,
    /// Mutants of the files whose paths begin so
    #[arg(long, value_name = "PREFIX", default_value = "")]
    files: String,
    /// Mutants tried at once; as many as there are cores, if nothing is said
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Stop after so many minutes; the next run goes on from there
    #[arg(long, value_name = "M")]
    minutes: Option<f64>,
    /// Try nothing: tell what is known so far
    #[arg(long)]
    report: bool,
    /// Afterwards try those that cannot be woven as cargo-mutants does, with a build for each
    #[arg(long)]
    slow: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shard {
    part: usize,
    of: usize,
}

fn shard(text: &str) -> Result<Shard, String> {
    let numbers = text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
    let shard = numbers.map(|(part, of)| Shard { part, of }).filter(|shard| shard.part < shard.of);
    shard.ok_or_else(|| "it is two numbers, such as 0/50".to_owned())
}

/// What a run knows of the mutants.
struct Session<'a> {
    workspace: &'a Workspace,
    /// Where everything is kept.
    output: PathBuf,
    mutants: Vec<Mutant>,
    /// Those that it is about.
    chosen: Vec<Id>,
    /// Those that are not in the build.
    fates: Fates,
    hashes: Hashes,
}

/// Tries mutants, and ends with one line of JSON. That some are missed is no failure: it is what the run is to find.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let output = workspace.target_directory()?.join("mutants");
    fs::create_dir_all(&output)?;
    let mutants = list::all(workspace)?;
    let chosen = chosen(&mutants, arguments);
    let hashes = Hashes::of_tree(workspace)?;
    let mut copy = Copy::of(workspace, output.join("tree"), &mutants)?;
    let fates = if arguments.report {
        let hash = copy.hash();
        build::known(&output, &hash).context("no run has built this core yet")?
    } else {
        eprintln!("{} mutants are woven into {}", mutants.len(), copy.root.display());
        build::fates(workspace, &mut copy, &mutants, &output)?
    };
    let session = Session { workspace, output, mutants, chosen, fates, hashes };
    if !arguments.report {
        session.try_woven(&copy, arguments)?;
    }
    if arguments.slow {
        session.try_slowly()?;
    }
    session.report()
}

/// Mutants in an order of no meaning, so that any beginning is a sample of the whole.
fn chosen(mutants: &[Mutant], arguments: &Arguments) -> Vec<Id> {
    let mut order: Vec<(String, Id)> = (1..).zip(mutants).map(|(id, mutant)| (tree::hash(&mutant.name), id)).collect();
    order.sort();
    let Shard { part, of } = arguments.shard;
    let ids = order.into_iter().map(|(_, id)| id).skip(part).step_by(of);
    ids.filter(|id| mutants[*id as usize - 1].file.starts_with(&arguments.files)).collect()
}

impl Session<'_> {
    fn mutant(&self, id: Id) -> &Mutant {
        &self.mutants[id as usize - 1]
    }

    fn standing(&self) -> Result<BTreeMap<String, Outcome>> {
        outcomes::standing(&self.output, &self.mutants, &self.hashes)
    }

    fn outcome(&self, id: Id, tried: Tried, start: Instant) -> Outcome {
        let Mutant { name, file, .. } = self.mutant(id);
        Outcome {
            name: name.clone(),
            verdict: tried.verdict,
            by: tried.by,
            seconds: start.elapsed().as_secs_f64(),
            file: self.hashes.of_file(file).to_owned(),
            all: self.hashes.all.clone(),
        }
    }

    /// Tries what is in the build and has no verdict yet.
    fn try_woven(&self, copy: &Copy, arguments: &Arguments) -> Result<()> {
        let known = self.standing()?;
        let is_left = |id: &Id| !self.fates.contains_key(id) && !known.contains_key(&self.mutant(*id).name);
        let left: Vec<Id> = self.chosen.iter().copied().filter(is_left).collect();
        if left.is_empty() {
            return Ok(());
        }
        let core = copy.root.join("core");
        eprintln!("Building the tests");
        let programs = build::programs(self.workspace, copy, &self.output)?;
        eprintln!("Running them without a mutant");
        let programs = attempt::measure(programs, &core, &self.output)?;
        for program in &programs {
            eprintln!("{}", program.told());
        }
        eprintln!("{} mutants to try", left.len());
        let jobs = arguments.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
        let bar = ProgressBar::new(left.len() as u64);
        bar.set_style(ProgressStyle::with_template("[{bar:40}] {human_pos}/{human_len} {eta} {msg}")?);
        let deadline = arguments.minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(minutes * 60.0));
        let queue = Mutex::new(left.into_iter());
        let book = Mutex::new(Book::open(&self.output)?);
        let work = || -> Result<()> {
            while deadline.is_none_or(|deadline| Instant::now() < deadline) {
                let Some(id) = queue.lock().map_err(|_| anyhow!("another job failed"))?.next() else { break };
                let start = Instant::now();
                let tried = attempt::attempt(id, &programs, &core)?;
                let outcome = self.outcome(id, tried, start);
                book.lock().map_err(|_| anyhow!("another job failed"))?.write(&outcome)?;
                bar.inc(1);
            }
            Ok(())
        };
        thread::scope(|scope| {
            let jobs: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
            jobs.into_iter().try_for_each(|job| job.join().map_err(|_| anyhow!("a job panicked"))?)
        })?;
        bar.finish_and_clear();
        Ok(())
    }

    /// Has cargo-mutants try what could not be woven and has no verdict yet.
    fn try_slowly(&self) -> Result<()> {
        let known = self.standing()?;
        let is_left = |id: &Id| {
            matches!(self.fates.get(id), Some(Fate::NotWoven(_))) && !known.contains_key(&self.mutant(*id).name)
        };
        let left: BTreeMap<&str, Id> =
            self.chosen.iter().copied().filter(is_left).map(|id| (self.mutant(id).name.as_str(), id)).collect();
        let mut book = Book::open(&self.output)?;
        let suites = suites(&self.workspace.root().join("core/tests"))?;
        let start = Instant::now();
        let names: Vec<&str> = left.keys().copied().collect();
        for (name, verdict) in list::slowly(self.workspace, &self.output, &suites, &names)? {
            if let Some(id) = left.get(name.as_str()) {
                book.write(&self.outcome(*id, Tried { verdict, by: Some("cargo-mutants".to_owned()) }, start))?;
            }
        }
        Ok(())
    }

    /// Writes down which were missed and which could not be woven, and prints the figures.
    fn report(&self) -> Result<()> {
        let known = self.standing()?;
        let verdict = |id: Id| known.get(&self.mutant(id).name).map(|outcome| outcome.verdict);
        let (mut missed, mut not_woven) = (Vec::new(), Vec::new());
        for id in self.chosen.iter().copied() {
            let Mutant { file, name, span, .. } = self.mutant(id);
            match (verdict(id), self.fates.get(&id)) {
                (Some(Verdict::Missed), _) => missed.push((file, span, name.clone())),
                (Some(Verdict::Unreached), _) => missed.push((file, span, format!("{name} (no test comes there)"))),
                (None, Some(Fate::NotWoven(why))) => not_woven.push((file, span, format!("{name} ({why})"))),
                _ => {}
            }
        }
        for (list, name) in [(&mut missed, "missed.txt"), (&mut not_woven, "not_woven.txt")] {
            list.sort();
            let lines: String = list.iter().map(|(.., line)| format!("{line}\n")).collect();
            fs::write(self.output.join(name), lines)?;
        }
        eprintln!("What was missed is in {}", self.output.join("missed.txt").display());
        println!("{}", Score::of(self.chosen.iter().map(|id| (self.fates.get(id), verdict(*id)))).told());
        Ok(())
    }
}

/// The core's suites, by their files and folders.
fn suites(directory: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.push(name.strip_suffix(".rs").map_or(name.clone(), str::to_owned));
    }
    names.retain(|name| !NO_SUITES.contains(&name.as_str()));
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_left_out_by_names_that_are_there() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests");
        let names = suites(&directory).expect("they can be read");
        assert!(names.contains(&"simulation".to_owned()) && names.contains(&"deliveries".to_owned()), "{names:?}");
        assert!(NO_SUITES.iter().all(|name| directory.join(name).exists()));
    }

    #[test]
    fn a_shard_is_a_part_of_some() {
        assert_eq!(shard("3/50"), Ok(Shard { part: 3, of: 50 }));
        assert!(["50/50", "0/0", "1", "a/b", ""].iter().all(|text| shard(text).is_err()));
    }
}
