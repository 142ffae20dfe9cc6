//! The workload: a deterministic stream of three-line orders over 10,000 SKUs, and the JSON that an
//! ordinary program would keep of each. The same seed gives the same orders on every machine, so that
//! whatever is compared is compared on the same input. It knows nothing of any store.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// How many SKUs are stocked.
pub(crate) const SKU_COUNT: u64 = 10_000;
/// How many lines every order has.
pub(crate) const LINES_PER_ORDER: usize = 3;
/// What every SKU has on hand at the start: so much that no run can come near the end of it, since a
/// rejected order would be cheaper than an accepted one.
pub(crate) const ON_HAND: i64 = 1_000_000_000;
/// The channel that every order comes from.
pub(crate) const CHANNEL: &str = "web";
/// The currency of every order.
pub(crate) const CURRENCY: &str = "GBP";

/// Which SKUs the orders ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Three distinct SKUs an order, uniformly from all of them.
    Uniform,
    /// One SKU takes every line of every order: the flash sale.
    Hot,
}

/// An order as a host would hand it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SampleOrder {
    pub(crate) id: String,
    pub(crate) channel: &'static str,
    pub(crate) currency: &'static str,
    pub(crate) lines: [SampleLine; LINES_PER_ORDER],
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SampleLine {
    pub(crate) sku: String,
    pub(crate) quantity: i64,
    pub(crate) unit_price_minor: i64,
}

impl SampleOrder {
    /// The units that the order claims, over all its lines.
    pub(crate) fn units(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity).sum()
    }

    /// What the order costs, in minor units.
    pub(crate) fn total_minor(&self) -> i64 {
        let line_totals = self.lines.iter().map(|line| line.quantity * line.unit_price_minor);
        line_totals.sum()
    }
}

/// The stocked SKUs in ascending order.
pub(crate) fn catalogue() -> impl Iterator<Item = String> {
    (0..SKU_COUNT).map(sku_name)
}

fn sku_name(number: u64) -> String {
    format!("SKU-{number:05}")
}

/// An endless stream of orders; the first has the id `o-0000000001`, and ids ascend from there.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    random: SplitMix64,
    demand: Demand,
    placed: u64,
}

impl Orders {
    pub(crate) fn new(seed: u64, demand: Demand) -> Self {
        Self { random: SplitMix64(seed), demand, placed: 0 }
    }
}

impl Iterator for Orders {
    type Item = SampleOrder;

    fn next(&mut self) -> Option<SampleOrder> {
        self.placed += 1;
        let numbers = match self.demand {
            Demand::Uniform => distinct_skus(&mut self.random),
            Demand::Hot => [0; LINES_PER_ORDER],
        };
        Some(SampleOrder {
            id: format!("o-{:010}", self.placed),
            channel: CHANNEL,
            currency: CURRENCY,
            lines: numbers.map(|number| SampleLine {
                sku: sku_name(number),
                quantity: 1 + self.random.below(3) as i64,
                // A price belongs to the SKU. Four digits, so that every order's JSON is about as long.
                unit_price_minor: 1_000 + (number * 7_919 % 9_000) as i64,
            }),
        })
    }
}

fn distinct_skus(random: &mut SplitMix64) -> [u64; LINES_PER_ORDER] {
    loop {
        let [a, b, c] = std::array::from_fn(|_| random.below(SKU_COUNT));
        if a != b && b != c && a != c {
            return [a, b, c];
        }
    }
}

/// `count` SKUs to ask about, uniformly from all of them.
pub(crate) fn questions(seed: u64, count: usize) -> Vec<String> {
    let mut random = SplitMix64(seed);
    (0..count).map(|_| sku_name(random.below(SKU_COUNT))).collect()
}

/// Milliseconds since the Unix epoch, taken once for each order as an ordinary program would.
pub(crate) fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis() as u64)
}

/// What a hand-written shop keeps of an order: about 306 bytes of JSON.
#[derive(Serialize)]
struct OrderDocument<'a> {
    id: &'a str,
    channel: &'a str,
    currency: &'a str,
    status: &'static str,
    placed_at_ms: u64,
    lines: &'a [SampleLine],
    total_minor: i64,
}

