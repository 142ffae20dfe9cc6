//! Watches how far a request came, which ureq's errors do not tell: a connection that is reset looks the same before
//! and after the request was handed to it. And sends the head of a request together with the body behind it, which
//! ureq hands over one after the other: one packet wakes the other side once, two wake it twice. It looks at bytes only
//! to see where a head ends.
//!
//! A call runs on one thread from its start to the last byte of the answer, so what is known of it stands in a
//! variable of the thread. Connectors and transports are `unversioned` in ureq, which is why its minor version is
//! held.

use std::cell::Cell;
use std::sync::Arc;

use ureq::unversioned::resolver::{DefaultResolver, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport};

use crate::lookup::LateLookup;

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

/// Makes connections that are watched. Its clones have one set of TLS settings and of sessions.
#[derive(Debug)]
pub(crate) struct WatchedConnector<R = DefaultResolver> {
    inner: Arc<DefaultConnector>,
    lookup: Arc<LateLookup<R>>,
}

impl<R> Clone for WatchedConnector<R> {
    fn clone(&self) -> Self {
        WatchedConnector { inner: Arc::clone(&self.inner), lookup: Arc::clone(&self.lookup) }
    }
}

impl<R: Resolver> WatchedConnector<R> {
    pub(crate) fn new(resolver: R) -> Self {
        WatchedConnector { inner: Arc::default(), lookup: Arc::new(LateLookup(resolver)) }
    }
}

impl<R: Resolver> Connector for WatchedConnector<R> {
    type Out = Watched;

    fn connect(&self, details: &ConnectionDetails, chained: Option<()>) -> Result<Option<Watched>, ureq::Error> {
        let (addrs, timeout) = self.lookup.addresses(details)?;
        STAGE.set(Stage::Connecting);
        // A request differs from its agent in the timeout alone. Said to be the agent's own, its connection uses the
        // agent's TLS settings, which would else be built anew each time, and without the sessions that they hold.
        let details = ConnectionDetails {
            uri: details.uri,
            addrs,
            config: details.config,
            request_level: false,
            // A proxy is looked up by its connector.
            resolver: &self.lookup.0,
            now: (details.current_time)(),
            timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        let connected = self.inner.connect(&details, chained);
        // What was said to a proxy to get here went through a watched connection too, and was not the request.
        STAGE.set(Stage::Connecting);
        WAS_CUT.set(false);
        Ok(connected?.map(Watched::new))
    }
}

/// How much of a request's head waits for its body. A longer one is sent by itself.
const HELD_BYTES_MAX: usize = 8 * 1024;

/// What ends a head.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// A connection that is watched, also when it is used again.
#[derive(Debug)]
pub(crate) struct Watched {
    inner: Box<dyn Transport>,
    /// The head of a request whose body comes next, or an answer is waited for. Else empty; it keeps its memory.
    held: Vec<u8>,
    /// How long sending it may take.
    held_timeout: NextTimeout,
    /// Whether nothing of a request passed since an answer was waited for: what comes is a head.
    at_head: bool,
    /// Whether it was asked for since the last request whether the connection is open.
    put_by: bool,
    /// Whether something was sent since an answer was waited for.
    asked: bool,
}

impl Watched {
    fn new(inner: Box<dyn Transport>) -> Self {
        let held_timeout = NextTimeout::default();
        Watched { inner, held: Vec::new(), held_timeout, at_head: true, put_by: false, asked: false }
    }

    fn send(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        // Before it is tried: a write that fails may have come through in part.
        STAGE.set(Stage::Sending);
        self.put_by = false;
        self.asked = true;
        self.inner.transmit_output(amount, timeout)
    }

    /// Sends the head that was held, and behind it so much as stands in the output.
    fn send_held(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let Watched { inner, held, .. } = self;
        let head = held.len();
        let output = inner.buffers().output();
        // What does not fit behind the head goes after it.
        let fits = amount.min(output.len().saturating_sub(head));
        let rest = output[fits..amount].to_vec();
        output.copy_within(..fits, head);
        output[..head].copy_from_slice(held);
        held.clear();
        self.send(head + fits, timeout)?;
        if rest.is_empty() {
            return Ok(());
        }
        self.inner.buffers().output()[..rest.len()].copy_from_slice(&rest);
        self.send(rest.len(), timeout)
    }
}

impl Transport for Watched {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if !self.held.is_empty() {
            return self.send_held(amount, timeout);
        }
        if std::mem::take(&mut self.at_head) {
            let output = &self.inner.buffers().output()[..amount];
            if amount <= HELD_BYTES_MAX && output.ends_with(HEAD_END) {
                self.held.extend_from_slice(output);
                self.held_timeout = timeout;
                STAGE.set(Stage::Connecting);
                return Ok(());
            }
        }
        self.send(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.at_head = true;
        // A request without a body.
        let sent = if self.held.is_empty() { Ok(()) } else { self.send_held(0, self.held_timeout) };
        if std::mem::take(&mut self.asked) {
            // Others have their turn first. Where many calls keep the processors busy, the answer of a near host is there
            // after it: this thread need not be put to sleep, nor woken by the answer, which costs more than the reading.
            // A far host's answer takes longer than the turn.
            std::thread::yield_now();
        }
        let outcome = sent.and_then(|()| self.inner.await_input(timeout));
        if outcome.is_err() {
            WAS_CUT.set(true);
        }
        outcome
    }

