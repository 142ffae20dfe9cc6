//! Conversations with warehouses and shops for hosts that send HTTP with a client of their own: everything is a
//! document, nothing here waits or connects. Also what such hosts take in: webhooks and backfills.

use std::ffi::c_char;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::stockroom::ports::Exchange;
use stockroom_documents::{Backfill, Conversation, ExchangeSettings, Webhook};

use crate::arguments::{self, Out};
use crate::database::stockroom;
use crate::document::{give_document, stockroom_document};
use crate::guard::call;
use crate::handles::{Kind, Table, give, held, take_back};

/// How to speak with one warehouse or shop. Any thread may use it; conversations go on after it is freed.
#[allow(non_camel_case_types)] // The name in C.
pub struct stockroom_exchange {
    _opaque: [u8; 0],
}

impl Kind for stockroom_exchange {
    type Value = Arc<dyn Exchange>;

    fn table() -> &'static Table<Self> {
        static TABLE: Table<stockroom_exchange> = Table::new(4, "exchange");
        &TABLE
    }
}

/// A conversation about one delivery. Threads take turns; what follows what is the host's affair.
#[allow(non_camel_case_types)] // The name in C.
pub struct stockroom_conversation {
    _opaque: [u8; 0],
}

impl Kind for stockroom_conversation {
    type Value = Mutex<Conversation>;

    fn table() -> &'static Table<Self> {
        static TABLE: Table<stockroom_conversation> = Table::new(5, "conversation");
        &TABLE
    }
}

/// Reads the webhooks of one warehouse or shop. Any thread may use it.
#[allow(non_camel_case_types)] // The name in C.
pub struct stockroom_webhook {
    _opaque: [u8; 0],
}

impl Kind for stockroom_webhook {
    type Value = Webhook;

    fn table() -> &'static Table<Self> {
        static TABLE: Table<stockroom_webhook> = Table::new(6, "webhook");
        &TABLE
    }
}

/// Reads a shop's orders from a time on, page by page. Threads take turns.
#[allow(non_camel_case_types)] // The name in C.
pub struct stockroom_backfill {
    _opaque: [u8; 0],
}

impl Kind for stockroom_backfill {
    type Value = Mutex<Backfill>;

    fn table() -> &'static Table<Self> {
        static TABLE: Table<stockroom_backfill> = Table::new(7, "backfill");
        &TABLE
    }
}

/// What a panic leaves behind is a conversation that goes on or ends; nothing in it is half done.
fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Frees a handle; NULL does nothing.
fn free<K: Kind>(operation: &'static str, handle: *mut K) -> i32 {
    call(operation, || match handle.is_null() {
        true => Ok(()),
        false => take_back(handle).map(drop),
    })
}

/// Makes something of a document and gives a handle for it.
///
/// # Safety
/// As [`arguments::document`] and [`Out::write`].
unsafe fn made<K: Kind>(
    operation: &'static str,
    settings: *const c_char,
    len: usize,
    out: *mut *mut K,
    make: impl FnOnce(&[u8]) -> ::stockroom::Result<K::Value>,
) -> i32 {
    call(operation, || {
        let out = Out::new(out, "out")?;
        // SAFETY: passed on.
        let settings = unsafe { arguments::document(settings, len) }?;
        let handle = give(make(settings)?)?;
        // SAFETY: passed on.
        unsafe { out.write(handle) };
        Ok(())
    })
}

/// Makes an exchange: how to speak with one warehouse or shop. `settings`:
/// docs/documents/exchange_settings.schema.json. Secrets in them are kept, and shown nowhere but in requests. Free it
/// with stockroom_exchange_free.
///
/// Errors: STOCKROOM_MALFORMED, whose message repeats nothing of the settings; STOCKROOM_LENGTH.
///
/// The host keeps: `settings` is good for reads of `len` bytes, `out` for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_exchange_open(
    settings: *const c_char,
    len: usize,
    out: *mut *mut stockroom_exchange,
) -> i32 {
    // SAFETY: passed on.
    unsafe { made("stockroom_exchange_open", settings, len, out, ExchangeSettings::parse) }
}

/// Frees an exchange. NULL is allowed and does nothing.
///
/// Errors: STOCKROOM_STALE_HANDLE where it was freed before.
#[unsafe(no_mangle)]
pub extern "C" fn stockroom_exchange_free(exchange: *mut stockroom_exchange) -> i32 {
    free("stockroom_exchange_free", exchange)
}

