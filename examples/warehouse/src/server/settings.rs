//! What a warehouse is started with. Plain values with defaults that suit a test; nothing here does anything.

use super::faults::Faults;

/// How a warehouse works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The loopback port to listen on; 0 for one that the system chooses.
    pub port: u16,
    /// What goes wrong.
    pub faults: Faults,
    /// Whether a second request with the same key is answered from the first. Where it is not, it makes a second
    /// order: then nothing but the client's own look-up prevents doubles.
    pub honours_idempotency_key: bool,
    /// Units on hand of every SKU that nobody has set, from the moment that it is first mentioned.
    pub opening_on_hand: i64,
    /// Milliseconds from taking an order to picking it.
    pub pick_after_ms: u64,
    /// Milliseconds from picking an order to shipping it.
    pub ship_after_ms: u64,
    /// Where the shop is told; without it, nobody is.
    pub callbacks: Option<Callbacks>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            port: 0,
            faults: Faults::none(),
            honours_idempotency_key: false,
            opening_on_hand: 0,
            pick_after_ms: 20,
            ship_after_ms: 30,
            callbacks: None,
        }
    }
}

/// How the shop is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callbacks {
    /// Where to, `http://` only: the shop is on the same machine.
    pub url: String,
    /// What the callbacks are signed with: `whsec_` and base64.
    pub secret: String,
    /// Requests under way at a time.
    pub workers: u16,
    /// Milliseconds until an attempt without a whole answer counts as failed.
    pub timeout_ms: u64,
    /// Milliseconds from the first failed attempt to the second; every further wait is twice as long.
    pub retry_after_ms: u64,
    /// The longest wait between two attempts.
    pub retry_after_max_ms: u64,
    /// Attempts at a callback before it is given up.
    pub attempts_max: u32,
}

impl Callbacks {
    /// Callbacks to a URL, with waits that are short enough for a test.
    pub fn new(url: impl Into<String>, secret: impl Into<String>) -> Self {
        Callbacks {
            url: url.into(),
            secret: secret.into(),
            workers: 8,
            timeout_ms: 5_000,
            retry_after_ms: 10,
            retry_after_max_ms: 500,
            attempts_max: 100,
        }
    }
}
