//! What a route has in hand: the deliveries that its keeper took and its connections carry, and what came of them. The
//! keeper speaks to the engine, the connections to the destination, and they meet here alone. Waking a thread costs
//! about as much as a delivery, so nobody is woken for one thing that can wait for the next.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use stockroom::LeasedDelivery;

use crate::RelayOptions;
use crate::pace::Pace;
use crate::reports::{Ended, Pause, not_now};

/// A delivery that is taken, and until when it may be begun.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) delivery: LeasedDelivery,
    pub(crate) begin_by: Instant,
}

/// What came of a delivery that a connection had.
#[derive(Debug)]
pub(crate) struct Carried {
    pub(crate) ended: Ended,
    /// How long it took; none where it was not begun.
    pub(crate) time: Option<Duration>,
    /// The pause that the destination wants.
    pub(crate) pause: Option<Pause>,
}

#[derive(Debug)]
struct State {
    queue: VecDeque<Held>,
    finished: Vec<Ended>,
    /// When the first of what is finished was.
    finished_at: Option<Instant>,
    pace: Pace,
    /// A pause that the engine has not been told of. What is in hand goes back, and what was just taken too.
    pause: Option<Pause>,
    /// Connections that are there at all, and those of them that carry something.
    alive: usize,
    under_way: usize,
    /// When it is looked for more to take: at once where the last taking left something, else after a while.
    look_at: Instant,
    take_max: usize,
    rung: bool,
    keeper_waits: bool,
    carriers_wait: usize,
    /// Nothing is begun after this.
    close_at: Option<Instant>,
}

/// What the keeper finds when it looks.
#[derive(Debug)]
pub(crate) struct Found {
    /// How many more may be taken.
    pub(crate) room: u32,
    /// Nobody is left who carries anything: what was not begun.
    pub(crate) left: Option<Vec<Held>>,
}

#[derive(Debug)]
pub(crate) struct Hand {
    state: Mutex<State>,
    /// There is something to carry, or the hand is closed.
    work: Condvar,
    /// There is something for the keeper.
    news: Condvar,
    report_after: Duration,
    connections: usize,
}

impl State {
    /// What came of a delivery.
    fn finish(&mut self, carried: Carried) {
        let Carried { ended, time, pause } = carried;
        self.under_way -= 1;
        self.finished.push(ended);
        self.finished_at.get_or_insert_with(Instant::now);
        if let Some(time) = time {
            self.pace.took(time);
        }
        if pause.is_some() {
            self.pause = pause;
            self.give_back();
        }
    }

    /// Gives everything back that is not begun, where the destination wants a pause.
    fn give_back(&mut self) {
        if let Some(pause) = self.pause {
            self.finished.extend(self.queue.drain(..).map(|held| not_now(held.delivery, pause)));
        }
    }

    /// How many more are to be taken. Where attempts are slow only as many as can be begun at once, for what waits
    /// here nobody else can carry. Else so many that the connections have enough while the keeper is at work.
    fn room(&self, connections: usize) -> usize {
        let per = self.pace.take() as usize;
        if self.close_at.is_some() {
            return 0;
        }
        if per == 1 {
            return self.alive.saturating_sub(self.under_way + self.queue.len());
        }
        // A visit to the engine takes as long as half a batch, and longer when the store tidies up. What is in hand is
        // still begun in about twice the time in which it is to be reported.
        let ahead = (per * connections).min(self.most(connections) * 3 / 2);
        if self.queue.len() <= ahead { self.batch(per, connections) } else { 0 }
    }

    /// How many are taken and reported at a time. Others wait for the engine meanwhile, so it is not without bound.
    fn batch(&self, per: usize, connections: usize) -> usize {
        (per * connections).min(self.most(connections))
    }

    fn most(&self, connections: usize) -> usize {
        self.take_max.max(connections)
    }

    /// Whether the keeper has something to do that cannot wait for more of the same.
    fn needs_keeper(&self, connections: usize) -> bool {
        let starves = self.queue.is_empty() && self.under_way < self.alive;
        self.rung
            || self.alive == 0
            || (starves && !self.finished.is_empty())
            || self.finished.len() >= self.batch(self.pace.take() as usize, connections)
            || (self.room(connections) > 0 && Instant::now() >= self.look_at)
    }
}

/// Longer waits are as good as this one, and added to a time they could pass its end.
const WAIT_MAX: Duration = Duration::from_secs(3_600);

