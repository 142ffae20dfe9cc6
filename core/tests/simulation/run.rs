//! Running a plan from its beginning to its end, and what came of it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use stockroom::StateDigest;
use stockroom::planted::{Planted, plant};

use crate::auditor::{Broken, broken};
use crate::faults::FaultCounts;
use crate::plan::Plan;
use crate::world::World;

/// What came of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) commands: u64,
    pub(crate) orders: u64,
    pub(crate) units: i64,
    pub(crate) events: u64,
    pub(crate) faults: FaultCounts,
    /// A hash over every answer and event.
    pub(crate) trace: u64,
    /// The digest of the state at the end, where it was asked for.
    pub(crate) digest: Option<StateDigest>,
    /// What does not hold, and the step after which that was seen.
    pub(crate) failure: Option<(usize, Broken)>,
    pub(crate) log: Vec<String>,
}

/// What is wanted beside the verdict.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) log: bool,
    pub(crate) digest: bool,
}

/// Runs a plan on this thread.
pub(crate) fn run(plan: &Plan, wanted: Wanted) -> Report {
    let mut world = match World::new(plan.world, wanted.log) {
        Ok(world) => world,
        Err(failure) => return report(None, Some((0, failure)), wanted),
    };
    let mut at = 0;
    let result = catch_unwind(AssertUnwindSafe(|| {
        for step in &plan.steps {
            at += 1;
            world.step(step)?;
        }
        world.end()
    }));
    let failure = match result {
        Ok(result) => result.err(),
        // Nothing that is sent may make the engine panic. What it said went to the standard error output.
        Err(_) => Some(broken("PANIC", "somebody panicked")),
    };
    report(Some(world), failure.map(|found| (at, found)), wanted)
}

/// Runs a plan with a bug planted.
pub(crate) fn run_with(bug: Option<Planted>, plan: &Plan, wanted: Wanted) -> Report {
    plant(bug);
    let report = run(plan, wanted);
    plant(None);
    report
}

fn report(world: Option<World>, mut failure: Option<(usize, Broken)>, wanted: Wanted) -> Report {
    let mut report = Report {
        commands: 0,
        orders: 0,
        units: 0,
        events: 0,
        faults: FaultCounts::default(),
        trace: 0,
        digest: None,
        failure: None,
        log: Vec::new(),
    };
    if let Some(world) = world {
        if wanted.digest {
            match world.observer.digest() {
                Ok(digest) => report.digest = Some(digest),
                Err(error) => failure = failure.or(Some((0, broken("FAILED", error.to_string())))),
            }
        }
        report.commands = world.auditor.commands;
        report.orders = world.auditor.books.orders.len() as u64;
        report.units = world.auditor.units;
        report.events = world.auditor.last_event;
        report.faults = world.counts;
        report.trace = world.auditor.trace;
        report.log = world.log.unwrap_or_default();
    }
    report.failure = failure;
    report
}
