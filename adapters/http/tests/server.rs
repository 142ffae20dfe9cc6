//! A server that does whatever a test wants of it, byte by byte: it accepts on the loopback device and runs the
//! test's function on a thread for each connection. It knows just enough of HTTP to read a request.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A connection as a test sees it, plain or in TLS.
pub(crate) trait Wire: Read + Write {}

impl<T: Read + Write> Wire for T {}

/// What was received: the lines of the head and the body.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// The first line.
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// The values of a header.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }
}

/// A running server. Its threads end with the test program.
pub(crate) struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
    received: Arc<Mutex<Vec<Received>>>,
}

/// What a test's function can do with a connection.
pub(crate) struct Peer {
    wire: Box<dyn Wire>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    /// Runs the function for each connection; the number counts connections from 0.
    pub(crate) fn start(serve: impl Fn(&mut Peer, usize) + Send + Sync + 'static) -> Server {
        Server::start_over(|stream| Some(Box::new(stream)), serve)
    }

    /// The same over connections that are made from the sockets first, such as TLS.
    pub(crate) fn start_over(
        wrap: impl Fn(TcpStream) -> Option<Box<dyn Wire>> + Send + Sync + 'static,
        serve: impl Fn(&mut Peer, usize) + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let connections = Arc::new(AtomicUsize::new(0));
        let received = Arc::new(Mutex::new(Vec::new()));
        let (count, log) = (Arc::clone(&connections), Arc::clone(&received));
        let serve = Arc::new((wrap, serve));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let number = count.fetch_add(1, Ordering::SeqCst);
                let (serve, log) = (Arc::clone(&serve), Arc::clone(&log));
                thread::spawn(move || {
                    if let Some(wire) = (serve.0)(stream) {
                        (serve.1)(&mut Peer { wire, received: log }, number);
                    }
                });
            }
        });
        Server { port, connections, received }
    }

    /// Answers each request with the same bytes, as many as come on a connection.
    pub(crate) fn answering(answer: impl AsRef<[u8]> + Send + Sync + 'static) -> Server {
        Server::start(move |peer, _| while peer.receive() && peer.say(answer.as_ref()) {})
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// How many connections were accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// What was received so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no test's function holds it").clone()
    }
}

impl Peer {
    /// Reads one request and writes it down; `false` where the other side is gone.
    pub(crate) fn receive(&mut self) -> bool {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            match self.wire.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                _ => return false,
            }
        }
        let head = String::from_utf8(head).expect("a head in ASCII");
        let mut received = Received { head, body: Vec::new() };
        let length = received.values("content-length").first().map_or(0, |text| text.parse().expect("a number"));
        received.body = vec![0; length];
        if self.wire.read_exact(&mut received.body).is_err() {
            return false;
        }
        self.received.lock().expect("no test's function holds it").push(received);
        true
    }

    /// Writes; `false` where the other side is gone.
    pub(crate) fn say(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.wire.write_all(bytes.as_ref()).and_then(|()| self.wire.flush()).is_ok()
    }

    /// Reads at most so many bytes; `false` where the other side is gone.
    pub(crate) fn read_some(&mut self, most: usize) -> bool {
        matches!(self.wire.read(&mut vec![0; most]), Ok(1..))
    }

    /// Says nothing until the other side gives up.
    pub(crate) fn hang(&mut self) {
        while self.read_some(4096) {}
    }

    /// Says one byte after another, each in good time, until the other side gives up.
    pub(crate) fn trickle(&mut self, byte: u8) {
        while self.say([byte]) {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// An answer with a body of known length.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// An address on which nobody listens: one that was just given back.
pub(crate) fn deserted_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://127.0.0.1:{}/", listener.local_addr().expect("an address").port())
}
