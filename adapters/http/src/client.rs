//! Sends one request and brings back what came of it. It follows nothing, repeats nothing and remembers nothing but
//! open connections.

use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::{CryptoProvider, KeyProvider, ring};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use stockroom::ports::{HttpFailure, HttpRequest, HttpResponse, Method};
use ureq::http::{self, HeaderValue, Request, Response, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::{Agent, AsSendBody, Body, Proxy};

use crate::agents::{AGENTS, Agents};
use crate::body;
use crate::failure::{CUT, failure, kind};
use crate::lookup::Later;
use crate::options::{HttpOptions, HttpSetupError};
use crate::request::{Unfit, host, prepare};
use crate::sink::SendRequest;
use crate::watch::{self, Stage, WatchedConnector};

/// Small, so that one write is soon through: a timeout is looked at between two.
const OUTPUT_BYTES: usize = 32 * 1024;

/// How much memory is set aside for a body because its length is said to be so.
const BELIEVED_BYTES_MAX: u64 = 8 * 1024;

/// How many idle connections an agent keeps, to one host as to all: as many as may well be in use at once, 256 in the whole
/// client. ureq's three a host would have a busy relay's other connections made anew, with TLS's greeting, for almost each
/// request.
const IDLE_CONNECTIONS_MAX: usize = 256 / AGENTS;

/// A client for HTTP/1.1 over TLS 1.2 and 1.3, and where it is allowed over plain connections.
///
/// Its clones share their connections. It can be used by many threads, each of which waits for its own answer. Each thread
/// uses one of eight sets of connections; a host that sends every request from another thread has up to eight to a remote
/// host before one is used again.
#[derive(Clone)]
pub struct HttpClient {
    agents: Agents,
    /// What is said in every request. ureq would make it anew for each.
    user_agent: HeaderValue,
    options: Arc<HttpOptions>,
}

impl HttpClient {
    /// A client that is set up so. It connects to nothing yet.
    ///
    /// # Errors
    ///
    /// [`HttpSetupError`] where the options cannot be used.
    pub fn new(options: HttpOptions) -> Result<Self, HttpSetupError> {
        options.check()?;
        let user_agent = HeaderValue::from_str(&options.user_agent).map_err(|_| HttpSetupError::UserAgent)?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(!options.allow_plain_http)
            .tls_config(tls(&options))
            // Without this ureq takes what the environment names.
            .proxy(if options.proxy_from_environment { Proxy::try_from_env() } else { None })
            .max_redirects(0)
            .user_agent(&options.user_agent)
            .accept_encoding(body::ACCEPTED)
            .timeout_connect(milliseconds(options.connect_timeout_ms))
            .timeout_per_read(milliseconds(options.silence_timeout_ms))
            .timeout_per_write(milliseconds(options.silence_timeout_ms))
            .timeout_recv_response(milliseconds(options.answer_timeout_ms))
            .timeout_global(milliseconds(options.whole_timeout_ms))
            .max_idle_connections(IDLE_CONNECTIONS_MAX)
            .max_idle_connections_per_host(IDLE_CONNECTIONS_MAX)
            .max_idle_age(Duration::from_millis(options.idle_max_ms))
            .output_buffer_size(OUTPUT_BYTES)
            .build();
        let connector = WatchedConnector::new(DefaultResolver::default());
        let agents = Agents::new(|| Agent::with_parts(config.clone(), connector.clone(), Later));
        Ok(HttpClient { agents, user_agent, options: Arc::new(options) })
    }

    /// How it is set up.
    pub fn options(&self) -> &HttpOptions {
        &self.options
    }

    /// Sends a request once and waits for the whole answer. Any status is an answer, a redirect's too.
    ///
    /// Names of headers in the answer are in lower case. A body that came in gzip is decoded; its headers still say
    /// so.
    ///
    /// # Errors
    ///
    /// [`HttpFailure::NotSent`] where no byte of the request was given to a connection: it cannot be sent as it is,
    /// its host was not found, refused the connection, or could not prove who it is, or all this took too long.
    /// [`HttpFailure::Lost`] in any other case. That includes a connection that was open from an earlier request and
    /// turns out to be closed by the other side: nobody can know whether it was closed before or after the request
    /// was read, so it is not sent again on another one.
    ///
    /// The texts name the host and the kind of failure, no more.
    pub fn send(&self, request: &HttpRequest) -> Result<HttpResponse, HttpFailure> {
        self.send_within(request, self.options.whole_timeout_ms)
    }

    /// Like [`HttpClient::send`], for a caller who has less time than the options give: the whole call ends within
    /// `whole_timeout_ms` milliseconds, or within the options' own time where that is shorter.
    ///
    /// # Errors
    ///
    /// Those of [`HttpClient::send`]. Where there is no time at all, [`HttpFailure::NotSent`].
    pub fn send_within(&self, request: &HttpRequest, whole_timeout_ms: u64) -> Result<HttpResponse, HttpFailure> {
        let mut head = match prepare(request, self.options.allow_plain_http) {
            Ok(head) => head,
            Err(Unfit { host, kind }) => return Err(failure(&host, Stage::Starting, kind)),
        };
        let whole_timeout_ms = whole_timeout_ms.min(self.options.whole_timeout_ms);
        if whole_timeout_ms == 0 {
            return Err(failure(&host(request), Stage::Starting, "there is no time left"));
        }
        *head.method_mut() = method(request.method);
        head.headers_mut().insert(header::USER_AGENT, self.user_agent.clone());
        head.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static(body::ACCEPTED));
        // With a body, even one of no bytes, ureq sends its length, which these methods do without.
        let has_no_body = request.body.is_empty() && matches!(request.method, Method::Get | Method::Delete);
        let outcome = if has_no_body {
            self.exchange(head, whole_timeout_ms)
        } else {
            self.exchange(head.map(|()| request.body.as_slice()), whole_timeout_ms)
        };
        outcome.map_err(|kind| failure(&host(request), watch::stage(), kind))
    }

    /// Sends and reads, and says what kind of failure it met.
    fn exchange<B: AsSendBody>(
        &self,
        request: Request<B>,
        whole_timeout_ms: u64,
    ) -> Result<HttpResponse, &'static str> {
        watch::begin();
        let agent = self.agents.own();
        // Settings of its own cost a request a copy of all of them, so it has some only where it has less time.
        let request = if whole_timeout_ms == self.options.whole_timeout_ms {
            request
        } else {
            agent.configure_request(request).timeout_global(milliseconds(whole_timeout_ms)).build()
        };
        let response = agent.run(request).map_err(|error| kind(&error, watch::stage()))?;
        self.read(response)
    }

    fn read(&self, response: Response<Body>) -> Result<HttpResponse, &'static str> {
        let (head, body) = response.into_parts();
        // A length is only said so far, so it is believed in small.
        let length = body.content_length().map_or(0, |length| length.min(BELIEVED_BYTES_MAX));
        let mut encoded = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        let mut reader = body.into_with_config().limit(self.options.body_max_bytes).reader();
        reader.read_to_end(&mut encoded).map_err(|error| kind(&ureq::Error::from(error), watch::stage()))?;
        if watch::was_cut() {
            return Err(CUT);
        }
        let body = body::decoded(encoded, &head.headers, self.options.body_max_bytes)?;
        let headers = head
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        Ok(HttpResponse { status: head.status.as_u16(), headers, body })
    }
}

