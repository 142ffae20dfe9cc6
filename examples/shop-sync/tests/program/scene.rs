//! A shop and its host within the test's own process, for stories in which somebody else acts at the right moment.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use shop_sync::report::{HostCounts, Report};
use shop_sync::server::{Faults, Settings, ShopServer, Wanted, WebhookSettings};
use shop_sync::shop::{self, Connection, Keeping, Room, Settled, Webhooks};
use stockroom::{Command, NewLine, NewOrder};
use stockroom_relay::{Relay, RelayCounts};
use tempfile::TempDir;

/// The longest that anything is waited for: longer than the busiest machine takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

/// A day's orders in the form of the data, of which many share SKUs.
pub(crate) fn orders(directory: &TempDir, count: u32) -> PathBuf {
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

/// A shop with SKUs S0, S1 ..., its host at work, and the host's database.
pub(crate) struct Scene {
    pub(crate) server: ShopServer,
    pub(crate) room: Arc<Room>,
    pub(crate) connection: Connection,
    database: PathBuf,
    relay: Relay,
    webhooks: Webhooks,
    // Last, so that the database is closed before its directory goes.
    _directory: TempDir,
}

impl Scene {
    /// Everything is started, and the shop shows what there is.
    pub(crate) fn start(skus: u32, stock: i64, timeout_ms: u64) -> Self {
        let directory = directory();
        let database = directory.path().join("shop.sqlite3");
        let room = shop::open(&database).expect("it opens");
        let skus: Vec<String> = (0..skus).map(|number| format!("S{number}")).collect();
        shop::set_up(&room, &skus, stock).expect("it works");
        let defaults = Settings::default();
        let (secret, location) = (shop::new_secret(), ShopServer::location());
        let webhooks = Webhooks::start(&room, 0, &defaults.domain, &location, &secret).expect("it starts");
        let told = Some(WebhookSettings::new(webhooks.url(), secret));
        let server = ShopServer::start(&Settings { webhooks: told, ..Settings::default() }).expect("it starts");
        skus.iter().for_each(|sku| drop(server.add_item(sku)));
        let connection = Connection {
            url: server.url(),
            domain: defaults.domain,
            token: defaults.access_token,
            location,
            timeout_ms,
            connections: 2,
        };
        let items = shop::items(&connection).expect("items");
        shop::connect(&room, &items, Keeping { batch: 5, drift_after_ms: 50 }).expect("it works");
        let relay = shop::start_relay(&room, &connection).expect("it starts");
        let scene = Scene { server, room, connection, database, relay, webhooks, _directory: directory };
        scene.settle();
        scene
    }

    pub(crate) fn database(&self) -> &Path {
        &self.database
    }

    pub(crate) fn relayed(&self) -> RelayCounts {
        self.relay.counts()
    }

    /// Sells at our own till.
    pub(crate) fn sell(&self, order: &str, sku: &str, quantity: i64) {
        let lines = vec![NewLine { sku: sku.into(), quantity, unit_price_minor: 125 }];
        let (id, channel, currency) = (order.into(), shop::TILL.into(), "GBP".into());
        let order = NewOrder { id, channel, currency, lines, ..NewOrder::default() };
        assert_eq!(shop::execute(&self.room, vec![Command::from(order)]).expect("it works"), 1);
    }

    /// A customer of the shop's buys.
    pub(crate) fn check_out(&self, sku: &str, quantity: i64) -> i64 {
        let line = Wanted { sku: sku.into(), quantity, unit_price_minor: 125 };
        self.server.check_out(&[line]).expect("an order")
    }

    /// Waits until something is so.
    pub(crate) fn wait(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < until, "it does not come: {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What an item shows.
    pub(crate) fn shown(&self, sku: &str) -> Option<i64> {
        self.server.books().items[sku].available
    }

    pub(crate) fn settle(&self) -> Settled {
        let drain = || {
            assert!(self.server.wait_until_idle(PATIENCE));
            self.server.pass_time(Duration::from_secs(61));
        };
        shop::settle(&self.room, &self.connection, Instant::now() + PATIENCE, &drain, &mut |_| {}).expect("it works")
    }

    /// Settles without any further fault, and holds the two against each other.
    pub(crate) fn report(&self) -> Report {
        self.server.set_faults(Faults::none());
        let settled = self.settle();
        let counts = HostCounts {
            relay: self.relayed(),
            webhooks_in: self.webhooks.accepted(),
            duplicates_ignored: self.webhooks.duplicates(),
            till_orders: 0,
        };
        Report::new(&self.room, &self.server.books(), &settled, counts, 0.0).expect("it can be read")
    }
}
