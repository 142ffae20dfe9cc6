//! What the threads do: react to events, and carry deliveries.

use std::sync::Arc;
use std::time::{Duration, Instant};

use stockroom::ports::{Sink, Store};
use stockroom::{
    Answer, Command, DeliveryResult, Fulfill, LeasedDelivery, Outcome, Reply, ReportDelivery, Result, Retry,
    RetryCause, Stockroom, TakeDeliveries, TakenDeliveries, UpdateListings,
};

use crate::counts::{Counters, count};
use crate::pace::Pace;
use crate::stop::Stop;
use crate::{RelayOptions, RelayTrouble, TroubleListener};

/// Commands whose events one reaction reads.
const REACTION_COMMANDS: u32 = 500;
/// The first wait after nothing was found; it doubles up to the idle time.
const FIRST_WAIT: Duration = Duration::from_millis(2);

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
        self.stop.sleep_without_news(news, self.next);
        self.next = (self.next * 2).min(self.idle);
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

pub(crate) struct Deliverer<S> {
    pub(crate) room: Arc<Stockroom<S>>,
    pub(crate) destination: String,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) options: RelayOptions,
    pub(crate) stop: Arc<Stop>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) trouble: TroubleListener,
}

impl<S: Store> Deliverer<S> {
    pub(crate) fn run(&self) {
        let mut waits = Waits::new(&self.stop, self.options.idle);
        let mut pace = Pace::new(self.options.report_after, self.options.take_max);
        let mut reports: Vec<Command> = Vec::new();
        loop {
            let news = self.stop.news();
            let stopping = self.stop.is_asked();
            if stopping && reports.is_empty() {
                return;
            }
            // What was done is reported with the taking of what comes next, in one commit.
            let take = (!stopping).then(|| self.take(pace.take()).into());
            let sent = reports.len();
            let replies = self.room.execute_batch(reports.iter().cloned().chain(take));
            let taken = match replies {
                Ok(mut replies) => {
                    reports.clear();
                    let taken = if stopping { None } else { replies.pop() };
                    self.told(replies.drain(..sent.min(replies.len())));
                    taken.map_or_else(TakenDeliveries::default, |reply| self.taken(Ok(reply)))
                }
                Err(error) => {
                    // Nothing of it was done; the reports are sent again, unless it is time to go.
                    (self.trouble)(&RelayTrouble::Failed(error));
                    if stopping {
                        return;
                    }
                    self.stop.sleep(self.options.idle);
                    continue;
                }
            };
            if taken.deliveries.is_empty() {
                waits.wait(news);
                continue;
            }
            waits.found_work();
            let mut pause_ms = None;
            for delivery in taken.deliveries {
                if let Some(after_ms) = pause_ms {
                    reports.push(report(delivery, not_now(after_ms)));
                    continue;
                }
                let began = Instant::now();
                let result = self.sink.deliver(&delivery);
                pace.took(began.elapsed());
                self.note(&delivery, &result);
                pause_ms = pause(&result);
                reports.push(report(delivery, result));
            }
        }
    }

    fn take(&self, max: u32) -> TakeDeliveries {
        let lease_ms = i64::try_from(self.options.lease.as_millis()).unwrap_or(i64::MAX);
        TakeDeliveries { destination: self.destination.clone(), max, lease_ms }
    }

    fn taken(&self, reply: Result<Reply>) -> TakenDeliveries {
        match answered(reply) {
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

/// How long a destination wants to be left alone, in milliseconds, where it does.
fn pause(result: &DeliveryResult) -> Option<Option<i64>> {
    match result {
        DeliveryResult::DoneWithPause { pause_ms, .. } => Some(Some(*pause_ms)),
        DeliveryResult::Retry(Retry { cause: RetryCause::Throttled, after_ms, .. }) => Some(*after_ms),
        _ => None,
    }
}

/// What was taken with a delivery after which the destination wants a pause goes back as it was.
fn not_now(after_ms: Option<i64>) -> DeliveryResult {
    let why = "the destination wanted a pause before it".to_owned();
    DeliveryResult::Retry(Retry { after_ms, doubt: false, cause: RetryCause::Throttled, why })
}

fn report(delivery: LeasedDelivery, result: DeliveryResult) -> Command {
    let LeasedDelivery { destination, number, attempt, .. } = delivery;
    ReportDelivery { destination: destination.to_string(), number, attempt, result }.into()
}

fn answered(reply: Result<Reply>) -> std::result::Result<Answer, RelayTrouble> {
    match reply.map_err(RelayTrouble::Failed)?.outcome {
        Outcome::Accepted(answer) => Ok(answer),
        Outcome::Rejected(rejection) => Err(RelayTrouble::Refused(rejection)),
    }
}
