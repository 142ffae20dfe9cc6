//! Who is spoken to: only a server that proves its name by a trusted authority is told anything.

use std::net::TcpStream;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

use crate::server::{Server, Wire, answer};
use crate::{client, get, lost, not_sent, patient, post};
use stockroom_http::{HttpOptions, HttpSetupError, RootCertificate};

/// An authority of the test's own.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
type Proof = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate"))
    }

    /// A server's certificate for a name.
    fn certify(&self, params: CertificateParams) -> Proof {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        (vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).expect("a key in PKCS 8"))
    }

    fn certify_name(&self, name: &str) -> Proof {
        self.certify(CertificateParams::new(vec![name.to_owned()]).expect("a name"))
    }

    fn root(&self) -> RootCertificate {
        RootCertificate::from_der(self.0.der()).expect("a certificate")
    }
}

fn versions() -> &'static [&'static SupportedProtocolVersion] {
    rustls::ALL_VERSIONS
}

fn config(proof: Proof, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(versions).expect("versions that the provider knows");
    builder.with_no_client_auth().with_single_cert(proof.0, proof.1).expect("a certificate and its key")
}

fn over_tls(config: ServerConfig) -> impl Fn(TcpStream) -> Option<Box<dyn Wire>> + Send + Sync + 'static {
    let config = Arc::new(config);
    move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).ok()?;
        Some(Box::new(StreamOwned::new(connection, stream)))
    }
}

/// A server in TLS that answers every request, and its URL.
fn serve(config: ServerConfig) -> (Server, String) {
    let said = answer("200 OK", "", b"text");
    let server = Server::start_over(over_tls(config), move |peer, _| while peer.receive() && peer.say(&said) {});
    let url = format!("https://127.0.0.1:{}/?token=hunter2", server.port());
    (server, url)
}

fn trusting(authority: &Authority) -> HttpOptions {
    HttpOptions { extra_roots: vec![authority.root()], allow_plain_http: false, ..patient() }
}

#[test]
fn a_private_authority_is_trusted_when_it_is_named() {
    let authority = Authority::new("Warehouse");
    for version in versions() {
        let (server, url) = serve(config(authority.certify_name("127.0.0.1"), &[version]));
        let client = client(HttpOptions { idle_max_ms: 60_000, ..trusting(&authority) });
        for _ in 0..2 {
            let response = client.send(&post(&url, b"{}")).expect("an answer");
            assert_eq!((response.status, response.body.as_slice()), (200, b"text".as_slice()), "{version:?}");
        }
        assert_eq!(server.received().len(), 2);
    }
}

#[test]
fn an_unknown_authority_is_told_nothing() {
    let (server, url) = serve(config(Authority::new("Warehouse").certify_name("127.0.0.1"), versions()));
    // Neither Mozilla's list alone nor another authority beside it makes this one trusted.
    for options in [patient(), trusting(&Authority::new("Carrier"))] {
        let why = not_sent(client(options).send(&post(&url, b"{}")));
        assert_eq!(why, "127.0.0.1: its certificate is of an authority that is not trusted");
    }
    // One that only has the name of a trusted authority is found out by its signature.
    let why = not_sent(client(trusting(&Authority::new("Warehouse"))).send(&post(&url, b"{}")));
    assert_eq!(why, "127.0.0.1: its certificate is not trusted");
    assert!(server.received().is_empty());
}

#[test]
fn a_certificate_for_another_name_is_told_nothing() {
    let authority = Authority::new("Warehouse");
    let (server, url) = serve(config(authority.certify_name("elsewhere.example"), versions()));
    let why = not_sent(client(trusting(&authority)).send(&post(&url, b"{}")));
    assert_eq!(why, "127.0.0.1: its certificate is for another name");
    assert!(server.received().is_empty());
}

#[test]
fn an_expired_certificate_is_told_nothing() {
    let authority = Authority::new("Warehouse");
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let (server, url) = serve(config(authority.certify(params), versions()));
    let why = not_sent(client(trusting(&authority)).send(&post(&url, b"{}")));
    assert_eq!(why, "127.0.0.1: its certificate has expired");
    assert!(server.received().is_empty());
}

#[test]
fn a_server_without_tls_or_with_an_old_one_is_told_nothing() {
    // The last is the fatal alert `protocol_version` of a server that knows no newer version than TLS 1.0.
    for said in [b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(), b"", b"\x15\x03\x01\x00\x02\x02\x46"] {
        let server = Server::start(move |peer, _| {
            peer.read_some(4096);
            peer.say(said);
        });
        let url = format!("https://127.0.0.1:{}/", server.port());
        let why = not_sent(client(patient()).send(&post(&url, b"{}")));
        let wanted =
            if said.is_empty() { "it ended the connection before the request" } else { "no TLS could be agreed on" };
        assert_eq!(why, format!("127.0.0.1: {wanted}"));
    }
}

/// In TLS 1.3 a client has sent its request before it hears that its certificate is missing.
#[test]
fn a_server_that_wants_a_certificate_of_the_client_leaves_a_doubt() {
    let authority = Authority::new("Warehouse");
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.der().clone()).expect("a root");
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
    let (chain, key) = authority.certify_name("127.0.0.1");
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("a version that the provider knows")
        .with_client_cert_verifier(verifier.expect("a verifier"))
        .with_single_cert(chain, key)
        .expect("a certificate and its key");
    let (server, url) = serve(config);
    lost(client(trusting(&authority)).send(&post(&url, b"{}")));
    assert!(server.received().is_empty());
}

/// TLS says when a connection ends. One that only stops was cut, perhaps by somebody in between.
#[test]
fn a_body_that_ends_without_goodbye_is_lost() {
    let authority = Authority::new("Warehouse");
    let config = config(authority.certify_name("127.0.0.1"), versions());
    let server = Server::start_over(over_tls(config), |peer, _| {
        peer.receive();
        peer.say("HTTP/1.1 200 OK\r\n\r\n12345");
    });
    let url = format!("https://127.0.0.1:{}/", server.port());
    assert_eq!(lost(client(trusting(&authority)).send(&get(&url))), "127.0.0.1: the connection was cut");
}

#[test]
fn roots_are_read_from_pem_and_der() {
    let (first, second) = (Authority::new("Warehouse"), Authority::new("Carrier"));
    let key = KeyPair::generate().expect("a key").serialize_pem();
    let pem = [first.0.pem(), key.clone(), second.0.pem()].join("\n");
    assert_eq!(RootCertificate::from_pem(pem.as_bytes()), Ok(vec![first.root(), second.root()]));
    assert_eq!(RootCertificate::from_pem(key.as_bytes()), Err(HttpSetupError::NoCertificate));
    assert_eq!(RootCertificate::from_pem(b""), Err(HttpSetupError::NoCertificate));
    let broken = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    assert_eq!(RootCertificate::from_pem(broken.as_bytes()), Err(HttpSetupError::NotACertificate));
    assert_eq!(RootCertificate::from_der(b"hello"), Err(HttpSetupError::NotACertificate));
}
