//! Opening and closing, commands, reads: the engine itself.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use ::stockroom::{Outcome, Stockroom, TakeDeliveries};
use stockroom_documents as documents;
use stockroom_sqlite::{Durability, Options, SqliteStore};

use crate::arguments::{self, Out, OutList};
use crate::document::{give_document, stockroom_document};
use crate::guard::{call, callback, watch_forks};
use crate::handles::{Kind, Table, give, held, take_back};
use crate::host::{HostClock, HostLog, stockroom_clock, stockroom_log};
use crate::status::{Fault, stockroom_status};
use crate::store::HostStore;

/// The longest path, in bytes.
const PATH_MAX_BYTES: usize = 4096;

/// A commit waits for the disk: every acknowledged command survives a power cut. The default.
pub const STOCKROOM_DURABILITY_FULL: i32 = 0;
/// A crash of the process loses nothing, a power cut can lose the last commits; the database stays sound.
pub const STOCKROOM_DURABILITY_NORMAL: i32 = 1;

/// The availability of what is not registered, where many are read at once.
pub const STOCKROOM_UNKNOWN: i64 = i64::MIN;

/// An open database with its engine. Any thread may use it: calls that write share commits, all others take turns.
#[allow(non_camel_case_types)] // The name in C.
pub struct stockroom {
    _opaque: [u8; 0],
}

/// What is behind a handle of a database.
pub(crate) struct Database {
    pub(crate) room: Arc<Stockroom<HostStore>>,
    #[cfg_attr(not(feature = "http"), allow(dead_code))] // Only the relay works where no caller waits.
    pub(crate) log: HostLog,
}

impl Kind for stockroom {
    type Value = Database;

    fn table() -> &'static Table<Self> {
        static TABLE: Table<stockroom> = Table::new(1, "database");
        &TABLE
    }
}

/// How a database is opened. Fill it with stockroom_options_init, then change what you want otherwise.
#[repr(C)]
#[allow(non_camel_case_types)] // The name in C.
pub struct stockroom_options {
    /// sizeof(stockroom_options), as stockroom_options_init sets it.
    pub size: usize,
    /// STOCKROOM_DURABILITY_FULL or STOCKROOM_DURABILITY_NORMAL.
    pub durability: i32,
    /// How long to wait for another process that writes, in milliseconds.
    pub busy_timeout_ms: u32,
    /// Memory for pages, in KiB.
    pub cache_kib: u32,
    /// 1, or 0 for a database that is created here and gets no checksums on its pages. With them what the disk turned is
    /// STOCKROOM_CORRUPT when it is read, and what another SQLite wrote over too, until its VACUUM takes them away.
    pub checksums: u32,
    /// The clock; NULL for the machine's.
    pub clock: stockroom_clock,
    /// Passed to the clock as it is.
    pub clock_context: *mut c_void,
    /// Is told of trouble that no caller waits for; NULL for nobody.
    pub log: stockroom_log,
    /// Passed to the log as it is.
    pub log_context: *mut c_void,
}

/// Fills options with the defaults. `size` is sizeof(stockroom_options), by which the library knows which fields your
/// program was built with.
///
/// Errors: STOCKROOM_NULL_ARGUMENT; STOCKROOM_OPTION where the size is that of another version.
///
/// The host keeps: `options` is good for the write of `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_options_init(options: *mut stockroom_options, size: usize) -> i32 {
    call("stockroom_options_init", || {
        let out = Out::new(options, "options")?;
        check_size::<stockroom_options>(size)?;
        let Options { busy_timeout_ms, cache_kib, checksums, .. } = Options::default();
        let defaults = stockroom_options {
            size,
            durability: STOCKROOM_DURABILITY_FULL,
            busy_timeout_ms,
            cache_kib,
            checksums: checksums.into(),
            clock: None,
            clock_context: std::ptr::null_mut(),
            log: None,
            log_context: std::ptr::null_mut(),
        };
        // SAFETY: the host promises that so many bytes can be written.
        unsafe { out.write(defaults) };
        Ok(())
    })
}

/// Refuses a struct of a version that is not known.
pub(crate) fn check_size<T>(size: usize) -> Result<(), Fault> {
    let known = std::mem::size_of::<T>();
    if size == known {
        return Ok(());
    }
    let message = format!("a struct has {size} bytes; this library knows {known}");
    Err(Fault::new(stockroom_status::STOCKROOM_OPTION, message))
}

