//! Reading: availability, orders, holds and events. Availability is answered from the rows kept in memory
//! where the store can prove that they are still good.

use std::sync::Arc;

use crate::channel::{ChannelSettings, Listing, ListingState, Settlement, UnsettledListing, need_stock, should_show};
use crate::engine::driver::{Core, Stockroom};
use crate::engine::pages::{Kind, each_page};
use crate::engine::records::{Record, RecordKey, RecordKind};
use crate::engine::working_set::{Stop, WorkingSet};
use crate::error::{Error, Result};
use crate::fulfillment::FulfillmentOrder;
use crate::ids::{ID_BYTES_MAX, LocationNumber, SKU_BYTES_MAX, SkuNumber, StockNumber, name_fault};
use crate::inventory::{Hold, Sku, Stock, takes, whole_units};
use crate::order::Order;
use crate::outbox::{Delivery, DeliveryState, Event, StockLevel, Subscription};
use crate::ports::{Mode, Page, Rows, Store};

/// How often one read may ask for rows: catalog, SKUs, stock, and some to spare.
const MAX_ROUNDS: u32 = 10;
/// Listings looked at together.
const SETTLEMENT_PAGE: u32 = 500;
/// Listings that a settlement names at most.
const UNSETTLED_MAX: usize = 100;

