//! What comes from C, looked at before it is used. Every function here says what its caller has to promise beyond
//! what can be checked; CONTRACT.md passes the promise on to hosts.

use std::ffi::c_char;

use ::stockroom::ids::{ID_BYTES_MAX, SKU_BYTES_MAX};

use crate::status::{Fault, stockroom_status};

/// A length that says: the text ends with a NUL, find it.
pub const STOCKROOM_NUL_TERMINATED: usize = usize::MAX;

/// The longest document that a call takes, in bytes: 64 MiB.
pub const STOCKROOM_DOCUMENT_MAX: usize = 64 * 1024 * 1024;

/// The most entries of a list: orders of one call, SKUs of one read.
pub const STOCKROOM_LIST_MAX: usize = 100_000;

fn null(what: &str) -> Fault {
    Fault::new(stockroom_status::STOCKROOM_NULL_ARGUMENT, format!("{what} is NULL or not aligned"))
}

fn length(message: String) -> Fault {
    Fault::new(stockroom_status::STOCKROOM_LENGTH, message)
}

/// The bytes of a text of at most `max` bytes.
///
/// # Safety
/// `bytes`, where it is not NULL, must be good for reads of `len` bytes, or up to a NUL where `len` is
/// [`STOCKROOM_NUL_TERMINATED`], and must not change while the result lives.
pub(crate) unsafe fn bytes<'a>(bytes: *const c_char, len: usize, max: usize, what: &str) -> Result<&'a [u8], Fault> {
    if bytes.is_null() {
        return Err(null(what));
    }
    let len = if len == STOCKROOM_NUL_TERMINATED {
        // SAFETY: the caller promises a NUL; not more than one byte beyond the longest text is looked at.
        match (0..=max).find(|index| unsafe { *bytes.add(*index) } == 0) {
            Some(len) => len,
            None => return Err(length(format!("{what} is longer than {max} bytes"))),
        }
    } else {
        len
    };
    if len > max {
        return Err(length(format!("{what} has {len} bytes; {max} is the most")));
    }
    // SAFETY: not NULL, bytes need no alignment, the length is at most `max`, and the caller promises the rest.
    Ok(unsafe { std::slice::from_raw_parts(bytes.cast(), len) })
}

/// A text of at most `max` bytes.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn text<'a>(text: *const c_char, len: usize, max: usize, what: &str) -> Result<&'a str, Fault> {
    // SAFETY: passed on.
    let bytes = unsafe { bytes(text, len, max, what) }?;
    std::str::from_utf8(bytes)
        .map_err(|_| Fault::new(stockroom_status::STOCKROOM_NOT_UTF8, format!("{what} is not UTF-8")))
}

/// A SKU.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn sku<'a>(sku: *const c_char, len: usize) -> Result<&'a str, Fault> {
    // SAFETY: passed on.
    unsafe { text(sku, len, SKU_BYTES_MAX, "the SKU") }
}

/// The id of a location, a channel, an order, a subscription or a destination.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn id<'a>(id: *const c_char, len: usize, what: &str) -> Result<&'a str, Fault> {
    // SAFETY: passed on.
    unsafe { text(id, len, ID_BYTES_MAX, what) }
}

/// A document.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn document<'a>(document: *const c_char, len: usize) -> Result<&'a [u8], Fault> {
    // SAFETY: passed on.
    unsafe { bytes(document, len, STOCKROOM_DOCUMENT_MAX, "the document") }
}

/// A list of 1 to [`STOCKROOM_LIST_MAX`] entries.
///
/// # Safety
/// `list`, where it is not NULL, must be good for reads of `count` entries and must not change while the result lives.
pub(crate) unsafe fn list<'a, T>(list: *const T, count: usize, what: &str) -> Result<&'a [T], Fault> {
    if list.is_null() || !list.is_aligned() {
        return Err(null(what));
    }
    if !(1..=STOCKROOM_LIST_MAX).contains(&count) {
        return Err(length(format!("{what} has {count} entries; 1 to {STOCKROOM_LIST_MAX} may be")));
    }
    // SAFETY: not NULL, aligned, the count is small, and the caller promises the rest.
    Ok(unsafe { std::slice::from_raw_parts(list, count) })
}

