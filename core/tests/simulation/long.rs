//! The long run behind `cargo xtask simulate`: many seeds, on as many threads as are wanted, each seed on one thread
//! alone. It shows progress, keeps what fails, and closes with a table.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use stockroom::planted::{Planted, plant};

use crate::faults::{Fault, FaultCounts};
use crate::mutations;
use crate::plan::Plan;
use crate::regressions;
use crate::run::{Wanted, run_with};
use crate::shrink::shrink;

/// Failures after which a run stops.
const FAILURES_MAX: usize = 5;

/// What is asked for.
struct Asked {
    seeds: Range<u64>,
    time: Option<Duration>,
    steps: usize,
    jobs: usize,
    bug: Option<Planted>,
    json: bool,
}

#[derive(Default)]
struct Sums {
    seeds: u64,
    commands: u64,
    orders: u64,
    units: i64,
    events: u64,
    faults: FaultCounts,
    /// Histories that failed, by the name of the invariant.
    failures: BTreeMap<&'static str, u64>,
}

/// Reads the arguments and runs; what is wrong with them is an error, and so is a failure found.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let asked = read(arguments)?;
    match asked.bug {
        Some(bug) => hunt(bug, &asked),
        None => search(&asked),
    }
}

fn read(arguments: &[String]) -> Result<Asked, String> {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut asked = Asked { seeds: 0..1_000, time: None, steps: 2_000, jobs, bug: None, json: false };
    let mut end_given = false;
    let mut rest = arguments.iter();
    while let Some(name) = rest.next() {
        if name == "--json" {
            asked.json = true;
            continue;
        }
        let value = rest.next().ok_or_else(|| format!("{name} needs a value"))?;
        let unreadable = || format!("{name} {value}: this cannot be read");
        match name.as_str() {
            "--seeds" => {
                let (first, end) = value.split_once("..").ok_or_else(unreadable)?;
                let first: u64 = first.parse().map_err(|_| unreadable())?;
                end_given = !end.is_empty();
                let end = if end_given { end.parse().map_err(|_| unreadable())? } else { u64::MAX };
                asked.seeds = first..end;
            }
            "--hours" => {
                let hours: f64 = value.parse().map_err(|_| unreadable())?;
                asked.time = Some(Duration::try_from_secs_f64(hours * 3_600.0).map_err(|_| unreadable())?);
            }
            "--steps" => asked.steps = value.parse().map_err(|_| unreadable())?,
            "--jobs" => asked.jobs = value.parse::<usize>().map_err(|_| unreadable())?.max(1),
            "--mutate" => {
                let names = || Planted::ALL.iter().map(|bug| bug.name()).collect::<Vec<_>>().join(", ");
                let bug = Planted::from_name(value).ok_or_else(|| format!("no bug {value}; there are {}", names()))?;
                asked.bug = Some(bug);
            }
            _ => return Err(format!("{name} is not known")),
        }
    }
    // A time without an end of the seeds is the end.
    if asked.time.is_some() && !end_given {
        asked.seeds.end = u64::MAX;
    }
    Ok(asked)
}

/// Shows that a planted bug is caught.
fn hunt(bug: Planted, asked: &Asked) -> Result<(), String> {
    let seeds = asked.seeds.start..asked.seeds.end.min(asked.seeds.start + 100_000);
    let caught = mutations::hunt(bug, seeds, asked.steps).ok_or_else(|| format!("{} was not caught", bug.name()))?;
    plant(Some(bug));
    let short = shrink(&caught.plan, &mut |_| {});
    plant(None);
    println!("{}: {}", bug.name(), bug.about());
    println!("caught in history {} (seed {}) by {}", caught.seeds, caught.plan.world, caught.failure.invariant);
    println!("shrunk from {} steps to {}:\n{}", caught.plan.steps.len(), short.steps.len(), short.to_text());
    Ok(())
}

fn search(asked: &Asked) -> Result<(), String> {
    let began = Instant::now();
    let bar = bar(asked);
    let next = AtomicU64::new(asked.seeds.start);
    let sums = Mutex::new(Sums::default());
    std::thread::scope(|threads| {
        for _ in 0..asked.jobs {
            threads.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let late = asked.time.is_some_and(|time| began.elapsed() >= time);
                    if seed >= asked.seeds.end || late || !one(seed, asked, &sums, &bar) {
                        break;
                    }
                }
            });
        }
    });
    bar.finish_and_clear();
    let sums = sums.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    table(&sums, began.elapsed(), asked);
    match sums.failures.values().sum::<u64>() {
        0 => Ok(()),
        failures => Err(format!("{failures} histories failed")),
    }
}

