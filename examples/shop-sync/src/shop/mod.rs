//! The host of a shop: the engine over an SQLite file, a relay that sends quantities and shipments to the shop, and a
//! listener for what the shop says by itself. It puts Stockroom's parts together as any host does; it may not look
//! into the shop.

mod backfill;
mod items;
mod settle;
mod webhooks;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use retail::{Failure, Invoice, LOCATION, Part, Result, key};
use stockroom::ports::Secret;
use stockroom::{
    Action, ChannelPolicy, Command, ConnectChannel, Patience, ReceiveStock, RegisterChannel, RegisterDestination,
    RegisterLocation, RegisterSku, SetListing, SetStockPolicy, StockLine, Stockroom,
};
use stockroom_clock::SystemClock;
use stockroom_http::{HttpClient, HttpOptions, HttpSink};
use stockroom_relay::{Relay, RelayOptions, Route};
use stockroom_shopify::{GraphqlExchange, Shop};
use stockroom_sqlite::SqliteStore;

pub use backfill::take_missed_orders;
pub use items::items;
pub use settle::{Settled, each_listing, is_sent, reconcile, settle, ship_orders};
pub use webhooks::{Webhooks, new_secret};

/// The channel that is the shop.
pub const CHANNEL: &str = "shop";
/// The channel of our own till.
pub const TILL: &str = "till";
/// The destination that the shop is registered as.
pub const DESTINATION: &str = "shop";

/// Units of a SKU that may be sold beyond stock: what the shop sold before it heard of our till's last sale was sold, and
/// is owed.
const OWED_MAX: i64 = 1_000_000;

/// Commands in one commit.
const BATCH: usize = 200;

/// The engine.
pub type Room = Stockroom<SqliteStore>;

/// Where the shop is and how it is spoken to.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its API's address, without a slash at the end.
    pub url: String,
    /// Its domain.
    pub domain: String,
    /// The access token.
    pub token: String,
    /// The location whose quantities it shows.
    pub location: String,
    /// The longest that one request may take, in milliseconds.
    pub timeout_ms: u64,
    /// Requests at the same time, 1 to 64.
    pub connections: usize,
}

/// How the shop is kept in step.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    /// Quantities in one request, 1 to 250.
    pub batch: u32,
    /// How long a quantity that nobody explains is left alone, in milliseconds.
    pub drift_after_ms: i64,
}

impl Connection {
    /// A client for requests beside the relay's.
    pub fn client(&self) -> Result<HttpClient> {
        let options = HttpOptions {
            connect_timeout_ms: self.timeout_ms,
            silence_timeout_ms: self.timeout_ms,
            answer_timeout_ms: self.timeout_ms,
            whole_timeout_ms: self.timeout_ms,
            allow_plain_http: true,
            ..HttpOptions::default()
        };
        HttpClient::new(options).map_err(|error| Failure::new("the HTTP client", error))
    }

    /// The shop as the adapter knows it.
    pub fn exchange(&self) -> Result<GraphqlExchange> {
        let mut shop = Shop::new(&*self.domain, Secret::new(&*self.token), &*self.location);
        shop.base_url.clone_from(&self.url);
        shop.locations.insert(LOCATION.to_owned(), self.location.clone());
        // The bucket of this shop fills quickly, so that there is no need to wait for long.
        shop.pace.margin_ms = 10;
        GraphqlExchange::new(shop).map_err(|fault| Failure::new("the shop", fault))
    }
}

/// Opens the database, making it where there is none.
pub fn open(path: &Path) -> Result<Arc<Room>> {
    let store = SqliteStore::open(path).map_err(|error| Failure::new(path.display(), error))?;
    Ok(Arc::new(Stockroom::new(store, SystemClock)))
}