/// Opens a database, creating it where there is none, and brings its tables up to date.
///
/// `place`: a path to an SQLite file, or `sqlite:` and a path; `:memory:` for one that is gone when it is closed.
/// `postgres:` is refused by this build. `options` may be NULL for the defaults.
///
/// Several threads may use the handle, and several processes may open one file. Close it with stockroom_close.
///
/// Errors: STOCKROOM_UNSUPPORTED, STOCKROOM_SCHEMA_TOO_NEW, STOCKROOM_BUSY, STOCKROOM_IO, STOCKROOM_FULL,
/// STOCKROOM_CORRUPT, STOCKROOM_OPTION, STOCKROOM_NULL_ARGUMENT, STOCKROOM_NOT_UTF8, STOCKROOM_LENGTH (4,096 bytes).
///
/// The host keeps: `place` is good for reads of `len` bytes, `options` points to one that is filled, `out` is good for
/// a write; the callbacks may be called until the database is closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_open(
    place: *const c_char,
    len: usize,
    options: *const stockroom_options,
    out: *mut *mut stockroom,
) -> i32 {
    call("stockroom_open", || {
        let out = Out::new(out, "out")?;
        // SAFETY: the host promises the bytes.
        let place = unsafe { arguments::text(place, len, PATH_MAX_BYTES, "the place") }?;
        if !options.is_null() && !options.is_aligned() {
            return Err(Fault::new(stockroom_status::STOCKROOM_NULL_ARGUMENT, "options is not aligned"));
        }
        let options = if options.is_null() {
            None
        } else {
            // SAFETY: aligned, and the host promises that a size stands there, of whatever version the rest is.
            check_size::<stockroom_options>(unsafe { (*options).size })?;
            // SAFETY: it is of this version, and the host promises that it is filled.
            Some(unsafe { &*options })
        };
        let store = open_store(place, options)?;
        let (clock, log) = match options {
            Some(options) => {
                (HostClock::new(options.clock, options.clock_context), HostLog::new(options.log, options.log_context))
            }
            None => (HostClock::new(None, std::ptr::null_mut()), HostLog::new(None, std::ptr::null_mut())),
        };
        watch_forks();
        let handle = give(Database { room: Arc::new(Stockroom::new(store, clock)), log })?;
        // SAFETY: the host promises that it can be written.
        unsafe { out.write(handle) };
        Ok(())
    })
}

fn open_store(place: &str, options: Option<&stockroom_options>) -> Result<HostStore, Fault> {
    let durability = match options.map_or(STOCKROOM_DURABILITY_FULL, |options| options.durability) {
        STOCKROOM_DURABILITY_FULL => Durability::Full,
        STOCKROOM_DURABILITY_NORMAL => Durability::Normal,
        other => {
            return Err(Fault::new(stockroom_status::STOCKROOM_OPTION, format!("there is no durability {other}")));
        }
    };
    let unsupported = |message: &str| Err(Fault::new(stockroom_status::STOCKROOM_UNSUPPORTED, message));
    if place == ":memory:" {
        return Ok(HostStore::Memory(Box::default()));
    }
    if place.starts_with("postgres:") || place.starts_with("postgresql:") {
        return unsupported("this build has no store in PostgreSQL");
    }
    let path = place.strip_prefix("sqlite:").unwrap_or(place);
    if path.is_empty() || path.contains('\0') {
        return unsupported("the place is no path: it is empty, or has a NUL inside");
    }
    let mut settings = Options { durability, ..Options::default() };
    if let Some(options) = options {
        settings.busy_timeout_ms = options.busy_timeout_ms;
        settings.cache_kib = options.cache_kib;
        settings.checksums = match options.checksums {
            0 => false,
            1 => true,
            other => {
                let message = format!("checksums are {other}: neither 0 nor 1");
                return Err(Fault::new(stockroom_status::STOCKROOM_OPTION, message));
            }
        };
    }
    Ok(HostStore::Sqlite(Box::new(SqliteStore::open_with(path, &settings)?)))
}

/// Closes a database. Calls that other threads have under way end as they would; the file is closed when the last of
/// them, and the last relay on it, has ended. NULL is allowed and does nothing.
///
/// Errors: STOCKROOM_STALE_HANDLE where it was closed before.
#[unsafe(no_mangle)]
pub extern "C" fn stockroom_close(database: *mut stockroom) -> i32 {
    call("stockroom_close", || match database.is_null() {
        true => Ok(()),
        false => take_back(database).map(drop),
    })
}