impl Hand {
    pub(crate) fn new(options: &RelayOptions, connections: usize) -> Self {
        // What was done has to be reported well within its lease.
        let report_after = options.report_after.min(options.lease / 4);
        let state = State {
            queue: VecDeque::new(),
            finished: Vec::new(),
            finished_at: None,
            pace: Pace::new(report_after, options.take_max),
            pause: None,
            alive: connections,
            under_way: 0,
            look_at: Instant::now(),
            take_max: options.take_max as usize,
            rung: false,
            keeper_waits: false,
            carriers_wait: 0,
            close_at: None,
        };
        Hand { state: Mutex::new(state), work: Condvar::new(), news: Condvar::new(), report_after, connections }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the keeper look.
    pub(crate) fn ring(&self) {
        self.state().rung = true;
        self.news.notify_one();
    }

    /// Lets the connections begin nothing after a time, and go when there is nothing left to begin.
    pub(crate) fn close(&self, at: Instant) {
        let mut state = self.state();
        state.close_at.get_or_insert(at);
        drop(state);
        self.work.notify_all();
    }

    /// Waits until there is something for the keeper: so much that is finished that it is worth a commit, room for more
    /// when it is time to look for it, a call. What is finished waits no longer than it may for its report. That there
    /// is a little of it is no reason, for each commit costs the disk a wait.
    pub(crate) fn wait(&self) {
        let mut state = self.state();
        while !state.needs_keeper(self.connections) {
            let now = Instant::now();
            let report_at = state.finished_at.unwrap_or(now) + self.report_after.min(WAIT_MAX);
            let busy = state.under_way > 0 || !state.finished.is_empty();
            // Later than that nothing may be taken, and who makes room calls.
            let end = if now < state.look_at { state.look_at } else { now + WAIT_MAX };
            let end = if busy { end.min(report_at) } else { end };
            if now >= end {
                break;
            }
            state.keeper_waits = true;
            let waited = self.news.wait_timeout(state, end - now);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.keeper_waits = false;
        }
    }

    /// What there is for the keeper. What is finished is put into a list that is empty, which is filled next: neither is
    /// ever built up from nothing while others wait.
    pub(crate) fn look(&self, finished: &mut Vec<Ended>) -> Found {
        let mut state = self.state();
        let now = Instant::now();
        if std::mem::take(&mut state.rung) {
            // Where nothing may be taken now, it is as soon as something may.
            state.look_at = state.look_at.min(now);
        }
        // What is reported is committed, and a taking with it costs little.
        let looks = !state.finished.is_empty() || now >= state.look_at;
        let room = if looks { state.room(self.connections) } else { 0 };
        state.finished_at = None;
        // Its report is among them, and stands before the next taking.
        state.pause = None;
        std::mem::swap(&mut state.finished, finished);
        let left = (state.alive == 0).then(|| state.queue.drain(..).collect());
        Found { room: u32::try_from(room).unwrap_or(u32::MAX), left }
    }

    /// Puts into the hand what was taken, and says when it is looked for more.
    pub(crate) fn fill(&self, taken: impl Iterator<Item = Held>, look_at: Instant) {
        let mut state = self.state();
        let before = state.queue.len();
        state.queue.extend(taken);
        state.look_at = look_at;
        state.give_back();
        self.call(&state, state.queue.len().saturating_sub(before));
    }

    /// Wakes connections that wait, one for each that is to be carried and no more than are asked for.
    fn call(&self, state: &State, most: usize) {
        (0..most.min(state.queue.len()).min(state.carriers_wait)).for_each(|_| self.work.notify_one());
    }

    /// A connection begins its work.
    pub(crate) fn carrier(&self) -> Carrier<'_> {
        Carrier { hand: self, carries: false }
    }
}

/// One connection's place at the hand, which is given up when it is dropped, by a panic too.
#[derive(Debug)]
pub(crate) struct Carrier<'h> {
    hand: &'h Hand,
    carries: bool,
}

impl Carrier<'_> {
    /// What came of the last, where there was one, and the next to carry. `None` when it is time to go.
    pub(crate) fn next(&mut self, carried: Option<Carried>) -> Option<Held> {
        let mut state = self.hand.state();
        if let Some(carried) = carried {
            self.carries = false;
            state.finish(carried);
        }
        loop {
            if state.close_at.is_some_and(|at| state.queue.is_empty() || Instant::now() >= at) {
                return None;
            }
            let held = state.queue.pop_front();
            if held.is_some() {
                self.carries = true;
                state.under_way += 1;
            }
            // Once is enough, though it takes the keeper a while to wake.
            let calls = state.keeper_waits && state.needs_keeper(self.hand.connections);
            if calls {
                state.keeper_waits = false;
            }
            if held.is_some() {
                drop(state);
                if calls {
                    self.hand.news.notify_one();
                }
                return held;
            }
            if calls {
                self.hand.news.notify_one();
            }
            state.carriers_wait += 1;
            state = self.hand.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.carriers_wait -= 1;
        }
    }
}

