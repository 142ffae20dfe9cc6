//! What the threads do: react to events, and carry deliveries.

use std::sync::Arc;
use std::time::{Duration, Instant};

use stockroom::ports::{Sink, Store};
use stockroom::{
    Answer, Command, DeliveryResult, Fulfill, LeasedDelivery, Name, Outcome, Reply, Result, Stockroom, TakeDeliveries,
    TakenDeliveries, UpdateListings,
};

use crate::counts::{Counters, count};
use crate::hand::{Carried, Found, Hand, Held};
use crate::reports::{Ended, Report, given_back, pause};
use crate::stop::Stop;
use crate::{RelayOptions, RelayTrouble, TroubleListener};

/// Commands whose events one reaction reads.
const REACTION_COMMANDS: u32 = 500;
/// The first wait after nothing was found; it doubles up to the idle time.
const FIRST_WAIT: Duration = Duration::from_millis(2);

/// The longest that deliveries taken are carried after it is asked to stop; a longer look ahead is as good as this.
const CLOSE_MAX: Duration = Duration::from_secs(3_600);

/// Waits that grow while there is nothing to do.
struct Waits<'s> {
    stop: &'s Stop,
    idle: Duration,
    next: Duration,
}

impl<'s> Waits<'s> {
    fn new(stop: &'s Stop, idle: Duration) -> Self {
        Waits { stop, idle, next: FIRST_WAIT.min(idle) }
    }

    fn found_work(&mut self) {
        self.next = FIRST_WAIT.min(self.idle);
    }

    /// Waits for a while or for news of work since that was read.
    fn wait(&mut self, news: u64) {
        let time = self.grow();
        self.stop.sleep_without_news(news, time);
    }

    /// The wait that is due now; the next one is longer.
    fn grow(&mut self) -> Duration {
        let time = self.next;
        self.next = (self.next * 2).min(self.idle);
        time
    }
}

/// What is reacted to events with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reaction {
    Fulfill,
    UpdateListings,
}

impl Reaction {
    fn command(self) -> Command {
        match self {
            Reaction::Fulfill => Fulfill { limit: REACTION_COMMANDS }.into(),
            Reaction::UpdateListings => UpdateListings { limit: REACTION_COMMANDS }.into(),
        }
    }
}

/// What a reaction found and did.
struct Reacted {
    found: bool,
    more: bool,
    /// Whether there is something to deliver now.
    wrote: bool,
}

pub(crate) struct Reactor<S> {
    pub(crate) reaction: Reaction,
    pub(crate) room: Arc<Stockroom<S>>,
    pub(crate) idle: Duration,
    pub(crate) stop: Arc<Stop>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) trouble: TroubleListener,
}

impl<S: Store> Reactor<S> {
    pub(crate) fn run(&self) {
        let mut waits = Waits::new(&self.stop, self.idle);
        while !self.stop.is_asked() {
            let news = self.stop.news();
            match answered(self.room.execute(self.reaction.command())) {
                Ok(answer) => {
                    let reacted = self.reacted(&answer);
                    if reacted.found {
                        waits.found_work();
                    }
                    if reacted.wrote {
                        self.stop.wake();
                    }
                    if !reacted.more {
                        // Changes come in bursts: one look at many of them beats many looks at one.
                        waits.wait(if reacted.wrote { news + 1 } else { news });
                    }
                }
                Err(trouble) => {
                    (self.trouble)(&trouble);
                    self.stop.sleep(self.idle);
                }
            }
        }
    }
}

impl<S> Reactor<S> {
    fn reacted(&self, answer: &Answer) -> Reacted {
        match answer {
            Answer::Fulfilled(done) => {
                count(&self.counters.requested, done.requested);
                Reacted { found: done.events > 0, more: done.more, wrote: done.requested > 0 }
            }
            Answer::ListingsUpdated(done) => {
                count(&self.counters.queued, done.queued);
                let wrote = done.queued + done.shipments > 0;
                Reacted { found: done.events > 0 || wrote, more: done.more, wrote }
            }
            _ => Reacted { found: false, more: false, wrote: false },
        }
    }
}

/// One connection: it carries what its route has in hand, and never speaks to the engine.
pub(crate) struct Deliverer {
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) hand: Arc<Hand>,
    pub(crate) counters: Arc<Counters>,
}

impl Deliverer {
    pub(crate) fn run(&self) {
        let mut carrier = self.hand.carrier();
        let mut carried = None;
        while let Some(Held { delivery, begin_by }) = carrier.next(carried.take()) {
            let began = Instant::now();
            carried = Some(if began > begin_by {
                let ended = given_back(delivery, "it waited for too much of its lease");
                Carried { ended, time: None, pause: None }
            } else {
                let result = self.sink.deliver(&delivery);
                let (time, pause) = (Some(began.elapsed()), pause(&result));
                self.note(&delivery, &result);
                Carried { ended: Ended { delivery, result }, time, pause }
            });
        }
    }

