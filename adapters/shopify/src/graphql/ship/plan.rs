//! Which of the shop's fulfillment orders a shipment of ours belongs to. It counts units; it asks for nothing.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stockroom::channel::{NoticedLine, ShipmentNotice};
use stockroom::order::Tracking;

use super::next_page;
use crate::ids::{gid, number};
use crate::settings::Shop;

/// Units that the shop is still to be told of, by the lines of the notice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Needs {
    pub(super) units: Vec<i64>,
    /// Whether a page of fulfillment orders was read.
    #[serde(default)]
    pub(super) read: bool,
}

/// A fulfillment order with those of its lines that are in the notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenOrder {
    pub(super) id: String,
    /// The location that it is assigned to.
    pub(super) location: Option<String>,
    pub(super) status: String,
    /// Whether a fulfillment can be made of it.
    pub(super) can_ship: bool,
    pub(super) lines: Vec<OpenLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenLine {
    id: String,
    line: Option<u64>,
    sku: Option<String>,
    remaining: i64,
}

/// One `fulfillmentCreate`: fulfillment orders with their lines and units. All are of one location, as Shopify wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Call {
    orders: Vec<(String, Vec<(String, i64)>)>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    Calls(Vec<Call>),
    /// Nothing now: the shop holds a part of it back.
    Blocked(String),
}

impl Needs {
    pub(super) fn of(notice: &ShipmentNotice) -> Self {
        Needs { units: notice.lines.iter().map(|line| line.quantity.max(0)).collect(), read: false }
    }

    pub(super) fn are_met(&self) -> bool {
        self.units.iter().all(|units| *units == 0)
    }

    /// Takes off what an earlier attempt told the shop: fulfillments with our tracking number, or, where we have none,
    /// one of exactly these units without a number.
    pub(super) fn take_told(&mut self, notice: &ShipmentNotice, order: &Value) -> Option<()> {
        let ours = notice.tracking.as_ref().map(|tracking| tracking.number.as_str()).filter(|text| !text.is_empty());
        for fulfillment in order.get("fulfillments")?.as_array()? {
            let status = fulfillment.get("status")?.as_str()?;
            if matches!(status, "CANCELLED" | "ERROR" | "FAILURE") {
                continue;
            }
            let tracking = fulfillment.get("trackingInfo")?.as_array()?;
            let mut numbers = tracking.iter().filter_map(|entry| entry.get("number")?.as_str());
            let items = fulfillment.get("fulfillmentLineItems")?;
            let is_long = next_page_is_there(items)?;
            let mut rest = self.units.clone();
            let mut is_exact = !is_long;
            for item in items.get("nodes")?.as_array()? {
                let (line, sku) = line_of(item.get("lineItem")?)?;
                let mut units = item.get("quantity").and_then(Value::as_i64).unwrap_or(0);
                for (needed, noticed) in rest.iter_mut().zip(&notice.lines) {
                    if is_line(noticed, line, sku.as_deref()) {
                        let taken = units.min(*needed);
                        (*needed, units) = (*needed - taken, units - taken);
                    }
                }
                is_exact &= units == 0;
            }
            match ours {
                // One that is too long to be read is taken for all of it: telling twice is worse.
                Some(ours) if numbers.any(|number| number == ours) && is_long => rest.fill(0),
                Some(ours)
                    if tracking.iter().any(|entry| entry.get("number").and_then(Value::as_str) == Some(ours)) => {}
                None if numbers.next().is_none() && is_exact && rest.iter().all(|units| *units == 0) => {}
                _ => continue,
            }
            self.units = rest;
            if ours.is_none() {
                break;
            }
        }
        Some(())
    }
}

fn next_page_is_there(connection: &Value) -> Option<bool> {
    connection.get("pageInfo")?.get("hasNextPage")?.as_bool()
}

impl OpenOrder {
    /// One as the shop tells it, and from where on it has more lines.
    pub(super) fn read(node: &Value, notice: &ShipmentNotice) -> Option<(Self, Option<String>)> {
        let location = node.get("assignedLocation").and_then(|assigned| assigned.get("location")?.get("id")?.as_str());
        let actions = node.get("supportedActions")?.as_array()?;
        let page = node.get("lineItems")?;
        let order = OpenOrder {
            id: node.get("id")?.as_str()?.to_owned(),
            location: location.map(str::to_owned),
            status: node.get("status")?.as_str()?.to_owned(),
            can_ship: actions
                .iter()
                .any(|action| action.get("action").and_then(Value::as_str) == Some("CREATE_FULFILLMENT")),
            lines: lines(page, notice)?,
        };
        Some((order, next_page(page)?))
    }
}

/// The lines of a page with units left that are in the notice.
pub(super) fn lines(page: &Value, notice: &ShipmentNotice) -> Option<Vec<OpenLine>> {
    let mut lines = Vec::new();
    for node in page.get("nodes")?.as_array()? {
        let remaining = node.get("remainingQuantity")?.as_i64()?;
        let line = node.get("lineItem")?.get("id")?.as_str().and_then(|id| number("LineItem", id));
        let sku = node.get("sku").and_then(Value::as_str).map(str::to_owned);
        let is_ours = notice.lines.iter().any(|noticed| is_line(noticed, line, sku.as_deref()));
        if remaining > 0 && is_ours {
            lines.push(OpenLine { id: node.get("id")?.as_str()?.to_owned(), line, sku, remaining });
        }
    }
    Some(lines)
}

