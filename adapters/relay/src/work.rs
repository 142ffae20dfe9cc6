//! What the threads do: react to events, and carry deliveries.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

use stockroom::ports::{Sink, Store};
use stockroom::{
    Answer, Command, DeliveryResult, Fulfill, LeasedDelivery, Outcome, Reply, ReportDelivery, Result, Stockroom,
    TakeDeliveries,
};

use crate::counts::{Counters, count};
use crate::pace::Pace;
use crate::stop::Stop;
use crate::{RelayOptions, RelayTrouble, TroubleListener};

/// Commands whose events one reaction reads.
const REACTION_COMMANDS: u32 = 500;
/// The first wait after nothing was found; it doubles up to the idle time.
const FIRST_WAIT: Duration = Duration::from_millis(2);

/// The shortest wait for what is being carried.
const LEAST_WAIT: Duration = Duration::from_millis(1);

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

    fn wait(&mut self) {
        let time = self.grow();
        self.stop.sleep(time);
    }

    /// The wait that is due now; the next one is longer.
    fn grow(&mut self) -> Duration {
        let time = self.next;
        self.next = (self.next * 2).min(self.idle);
        time
    }
}

pub(crate) struct Reactor<S> {
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
            match answered(self.room.execute(Fulfill { limit: REACTION_COMMANDS })) {
                Ok(Answer::Fulfilled(fulfilled)) if fulfilled.events > 0 => {
                    count(&self.counters.requested, fulfilled.requested);
                    waits.found_work();
                    if !fulfilled.more {
                        // Orders come in bursts: one look at many of them beats many looks at one.
                        waits.wait();
                    }
                }
                Ok(_) => waits.wait(),
                Err(trouble) => {
                    (self.trouble)(&trouble);
                    self.stop.sleep(self.idle);
                }
            }
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

/// A delivery that was carried, or at least tried.
struct Carried {
    delivery: LeasedDelivery,
    result: DeliveryResult,
    time: Duration,
}

/// What a connection has in hand.
struct Hand {
    pace: Pace,
    /// Taken and not carried yet.
    waiting: usize,
    reports: Vec<Command>,
    reported_at: Instant,
    /// Nothing is taken before this.
    take_at: Instant,
}

impl Hand {
    /// What the carrier should have in hand: enough that it does not run dry while what it carried is reported.
    /// Where attempts are slow, one at a time: what waits here nobody else can carry.
    fn enough(&self) -> usize {
        let want = self.pace.take() as usize;
        if want == 1 { 1 } else { 2 * want }
    }

    /// How many more to take.
    fn room(&self) -> usize {
        if self.waiting < self.enough() { self.enough() + self.pace.take() as usize - self.waiting - 1 } else { 0 }
    }

    /// How long the carrier is likely to have enough.
    fn ample_time(&self) -> Duration {
        self.pace.time_for((self.waiting + 1).saturating_sub(self.enough()))
    }
}

impl<S: Store> Deliverer<S> {
    /// One connection: a thread that carries and nothing else, and this one, which takes and reports beside it.
    pub(crate) fn run(&self) {
        let (hand_over, queue) = channel::<LeasedDelivery>();
        let (carried, results) = channel();
        let sink = &self.sink;
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for delivery in queue {
                    let began = Instant::now();
                    let result = sink.deliver(&delivery);
                    if carried.send(Carried { delivery, result, time: began.elapsed() }).is_err() {
                        return;
                    }
                }
            });
            self.keep_books(&hand_over, &results);
            drop(hand_over);
        });
    }

    fn keep_books(&self, carrier: &Sender<LeasedDelivery>, results: &Receiver<Carried>) {
        let mut waits = Waits::new(&self.stop, self.options.idle);
        let now = Instant::now();
        let pace = Pace::new(self.options.report_after, self.options.take_max);
        let mut hand = Hand { pace, waiting: 0, reports: Vec::new(), reported_at: now, take_at: now };
        loop {
            loop {
                match results.try_recv() {
                    Ok(carried) => self.note(&mut hand, carried),
                    Err(TryRecvError::Empty) => break,
                    // The sink panicked. What it had is taken again when its lease ends.
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            let stopping = self.stop.is_asked();
            if stopping && hand.waiting == 0 && hand.reports.is_empty() {
                return;
            }
            let room = if stopping || Instant::now() < hand.take_at { 0 } else { hand.room() };
            let overdue = hand.waiting == 0 || hand.reported_at.elapsed() >= self.options.report_after;
            if room == 0 && (hand.reports.is_empty() || !overdue) {
                // Not at every delivery that was carried: waking costs more than waiting.
                let time = if hand.waiting == 0 { waits.next } else { hand.ample_time() };
                let time = time.clamp(LEAST_WAIT, self.options.report_after.max(LEAST_WAIT));
                if stopping {
                    std::thread::sleep(time)
                } else {
                    self.stop.sleep(time)
                }
                continue;
            }
            match self.report_and_take(&mut hand, room) {
                Ok(taken) if taken.is_empty() => {
                    if room > 0 {
                        hand.take_at = Instant::now() + waits.grow();
                    }
                }
                Ok(taken) => {
                    waits.found_work();
                    hand.waiting += taken.len();
                    for delivery in taken {
                        if carrier.send(delivery).is_err() {
                            return;
                        }
                    }
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

    /// Reports what was carried and takes what comes next, in one commit.
    fn report_and_take(&self, hand: &mut Hand, room: usize) -> Result<Vec<LeasedDelivery>> {
        let max = u32::try_from(room).unwrap_or(u32::MAX).min(self.options.take_max);
        let take = (room > 0).then(|| self.take(max).into());
        let mut replies = self.room.execute_batch(hand.reports.iter().cloned().chain(take))?;
        let taken = if room > 0 { replies.pop() } else { None };
        hand.reports.clear();
        hand.reported_at = Instant::now();
        for reply in replies {
            if let Outcome::Rejected(rejection) = reply.outcome {
                (self.trouble)(&RelayTrouble::Refused(rejection));
            }
        }
        match taken.map(|reply| answered(Ok(reply))) {
            Some(Ok(Answer::Taken(taken))) => Ok(taken.deliveries),
            Some(Err(trouble)) => {
                (self.trouble)(&trouble);
                self.stop.sleep(self.options.idle);
                Ok(Vec::new())
            }
            _ => Ok(Vec::new()),
        }
    }

    fn take(&self, max: u32) -> TakeDeliveries {
        let lease_ms = i64::try_from(self.options.lease.as_millis()).unwrap_or(i64::MAX);
        TakeDeliveries { destination: self.destination.clone(), max, lease_ms }
    }

    fn note(&self, hand: &mut Hand, carried: Carried) {
        let Carried { delivery, result, time } = carried;
        hand.pace.took(time);
        hand.waiting = hand.waiting.saturating_sub(1);
        count(&self.counters.attempts, 1);
        count(&self.counters.looked_up, u64::from(delivery.doubt));
        let counter = match result {
            DeliveryResult::Done(_) => &self.counters.done,
            DeliveryResult::Retry(_) => &self.counters.retried,
            DeliveryResult::Refused { .. } => &self.counters.refused,
        };
        count(counter, 1);
        hand.reports.push(report(delivery, result));
    }
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