/// Runs one seed; whether to go on.
fn one(seed: u64, asked: &Asked, sums: &Mutex<Sums>, bar: &ProgressBar) -> bool {
    let plan = Plan::draw(seed, asked.steps);
    let report = run_with(None, &plan, Wanted::default());
    let failed = {
        let mut sums = sums.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sums.seeds += 1;
        sums.commands += report.commands;
        sums.orders += report.orders;
        sums.units += report.units;
        sums.events += report.events;
        sums.faults.add(&report.faults);
        if let Some((_, failure)) = &report.failure {
            *sums.failures.entry(failure.invariant).or_default() += 1;
        }
        bar.set_message(format!("{} commands", HumanCount(sums.commands)));
        match asked.time {
            Some(_) => bar.set_position(bar.elapsed().as_secs()),
            None => bar.inc(1),
        }
        sums.failures.values().sum::<u64>() as usize
    };
    if let Some((step, failure)) = report.failure {
        bar.suspend(|| println!("seed {seed}, step {step}: {failure}"));
        let short = shrink(&plan, &mut |steps| bar.set_message(format!("seed {seed} shrunk to {steps} steps")));
        let kept = regressions::keep(&short, &failure, &regressions::folder());
        bar.suspend(|| match kept {
            Ok(path) => println!("seed {seed} is shrunk to {} steps in {}", short.steps.len(), path.display()),
            Err(error) => println!("seed {seed} cannot be kept ({error}):\n{}", short.to_text()),
        });
    }
    failed < FAILURES_MAX
}

fn bar(asked: &Asked) -> ProgressBar {
    let (length, template) = match asked.time {
        Some(time) => (time.as_secs(), "{msg:>28} [{bar:40}] {elapsed_precise} of {len} s"),
        None => (asked.seeds.end - asked.seeds.start, "{msg:>28} [{bar:40}] {human_pos}/{human_len} {eta}"),
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    // Nothing is drawn where the standard error output is no terminal.
    ProgressBar::new(length).with_style(style)
}

fn table(sums: &Sums, time: Duration, asked: &Asked) {
    let seconds = time.as_secs_f64();
    let of = |names: &[&str]| -> u64 { names.iter().filter_map(|name| sums.failures.get(name)).sum() };
    let oversold = of(&["NOT-OVERSOLD"]);
    let lost = of(&["LOST"]);
    let doubled = of(&["DOUBLED", "ONE-EFFECT", "HANDED-ONCE"]);
    if asked.json {
        let faults: BTreeMap<&str, u64> =
            Fault::ALL.iter().map(|fault| (fault.name(), sums.faults.of(*fault))).collect();
        let report = serde_json::json!({
            "seeds": sums.seeds, "first_seed": asked.seeds.start, "steps": asked.steps, "commands": sums.commands,
            "orders": sums.orders, "units": sums.units, "events": sums.events, "seconds": seconds,
            "commands_per_second": sums.commands as f64 / seconds, "oversold": oversold, "lost": lost,
            "doubled": doubled, "failures": sums.failures, "faults": faults,
        });
        return println!("{report}");
    }
    let count = |number: u64| HumanCount(number).to_string();
    let rows = [
        ("histories", count(sums.seeds)),
        ("commands", count(sums.commands)),
        ("commands a second", count((sums.commands as f64 / seconds) as u64)),
        ("seconds", format!("{seconds:.1}")),
        ("orders", count(sums.orders)),
        ("units", count(sums.units.unsigned_abs())),
        ("events", count(sums.events)),
        ("faults", count(sums.faults.total())),
        ("oversold", count(oversold)),
        ("lost", count(lost)),
        ("doubled", count(doubled)),
    ];
    for (name, value) in rows {
        println!("{name:<24}{value:>16}");
    }
    println!("\nfaults by kind");
    for fault in Fault::ALL {
        println!("  {:<22}{:>16}  {}", fault.name(), count(sums.faults.of(*fault)), fault.about());
    }
    for (name, failures) in &sums.failures {
        println!("failed: {name:<16}{failures:>16}");
    }
}
