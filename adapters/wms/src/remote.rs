//! What a remote sent, made safe to look at: fields of its JSON, its message in bounded length, and names in a
//! form that a URL or a header can hold. Nothing here trusts a byte of it, and nothing decides.

use std::borrow::Cow;

use crate::said::Said;

/// The most bytes of a remote's message that a `why` repeats.
pub const EXCERPT_BYTES_MAX: usize = 300;

/// Where remotes put a message for people, the most telling first.
const MESSAGE_PATHS: &[&str] = &[
    "error.message",
    "error.detail",
    "error",
    "message",
    "detail",
    "title",
    "errors.0.message",
    "errors.0.detail",
    "errors.0",
    "error_description",
];

/// The value at a path of names and indexes with dots between: `data.id`, `errors.0.message`.
pub(crate) fn at<'s, 'b>(said: &'s Said<'b>, path: &str) -> Option<&'s Said<'b>> {
    let (mut said, mut left) = (said, path);
    loop {
        let end = left.bytes().position(|byte| byte == b'.');
        let step = end.map_or(left, |end| &left[..end]);
        said = match said {
            Said::Object(_) => said.field(step)?,
            Said::Array(entries) => entries.get(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
        match end {
            Some(end) => left = &left[end + 1..],
            None => return Some(said),
        }
    }
}

/// A name at a path: a text, or a whole number as its digits. An empty one is none.
pub(crate) fn name_at(said: &Said<'_>, path: &str) -> Option<String> {
    word_at(said, path).map(Cow::into_owned)
}

/// The same for who only compares it.
pub(crate) fn word_at<'s>(said: &'s Said<'_>, path: &str) -> Option<Cow<'s, str>> {
    match at(said, path)? {
        Said::String(text) if !text.trim().is_empty() => Some(Cow::Borrowed(text)),
        Said::Number(number) if number.is_i64() || number.is_u64() => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// Whether a body that came with a status of success says that it was none: something stands at one of the error
/// paths, or `false` at one of the success paths.
pub(crate) fn says_error(said: &Said<'_>, error_paths: &[String], success_paths: &[String]) -> bool {
    let is_something = |said: &Said<'_>| match said {
        Said::Null | Said::Bool(false) => false,
        Said::String(text) => !text.is_empty(),
        Said::Array(entries) => !entries.is_empty(),
        Said::Object(fields) => !fields.is_empty(),
        Said::Bool(true) | Said::Number(_) => true,
    };
    let is_failure = |said: &Said<'_>| match said {
        Said::Bool(success) => !success,
        Said::String(text) => text.eq_ignore_ascii_case("false"),
        _ => false,
    };
    error_paths.iter().filter_map(|path| at(said, path)).any(is_something)
        || success_paths.iter().filter_map(|path| at(said, path)).any(is_failure)
}

/// The remote's message: on one line, without the secrets, and no longer than [`EXCERPT_BYTES_MAX`].
pub(crate) fn excerpt(body: &[u8], secrets: &[String]) -> String {
    let said = stockroom::read_json_bytes::<Said<'_>>(body).ok().and_then(|said| {
        MESSAGE_PATHS.iter().find_map(|path| match at(&said, path) {
            Some(Said::String(text)) if !text.trim().is_empty() => Some(text.to_string()),
            _ => None,
        })
    });
    let said = said.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    shown(&said, secrets)
}

/// What is wrong with a part of a document, without the place: it would be counted from the part's beginning.
pub(crate) fn unplaced(fault: &serde_json::Error) -> String {
    let said = fault.to_string();
    let place = format!(" at line {} column {}", fault.line(), fault.column());
    said.strip_suffix(&place).map(str::to_owned).unwrap_or(said)
}

/// A text from outside as a `why` may show it.
pub(crate) fn shown(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        // A secret that JSON had to escape is one as well, where the whole body is shown.
        let escaped = serde_json::Value::String(secret.clone()).to_string();
        for form in [secret.as_str(), escaped.trim_matches('"')] {
            text = text.replace(form, "***");
        }
    }
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    cut(&words.join(" "), EXCERPT_BYTES_MAX)
}

/// The text in at most so many bytes, an ellipsis at its end where something is missing.
fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let room = bytes_max.saturating_sub('…'.len_utf8());
    let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", &text[..end])
}

/// A name as one segment of a path or as a value in a query: all but the unreserved characters of RFC 3986 are
/// percent-encoded.
pub(crate) fn encoded(text: &str) -> String {
    percent(text, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

/// A name as the value of a header: visible ASCII as it is, all else and the percent sign percent-encoded, so that
/// two names never become one.
pub(crate) fn header_text(text: &str) -> String {
    percent(text, |byte| byte.is_ascii_graphic() && byte != b'%')
}

fn percent(text: &str, stays: fn(u8) -> bool) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    if text.bytes().all(stays) {
        return text.to_owned();
    }
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if stays(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(DIGITS[usize::from(byte >> 4)]));
            encoded.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_short_on_one_line_and_holds_no_secret() {
        let secrets = vec!["tok\"en".to_owned()];
        for (body, shown) in [
            (r#"{"error":{"code":"sku","message":"no\nsuch SKU"}}"#, "no such SKU"),
            (r#"{"error":"bad"}"#, "bad"),
            (r#"{"errors":[{"message":"first"},{"message":"second"}]}"#, "first"),
            (r#"{"message":"you sent tok\"en"}"#, "you sent ***"),
            (r#"{"other":"you sent tok\"en"}"#, r#"{"other":"you sent ***"}"#),
            ("<html>\r\n\t<b>oh</b>", "<html> <b>oh</b>"),
            ("", ""),
        ] {
            assert_eq!(excerpt(body.as_bytes(), &secrets), shown, "{body}");
        }
        assert_eq!(excerpt(&[0xff, 0, b'a'], &[]), "\u{fffd} a");
        for long in ["x".repeat(10_000), "é".repeat(10_000), "日".repeat(200)] {
            let shown = excerpt(long.as_bytes(), &[]);
            assert!(shown.len() <= EXCERPT_BYTES_MAX && shown.ends_with('…'), "{}", shown.len());
        }
    }

    #[test]
    fn success_can_be_denied_by_the_body() {
        let errors = ["error".to_owned(), "errors".to_owned()];
        let successes = ["success".to_owned()];
        for (body, is_error) in [
            (r#"{"id":"1"}"#, false),
            (r#"{"id":"1","error":null,"errors":[],"success":true}"#, false),
            (r#"{"error":""}"#, false),
            (r#"{"error":{"message":"no"}}"#, true),
            (r#"{"errors":["no"]}"#, true),
            (r#"{"error":1}"#, true),
            (r#"{"success":false}"#, true),
            (r#"{"success":"false"}"#, true),
            ("[]", false),
        ] {
            let value: Said<'_> = serde_json::from_str(body).unwrap();
            assert_eq!(says_error(&value, &errors, &successes), is_error, "{body}");
        }
    }

    #[test]
    fn names_fit_into_urls_and_headers() {
        for (name, segment, header) in [
            ("o-1-1", "o-1-1", "o-1-1"),
            ("a/b?c#d", "a%2Fb%3Fc%23d", "a/b?c#d"),
            ("a b", "a%20b", "a%20b"),
            ("a%20b", "a%2520b", "a%2520b"),
            ("ä", "%C3%A4", "%C3%A4"),
            ("a\r\nb", "a%0D%0Ab", "a%0D%0Ab"),
        ] {
            assert_eq!(encoded(name), segment);
            assert_eq!(header_text(name), header);
        }
    }
}
