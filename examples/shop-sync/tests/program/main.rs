//! Runs the whole example: a shop and its host, in one process and in two, one of which is killed again and again. The
//! shop's own books say whether it shows what it should.

#![forbid(unsafe_code)]

mod scene;
mod stories;

use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use shop_sync::report::{HostCounts, Report};
use shop_sync::server::{Faults, Settings, ShopServer, Wanted, WebhookSettings};
use shop_sync::shop::{self, Settled};
use tempfile::TempDir;

use crate::scene::{directory, orders};

fn program(directory: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shop-sync"));
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
fn at_the_end_every_quantity_agrees_whatever_the_shop_does() {
    let directory = directory();
    let file = orders(&directory, 60);
    for faults in [None, Some("1"), Some("7"), Some("42")] {
        let mut arguments = vec![file.to_str().expect("UTF-8"), "--json", "--stock", "1000", "--batch", "5"];
        arguments.extend(faults.iter().flat_map(|seed| ["--timeout-ms", "250", "--faults", *seed]));
        let report = report(&program(&directory, &arguments).output().expect("it starts"));
        let figure = |name: &str| report[name].as_u64().unwrap_or_else(|| panic!("{name} in {report}"));
        assert_eq!([figure("disagree"), figure("orders_wrong"), figure("dead"), figure("lost")], [0; 4], "{report}");
        assert_eq!((&report["verify"], &report["settled"]), (&"ok".into(), &true.into()), "{report}");
        assert_eq!((figure("listings"), figure("till_orders")), (40, 30), "{report}");
        // What is not shown yet, or was changed to nothing by a person, cannot be bought.
        assert!((25..=30).contains(&figure("shop_orders")), "{report}");
        assert!(figure("changes") >= 40 && figure("webhooks_in") >= 30 && figure("requests") >= 8, "{report}");
        let only_with_faults = ["throttled", "duplicates_ignored", "edits", "webhooks_dropped", "retried", "faults"];
        match faults {
            None => assert_eq!(only_with_faults.map(figure), [0; 6], "{report}"),
            Some(_) => {
                assert!(only_with_faults.iter().all(|name| figure(name) > 0), "{report}");
                assert!(figure("stale_compares") > 0, "{report}");
            }
        }
    }
}

#[test]
fn a_shop_without_stock_shows_nothing_and_sells_nothing() {
    let directory = directory();
    let file = orders(&directory, 20);
    let arguments = [file.to_str().expect("UTF-8"), "--json", "--stock", "0"];
    let report = report(&program(&directory, &arguments).output().expect("it starts"));
    assert_eq!((report["shop_orders"].as_u64(), report["till_orders"].as_u64()), (Some(0), Some(0)), "{report}");
    assert_eq!((report["disagree"].as_u64(), report["settled"].as_bool()), (Some(0), Some(true)), "{report}");
}

/// A free port. Somebody else may take it first; then the host says so and the test fails plainly.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

/// A shop in this process whose host runs in others.
struct Elsewhere {
    directory: TempDir,
    server: ShopServer,
    secret: String,
    port: u16,
    file: String,
}

impl Elsewhere {
    fn start(seed: u64) -> Self {
        let directory = directory();
        let file = orders(&directory, 60).to_str().expect("UTF-8").to_owned();
        let (port, secret) = (free_port(), shop::new_secret());
        let settings = Settings {
            faults: Faults { late_ms: 150, outage_ms: 250, ..Faults::seeded(seed) },
            webhooks: Some(WebhookSettings {
                attempts_max: 10_000,
                ..WebhookSettings::new(format!("http://127.0.0.1:{port}/webhooks"), secret.clone())
            }),
            ..Settings::default()
        };
        let server = ShopServer::start(&settings).expect("it starts");
        (0..40).for_each(|sku| drop(server.add_item(&format!("S{sku}"))));
        Elsewhere { directory, server, secret, port, file }
    }

    /// Its host, as a process of its own.
    fn host(&self, port: u16) -> Child {
        let (url, port, location) = (self.server.url(), port.to_string(), ShopServer::location());
        let token = Settings::default().access_token;
        let arguments = [
            &*self.file,
            "--db",
            "shop.sqlite3",
            "--timeout-ms",
            "100",
            "--batch",
            "5",
            "--shop",
            &url,
            "--location",
            &location,
            "--token",
            &token,
            "--webhooks-port",
            &port,
            "--webhooks-secret",
            &self.secret,
        ];
        let mut command = program(&self.directory, &arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().expect("it starts")
    }

    /// Customers and people act, whether there is a host or not.
    fn act(&self, round: u64) {
        for number in 0..3 {
            let sku = format!("S{}", (round * 7 + number * 11) % 40);
            let order = self.server.check_out(&[Wanted { sku, quantity: 1 + (number as i64), unit_price_minor: 125 }]);
            if let Some(order) = order.filter(|_| (round + number) % 4 == 0) {
                self.server.cancel(order);
            }
        }
        self.server.edit_any();
    }

    /// Lets a last host run to its end, and holds its database against the books.
    fn end(self) -> Report {
        // So that no change is younger than a look for missed orders can tell.
        self.server.pass_time(Duration::from_secs(61));
        assert!(end_within(self.host(self.port), Duration::from_secs(300)), "it did not end by itself");
        let books = self.server.stop();
        let room = shop::open(&self.directory.path().join("shop.sqlite3")).expect("it opens");
        Report::new(&room, &books, &Settled::default(), HostCounts::default(), 0.0).expect("it can be read")
    }
}

/// Whether a process ends well within a time. If it does not, it is killed: SIGKILL, it gets no say.
fn end_within(mut child: Child, time: Duration) -> bool {
    let began = Instant::now();
    while began.elapsed() < time {
        if let Some(status) = child.try_wait().expect("it can be asked") {
            assert!(status.success(), "{status}");
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    false
}

#[test]
fn a_host_that_is_killed_again_and_again_settles_in_the_end() {
    let elsewhere = Elsewhere::start(11);
    let mut kills = 0;
    // Times that differ, so that it dies while it registers, lists, sends, reports and takes webhooks in.
    for round in 0..16 {
        let killed = !end_within(elsewhere.host(elsewhere.port), Duration::from_millis(40 + (round * 97) % 900));
        kills += u64::from(killed);
        elsewhere.act(round);
    }
    let report = elsewhere.end();
    assert!(kills >= 5, "killed {kills} times");
    assert!(report.is_right() && report.listings == 40 && report.shop_orders >= 10, "{report}");
    assert!(report.stale_compares > 0 && report.faults > 0, "{report}");
}

#[test]
fn two_hosts_on_one_database_keep_one_shop_in_step() {
    let elsewhere = Elsewhere::start(5);
    for round in 0..3 {
        // The shop tells one of them only.
        let hosts = [elsewhere.host(elsewhere.port), elsewhere.host(free_port())];
        for step in 0..4 {
            std::thread::sleep(Duration::from_millis(60));
            elsewhere.act(round * 4 + step);
        }
        // They end when they are settled, or when they are killed.
        for host in hosts {
            end_within(host, Duration::from_secs(2));
        }
    }
    let report = elsewhere.end();
    assert!(report.is_right() && report.listings == 40 && report.shop_orders > 0, "{report}");
}

#[test]
fn wrong_arguments_get_a_sentence() {
    let directory = directory();
    for (arguments, code, said) in [
        (&["nowhere.csv"][..], 1, "nowhere.csv"),
        (&["--stock=-1"], 2, "--stock"),
        (&["--batch", "251"], 2, "--batch"),
        (&["--shop", "http://127.0.0.1:1"], 2, "--webhooks"),
    ] {
        let output = program(&directory, arguments).output().expect("it starts");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(code) && stderr.contains(said), "{arguments:?}: {stderr}");
    }
}
