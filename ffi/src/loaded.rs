//! The HTTP client out of libstockroom-http, which is loaded when a relay is first started, and stays. It is looked for
//! beside this library and then where the system's loader looks.

use std::ffi::{CStr, c_void};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ::libloading::Library;
use ::stockroom::ports::{HeaderValue, HttpFailure, HttpRequest, HttpResponse};
use ::stockroom::{Error, ErrorKind};
use stockroom_documents::HttpSettings;
use stockroom_http::SendRequest;

use crate::status::Fault;

#[path = "../shared/border.rs"]
mod border;

use border::{
    ANSWERED, Answer, BORDER, BORDER_NAME, BorderFn, Bytes, CLOSE_NAME, CloseFn, DONE, FREE_NAME, FreeFn, Given,
    Header, Headers, METHODS, MISCALLED, NOT_SENT, OPEN_NAME, OpenFn, REFUSED, Request, SEND_NAME, SendFn, Settings,
};

/// What the library is called where programs are run: on Linux by its soname.
const FILE: &str = if cfg!(windows) {
    "stockroom-http.dll"
} else if cfg!(target_vendor = "apple") {
    "libstockroom-http.0.dylib"
} else {
    "libstockroom-http.so.0"
};

/// Its functions. It is not unloaded once it is known to be ours, so that they are there for ever.
#[derive(Clone, Copy)]
struct Functions {
    open: OpenFn,
    send: SendFn,
    free: FreeFn,
    close: CloseFn,
}

/// Sets a client up.
pub(crate) fn client(settings: HttpSettings) -> Result<Arc<dyn SendRequest>, Fault> {
    let functions = functions()?;
    let number = |value| Given::of(value, 0);
    let flag = |flag: Option<bool>| Given::of(flag.map(u32::from), 0);
    let settings_in_c = Settings {
        size: size_of::<Settings<'_>>(),
        connect_timeout_ms: number(settings.connect_timeout_ms),
        silence_timeout_ms: number(settings.silence_timeout_ms),
        answer_timeout_ms: number(settings.answer_timeout_ms),
        whole_timeout_ms: number(settings.whole_timeout_ms),
        idle_max_ms: number(settings.idle_max_ms),
        body_max_bytes: number(settings.body_max_bytes),
        user_agent: text(settings.user_agent.as_deref()),
        extra_roots_pem: text(settings.extra_roots_pem.as_deref()),
        allow_plain_http: flag(settings.allow_plain_http),
        proxy_from_environment: flag(settings.proxy_from_environment),
    };
    let (mut client, mut why) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: the struct and its texts are there during the call, and both pointers are good for a write.
    match unsafe { (functions.open)(&raw const settings_in_c, &raw mut client, &raw mut why) } {
        DONE => Ok(Arc::new(Client { client, functions })),
        REFUSED => {
            // SAFETY: it was just given, and is not freed yet.
            let (_, text) = unsafe { taken(functions, why) };
            Err(fault(ErrorKind::Malformed, String::from_utf8_lossy(&text.body).into_owned()))
        }
        _ => Err(fault(ErrorKind::Unsupported, format!("{FILE} could not set a client up: a bug in Stockroom"))),
    }
}

fn text(given: Option<&str>) -> Given<Bytes<'_>> {
    Given::of(given.map(bytes_of), Bytes::of(&[]))
}

fn fault(kind: ErrorKind, message: String) -> Fault {
    Fault::from(Error::new(kind, "relay.start", message))
}

/// The library's functions; it is loaded where it is not yet. A failure is not kept: somebody may put it there.
fn functions() -> Result<Functions, Fault> {
    static LOADED: Mutex<Option<(Functions, Library)>> = Mutex::new(None);
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    match &*loaded {
        Some((functions, _)) => Ok(*functions),
        None => {
            let (functions, library) = load().map_err(|message| fault(ErrorKind::Unsupported, message))?;
            *loaded = Some((functions, library));
            Ok(functions)
        }
    }
}

fn load() -> Result<(Functions, Library), String> {
    let beside = own_file().map(|file| file.with_file_name(FILE)).filter(|file| file.exists());
    let path = beside.clone().unwrap_or_else(|| FILE.into());
    // SAFETY: what it runs as it is loaded is Rust's own beginning of a library. That a file of this name is ours is the
    // host's affair, as it is for libstockroom itself.
    let library = unsafe { Library::new(&path) }.map_err(|error| match beside {
        Some(_) => format!("{} cannot be loaded: {error}", path.display()),
        None => format!(
            "{FILE}, which runs exchanges, is not installed: it belongs beside libstockroom, or where the loader looks \
             ({error})"
        ),
    })?;
    // SAFETY: the name and its type stand in one file of which both libraries are built.
    let found = unsafe { function::<BorderFn>(&library, BORDER_NAME) }?();
    if found != BORDER {
        return Err(format!("{} is of another version of Stockroom (border {found}, not {BORDER})", path.display()));
    }
    // SAFETY: as above, and of this version.
    let functions = unsafe {
        Functions {
            open: function(&library, OPEN_NAME)?,
            send: function(&library, SEND_NAME)?,
            free: function(&library, FREE_NAME)?,
            close: function(&library, CLOSE_NAME)?,
        }
    };
    Ok((functions, library))
}

