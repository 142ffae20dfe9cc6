//! How a warehouse starts and stops: on a port of its own, with a reason where it cannot, and without leaving a
//! thread behind.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use warehouse::server::{Callbacks, Faults, Rate, Settings, StartError, WarehouseServer};

use crate::client::{Client, document};

#[test]
fn stopping_closes_the_port_and_leaves_no_thread() {
    // An order on its way, a callback that nobody takes, and an answer that is being waited for.
    let callbacks = Callbacks::new("http://127.0.0.1:9/", "whsec_c2VjcmV0");
    let faults = Faults { late: Rate::ALWAYS, client_timeout_ms: 3_600_000, ..Faults::none() };
    let settings = Settings { callbacks: Some(callbacks), faults, ..Settings::default() };
    let server = WarehouseServer::start(&settings).expect("it starts");
    let address = server.address();
    assert!(Client::impatient(&server).place(&document("o-1-1")).is_err());
    let name = format!("wh-{}", address.port());
    assert!(threads(&name).is_none_or(|count| count > 0));

    let began = Instant::now();
    let books = server.stop();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(books.orders_created(), 1, "the books stay readable");
    assert!(TcpStream::connect(address).is_err());
    // A thread that was joined may be listed for a moment more.
    while threads(&name).is_some_and(|count| count > 0) {
        assert!(began.elapsed() < Duration::from_secs(10), "threads are left");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn dropping_stops_as_well_and_the_port_is_free_again() {
    let server = WarehouseServer::start(&Settings::default()).expect("it starts");
    let port = server.address().port();
    assert!(matches!(WarehouseServer::start(&Settings { port, ..Settings::default() }), Err(StartError::Listen(_))));
    drop(server);
    let again = WarehouseServer::start(&Settings { port, ..Settings::default() }).expect("the port is free");
    assert_eq!(again.url(), format!("http://127.0.0.1:{port}"));
}

#[test]
fn wrong_callbacks_are_told_at_the_start() {
    let start = |url: &str, secret: &str| {
        let callbacks = Some(Callbacks::new(url, secret));
        WarehouseServer::start(&Settings { callbacks, ..Settings::default() }).map(drop)
    };
    for url in ["", "shop", "/webhooks", "https://127.0.0.1/webhooks", "http://"] {
        assert!(matches!(start(url, "whsec_c2VjcmV0"), Err(StartError::CallbackUrl(_))), "{url}");
    }
    let error = start("http://127.0.0.1:9/", "c2VjcmV0").expect_err("no secret");
    assert!(error.to_string().contains("whsec_") && !error.to_string().contains("c2VjcmV0"));
}

/// Threads of this process by name, where the system tells.
fn threads(name: &str) -> Option<usize> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let names = tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    Some(names.filter(|comm| comm.trim_end() == name).count())
}
