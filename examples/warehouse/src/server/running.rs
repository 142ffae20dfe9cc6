//! A running warehouse: a thread with a runtime of its own, from the first connection until it is stopped. Whoever
//! holds it can read the books at any time; it may leave nothing behind when it goes.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::oneshot;

use super::books::Books;
use super::callbacks::Courier;
use super::faults::Faults;
use super::floor::Floor;
use super::http;
use super::settings::Settings;
use super::signature::SecretError;

/// Threads that connections, orders and callbacks share. None of them ever blocks.
const THREADS: usize = 2;

/// The wait after a connection that could not be taken, such as for want of file handles.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// A warehouse that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct WarehouseServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Dropping it is the sign to stop.
    running: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Why a warehouse does not start.
#[derive(Debug)]
pub enum StartError {
    /// The port cannot be listened on.
    Listen(io::Error),
    /// There is no thread to be had.
    Thread(io::Error),
    /// Callbacks cannot go to this URL: it is not `http://` and a host.
    CallbackUrl(String),
    /// Callbacks cannot be signed.
    Secret(SecretError),
}

/// What all tasks of a warehouse share.
#[derive(Debug)]
pub(super) struct Shared {
    floor: Mutex<Floor>,
    /// Told whenever an order was put down.
    put_down: Condvar,
    courier: Option<Courier>,
    pick_after: Duration,
    ship_after: Duration,
}

impl WarehouseServer {
    /// Starts a warehouse.
    pub fn start(settings: &Settings) -> Result<Self, StartError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).map_err(StartError::Listen)?;
        let address = listener.local_addr().map_err(StartError::Listen)?;
        listener.set_nonblocking(true).map_err(StartError::Listen)?;
        let shared = Arc::new(Shared {
            floor: Mutex::new(Floor::new(settings)),
            put_down: Condvar::new(),
            courier: settings.callbacks.as_ref().map(Courier::new).transpose()?,
            pick_after: Duration::from_millis(settings.pick_after_ms),
            ship_after: Duration::from_millis(settings.ship_after_ms),
        });
        // Short enough for a thread's name, and tells one warehouse from another.
        let name = format!("wh-{}", address.port());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name(&name)
            .enable_all()
            .build()
            .map_err(StartError::Thread)?;
        let (running, stopped) = oneshot::channel();
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            runtime.block_on(listen(listener, for_thread, stopped));
            // The runtime ends here: it drops every task and waits for its threads.
        });
        let thread = thread.map_err(StartError::Thread)?;
        Ok(WarehouseServer { address, shared, running: Some(running), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as a URL without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A copy of the books.
    pub fn books(&self) -> Books {
        self.shared.floor().books()
    }

    /// Has other things go wrong from now on. Attempts are counted on.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.floor().set_faults(faults);
    }

    /// Units on hand of a SKU.
    pub fn on_hand(&self, sku: &str) -> i64 {
        self.shared.floor().on_hand(sku)
    }

    /// Sets the units on hand of a SKU.
    pub fn set_on_hand(&self, sku: &str, on_hand: i64) {
        self.shared.floor().set_on_hand(sku, on_hand);
    }

    /// Whether nothing more will happen by itself: every order is shipped or cancelled, every callback accepted by the
    /// shop or given up.
    pub fn idle(&self) -> bool {
        !self.shared.floor().is_busy()
    }

    /// Whether it is idle and the shop has accepted every callback.
    pub fn settled(&self) -> bool {
        self.shared.floor().is_settled()
    }

    /// Waits until it is idle, but not longer than this. Whether it is idle is the answer.
    pub fn wait_until_idle(&self, timeout: Duration) -> bool {
        let waited = self.shared.put_down.wait_timeout_while(self.shared.floor(), timeout, |floor| floor.is_busy());
        let (floor, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !floor.is_busy()
    }

    /// Stops at once: connections are closed, orders and callbacks under way are left where they are. When it
    /// answers, with the last of the books, no thread is left.
    pub fn stop(mut self) -> Books {
        self.shut();
        self.books()
    }

    fn shut(&mut self) {
        self.running = None;
        if let Some(thread) = self.thread.take() {
            // A thread that has panicked has stopped as well.
            let _ = thread.join();
        }
    }
}

impl Drop for WarehouseServer {
    fn drop(&mut self) {
        self.shut();
    }
}

impl Shared {
    /// The floor, for a moment. A panic while it was held leaves it as it was: every rule changes it in one go.
    pub(super) fn floor(&self) -> MutexGuard<'_, Floor> {
        self.floor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn courier(&self) -> Option<&Courier> {
        self.courier.as_ref()
    }

    pub(super) fn pick_after(&self) -> Duration {
        self.pick_after
    }

    pub(super) fn ship_after(&self) -> Duration {
        self.ship_after
    }

    /// Nothing more will happen to an order.
    pub(super) fn put_down(&self) {
        self.floor().put_down();
        self.put_down.notify_all();
    }
}

/// Takes connections until the other end of `stopped` is gone.
async fn listen(listener: TcpListener, shared: Arc<Shared>, mut stopped: oneshot::Receiver<()>) {
    // Fails only without a runtime, and this is one.
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    loop {
        let stream = tokio::select! {
            _ = &mut stopped => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => {
                    tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                    continue;
                }
            },
        };
        // Without it small answers wait for the client's acknowledgement; where it fails they do.
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(move |request| http::answer(Arc::clone(&shared), request));
            let connection =
                http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
            // A connection that ends badly has a client that knows better what to do about it.
            let _ = connection.await;
        });
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Listen(error) => write!(f, "the port cannot be listened on: {error}"),
            StartError::Thread(error) => write!(f, "no thread can be started: {error}"),
            StartError::CallbackUrl(url) => write!(f, "{url}: a callback URL is http:// and a host"),
            StartError::Secret(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StartError {}