/// Begins the conversation about a delivery that stockroom_take gave: one entry of its `deliveries`. `turn` becomes
/// the first turn (docs/documents/turn.schema.json): `ask` with a request to send, or `end` with the command that
/// reports what came of it, for stockroom_execute. The lease is counted by the database's clock. Free the
/// conversation with stockroom_conversation_free; given up before its end, the delivery comes again, in doubt.
///
/// A request holds the keys of the warehouse or shop: keep it out of logs.
///
/// Errors: STOCKROOM_MALFORMED where the document is no delivery; STOCKROOM_STALE_HANDLE; STOCKROOM_LENGTH.
///
/// The host keeps: `delivery` is good for reads of `len` bytes, `out` and `turn` for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_conversation_begin(
    database: *const stockroom,
    exchange: *const stockroom_exchange,
    delivery: *const c_char,
    len: usize,
    out: *mut *mut stockroom_conversation,
    turn: *mut *mut stockroom_document,
) -> i32 {
    call("stockroom_conversation_begin", || {
        let out = Out::new(out, "out")?;
        let turn = Out::new(turn, "turn")?;
        let database = held(database)?;
        let exchange = held(exchange)?;
        // SAFETY: the host promises the bytes.
        let delivery = unsafe { arguments::document(delivery, len) }?;
        let (conversation, first) = Conversation::begin_json(Arc::clone(&exchange), delivery, database.room.now_ms())?;
        let text = first.to_json()?;
        let handle = give(Mutex::new(conversation))?;
        // SAFETY: the host promises that both can be written.
        unsafe {
            if let Err(fault) = give_document(text, turn) {
                drop(take_back::<stockroom_conversation>(handle));
                return Err(fault);
            }
            out.write(handle);
        }
        Ok(())
    })
}

/// Takes in the answer to the last request, or that none came (docs/documents/answer.schema.json), and gives the next
/// turn. After `end` the conversation is over.
///
/// Errors: STOCKROOM_MALFORMED where the document is no answer, or nothing was asked: the conversation stands where it
/// stood; STOCKROOM_STALE_HANDLE; STOCKROOM_LENGTH.
///
/// The host keeps: `answer` is good for reads of `len` bytes, `turn` for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_conversation_answer(
    database: *const stockroom,
    conversation: *const stockroom_conversation,
    answer: *const c_char,
    len: usize,
    turn: *mut *mut stockroom_document,
) -> i32 {
    call("stockroom_conversation_answer", || {
        let turn = Out::new(turn, "turn")?;
        let database = held(database)?;
        let conversation = held(conversation)?;
        // SAFETY: the host promises the bytes.
        let answer = unsafe { arguments::document(answer, len) }?;
        // The clock may be the host's: it is not called under the lock.
        let now_ms = database.room.now_ms();
        let next = lock(&conversation).answered_json(answer, now_ms)?;
        // SAFETY: the host promises that it can be written.
        unsafe { give_document(next.to_json()?, turn) }
    })
}

/// Frees a conversation. NULL is allowed and does nothing.
///
/// Errors: STOCKROOM_STALE_HANDLE where it was freed before.
#[unsafe(no_mangle)]
pub extern "C" fn stockroom_conversation_free(conversation: *mut stockroom_conversation) -> i32 {
    free("stockroom_conversation_free", conversation)
}

/// Makes a reader of webhooks. `settings`: docs/documents/webhook_settings.schema.json. Free it with
/// stockroom_webhook_free.
///
/// Errors: STOCKROOM_MALFORMED, whose message repeats nothing of the settings; STOCKROOM_LENGTH.
///
/// The host keeps: `settings` is good for reads of `len` bytes, `out` for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_webhook_open(
    settings: *const c_char,
    len: usize,
    out: *mut *mut stockroom_webhook,
) -> i32 {
    // SAFETY: passed on.
    unsafe { made("stockroom_webhook_open", settings, len, out, Webhook::parse) }
}

/// Frees a reader of webhooks. NULL is allowed and does nothing.
///
/// Errors: STOCKROOM_STALE_HANDLE where it was freed before.
#[unsafe(no_mangle)]
pub extern "C" fn stockroom_webhook_free(webhook: *mut stockroom_webhook) -> i32 {
    free("stockroom_webhook_free", webhook)
}

