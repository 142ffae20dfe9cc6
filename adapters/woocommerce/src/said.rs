//! What a shop said, made safe to look at: its message in bounded length and without our secrets. And names in a form
//! that a URL can hold. Nothing here trusts a byte of it, and nothing decides.

use stockroom::ports::Secret;

use crate::json::{Object, cleaned};

/// The most bytes of a shop's message that a `why` repeats.
pub const EXCERPT_BYTES_MAX: usize = 300;

/// The shop's message: on one line, without the secrets, and no longer than [`EXCERPT_BYTES_MAX`].
pub(crate) fn excerpt(body: &[u8], secrets: &[Secret]) -> String {
    let text = cleaned(body);
    let object = Object::parse(&text);
    let said = object.as_ref().and_then(|object| object.text("message").or_else(|| object.text("error")));
    shown(said.as_deref().unwrap_or(&text), secrets)
}

/// A text from outside as a `why` may show it.
pub(crate) fn shown(text: &str, secrets: &[Secret]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().map(Secret::reveal).filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "***");
    }
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    cut(&words.join(" "), EXCERPT_BYTES_MAX)
}

/// The text in at most so many bytes, an ellipsis at its end where something is missing.
pub(crate) fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let room = bytes_max.saturating_sub('…'.len_utf8());
    let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", &text[..end])
}

/// A name with all but the unreserved characters of RFC 3986 percent-encoded: it goes into a URL, and through the hands
/// of WordPress, as it is.
pub(crate) fn encoded(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
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
        let secrets = [Secret::new("cs_1"), Secret::new("")];
        for (body, said) in [
            (r#"{"code":"x","message":"no\nsuch product"}"#, "no such product"),
            (r#"{"message":"you sent cs_1"}"#, "you sent ***"),
            (r#"{"other":"you sent cs_1"}"#, r#"{"other":"you sent ***"}"#),
            ("<html>\r\n\t<b>oh</b>", "<html> <b>oh</b>"),
            ("", ""),
        ] {
            assert_eq!(excerpt(body.as_bytes(), &secrets), said, "{body}");
        }
        assert_eq!(excerpt(&[0xff, 0, b'a'], &[]), "\u{fffd} a");
        for long in ["x".repeat(10_000), "é".repeat(10_000), "日".repeat(200)] {
            let said = excerpt(long.as_bytes(), &[]);
            assert!(said.len() <= EXCERPT_BYTES_MAX && said.ends_with('…'), "{}", said.len());
        }
    }

    #[test]
    fn names_fit_into_urls() {
        for (name, segment) in [("o-1.7", "o-1.7"), ("a/b c", "a%2Fb%20c"), ("a\\b", "a%5Cb"), ("ä", "%C3%A4")] {
            assert_eq!(encoded(name), segment);
        }
    }
}