/// What a hand-written shop tells the rest of the house: about 197 bytes of JSON. The number of its row
/// is its id.
#[derive(Serialize)]
struct EventDocument<'a> {
    specversion: &'static str,
    r#type: &'static str,
    source: &'static str,
    subject: &'a str,
    time_ms: u64,
    data: EventData<'a>,
}

#[derive(Serialize)]
struct EventData<'a> {
    channel: &'a str,
    currency: &'a str,
    lines: usize,
    total_minor: i64,
}

/// The order's JSON.
pub(crate) fn order_json(order: &SampleOrder, now_ms: u64) -> serde_json::Result<String> {
    to_json(
        &OrderDocument {
            id: &order.id,
            channel: order.channel,
            currency: order.currency,
            status: "allocated",
            placed_at_ms: now_ms,
            lines: &order.lines,
            total_minor: order.total_minor(),
        },
        320,
    )
}

/// The JSON of the event that says that the order was allocated.
pub(crate) fn event_json(order: &SampleOrder, now_ms: u64) -> serde_json::Result<String> {
    to_json(
        &EventDocument {
            specversion: "1.0",
            r#type: "stockroom.order.allocated.v1",
            source: "/shop",
            subject: &order.id,
            time_ms: now_ms,
            data: EventData {
                channel: order.channel,
                currency: order.currency,
                lines: order.lines.len(),
                total_minor: order.total_minor(),
            },
        },
        208,
    )
}

/// Serializes into a buffer that is large enough from the start: growing it would cost the peers three
/// reallocations a document that a careful engineer would not pay.
fn to_json(document: &impl Serialize, capacity: usize) -> serde_json::Result<String> {
    let mut bytes = Vec::with_capacity(capacity);
    serde_json::to_writer(&mut bytes, document)?;
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

/// Steele, Lea and Flood's SplitMix64: a few lines, and good enough to spread demand.
#[derive(Clone, Debug)]
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to `bound`, exclusive. Multiply and shift: the bias at these bounds is under
    /// one in 10^15.
    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_orders() {
        let take = |seed| Orders::new(seed, Demand::Uniform).take(100).collect::<Vec<_>>();
        assert_eq!(take(7), take(7));
        assert_ne!(take(7), take(8));
        // The published first output for seed 0.
        assert_eq!(SplitMix64(0).next(), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn ids_ascend_from_one() {
        let ids: Vec<_> = Orders::new(1, Demand::Hot).take(2).map(|order| order.id).collect();
        assert_eq!(ids, ["o-0000000001", "o-0000000002"]);
    }

    #[test]
    fn uniform_lines_are_distinct_and_reach_the_whole_catalogue() {
        let mut seen = std::collections::BTreeSet::new();
        for order in Orders::new(1, Demand::Uniform).take(50_000) {
            let [a, b, c] = &order.lines;
            assert!(a.sku != b.sku && b.sku != c.sku && a.sku != c.sku);
            for line in order.lines {
                assert!((1..=3).contains(&line.quantity));
                seen.insert(line.sku);
            }
        }
        assert!(seen.into_iter().eq(catalogue()));
    }

    #[test]
    fn hot_orders_ask_for_one_sku_only() {
        for order in Orders::new(1, Demand::Hot).take(100) {
            assert!(order.lines.iter().all(|line| line.sku == "SKU-00000"));
        }
    }

    #[test]
    fn documents_have_the_size_that_the_published_figures_were_taken_with() {
        for demand in [Demand::Uniform, Demand::Hot] {
            for order in Orders::new(1, demand).take(1_000) {
                let order_bytes = order_json(&order, 1_795_000_000_000).unwrap().len();
                let event_bytes = event_json(&order, 1_795_000_000_000).unwrap().len();
                assert!((304..=308).contains(&order_bytes), "{order_bytes}");
                assert!((195..=199).contains(&event_bytes), "{event_bytes}");
            }
        }
    }
}