impl SendRequest for HttpClient {
    fn send_within(&self, request: &HttpRequest, whole_timeout_ms: u64) -> Result<HttpResponse, HttpFailure> {
        HttpClient::send_within(self, request, whole_timeout_ms)
    }
}

impl fmt::Debug for HttpClient {
    /// How it is set up. ureq's own text would show the proxy, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("options", &self.options).finish_non_exhaustive()
    }
}

fn milliseconds(time_ms: u64) -> Option<Duration> {
    Some(Duration::from_millis(time_ms))
}

/// Whom to trust: Mozilla's list as built in, and beside it what the host adds. The cryptography is named, since it
/// would else be whatever the process happens to have chosen, or none.
fn tls(options: &HttpOptions) -> TlsConfig {
    let public = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|root| Certificate::from_der(root));
    let extra = options.extra_roots.iter().map(|root| Certificate::from_der(root.der()).to_owned());
    TlsConfig::builder()
        .root_certs(RootCerts::from(public.chain(extra)))
        .unversioned_rustls_crypto_provider(Arc::new(cryptography()))
        .build()
}

/// ring's, without what signs: nobody here shows a certificate of the host's, and the code for it is large.
fn cryptography() -> CryptoProvider {
    let CryptoProvider { cipher_suites, kx_groups, signature_verification_algorithms, secure_random, .. } =
        ring::default_provider();
    let key_provider = &NoKeys;
    CryptoProvider { cipher_suites, kx_groups, signature_verification_algorithms, secure_random, key_provider }
}

/// Knows no private keys.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("no private keys are used here".to_owned()))
    }
}

fn method(method: Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    }
}