/// Where an answer goes. It is written only when there is one.
pub(crate) struct Out<T>(*mut T);

impl<T> Out<T> {
    /// Looks at where an answer is to go.
    pub(crate) fn new(out: *mut T, what: &str) -> Result<Self, Fault> {
        if out.is_null() || !out.is_aligned() { Err(null(what)) } else { Ok(Out(out)) }
    }

    /// Writes the answer.
    ///
    /// # Safety
    /// The pointer must be good for the write of one `T`.
    pub(crate) unsafe fn write(self, value: T) {
        // SAFETY: not NULL and aligned; the caller promises the rest.
        unsafe { self.0.write(value) };
    }
}

/// Where a list of answers goes.
pub(crate) struct OutList<T>(*mut T, usize);

impl<T> OutList<T> {
    /// Looks at where answers are to go.
    pub(crate) fn new(out: *mut T, count: usize, what: &str) -> Result<Self, Fault> {
        if out.is_null() || !out.is_aligned() { Err(null(what)) } else { Ok(OutList(out, count)) }
    }

    /// Writes the answers, at most as many as there is room for.
    ///
    /// # Safety
    /// The pointer must be good for the writes.
    pub(crate) unsafe fn write(self, values: impl Iterator<Item = T>) {
        for (index, value) in values.take(self.1).enumerate() {
            // SAFETY: within the count; the caller promises that so many can be written.
            unsafe { self.0.add(index).write(value) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status<T>(result: Result<T, Fault>) -> stockroom_status {
        result.err().map_or(stockroom_status::STOCKROOM_OK, |fault| fault.status)
    }

    #[test]
    fn texts_are_measured_before_they_are_read() {
        use stockroom_status::*;
        let mug = c"mug".as_ptr();
        let bad = c"\xff".as_ptr();
        let cases = [
            (mug, 3, STOCKROOM_OK),
            (mug, 0, STOCKROOM_OK),
            (mug, STOCKROOM_NUL_TERMINATED, STOCKROOM_OK),
            (mug, 65, STOCKROOM_LENGTH),
            (mug, usize::MAX - 1, STOCKROOM_LENGTH),
            (bad, 1, STOCKROOM_NOT_UTF8),
            (bad, STOCKROOM_NUL_TERMINATED, STOCKROOM_NOT_UTF8),
            (std::ptr::null(), 0, STOCKROOM_NULL_ARGUMENT),
            (std::ptr::null(), STOCKROOM_NUL_TERMINATED, STOCKROOM_NULL_ARGUMENT),
        ];
        for (pointer, len, expected) in cases {
            // SAFETY: the lengths that are read are those of the texts.
            assert_eq!(status(unsafe { id(pointer, len, "it") }), expected, "{pointer:?} {len}");
        }
        // SAFETY: it ends with a NUL.
        assert_eq!(unsafe { id(mug, STOCKROOM_NUL_TERMINATED, "it") }.unwrap(), "mug");
        let long = std::ffi::CString::new("x".repeat(65)).unwrap();
        // SAFETY: it ends with a NUL.
        assert_eq!(status(unsafe { id(long.as_ptr(), STOCKROOM_NUL_TERMINATED, "it") }), STOCKROOM_LENGTH);
    }

    #[test]
    fn places_for_answers_are_looked_at() {
        use stockroom_status::*;
        let mut numbers = [0_i64; 2];
        let odd = std::ptr::from_mut(&mut numbers).cast::<u8>().wrapping_add(1).cast::<i64>();
        assert_eq!(status(Out::new(std::ptr::null_mut::<i64>(), "it")), STOCKROOM_NULL_ARGUMENT);
        assert_eq!(status(Out::new(odd, "it")), STOCKROOM_NULL_ARGUMENT);
        assert_eq!(status(OutList::new(odd, 1, "it")), STOCKROOM_NULL_ARGUMENT);
        let out = OutList::new(numbers.as_mut_ptr(), 2, "it").unwrap();
        // SAFETY: there is room for two.
        unsafe { out.write([1, 2, 3].into_iter()) };
        assert_eq!(numbers, [1, 2]);
    }
}
