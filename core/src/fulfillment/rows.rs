//! The rows that the fulfillment module owns: warehouses and fulfillment orders. Data and the arithmetic of one
//! fulfillment order; no decisions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::{Code, Faults, Rejection};
use crate::engine::{Stop, Unread};
use crate::error::{Error, ErrorKind};
use crate::fulfillment::SkuQuantity;
use crate::ids::{LocationNumber, Name, OrderNumber, SkuNumber, read_name};
use crate::order::Tracking;
use crate::quantity::LEVEL_MAX;

/// A location that a warehouse runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warehouse {
    /// The location.
    pub location: LocationNumber,
    /// Where its deliveries go.
    pub destination: Name,
    /// What is done with stock that it reports.
    pub stock: StockReports,
    /// Whether every allocation has its stock checked.
    pub check_on_allocation: bool,
    /// When the last stock report that was used was taken, in milliseconds since the Unix epoch.
    pub stock_taken_at_ms: i64,
}

/// What is done with stock that a warehouse reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StockReports {
    /// Differences are said.
    #[default]
    Report,
    /// Differences are said and booked.
    CountIn,
}

impl StockReports {
    /// The name as stores keep it.
    pub fn name(self) -> &'static str {
        match self {
            StockReports::Report => "report",
            StockReports::CountIn => "count_in",
        }
    }

    /// The policy with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [StockReports::Report, StockReports::CountIn].into_iter().find(|policy| policy.name() == name)
    }
}

/// The most fulfillment orders that an order may have had, so that a store can keep them together with their order's in one
/// number of 64 bits. Whoever moves an order to another warehouse reads all of them, so that none comes near.
pub const FULFILLMENTS_MAX: u32 = (1 << 20) - 2;

/// The instruction to one location to ship units of one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfillmentOrder {
    /// The order.
    pub order: OrderNumber,
    /// Which of the order's fulfillment orders it is, from 1.
    pub sequence: u32,
    /// Where.
    pub location: LocationNumber,
    /// Where its deliveries go, whoever runs the location by now.
    pub destination: Name,
    /// How far it has come.
    pub state: FulfillmentState,
    /// The delivery that hands it over; 0 once it is handed over.
    pub delivery: u64,
    /// Whether the warehouse was asked to give it up.
    pub cancelling: bool,
    /// The warehouse's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Why it was refused; empty where it was not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What to pick; [`FulfillmentOrder::items`] reads it.
    pub items: Unread<Vec<FulfillmentItem>>,
    /// What left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipments: Vec<WarehouseShipment>,
    /// When it was written, in milliseconds since the Unix epoch.
    pub requested_at_ms: i64,
}

/// Units of one SKU to pick. A bundle is picked as its components.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfillmentItem {
    /// Index of the order's line.
    pub line: u32,
    /// The SKU to pick.
    pub sku_number: SkuNumber,
    /// The SKU to pick.
    #[serde(deserialize_with = "read_name")]
    pub sku: Name,
    /// Units of it in one unit of the line.
    pub per: i64,
    /// Units of it to pick.
    pub quantity: i64,
    /// Units of it that left.
    #[serde(default)]
    pub shipped: i64,
}

/// What a warehouse shipped in one go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarehouseShipment {
    /// The warehouse's name for it.
    pub shipment: String,
    /// When it was noted.
    pub at_ms: i64,
    /// How it can be followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Tracking>,
}

impl FulfillmentOrder {
    /// Whether its units can be reckoned with, as far as they were read. That its lines are the order's is asked where the
    /// two meet.
    pub(crate) fn is_sound(&self) -> bool {
        self.items.known().is_none_or(|items| items.iter().all(FulfillmentItem::is_sound))
    }

    /// What to pick.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where the store has something else there, or units that cannot be reckoned with.
    pub fn items(&self) -> Result<&[FulfillmentItem], Error> {
        let items = self.items.get()?;
        match items.iter().find(|item| !item.is_sound()) {
            None => Ok(items),
            Some(item) => {
                let message = format!("an item of a fulfillment order cannot be: {item:?}");
                Err(Error::new(ErrorKind::Corrupt, "engine.read", message))
            }
        }
    }

    /// Units by index of the order's line that left as a whole: of a bundle, all components of it.
    pub(crate) fn complete_units(&self) -> Result<Vec<(usize, i64)>, Error> {
        self.units_by_line(|item| item.shipped / item.per)
    }

