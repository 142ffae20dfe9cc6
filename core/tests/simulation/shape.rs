//! The shape of a world, drawn from its seed: what is sold, where it lies, who runs the places, which shops there are,
//! how many nodes. Worlds are small, so that everything meets everything.

use stockroom::{
    BundleComponent, ChannelPolicy, Command, ConnectChannel, DriftPolicy, Patience, ReceiveStock, RegisterChannel,
    RegisterDestination, RegisterLocation, RegisterSku, RegisterWarehouse, SetListing, SetStockPolicy, Sourcing,
    StockLine, StockReports, Subscribe, SubscribeFrom,
};

use crate::node::Face;
use crate::rng::Rng;

/// When the simulated time begins: the first of January 2026.
pub(crate) const START_MS: i64 = 1_767_225_600_000;
pub(crate) const SECOND_MS: i64 = 1_000;
pub(crate) const MINUTE_MS: i64 = 60 * SECOND_MS;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;

/// The hosts' own subscriptions.
pub(crate) const READERS: [&str; 2] = ["books", "mail"];

/// A location that a warehouse runs.
#[derive(Clone, Debug)]
pub(crate) struct WarehouseShape {
    pub(crate) location: usize,
    pub(crate) honours_keys: bool,
    pub(crate) counts_in: bool,
    pub(crate) checks_stock: bool,
}

/// A channel and, where there is one, the shop behind it.
#[derive(Clone, Debug)]
pub(crate) struct ChannelShape {
    pub(crate) locations: Vec<usize>,
    pub(crate) sourcing: Sourcing,
    pub(crate) shop: Option<ChannelPolicy>,
}

#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) plain: usize,
    /// The components of each bundle: (SKU, units).
    pub(crate) bundles: Vec<Vec<(usize, i64)>>,
    pub(crate) locations: usize,
    pub(crate) warehouses: Vec<WarehouseShape>,
    pub(crate) channels: Vec<ChannelShape>,
    pub(crate) nodes: Vec<Face>,
    /// Seed of what the setting up draws.
    seed: u64,
}

impl Shape {
    pub(crate) fn draw(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let plain = 1 + rng.below(6);
        let bundle = |rng: &mut Rng| {
            let mut parts: Vec<usize> = (0..plain).collect();
            rng.shuffle(&mut parts);
            parts.truncate(1 + rng.below(3));
            parts.into_iter().map(|sku| (sku, rng.between(1, 3))).collect()
        };
        let bundles = (0..rng.below(3)).map(|_| bundle(&mut rng)).collect();
        let locations = 1 + rng.below(4);
        let mut warehouses = Vec::new();
        for location in 0..locations {
            if rng.chance(50) {
                warehouses.push(WarehouseShape {
                    location,
                    honours_keys: rng.chance(50),
                    counts_in: rng.chance(40),
                    checks_stock: rng.chance(30),
                });
            }
        }
        let channels = (0..1 + rng.below(3)).map(|_| channel(&mut rng, locations)).collect();
        let nodes = (0..1 + rng.below(4)).map(|at| if at > 0 && rng.chance(30) { Face::Steps } else { Face::Driver });
        let nodes = nodes.collect();
        Shape { plain, bundles, locations, warehouses, channels, nodes, seed }
    }

    /// Plain SKUs and bundles.
    pub(crate) fn skus(&self) -> usize {
        self.plain + self.bundles.len()
    }

    pub(crate) fn sku_name(&self, sku: usize) -> String {
        if sku < self.plain { format!("s{sku}") } else { format!("b{}", sku - self.plain) }
    }

    /// What one unit of a SKU takes from stock.
    pub(crate) fn takes(&self, sku: usize) -> Vec<(usize, i64)> {
        if sku < self.plain { vec![(sku, 1)] } else { self.bundles[sku - self.plain].clone() }
    }

