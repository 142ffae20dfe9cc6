//! What a host says of a shop: its address, its key, its locations. It is data; a mistake in it is found when an
//! exchange is made of it, not when it is used.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use stockroom::ports::Secret;

use crate::ids::gid;

/// The first version of the API whose inventory mutations this adapter speaks: it compares before it sets, and wants
/// an idempotency key (<https://shopify.dev/changelog/finalizing-compare-and-swap-redesign-for-inventory-set-quantities>).
pub const VERSION_MIN: &str = "2026-04";
/// The version that is spoken where the host does not say.
pub const VERSION: &str = "2026-07";
/// The most items in one array of an argument (<https://shopify.dev/api/usage/limits>).
pub const ENTRIES_MAX: usize = 250;

/// A shop. What is left out has its default; a misspelt field is refused.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shop {
    /// Its domain, such as `example.myshopify.com`.
    pub shop: String,
    /// Where requests go, without a slash at the end; empty for `https://` and the domain. For tests and proxies.
    #[serde(default)]
    pub base_url: String,
    /// The version of the API, from [`VERSION_MIN`].
    #[serde(default = "version")]
    pub version: String,
    /// The Admin API access token.
    #[serde(deserialize_with = "secret")]
    #[schemars(with = "String")]
    pub token: Secret,
    /// The Shopify location whose quantities the channel sets and reads: its number or its global id.
    pub location: String,
    /// Our locations' names with the Shopify locations that they are, for shipments. A location that is not here
    /// ships what is assigned to any.
    #[serde(default)]
    pub locations: BTreeMap<String, String>,
    /// Why quantities change, one of Shopify's reasons.
    #[serde(default = "reason")]
    pub reason: String,
    /// The document that a change of quantities refers to, a URI. `{destination}` and `{number}` stand for those of the
    /// delivery. Empty for none.
    #[serde(default = "reference_document")]
    pub reference_document: String,
    /// Whether the shop writes to the customer when it is told of a shipment.
    #[serde(default)]
    pub notify_customer: bool,
    /// When the shop is left alone for a while.
    #[serde(default)]
    pub pace: Pace,
}

/// How near to the shop's limits we go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pace {
    /// Points of the GraphQL bucket below which a pause is made.
    pub points_low: u32,
    /// Points that the pause waits for.
    pub points_enough: u32,
    /// Free requests of the REST bucket below which a pause is made.
    pub requests_low: u32,
    /// How long the REST bucket takes to free one request, in milliseconds.
    pub request_ms: u32,
    /// Added to each wait, in milliseconds: clocks and networks differ.
    pub margin_ms: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Pace { points_low: 100, points_enough: 500, requests_low: 5, request_ms: 500, margin_ms: 100 }
    }
}

/// What is wrong with a [`Shop`]. It shows no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShopFault {
    /// The domain is no host name.
    Domain,
    /// The address is not `http://` or `https://` with a host behind it.
    BaseUrl,
    /// The version is not that of a quarter, or older than [`VERSION_MIN`].
    Version,
    /// The token is empty or has characters that no header takes.
    Token,
    /// This is no location's number and no global id of one.
    Location(String),
    /// The reason is empty.
    Reason,
    /// The document is not a URI.
    ReferenceDocument,
}

impl fmt::Display for ShopFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShopFault::Domain => f.write_str("the shop is a host name such as example.myshopify.com"),
            ShopFault::BaseUrl => f.write_str("the base URL is http:// or https:// with a host, and no query"),
            ShopFault::Version => write!(f, "the version is that of a quarter, {VERSION_MIN} or newer"),
            ShopFault::Token => f.write_str("the access token is empty, or a header cannot hold it"),
            ShopFault::Location(location) => write!(f, "`{location}` is no Shopify location's id"),
            ShopFault::Reason => f.write_str("the reason is empty"),
            ShopFault::ReferenceDocument => f.write_str("the reference document is no URI"),
        }
    }
}

impl std::error::Error for ShopFault {}

impl Shop {
    /// A shop with all defaults.
    pub fn new(shop: impl Into<String>, token: Secret, location: impl Into<String>) -> Self {
        Shop {
            shop: shop.into(),
            base_url: String::new(),
            version: version(),
            token,
            location: location.into(),
            locations: BTreeMap::new(),
            reason: reason(),
            reference_document: reference_document(),
            notify_customer: false,
            pace: Pace::default(),
        }
    }

