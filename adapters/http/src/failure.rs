//! What a failure says. Texts are made from the host and from words that stand here; nothing that ureq or the
//! system says is handed on, since it may quote a URL, a header or the answer.

use std::io;

use rustls::CertificateError;
use stockroom::ports::HttpFailure;
use ureq::{Error, Timeout};

use crate::watch::Stage;

/// The failure of a call that came so far.
pub(crate) fn failure(host: &str, stage: Stage, kind: &str) -> HttpFailure {
    let text = if host.is_empty() { kind.to_owned() } else { format!("{host}: {kind}") };
    match stage {
        Stage::Starting | Stage::Connecting => HttpFailure::NotSent(text),
        Stage::Sending => HttpFailure::Lost(text),
    }
}

/// What kind of failure an error is.
pub(crate) fn kind(error: &Error, stage: Stage) -> &'static str {
    match error {
        Error::Timeout(timeout) => timeout_kind(*timeout, stage),
        Error::Io(error) => io_kind(error, stage),
        Error::Rustls(error) => tls_kind(error),
        Error::Tls(_) | Error::TlsRequired => "no TLS could be agreed on",
        Error::HostNotFound => "no address was found for the host",
        Error::BadUri(_) | Error::Http(_) | Error::RequireHttpsOnly(_) => "the request cannot be sent as it is",
        Error::Protocol(_) if stage < Stage::Sending => "the request cannot be sent as it is",
        Error::Protocol(_) => "the answer is not HTTP",
        Error::LargeResponseHeader(..) => "the answer's headers are too large",
        Error::BodyExceedsLimit(_) => TOO_LARGE,
        Error::BodyStalled => "the answer's body is malformed",
        Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => "the proxy did not connect",
        _ if stage < Stage::Sending => "no connection could be made",
        _ => "the answer could not be read",
    }
}

/// The body is larger than allowed.
pub(crate) const TOO_LARGE: &str = "the answer's body is too large";

/// The body ended before its end.
pub(crate) const CUT: &str = "the connection was cut";

fn timeout_kind(timeout: Timeout, stage: Stage) -> &'static str {
    match (timeout, stage) {
        (Timeout::Resolve, _) => "looking the host up took too long",
        (Timeout::Connect, _) => "connecting took too long",
        (Timeout::RecvResponse, _) => "no answer came in time",
        (Timeout::PerRead | Timeout::PerWrite, Stage::Sending) => "it fell silent",
        (_, Stage::Sending) => "the call took too long",
        _ => "the call took too long to connect",
    }
}

fn io_kind(error: &io::Error, stage: Stage) -> &'static str {
    // rustls hands its errors up inside those of the connection.
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return tls_kind(error);
    }
    match (stage, error.kind()) {
        (Stage::Starting, _) => "no address was found for the host",
        (Stage::Connecting, io::ErrorKind::ConnectionRefused) => "it refused the connection",
        (Stage::Connecting, io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
            "it ended the connection before the request"
        }
        (Stage::Connecting, _) => "no connection could be made",
        (Stage::Sending, _) => CUT,
    }
}

fn tls_kind(error: &rustls::Error) -> &'static str {
    let rustls::Error::InvalidCertificate(fault) = error else {
        return "no TLS could be agreed on";
    };
    match fault {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        CertificateError::UnknownIssuer => "its certificate is of an authority that is not trusted",
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet"
        }
        CertificateError::Revoked => "its certificate was revoked",
        _ => "its certificate is not trusted",
    }
}