/// Registers what there is, with its first stock. What is registered stays; doing it again changes nothing.
pub fn set_up(room: &Room, skus: &[String], stock: i64) -> Result<()> {
    let patience = Patience {
        attempts_max: 1_000,
        backoff_ms: 20,
        backoff_max_ms: 500,
        breaker_failures: 25,
        breaker_open_ms: 100,
        ..Patience::default()
    };
    let channel = |channel: &str| RegisterChannel {
        channel: channel.to_owned(),
        locations: vec![LOCATION.to_owned()],
        ..RegisterChannel::default()
    };
    let mut commands: Vec<Command> = vec![
        RegisterLocation { location: LOCATION.into() }.into(),
        channel(CHANNEL).into(),
        channel(TILL).into(),
        RegisterDestination { destination: DESTINATION.into(), patience }.into(),
    ];
    for sku in skus {
        commands.push(RegisterSku { sku: sku.clone(), components: None }.into());
        let policy = SetStockPolicy {
            sku: sku.clone(),
            location: LOCATION.into(),
            backorder_limit: Some(OWED_MAX),
            ..SetStockPolicy::default()
        };
        commands.push(policy.into());
        if stock > 0 {
            let lines = vec![StockLine { sku: sku.clone(), quantity: stock }];
            let receive = ReceiveStock { location: LOCATION.into(), lines, ..ReceiveStock::default() };
            commands.push(Command::from(receive).with_key(key("opening", sku)));
        }
    }
    // A name that the engine does not take is refused; so are the orders for it in their turn.
    execute(room, commands).map(drop)
}

/// Connects the channel and lists every SKU that the shop has an item for; answers how many.
pub fn connect(room: &Room, items: &[(String, String)], keeping: Keeping) -> Result<u64> {
    let policy =
        ChannelPolicy { batch_max: keeping.batch, drift_after_ms: keeping.drift_after_ms, ..ChannelPolicy::default() };
    let connect = ConnectChannel { channel: CHANNEL.into(), destination: DESTINATION.into(), policy };
    let mut commands: Vec<Command> = vec![connect.into()];
    for (sku, item) in items {
        // Said again after a restart, it must not bring back what was deleted at the shop.
        let listed = room.listing(CHANNEL, sku).map_err(database)?;
        if listed.is_none_or(|listing| listing.item != *item) {
            let listing =
                SetListing { channel: CHANNEL.into(), sku: sku.clone(), item: item.clone(), ..Default::default() };
            commands.push(listing.into());
        }
    }
    execute(room, commands)
}

/// Carries commands out, some in one commit; answers how many were accepted.
pub fn execute(room: &Room, commands: Vec<Command>) -> Result<u64> {
    let mut accepted = 0;
    let mut commands = commands.into_iter().peekable();
    while commands.peek().is_some() {
        let batch: Vec<Command> = commands.by_ref().take(BATCH).collect();
        let replies = room.execute_batch(batch).map_err(database)?;
        accepted += replies.iter().filter(|reply| reply.accepted().is_ok()).count() as u64;
    }
    Ok(accepted)
}

/// The order among an invoice's commands, as one of our till's.
pub fn till_order(invoice: Invoice) -> Option<Command> {
    let commands = invoice.into_commands().into_iter();
    let mut orders = commands.filter(|(part, _)| *part == Part::Order).map(|(_, command)| command);
    let mut command = orders.next()?;
    if let Action::PlaceOrder(order) = &mut command.action {
        order.channel = TILL.to_owned();
    }
    Some(command)
}

/// Starts the relay to the shop.
pub fn start_relay(room: &Arc<Room>, connection: &Connection) -> Result<Relay> {
    let failed = |error: &dyn std::fmt::Display| Failure::new("the relay", error);
    let sink = Arc::new(HttpSink::new(connection.exchange()?, connection.client()?, SystemClock));
    let routes = vec![Route { destination: DESTINATION.to_owned(), sink, connections: connection.connections }];
    let options = RelayOptions {
        idle: Duration::from_millis(20),
        // What a killed process had taken is taken again after this time.
        lease: Duration::from_millis(30 * connection.timeout_ms.max(100)),
        report_after: Duration::from_millis(20),
        // One that is throttled has the others wait, as soon as it is reported: those that were taken with it do not.
        take_max: 4,
        fulfill: false,
        listings: true,
    };
    Relay::start(room, routes, &options, None).map_err(|error| failed(&error))
}

/// A failure of the database.
pub(crate) fn database(error: stockroom::Error) -> Failure {
    Failure::new("the database", error)
}
