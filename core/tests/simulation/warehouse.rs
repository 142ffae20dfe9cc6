//! Warehouses: each keeps its own books of what it was asked to ship, works at its own pace, and tells what it does in
//! messages. Some honour keys, some create an order as often as they are asked.

use std::collections::BTreeMap;

use stockroom::{
    Command, DeliveryAnswer, DeliveryBody, DeliveryResult, LeasedDelivery, MessageId, NoteFulfillment, NoteShipment,
    NoteWarehouseStock, SkuLevel, SkuQuantity, WarehouseStatus, WarehouseStock,
};

use crate::auditor::{Broken, broken};
use crate::faults::Fault;
use crate::rng::Rng;
use crate::shape::{WarehouseShape, location_name, number_in, warehouse_name};
use crate::world::World;

/// How far a warehouse has come with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Here,
    Picking,
    Gone,
    Refused,
    GivenUp,
}

/// An order as a warehouse has it.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) stage: Stage,
    reference: String,
    /// How often it was created.
    created: u32,
    /// SKU, units asked for, units that left.
    pub(crate) items: Vec<(String, i64, i64)>,
    shipments: u32,
    asked_to_give_up: bool,
    /// What it told of the last shipment.
    last_told: Option<NoteShipment>,
}

#[derive(Clone, Debug)]
pub(crate) struct Warehouse {
    pub(crate) location: usize,
    honours_keys: bool,
    name: String,
    pub(crate) parcels: BTreeMap<String, Parcel>,
}

impl Warehouse {
    pub(crate) fn new(shape: &WarehouseShape) -> Self {
        Warehouse {
            location: shape.location,
            honours_keys: shape.honours_keys,
            name: warehouse_name(shape.location),
            parcels: BTreeMap::new(),
        }
    }

    /// Whether an order was given up here.
    pub(crate) fn has_given_up(&self, name: &str) -> bool {
        self.parcels.get(name).is_some_and(|parcel| matches!(parcel.stage, Stage::Refused | Stage::GivenUp))
    }

    /// Whether anything is left to do of an order.
    pub(crate) fn has_work(&self, name: &str) -> bool {
        self.parcels.get(name).is_some_and(|parcel| matches!(parcel.stage, Stage::Here | Stage::Picking))
    }
}

