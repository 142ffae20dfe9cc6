//! What libstockroom and libstockroom-http say to each other: how a client is set up, a request, and what came of it, as
//! structs of C. Both libraries are built of this file. It belongs to nobody else: hosts call `stockroom_relay_start`.
//!
//! Everything passed in is the caller's and is copied before a call returns. What is given out is freed by the library
//! that made it.

// Each side uses its half.
#![allow(dead_code)]

use std::ffi::{CStr, c_void};
use std::marker::PhantomData;

use ::stockroom::ports::Method;

/// The version of all that stands here. A library of another is not used.
pub(crate) const BORDER: u32 = 1;

/// It was done.
pub(crate) const DONE: i32 = 0;
/// The settings cannot be used; the answer says why.
pub(crate) const REFUSED: i32 = 1;
/// A pointer is NULL that may not be, or a struct is not what is known here. Nothing was done or written.
pub(crate) const MISCALLED: i32 = 2;
/// A panic was caught. Nothing was written; whether a request was sent is open.
pub(crate) const PANICKED: i32 = 3;

/// The names of the functions.
pub(crate) const BORDER_NAME: &CStr = c"stockroom_http_border";
pub(crate) const OPEN_NAME: &CStr = c"stockroom_http_open";
pub(crate) const SEND_NAME: &CStr = c"stockroom_http_send";
pub(crate) const FREE_NAME: &CStr = c"stockroom_http_free";
pub(crate) const CLOSE_NAME: &CStr = c"stockroom_http_close";

/// Gives [`BORDER`].
pub(crate) type BorderFn = extern "C" fn() -> u32;
/// Sets a client up. On [`DONE`] the second becomes the client, on [`REFUSED`] the third becomes why.
pub(crate) type OpenFn = unsafe extern "C" fn(*const Settings<'_>, *mut *mut c_void, *mut *mut Answer) -> i32;
/// Sends a request by a client, which any number of threads may use. On [`DONE`] the third becomes what came of it.
pub(crate) type SendFn = unsafe extern "C" fn(*const c_void, *const Request<'_>, *mut *mut Answer) -> i32;
/// Frees an answer.
pub(crate) type FreeFn = unsafe extern "C" fn(*mut Answer);
/// Gives a client up that no call uses any more.
pub(crate) type CloseFn = unsafe extern "C" fn(*mut c_void);

/// Bytes of somebody else.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Bytes<'a> {
    at: *const u8,
    len: usize,
    owner: PhantomData<&'a [u8]>,
}

impl<'a> Bytes<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Bytes { at: bytes.as_ptr(), len: bytes.len(), owner: PhantomData }
    }

    /// The same without the owner's lifetime, which C does not know.
    ///
    /// # Safety
    /// The bytes stay where they are, unchanged, as long as anybody reads these.
    pub(crate) unsafe fn lasting(self) -> Bytes<'static> {
        Bytes { at: self.at, len: self.len, owner: PhantomData }
    }

    /// # Safety
    /// They were made by [`Bytes::of`], on either side, and their owner is still there.
    pub(crate) unsafe fn get(self) -> &'a [u8] {
        // SAFETY: pointer and length are those of a slice that lives, as the caller promises.
        unsafe { std::slice::from_raw_parts(self.at, self.len) }
    }
}

/// A header of a request or of an answer.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Header<'a> {
    pub(crate) name: Bytes<'a>,
    pub(crate) value: Bytes<'a>,
    /// 1 where the value is to be written nowhere but into the request.
    pub(crate) is_secret: u32,
}

/// Headers in their order.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Headers<'a> {
    at: *const Header<'a>,
    len: usize,
    owner: PhantomData<&'a [Header<'a>]>,
}

impl<'a> Headers<'a> {
    pub(crate) fn of(headers: &'a [Header<'a>]) -> Self {
        Headers { at: headers.as_ptr(), len: headers.len(), owner: PhantomData }
    }

    /// # Safety
    /// As [`Bytes::lasting`].
    pub(crate) unsafe fn lasting(self) -> Headers<'static> {
        Headers { at: self.at.cast(), len: self.len, owner: PhantomData }
    }

    /// # Safety
    /// As [`Bytes::get`].
    pub(crate) unsafe fn get(self) -> &'a [Header<'a>] {
        // SAFETY: as in `Bytes::get`.
        unsafe { std::slice::from_raw_parts(self.at, self.len) }
    }
}

/// A setting, or that the default is wanted.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Given<T> {
    is_given: u32,
    value: T,
}

impl<T: Copy> Given<T> {
    pub(crate) fn of(value: Option<T>, none: T) -> Self {
        Given { is_given: u32::from(value.is_some()), value: value.unwrap_or(none) }
    }

    pub(crate) fn get(self) -> Option<T> {
        (self.is_given != 0).then_some(self.value)
    }
}

/// How a client is set up: `HttpSettings` of the documents.
#[repr(C)]
pub(crate) struct Settings<'a> {
    /// That of the struct.
    pub(crate) size: usize,
    pub(crate) connect_timeout_ms: Given<u64>,
    pub(crate) silence_timeout_ms: Given<u64>,
    pub(crate) answer_timeout_ms: Given<u64>,
    pub(crate) whole_timeout_ms: Given<u64>,
    pub(crate) idle_max_ms: Given<u64>,
    pub(crate) body_max_bytes: Given<u64>,
    pub(crate) user_agent: Given<Bytes<'a>>,
    pub(crate) extra_roots_pem: Given<Bytes<'a>>,
    /// 0 or 1.
    pub(crate) allow_plain_http: Given<u32>,
    /// 0 or 1.
    pub(crate) proxy_from_environment: Given<u32>,
}

/// A request, and how long it may take.
#[repr(C)]
pub(crate) struct Request<'a> {
    /// That of the struct.
    pub(crate) size: usize,
    /// Its place in [`METHODS`].
    pub(crate) method: u32,
    pub(crate) url: Bytes<'a>,
    pub(crate) headers: Headers<'a>,
    pub(crate) body: Bytes<'a>,
    pub(crate) whole_timeout_ms: u64,
}

/// Methods by their numbers.
pub(crate) const METHODS: [Method; 5] = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];

/// An answer came: `status`, `headers`, `body`.
pub(crate) const ANSWERED: u32 = 0;
/// Nothing was sent; `body` says why.
pub(crate) const NOT_SENT: u32 = 1;
/// It may have been sent; `body` says why there is no answer.
pub(crate) const LOST: u32 = 2;
/// The settings cannot be used; `body` says why.
pub(crate) const UNFIT: u32 = 3;

/// What came of a request, or of settings. Its texts are there until it is freed; no lifetime can say that.
#[repr(C)]
pub(crate) struct Answer {
    pub(crate) kind: u32,
    pub(crate) status: u32,
    pub(crate) headers: Headers<'static>,
    pub(crate) body: Bytes<'static>,
}
