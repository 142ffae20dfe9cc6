//! Shopify's ids: numbers, and the global ids that GraphQL makes of them (`gid://shopify/InventoryItem/1`). Only the
//! form is judged.

/// The global id of a kind for a bare number or for such a global id, in one form, so that two ids of one thing are
/// equal texts.
pub(crate) fn gid(kind: &str, text: &str) -> Option<String> {
    number(kind, text).map(|number| gid_of(kind, number))
}

/// The global id of a number.
pub(crate) fn gid_of(kind: &str, number: u64) -> String {
    format!("gid://shopify/{kind}/{number}")
}

/// The number behind a bare number or a global id of a kind.
pub(crate) fn number(kind: &str, text: &str) -> Option<u64> {
    let digits = match text.strip_prefix("gid://shopify/") {
        Some(rest) => rest.strip_prefix(kind)?.strip_prefix('/')?,
        None => text,
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_has_one_id() {
        for (text, expected) in [
            ("7", Some(7)),
            ("007", Some(7)),
            ("gid://shopify/InventoryItem/7", Some(7)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("0", None),
            ("", None),
            ("-7", None),
            ("+7", None),
            ("7 ", None),
            ("gid://shopify/InventoryItem/", None),
            ("gid://shopify/InventoryLevel/7", None),
            ("gid://shopify/InventoryItem/7?x=1", None),
            ("gid://shopify/InventoryItems/7", None),
        ] {
            assert_eq!(number("InventoryItem", text), expected, "{text}");
            assert_eq!(gid("InventoryItem", text), expected.map(|n| format!("gid://shopify/InventoryItem/{n}")));
        }
    }
}