/// Checks a webhook's signature over its raw body and reads it. `message`: docs/documents/incoming.schema.json.
/// `told` (docs/documents/told.schema.json) becomes the commands to execute, or why it is ignored or refused, with the
/// HTTP status to answer. The database is asked for the time alone; nothing is changed.
///
/// Errors: STOCKROOM_MALFORMED where the document is no message; STOCKROOM_STALE_HANDLE; STOCKROOM_LENGTH. A bad
/// signature is no error: `told` says `refused`.
///
/// The host keeps: `message` is good for reads of `len` bytes, `told` for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_webhook_read(
    database: *const stockroom,
    webhook: *const stockroom_webhook,
    message: *const c_char,
    len: usize,
    told: *mut *mut stockroom_document,
) -> i32 {
    call("stockroom_webhook_read", || {
        let out = Out::new(told, "told")?;
        let database = held(database)?;
        let webhook = held(webhook)?;
        // SAFETY: the host promises the bytes.
        let message = unsafe { arguments::document(message, len) }?;
        let told = webhook.read_json(message, database.room.now_ms())?;
        // SAFETY: the host promises that it can be written.
        unsafe { give_document(told.to_json()?, out) }
    })
}

/// Begins to read a shop's orders that changed since a time, in milliseconds since the Unix epoch. `settings`:
/// docs/documents/backfill_settings.schema.json. Free it with stockroom_backfill_free.
///
/// Errors: STOCKROOM_MALFORMED, whose message repeats nothing of the settings; STOCKROOM_LENGTH.
///
/// The host keeps: `settings` is good for reads of `len` bytes, `out` for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_backfill_open(
    settings: *const c_char,
    len: usize,
    since_ms: i64,
    out: *mut *mut stockroom_backfill,
) -> i32 {
    let make = |settings: &[u8]| Backfill::parse(settings, since_ms).map(Mutex::new);
    // SAFETY: passed on.
    unsafe { made("stockroom_backfill_open", settings, len, out, make) }
}

/// Gives the next request to send, or `null` where all was read.
///
/// Errors: STOCKROOM_STALE_HANDLE.
///
/// The host keeps: `request` is good for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_backfill_request(
    database: *const stockroom,
    backfill: *const stockroom_backfill,
    request: *mut *mut stockroom_document,
) -> i32 {
    call("stockroom_backfill_request", || {
        let out = Out::new(request, "request")?;
        let database = held(database)?;
        let backfill = held(backfill)?;
        let now_ms = database.room.now_ms();
        let text = lock(&backfill).request_json(now_ms)?;
        // SAFETY: the host promises that it can be written.
        unsafe { give_document(text, out) }
    })
}

/// Takes in the answer to the last request (docs/documents/answer.schema.json) and gives what it brought
/// (docs/documents/backfill.schema.json): commands to execute in their order, and whether there is more.
///
/// Errors: STOCKROOM_MALFORMED; STOCKROOM_STALE_HANDLE; STOCKROOM_LENGTH.
///
/// The host keeps: `answer` is good for reads of `len` bytes, `brought` for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_backfill_answer(
    database: *const stockroom,
    backfill: *const stockroom_backfill,
    answer: *const c_char,
    len: usize,
    brought: *mut *mut stockroom_document,
) -> i32 {
    call("stockroom_backfill_answer", || {
        let out = Out::new(brought, "brought")?;
        let database = held(database)?;
        let backfill = held(backfill)?;
        // SAFETY: the host promises the bytes.
        let answer = unsafe { arguments::document(answer, len) }?;
        let now_ms = database.room.now_ms();
        let brought = lock(&backfill).answered_json(answer, now_ms)?;
        // SAFETY: the host promises that it can be written.
        unsafe { give_document(brought.to_json()?, out) }
    })
}

/// Frees a backfill. NULL is allowed and does nothing.
///
/// Errors: STOCKROOM_STALE_HANDLE where it was freed before.
#[unsafe(no_mangle)]
pub extern "C" fn stockroom_backfill_free(backfill: *mut stockroom_backfill) -> i32 {
    free("stockroom_backfill_free", backfill)
}
