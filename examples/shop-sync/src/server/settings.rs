//! What a shop is started with. Plain values with defaults that suit a test; nothing here does anything.

use super::faults::Faults;

/// How a shop works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The loopback port to listen on; 0 for one that the system chooses.
    pub port: u16,
    /// The shop's name on the web, as webhooks say it.
    pub domain: String,
    /// What a request must carry as `X-Shopify-Access-Token`.
    pub access_token: String,
    /// What goes wrong.
    pub faults: Faults,
    /// An item whose place is a multiple of this is not stocked at the location at first; 0 for none.
    pub unstocked_every: u64,
    /// Points that the bucket of GraphQL requests holds.
    pub points_max: u32,
    /// Points that come back each second.
    pub points_per_second: u32,
    /// Requests that the bucket of REST requests holds.
    pub rest_max: u32,
    /// Requests that leak out of it each second.
    pub rest_per_second: u32,
    /// How long a request's key is known, in milliseconds.
    pub keys_kept_ms: i64,
    /// Where webhooks go; without it, nowhere.
    pub webhooks: Option<WebhookSettings>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            port: 0,
            domain: "sync.myshopify.com".to_owned(),
            access_token: "shpat_0123456789abcdef".to_owned(),
            faults: Faults::none(),
            unstocked_every: 0,
            points_max: 4_000,
            points_per_second: 4_000,
            rest_max: 40,
            rest_per_second: 20,
            keys_kept_ms: 24 * 3_600_000,
            webhooks: None,
        }
    }
}

/// How webhooks are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where to, `http://` only: the host is on the same machine.
    pub url: String,
    /// What they are signed with.
    pub secret: String,
    /// Requests under way at a time.
    pub workers: u16,
    /// Milliseconds until an attempt without a whole answer counts as failed.
    pub timeout_ms: u64,
    /// Milliseconds from the first failed attempt to the second; every further wait is twice as long.
    pub retry_after_ms: u64,
    /// The longest wait between two attempts.
    pub retry_after_max_ms: u64,
    /// Attempts at a webhook before it is given up.
    pub attempts_max: u32,
}

impl WebhookSettings {
    /// Webhooks to a URL, with waits that are short enough for a test.
    pub fn new(url: impl Into<String>, secret: impl Into<String>) -> Self {
        WebhookSettings {
            url: url.into(),
            secret: secret.into(),
            workers: 8,
            timeout_ms: 5_000,
            retry_after_ms: 10,
            retry_after_max_ms: 500,
            attempts_max: 8,
        }
    }
}
