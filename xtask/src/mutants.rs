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

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use self::attempt::{Measured, Tried};
use self::build::{Fate, Fates};
use self::list::Mutant;
use self::outcomes::{Book, Outcome, Score, Verdict};
use self::tree::{Copy, Hashes};
use self::weave::Id;
use crate::workspace::Workspace;

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
    /// Try those that cannot be woven instead, with a build for each
    #[arg(long, conflicts_with = "report")]
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
    if arguments.slow {
        session.try_alone()?;
    } else if !arguments.report {
        session.try_woven(&copy, arguments)?;
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

/// A mutant that has still to be tried.
struct Left<'a> {
    id: Id,
    before: Option<Outcome>,
    programs: Vec<&'a Measured>,
    /// The verdict if none of them finds it.
    otherwise: Verdict,
}

impl Session<'_> {
    fn mutant(&self, id: Id) -> &Mutant {
        &self.mutants[id as usize - 1]
    }

    fn standing(&self) -> Result<BTreeMap<String, Outcome>> {
        outcomes::standing(&self.output, &self.mutants, &self.hashes)
    }

    /// What is known of a mutant after it was tried: more than before, or the verdict.
    fn outcome(&self, id: Id, before: Option<Outcome>, tried: Tried, otherwise: Verdict, start: Instant) -> Outcome {
        let Mutant { name, file, .. } = self.mutant(id);
        let mut passed = before.map(|before| before.passed).unwrap_or_default();
        passed.extend(tried.passed.into_iter().map(|suite| (suite.clone(), self.hashes.of_suite(&suite))));
        let (verdict, by) = match tried.found {
            Some((verdict, by)) => (verdict, Some(by)),
            None => (otherwise, None),
        };
        let seconds = start.elapsed().as_secs_f64();
        Outcome { name: name.clone(), verdict, by, passed, seconds, file: self.hashes.of_file(file).to_owned() }
    }

    /// Tries what is in the build: with the quick programs, and what these do not find with the others.
    fn try_woven(&self, copy: &Copy, arguments: &Arguments) -> Result<()> {
        eprintln!("Building the tests");
        let programs = build::programs(self.workspace, copy, &self.output)?
            .map_err(|errors| anyhow!("the tests do not build beside the woven core:\n{errors}"))?;
        let core = copy.root.join("core");
        eprintln!("Running them without a mutant");
        let programs = attempt::measure(programs, &copy.root)?;
        for program in &programs {
            eprintln!("{}", program.told());
        }
        let deadline = arguments.minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(minutes * 60.0));
        let jobs = arguments.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
        let quick: Vec<&Measured> = programs.iter().filter(|program| program.is_quick()).collect();
        for (round, is_last) in [(quick, false), (programs.iter().collect(), true)] {
            let left = self.left(&programs, &round, is_last)?;
            eprintln!("{} mutants to try with {} programs", left.len(), round.len());
            self.try_left(left, &core, jobs, deadline)?;
        }
        Ok(())
    }

    /// The mutants that some programs have still to try. Where these are the last, the verdict is known without any more.
    fn left<'a>(&self, all: &[Measured], round: &[&'a Measured], is_last: bool) -> Result<Vec<Left<'a>>> {
        let mut known = self.standing()?;
        let mut book = Book::open(&self.output)?;
        let mut left = Vec::new();
        for id in self.chosen.iter().copied().filter(|id| !self.fates.contains_key(id)) {
            let before = known.remove(&self.mutant(id).name);
            if before.as_ref().is_some_and(Outcome::is_final) {
                continue;
            }
            let is_new = |program: &&Measured| {
                program.reaches(id) && !before.as_ref().is_some_and(|before| before.passed.contains_key(program.name()))
            };
            let programs: Vec<&Measured> = round.iter().copied().filter(is_new).collect();
            let reaching = all.iter().filter(|program| program.reaches(id)).count();
            let otherwise = Verdict::where_none_found(reaching, all.iter().filter(is_new).count() - programs.len());
            if !programs.is_empty() {
                left.push(Left { id, before, programs, otherwise });
            } else if is_last && before.as_ref().is_none_or(|before| before.verdict != otherwise) {
                book.write(&self.outcome(id, before, Tried::default(), otherwise, Instant::now()))?;
            }
        }
        Ok(left)
    }

    fn try_left(&self, left: Vec<Left<'_>>, core: &Path, jobs: usize, deadline: Option<Instant>) -> Result<()> {
        let bar = ProgressBar::new(left.len() as u64);
        bar.set_style(ProgressStyle::with_template("[{bar:40}] {human_pos}/{human_len} {eta}")?);
        let queue = Mutex::new(left.into_iter());
        let book = Mutex::new(Book::open(&self.output)?);
        let work = || -> Result<()> {
            while deadline.is_none_or(|deadline| Instant::now() < deadline) {
                let next = queue.lock().map_err(|_| anyhow!("another job failed"))?.next();
                let Some(Left { id, before, programs, otherwise }) = next else { break };
                let start = Instant::now();
                let tried = attempt::attempt(Some(id), programs, core)?;
                let outcome = self.outcome(id, before, tried, otherwise, start);
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

    /// Tries what could not be woven, each with a build of its own and with every program.
    fn try_alone(&self) -> Result<()> {
        let known = self.standing()?;
        let is_left = |id: &Id| {
            let is_known =
                known.get(&self.mutant(*id).name).is_some_and(|it| it.is_final() || it.verdict == Verdict::Missed);
            matches!(self.fates.get(id), Some(Fate::NotWoven(_))) && !is_known
        };
        let left: Vec<Id> = self.chosen.iter().copied().filter(is_left).collect();
        eprintln!("{} mutants to try with a build for each", left.len());
        if left.is_empty() {
            return Ok(());
        }
        let mut copy = Copy::of(self.workspace, self.output.join("plain"), &[])?;
        copy.write(self.workspace, &BTreeSet::new())?;
        let build = || build::programs(self.workspace, &copy, &self.output);
        let core = copy.root.join("core");
        let programs = build()?.map_err(|errors| anyhow!("the core does not build as it is:\n{errors}"))?;
        let measured = attempt::measure(programs, &copy.root)?;
        let mut book = Book::open(&self.output)?;
        for id in left {
            let Mutant { file, name, .. } = self.mutant(id);
            let start = Instant::now();
            let text = self.workspace.read(file)?.text;
            copy.put(file, &self.mutant(id).applied(&text).with_context(|| format!("{name} is nowhere"))?)?;
            let outcome = match build()? {
                Err(_) => self.outcome(id, None, Tried::default(), Verdict::Unviable, start),
                Ok(programs) => {
                    let programs: Vec<Measured> = measured.iter().filter_map(|it| it.rebuilt(&programs)).collect();
                    self.outcome(id, None, attempt::attempt(None, &programs, &core)?, Verdict::Missed, start)
                }
            };
            copy.put(file, &text)?;
            eprintln!("{name}: {:?}", outcome.verdict);
            book.write(&outcome)?;
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
                (Some(Verdict::Open), _) => missed.push((file, span, format!("{name} (so far)"))),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_a_part_of_some() {
        assert_eq!(shard("3/50"), Ok(Shard { part: 3, of: 50 }));
        assert!(["50/50", "0/0", "1", "a/b", ""].iter().all(|text| shard(text).is_err()));
    }
}