fn line_of(line: &Value) -> Option<(Option<u64>, Option<String>)> {
    let id = line.get("id")?.as_str().and_then(|id| number("LineItem", id));
    Some((id, line.get("sku").and_then(Value::as_str).map(str::to_owned)))
}

/// Whether a line of ours is a line of the shop's: by the line's id, or where we have none by its SKU.
fn is_line(noticed: &NoticedLine, line: Option<u64>, sku: Option<&str>) -> bool {
    match noticed.line.as_deref() {
        Some(id) => number("LineItem", id).is_some_and(|id| Some(id) == line),
        None => sku == Some(&*noticed.sku),
    }
}

/// Spreads the units over the fulfillment orders: those of the location that they left from first, then any other.
pub(super) fn plan(shop: &Shop, notice: &ShipmentNotice, needs: &Needs, orders: &[OpenOrder]) -> Plan {
    let mut left: Vec<Vec<i64>> =
        orders.iter().map(|order| order.lines.iter().map(|line| line.remaining).collect()).collect();
    let mut given: Vec<Vec<i64>> = orders.iter().map(|order| vec![0; order.lines.len()]).collect();
    for (noticed, units) in notice.lines.iter().zip(&needs.units) {
        let mut units = *units;
        let location = shop.locations.get(&*noticed.location).and_then(|id| gid("Location", id));
        let mut places: Vec<usize> = (0..orders.len()).collect();
        places.sort_by_key(|place| location.is_some() && orders[*place].location != location);
        for is_open in [true, false] {
            for &place in places.iter().filter(|place| orders[**place].can_ship == is_open) {
                for (at, line) in orders[place].lines.iter().enumerate() {
                    if units == 0 || left[place][at] == 0 || !is_line(noticed, line.line, line.sku.as_deref()) {
                        continue;
                    }
                    if !is_open {
                        // A part that is told now could not be told from the whole at the next attempt.
                        let status = &orders[place].status;
                        return Plan::Blocked(format!("a part of the order cannot be shipped there: it is {status}"));
                    }
                    let taken = units.min(left[place][at]);
                    units -= taken;
                    left[place][at] -= taken;
                    given[place][at] += taken;
                }
            }
        }
    }
    let mut calls: Vec<(&Option<String>, Call)> = Vec::new();
    for (order, given) in orders.iter().zip(given) {
        let lines: Vec<(String, i64)> = order
            .lines
            .iter()
            .zip(given)
            .filter(|(_, units)| *units > 0)
            .map(|(line, units)| (line.id.clone(), units))
            .collect();
        if lines.is_empty() {
            continue;
        }
        match calls.iter_mut().find(|(location, _)| location.is_some() && *location == &order.location) {
            Some((_, call)) => call.orders.push((order.id.clone(), lines)),
            None => calls.push((&order.location, Call { orders: vec![(order.id.clone(), lines)] })),
        }
    }
    Plan::Calls(calls.into_iter().map(|(_, call)| call).collect())
}

/// The variables of `fulfillmentCreate`.
#[derive(Serialize)]
pub(super) struct Variables {
    fulfillment: Fulfillment,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fulfillment {
    line_items_by_fulfillment_order: Vec<OrderLines>,
    notify_customer: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_info: Option<TrackingInfo>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderLines {
    fulfillment_order_id: String,
    fulfillment_order_line_items: Vec<LineUnits>,
}

#[derive(Serialize)]
struct LineUnits {
    id: String,
    quantity: i64,
}

#[derive(Serialize)]
struct TrackingInfo {
    #[serde(skip_serializing_if = "String::is_empty")]
    company: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    number: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    url: String,
}

impl Call {
    pub(super) fn variables(&self, tracking: Option<&Tracking>, notify_customer: bool) -> Variables {
        let lines = |lines: &[(String, i64)]| {
            lines.iter().map(|(id, quantity)| LineUnits { id: id.clone(), quantity: *quantity }).collect()
        };
        let orders = self.orders.iter().map(|(id, of_order)| OrderLines {
            fulfillment_order_id: id.clone(),
            fulfillment_order_line_items: lines(of_order),
        });
        let tracking_info = tracking.map(|tracking| TrackingInfo {
            company: tracking.carrier.clone(),
            number: tracking.number.clone(),
            // Shopify's URL type refuses what is none, and all of the shipment with it.
            url: if is_url(&tracking.url) { tracking.url.clone() } else { String::new() },
        });
        let tracking_info =
            tracking_info.filter(|info| !(info.company.is_empty() && info.number.is_empty() && info.url.is_empty()));
        Variables {
            fulfillment: Fulfillment {
                line_items_by_fulfillment_order: orders.collect(),
                notify_customer,
                tracking_info,
            },
        }
    }
}

fn is_url(text: &str) -> bool {
    (text.starts_with("https://") || text.starts_with("http://")) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
