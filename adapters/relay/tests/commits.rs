//! How often a relay has its store commit, which is what keeping books costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use stockroom::engine::{Changes, Needs, WorkingSet};
use stockroom::memory::MemoryStore;
use stockroom::ports::{Finish, Freshness, Mode, Page, Rows, Sink, Store, Written};
use stockroom::{
    Command, DeliveryAnswer, DeliveryResult, Fulfill, LeasedDelivery, NewLine, NewOrder, ReceiveStock, RegisterChannel,
    RegisterDestination, RegisterLocation, RegisterSku, RegisterWarehouse, Result, StockLine, Stockroom,
};
use stockroom_relay::{Relay, RelayOptions, Route};

/// Counts the commits.
struct Counting {
    store: MemoryStore,
    commits: Arc<AtomicUsize>,
}

impl Store for Counting {
    fn begin(&mut self, mode: Mode) -> Result<Freshness> {
        self.store.begin(mode)
    }

    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()> {
        self.store.supply(needs, rows)
    }

    fn write(&mut self, changes: Changes, finish: Finish) -> Result<Written> {
        self.commits.fetch_add(usize::from(finish == Finish::Commit), Ordering::Relaxed);
        self.store.write(changes, finish)
    }

    fn rollback(&mut self) -> Result<()> {
        self.store.rollback()
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        self.store.page(page, limit)
    }

    fn freshness(&mut self) -> Result<Freshness> {
        self.store.freshness()
    }
}

/// A shop with so many deliveries due.
fn shop(deliveries: usize) -> (Arc<Stockroom<Counting>>, Arc<AtomicUsize>) {
    let commits = Arc::default();
    let store = Counting { store: MemoryStore::new(), commits: Arc::clone(&commits) };
    let room = Stockroom::new(store, || 1_767_225_600_000);
    let stock = StockLine { sku: "mug".into(), quantity: 1_000_000 };
    let mut commands: Vec<Command> = vec![
        RegisterSku { sku: "mug".into(), components: None }.into(),
        RegisterLocation { location: "main".into() }.into(),
        RegisterChannel { channel: "web".into(), locations: vec!["main".into()], ..Default::default() }.into(),
        ReceiveStock { location: "main".into(), lines: vec![stock], ..Default::default() }.into(),
        RegisterDestination { destination: "wms".into(), ..Default::default() }.into(),
        RegisterWarehouse { location: "main".into(), destination: "wms".into(), ..Default::default() }.into(),
    ];
    commands.extend((0..deliveries).map(|number| {
        let lines = vec![NewLine { sku: "mug".into(), quantity: 1, unit_price_minor: 100 }];
        let (id, channel, currency) = (format!("o-{number}"), "web".into(), "EUR".into());
        Command::from(NewOrder { id, channel, currency, lines, ..Default::default() })
    }));
    commands.extend((0..deliveries.div_ceil(100)).map(|_| Command::from(Fulfill { limit: 500 })));
    for reply in room.execute_batch(commands).expect("it works") {
        assert!(reply.accepted().is_ok());
    }
    (Arc::new(room), commits)
}

/// A quick destination that notes how often was committed when it has had so many.
struct Quick {
    commits: Arc<AtomicUsize>,
    had: AtomicU64,
    last: u64,
    commits_then: AtomicUsize,
}

impl Sink for Quick {
    fn deliver(&self, _: &LeasedDelivery) -> DeliveryResult {
        std::thread::sleep(Duration::from_micros(50));
        if self.had.fetch_add(1, Ordering::Relaxed) + 1 == self.last {
            self.commits_then.store(self.commits.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        DeliveryResult::Done(DeliveryAnswer::Handed { reference: None })
    }
}

#[test]
fn quick_deliveries_are_reported_by_the_batch_however_often_it_is_looked() {
    const BATCH: usize = 100;
    let (room, commits) = shop(20 * BATCH);
    let sink = Arc::new(Quick {
        commits: Arc::clone(&commits),
        had: AtomicU64::new(0),
        // Before the last are taken: where there is no more, it is looked for more in the meantime.
        last: 15 * BATCH as u64,
        commits_then: AtomicUsize::new(0),
    });
    let options = RelayOptions {
        idle: Duration::from_millis(1),
        lease: Duration::from_secs(3_600),
        report_after: Duration::from_secs(60),
        take_max: BATCH as u32,
        fulfill: false,
        listings: false,
    };
    let routes = vec![Route { destination: "wms".into(), sink: Arc::clone(&sink) as Arc<dyn Sink>, connections: 1 }];
    let before = commits.load(Ordering::Relaxed);
    let relay = Relay::start(&room, routes, &options, None).expect("it starts");
    while relay.counts().done < 20 * BATCH as u64 {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(relay.stop().done, 20 * BATCH as u64);
    let made = sink.commits_then.load(Ordering::Relaxed) - before;
    // Two for each batch at most, one that takes and one that reports, and the first few.
    assert!((10..=36).contains(&made), "{made} commits for fifteen batches");
}
