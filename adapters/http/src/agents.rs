//! A client's connections. ureq keeps an agent's idle connections under one lock and goes through all of them with each
//! request, where threads whose answers come quickly wait for each other. So a client has several agents, among which
//! threads are dealt out.

use std::array;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ureq::Agent;

/// About as many as there are processors to carry out requests at the same moment.
pub(crate) const AGENTS: usize = 8;

/// How many threads have a place.
static PLACES: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static PLACE: usize = PLACES.fetch_add(1, Ordering::Relaxed) % AGENTS;
}

#[derive(Clone)]
pub(crate) struct Agents(Arc<[Agent; AGENTS]>);

impl Agents {
    pub(crate) fn new(mut agent: impl FnMut() -> Agent) -> Self {
        Agents(Arc::new(array::from_fn(|_| agent())))
    }

    /// The agent of this thread. It stays the same, so that one request after the other goes over one connection.
    pub(crate) fn own(&self) -> &Agent {
        &self.0[PLACE.with(|place| *place)]
    }
}