    /// Units by index of the order's line that have not left as a whole.
    pub(crate) fn open_units(&self) -> Result<Vec<(usize, i64)>, Error> {
        let whole = self.units_by_line(|item| item.quantity / item.per)?;
        Ok(whole.into_iter().zip(self.complete_units()?).map(|((line, all), (_, left))| (line, all - left)).collect())
    }

    fn units_by_line(&self, units: impl Fn(&FulfillmentItem) -> i64) -> Result<Vec<(usize, i64)>, Error> {
        let mut lines: Vec<(usize, i64)> = Vec::new();
        for item in self.items()? {
            let units = units(item);
            match lines.last_mut() {
                Some((line, least)) if *line == item.line as usize => *least = units.min(*least),
                _ => lines.push((item.line as usize, units)),
            }
        }
        Ok(lines)
    }

    /// Notes that units left, by SKU, or all that is left; returns them. Units of a SKU that stands on several
    /// lines fill the first line first.
    pub(crate) fn ship(&mut self, units: Option<&[SkuQuantity]>) -> Result<Vec<SkuQuantity>, Stop> {
        let mut items = self.items()?.to_vec();
        let left = ship(&mut items, units)?;
        self.items = items.into();
        Ok(left)
    }
}

impl FulfillmentItem {
    fn is_sound(&self) -> bool {
        (1..=LEVEL_MAX).contains(&self.per)
            && (0..=LEVEL_MAX).contains(&self.quantity)
            && (0..=self.quantity).contains(&self.shipped)
            && self.sku_number != SkuNumber(0)
    }
}

fn ship(items: &mut [FulfillmentItem], units: Option<&[SkuQuantity]>) -> Result<Vec<SkuQuantity>, Rejection> {
    let mut left = Vec::new();
    let Some(all_units) = units else {
        for item in items.iter_mut().filter(|item| item.shipped < item.quantity) {
            left.push(SkuQuantity { sku: item.sku.to_string(), quantity: item.quantity - item.shipped });
            item.shipped = item.quantity;
        }
        return Ok(left);
    };
    let mut faults = Faults::default();
    for (at, shipped) in all_units.iter().enumerate() {
        let mut units = shipped.quantity;
        for item in items.iter_mut().filter(|item| *item.sku == *shipped.sku) {
            let taken = units.min(item.quantity - item.shipped);
            item.shipped += taken;
            units -= taken;
        }
        if units > 0 {
            let detail = format!("{} to ship, {} left to", shipped.quantity, shipped.quantity - units);
            faults.add(Code::NotAllocated, || format!("items[{at}]"), detail);
        }
        left.push(shipped.clone());
    }
    faults.check()?;
    Ok(left)
}

/// How far a fulfillment order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FulfillmentState {
    /// It is on its way to the warehouse.
    Requested,
    /// The warehouse has it.
    Accepted,
    /// The warehouse works on it.
    Picking,
    /// Some units left.
    PartlyShipped,
    /// All units left.
    Shipped,
    /// The warehouse will not do it.
    Refused,
    /// It was given up before all units left.
    Cancelled,
}

impl FulfillmentState {
    const ALL: [FulfillmentState; 7] = [
        FulfillmentState::Requested,
        FulfillmentState::Accepted,
        FulfillmentState::Picking,
        FulfillmentState::PartlyShipped,
        FulfillmentState::Shipped,
        FulfillmentState::Refused,
        FulfillmentState::Cancelled,
    ];

