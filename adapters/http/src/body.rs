//! Decodes the body of an answer. It takes no more memory than the limit, however small the body was that it came
//! from.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use ureq::http::HeaderMap;
use ureq::http::header::CONTENT_ENCODING;

use crate::failure::TOO_LARGE;

/// The encodings that are asked for.
pub(crate) const ACCEPTED: &str = "gzip";

/// The body as it was before it was encoded, or what is wrong with it.
pub(crate) fn decoded(encoded: Vec<u8>, headers: &HeaderMap, body_max_bytes: u64) -> Result<Vec<u8>, &'static str> {
    let mut encodings = headers.get_all(CONTENT_ENCODING).into_iter();
    let encoding = encodings.next().map_or("", |value| value.to_str().unwrap_or("?").trim());
    let is_gzip = encoding.eq_ignore_ascii_case("gzip") || encoding.eq_ignore_ascii_case("x-gzip");
    // An answer without content may still say how its content would have been encoded.
    if encoded.is_empty() || encoding.is_empty() || encoding.eq_ignore_ascii_case("identity") {
        return Ok(encoded);
    }
    if !is_gzip || encodings.next().is_some() {
        return Err("the answer's body is in an encoding that was not asked for");
    }
    let mut body = Vec::new();
    // One byte more than is allowed tells a body that is too large from one that just fits.
    let mut decoder = MultiGzDecoder::new(encoded.as_slice()).take(body_max_bytes.saturating_add(1));
    decoder.read_to_end(&mut body).map_err(|_| "the answer's gzip is damaged")?;
    if u64::try_from(body.len()).unwrap_or(u64::MAX) > body_max_bytes { Err(TOO_LARGE) } else { Ok(body) }
}
