//! libstockroom-http: the HTTP client with its TLS, which libstockroom loads when a host first has exchanges run by it.
//! Apart from libstockroom, because a till that runs none need not carry it. A request comes in as a value and what came
//! of it goes out as one; nothing else is known here. The functions are libstockroom's own (`ffi/shared/border.rs`).

#![deny(unsafe_op_in_unsafe_fn)]
#![warn(clippy::undocumented_unsafe_blocks)]
// What callers keep is said of the types of the functions, in `border.rs`.
#![allow(clippy::missing_safety_doc)]

#[path = "../../shared/border.rs"]
mod border;
#[path = "../../shared/options.rs"]
mod options;

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ::stockroom::ports::{HeaderValue, HttpFailure, HttpRequest, HttpResponse, Secret};
use stockroom_documents::HttpSettings;
use stockroom_http::HttpClient;

use border::{
    ANSWERED, Answer, BORDER, Bytes, DONE, Header, Headers, LOST, METHODS, MISCALLED, NOT_SENT, PANICKED, REFUSED,
    Request, Settings, UNFIT,
};

/// An answer, and what it points into. C knows the first field alone.
#[repr(C)]
struct Kept {
    answer: Answer,
    headers: Vec<Header<'static>>,
    response: HttpResponse,
}

/// Puts an answer where C finds it, until [`stockroom_http_free`].
fn give(kind: u32, response: HttpResponse) -> *mut Answer {
    // SAFETY: the texts lie on the heap and are moved, changed and freed by nobody before all of it is freed together.
    let lasting = |bytes: &[u8]| unsafe { Bytes::of(bytes).lasting() };
    let headers: Vec<Header<'static>> = response
        .headers
        .iter()
        .map(|(name, value)| Header { name: lasting(name.as_bytes()), value: lasting(value.as_bytes()), is_secret: 0 })
        .collect();
    let body = lasting(&response.body);
    // SAFETY: as above.
    let listed = unsafe { Headers::of(&headers).lasting() };
    let answer = Answer { kind, status: u32::from(response.status), headers: listed, body };
    Box::into_raw(Box::new(Kept { answer, headers, response })).cast()
}

fn give_text(kind: u32, text: String) -> *mut Answer {
    give(kind, HttpResponse { body: text.into_bytes(), ..HttpResponse::default() })
}

/// Runs a call. What a panic says may quote anything, and is not told.
fn guarded(body: impl FnOnce() -> i32) -> i32 {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        // What it carries may panic again when it is dropped.
        std::mem::forget(panic);
        PANICKED
    })
}

/// Whether a pointer can be used at all.
fn is_sound<T>(pointer: *const T) -> bool {
    !pointer.is_null() && pointer.is_aligned()
}

/// As `BorderFn`.
#[unsafe(no_mangle)]
extern "C" fn stockroom_http_border() -> u32 {
    BORDER
}

/// As `OpenFn`.
#[unsafe(no_mangle)]
unsafe extern "C" fn stockroom_http_open(
    settings: *const Settings<'_>,
    client: *mut *mut c_void,
    why: *mut *mut Answer,
) -> i32 {
    guarded(|| {
        if !is_sound(settings) || !is_sound(client) || !is_sound(why) {
            return MISCALLED;
        }
        // SAFETY: not NULL and aligned; the caller's struct is there during the call.
        let settings = unsafe { &*settings };
        // SAFETY: the texts are the caller's, and there during the call.
        let Some(settings) = (unsafe { settings_of(settings) }) else { return MISCALLED };
        match options::client(settings) {
            // SAFETY: the caller's place for it, looked at above.
            Ok(opened) => unsafe {
                client.write(Box::into_raw(Box::new(opened)).cast());
                DONE
            },
            // SAFETY: as above.
            Err(error) => unsafe {
                why.write(give_text(UNFIT, error.to_string()));
                REFUSED
            },
        }
    })
}

