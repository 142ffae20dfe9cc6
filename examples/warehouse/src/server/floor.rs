//! The warehouse itself: its orders, its stock and its counters, and the rules by which they change. It may not wait,
//! ask for the time or know of HTTP: one lock around it is held for moments only.

use std::collections::{BTreeMap, HashMap};

use super::books::{Books, CallbackCounts, FulfillmentBook, OrderRecord, OrderStatus, SkuQuantity};
use super::document::Document;
use super::faults::{Fault, Faults, Request};
use super::settings::Settings;

/// All that the warehouse knows.
#[derive(Debug)]
pub(super) struct Floor {
    faults: Faults,
    honours_idempotency_key: bool,
    opening_on_hand: i64,
    /// In the order of their making.
    orders: Vec<Order>,
    /// Where the orders of each fulfillment stand in the list.
    by_fulfillment: HashMap<String, Vec<usize>>,
    attempts: HashMap<(Request, String), u32>,
    on_hand: BTreeMap<String, i64>,
    request_counts: BTreeMap<Request, u64>,
    fault_counts: BTreeMap<Fault, u64>,
    callbacks: CallbackCounts,
    /// Orders that something will still happen to by itself.
    in_hand: u64,
}

#[derive(Debug)]
struct Order {
    document: Document,
    units: Vec<SkuQuantity>,
    status: OrderStatus,
}

/// An order as answers tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) id: String,
    pub(super) fulfillment: String,
    pub(super) status: OrderStatus,
}

/// An order that is to be worked on.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// Its place in the list.
    pub(super) place: usize,
    /// Which order of its fulfillment it is, from 1.
    pub(super) number: u32,
    pub(super) fulfillment: String,
    pub(super) units: Vec<SkuQuantity>,
}

/// What came of a document.
#[derive(Debug)]
pub(super) enum Placed {
    Created(View, Job),
    /// The warehouse has it with the same content.
    Known(View),
    /// The warehouse has it with other content.
    Conflict,
}

/// What came of a wish to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cancelled {
    Done,
    /// It has left, at least once.
    Shipped,
    Unknown,
}

impl Floor {
    /// An empty warehouse.
    pub(super) fn new(settings: &Settings) -> Self {
        Floor {
            faults: settings.faults.clone(),
            honours_idempotency_key: settings.honours_idempotency_key,
            opening_on_hand: settings.opening_on_hand,
            orders: Vec::new(),
            by_fulfillment: HashMap::new(),
            attempts: HashMap::new(),
            on_hand: BTreeMap::new(),
            request_counts: BTreeMap::new(),
            fault_counts: BTreeMap::new(),
            callbacks: CallbackCounts::default(),
            in_hand: 0,
        }
    }

    pub(super) fn faults(&self) -> &Faults {
        &self.faults
    }

    pub(super) fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    pub(super) fn callbacks_mut(&mut self) -> &mut CallbackCounts {
        &mut self.callbacks
    }

    /// Counts a request.
    pub(super) fn count_request(&mut self, request: Request) {
        *self.request_counts.entry(request).or_default() += 1;
    }

    /// Counts a fault.
    pub(super) fn count_fault(&mut self, fault: Fault) {
        *self.fault_counts.entry(fault).or_default() += 1;
    }

    /// Draws the fault of the next attempt at a request for a key, and tells which attempt it is.
    pub(super) fn draw(&mut self, request: Request, key: &str) -> (Option<Fault>, u32) {
        let attempt = self.attempts.entry((request, key.to_owned())).or_default();
        *attempt = attempt.saturating_add(1);
        let attempt = *attempt;
        let fault = self.faults.draw(request, key, attempt);
        if let Some(fault) = fault {
            self.count_fault(fault);
        }
        (fault, attempt)
    }

    /// Takes an order.
    pub(super) fn place(&mut self, document: Document) -> Placed {
        let known = self.by_fulfillment.get(&document.fulfillment).and_then(|places| places.first());
        if let Some(place) = known.filter(|_| self.honours_idempotency_key) {
            let same = self.orders.get(*place).is_some_and(|order| order.document == document);
            return match self.view(*place).filter(|_| same) {
                Some(view) => Placed::Known(view),
                None => Placed::Conflict,
            };
        }
        let (place, fulfillment, units) = (self.orders.len(), document.fulfillment.clone(), document.units());
        for item in &units {
            self.on_hand.entry(item.sku.clone()).or_insert(self.opening_on_hand);
        }
        let places = self.by_fulfillment.entry(fulfillment.clone()).or_default();
        places.push(place);
        let number = u32::try_from(places.len()).unwrap_or(u32::MAX);
        self.orders.push(Order { document, units: units.clone(), status: OrderStatus::Accepted });
        self.in_hand += 1;
        let view = View { id: order_id(place), fulfillment: fulfillment.clone(), status: OrderStatus::Accepted };
        Placed::Created(view, Job { place, number, fulfillment, units })
    }

