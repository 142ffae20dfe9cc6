//! Runs the whole example: a shop and a warehouse that fails, in one process and in two, one of which is killed again
//! and again. The warehouse's own books say whether every order is there once.

#![forbid(unsafe_code)]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use stockroom_relay::RelayCounts;
use tempfile::TempDir;
use warehouse::report::Report;
use warehouse::server::{Callbacks, Fault, Faults, Rate, Settings, WarehouseServer};
use warehouse::shop;

fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

/// A shop's day: orders in the form of the data, of which some share SKUs and some cannot be served.
fn orders(directory: &TempDir, count: u32) -> PathBuf {
    let mut csv = String::from("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n");
    for number in 0..count {
        for line in 0..1 + number % 3 {
            let sku = (number * 7 + line * 3) % 40;
            csv.push_str(&format!("{},S{sku},thing,{},2010-12-01 08:26:00,1.25,1,UK\n", 500_000 + number, 1 + line));
        }
    }
    let path = directory.path().join("orders.csv");
    std::fs::write(&path, csv).expect("a file");
    path
}

fn program(directory: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warehouse"));
    command.current_dir(directory).env("TMPDIR", directory.path()).args(arguments);
    command
}

fn report(output: &Output) -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!((output.status.code(), &*stderr), (Some(0), ""), "{stdout}");
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    serde_json::from_str(&stdout).expect("JSON")
}

#[test]
fn every_order_is_at_the_warehouse_once_whatever_it_does() {
    let directory = directory();
    let file = orders(&directory, 150);
    for (faults, at_least) in [(None, 0), (Some("7"), 10)] {
        let mut arguments = vec![file.to_str().expect("UTF-8"), "--json", "--stock", "10000"];
        arguments.extend(faults.iter().flat_map(|seed| ["--faults", *seed]));
        let report = report(&program(&directory, &arguments).output().expect("it starts"));
        let figure = |name: &str| report[name].as_u64().unwrap_or_else(|| panic!("{name} in {report}"));
        assert_eq!(
            [figure("orders_allocated"), figure("orders_at_warehouse"), figure("shipped")],
            [150; 3],
            "{report}"
        );
        assert_eq!([figure("doubled"), figure("lost"), figure("dead")], [0; 3], "{report}");
        assert_eq!(report["verify"], "ok");
        assert_eq!(figure("units_shipped"), figure("units_shipped_by_warehouse"));
        assert!(figure("faults") >= at_least && figure("attempts") >= 150 + at_least / 2, "{report}");
    }
}

#[test]
fn what_cannot_be_served_is_no_order_and_is_not_handed_over() {
    let directory = directory();
    let file = orders(&directory, 60);
    let arguments = [file.to_str().expect("UTF-8"), "--json", "--stock", "3"];
    let report = report(&program(&directory, &arguments).output().expect("it starts"));
    let allocated = report["orders_allocated"].as_u64().expect("a number");
    assert!((1..60).contains(&allocated));
    assert_eq!(report["orders_at_warehouse"].as_u64(), Some(allocated));
}

#[test]
fn a_second_run_on_the_same_database_has_nothing_to_do() {
    let directory = directory();
    let file = orders(&directory, 30);
    let arguments = [file.to_str().expect("UTF-8"), "--json", "--db", "shop.sqlite3"];
    report(&program(&directory, &arguments).output().expect("it starts"));
    // Its warehouse is new and knows nothing of the orders: the shop has not forgotten that it handed them over.
    let output = program(&directory, &arguments).output().expect("it starts");
    let second: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((second["attempts"].as_u64(), second["orders_allocated"].as_u64()), (Some(0), Some(30)), "{second}");
    assert_eq!(output.status.code(), Some(1), "the books do not agree, and it says so");
}

