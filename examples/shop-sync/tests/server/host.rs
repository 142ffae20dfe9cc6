//! A host that webhooks are sent to in tests: it notes what comes and answers as it is told. It may not understand
//! more of HTTP than the shop's webhooks need.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::Value;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Webhook {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}"))
    }

    pub(crate) fn id(&self) -> &str {
        self.header("x-shopify-webhook-id")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub(crate) fn topic(&self) -> &str {
        self.header("x-shopify-topic")
    }
}

/// What the host answers: a status, or nothing and the connection is closed.
type Rule = dyn Fn(&Webhook) -> Option<u16> + Send + Sync;

/// A listening host.
pub(crate) struct Host {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Webhook>>>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Host {
    /// A host that answers by a rule.
    pub(crate) fn open(rule: impl Fn(&Webhook) -> Option<u16> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (seen, stopping) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let rule: Arc<Rule> = Arc::new(rule);
        let (for_seen, for_stopping) = (Arc::clone(&seen), Arc::clone(&stopping));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if for_stopping.load(Ordering::SeqCst) {
                    return;
                }
                let (seen, rule) = (Arc::clone(&for_seen), Arc::clone(&rule));
                // It ends when the shop closes the connection.
                std::thread::spawn(move || converse(stream.expect("a connection"), &seen, &*rule));
            }
        });
        Host { address, seen, stopping, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/webhooks/main", self.address)
    }

    /// All that came, in its order.
    pub(crate) fn seen(&self) -> Vec<Webhook> {
        self.seen.lock().expect("no panic").clone()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // The listener looks at the sign when something comes.
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn converse(stream: TcpStream, seen: &Mutex<Vec<Webhook>>, rule: &Rule) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut writer = stream;
    while let Some(webhook) = read(&mut reader) {
        let answer = rule(&webhook);
        seen.lock().expect("no panic").push(webhook);
        let Some(status) = answer else {
            return;
        };
        // One write: of several small ones, all but the first wait for the other side's delayed acknowledgement.
        if writer.write_all(format!("HTTP/1.1 {status} Said\r\ncontent-length: 2\r\n\r\n{{}}").as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Webhook> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    assert!(line.starts_with("POST /webhooks/main HTTP/1.1"), "{line}");
    let mut headers = HashMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(Webhook { headers, body })
}