impl World {
    /// What a warehouse does with a delivery.
    pub(crate) fn at_warehouse(
        &mut self,
        rng: &mut Rng,
        delivery: &LeasedDelivery,
        fault: Option<Fault>,
    ) -> Result<DeliveryResult, Broken> {
        let location = number_in(&delivery.destination);
        let Some(at) = self.warehouses.iter().position(|warehouse| warehouse.location == location) else {
            return Err(broken("HANDED-ONCE", format!("nobody is at {}", delivery.destination)));
        };
        let warehouse = &mut self.warehouses[at];
        let done = |answer| Ok(DeliveryResult::Done(answer));
        match &delivery.body {
            DeliveryBody::RequestFulfillment(request) => {
                let request = request.get().map_err(|error| broken("HANDED-ONCE", error.to_string()))?;
                let known = warehouse.parcels.get_mut(&request.fulfillment);
                if let Some(parcel) = known {
                    // One in doubt is looked up; a key finds what it was used for.
                    if !delivery.doubt {
                        parcel.created += u32::from(!warehouse.honours_keys);
                        let what = format!("{} was sent again without a look: {delivery:?}", request.fulfillment);
                        return Err(broken("HANDED-ONCE", what));
                    }
                    return done(DeliveryAnswer::Handed { reference: Some(parcel.reference.clone()) });
                }
                if fault == Some(Fault::RefusedForNoReason) {
                    self.counts.happened(Fault::RefusedForNoReason);
                    return Ok(DeliveryResult::Refused { why: "we do not ship that".into() });
                }
                let reference = format!("{}-{}", warehouse.name, warehouse.parcels.len() + 1);
                let items = request.items.iter().map(|item| (item.sku.to_string(), item.quantity, 0));
                let parcel = Parcel {
                    stage: Stage::Here,
                    reference: reference.clone(),
                    created: 1,
                    items: items.collect(),
                    shipments: 0,
                    asked_to_give_up: false,
                    last_told: None,
                };
                warehouse.parcels.insert(request.fulfillment.clone(), parcel);
                if fault == Some(Fault::EarlyCallback) {
                    self.counts.happened(Fault::EarlyCallback);
                    for _ in 0..1 + rng.below(3) {
                        self.work_on(rng, at, &request.fulfillment, None);
                    }
                    while let Some(message) = self.wire.pop_back() {
                        let node = self.any_node(rng);
                        self.send(node, message, None)?;
                        if rng.chance(50) {
                            break;
                        }
                    }
                }
                done(DeliveryAnswer::Handed { reference: rng.chance(80).then_some(reference) })
            }
            DeliveryBody::CancelFulfillment(request) => {
                let Some(parcel) = warehouse.parcels.get_mut(&request.fulfillment) else {
                    return done(DeliveryAnswer::Cancelled);
                };
                match parcel.stage {
                    Stage::Gone | Stage::Picking => done(DeliveryAnswer::TooLate),
                    Stage::Here if rng.chance(40) => {
                        parcel.asked_to_give_up = true;
                        done(DeliveryAnswer::Taken)
                    }
                    Stage::Here => {
                        parcel.stage = Stage::GivenUp;
                        done(DeliveryAnswer::Cancelled)
                    }
                    Stage::Refused | Stage::GivenUp => done(DeliveryAnswer::Cancelled),
                }
            }
            DeliveryBody::CheckStock(check) => {
                let skus: Vec<String> = check.skus.iter().map(ToString::to_string).collect();
                let mut skus_once: Vec<String> = Vec::new();
                skus.into_iter().for_each(|sku| {
                    if !skus_once.contains(&sku) {
                        skus_once.push(sku);
                    }
                });
                let stock = self.stock_of(rng, at, &skus_once, fault == Some(Fault::StockReportLies));
                done(DeliveryAnswer::Stock(stock))
            }
            _ => done(DeliveryAnswer::Taken),
        }
    }

    /// What a warehouse has: what the books say, less what left and was not told yet.
    fn stock_of(&self, rng: &mut Rng, at: usize, skus: &[String], lies: bool) -> WarehouseStock {
        let location = self.warehouses[at].location;
        let untold = |sku: &str| -> i64 {
            let told = self.wire.iter().chain(&self.lost).filter_map(|command| match &command.action {
                stockroom::Action::NoteShipment(note) => Some(note),
                _ => None,
            });
            let here = told.filter(|note| self.warehouses[at].parcels.contains_key(&note.fulfillment));
            here.flat_map(|note| note.items.iter().flatten()).filter(|item| item.sku == *sku).map(|i| i.quantity).sum()
        };
        let level = |sku: &String| {
            let row = self.auditor.books.row_of(sku, &location_name(location));
            let there = self.auditor.books.levels[row].on_hand - untold(sku);
            (sku.clone(), there)
        };
        let levels: Vec<(String, i64)> = skus.iter().map(level).collect();
        let levels = levels.into_iter().map(|(sku, there)| {
            let there = if lies { there + rng.between(-4, 4) } else { there };
            SkuLevel { sku, on_hand: there.max(0) }
        });
        WarehouseStock { taken_at_ms: self.now_ms, levels: levels.collect() }
    }

    fn message_id(&mut self, source: &str) -> MessageId {
        self.names.message += 1;
        MessageId { source: source.to_owned(), message: format!("m-{}", self.names.message) }
    }

    /// Says how far a warehouse is with an order.
    pub(crate) fn tells(&mut self, at: usize, fulfillment: &str, status: WarehouseStatus) {
        let message = Some(self.message_id(&self.warehouses[at].name.clone()));
        self.wire.push_back(NoteFulfillment { fulfillment: fulfillment.to_owned(), status, message }.into());
    }