#[test]
fn two_relays_on_one_file_share_the_work() {
    let directory = directory();
    let file = orders(&directory, 200);
    let invoices = || retail::read_file(&file).expect("it is read");
    // Every answer takes ten milliseconds, so that neither can be done before the other has begun.
    let faults = Faults { slow: Rate::ALWAYS, client_timeout_ms: 60, timeout_margin_ms: 50, ..Faults::none() };
    let settings = Settings { faults, opening_on_hand: 1_000, ..Settings::default() };
    let server = WarehouseServer::start(&settings).expect("it starts");
    let path = directory.path().join("shop.sqlite3");
    // Two connections to the file, as two processes have.
    let rooms = [(); 2].map(|()| shop::open(&path).expect("it opens"));
    shop::set_up(&rooms[0], &invoices(), 1_000).expect("it works");
    shop::place_orders(&rooms[0], invoices(), &mut |_| {}).expect("it works");
    let connections = shop::Connections { count: 2, timeout_ms: 5_000 };
    let relays = rooms.each_ref().map(|room| shop::start_relay(room, &server.url(), connections).expect("it starts"));
    let began = Instant::now();
    while !shop::is_handed_over(&rooms[0]).expect("it can be read") {
        assert!(began.elapsed() < Duration::from_secs(60), "they do not end");
        std::thread::sleep(Duration::from_millis(10));
    }
    let done = relays.map(|relay| relay.stop().done);
    assert_eq!(done.iter().sum::<u64>(), 200, "{done:?}");
    assert!(done.iter().all(|done| *done > 0), "{done:?}");
    let books = server.stop();
    assert_eq!((books.orders_created(), books.doubled().count()), (200, 0));
    assert!(rooms[1].verify().expect("it can be read").is_ok());
}

/// A free port. Somebody else may take it first; then the shop says so and the test fails plainly.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

fn kill_after(mut child: Child, time: Duration) -> bool {
    let began = Instant::now();
    while began.elapsed() < time {
        if let Some(status) = child.try_wait().expect("it can be asked") {
            assert!(status.success(), "{status}");
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    // SIGKILL: it gets no say.
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    false
}

#[test]
fn a_shop_that_is_killed_again_and_again_hands_every_order_over_once() {
    let directory = directory();
    let file = orders(&directory, 120);
    let port = free_port();
    let secret = shop::new_secret();
    let settings = Settings {
        faults: Faults { client_timeout_ms: 100, timeout_margin_ms: 25, throttle_seconds: 0, ..Faults::seeded(11) },
        opening_on_hand: 1_000,
        callbacks: Some(Callbacks {
            attempts_max: 10_000,
            ..Callbacks::new(format!("http://127.0.0.1:{port}/webhooks"), secret.clone())
        }),
        ..Settings::default()
    };
    let server = WarehouseServer::start(&settings).expect("it starts");
    let (url, port) = (server.url(), port.to_string());
    let arguments = [
        file.to_str().expect("UTF-8"),
        "--db",
        "shop.sqlite3",
        "--timeout-ms",
        "100",
        "--connections",
        "3",
        "--warehouse",
        &url,
        "--callbacks-port",
        &port,
        "--callbacks-secret",
        &secret,
    ];
    let start = || {
        let mut command = program(&directory, &arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().expect("it starts")
    };
    let mut kills = 0;
    // Times that differ, so that it dies while it registers, places, hands over, reports and takes callbacks in.
    for millis in (0..25).map(|round| 30 + (round * 37) % 400) {
        if kill_after(start(), Duration::from_millis(millis)) {
            break;
        }
        kills += 1;
    }
    assert!(kill_after(start(), Duration::from_secs(100)), "it did not end by itself");
    assert!(server.wait_until_idle(Duration::from_secs(30)));
    let books = server.stop();
    let room = shop::open(Path::new(&directory.path().join("shop.sqlite3"))).expect("it opens");
    let report = Report::new(&room, &books, RelayCounts::default(), 0.0).expect("it can be read");
    assert!(kills >= 5, "killed {kills} times");
    assert!(report.is_right() && report.orders_allocated == 120 && report.shipped == 120, "{report}");
    let lost_answers = [Fault::ErrorAfterApplying, Fault::CutBody, Fault::Hang, Fault::Late];
    assert!(lost_answers.iter().any(|fault| books.faults_of(*fault) > 0), "{books:?}");
}

#[test]
fn wrong_arguments_get_a_sentence() {
    let directory = directory();
    for (arguments, code, said) in [
        (&["nowhere.csv"][..], 1, "nowhere.csv"),
        (&["--stock=-1"], 2, "--stock"),
        (&["--connections", "0"], 2, "--connections"),
        (&["--warehouse", "http://127.0.0.1:1"], 2, "--callbacks"),
    ] {
        let output = program(&directory, arguments).output().expect("it starts");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(code) && stderr.contains(said), "{arguments:?}: {stderr}");
    }
}