/// # Safety
/// The texts are there.
unsafe fn settings_of(given: &Settings<'_>) -> Option<HttpSettings> {
    let text = |text: border::Given<Bytes<'_>>| {
        // SAFETY: passed on.
        text.get().map(|bytes| String::from_utf8_lossy(unsafe { bytes.get() }).into_owned())
    };
    (given.size == size_of::<Settings<'_>>()).then(|| HttpSettings {
        connect_timeout_ms: given.connect_timeout_ms.get(),
        silence_timeout_ms: given.silence_timeout_ms.get(),
        answer_timeout_ms: given.answer_timeout_ms.get(),
        whole_timeout_ms: given.whole_timeout_ms.get(),
        idle_max_ms: given.idle_max_ms.get(),
        body_max_bytes: given.body_max_bytes.get(),
        user_agent: text(given.user_agent),
        extra_roots_pem: text(given.extra_roots_pem),
        allow_plain_http: given.allow_plain_http.get().map(|allowed| allowed != 0),
        proxy_from_environment: given.proxy_from_environment.get().map(|used| used != 0),
    })
}

/// As `SendFn`.
#[unsafe(no_mangle)]
unsafe extern "C" fn stockroom_http_send(
    client: *const c_void,
    request: *const Request<'_>,
    answer: *mut *mut Answer,
) -> i32 {
    guarded(|| {
        let client = client.cast::<HttpClient>();
        if !is_sound(client) || !is_sound(request) || !is_sound(answer) {
            return MISCALLED;
        }
        // SAFETY: one that `stockroom_http_open` gave and nobody closed. It may be used by many threads.
        let client = unsafe { &*client };
        // SAFETY: not NULL and aligned; the caller's struct is there during the call.
        let request = unsafe { &*request };
        // SAFETY: the texts are the caller's, and there during the call.
        let Some(asked) = (unsafe { request_of(request) }) else { return MISCALLED };
        let given = match client.send_within(&asked, request.whole_timeout_ms) {
            Ok(response) => give(ANSWERED, response),
            Err(HttpFailure::NotSent(why)) => give_text(NOT_SENT, why),
            Err(HttpFailure::Lost(why)) => give_text(LOST, why),
        };
        // SAFETY: the caller's place for it, looked at above.
        unsafe { answer.write(given) };
        DONE
    })
}

/// # Safety
/// The texts are there.
unsafe fn request_of(request: &Request<'_>) -> Option<HttpRequest> {
    // SAFETY: passed on.
    let text = |bytes: Bytes<'_>| String::from_utf8_lossy(unsafe { bytes.get() }).into_owned();
    if request.size != size_of::<Request<'_>>() {
        return None;
    }
    let method = *METHODS.get(usize::try_from(request.method).ok()?)?;
    // SAFETY: passed on.
    let headers = unsafe { request.headers.get() };
    let value = |header: &Header<'_>| match header.is_secret {
        0 => HeaderValue::Plain(text(header.value)),
        _ => HeaderValue::Secret(Secret::new(text(header.value))),
    };
    Some(HttpRequest {
        method,
        url: text(request.url),
        headers: headers.iter().map(|header| (text(header.name), value(header))).collect(),
        // SAFETY: passed on.
        body: unsafe { request.body.get() }.to_vec(),
    })
}

/// As `FreeFn`. NULL does nothing.
#[unsafe(no_mangle)]
unsafe extern "C" fn stockroom_http_free(answer: *mut Answer) {
    if is_sound(answer) {
        // SAFETY: `give` made it as a `Kept`, whose first field it is; the caller frees it once.
        guarded(|| unsafe {
            drop(Box::from_raw(answer.cast::<Kept>()));
            DONE
        });
    }
}

/// As `CloseFn`. NULL does nothing.
#[unsafe(no_mangle)]
unsafe extern "C" fn stockroom_http_close(client: *mut c_void) {
    let client = client.cast::<HttpClient>();
    if is_sound(client) {
        // SAFETY: `stockroom_http_open` made it; the caller closes it once, when no call uses it.
        guarded(|| unsafe {
            drop(Box::from_raw(client));
            DONE
        });
    }
}