    fn is_open(&mut self) -> bool {
        // A head that was never sent must not stand before the next request.
        if !self.held.is_empty() {
            return false;
        }
        // ureq asks when it puts a connection by, and again when it takes it for the next request. The second answer
        // is the one that counts, and each takes three calls of the system.
        if !std::mem::replace(&mut self.put_by, true) {
            return true;
        }
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use ureq::unversioned::transport::LazyBuffers;

    /// A connection that keeps what it is given, write by write.
    #[derive(Debug)]
    struct Kept {
        buffers: LazyBuffers,
        writes: Arc<Mutex<Vec<Vec<u8>>>>,
    }

    impl Transport for Kept {
        fn buffers(&mut self) -> &mut dyn Buffers {
            &mut self.buffers
        }

        fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
            let write = self.buffers.output()[..amount].to_vec();
            self.writes.lock().unwrap().push(write);
            Ok(())
        }

        fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
            Ok(true)
        }

        fn is_open(&mut self) -> bool {
            true
        }
    }

    /// What a connection with so much room is given, where each `None` waits for an answer.
    fn writes(output_bytes: usize, parts: &[Option<&str>]) -> (Vec<String>, Watched) {
        let writes = Arc::default();
        let buffers = LazyBuffers::new(64, output_bytes);
        let mut watched = Watched::new(Box::new(Kept { buffers, writes: Arc::clone(&writes) }));
        for part in parts {
            match part {
                None => drop(watched.await_input(NextTimeout::default()).unwrap()),
                Some(part) => {
                    watched.buffers().output()[..part.len()].copy_from_slice(part.as_bytes());
                    watched.transmit_output(part.len(), NextTimeout::default()).unwrap();
                }
            }
        }
        let writes = writes.lock().unwrap().iter().map(|write| String::from_utf8(write.clone()).unwrap()).collect();
        (writes, watched)
    }

    #[test]
    fn a_head_goes_with_the_body_behind_it() {
        const HEAD: &str = "POST / HTTP/1.1\r\n\r\n";
        let check = |name: &str, output_bytes: usize, parts: &[Option<&str>], expected: &[&str]| {
            assert_eq!(writes(output_bytes, parts).0, expected, "{name}");
        };
        let whole = format!("{HEAD}body");
        check("at once", 100, &[Some(HEAD), Some("body")], &[&whole]);
        check("no body", 100, &[Some(HEAD), None], &[HEAD]);
        check("each", 100, &[Some(HEAD), Some("body"), None, Some(HEAD), Some("body")], &[&whole, &whole]);
        check("a body in parts", 100, &[Some(HEAD), Some("body"), Some("more")], &[&whole, "more"]);
        check(
            "a body that ends like a head",
            100,
            &[Some(HEAD), Some("body"), Some("\r\n\r\n")],
            &[&whole, "\r\n\r\n"],
        );
        check("a head in parts", 100, &[Some("GET"), Some("\r\n\r\n"), Some("a")], &["GET", "\r\n\r\n", "a"]);
        check("a body that fills the room", HEAD.len() + 4, &[Some(HEAD), Some("bodymore")], &[&whole, "more"]);
        check("a head that fills the room", HEAD.len(), &[Some(HEAD), Some("body")], &[HEAD, "body"]);
    }

    #[test]
    fn nothing_counts_as_sent_before_it_is() {
        begin();
        let (sent, mut watched) = writes(100, &[Some("POST / HTTP/1.1\r\n\r\n")]);
        assert!(sent.is_empty());
        assert_eq!(stage(), Stage::Connecting);
        assert!(!watched.is_open(), "the next request would have two heads");
        watched.transmit_output(0, NextTimeout::default()).unwrap();
        assert_eq!(stage(), Stage::Sending);
        assert!(watched.is_open());
    }
}
