//! What the warehouse calls back: listens on loopback, proves who sent a message, and has the engine carry it out. It
//! answers 2xx only for what is carried out or needs no carrying out, so that everything else comes again.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
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
use stockroom::{Command, Outcome};
use stockroom_clock::SystemClock;
use stockroom_wms::webhook::{Incoming, Reader, Verifier};
use tokio::sync::oneshot;

use crate::shop::Room;

/// The longest message that is read.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// The path that messages come to.
const PATH: &str = "/webhooks";

/// A listener at work. Dropping it stops it.
#[derive(Debug)]
pub struct Webhooks {
    address: SocketAddr,
    running: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Desk {
    room: Arc<Room>,
    verifier: Verifier,
    reader: Reader,
}

/// A secret for callbacks, made of what no two runs share.
pub fn new_secret() -> String {
    let mut hash = Sha256::new();
    hash.update(SystemClock.now_ms().to_le_bytes());
    hash.update(std::process::id().to_le_bytes());
    // The seed of the standard library's hash maps comes from the system's random numbers.
    let seeded = std::hash::BuildHasher::build_hasher(&std::hash::RandomState::new());
    hash.update(std::hash::Hasher::finish(&seeded).to_le_bytes());
    format!("whsec_{}", STANDARD.encode(hash.finalize()))
}

impl Webhooks {
    /// Listens on a port of loopback, or on one that the system chooses (0).
    pub fn start(room: &Arc<Room>, port: u16, secret: &str) -> Result<Self> {
        let failed = |error: &dyn std::fmt::Display| Failure::new("the listener for callbacks", error);
        let verifier = Verifier::new(&[Secret::new(secret)]).map_err(|error| failed(&error))?;
        let reader = Reader::new("warehouse").with_location(retail::LOCATION);
        let desk = Arc::new(Desk { room: Arc::clone(room), verifier, reader });
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
        let spawned = std::thread::Builder::new()
            .name("webhooks".to_owned())
            .spawn(move || runtime.block_on(listen(listener, desk, stopped)));
        let thread = spawned.map_err(|error| failed(&error))?;
        Ok(Webhooks { address, running: Some(running), thread: Some(thread) })
    }

    /// Where messages are to be sent.
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
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
    fn carry_out(&self, headers: &[(String, String)], body: &[u8]) -> StatusCode {
        let Ok(message) = self.verifier.verify(headers, body, SystemClock.now_ms()) else {
            return StatusCode::UNAUTHORIZED;
        };
        let commands: Vec<Command> = match self.reader.read(&message) {
            Ok(Incoming::Fulfillment(note)) => vec![note.into()],
            Ok(Incoming::Shipments(notes)) => notes.into_iter().map(Command::from).collect(),
            Ok(Incoming::Stock(note)) => vec![note.into()],
            Ok(Incoming::Ignored { .. }) => return StatusCode::NO_CONTENT,
            Err(_) => return StatusCode::UNPROCESSABLE_ENTITY,
        };
        for command in commands {
            match self.room.execute(command).map(|reply| reply.outcome) {
                Ok(Outcome::Accepted(_)) => {}
                // It may be right later, and somebody should see it if not.
                Ok(Outcome::Rejected(_)) => return StatusCode::CONFLICT,
                Err(_) => return StatusCode::SERVICE_UNAVAILABLE,
            }
        }
        StatusCode::NO_CONTENT
    }
}
