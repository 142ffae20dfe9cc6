//! Looks hosts up when a connection is made, and only then. ureq would have each request wait for it, on a thread that
//! is started for that alone, also where an open connection is used again and no address is needed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Instant;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::Duration;
use ureq::unversioned::transport::{ConnectionDetails, NextTimeout};
use ureq::{Error, Timeout};

/// Stands for addresses that are yet to be looked up. Nobody can be connected to at it.
const LATER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// The resolver that the agent asks, at every request. It leaves the looking up to [`LateLookup`].
#[derive(Debug)]
pub(crate) struct Later;

impl Resolver for Later {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        addresses.push(LATER);
        Ok(addresses)
    }
}

/// The resolver that a connector asks.
#[derive(Debug)]
pub(crate) struct LateLookup<R = DefaultResolver>(pub(crate) R);

impl<R: Resolver> LateLookup<R> {
    /// The addresses to connect to, and the time that is left for it.
    pub(crate) fn addresses(&self, details: &ConnectionDetails) -> Result<(ResolvedSocketAddrs, NextTimeout), Error> {
        if *details.addrs != [LATER] {
            // A proxy's, or none, where it is the proxy that looks the host up.
            return Ok((details.addrs.clone(), details.timeout));
        }
        let began = Instant::now();
        let mut timeout = details.timeout;
        if timeout.reason == Timeout::Connect {
            timeout.reason = Timeout::Resolve;
        }
        let addresses = self.0.resolve(details.uri, details.config, timeout)?;
        let mut timeout = details.timeout;
        if let Duration::Exact(limit) = timeout.after {
            timeout.after = Duration::Exact(limit.saturating_sub(began.elapsed()));
        }
        if timeout.after.is_zero() {
            // ureq would take no time for a second.
            return Err(Error::Timeout(timeout.reason));
        }
        Ok((addresses, timeout))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::watch::WatchedConnector;

    /// Counts how often it is asked, and knows one address or none in time.
    #[derive(Debug)]
    struct Counted {
        asked: Arc<AtomicU32>,
        found: Option<SocketAddr>,
    }

    impl Resolver for Counted {
        fn resolve(&self, _: &Uri, _: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let mut addresses = self.empty();
            addresses.push(self.found.ok_or(Error::Timeout(timeout.reason))?);
            Ok(addresses)
        }
    }

    fn agent(found: Option<SocketAddr>) -> (ureq::Agent, Arc<AtomicU32>) {
        let asked = Arc::default();
        let connector = WatchedConnector::new(Counted { asked: Arc::clone(&asked), found });
        let seconds = |seconds| Some(std::time::Duration::from_secs(seconds));
        let config = ureq::Agent::config_builder().timeout_connect(seconds(10)).timeout_global(seconds(20));
        let config = config.proxy(None).build();
        (ureq::Agent::with_parts(config, connector, Later), asked)
    }

    #[test]
    fn a_host_is_looked_up_once_a_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (agent, asked) = agent(Some(listener.local_addr().unwrap()));
        std::thread::spawn(move || {
            let mut reader = BufReader::new(listener.accept().unwrap().0);
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 0 {
                if line == "\r\n" {
                    reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
                }
                line.clear();
            }
        });
        for _ in 0..3 {
            let mut answer = agent.get("http://shop.invalid/").call().unwrap();
            assert_eq!(answer.body_mut().read_to_string().unwrap(), "ok");
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_lookup_that_takes_too_long_is_told_from_a_connection_that_does() {
        let (agent, asked) = agent(None);
        let failure = agent.get("http://shop.invalid/").call().unwrap_err();
        assert!(matches!(failure, Error::Timeout(Timeout::Resolve)), "{failure:?}");
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}
