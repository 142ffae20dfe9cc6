//! Making a failing plan short: steps are left out, and faults, as long as it fails in the same way.

use crate::plan::Plan;
use crate::run::{Wanted, run};

/// Runs that one shrinking may take: each is a whole history.
const RUNS_MAX: usize = 3_000;

/// The shortest plan found that breaks the same invariant. The plan must fail.
pub(crate) fn shrink(plan: &Plan, progress: &mut dyn FnMut(usize)) -> Plan {
    let Some((at, failure)) = run(plan, Wanted::default()).failure else { return plan.clone() };
    let name = failure.invariant;
    let mut runs = 0;
    let mut fails = |plan: &Plan| {
        runs += 1;
        let found = run(plan, Wanted::default()).failure;
        (runs < RUNS_MAX).then(|| found.filter(|(_, found)| found.invariant == name).map(|(at, _)| at))
    };
    let mut best = plan.clone();
    best.steps.truncate(at);
    let mut chunk = best.steps.len().div_ceil(2).max(1);
    loop {
        let mut from = 0;
        let mut shorter = false;
        while from < best.steps.len() {
            let mut without = best.clone();
            without.steps.drain(from..(from + chunk).min(best.steps.len()));
            match fails(&without) {
                None => return best,
                Some(Some(at)) => {
                    // What comes after the failure does not matter.
                    without.steps.truncate(at.max(1));
                    best = without;
                    shorter = true;
                    progress(best.steps.len());
                }
                Some(None) => from += chunk,
            }
        }
        match (chunk, shorter) {
            (1, false) => break,
            (1, true) => {}
            _ => chunk = chunk.div_ceil(2),
        }
    }
    for at in 0..best.steps.len() {
        let mut without = best.clone();
        if without.steps[at].fault.take().is_some() && matches!(fails(&without), Some(Some(_))) {
            best = without;
        }
    }
    best
}
