//! How a client is set up: its patience, its limits and whom it trusts. Values only; nothing is opened here.

use std::fmt;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The largest body that is read unless the options say otherwise: 4 MiB.
pub const BODY_MAX_BYTES: u64 = 4 * 1024 * 1024;

/// How a client is set up. Each time is at least one millisecond.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpOptions {
    /// The longest that making a connection may take, from finding the host's addresses to the end of TLS's greeting,
    /// in milliseconds. A lookup that is given up goes on in a thread of its own until the system ends it.
    pub connect_timeout_ms: u64,
    /// The longest silence: how long one read or one write may wait for the other side, in milliseconds.
    pub silence_timeout_ms: u64,
    /// The longest wait, after the request was sent, for the answer's status and headers to be complete, in
    /// milliseconds.
    pub answer_timeout_ms: u64,
    /// The longest that a request may take from its start to the last byte of the answer, in milliseconds. It holds
    /// whatever the other side does, also where every byte comes in good time.
    pub whole_timeout_ms: u64,
    /// How long a connection may lie idle and still be used again, in milliseconds; 0 for one connection a request.
    pub idle_max_ms: u64,
    /// The largest body of an answer, as it comes and once decoded, in bytes.
    pub body_max_bytes: u64,
    /// What the client calls itself; visible ASCII and spaces, not empty.
    pub user_agent: String,
    /// Certificates of private authorities that are trusted beside Mozilla's list.
    pub extra_roots: Vec<RootCertificate>,
    /// Whether `http://` is allowed, for hosts on a private network. Without it such a request is not sent.
    pub allow_plain_http: bool,
    /// Whether the proxy that the process's environment names (`ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`,
    /// `NO_PROXY`) is used. It sees the hosts, and whatever is plain.
    pub proxy_from_environment: bool,
}

impl Default for HttpOptions {
    /// Patient with a slow API, and done within a minute.
    fn default() -> Self {
        HttpOptions {
            connect_timeout_ms: 10_000,
            silence_timeout_ms: 15_000,
            answer_timeout_ms: 30_000,
            whole_timeout_ms: 60_000,
            idle_max_ms: 5_000,
            body_max_bytes: BODY_MAX_BYTES,
            user_agent: concat!("stockroom/", env!("CARGO_PKG_VERSION")).to_owned(),
            extra_roots: Vec::new(),
            allow_plain_http: false,
            proxy_from_environment: false,
        }
    }
}

impl HttpOptions {
    /// Says what cannot be used, before anything is built from it.
    pub(crate) fn check(&self) -> Result<(), HttpSetupError> {
        let times = [
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("silence_timeout_ms", self.silence_timeout_ms),
            ("answer_timeout_ms", self.answer_timeout_ms),
            ("whole_timeout_ms", self.whole_timeout_ms),
        ];
        if let Some((name, _)) = times.into_iter().find(|(_, time_ms)| *time_ms == 0) {
            return Err(HttpSetupError::NoTime(name));
        }
        let is_visible = self.user_agent.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if self.user_agent.trim().is_empty() || !is_visible {
            return Err(HttpSetupError::UserAgent);
        }
        Ok(())
    }
}

/// The certificate of an authority, known to be one that can be trusted to sign.
#[derive(Clone, PartialEq, Eq)]
pub struct RootCertificate {
    der: CertificateDer<'static>,
}

impl RootCertificate {
    /// One certificate in DER.
    ///
    /// # Errors
    ///
    /// [`HttpSetupError::NotACertificate`] where the bytes are none.
    pub fn from_der(der: &[u8]) -> Result<Self, HttpSetupError> {
        Self::checked(CertificateDer::from(der.to_vec()))
    }

    /// All certificates of a PEM file, in their order. Other things in it are passed over.
    ///
    /// # Errors
    ///
    /// [`HttpSetupError::NotACertificate`] where one of them cannot be read, and [`HttpSetupError::NoCertificate`]
    /// where there is none: a file that was taken for another would else be trusted to say nothing.
    pub fn from_pem(pem: &[u8]) -> Result<Vec<Self>, HttpSetupError> {
        let mut roots = Vec::new();
        for der in CertificateDer::pem_slice_iter(pem) {
            roots.push(Self::checked(der.map_err(|_| HttpSetupError::NotACertificate)?)?);
        }
        if roots.is_empty() { Err(HttpSetupError::NoCertificate) } else { Ok(roots) }
    }

    /// The TLS library passes over roots that it cannot read, so they are tried here.
    fn checked(der: CertificateDer<'static>) -> Result<Self, HttpSetupError> {
        RootCertStore::empty().add(der.clone()).map_err(|_| HttpSetupError::NotACertificate)?;
        Ok(RootCertificate { der })
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }
}

impl fmt::Debug for RootCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootCertificate({} bytes)", self.der.len())
    }
}

/// Why no client could be set up. It is the options' fault, and trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpSetupError {
    /// The timeout of this name is 0.
    NoTime(&'static str),
    /// The user agent is empty, or holds something else than visible ASCII and spaces.
    UserAgent,
    /// What was given as a root certificate is none.
    NotACertificate,
    /// The PEM text holds no certificate.
    NoCertificate,
}

impl fmt::Display for HttpSetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HttpSetupError::NoTime(name) => write!(f, "the option {name} is 0: nothing could be sent"),
            HttpSetupError::UserAgent => f.write_str("the user agent is empty or not visible ASCII"),
            HttpSetupError::NotACertificate => {
                f.write_str("a root certificate cannot be read: give PEM or DER of X.509")
            }
            HttpSetupError::NoCertificate => f.write_str("the PEM text holds no certificate"),
        }
    }
}

impl std::error::Error for HttpSetupError {}
