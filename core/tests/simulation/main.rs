//! The simulation: whole histories from a seed, through the ports, with everything going wrong that can, and an
//! auditor who keeps books of his own. As a test it is a short run; `cargo xtask simulate` is the long one.
//! `docs/simulation.md` tells how it is made.

#![forbid(unsafe_code)]

mod auditor;
mod ending;
mod faults;
mod long;
mod mutations;
mod node;
mod office;
mod plan;
mod regressions;
mod relay;
mod rng;
mod run;
mod shape;
mod shop;
mod shrink;
mod store;
mod terminals;
mod warehouse;
mod world;

use std::process::ExitCode;
use std::sync::OnceLock;

use libtest_mimic::{Arguments, Failed, Trial};
use stockroom::planted::{Planted, plant};

use crate::faults::Fault;
use crate::plan::Plan;
use crate::run::{Report, Wanted, run, run_with};

/// Histories of the short run, and the steps of each.
const SEEDS: u64 = 40;
const STEPS: usize = 400;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("simulate", rest)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return match long::run(rest) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let mut trials = vec![
        Trial::test("no_invariant_breaks", no_invariant_breaks),
        Trial::test("every_fault_happens", every_fault_happens),
        Trial::test("the_same_seed_gives_the_same_bytes", same_bytes),
        Trial::test("a_plan_is_read_as_it_was_written", plans_are_read),
        Trial::test("a_failure_is_shrunk_to_a_few_steps", failures_are_shrunk),
    ];
    trials.extend(
        Planted::ALL.iter().map(|bug| Trial::test(format!("planted::{}", bug.name()), move || is_caught(*bug))),
    );
    match regressions::all() {
        Ok(kept) => trials.extend(kept.into_iter().map(|(name, plan)| {
            Trial::test(format!("regressions::{name}"), move || holds(&run(&plan, Wanted::default()), &plan, false))
        })),
        Err(error) => trials.push(Trial::test("regressions", move || Err(Failed::from(error)))),
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The short run, done once for those who look at it.
fn short_run() -> &'static [(Plan, Report)] {
    static DONE: OnceLock<Vec<(Plan, Report)>> = OnceLock::new();
    DONE.get_or_init(|| {
        let plans = (0..SEEDS).map(|seed| Plan::draw(seed, STEPS));
        plans.map(|plan| (run(&plan, Wanted::default()), plan)).map(|(report, plan)| (plan, report)).collect()
    })
}

/// Fails with the seed where something does not hold; what is new is shrunk and kept.
fn holds(report: &Report, plan: &Plan, keep: bool) -> Result<(), Failed> {
    let Some((step, failure)) = &report.failure else { return Ok(()) };
    let mut message = format!("seed {}, step {step}: {failure}", plan.world);
    // `cargo xtask mutants` breaks the engine on purpose, and asks for nothing but that this is seen.
    if keep && std::env::var_os("STOCKROOM_KEEP_NOTHING").is_none() {
        let short = shrink::shrink(plan, &mut |_| {});
        match regressions::keep(&short, failure, &regressions::folder()) {
            Ok(path) => message.push_str(&format!("\nshrunk to {} steps in {}", short.steps.len(), path.display())),
            Err(error) => message.push_str(&format!("\nnot kept ({error}):\n{}", short.to_text())),
        }
    }
    Err(message.into())
}

fn no_invariant_breaks() -> Result<(), Failed> {
    short_run().iter().try_for_each(|(plan, report)| holds(report, plan, true))
}

fn every_fault_happens() -> Result<(), Failed> {
    for fault in Fault::ALL {
        let times: u64 = short_run().iter().map(|(_, report)| report.faults.of(*fault)).sum();
        if times == 0 {
            return Err(format!("{} never happens", fault.name()).into());
        }
    }
    Ok(())
}

fn same_bytes() -> Result<(), Failed> {
    for seed in [3, 1_000_003] {
        let plan = Plan::draw(seed, STEPS);
        let [one, other] = [(), ()].map(|()| run(&plan, Wanted { log: true, digest: true }));
        if one != other {
            return Err(format!("seed {seed} was {one:?} once, and {other:?} then").into());
        }
    }
    Ok(())
}

fn plans_are_read() -> Result<(), Failed> {
    for seed in 0..20 {
        let plan = Plan::draw(seed, 300);
        if Plan::parse(&plan.to_text())? != plan {
            return Err(format!("the plan of seed {seed} is read as another").into());
        }
    }
    match Plan::parse("world 1\nfly 3\n") {
        Ok(plan) => Err(format!("{plan:?}").into()),
        Err(_) => Ok(()),
    }
}

fn is_caught(bug: Planted) -> Result<(), Failed> {
    match mutations::hunt(bug, 0..mutations::SEEDS_MAX, mutations::STEPS) {
        Some(_) => Ok(()),
        None => Err(format!("{} ({}) was not caught", bug.name(), bug.about()).into()),
    }
}

fn failures_are_shrunk() -> Result<(), Failed> {
    let bug = Planted::TransferCreates;
    let Some(caught) = mutations::hunt(bug, 0..mutations::SEEDS_MAX, mutations::STEPS) else {
        return Err("there is nothing to shrink".into());
    };
    plant(Some(bug));
    let short = shrink::shrink(&caught.plan, &mut |_| {});
    plant(None);
    let again = run_with(Some(bug), &Plan::parse(&short.to_text())?, Wanted::default()).failure;
    if again.is_none_or(|(_, again)| again.invariant != caught.failure.invariant) {
        return Err("what was shrunk does not fail as it did".into());
    }
    // A transfer between two places is all that it takes.
    match short.steps.len() {
        1..=3 => Ok(()),
        steps => Err(format!("{steps} steps are left:\n{}", short.to_text()).into()),
    }
}