impl<S: Store> Stockroom<S> {
    /// Available-to-promise of a SKU at a location, in units; below 0 where units are backordered or short.
    /// Of a bundle: how many its components make. `None` where SKU or location is not registered.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn available(&self, sku: &str, location: &str) -> Result<Option<i64>> {
        self.read(|rows| available_at(rows, sku, location))
    }

    /// The same for many pairs of SKU and location, from one consistent state.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn availability(&self, wanted: &[(&str, &str)]) -> Result<Vec<Option<i64>>> {
        self.read(|rows| all(wanted.iter().map(|(sku, location)| available_at(rows, sku, location))))
    }

    /// Available-to-promise of SKUs on a channel, in units: the sum over the locations that serve it, where a
    /// location that is short counts as 0. `None` where the channel or the SKU is not registered.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn channel_availability(&self, channel: &str, skus: &[&str]) -> Result<Vec<Option<i64>>> {
        self.read(|rows| {
            let Some(channel) = rows.catalog()?.channels.get(channel) else {
                return Ok(vec![None; skus.len()]);
            };
            all(skus.iter().map(|sku| {
                let Some(sku) = known_sku(rows, sku)? else {
                    return Ok(None);
                };
                let at = |location: &LocationNumber| {
                    whole_units(rows, takes(sku.number, &sku.components), *location, Stock::available)
                };
                Ok(Some(all(channel.locations.iter().map(at))?.into_iter().sum()))
            }))
        })
    }

    /// All quantities of a SKU at a location; `None` where either is not registered.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn stock(&self, sku: &str, location: &str) -> Result<Option<StockLevel>> {
        self.read(|rows| match stock_number(rows, sku, location)? {
            Some(number) => rows.stock_level(number).map(Some),
            None => Ok(None),
        })
    }

    /// An order by the host's id.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn order(&self, id: &str) -> Result<Option<Order>> {
        if id.len() > ID_BYTES_MAX {
            return Ok(None);
        }
        self.read(|rows| match rows.order_number(id)? {
            Some(number) => rows.order(number).cloned().map(Some),
            None => Ok(None),
        })
    }

    /// A live hold by the host's id. It may have expired and wait for a tick: compare its time.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn hold(&self, id: &str) -> Result<Option<Hold>> {
        if id.len() > ID_BYTES_MAX {
            return Ok(None);
        }
        self.read(|rows| Ok(rows.hold(id)?.map(|hold| (**hold).clone())))
    }

    /// A subscription's place.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn subscription(&self, name: &str) -> Result<Option<Subscription>> {
        if name.len() > ID_BYTES_MAX {
            return Ok(None);
        }
        self.read(|rows| Ok(rows.subscription(name)?.cloned()))
    }

    /// The events after a number, in order, at least `limit` of them where there are so many (events of one
    /// command come together).
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn events(&self, after: u64, limit: u32) -> Result<Vec<Event>> {
        let Rows::Events(rows) = self.page(&Page::Events(after), limit.max(1))? else {
            return Ok(Vec::new());
        };
        let mut events = Vec::with_capacity(rows.len());
        for row in rows {
            events.extend(row.events()?.into_iter().filter(|event| event.number > after));
            if events.len() >= limit as usize {
                break;
            }
        }
        Ok(events)
    }

    /// The events that a subscription has not acknowledged yet, as [`Stockroom::events`]; `None` where there
    /// is no such subscription. Reading moves nothing: acknowledge what was dealt with.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn subscribed_events(&self, name: &str, limit: u32) -> Result<Option<Vec<Event>>> {
        match self.subscription(name)? {
            Some(subscription) => self.events(subscription.cursor, limit).map(Some),
            None => Ok(None),
        }
    }

    /// The fulfillment orders of an order, in the order in which they were written; `None` where there is no such
    /// order.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn fulfillment_orders(&self, order: &str) -> Result<Option<Vec<FulfillmentOrder>>> {
        if name_fault(order, ID_BYTES_MAX).is_some() {
            return Ok(None);
        }
        self.read(|rows| {
            let Some(number) = rows.order_number(order)? else {
                return Ok(None);
            };
            let last = rows.order(number)?.body.fulfillments;
            let keys = || (1..=last).map(|sequence| RecordKey::Fulfillment(number, sequence));
            rows.need_records(keys())?;
            let mut found = Vec::new();
            for key in keys() {
                found.extend(rows.record::<FulfillmentOrder>(&key)?.cloned());
            }
            Ok(Some(found))
        })
    }

    /// Deliveries that were given up and wait for an operator, of all destinations or one, at most `limit`. It
    /// looks at every delivery that there is.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn dead_letters(&self, destination: Option<&str>, limit: usize) -> Result<Vec<Delivery>> {
        self.reading(|store| {
            let mut dead = Vec::new();
            each_page(store, Kind::Records(RecordKind::Delivery), &mut |rows| {
                let Rows::Records(rows) = rows else { return Ok(()) };
                for record in rows {
                    if let Record::Delivery(row) = record {
                        let wanted = destination.is_none_or(|destination| *row.destination == *destination);
                        if wanted && row.state == DeliveryState::Dead && dead.len() < limit {
                            dead.push(row);
                        }
                    }
                }
                Ok(())
            })?;
            Ok(dead)
        })
    }

    /// How a channel is kept in step with its shop, and how far that has come; `None` where it has none.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn channel_settings(&self, channel: &str) -> Result<Option<ChannelSettings>> {
        if name_fault(channel, ID_BYTES_MAX).is_some() {
            return Ok(None);
        }
        let key = RecordKey::ChannelSettings(channel.into());
        self.read(|rows| Ok(rows.record::<ChannelSettings>(&key)?.cloned()))
    }

    /// A SKU as a channel shows it; `None` where it is not listed there.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn listing(&self, channel: &str, sku: &str) -> Result<Option<Listing>> {
        if name_fault(channel, ID_BYTES_MAX).is_some() {
            return Ok(None);
        }
        self.read(|rows| match known_sku(rows, sku)? {
            Some(sku) => Ok(rows.record::<Listing>(&RecordKey::Listing(channel.into(), sku.number))?.cloned()),
            None => Ok(None),
        })
    }

    /// Whether every listing of a channel shows what it should (the invariant SETTLED), and which do not; `None`
    /// where the channel has no shop. It looks at every listing of the channel, some at a time: what changes
    /// meanwhile is seen or not.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn settled(&self, channel: &str) -> Result<Option<Settlement>> {
        let Some(settings) = self.channel_settings(channel)? else {
            return Ok(None);
        };
        let mut settlement = Settlement::default();
        let mut after = RecordKey::Listing(channel.into(), SkuNumber(0));
        loop {
            let page = Page::Records(RecordKind::Listing, Some(after.clone()));
            let Rows::Records(records) = self.page(&page, SETTLEMENT_PAGE)? else { break };
            let listings: Vec<Listing> = records
                .into_iter()
                .map_while(|record| match record {
                    Record::Listing(row) if *row.channel == *channel => Some(row),
                    _ => None,
                })
                .collect();
            let Some(last) = listings.last() else { break };
            after = RecordKey::Listing(last.channel.clone(), last.sku_number);
            let should = self.read(|rows| {
                let Some(channel) = rows.catalog()?.channels.get(channel).cloned() else {
                    return Ok(Vec::new());
                };
                need_stock(rows, listings.iter().map(|row| (row, Arc::clone(&channel))))?;
                all(listings.iter().map(|row| should_show(rows, &channel, &settings.policy, row)))
            })?;
            for (row, should) in listings.into_iter().zip(should) {
                if row.state != ListingState::Listed {
                    settlement.lost += 1;
                    continue;
                }
                settlement.listings += 1;
                let Listing { channel, sku, desired, acknowledged, .. } = row;
                if desired == should && acknowledged == Some(should) {
                    settlement.settled += 1;
                } else if settlement.unsettled.len() < UNSETTLED_MAX {
                    settlement.unsettled.push(UnsettledListing { channel, sku, should, desired, acknowledged });
                }
            }
        }
        Ok(Some(settlement))
    }

    /// Rows of one kind in the order of their keys, after the place that the page names: for listings,
    /// exports and reports.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn page(&self, page: &Page, limit: u32) -> Result<Rows> {
        self.core().store.page(page, limit)
    }

    /// Runs a function inside one consistent read.
    pub(crate) fn reading<T>(&self, read: impl FnOnce(&mut S) -> Result<T>) -> Result<T> {
        let mut core = self.core();
        let freshness = core.store.begin(Mode::Read)?;
        core.rows.trust(freshness);
        let result = read(&mut core.store);
        let ended = core.store.rollback();
        let value = result?;
        ended.map(|()| value)
    }

    fn read<T>(&self, read: impl Fn(&WorkingSet) -> Result<T, Stop>) -> Result<T> {
        let mut core = self.core();
        let freshness = core.store.freshness()?;
        core.rows.trust(freshness);
        match read(&core.rows) {
            Err(Stop::Needs(_)) => {}
            done => return done.map_err(failure),
        }
        let Core { store, rows, .. } = &mut *core;
        rows.trust(store.begin(Mode::Read)?);
        let mut result = Err(Error::broken("a read asks for rows without end"));
        for _ in 0..MAX_ROUNDS {
            match read(rows) {
                Err(Stop::Needs(mut needs)) => {
                    needs.tidy();
                    if let Err(error) = store.supply(&needs, rows).and_then(|()| rows.check_damage()) {
                        rows.clear();
                        result = Err(error);
                        break;
                    }
                }
                done => {
                    result = done.map_err(failure);
                    break;
                }
            }
        }
        // Names that are nowhere are kept too, and readers may ask for any number of them.
        rows.trim();
        let ended = store.rollback();
        let value = result?;
        ended.map(|()| value)
    }
}

