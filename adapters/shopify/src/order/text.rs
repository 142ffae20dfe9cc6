//! Texts from outside made fit for an order: without characters that the engine refuses, and no longer than it takes.
//! A customer's odd name must not stop an order.

use stockroom::ids::TEXT_BYTES_MAX;

/// A text of one line: control characters are taken out, blanks around it too.
pub(crate) fn line(text: &str, bytes_max: usize) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(clean.trim(), bytes_max)
}

/// A text that may have line breaks and tabs.
pub(crate) fn note(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect();
    cut(clean.trim(), TEXT_BYTES_MAX)
}

fn cut(text: &str, bytes_max: usize) -> String {
    crate::remote::cut(text, bytes_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_texts_become_fit() {
        for (text, expected) in [
            ("Ada", "Ada"),
            ("  Ada\t\u{0}B\r\n", "Ada  B"),
            ("\u{85}\u{9b}", ""),
            ("Zoë 🎁", "Zoë 🎁"),
            ("\u{202e}x", "\u{202e}x"),
        ] {
            assert_eq!(line(text, 64), expected, "{text:?}");
        }
        assert_eq!(line(&"é".repeat(40), 64).len(), 63);
        assert_eq!(note("a\nb\u{0}\tc"), "a\nb\tc");
        assert!(note(&"x".repeat(3_000)).len() <= TEXT_BYTES_MAX);
    }
}
