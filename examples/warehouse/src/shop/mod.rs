//! A shop: the engine over an SQLite file, a relay that hands fulfillment orders to a warehouse over HTTP, and a
//! listener for what the warehouse calls back. It puts Stockroom's parts together as any host does; it may not look
//! into the warehouse.

mod webhooks;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use retail::{CHANNEL, Failure, Invoices, LOCATION, Part, Result, key};
use stockroom::engine::{Record, RecordKind};
use stockroom::fulfillment::SUBSCRIPTION;
use stockroom::ports::{Page, Rows};
use stockroom::{
    Command, DeliveryState, OrderState, Patience, ReceiveStock, RegisterChannel, RegisterDestination, RegisterLocation,
    RegisterSku, RegisterWarehouse, StockLine, Stockroom,
};
use stockroom_clock::SystemClock;
use stockroom_http::{HttpClient, HttpOptions, HttpSink};
use stockroom_relay::{Relay, RelayCounts, RelayOptions, Route};
use stockroom_sqlite::SqliteStore;
use stockroom_wms::{Profile, RestExchange};

pub use webhooks::{Webhooks, new_secret};

/// The destination that the warehouse is registered as.
pub const DESTINATION: &str = "warehouse";

/// Orders placed in one commit.
const BATCH: usize = 200;

/// The engine of a shop.
pub type Room = Stockroom<SqliteStore>;

/// How the shop speaks to the warehouse.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    /// Requests at the same time, 1 to 64.
    pub count: usize,
    /// The longest that one request may take, in milliseconds.
    pub timeout_ms: u64,
}

/// Opens the shop's database, making it where there is none.
pub fn open(path: &Path) -> Result<Arc<Room>> {
    let store = SqliteStore::open(path).map_err(|error| Failure::new(path.display(), error))?;
    Ok(Arc::new(Stockroom::new(store, SystemClock)))
}

/// Registers what the invoices name, and the warehouse. What is registered stays; doing it again changes nothing.
pub fn set_up(room: &Room, invoices: &Invoices, stock: i64) -> Result<()> {
    let patience = Patience {
        attempts_max: 1_000,
        backoff_ms: 20,
        backoff_max_ms: 500,
        breaker_failures: 25,
        breaker_open_ms: 100,
        ..Patience::default()
    };
    let mut commands: Vec<Command> = vec![
        RegisterLocation { location: LOCATION.into() }.into(),
        RegisterChannel { channel: CHANNEL.into(), locations: vec![LOCATION.into()], ..Default::default() }.into(),
        RegisterDestination { destination: DESTINATION.into(), patience }.into(),
        RegisterWarehouse { location: LOCATION.into(), destination: DESTINATION.into(), ..Default::default() }.into(),
    ];
    for sku in invoices.skus() {
        commands.push(RegisterSku { sku: sku.clone(), components: None }.into());
        if stock > 0 {
            let lines = vec![StockLine { sku: sku.clone(), quantity: stock }];
            let receive = ReceiveStock { location: LOCATION.into(), lines, ..Default::default() };
            commands.push(Command::from(receive).with_key(key("opening", sku)));
        }
    }
    // A name that the engine does not take is refused; so are the orders for it in their turn.
    room.execute_batch(commands).map(drop).map_err(|error| Failure::new("the database", error))
}

/// Places the orders among the invoices; returns how many the engine accepted, now or in an earlier run.
pub fn place_orders(room: &Room, invoices: Invoices, told: &mut dyn FnMut(u64)) -> Result<u64> {
    let mut accepted = 0;
    let mut batch = Vec::with_capacity(BATCH);
    let mut place = |batch: &mut Vec<Command>| -> Result<()> {
        let count = batch.len() as u64;
        let replies = room.execute_batch(batch.drain(..)).map_err(|error| Failure::new("the database", error))?;
        accepted += replies.iter().filter(|reply| reply.accepted().is_ok()).count() as u64;
        told(count);
        Ok(())
    };
    for invoice in invoices {
        batch.extend(invoice.into_commands().into_iter().filter(|(part, _)| *part == Part::Order).map(|(_, c)| c));
        if batch.len() >= BATCH {
            place(&mut batch)?;
        }
    }
    place(&mut batch)?;
    Ok(accepted)
}

/// Starts the relay to the warehouse at a URL.
pub fn start_relay(room: &Arc<Room>, warehouse_url: &str, connections: Connections) -> Result<Relay> {
    let failed = |error: &dyn std::fmt::Display| Failure::new("the relay", error);
    // The warehouse of this example takes an order twice if it is sent twice: only looking first prevents it.
    let profile = Profile { base_url: warehouse_url.to_owned(), idempotency_honoured: false, ..Profile::default() };
    let exchange = RestExchange::new(profile).map_err(|error| failed(&error))?;
    let options = HttpOptions {
        connect_timeout_ms: connections.timeout_ms,
        silence_timeout_ms: connections.timeout_ms,
        answer_timeout_ms: connections.timeout_ms,
        whole_timeout_ms: connections.timeout_ms,
        allow_plain_http: true,
        ..HttpOptions::default()
    };
    let client = HttpClient::new(options).map_err(|error| failed(&error))?;
    let sink = Arc::new(HttpSink::new(exchange, client, SystemClock));
    let routes = vec![Route { destination: DESTINATION.to_owned(), sink, connections: connections.count }];
    let options = RelayOptions {
        idle: Duration::from_millis(20),
        // What a killed process had taken is taken again after this time.
        lease: Duration::from_millis(20 * connections.timeout_ms.max(100)),
        ..RelayOptions::default()
    };
    Relay::start(room, routes, &options, None).map_err(|error| failed(&error))
}

/// Whether everything that has happened was reacted to, and every delivery is done or given up.
pub fn is_handed_over(room: &Room) -> Result<bool> {
    let failed = |error| Failure::new("the database", error);
    let cursor = room.subscription(SUBSCRIPTION).map_err(failed)?.map_or(0, |subscription| subscription.cursor);
    if !room.events(cursor, 1).map_err(failed)?.is_empty() {
        return Ok(false);
    }
    let rows = room.page(&Page::Records(RecordKind::Delivery, None), 1_000).map_err(failed)?;
    let Rows::Records(rows) = rows else { return Ok(true) };
    Ok(rows.iter().all(|record| matches!(record, Record::Delivery(row) if row.state == DeliveryState::Dead)))
}

/// How many orders there are in a state.
pub fn orders_in(room: &Room, state: OrderState) -> Result<u64> {
    let mut count = 0;
    each_order(room, &mut |order| count += u64::from(order.state == state))?;
    Ok(count)
}

/// Looks at every order.
pub fn each_order(room: &Room, look: &mut dyn FnMut(&stockroom::order::Order)) -> Result<()> {
    let mut after = 0;
    loop {
        let rows = room.page(&Page::Orders(after), 1_000).map_err(|error| Failure::new("the database", error))?;
        let Rows::Orders(rows) = rows else { return Ok(()) };
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.number.0;
        rows.iter().for_each(&mut *look);
    }
}

/// Waits until everything is handed over, asking now and then, and tells how many deliveries were done.
pub fn hand_everything_over(room: &Room, relay: &Relay, told: &mut dyn FnMut(RelayCounts)) -> Result<()> {
    while !is_handed_over(room)? {
        told(relay.counts());
        std::thread::sleep(Duration::from_millis(20));
    }
    told(relay.counts());
    Ok(())
}
