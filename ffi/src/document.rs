//! Documents that calls give back: JSON texts that the host reads in place and frees.

use std::ffi::c_char;

use crate::arguments::Out;
use crate::guard::call;
use crate::handles::{Kind, Table, give, held, take_back};
use crate::status::Fault;

/// A JSON document that a call gave back. Read it with stockroom_document_text, free it with
/// stockroom_document_free. It never changes, so that any thread may read it.
#[allow(non_camel_case_types)] // The name in C.
pub struct stockroom_document {
    _opaque: [u8; 0],
}

impl Kind for stockroom_document {
    /// The text with a NUL behind it.
    type Value = Box<[u8]>;

    fn table() -> &'static Table<Self> {
        static TABLE: Table<stockroom_document> = Table::new(2, "document");
        &TABLE
    }
}

/// Gives a document out.
///
/// # Safety
/// The place must be good for the write of a pointer.
pub(crate) unsafe fn give_document(mut text: Vec<u8>, out: Out<*mut stockroom_document>) -> Result<(), Fault> {
    text.push(0);
    let handle = give(text.into_boxed_slice())?;
    // SAFETY: passed on.
    unsafe { out.write(handle) };
    Ok(())
}

/// Tells where a document's text is: UTF-8 with a NUL behind it, which does not count for `len`. `len` may be NULL.
/// The text is valid until the document is freed.
///
/// Errors: STOCKROOM_NULL_ARGUMENT, STOCKROOM_STALE_HANDLE.
///
/// The host keeps: `text` and, where it is not NULL, `len` are good for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_document_text(
    document: *const stockroom_document,
    text: *mut *const c_char,
    len: *mut usize,
) -> i32 {
    call("stockroom_document_text", || {
        let text = Out::new(text, "text")?;
        let len = if len.is_null() { None } else { Some(Out::new(len, "len")?) };
        let bytes = held(document)?;
        // SAFETY: the host promises that both can be written.
        unsafe {
            // The bytes live in the table, not in the reference that ends here.
            text.write(bytes.as_ptr().cast());
            if let Some(len) = len {
                len.write(bytes.len() - 1);
            }
        }
        Ok(())
    })
}

/// Frees a document; its text is gone with it. NULL is allowed and does nothing.
///
/// Errors: STOCKROOM_STALE_HANDLE where it was freed before.
#[unsafe(no_mangle)]
pub extern "C" fn stockroom_document_free(document: *mut stockroom_document) -> i32 {
    call("stockroom_document_free", || match document.is_null() {
        true => Ok(()),
        false => take_back(document).map(drop),
    })
}