    /// The commands that furnish the world.
    pub(crate) fn furnishing(&self) -> Vec<Command> {
        let mut rng = Rng::new(self.seed ^ 0xF00D);
        let mut commands: Vec<Command> = Vec::new();
        for sku in 0..self.skus() {
            let parts = self.takes(sku).into_iter();
            let part = |(part, quantity)| BundleComponent { sku: self.sku_name(part), quantity };
            let components = (sku >= self.plain).then(|| parts.map(part).collect());
            commands.push(RegisterSku { sku: self.sku_name(sku), components }.into());
        }
        for location in 0..self.locations {
            commands.push(RegisterLocation { location: location_name(location) }.into());
        }
        for (channel, shape) in self.channels.iter().enumerate() {
            commands.push(register_channel(channel, &shape.locations, shape.sourcing).into());
        }
        for subscription in READERS {
            commands.push(Subscribe { subscription: subscription.into(), from: SubscribeFrom::Start }.into());
        }
        for warehouse in &self.warehouses {
            let destination = warehouse_name(warehouse.location);
            commands
                .push(RegisterDestination { destination: destination.clone(), patience: patience(&mut rng) }.into());
            let stock = if warehouse.counts_in { StockReports::CountIn } else { StockReports::Report };
            let location = location_name(warehouse.location);
            let check_on_allocation = warehouse.checks_stock;
            commands.push(RegisterWarehouse { location, destination, stock, check_on_allocation }.into());
        }
        for (channel, policy) in self.channels.iter().enumerate().filter_map(|(at, shape)| Some((at, shape.shop?))) {
            let destination = shop_name(channel);
            commands
                .push(RegisterDestination { destination: destination.clone(), patience: patience(&mut rng) }.into());
            commands.push(ConnectChannel { channel: channel_name(channel), destination, policy }.into());
            for sku in 0..self.skus() {
                let (channel, sku, item) = (channel_name(channel), self.sku_name(sku), item_name(sku));
                let buffer = rng.chance(20).then(|| rng.between(0, 3));
                commands.push(SetListing { channel, sku, item, buffer, cap: None }.into());
            }
        }
        for (sku, location) in (0..self.plain).flat_map(|sku| (0..self.locations).map(move |place| (sku, place))) {
            let (sku, location) = (self.sku_name(sku), location_name(location));
            if rng.chance(80) {
                let lines = vec![StockLine { sku: sku.clone(), quantity: rng.between(1, 30) }];
                commands.push(ReceiveStock { location: location.clone(), lines, ..ReceiveStock::default() }.into());
            }
            if rng.chance(50) {
                let backorder_limit = Some(rng.between(0, 12));
                commands.push(SetStockPolicy { sku, location, backorder_limit, ..SetStockPolicy::default() }.into());
            }
        }
        commands
    }
}

fn channel(rng: &mut Rng, locations: usize) -> ChannelShape {
    let mut places: Vec<usize> = (0..locations).collect();
    rng.shuffle(&mut places);
    places.truncate(1 + rng.below(locations));
    let sourcing = if rng.chance(40) { Sourcing::FewestSplits } else { Sourcing::Priority };
    let shop = rng.chance(60).then(|| ChannelPolicy {
        buffer: if rng.chance(30) { rng.between(0, 3) } else { 0 },
        cap: rng.chance(20).then(|| rng.between(1, 10)),
        drift: if rng.chance(70) { DriftPolicy::PutRight } else { DriftPolicy::TakeOver },
        drift_after_ms: *rng.pick(&[0, 5 * SECOND_MS, MINUTE_MS]).unwrap_or(&0),
        batch_max: 1 + rng.below(5) as u32,
        shop_counts_down: rng.chance(70),
        tell_shipments: rng.chance(70),
    });
    ChannelShape { locations: places, sourcing, shop }
}

/// Impatient, so that dead letters and open breakers come within the history.
fn patience(rng: &mut Rng) -> Patience {
    Patience {
        attempts_max: rng.between(2, 8) as u32,
        age_max_ms: rng.between(1, 48) * HOUR_MS,
        backoff_ms: rng.between(1, 5) * SECOND_MS,
        backoff_max_ms: rng.between(1, 10) * MINUTE_MS,
        breaker_failures: rng.between(2, 6) as u32,
        breaker_open_ms: rng.between(10, 90) * SECOND_MS,
        seed: rng.next(),
    }
}

pub(crate) fn register_channel(channel: usize, locations: &[usize], sourcing: Sourcing) -> RegisterChannel {
    let locations = locations.iter().map(|location| location_name(*location)).collect();
    RegisterChannel { channel: channel_name(channel), locations, sourcing }
}

pub(crate) fn location_name(location: usize) -> String {
    format!("l{location}")
}

pub(crate) fn channel_name(channel: usize) -> String {
    format!("c{channel}")
}

/// The destination of a location's warehouse, and its name as a source of messages.
pub(crate) fn warehouse_name(location: usize) -> String {
    format!("wms{location}")
}

/// The destination of a channel's shop, and its name as a source of messages.
pub(crate) fn shop_name(channel: usize) -> String {
    format!("shop{channel}")
}

/// The shops' name for a SKU.
pub(crate) fn item_name(sku: usize) -> String {
    format!("i{sku}")
}

/// The number in a name such as `l3`, of whatever kind.
pub(crate) fn number_in(name: &str) -> usize {
    let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.parse().unwrap_or(usize::MAX)
}