/// A call with a document for a document.
///
/// # Safety
/// As [`arguments::document`] and [`Out::write`].
unsafe fn exchange(
    operation: &'static str,
    database: *const stockroom,
    document: *const c_char,
    len: usize,
    out: *mut *mut stockroom_document,
    answer: impl FnOnce(&Stockroom<HostStore>, &[u8]) -> ::stockroom::Result<Vec<u8>>,
) -> i32 {
    call(operation, || {
        let out = Out::new(out, "out")?;
        let database = held(database)?;
        // SAFETY: passed on.
        let document = unsafe { arguments::document(document, len) }?;
        let text = answer(&database.room, document)?;
        // SAFETY: passed on.
        unsafe { give_document(text, out) }
    })
}

/// Does one command and gives its reply, once it is durable. Calls from several threads share commits.
///
/// `command`: docs/documents/command.schema.json; the reply: docs/documents/reply.schema.json. A command that is
/// refused by the rules of the business is no error: the reply says `rejected`.
///
/// Errors: STOCKROOM_MALFORMED and those of the engine. After STOCKROOM_IO, STOCKROOM_ABORTED or STOCKROOM_PANICKED
/// the outcome is open: send the same command with the same key again.
///
/// The host keeps: `command` is good for reads of `len` bytes, `out` for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_execute(
    database: *const stockroom,
    command: *const c_char,
    len: usize,
    out: *mut *mut stockroom_document,
) -> i32 {
    // SAFETY: passed on.
    unsafe { exchange("stockroom_execute", database, command, len, out, documents::execute) }
}

/// Does an array of commands in one commit, each standing or falling alone, and gives the array of their replies.
///
/// Errors: as stockroom_execute; a failure means that none was done. At most 100,000 commands.
///
/// The host keeps: as stockroom_execute.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_execute_batch(
    database: *const stockroom,
    commands: *const c_char,
    len: usize,
    out: *mut *mut stockroom_document,
) -> i32 {
    // SAFETY: passed on.
    unsafe { exchange("stockroom_execute_batch", database, commands, len, out, documents::execute_batch) }
}

/// Gives the reply that a command would get now, and changes nothing.
///
/// Errors: as stockroom_execute.
///
/// The host keeps: as stockroom_execute.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_preview(
    database: *const stockroom,
    command: *const c_char,
    len: usize,
    out: *mut *mut stockroom_document,
) -> i32 {
    // SAFETY: passed on.
    unsafe { exchange("stockroom_preview", database, command, len, out, documents::preview) }
}

/// Answers a read: availability, orders, holds, events, dead letters, listings and all else that
/// docs/documents/read.schema.json names. The answer of a read NAME is docs/documents/read.NAME.schema.json.
///
/// Errors: STOCKROOM_MALFORMED; those of the engine.
///
/// The host keeps: as stockroom_execute.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_read(
    database: *const stockroom,
    read: *const c_char,
    len: usize,
    out: *mut *mut stockroom_document,
) -> i32 {
    // SAFETY: passed on.
    unsafe { exchange("stockroom_read", database, read, len, out, documents::read) }
}

/// Gives the events after a number as an array of CloudEvents 1.0 documents, in order: about `limit` of them, because
/// those of one command come together. Begin with 0; go on with the `id` of the last one.
///
/// Errors: STOCKROOM_LENGTH where the limit is not 1 to 10,000; those of the engine.
///
/// The host keeps: `out` is good for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_events(
    database: *const stockroom,
    after: u64,
    limit: u32,
    out: *mut *mut stockroom_document,
) -> i32 {
    call("stockroom_events", || {
        let out = Out::new(out, "out")?;
        let database = held(database)?;
        check_limit(limit, documents::READ_MAX)?;
        let text = documents::read(
            &database.room,
            format!("{{\"events\":{{\"after\":{after},\"limit\":{limit}}}}}").as_bytes(),
        )?;
        // SAFETY: the host promises that it can be written.
        unsafe { give_document(text, out) }
    })
}

fn check_limit(limit: u32, max: u32) -> Result<(), Fault> {
    if (1..=max).contains(&limit) {
        return Ok(());
    }
    Err(Fault::new(stockroom_status::STOCKROOM_LENGTH, format!("the limit is {limit}; 1 to {max} may be")))
}

