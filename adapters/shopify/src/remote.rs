//! What a shop sent, made safe to look at: its message in bounded length and without secrets. Nothing here trusts a
//! byte of it, and nothing decides.

use serde_json::Value;

/// The most bytes of a shop's message that a `why` repeats.
pub const EXCERPT_BYTES_MAX: usize = 300;

/// The shop's message: on one line, without the secrets, and no longer than [`EXCERPT_BYTES_MAX`].
pub(crate) fn excerpt(body: &[u8], secrets: &[&str]) -> String {
    let said = stockroom::read_json_bytes::<Value>(body).ok().and_then(|value| message(&value));
    let said = said.unwrap_or_else(|| {
        // More than this is not shown, however much came; a little more, because secrets are shortened.
        String::from_utf8_lossy(&body[..body.len().min(16 * EXCERPT_BYTES_MAX)]).into_owned()
    });
    shown(&said, secrets)
}

/// The first text that stands where Shopify puts its messages: `errors` is a text, a list of texts or of objects with
/// a `message`, or an object of lists by field.
fn message(value: &Value) -> Option<String> {
    let errors = value.get("errors").or_else(|| value.get("error"))?;
    let first = match errors {
        Value::Array(entries) => entries.first()?,
        Value::Object(fields) if !fields.contains_key("message") => {
            let (field, said) = fields.iter().next()?;
            let said = said.as_array().and_then(|entries| entries.first()).unwrap_or(said);
            return said.as_str().map(|said| format!("{field}: {said}"));
        }
        other => other,
    };
    first.as_str().or_else(|| first.get("message")?.as_str()).map(str::to_owned)
}

/// A text from outside as a `why` may show it.
pub(crate) fn shown(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        // A secret that JSON had to escape is one as well, where the whole body is shown.
        let escaped = Value::from(*secret).to_string();
        for form in [*secret, escaped.trim_matches('"')] {
            text = text.replace(form, "***");
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_short_on_one_line_and_holds_no_secret() {
        let secrets = ["tok\"en"];
        for (body, shown) in [
            (r#"{"errors":"[API] Invalid API key"}"#, "[API] Invalid API key"),
            (r#"{"errors":["no\nsuch item"]}"#, "no such item"),
            (r#"{"errors":[{"message":"Throttled"},{"message":"second"}]}"#, "Throttled"),
            (r#"{"errors":{"available":["is not a number"]}}"#, "available: is not a number"),
            (r#"{"error":{"message":"you sent tok\"en"}}"#, "you sent ***"),
            (r#"{"other":"you sent tok\"en"}"#, r#"{"other":"you sent ***"}"#),
            ("<html>\r\n\t<b>oh</b>", "<html> <b>oh</b>"),
            ("", ""),
        ] {
            assert_eq!(excerpt(body.as_bytes(), &secrets), shown, "{body}");
        }
        for long in ["x".repeat(10_000), "é".repeat(10_000), "日".repeat(2_000)] {
            let shown = excerpt(long.as_bytes(), &[]);
            assert!(shown.len() <= EXCERPT_BYTES_MAX && shown.ends_with('…'), "{}", shown.len());
        }
    }
}
