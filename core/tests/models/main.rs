//! Models that are searched to a bound: every history of so many steps of a small world, through the engine's own rules.
//! A state is what the rules can see; histories that come to the same are looked at once. `docs/proof.md` states the
//! worlds, the bounds and what holds; the search prints how many states it has seen. With `STOCKROOM_MODEL_DEPTH=N` it goes
//! N steps deeper.
//!
//! Each property is shown to fail as well: by a bug planted in the rules, or by a relay or a caller that keeps a rule of the
//! protocol badly.

#![forbid(unsafe_code)]

mod claims;
mod commits;
mod leases;

use std::fmt::Debug;
use std::hash::Hash;

use stateright::{Checker, Model};

/// How many steps deeper than usual.
fn deeper() -> usize {
    std::env::var("STOCKROOM_MODEL_DEPTH").ok().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// Searches a model to its bound; every property must hold.
#[track_caller]
fn holds<M>(name: &str, model: M)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync,
    M::Action: Clone + Debug + PartialEq + Send + Sync,
{
    // On one thread states come by their depth, so that the bound is exact.
    let checker = model.checker().threads(1).spawn_bfs().join();
    println!(
        "{name}: {} states, {} steps between them, {} deep",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth()
    );
    for (property, path) in checker.discoveries() {
        let kind = checker.discovery_classification(property);
        assert!(kind.to_string() == "example", "{property} does not hold: {:?}", path.into_actions());
    }
    checker.assert_properties();
}

/// How deep a search for what is wrong goes.
const DEEP: usize = 14;

/// Searches a model in which something is wrong, one step deeper each time, so that the history that is found is a short
/// one; this property must be found broken.
#[track_caller]
fn breaks<M>(what: &str, property: &'static str, model: M)
where
    M: Model + Clone + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync,
    M::Action: Clone + Debug + PartialEq + Send + Sync,
{
    for depth in 2..DEEP {
        let checker = model.clone().checker().threads(1).target_max_depth(depth).spawn_bfs().join();
        if let Some(path) = checker.discovery(property) {
            println!("{what} breaks {property} by {:?}", path.into_actions());
            return;
        }
    }
    panic!("{what} does not break {property}");
}