    /// Somebody in a warehouse does something.
    pub(crate) fn work(&mut self, rng: &mut Rng, fault: Option<Fault>) {
        let at = rng.below(self.warehouses.len());
        let Some(warehouse) = self.warehouses.get(at) else { return };
        let open: Vec<&String> = warehouse
            .parcels
            .iter()
            .filter(|(_, parcel)| matches!(parcel.stage, Stage::Here | Stage::Picking))
            .map(|(name, _)| name)
            .collect();
        let told =
            |name: &&&String| fault == Some(Fault::MessageRenamed) && warehouse.parcels[**name].last_told.is_some();
        let chosen = open.iter().find(told).or(rng.pick(&open));
        let Some(name) = chosen.map(|name| (*name).clone()) else { return };
        self.work_on(rng, at, &name, fault);
    }

    /// A warehouse goes on with one order.
    pub(crate) fn work_on(&mut self, rng: &mut Rng, at: usize, name: &str, fault: Option<Fault>) {
        if fault == Some(Fault::WarehouseLies) {
            self.counts.happened(Fault::WarehouseLies);
            let message = Some(self.message_id(&self.warehouses[at].name.clone()));
            // More than any order of a world asks for: fewer would be a shipment, and the true ones come too late then.
            let items = vec![SkuQuantity { sku: "s0".into(), quantity: rng.between(5_000, 9_000) }];
            let (fulfillment, shipment) = match rng.below(3) {
                0 => (format!("o-{}-9", rng.below(50)), "never".to_owned()),
                1 => ("nothing".to_owned(), "never".to_owned()),
                _ => (name.to_owned(), "too many".to_owned()),
            };
            let note = NoteShipment { fulfillment, shipment, items: Some(items), tracking: None, message };
            return self.wire.push_back(note.into());
        }
        if fault == Some(Fault::MessageRenamed) {
            let told = self.warehouses[at].parcels.get(name).and_then(|parcel| parcel.last_told.clone());
            let Some(told) = told else { return };
            self.counts.happened(Fault::MessageRenamed);
            let message = Some(self.message_id(&self.warehouses[at].name.clone()));
            return self.wire.push_back(NoteShipment { message, ..told }.into());
        }
        let Some(parcel) = self.warehouses[at].parcels.get_mut(name) else { return };
        if parcel.asked_to_give_up || fault == Some(Fault::WarehouseGivesUp) {
            let shipped = parcel.items.iter().any(|(_, _, left)| *left > 0);
            if !parcel.asked_to_give_up {
                self.counts.happened(Fault::WarehouseGivesUp);
            } else if shipped {
                parcel.asked_to_give_up = false;
                return;
            }
            let refuses = rng.chance(50);
            parcel.stage = if refuses { Stage::Refused } else { Stage::GivenUp };
            let refused = WarehouseStatus::Refused { why: "no room".into() };
            return self.tells(at, name, if refuses { refused } else { WarehouseStatus::Cancelled });
        }
        match (parcel.stage, rng.below(4)) {
            (Stage::Here, 0) => self.tells(at, name, WarehouseStatus::Accepted),
            (Stage::Here, 1) => {
                parcel.stage = Stage::Picking;
                self.tells(at, name, WarehouseStatus::Picking);
            }
            (_, part) => self.ships(rng, at, name, part == 2),
        }
    }

