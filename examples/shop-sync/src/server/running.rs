//! A running shop: a thread with a runtime of its own, from the first connection until it is stopped. Whoever holds it
//! can be its customer or a person in its office, and read its books; it may leave nothing behind when it goes.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::books::Books;
use super::desk::{Desk, LOCATION, gid};
use super::faults::Faults;
use super::http;
use super::settings::Settings;
use super::times::now_ms;
use super::webhooks::{Courier, see_through};

/// Threads that connections and webhooks share. None of them ever blocks.
const THREADS: usize = 2;

/// The wait after a connection that could not be taken, such as for want of file handles.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// A shop that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct ShopServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Dropping it is the sign to stop.
    running: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Why a shop does not start.
#[derive(Debug)]
pub enum StartError {
    /// The port cannot be listened on.
    Listen(io::Error),
    /// There is no thread to be had.
    Thread(io::Error),
    /// Webhooks cannot go to this URL: it is not `http://` and a host.
    WebhookUrl(String),
    /// Webhooks cannot be signed with nothing.
    Secret,
}

/// What a customer wants of a SKU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The SKU.
    pub sku: String,
    /// Units.
    pub quantity: i64,
    /// Price of one unit in pence.
    pub unit_price_minor: i64,
}

/// What all tasks of a shop share.
#[derive(Debug)]
pub(super) struct Shared {
    desk: Mutex<Desk>,
    /// Webhooks under way.
    busy: Mutex<u64>,
    /// Told whenever a webhook was put down.
    put_down: Condvar,
    courier: Option<Courier>,
    access_token: String,
    outage_until: Mutex<Option<Instant>>,
    /// How far the shop's clock is ahead of the machine's, in milliseconds.
    clock_ahead_ms: AtomicI64,
    handle: Handle,
}

