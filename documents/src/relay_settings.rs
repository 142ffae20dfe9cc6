//! How a relay works, as a document: where deliveries go, how to speak there, and how patient to be. What is left out
//! has the default of the relay that reads it.

use schemars::JsonSchema;
use serde::Deserialize;
use stockroom::Result;

use crate::exchange::ExchangeSettings;
use crate::exchange_faults::parse_unquoted;

/// How a relay works. It holds keys, which are never written or shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelaySettings {
    /// Where deliveries go.
    pub routes: Vec<RouteSettings>,
    /// How the HTTP client is set up.
    #[serde(default)]
    pub http: HttpSettings,
    /// How long the relay keeps a delivery to itself, 1,000 to 3,600,000 milliseconds; longer than the slowest attempt.
    #[serde(default)]
    pub lease_ms: Option<u64>,
    /// The longest time between two looks for work, in milliseconds.
    #[serde(default)]
    pub idle_ms: Option<u64>,
    /// How long deliveries are carried out before they are reported together, in milliseconds.
    #[serde(default)]
    pub report_after_ms: Option<u64>,
    /// The most deliveries taken at a time, 1 to 1,000.
    #[serde(default)]
    pub take_max: Option<u32>,
    /// Whether the relay also writes the fulfillment orders that events call for. Needs a registered warehouse.
    #[serde(default)]
    pub fulfill: Option<bool>,
    /// Whether the relay also brings listings in step with stock. Needs a connected channel.
    #[serde(default)]
    pub listings: Option<bool>,
}

/// Where deliveries go, and how to speak there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteSettings {
    /// The registered destination.
    pub destination: String,
    /// With whom its deliveries are talked about.
    pub exchange: ExchangeSettings,
    /// How many are carried at the same time, 1 to 64; 1 where it is left out.
    #[serde(default)]
    pub connections: Option<usize>,
}

/// How the HTTP client is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HttpSettings {
    /// The longest that making a connection may take, in milliseconds.
    pub connect_timeout_ms: Option<u64>,
    /// The longest silence of the other side, in milliseconds.
    pub silence_timeout_ms: Option<u64>,
    /// The longest wait for the answer's status and headers, in milliseconds.
    pub answer_timeout_ms: Option<u64>,
    /// The longest that a request may take in all, in milliseconds.
    pub whole_timeout_ms: Option<u64>,
    /// How long a connection may lie idle and still be used again, in milliseconds.
    pub idle_max_ms: Option<u64>,
    /// The largest body of an answer, in bytes.
    pub body_max_bytes: Option<u64>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// Certificates of private authorities that are trusted beside Mozilla's list, as PEM.
    pub extra_roots_pem: Option<String>,
    /// Whether `http://` is allowed, for hosts on a private network.
    pub allow_plain_http: Option<bool>,
    /// Whether the proxy that the process's environment names is used.
    pub proxy_from_environment: Option<bool>,
}

impl RelaySettings {
    /// Reads settings.
    ///
    /// # Errors
    /// [`stockroom::ErrorKind::Malformed`] where the bytes are no such document. The text repeats nothing of it.
    pub fn parse(settings: &[u8]) -> Result<Self> {
        parse_unquoted(settings, "documents.relay")
    }
}