fn failure(stop: Stop) -> Error {
    match stop {
        Stop::Fail(error) => error,
        _ => Error::broken("a read was answered by a rejection"),
    }
}

/// Collects every answer, or every row that is missing for them, so that the missing come in one call.
fn all<T>(answers: impl Iterator<Item = Result<T, Stop>>) -> Result<Vec<T>, Stop> {
    let mut list = Vec::with_capacity(answers.size_hint().0);
    let mut missing: Option<Box<crate::engine::Needs>> = None;
    for answer in answers {
        match (answer, &mut missing) {
            (Ok(value), None) => list.push(value),
            (Ok(_), Some(_)) => {}
            (Err(Stop::Needs(needs)), None) => missing = Some(needs),
            (Err(Stop::Needs(needs)), Some(missing)) => missing.append(*needs),
            (Err(stop), _) => return Err(stop),
        }
    }
    match missing {
        Some(needs) => Err(Stop::Needs(needs)),
        None => Ok(list),
    }
}

/// A SKU by name. A name that is too long for one is not asked for, as it would be kept.
fn known_sku<'r>(rows: &'r WorkingSet, sku: &str) -> Result<Option<&'r Arc<Sku>>, Stop> {
    if sku.len() > SKU_BYTES_MAX { Ok(None) } else { rows.sku(sku) }
}

fn stock_number(rows: &WorkingSet, sku: &str, location: &str) -> Result<Option<StockNumber>, Stop> {
    let location = rows.catalog()?.by_name.get(location).copied();
    Ok(match (known_sku(rows, sku)?, location) {
        (Some(sku), Some(location)) => Some(StockNumber::of(sku.number, location)),
        _ => None,
    })
}

fn available_at(rows: &WorkingSet, sku: &str, location: &str) -> Result<Option<i64>, Stop> {
    let Some(location) = rows.catalog()?.by_name.get(location).copied() else {
        return Ok(None);
    };
    let Some(sku) = known_sku(rows, sku)? else {
        return Ok(None);
    };
    if sku.components.is_empty() {
        return Ok(Some(rows.stock(StockNumber::of(sku.number, location))?.available()));
    }
    whole_units(rows, takes(sku.number, &sku.components), location, Stock::available).map(Some)
}