    /// The name as stores and events keep it.
    pub fn name(self) -> &'static str {
        match self {
            FulfillmentState::Requested => "requested",
            FulfillmentState::Accepted => "accepted",
            FulfillmentState::Picking => "picking",
            FulfillmentState::PartlyShipped => "partly_shipped",
            FulfillmentState::Shipped => "shipped",
            FulfillmentState::Refused => "refused",
            FulfillmentState::Cancelled => "cancelled",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing more is to come of it.
    pub fn is_final(self) -> bool {
        matches!(self, FulfillmentState::Shipped | FulfillmentState::Refused | FulfillmentState::Cancelled)
    }
}

/// The name of a fulfillment order outside: its order's id, a dash, its sequence.
///
/// ```
/// use stockroom::fulfillment::{fulfillment_id, parse_fulfillment_id};
/// assert_eq!(fulfillment_id("o-1", 2), "o-1-2");
/// assert_eq!(parse_fulfillment_id("o-1-2"), Some(("o-1", 2)));
/// assert_eq!(parse_fulfillment_id("o"), None);
/// assert_eq!(parse_fulfillment_id("o-01"), None);
/// ```
pub fn fulfillment_id(order: &str, sequence: u32) -> String {
    let mut digits = itoa::Buffer::new();
    [order, "-", digits.format(sequence)].concat()
}

/// The order's id and the sequence in a fulfillment order's name.
pub fn parse_fulfillment_id(id: &str) -> Option<(&str, u32)> {
    let (order, sequence) = id.rsplit_once('-')?;
    // Written in one way only: without a sign or leading zeros.
    let canonical = sequence.starts_with(|first: char| matches!(first, '1'..='9')) && !order.is_empty();
    let number = sequence.parse().ok()?;
    canonical.then_some((order, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two of a bundle of one mug and two plates, and three mugs of a line of their own.
    fn row() -> FulfillmentOrder {
        let item = |line, sku: &str, per, quantity| FulfillmentItem {
            line,
            sku_number: SkuNumber(1),
            sku: sku.into(),
            per,
            quantity,
            shipped: 0,
        };
        FulfillmentOrder {
            order: OrderNumber(1),
            sequence: 1,
            location: LocationNumber(1),
            destination: "wms".into(),
            state: FulfillmentState::Accepted,
            delivery: 0,
            cancelling: false,
            reference: None,
            why: String::new(),
            items: vec![item(0, "mug", 1, 2), item(0, "plate", 2, 4), item(1, "mug", 1, 3)].into(),
            shipments: Vec::new(),
            requested_at_ms: 0,
        }
    }

    #[test]
    fn units_that_cannot_be_are_not_sound() {
        type Damage = fn(&mut FulfillmentItem);
        let cases: &[(&str, Damage)] = &[
            ("none a unit", |item| item.per = 0),
            ("more a unit than there can be", |item| item.per = LEVEL_MAX + 1),
            ("negative units", |item| item.quantity = -1),
            ("more units than there can be", |item| item.quantity = LEVEL_MAX + 1),
            ("more gone than there were", |item| item.shipped = 5),
            ("negative units gone", |item| item.shipped = -1),
            ("of no SKU", |item| item.sku_number = SkuNumber(0)),
        ];
        assert!(row().is_sound() && row().items().is_ok());
        for (what, damage) in cases {
            let mut row = row();
            let mut items = row.items().unwrap().to_vec();
            damage(&mut items[1]);
            let text = serde_json::to_string(&items).unwrap();
            row.items = items.into();
            assert!(!row.is_sound(), "{what}");
            // What nobody has read yet is found out when somebody does.
            row.items = Unread::of_text(&text);
            assert!(row.is_sound(), "{what}");
            assert_eq!(row.items().unwrap_err().kind(), ErrorKind::Corrupt, "{what}");
            assert!(row.complete_units().is_err() && row.open_units().is_err() && row.ship(None).is_err(), "{what}");
        }
    }

    /// What left of each item, the units that left as a whole and those that did not, by line.
    #[test]
    fn of_a_bundle_counts_what_left_as_a_whole() {
        type Case<'a> = ([i64; 3], &'a [(usize, i64)], &'a [(usize, i64)]);
        let cases: &[Case<'_>] = &[
            ([0, 0, 0], &[(0, 0), (1, 0)], &[(0, 2), (1, 3)]),
            ([1, 2, 1], &[(0, 1), (1, 1)], &[(0, 1), (1, 2)]),
            ([2, 2, 0], &[(0, 1), (1, 0)], &[(0, 1), (1, 3)]),
            ([1, 4, 3], &[(0, 1), (1, 3)], &[(0, 1), (1, 0)]),
            ([0, 3, 0], &[(0, 0), (1, 0)], &[(0, 2), (1, 3)]),
            ([2, 4, 3], &[(0, 2), (1, 3)], &[(0, 0), (1, 0)]),
        ];
        for (gone, complete, open) in cases {
            let mut row = row();
            let mut items = row.items().unwrap().to_vec();
            items.iter_mut().zip(gone).for_each(|(item, gone)| item.shipped = *gone);
            row.items = items.into();
            let units = (row.complete_units().unwrap(), row.open_units().unwrap());
            assert_eq!(units, (complete.to_vec(), open.to_vec()), "{gone:?}");
        }
    }
}
