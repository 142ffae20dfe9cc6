//! A request of the port as one that ureq can send, or why it cannot be sent. It opens nothing.

use stockroom::ports::{HeaderValue, HttpRequest};
use ureq::http::header::{self, HeaderName};
use ureq::http::{HeaderMap, Request, Uri, uri::Scheme};

/// What the client says itself: how long the body is, where it goes, and what the connection is for. A request that
/// says so too could have two ends, and what follows the first would be taken for another request.
const OWN_HEADERS: &[HeaderName] = &[
    header::ACCEPT_ENCODING,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::USER_AGENT,
];

/// Why a request cannot be sent: the host, as far as it could be read, and the kind of fault.
pub(crate) struct Unfit {
    pub(crate) host: String,
    pub(crate) kind: &'static str,
}

/// The host of a request that [`prepare`] took, for what is said of a failure.
pub(crate) fn host(request: &HttpRequest) -> String {
    let uri = request.url.parse::<Uri>().ok();
    uri.as_ref().and_then(Uri::host).unwrap_or_default().to_owned()
}

/// Reads the URL and the headers.
pub(crate) fn prepare(request: &HttpRequest, allow_plain_http: bool) -> Result<Request<()>, Unfit> {
    let unfit = |host: &str, kind| Unfit { host: host.to_owned(), kind };
    let uri: Uri = request.url.parse().map_err(|_| unfit("", "the URL cannot be read"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
        return Err(unfit("", "the URL is not absolute"));
    };
    let host = authority.host();
    if host.is_empty() {
        return Err(unfit("", "the URL names no host"));
    }
    // Credentials belong into a secret header. In a URL they would be shown wherever it is.
    if authority.as_str().contains('@') {
        return Err(unfit(host, "the URL holds credentials"));
    }
    if *scheme == Scheme::HTTP && !allow_plain_http {
        return Err(unfit(host, "http:// is not allowed, only https://"));
    }
    if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS {
        return Err(unfit(host, "the URL is neither https:// nor http://"));
    }

    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let name = header_name(name).map_err(|kind| unfit(host, kind))?;
        let (text, is_secret) = match value {
            HeaderValue::Plain(text) => (text.as_str(), false),
            HeaderValue::Secret(secret) => (secret.reveal(), true),
        };
        let mut value =
            ureq::http::HeaderValue::from_str(text).map_err(|_| unfit(host, "a header's value cannot be sent"))?;
        value.set_sensitive(is_secret);
        headers.append(name, value);
    }
    let mut head = Request::new(());
    *head.uri_mut() = uri;
    *head.headers_mut() = headers;
    Ok(head)
}

/// A header's name. Those of nearly every request are known to be fit.
fn header_name(name: &str) -> Result<HeaderName, &'static str> {
    match name {
        "Accept" => return Ok(header::ACCEPT),
        "Authorization" => return Ok(header::AUTHORIZATION),
        "Content-Type" => return Ok(header::CONTENT_TYPE),
        _ => {}
    }
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| "a header's name cannot be sent")?;
    if OWN_HEADERS.contains(&name) { Err("a header is the client's own to set") } else { Ok(name) }
}
