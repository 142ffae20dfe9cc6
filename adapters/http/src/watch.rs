//! Watches how far a request came, which ureq's errors do not tell: a connection that is reset looks the same before
//! and after the request was handed to it. It sees that bytes pass and never looks at them.
//!
//! A call runs on one thread from its start to the last byte of the answer, so what is known of it stands in a
//! variable of the thread. Connectors and transports are `unversioned` in ureq, which is why its minor version is
//! held.

use std::cell::Cell;

use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport};

/// How far a call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// The request is made ready and its host is looked up.
    Starting,
    /// A connection is being made, or was made and holds no byte of the request.
    Connecting,
    /// The connection was given at least a part of the request.
    Sending,
}

thread_local! {
    static STAGE: Cell<Stage> = const { Cell::new(Stage::Starting) };
    static WAS_CUT: Cell<bool> = const { Cell::new(false) };
}

/// A call begins on this thread.
pub(crate) fn begin() {
    STAGE.set(Stage::Starting);
    WAS_CUT.set(false);
}

/// How far the call of this thread came.
pub(crate) fn stage() -> Stage {
    STAGE.get()
}

/// Whether a read of this thread's call failed. ureq takes a reset for the end of a body without a length.
pub(crate) fn was_cut() -> bool {
    WAS_CUT.get()
}

/// Makes connections that are watched.
#[derive(Debug, Default)]
pub(crate) struct WatchedConnector(DefaultConnector);

impl Connector for WatchedConnector {
    type Out = Watched;

    fn connect(&self, details: &ConnectionDetails, chained: Option<()>) -> Result<Option<Watched>, ureq::Error> {
        STAGE.set(Stage::Connecting);
        // A request differs from its agent in the timeout alone. Said to be the agent's own, its connection uses the
        // agent's TLS settings, which would else be built anew each time, and without the sessions that they hold.
        let details = ConnectionDetails {
            uri: details.uri,
            addrs: details.addrs.clone(),
            config: details.config,
            request_level: false,
            resolver: details.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        let connected = self.0.connect(&details, chained);
        // What was said to a proxy to get here went through a watched connection too, and was not the request.
        STAGE.set(Stage::Connecting);
        WAS_CUT.set(false);
        Ok(connected?.map(Watched))
    }
}

/// A connection that is watched, also when it is used again.
#[derive(Debug)]
pub(crate) struct Watched(Box<dyn Transport>);

impl Transport for Watched {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        // Before it is tried: a write that fails may have come through in part.
        STAGE.set(Stage::Sending);
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let outcome = self.0.await_input(timeout);
        if outcome.is_err() {
            WAS_CUT.set(true);
        }
        outcome
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}
