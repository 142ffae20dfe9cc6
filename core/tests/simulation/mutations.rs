//! What the simulation is worth: each planted bug must be caught, within a stated number of seeds.

use stockroom::planted::Planted;

use crate::auditor::Broken;
use crate::plan::Plan;
use crate::run::{Wanted, run_with};

/// Seeds within which every planted bug is caught, from 0.
pub(crate) const SEEDS_MAX: u64 = 60;
/// Steps of each of their histories.
pub(crate) const STEPS: usize = 400;

/// A bug that was caught.
pub(crate) struct Caught {
    /// Histories that it took.
    pub(crate) seeds: u64,
    pub(crate) plan: Plan,
    pub(crate) failure: Broken,
}

/// Looks for a planted bug.
pub(crate) fn hunt(bug: Planted, seeds: impl Iterator<Item = u64>, steps: usize) -> Option<Caught> {
    for (tried, seed) in (1..).zip(seeds) {
        let plan = Plan::draw(seed, steps);
        if let Some((_, failure)) = run_with(Some(bug), &plan, Wanted::default()).failure {
            return Some(Caught { seeds: tried, plan, failure });
        }
    }
    None
}