/// # Safety
/// The function of this name is of this type, and is not called once the library is unloaded.
unsafe fn function<T: Copy>(library: &Library, name: &CStr) -> Result<T, String> {
    // SAFETY: passed on.
    let symbol = unsafe { library.get::<T>(name.to_bytes_with_nul()) };
    symbol.map(|symbol| *symbol).map_err(|error| format!("{FILE} is none of Stockroom's: {error}"))
}

/// The file that this code was loaded from.
#[cfg(unix)]
fn own_file() -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt as _;
    let mut told = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: the address is of this library, and `told` is good for a write.
    let is_told = unsafe { libc::dladdr(own_file as *const c_void, told.as_mut_ptr()) } != 0;
    // SAFETY: zeros are a value of it: a NULL where nothing was told.
    let name = unsafe { told.assume_init() }.dli_fname;
    if !is_told || name.is_null() {
        return None;
    }
    // SAFETY: the loader's own text, which stays as long as this library is loaded.
    let name = unsafe { CStr::from_ptr(name) };
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(name.to_bytes())))
}

/// Elsewhere the loader looks beside the program by itself.
#[cfg(not(unix))]
fn own_file() -> Option<PathBuf> {
    None
}

/// A client of the other library's.
struct Client {
    client: *mut c_void,
    functions: Functions,
}

// SAFETY: the other library's client may be used by any thread, and by many at once; `border.rs` says so of it.
unsafe impl Send for Client {}
// SAFETY: as above.
unsafe impl Sync for Client {}

impl SendRequest for Client {
    fn send_within(&self, request: &HttpRequest, whole_timeout_ms: u64) -> Result<HttpResponse, HttpFailure> {
        let headers: Vec<Header<'_>> = request.headers.iter().map(header).collect();
        let method = METHODS.iter().position(|method| *method == request.method);
        let asked = Request {
            size: size_of::<Request<'_>>(),
            method: method.and_then(|place| u32::try_from(place).ok()).unwrap_or(u32::MAX),
            url: bytes_of(&request.url),
            headers: Headers::of(&headers),
            body: Bytes::of(&request.body),
            whole_timeout_ms,
        };
        let mut answer = std::ptr::null_mut();
        // SAFETY: the client is open until it is dropped; the request and its texts are there during the call, and the
        // pointer is good for a write.
        match unsafe { (self.functions.send)(self.client, &raw const asked, &raw mut answer) } {
            // SAFETY: it was just given, and is not freed yet.
            DONE => match unsafe { taken(self.functions, answer) } {
                (ANSWERED, response) => Ok(response),
                (NOT_SENT, why) => Err(HttpFailure::NotSent(String::from_utf8_lossy(&why.body).into_owned())),
                (_, why) => Err(HttpFailure::Lost(String::from_utf8_lossy(&why.body).into_owned())),
            },
            MISCALLED => Err(HttpFailure::NotSent(format!("{FILE} did not take the request: a bug in Stockroom"))),
            // It may have been sent before.
            _ => Err(HttpFailure::Lost(format!("{FILE} panicked: a bug in Stockroom"))),
        }
    }
}

fn bytes_of(text: &str) -> Bytes<'_> {
    Bytes::of(text.as_bytes())
}

fn header((name, value): &(String, HeaderValue)) -> Header<'_> {
    let (value, is_secret) = match value {
        HeaderValue::Plain(value) => (value.as_str(), 0),
        HeaderValue::Secret(secret) => (secret.reveal(), 1),
    };
    Header { name: bytes_of(name), value: bytes_of(value), is_secret }
}

/// Copies an answer and frees it.
///
/// # Safety
/// The other library gave it, and nobody freed it.
unsafe fn taken(functions: Functions, answer: *mut Answer) -> (u32, HttpResponse) {
    // SAFETY: the other library's value; its texts are there until it is freed, and copied before.
    unsafe {
        let told = &*answer;
        let text = |bytes: Bytes<'_>| String::from_utf8_lossy(bytes.get()).into_owned();
        let headers = told.headers.get().iter().map(|header| (text(header.name), text(header.value))).collect();
        let status = u16::try_from(told.status).unwrap_or_default();
        let response = HttpResponse { status, headers, body: told.body.get().to_vec() };
        let kind = told.kind;
        (functions.free)(answer);
        (kind, response)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // SAFETY: it is the last use of it: whoever sends holds a reference.
        unsafe { (self.functions.close)(self.client) };
    }
}
