//! How the HTTP client is set up, out of the settings that a host gave. Here since the client is linked into libstockroom
//! or lies in libstockroom-http, and both are to read them alike.

use stockroom_documents::HttpSettings;
use stockroom_http::{HttpClient, HttpOptions, HttpSetupError, RootCertificate};

/// A client that is set up so; what is not given has its default.
pub(crate) fn client(given: HttpSettings) -> Result<HttpClient, HttpSetupError> {
    let defaults = HttpOptions::default();
    let extra_roots = match given.extra_roots_pem {
        None => Vec::new(),
        Some(pem) => RootCertificate::from_pem(pem.as_bytes())?,
    };
    HttpClient::new(HttpOptions {
        connect_timeout_ms: given.connect_timeout_ms.unwrap_or(defaults.connect_timeout_ms),
        silence_timeout_ms: given.silence_timeout_ms.unwrap_or(defaults.silence_timeout_ms),
        answer_timeout_ms: given.answer_timeout_ms.unwrap_or(defaults.answer_timeout_ms),
        whole_timeout_ms: given.whole_timeout_ms.unwrap_or(defaults.whole_timeout_ms),
        idle_max_ms: given.idle_max_ms.unwrap_or(defaults.idle_max_ms),
        body_max_bytes: given.body_max_bytes.unwrap_or(defaults.body_max_bytes),
        user_agent: given.user_agent.unwrap_or(defaults.user_agent),
        extra_roots,
        allow_plain_http: given.allow_plain_http.unwrap_or(defaults.allow_plain_http),
        proxy_from_environment: given.proxy_from_environment.unwrap_or(defaults.proxy_from_environment),
    })
}
