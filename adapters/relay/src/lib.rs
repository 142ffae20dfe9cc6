//! The relay: threads that react to events with fulfillment orders and fresh listings, take due deliveries, hand each
//! to the sink of its destination, and report what came of it. It decides nothing: what is due, how long to wait and
//! when to give up are the engine's rules. Any number of relays, in any number of processes, may work on one database.

#![forbid(unsafe_code)]

mod counts;
mod hand;
mod pace;
mod reports;
mod stop;
mod work;

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use stockroom::ports::{Sink, Store};
use stockroom::{Error, ErrorKind, Rejection, Result, Stockroom};

use crate::counts::Counters;
pub use crate::counts::RelayCounts;
use crate::hand::Hand;
use crate::stop::Stop;
use crate::work::{Deliverer, Keeper, Reaction, Reactor};

/// How a relay works.
#[derive(Clone, Debug)]
pub struct RelayOptions {
    /// How long a relay keeps a delivery to itself, 1 second to 1 hour; longer than the slowest attempt of its
    /// sinks. What a relay that died had taken is taken again after this time.
    pub lease: Duration,
    /// The longest time between two looks for work.
    pub idle: Duration,
    /// How long deliveries are carried out before they are reported together. Longer means fewer commits; what is
    /// not reported when the process dies is looked up and, if need be, done again.
    pub report_after: Duration,
    /// The most deliveries taken at a time for a route, 1 to 1,000; more where it has more connections.
    pub take_max: u32,
    /// Whether the relay also reacts to events with fulfillment orders. Needs a registered warehouse.
    pub fulfill: bool,
    /// Whether the relay also brings listings in step with stock. Needs a connected channel.
    pub listings: bool,
}

impl Default for RelayOptions {
    fn default() -> Self {
        RelayOptions {
            lease: Duration::from_secs(120),
            idle: Duration::from_millis(200),
            report_after: Duration::from_millis(100),
            take_max: 500,
            fulfill: true,
            listings: false,
        }
    }
}

/// A destination with what carries deliveries to it.
pub struct Route {
    /// The registered destination.
    pub destination: String,
    /// What carries them.
    pub sink: Arc<dyn Sink>,
    /// How many are carried at the same time, 1 to 64.
    pub connections: usize,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Route").field("destination", &self.destination).finish_non_exhaustive()
    }
}

/// Something that stands in a relay's way. The relay goes on, and tries again after a while.
#[derive(Debug)]
#[non_exhaustive]
pub enum RelayTrouble {
    /// The engine failed.
    Failed(Error),
    /// The engine refused: a destination or a warehouse is not registered, or a lease was lost.
    Refused(Rejection),
}

/// Is told what stands in a relay's way.
pub type TroubleListener = Arc<dyn Fn(&RelayTrouble) + Send + Sync>;

/// A relay at work. Dropping it stops it, as [`Relay::stop`] does.
#[derive(Debug)]
pub struct Relay {
    stop: Arc<Stop>,
    counters: Arc<Counters>,
    threads: Vec<JoinHandle<()>>,
}

impl Relay {
    /// Starts a relay: for each route a thread that takes and reports, and one for each of its connections; and one
    /// for each kind of reaction.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where the options are out of range or the platform has no more threads.
    pub fn start<S: Store + Send + 'static>(
        room: &Arc<Stockroom<S>>,
        routes: Vec<Route>,
        options: &RelayOptions,
        trouble: Option<TroubleListener>,
    ) -> Result<Self> {
        let wrong = |what: &str| Err(Error::new(ErrorKind::Unsupported, "relay.start", what.to_owned()));
        if !(1..=1_000).contains(&options.take_max) {
            return wrong("take_max is not 1 to 1000");
        }
        if !(Duration::from_secs(1)..=Duration::from_secs(3_600)).contains(&options.lease) {
            return wrong("the lease is not 1 second to 1 hour");
        }
        if routes.iter().any(|route| !(1..=64).contains(&route.connections)) {
            return wrong("connections are not 1 to 64");
        }
        let listener = trouble.unwrap_or_else(|| Arc::new(|_| {}));
        let routes: Vec<_> =
            routes.into_iter().map(|route| (Arc::new(Hand::new(options, route.connections)), route)).collect();
        let stop = Arc::new(Stop::new(routes.iter().map(|(hand, _)| Arc::clone(hand)).collect()));
        let mut relay = Relay { stop, counters: Arc::default(), threads: Vec::new() };
        let reactions = [(options.fulfill, Reaction::Fulfill), (options.listings, Reaction::UpdateListings)];
        for (_, reaction) in reactions.into_iter().filter(|(wanted, _)| *wanted) {
            let reactor = Reactor {
                reaction,
                room: Arc::clone(room),
                idle: options.idle,
                stop: Arc::clone(&relay.stop),
                counters: Arc::clone(&relay.counters),
                trouble: Arc::clone(&listener),
            };
            relay.spawn("stockroom-react", move || reactor.run())?;
        }
        for (hand, Route { destination, sink, connections }) in routes {
            let keeper = Keeper {
                room: Arc::clone(room),
                destination: destination.into(),
                hand: Arc::clone(&hand),
                options: options.clone(),
                stop: Arc::clone(&relay.stop),
                trouble: Arc::clone(&listener),
            };
            relay.spawn("stockroom-keep", move || keeper.run())?;
            for _ in 0..connections {
                let deliverer = Deliverer {
                    sink: Arc::clone(&sink),
                    hand: Arc::clone(&hand),
                    counters: Arc::clone(&relay.counters),
                };
                relay.spawn("stockroom-relay", move || deliverer.run())?;
            }
        }
        Ok(relay)
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
        let spawned = Builder::new().name(name.to_owned()).spawn(work);
        let thread = spawned
            .map_err(|error| Error::new(ErrorKind::Unsupported, "relay.start", "no more threads").with_source(error))?;
        self.threads.push(thread);
        Ok(())
    }

    /// What was done so far.
    pub fn counts(&self) -> RelayCounts {
        self.counters.read()
    }

    /// Has every thread look for work at once, for a host that knows that there is some. Without it work is found
    /// within the idle time.
    pub fn wake(&self) {
        self.stop.wake();
    }

    /// Lets what is under way end and be reported, and returns what was done. What was taken and not begun is carried
    /// for at most [`RelayOptions::report_after`] more; the rest is given back, to be tried again. It takes as long as
    /// the slowest attempt under way.
    pub fn stop(mut self) -> RelayCounts {
        self.end();
        self.counters.read()
    }

    fn end(&mut self) {
        self.stop.ask();
        for thread in self.threads.drain(..) {
            // A sink that panicked took its thread with it; its delivery is taken again when the lease ends.
            drop(thread.join());
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.end();
    }
}