    fn note(&self, delivery: &LeasedDelivery, result: &DeliveryResult) {
        count(&self.counters.attempts, 1);
        count(&self.counters.looked_up, u64::from(delivery.doubt));
        let counter = match result {
            DeliveryResult::Done(_) | DeliveryResult::DoneWithPause { .. } => &self.counters.done,
            DeliveryResult::Retry(_) => &self.counters.retried,
            DeliveryResult::Refused { .. } => &self.counters.refused,
        };
        count(counter, 1);
    }
}

/// A route's books: it takes what its connections carry next and reports what came of the last, in one commit, while
/// they are at work.
pub(crate) struct Keeper<S> {
    pub(crate) room: Arc<Stockroom<S>>,
    pub(crate) destination: Name,
    pub(crate) hand: Arc<Hand>,
    pub(crate) options: RelayOptions,
    pub(crate) stop: Arc<Stop>,
    pub(crate) trouble: TroubleListener,
}

/// Lets the connections go with their keeper, also where that panics: without it they would wait for ever.
struct LetGo<'k>(&'k Hand);

impl Drop for LetGo<'_> {
    fn drop(&mut self) {
        self.0.close(Instant::now());
    }
}

impl<S: Store> Keeper<S> {
    pub(crate) fn run(&self) {
        let _let_go = LetGo(&self.hand);
        let mut waits = Waits::new(&self.stop, self.options.idle);
        let mut reports: Vec<Report> = Vec::new();
        let mut finished = Vec::new();
        loop {
            let stopping = self.stop.is_asked();
            if stopping {
                // What is quickly carried is carried; what is not goes back.
                self.hand.close(Instant::now() + self.options.report_after.min(CLOSE_MAX));
            }
            let Found { room, left } = self.hand.look(&mut finished);
            let ends = left.is_some();
            let left = left.into_iter().flatten();
            finished.extend(left.map(|held| given_back(held.delivery, "the relay stopped before its turn")));
            reports.extend(finished.drain(..).map(Report::from));
            let room = if ends || stopping { 0 } else { room };
            if room == 0 && reports.is_empty() {
                if ends {
                    return;
                }
                self.hand.wait();
                continue;
            }
            // What was done is reported with the taking of what comes next, in one commit.
            let began = Instant::now();
            let take = (room > 0).then(|| self.take(room).into());
            let sent = reports.len();
            let told = reports.iter().map(|report| report.command(&self.destination));
            match self.room.execute_batch(told.chain(take)) {
                Ok(mut replies) => {
                    reports.clear();
                    let taken = if room > 0 { replies.pop() } else { None };
                    self.told(replies.drain(..sent.min(replies.len())));
                    if let Some(taken) = taken.map(|reply| self.taken(reply)) {
                        let count = taken.deliveries.len();
                        if count > 0 {
                            waits.found_work();
                        }
                        let more = count == room as usize;
                        let time = if more { Duration::ZERO } else { waits.grow().min(CLOSE_MAX) };
                        let begin_by = began + self.options.lease / 2;
                        let held = taken.deliveries.into_iter().map(|delivery| Held { delivery, begin_by });
                        self.hand.fill(held, Instant::now() + time);
                    }
                    self.hand.wait();
                }
                Err(error) => {
                    // Nothing of it was done; the reports are sent again, unless it is time to go.
                    (self.trouble)(&RelayTrouble::Failed(error));
                    if stopping {
                        return;
                    }
                    self.stop.sleep(self.options.idle);
                }
            }
        }
    }

    fn take(&self, max: u32) -> TakeDeliveries {
        let lease_ms = i64::try_from(self.options.lease.as_millis()).unwrap_or(i64::MAX);
        TakeDeliveries { destination: self.destination.to_string(), max, lease_ms }
    }

    fn taken(&self, reply: Reply) -> TakenDeliveries {
        match answered(Ok(reply)) {
            Ok(Answer::Taken(taken)) => taken,
            Ok(_) => TakenDeliveries::default(),
            Err(trouble) => {
                (self.trouble)(&trouble);
                self.stop.sleep(self.options.idle);
                TakenDeliveries::default()
            }
        }
    }

    fn told(&self, replies: impl Iterator<Item = Reply>) {
        for reply in replies {
            if let Outcome::Rejected(rejection) = reply.outcome {
                (self.trouble)(&RelayTrouble::Refused(rejection));
            }
        }
    }
}

fn answered(reply: Result<Reply>) -> std::result::Result<Answer, RelayTrouble> {
    match reply.map_err(RelayTrouble::Failed)?.outcome {
        Outcome::Accepted(answer) => Ok(answer),
        Outcome::Rejected(rejection) => Err(RelayTrouble::Refused(rejection)),
    }
}
