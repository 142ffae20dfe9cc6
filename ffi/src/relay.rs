//! A relay run by the library: threads of ours take due deliveries to warehouses and shops over HTTP and report what
//! came of them. Hosts that would rather use an HTTP client of their own run conversations instead.

use std::ffi::c_char;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::stockroom::ports::{Clock, Sink};
use ::stockroom_relay::{Relay, RelayCounts, RelayOptions, RelayTrouble, Route};
use stockroom_documents::{RelaySettings, RouteSettings};
use stockroom_http::HttpSink;

use crate::arguments::{self, Out};
use crate::database::{Database, stockroom};
use crate::guard::call;
use crate::handles::{Kind, Table, give, held, take_back};
use crate::host::Level;
#[cfg(feature = "http")]
use crate::linked as http;
#[cfg(not(feature = "http"))]
use crate::loaded as http;
use crate::status::{Fault, stockroom_status};

/// A relay at work.
#[allow(non_camel_case_types)] // The name in C.
pub struct stockroom_relay {
    _opaque: [u8; 0],
}

impl Kind for stockroom_relay {
    /// Taken out by whoever stops it.
    type Value = Mutex<Option<Relay>>;

    fn table() -> &'static Table<Self> {
        static TABLE: Table<stockroom_relay> = Table::new(3, "relay");
        &TABLE
    }
}

/// What a relay did so far.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(non_camel_case_types)] // The name in C.
pub struct stockroom_relay_counts {
    /// Fulfillment orders written.
    pub requested: u64,
    /// Listings put into deliveries.
    pub queued: u64,
    /// Attempts made.
    pub attempts: u64,
    /// Attempts that began in doubt, so that it was looked first.
    pub looked_up: u64,
    /// Deliveries done.
    pub done: u64,
    /// Attempts that are to be repeated.
    pub retried: u64,
    /// Deliveries that the destination refused.
    pub refused: u64,
}

impl From<RelayCounts> for stockroom_relay_counts {
    fn from(counts: RelayCounts) -> Self {
        let RelayCounts { requested, queued, attempts, looked_up, done, retried, refused } = counts;
        stockroom_relay_counts { requested, queued, attempts, looked_up, done, retried, refused }
    }
}

/// The engine's own clock, for leases.
struct EngineClock(Arc<Database>);

impl Clock for EngineClock {
    fn now_ms(&self) -> i64 {
        self.0.room.now_ms()
    }
}

/// Starts a relay: threads that react to events with fulfillment orders and fresh listings, take due deliveries to
/// warehouses and shops over HTTP, and report what came of them, until stockroom_relay_stop. Any number of relays, in
/// any number of processes, may work on one database. Trouble is told to the database's log.
///
/// `settings`: docs/documents/relay_settings.schema.json. Secrets in it are kept, and never written or logged.
///
/// Errors: STOCKROOM_MALFORMED; STOCKROOM_UNSUPPORTED where a value is out of range, or where the HTTP client is a library
/// of its own, libstockroom-http, and that is not installed.
///
/// The host keeps: `settings` is good for reads of `len` bytes, `out` for a write; clock and log may be called until
/// the relay has stopped.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_relay_start(
    database: *const stockroom,
    settings: *const c_char,
    len: usize,
    out: *mut *mut stockroom_relay,
) -> i32 {
    call("stockroom_relay_start", || {
        let out = Out::new(out, "out")?;
        let database = held(database)?;
        // SAFETY: the host promises the bytes.
        let settings = unsafe { arguments::document(settings, len) }?;
        let relay = start(&database, RelaySettings::parse(settings)?)?;
        let handle = give(Mutex::new(Some(relay)))?;
        // SAFETY: the host promises that it can be written.
        unsafe { out.write(handle) };
        Ok(())
    })
}

fn start(database: &Arc<Database>, settings: RelaySettings) -> Result<Relay, Fault> {
    let defaults = RelayOptions::default();
    let time = |given: Option<u64>, default| given.map_or(default, Duration::from_millis);
    let options = RelayOptions {
        lease: time(settings.lease_ms, defaults.lease),
        idle: time(settings.idle_ms, defaults.idle),
        report_after: time(settings.report_after_ms, defaults.report_after),
        take_max: settings.take_max.unwrap_or(defaults.take_max),
        fulfill: settings.fulfill.unwrap_or(defaults.fulfill),
        listings: settings.listings.unwrap_or(defaults.listings),
    };
    let client = http::client(settings.http)?;
    let route = |route: RouteSettings| {
        let sink = HttpSink::new(route.exchange.exchange()?, Arc::clone(&client), EngineClock(Arc::clone(database)));
        let sink: Arc<dyn Sink> = Arc::new(sink);
        Ok(Route { destination: route.destination, sink, connections: route.connections.unwrap_or(1) })
    };
    let routes = settings.routes.into_iter().map(route).collect::<Result<Vec<_>, Fault>>()?;
    let log = database.log;
    let listener = move |trouble: &RelayTrouble| match trouble {
        RelayTrouble::Failed(error) => log.tell(Level::Failure, &error.to_string()),
        RelayTrouble::Refused(rejection) => log.tell(Level::Refusal, &rejection.to_string()),
        _ => log.tell(Level::Failure, "something unknown stands in the relay's way"),
    };
    Ok(Relay::start(&database.room, routes, &options, Some(Arc::new(listener)))?)
}

/// Has a relay look for work at once, for a host that knows that there is some. Without it work is found within the
/// idle time.
///
/// Errors: STOCKROOM_STALE_HANDLE.
#[unsafe(no_mangle)]
pub extern "C" fn stockroom_relay_wake(relay: *const stockroom_relay) -> i32 {
    call("stockroom_relay_wake", || with(relay, |relay| relay.wake()))
}

/// Tells what a relay did so far.
///
/// Errors: STOCKROOM_STALE_HANDLE.
///
/// The host keeps: `counts` is good for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_relay_read_counts(
    relay: *const stockroom_relay,
    counts: *mut stockroom_relay_counts,
) -> i32 {
    call("stockroom_relay_read_counts", || {
        let out = Out::new(counts, "counts")?;
        let counts = with(relay, |relay| relay.counts())?;
        // SAFETY: the host promises that it can be written.
        unsafe { out.write(counts.into()) };
        Ok(())
    })
}

fn with<T>(relay: *const stockroom_relay, use_it: impl FnOnce(&Relay) -> T) -> Result<T, Fault> {
    let kept = held(relay)?;
    let relay = kept.lock().unwrap_or_else(PoisonError::into_inner);
    let stopped = || Fault::new(stockroom_status::STOCKROOM_STALE_HANDLE, "the relay was stopped");
    relay.as_ref().map(use_it).ok_or_else(stopped)
}

/// Stops a relay and frees it: what is under way ends and is reported. It takes as long as the slowest attempt under
/// way. `counts` becomes what it did; it may be NULL. A NULL relay is allowed: nothing is done or written.
///
/// Errors: STOCKROOM_STALE_HANDLE where it was stopped before.
///
/// The host keeps: `counts` is NULL or good for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_relay_stop(relay: *mut stockroom_relay, counts: *mut stockroom_relay_counts) -> i32 {
    call("stockroom_relay_stop", || {
        if relay.is_null() {
            return Ok(());
        }
        let out = if counts.is_null() { None } else { Some(Out::new(counts, "counts")?) };
        let kept = take_back(relay)?;
        let relay = kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(relay) = relay {
            let counts = relay.stop();
            if let Some(out) = out {
                // SAFETY: the host promises that it can be written.
                unsafe { out.write(counts.into()) };
            }
        }
        Ok(())
    })
}
