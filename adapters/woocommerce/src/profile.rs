//! One shop: where it is, with which key, and what is told to it. A profile is judged once, when something is made of
//! it; the key is read but never written or shown.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use stockroom::ports::Secret;

/// Entries that one batch request takes, and one page of a list has, at most. WooCommerce refuses more with status 413
/// (`WC_REST_Controller::check_batch_limit`) and WordPress with status 400.
pub const ITEMS_MAX: u32 = 100;

/// A shop.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WooProfile {
    /// Where WordPress is: `https://shop.example`, with the folder where it is in one; without a query. `http://` is
    /// for tests and private networks: WooCommerce takes this key over HTTPS alone.
    pub shop_url: String,
    /// The consumer key, `ck_…`, with the right to read and write.
    #[serde(deserialize_with = "secret")]
    #[schemars(with = "String")]
    pub consumer_key: Secret,
    /// The consumer secret, `cs_…`.
    #[serde(deserialize_with = "secret")]
    #[schemars(with = "String")]
    pub consumer_secret: Secret,
    /// Where the REST API begins behind the shop's address.
    #[serde(default = "api_path")]
    pub api_path: String,
    /// Entries in one request, 1 to [`ITEMS_MAX`]; fewer for a shop that is slow, or that allows fewer.
    #[serde(default = "items_max")]
    pub items_max: u32,
    /// Whether the note about a shipment goes to the customer, who gets it by e-mail, or stays with the shop.
    #[serde(default)]
    pub note_to_customer: bool,
    /// Whether an order is set to `completed` when a shipment is told.
    #[serde(default)]
    pub completion: Completion,
}

/// When an order at the shop is set to `completed`. The customer gets an e-mail of the shop about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Completion {
    /// Never: the shop's people do it, or a plugin.
    #[default]
    Never,
    /// With a shipment that alone has every unit of every line with a SKU. One that went in several parcels is left to
    /// the shop's people.
    WhenWhole,
    /// With the first shipment.
    Always,
}

fn api_path() -> String {
    "/wp-json/wc/v3".to_owned()
}

fn items_max() -> u32 {
    ITEMS_MAX
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    Ok(Secret::new(String::deserialize(deserializer)?))
}

/// What is wrong with a profile, or with the options of a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileFault {
    /// The field.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: &'static str,
}

impl fmt::Display for ProfileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the shop's profile: `{}` {}", self.field, self.why)
    }
}

impl std::error::Error for ProfileFault {}

impl WooProfile {
    /// A profile with all that has a default at its default.
    pub fn new(shop_url: impl Into<String>, consumer_key: Secret, consumer_secret: Secret) -> Self {
        WooProfile {
            shop_url: shop_url.into(),
            consumer_key,
            consumer_secret,
            api_path: api_path(),
            items_max: items_max(),
            note_to_customer: false,
            completion: Completion::Never,
        }
    }

    /// The first thing that is wrong.
    pub(crate) fn fault(&self) -> Option<ProfileFault> {
        let fault = |field, why| Some(ProfileFault { field, why });
        let path = &self.api_path;
        match () {
            () if !is_key(&self.consumer_key) => fault("consumer_key", "is empty or holds what a key cannot"),
            () if self.consumer_key.reveal().contains(':') => fault("consumer_key", "has a colon"),
            () if !is_key(&self.consumer_secret) => fault("consumer_secret", "is empty or holds what a key cannot"),
            () if !path.starts_with('/') => fault("api_path", "does not begin with a slash"),
            () if path.contains(['?', '#']) || !path.bytes().all(|byte| byte.is_ascii_graphic()) => {
                fault("api_path", "holds a character that a path cannot")
            }
            () if !(1..=ITEMS_MAX).contains(&self.items_max) => fault("items_max", "is not 1 to 100"),
            () => url_fault(&self.shop_url).map(|why| ProfileFault { field: "shop_url", why }),
        }
    }
}

/// Visible ASCII: it becomes part of a header.
fn is_key(key: &Secret) -> bool {
    let key = key.reveal();
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic())
}

fn url_fault(url: &str) -> Option<&'static str> {
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
        return Some("begins with neither https:// nor http://");
    };
    let host = rest.split('/').next().unwrap_or_default();
    match () {
        () if host.is_empty() => Some("has no host"),
        () if host.contains('@') => Some("holds credentials, which are `consumer_key` and `consumer_secret`"),
        () if rest.contains(['?', '#']) => Some("has a query or a fragment"),
        () if !rest.bytes().all(|byte| byte.is_ascii_graphic()) => Some("holds a character that a URL cannot"),
        () => None,
    }
}