/// Takes due deliveries of a destination to carry them out: each is leased for `lease_ms` milliseconds (1,000 to
/// 3,600,000), and nobody else gets it until then. Gives the reply to the command `take_deliveries`. Say what came of
/// each with the command `report_delivery`.
///
/// Errors: as stockroom_execute.
///
/// The host keeps: `destination` is good for reads of `len` bytes, `out` for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_take(
    database: *const stockroom,
    destination: *const c_char,
    len: usize,
    max: u32,
    lease_ms: i64,
    out: *mut *mut stockroom_document,
) -> i32 {
    call("stockroom_take", || {
        let out = Out::new(out, "out")?;
        let database = held(database)?;
        // SAFETY: the host promises the bytes.
        let destination = unsafe { arguments::id(destination, len, "the destination") }?.to_owned();
        let reply = database.room.execute(TakeDeliveries { destination, max, lease_ms })?;
        // SAFETY: the host promises that it can be written.
        unsafe { give_document(json(&reply)?, out) }
    })
}

/// A document of ours as text.
pub(crate) fn json<T: serde::Serialize>(document: &T) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(document)
        .map_err(|error| Fault::new(stockroom_status::STOCKROOM_PANICKED, format!("a document of ours: {error}")))
}

/// Tells how many units of a SKU at a location can be promised: below 0 where units are backordered or short. Of a
/// bundle: how many its components make.
///
/// Errors: STOCKROOM_NOT_FOUND where SKU or location is not registered; STOCKROOM_LENGTH (128 bytes, 64 bytes); those
/// of the engine.
///
/// The host keeps: the texts are good for reads of their lengths, `units` for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_available(
    database: *const stockroom,
    sku: *const c_char,
    sku_len: usize,
    location: *const c_char,
    location_len: usize,
    units: *mut i64,
) -> i32 {
    call("stockroom_available", || {
        let units = Out::new(units, "units")?;
        let database = held(database)?;
        // SAFETY: the host promises the bytes.
        let (sku, location) =
            unsafe { (arguments::sku(sku, sku_len)?, arguments::id(location, location_len, "the location")?) };
        match database.room.available(sku, location)? {
            // SAFETY: the host promises that it can be written.
            Some(available) => unsafe { units.write(available) },
            None => return Err(not_found("the SKU or the location is not registered")),
        }
        Ok(())
    })
}

fn not_found(message: &str) -> Fault {
    Fault::new(stockroom_status::STOCKROOM_NOT_FOUND, message)
}

/// A text with its length in bytes, or STOCKROOM_NUL_TERMINATED.
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(non_camel_case_types)] // The name in C.
pub struct stockroom_text {
    /// UTF-8.
    pub bytes: *const c_char,
    /// Its length in bytes, or STOCKROOM_NUL_TERMINATED.
    pub len: usize,
}

/// Tells how many units of `count` SKUs (1 to 100,000) at one location can be promised, from one consistent state, in
/// their order. `units` has room for as many; what is not registered is STOCKROOM_UNKNOWN.
///
/// Errors: as stockroom_available, but STOCKROOM_NOT_FOUND.
///
/// The host keeps: the lists and texts are good for reads, `units` for `count` writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_availability(
    database: *const stockroom,
    location: *const c_char,
    location_len: usize,
    skus: *const stockroom_text,
    count: usize,
    units: *mut i64,
) -> i32 {
    call("stockroom_availability", || {
        let units = OutList::new(units, count, "units")?;
        let database = held(database)?;
        // SAFETY: the host promises the bytes and the list.
        let (location, skus) =
            unsafe { (arguments::id(location, location_len, "the location")?, arguments::list(skus, count, "skus")?) };
        let pair = |text: &stockroom_text| {
            // SAFETY: the host promises the bytes.
            unsafe { arguments::sku(text.bytes, text.len) }.map(|sku| (sku, location))
        };
        let pairs = skus.iter().map(pair).collect::<Result<Vec<_>, Fault>>()?;
        let answers = database.room.availability(&pairs)?;
        // SAFETY: the host promises room for them.
        unsafe { units.write(answers.into_iter().map(|available| available.unwrap_or(STOCKROOM_UNKNOWN))) };
        Ok(())
    })
}

/// Reads everything and checks every invariant. `holds` becomes 1 where all hold, else 0; the report
/// (docs/documents/read.verify.schema.json) says what does not. `report` may be NULL.
///
/// Errors: those of the engine. What does not hold is no error.
///
/// The host keeps: `holds` and, where it is not NULL, `report` are good for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_verify(
    database: *const stockroom,
    holds: *mut i32,
    report: *mut *mut stockroom_document,
) -> i32 {
    call("stockroom_verify", || {
        let holds = Out::new(holds, "holds")?;
        let report = if report.is_null() { None } else { Some(Out::new(report, "report")?) };
        let database = held(database)?;
        let found = database.room.verify()?;
        let ok = i32::from(found.is_ok());
        // SAFETY: the host promises that both can be written.
        unsafe {
            if let Some(report) = report {
                give_document(json(&documents::VerificationDocument::from(found))?, report)?;
            }
            holds.write(ok);
        }
        Ok(())
    })
}