    /// A warehouse ships all that is left of an order, or a part.
    fn ships(&mut self, rng: &mut Rng, at: usize, name: &str, part: bool) {
        let Some(parcel) = self.warehouses[at].parcels.get_mut(name) else { return };
        let mut items: BTreeMap<String, i64> = BTreeMap::new();
        for (sku, units, left) in &mut parcel.items {
            let rest = *units - *left;
            let now = if part { rng.between(0, rest) } else { rest };
            *left += now;
            if now > 0 {
                *items.entry(sku.clone()).or_default() += now;
            }
        }
        parcel.stage = Stage::Picking;
        if parcel.items.iter().all(|(_, units, left)| units == left) {
            parcel.stage = Stage::Gone;
        }
        if items.is_empty() {
            return;
        }
        parcel.shipments += 1;
        let shipment = format!("{}/{}", parcel.reference, parcel.shipments);
        let items = items.into_iter().map(|(sku, quantity)| SkuQuantity { sku, quantity });
        // Warehouses that ship all at once may say no more than that.
        let items = if parcel.stage == Stage::Gone && parcel.shipments == 1 && rng.chance(30) {
            None
        } else {
            Some(items.collect())
        };
        let message = Some(self.message_id(&self.warehouses[at].name.clone()));
        let fulfillment = name.to_owned();
        let note = NoteShipment { fulfillment, shipment, items, tracking: None, message };
        if let Some(parcel) = self.warehouses[at].parcels.get_mut(name) {
            parcel.last_told = Some(note.clone());
        }
        self.wire.push_back(note.into());
    }

    /// A warehouse's feed of what it has.
    pub(crate) fn stock_report(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let at = rng.below(self.warehouses.len());
        if self.warehouses.is_empty() {
            return Ok(());
        }
        let lies = fault == Some(Fault::StockReportLies);
        let skus: Vec<String> = (0..self.shape.plain).map(|sku| self.shape.sku_name(sku)).collect();
        let stock = self.stock_of(rng, at, &skus, lies);
        let message = Some(self.message_id(&self.warehouses[at].name.clone()));
        let location = location_name(self.warehouses[at].location);
        let command = Command::from(NoteWarehouseStock { location, stock, message });
        let node = self.any_node(rng);
        if lies {
            self.counts.happened(Fault::StockReportLies);
        }
        let own = matches!(fault, Some(Fault::StockReportLies | Fault::MessageTwice));
        self.send(node, command.clone(), fault.filter(|_| !own))?;
        if fault == Some(Fault::MessageTwice) {
            self.counts.happened(Fault::MessageTwice);
            self.send(node, command, None)?;
        }
        Ok(())
    }

    /// A message comes in.
    pub(crate) fn message(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let at = if fault == Some(Fault::MessageReordered) && self.wire.len() > 1 {
            self.counts.happened(Fault::MessageReordered);
            1 + rng.below(self.wire.len() - 1)
        } else {
            0
        };
        let Some(command) = self.wire.remove(at) else { return Ok(()) };
        if fault == Some(Fault::MessageLost) {
            self.counts.happened(Fault::MessageLost);
            self.lost.push(command);
            return Ok(());
        }
        let own = matches!(fault, Some(Fault::MessageTwice | Fault::MessageRenamed | Fault::MessageReordered));
        let node = self.any_node(rng);
        let sent = self.send(node, command.clone(), fault.filter(|_| !own))?;
        if sent.reply.is_none() {
            self.wire.push_front(command);
            return Ok(());
        }
        match fault {
            Some(Fault::MessageTwice) => {
                self.counts.happened(Fault::MessageTwice);
                let node = self.any_node(rng);
                self.send(node, command, None)?;
            }
            Some(Fault::MessageRenamed) => {
                self.counts.happened(Fault::MessageRenamed);
                let mut again = command;
                let id = self.message_id("again");
                rename(&mut again, id);
                self.wire.push_back(again);
            }
            _ => {}
        }
        Ok(())
    }
}

fn rename(command: &mut Command, id: MessageId) {
    use stockroom::Action as A;
    match &mut command.action {
        A::NoteFulfillment(note) => note.message = Some(id),
        A::NoteShipment(note) => note.message = Some(id),
        A::NoteListings(note) => note.message = Some(id),
        A::TakeChannelOrder(note) => note.message = Some(id),
        _ => {}
    }
}