    /// What is wrong with it, if anything.
    pub fn fault(&self) -> Option<ShopFault> {
        if !is_domain(&self.shop) {
            return Some(ShopFault::Domain);
        }
        if !is_base_url(&self.base()) {
            return Some(ShopFault::BaseUrl);
        }
        if !is_version(&self.version) {
            return Some(ShopFault::Version);
        }
        if self.token.reveal().is_empty() || !self.token.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Some(ShopFault::Token);
        }
        let bad = [&self.location].into_iter().chain(self.locations.values()).find(|id| gid("Location", id).is_none());
        if let Some(location) = bad {
            return Some(ShopFault::Location(location.clone()));
        }
        if self.reason.trim().is_empty() {
            return Some(ShopFault::Reason);
        }
        let document = &self.reference_document;
        let is_uri = document.contains(':') && document.bytes().all(|byte| byte.is_ascii_graphic());
        (!document.is_empty() && !is_uri).then_some(ShopFault::ReferenceDocument)
    }

    /// Where requests go, without a slash at the end.
    pub(crate) fn base(&self) -> String {
        let base = if self.base_url.is_empty() { format!("https://{}", self.shop) } else { self.base_url.clone() };
        base.trim_end_matches('/').to_owned()
    }

    pub(crate) fn location_gid(&self) -> String {
        gid("Location", &self.location).unwrap_or_default()
    }

    /// What must not be shown.
    pub(crate) fn secrets(&self) -> [&str; 1] {
        [self.token.reveal()]
    }
}

fn version() -> String {
    VERSION.to_owned()
}

fn reason() -> String {
    "correction".to_owned()
}

fn reference_document() -> String {
    "gid://stockroom/Delivery/{destination}-{number}".to_owned()
}

pub(crate) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

pub(crate) fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_label)
}

fn is_base_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_safe =
        |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'@' | b'"' | b'<' | b'>' | b'\\');
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':']) && rest.bytes().all(is_safe))
}

/// Versions come in January, April, July and October (<https://shopify.dev/api/usage/versioning>), and their names
/// sort by age.
fn is_version(text: &str) -> bool {
    let is_quarter = text.split_once('-').is_some_and(|(year, month)| {
        year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()) && matches!(month, "01" | "04" | "07" | "10")
    });
    is_quarter && text >= VERSION_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> Shop {
        Shop::new("example.myshopify.com", Secret::new("shpat_x"), "7")
    }

    #[test]
    fn mistakes_are_named() {
        let with = |change: fn(&mut Shop)| {
            let mut shop = shop();
            change(&mut shop);
            shop.fault()
        };
        assert_eq!(shop().fault(), None);
        for version in ["2026-04", "2026-07", "2026-10", "2027-01", "2031-10"] {
            assert_eq!(Shop { version: version.into(), ..shop() }.fault(), None, "{version}");
        }
        for version in ["", "unstable", "2026-01", "2025-10", "2026-05", "2026-4", "26-04", "2026-04 ", "2026-04/x"] {
            assert_eq!(Shop { version: version.into(), ..shop() }.fault(), Some(ShopFault::Version), "{version}");
        }
        for domain in ["", "example", "a b.myshopify.com", "https://x.myshopify.com", "x.myshopify.com/", "-a.b"] {
            assert_eq!(Shop { shop: domain.into(), ..shop() }.fault(), Some(ShopFault::Domain), "{domain}");
        }
        for url in ["ftp://x", "https://", "http:///x", "http://u:p@h", "http://h?x", "http://h h", "h"] {
            assert_eq!(Shop { base_url: url.into(), ..shop() }.fault(), Some(ShopFault::BaseUrl), "{url}");
        }
        assert_eq!(with(|shop| shop.base_url = "http://127.0.0.1:80/shop/".into()), None);
        assert_eq!(with(|shop| shop.token = Secret::new("")), Some(ShopFault::Token));
        assert_eq!(with(|shop| shop.token = Secret::new("a\nb")), Some(ShopFault::Token));
        assert_eq!(with(|shop| shop.location = "x".into()), Some(ShopFault::Location("x".into())));
        let fault = with(|shop| {
            shop.locations.insert("north".into(), "gid://shopify/Order/1".into());
        });
        assert_eq!(fault, Some(ShopFault::Location("gid://shopify/Order/1".into())));
        assert_eq!(with(|shop| shop.reason = " ".into()), Some(ShopFault::Reason));
        assert_eq!(with(|shop| shop.reference_document = "no uri".into()), Some(ShopFault::ReferenceDocument));
        assert_eq!(with(|shop| shop.reference_document = String::new()), None);
    }

    #[test]
    fn it_reads_from_json_and_shows_no_secret() {
        let text = r#"{"shop":"example.myshopify.com","token":"shpat_x","location":"gid://shopify/Location/7"}"#;
        let read: Shop = serde_json::from_str(text).unwrap();
        assert_eq!(read, Shop { location: "gid://shopify/Location/7".into(), ..shop() });
        assert!(!format!("{read:?}").contains("shpat_x"));
        assert!(serde_json::from_str::<Shop>(r#"{"shop":"a.b","token":"x","location":"7","tokn":"x"}"#).is_err());
    }
}