/// Gives the digest of the whole state, 32 bytes of SHA-256: equal digests mean equal rows, on every store and every
/// machine. It reads everything.
///
/// Errors: those of the engine.
///
/// The host keeps: `digest` is good for the write of 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_digest(database: *const stockroom, digest: *mut u8) -> i32 {
    call("stockroom_digest", || {
        let out = Out::new(digest.cast::<[u8; 32]>(), "digest")?;
        let database = held(database)?;
        let found = database.room.digest()?;
        // SAFETY: bytes need no alignment, and the host promises that 32 can be written.
        unsafe { out.write(found.0) };
        Ok(())
    })
}

/// Takes events to the host's queue: `events` is an array of CloudEvents 1.0 documents with `count` entries, `len`
/// bytes, valid during the call. It returns how many of them, from the first, the queue has confirmed; below 0 where
/// it failed. What is not confirmed comes again.
#[allow(non_camel_case_types)] // The name in C.
pub type stockroom_queue =
    Option<unsafe extern "C" fn(context: *mut c_void, events: *const c_char, len: usize, count: usize) -> i64>;

/// Hands a subscription's next events to the host's queue, about `limit` of them (1 to 10,000), and moves the
/// subscription past those that the queue has confirmed. `source` says which system speaks, as a URI reference such
/// as `/shops/berlin`. `published` becomes the number of events confirmed; 0 with STOCKROOM_OK means that there are
/// none, so call it until then. Events come at least once, in order: after a crash some come again, with the same id.
///
/// Errors: STOCKROOM_NOT_FOUND where there is no such subscription; STOCKROOM_CALLBACK where the queue failed or
/// confirmed none; STOCKROOM_LENGTH; those of the engine.
///
/// The host keeps: the texts are good for reads of their lengths, `published` for a write; the callback may be called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_publish(
    database: *const stockroom,
    subscription: *const c_char,
    subscription_len: usize,
    source: *const c_char,
    source_len: usize,
    limit: u32,
    queue: stockroom_queue,
    context: *mut c_void,
    published: *mut usize,
) -> i32 {
    call("stockroom_publish", || {
        let published = Out::new(published, "published")?;
        let database = held(database)?;
        // SAFETY: the host promises the bytes.
        let (subscription, source) = unsafe {
            (
                arguments::id(subscription, subscription_len, "the subscription")?,
                arguments::text(source, source_len, ::stockroom::ids::TEXT_BYTES_MAX, "the source")?,
            )
        };
        let Some(queue) = queue else {
            return Err(Fault::new(stockroom_status::STOCKROOM_NULL_ARGUMENT, "queue is NULL"));
        };
        check_limit(limit, documents::READ_MAX)?;
        let Some(events) = database.room.subscribed_events(subscription, limit)? else {
            return Err(not_found("there is no such subscription"));
        };
        if events.is_empty() {
            // SAFETY: the host promises that it can be written.
            unsafe { published.write(0) };
            return Ok(());
        }
        let told: Vec<_> = events.iter().map(|event| event.to_cloud_event(source)).collect();
        let mut text = json(&told)?;
        text.push(0);
        // SAFETY: the host promises that it may be called; the text lives until it returns.
        let confirmed = callback(|| unsafe { queue(context, text.as_ptr().cast(), text.len() - 1, events.len()) });
        let confirmed = usize::try_from(confirmed).unwrap_or(0).min(events.len());
        let Some(last) = confirmed.checked_sub(1).and_then(|index| events.get(index)) else {
            return Err(Fault::new(stockroom_status::STOCKROOM_CALLBACK, "the queue confirmed no event"));
        };
        let moved = ::stockroom::Acknowledge { subscription: subscription.to_owned(), through: last.number };
        if let Outcome::Rejected(rejection) = database.room.execute(moved)?.outcome {
            // It was closed meanwhile.
            return Err(not_found(&rejection.to_string()));
        }
        // SAFETY: the host promises that it can be written.
        unsafe { published.write(confirmed) };
        Ok(())
    })
}