    /// A fulfillment's order: of several, the first that was not cancelled.
    pub(super) fn look_up(&self, fulfillment: &str) -> Option<View> {
        let places = self.by_fulfillment.get(fulfillment)?;
        let live = places.iter().find(|place| self.status(**place) != Some(OrderStatus::Cancelled));
        self.view(*live.or(places.first())?)
    }

    /// Gives up all orders of a fulfillment, or none if one has left.
    pub(super) fn cancel(&mut self, fulfillment: &str) -> Cancelled {
        let Some(places) = self.by_fulfillment.get(fulfillment) else {
            return Cancelled::Unknown;
        };
        if places.iter().any(|place| self.status(*place) == Some(OrderStatus::Shipped)) {
            return Cancelled::Shipped;
        }
        for place in places {
            if let Some(order) = self.orders.get_mut(*place) {
                order.status = OrderStatus::Cancelled;
            }
        }
        Cancelled::Done
    }

    /// Begins to pick an order. Whether it was there to be picked is the answer.
    pub(super) fn pick(&mut self, place: usize) -> bool {
        self.advance(place, OrderStatus::Accepted, OrderStatus::Picking)
    }

    /// Ships an order and takes its units off the stock. Whether it was there to be shipped is the answer.
    pub(super) fn ship(&mut self, place: usize) -> bool {
        if !self.advance(place, OrderStatus::Picking, OrderStatus::Shipped) {
            return false;
        }
        if let Some(order) = self.orders.get(place) {
            for item in &order.units {
                let on_hand = self.on_hand.entry(item.sku.clone()).or_insert(self.opening_on_hand);
                *on_hand = on_hand.saturating_sub(item.quantity);
            }
        }
        true
    }

    /// Nothing more will happen to an order by itself.
    pub(super) fn put_down(&mut self) {
        self.in_hand = self.in_hand.saturating_sub(1);
    }

    /// Whether something will still happen by itself.
    pub(super) fn is_busy(&self) -> bool {
        self.in_hand > 0
    }

    /// Whether all is done and the shop has accepted every callback.
    pub(super) fn is_settled(&self) -> bool {
        !self.is_busy() && self.callbacks.delivered == self.callbacks.made
    }

    /// Units on hand of a SKU.
    pub(super) fn on_hand(&self, sku: &str) -> i64 {
        self.on_hand.get(sku).copied().unwrap_or(self.opening_on_hand)
    }

    /// Sets the units on hand of a SKU.
    pub(super) fn set_on_hand(&mut self, sku: &str, on_hand: i64) {
        self.on_hand.insert(sku.to_owned(), on_hand);
    }

    /// Every SKU that was set or ordered, with its units on hand.
    pub(super) fn stock(&self) -> &BTreeMap<String, i64> {
        &self.on_hand
    }

    /// A copy of the books.
    pub(super) fn books(&self) -> Books {
        let mut fulfillments: BTreeMap<String, FulfillmentBook> = BTreeMap::new();
        for (place, order) in self.orders.iter().enumerate() {
            let mut record =
                OrderRecord { id: order_id(place), status: order.status, items: order.units.clone(), units_shipped: 0 };
            if order.status == OrderStatus::Shipped {
                record.units_shipped = record.units();
            }
            fulfillments.entry(order.document.fulfillment.clone()).or_default().orders.push(record);
        }
        Books {
            fulfillments,
            on_hand: self.on_hand.clone(),
            requests: self.request_counts.clone(),
            faults: self.fault_counts.clone(),
            callbacks: self.callbacks,
        }
    }

    fn status(&self, place: usize) -> Option<OrderStatus> {
        self.orders.get(place).map(|order| order.status)
    }

    fn view(&self, place: usize) -> Option<View> {
        let order = self.orders.get(place)?;
        Some(View { id: order_id(place), fulfillment: order.document.fulfillment.clone(), status: order.status })
    }

    fn advance(&mut self, place: usize, from: OrderStatus, to: OrderStatus) -> bool {
        match self.orders.get_mut(place).filter(|order| order.status == from) {
            Some(order) => {
                order.status = to;
                true
            }
            None => false,
        }
    }
}

/// The warehouse's name for an order.
fn order_id(place: usize) -> String {
    format!("WH-{}", place + 1)
}