impl ShopServer {
    /// Starts a shop.
    pub fn start(settings: &Settings) -> Result<Self, StartError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).map_err(StartError::Listen)?;
        let address = listener.local_addr().map_err(StartError::Listen)?;
        listener.set_nonblocking(true).map_err(StartError::Listen)?;
        // Short enough for a thread's name, and tells one shop from another.
        let name = format!("shop-{}", address.port());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name(&name)
            .enable_all()
            .build()
            .map_err(StartError::Thread)?;
        let courier = settings.webhooks.as_ref().map(|webhooks| Courier::new(webhooks, &settings.domain));
        let shared = Arc::new(Shared {
            desk: Mutex::new(Desk::new(settings)),
            busy: Mutex::default(),
            put_down: Condvar::new(),
            courier: courier.transpose()?,
            access_token: settings.access_token.clone(),
            outage_until: Mutex::default(),
            clock_ahead_ms: AtomicI64::new(0),
            handle: runtime.handle().clone(),
        });
        let (running, stopped) = oneshot::channel();
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            runtime.block_on(listen(listener, for_thread, stopped));
            // The runtime ends here: it drops every task and waits for its threads.
        });
        let thread = thread.map_err(StartError::Thread)?;
        Ok(ShopServer { address, shared, running: Some(running), thread: Some(thread) })
    }

    /// Where it listens, as a URL without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its location's id, as the API says it.
    pub fn location() -> String {
        gid("Location", LOCATION)
    }

    /// A copy of the books.
    pub fn books(&self) -> Books {
        self.shared.desk().books()
    }

    /// Adds an item for a SKU, where there is none, and answers its id as the API says it.
    pub fn add_item(&self, sku: &str) -> String {
        gid("InventoryItem", self.shared.with_desk(|desk| desk.add_item(sku, self.shared.now_ms())))
    }

    /// A customer buys as much of this as the shop shows; answers the order's number in the shop's ids.
    pub fn check_out(&self, wanted: &[Wanted]) -> Option<i64> {
        let wanted: Vec<_> =
            wanted.iter().map(|line| (line.sku.clone(), line.quantity, line.unit_price_minor)).collect();
        self.shared.with_desk(|desk| desk.check_out(&wanted, self.shared.now_ms()))
    }

    /// A person cancels an order of which nothing has left.
    pub fn cancel(&self, order: i64) -> bool {
        self.shared.with_desk(|desk| desk.cancel_order(order, self.shared.now_ms()))
    }

    /// A person takes one unit out of an order.
    pub fn take_out(&self, order: i64) -> bool {
        self.shared.with_desk(|desk| desk.take_out_of_order(order, self.shared.now_ms()))
    }

    /// A person changes what an item shows.
    pub fn edit(&self, sku: &str, by: i64) -> bool {
        self.shared.with_desk(|desk| match desk.item_of(sku) {
            Some(item) => desk.edit(item, by, self.shared.now_ms()),
            None => false,
        })
    }

    /// A person changes what some item shows, whichever the seed says.
    pub fn edit_any(&self) {
        self.shared.with_desk(|desk| {
            let items: Vec<i64> = desk.items.keys().copied().collect();
            desk.edit_one_of(&items, self.shared.now_ms());
        });
    }

    /// A person deletes an item.
    pub fn delete_item(&self, sku: &str) -> bool {
        self.shared.with_desk(|desk| desk.delete_item(sku, self.shared.now_ms()))
    }

    /// Answers nothing for so long. Then all that came in is carried out and answered at once.
    pub fn fall_silent(&self, time: Duration) {
        self.shared.outage(time);
    }

    /// Lets time pass by the shop's clock.
    pub fn pass_time(&self, time: Duration) {
        let ms = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        self.shared.clock_ahead_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Forgets all keys of requests, as if their time were over.
    pub fn expire_keys(&self) {
        self.shared.desk().expire_keys();
    }

    /// Has other things go wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.desk().set_faults(faults);
    }

    /// Waits until every webhook is accepted or given up, but not longer than this. Whether it is so is the answer.
    pub fn wait_until_idle(&self, timeout: Duration) -> bool {
        let busy = self.shared.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.shared.put_down.wait_timeout_while(busy, timeout, |busy| *busy > 0);
        let (busy, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *busy == 0
    }

    /// Stops at once: connections are closed, webhooks under way are left where they are. When it answers, with the
    /// last of the books, no thread is left.
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

impl Drop for ShopServer {
    fn drop(&mut self) {
        self.shut();
    }
}

impl Shared {
    /// The desk, for a moment. A panic while it was held leaves it as it was: every rule changes it in one go.
    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something at the desk, and has told what there is to tell of it: as one event.
    pub(super) fn with_desk<T>(self: &Arc<Self>, act: impl FnOnce(&mut Desk) -> T) -> T {
        let (done, notices) = {
            let mut desk = self.desk();
            let done = act(&mut desk);
            (done, desk.take_notices())
        };
        if let Some(courier) = self.courier().filter(|_| !notices.is_empty()) {
            let event = courier.new_event();
            *self.busy.lock().unwrap_or_else(PoisonError::into_inner) += notices.len() as u64;
            for notice in notices {
                let (shared, event) = (Arc::clone(self), event.clone());
                self.handle.spawn(async move { see_through(&shared, notice, event).await });
            }
        }
        done
    }

    /// The time by the shop's clock, in milliseconds since the Unix epoch.
    pub(super) fn now_ms(&self) -> i64 {
        now_ms().saturating_add(self.clock_ahead_ms.load(Ordering::Relaxed))
    }

    pub(super) fn courier(&self) -> Option<&Courier> {
        self.courier.as_ref()
    }

    pub(super) fn access_token(&self) -> &str {
        &self.access_token
    }

    /// Lets an outage last so much longer, and tells how much of one is left.
    pub(super) fn outage(&self, longer: Duration) -> Option<Duration> {
        let now = Instant::now();
        let mut until = self.outage_until.lock().unwrap_or_else(PoisonError::into_inner);
        if !longer.is_zero() {
            *until = Some(until.map_or(now, |until| until.max(now)) + longer);
        }
        until.map(|until| until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }

    /// Nothing more will happen to a webhook.
    pub(super) fn put_down(&self) {
        *self.busy.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
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
            StartError::WebhookUrl(url) => write!(f, "{url}: a URL for webhooks is http:// and a host"),
            StartError::Secret => f.write_str("the secret for webhooks is empty"),
        }
    }
}

impl std::error::Error for StartError {}