impl Drop for Carrier<'_> {
    fn drop(&mut self) {
        let mut state = self.hand.state();
        state.under_way -= usize::from(self.carries);
        state.alive -= 1;
        self.hand.call(&state, 1);
        drop(state);
        self.hand.news.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use stockroom::{DeliveryBody, DeliveryResult, StockCheck};

    use super::*;
    use crate::reports::pause;

    fn held(number: u64) -> Held {
        let delivery = LeasedDelivery {
            destination: "wms".into(),
            number,
            key: number.to_string(),
            attempt: 1,
            doubt: false,
            lease_until_ms: 0,
            body: DeliveryBody::CheckStock(StockCheck { location: "main".into(), skus: Vec::new() }),
        };
        Held { delivery, begin_by: Instant::now() + WAIT_MAX }
    }

    /// How many [`quick`] has in hand when it has no room by one.
    const HELD_MOST: u64 = 16;

    fn some(numbers: std::ops::Range<u64>) -> impl Iterator<Item = Held> {
        numbers.map(held)
    }

    #[test]
    fn a_pause_gives_back_what_is_in_hand_and_what_was_taken_before_it_is_reported() {
        let hand = Hand::new(&RelayOptions::default(), 1);
        hand.fill(some(0..3), Instant::now());
        let mut carrier = hand.carrier();
        let first = carrier.next(None).unwrap();
        carrier.carries = false;
        let result = DeliveryResult::DoneWithPause { answer: Default::default(), pause_ms: 5 };
        let wanted = pause(&result);
        assert!(wanted.is_some());
        let ended = Ended { delivery: first.delivery, result };
        hand.state().finish(Carried { ended, time: None, pause: wanted });
        assert!(hand.state().queue.is_empty());
        // The keeper was about to take when it was asked for.
        hand.fill(some(3..5), Instant::now());
        let mut finished = Vec::new();
        hand.look(&mut finished);
        assert_eq!(finished.drain(..).len(), 5);
        // What is taken from now on was taken after the engine was told.
        hand.fill(some(5..7), Instant::now());
        hand.look(&mut finished);
        assert_eq!((finished.len(), hand.state().queue.len()), (0, 2));
    }

    /// A hand of two connections that takes ten at a time and found its destination quick.
    fn quick(held: std::ops::Range<u64>, look_at: Instant) -> Hand {
        let hand = Hand::new(&RelayOptions { take_max: 10, ..RelayOptions::default() }, 2);
        hand.state().pace.took(Duration::from_micros(10));
        hand.fill(some(held), look_at);
        hand
    }

    #[test]
    fn the_keeper_is_called_when_there_is_room_and_it_is_time_to_look() {
        let needed = |hand: &Hand| hand.state().needs_keeper(2);
        let look = |hand: &Hand| hand.look(&mut Vec::new()).room;
        let (now, later) = (Instant::now(), Instant::now() + WAIT_MAX);

        let hand = quick(0..HELD_MOST, now);
        assert_eq!((needed(&hand), look(&hand)), (false, 0));
        hand.state().queue.pop_front();
        assert_eq!((needed(&hand), look(&hand)), (true, 10));

        let hand = quick(0..1, later);
        assert_eq!((needed(&hand), look(&hand)), (false, 0));
        hand.ring();
        assert_eq!((needed(&hand), look(&hand)), (true, 10));

        // Whoever calls while there is no room is heard when there is.
        let hand = quick(0..HELD_MOST, later);
        hand.ring();
        assert_eq!((needed(&hand), look(&hand), needed(&hand)), (true, 0, false));
        hand.state().queue.pop_front();
        assert_eq!((needed(&hand), look(&hand)), (true, 10));
    }

    #[test]
    fn what_is_finished_is_reported_by_the_batch_or_in_time() {
        let finish = |hand: &Hand, number| {
            let ended = Ended { delivery: held(number).delivery, result: DeliveryResult::Done(Default::default()) };
            hand.state().under_way += 1;
            hand.state().finish(Carried { ended, time: None, pause: None });
        };
        let hand = quick(0..HELD_MOST, Instant::now());
        (0..9).for_each(|number| finish(&hand, number));
        assert!(!hand.state().needs_keeper(2));
        // It would wait for an hour.
        hand.state().finished_at = Instant::now().checked_sub(hand.report_after);
        hand.wait();
        finish(&hand, 9);
        assert!(hand.state().needs_keeper(2));
    }
}
