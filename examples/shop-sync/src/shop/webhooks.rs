//! What the shop says by itself: listens on loopback, proves who sent a message, and has the engine carry it out. It
//! answers 2xx only for what is carried out or needs no carrying out, so that everything else comes again.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming as Body};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use retail::{Failure, Result};
use sha2::{Digest, Sha256};
use stockroom::ports::{Clock, Secret};
use stockroom::{Answer, Command, Outcome};
use stockroom_clock::SystemClock;
use stockroom_shopify::OrderMapping;
use stockroom_shopify::webhook::{Incoming, Reader, Verifier, WEBHOOK_ID_HEADER};
use tokio::sync::oneshot;

use crate::shop::{CHANNEL, Room};

/// The longest message that is read.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// The path that messages come to.
const PATH: &str = "/webhooks";

/// A listener at work. Dropping it stops it.
#[derive(Debug)]
pub struct Webhooks {
    address: SocketAddr,
    desk: Arc<Desk>,
    running: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Desk {
    room: Arc<Room>,
    verifier: Verifier,
    reader: Reader,
    /// Messages that were accepted.
    accepted: AtomicU64,
    /// Those among them that had come before, and changed nothing.
    duplicates: AtomicU64,
    /// The ids of messages that were accepted, for counting: that none is carried out twice is the engine's work.
    seen: Mutex<HashSet<String>>,
    /// Messages that the engine or the reader would not have.
    refused: AtomicU64,
}

/// A secret for webhooks, made of what no two runs share.
pub fn new_secret() -> String {
    let mut hash = Sha256::new();
    hash.update(SystemClock.now_ms().to_le_bytes());
    hash.update(std::process::id().to_le_bytes());
    // The seed of the standard library's hash maps comes from the system's random numbers.
    let seeded = std::hash::BuildHasher::build_hasher(&std::hash::RandomState::new());
    hash.update(std::hash::Hasher::finish(&seeded).to_le_bytes());
    STANDARD.encode(hash.finalize())
}

impl Webhooks {
    /// Listens on a port of loopback, or on one that the system chooses (0).
    pub fn start(room: &Arc<Room>, port: u16, domain: &str, location: &str, secret: &str) -> Result<Self> {
        let failed = |error: &dyn std::fmt::Display| Failure::new("the listener for webhooks", error);
        let verifier = Verifier::new(domain, &[Secret::new(secret)]).map_err(|error| failed(&error))?;
        let mapping = OrderMapping::new(CHANNEL).map_err(|fault| failed(&fault))?;
        let reader = Reader::new(mapping, location).map_err(|fault| failed(&fault))?;
        let desk = Arc::new(Desk {
            room: Arc::clone(room),
            verifier,
            reader,
            accepted: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            seen: Mutex::default(),
            refused: AtomicU64::new(0),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| failed(&error))?;
        listener.set_nonblocking(true).map_err(|error| failed(&error))?;
        let address = listener.local_addr().map_err(|error| failed(&error))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            // As many messages as this share commits.
            .max_blocking_threads(32)
            .enable_all()
            .build()
            .map_err(|error| failed(&error))?;
        let (running, stopped) = oneshot::channel();
        let for_thread = Arc::clone(&desk);
        let spawned = std::thread::Builder::new()
            .name("webhooks".to_owned())
            .spawn(move || runtime.block_on(listen(listener, for_thread, stopped)));
        let thread = spawned.map_err(|error| failed(&error))?;
        Ok(Webhooks { address, desk, running: Some(running), thread: Some(thread) })
    }

    /// Where messages are to be sent.
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Messages that were accepted so far.
    pub fn accepted(&self) -> u64 {
        self.desk.accepted.load(Ordering::Relaxed)
    }

    /// Those among them that had come before, and changed nothing.
    pub fn duplicates(&self) -> u64 {
        self.desk.duplicates.load(Ordering::Relaxed)
    }

    /// Messages that the reader or the engine would not have. They come again.
    pub fn refused(&self) -> u64 {
        self.desk.refused.load(Ordering::Relaxed)
    }
}

impl Drop for Webhooks {
    fn drop(&mut self) {
        self.running = None;
        if let Some(thread) = self.thread.take() {
            // A thread that has panicked has stopped as well.
            let _ = thread.join();
        }
    }
}

async fn listen(listener: TcpListener, desk: Arc<Desk>, mut stopped: oneshot::Receiver<()>) {
    // Fails only without a runtime, and this is one.
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        let stream = tokio::select! {
            _ = &mut stopped => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => {
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                    continue;
                }
            },
        };
        let _ = stream.set_nodelay(true);
        let desk = Arc::clone(&desk);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&desk), request));
            let connection =
                http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
            // A connection that ends badly has a sender that sends again.
            let _ = connection.await;
        });
    }
}

async fn answer(
    desk: Arc<Desk>,
    request: Request<Body>,
) -> std::result::Result<Response<Full<Bytes>>, std::convert::Infallible> {
    let (parts, body) = request.into_parts();
    let status = match (parts.uri.path(), Limited::new(body, BODY_BYTES_MAX).collect().await) {
        (PATH, Ok(body)) => {
            let body = body.to_bytes();
            let headers: Vec<(String, String)> = parts
                .headers
                .iter()
                .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
                .collect();
            // The engine waits for the disk, so it is asked on a thread that may wait.
            let carried_out = tokio::task::spawn_blocking(move || desk.carry_out(&headers, &body)).await;
            carried_out.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        }
        (PATH, Err(_)) => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::NOT_FOUND,
    };
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    Ok(response)
}

impl Desk {
    /// Whether a message of this id was accepted before; from here on it was.
    fn has_come(&self, headers: &[(String, String)]) -> bool {
        let id = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(WEBHOOK_ID_HEADER));
        let Some((_, id)) = id else { return false };
        !self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone())
    }

    fn carry_out(&self, headers: &[(String, String)], body: &[u8]) -> StatusCode {
        let Ok(message) = self.verifier.verify(headers, body, SystemClock.now_ms()) else {
            return StatusCode::UNAUTHORIZED;
        };
        let command: Command = match self.reader.read(&message) {
            Ok(Incoming::Order(order)) => (*order).into(),
            Ok(Incoming::Listings(note)) => note.into(),
            Ok(Incoming::Disconnected(disconnect)) => disconnect.into(),
            Ok(Incoming::Ignored { .. }) => return StatusCode::NO_CONTENT,
            Err(_) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                return StatusCode::UNPROCESSABLE_ENTITY;
            }
        };
        match self.room.execute(command).map(|reply| reply.outcome) {
            Ok(Outcome::Accepted(answer)) => {
                self.accepted.fetch_add(1, Ordering::Relaxed);
                let known = self.has_come(headers) && matches!(answer, Answer::Unchanged);
                self.duplicates.fetch_add(u64::from(known), Ordering::Relaxed);
                StatusCode::NO_CONTENT
            }
            // It may be right later, and somebody should see it if not.
            Ok(Outcome::Rejected(_)) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                StatusCode::CONFLICT
            }
            Err(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}
