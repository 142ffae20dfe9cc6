//! Asking threads to stop or to look for work, and waiting for that or for a while, whichever is first.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::hand::Hand;

#[derive(Debug, Default)]
struct State {
    asked: bool,
    /// How often there was news of work.
    news: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Stop {
    state: Mutex<State>,
    changed: Condvar,
    /// The hands of the routes, whose keepers wait there.
    hands: Vec<Arc<Hand>>,
}

impl Stop {
    pub(crate) fn new(hands: Vec<Arc<Hand>>) -> Self {
        Stop { hands, ..Stop::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ask(&self) {
        self.state().asked = true;
        self.tell();
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.state().asked
    }

    /// Says that there is work.
    pub(crate) fn wake(&self) {
        self.state().news += 1;
        self.tell();
    }

    fn tell(&self) {
        self.changed.notify_all();
        self.hands.iter().for_each(|hand| hand.ring());
    }

    /// How much news there was, to be read before a look for work: what comes after it ends the wait.
    pub(crate) fn news(&self) -> u64 {
        self.state().news
    }

    /// Sleeps, but not beyond being asked to stop.
    pub(crate) fn sleep(&self, time: Duration) {
        drop(self.changed.wait_timeout_while(self.state(), time, |state| !state.asked));
    }

    /// Sleeps, but not beyond being asked to stop or news since that was read.
    pub(crate) fn sleep_without_news(&self, news: u64, time: Duration) {
        drop(self.changed.wait_timeout_while(self.state(), time, |state| !state.asked && state.news == news));
    }
}
