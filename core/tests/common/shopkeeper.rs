//! The shop behind the channel `web`, played by the test: what it takes, what it says, what it sells.

use stockroom::channel::Listing;
use stockroom::{
    Answer, ChannelLine, ChannelOrder, ChannelPolicy, ConnectChannel, DeliveryAnswer, DeliveryBody, DeliveryResult,
    EventData, EventKind, LeasedDelivery, NoteListings, NotedListings, Patience, QuantityToSet, RegisterDestination,
    ReportDelivery, Retry, SeenListing, SetListing, Shown, ShownQuantities, ShownQuantity, TakeChannelOrder,
    TakeDeliveries, UpdateListings, UpdatedListings,
};

use super::{START_MS, Shop};

pub(crate) const MINUTE_MS: i64 = 60_000;

/// The fields of what is sent that tests look at.
pub(crate) type Sent = (String, i64, Option<i64>);

pub(crate) trait Shopkeeper {
    fn update(&self) -> UpdatedListings;
    fn take(&self) -> Vec<LeasedDelivery>;
    fn report(&self, delivery: &LeasedDelivery, result: DeliveryResult);
    fn listing(&self, sku: &str) -> Listing;
    fn settle(&self) -> usize;
    fn is_settled(&self) -> bool;
    fn sees(&self, item: &str, quantity: Option<i64>, at_ms: i64) -> NotedListings;
    fn wait(&self, ms: i64);
}

impl Shopkeeper for Shop {
    fn update(&self) -> UpdatedListings {
        match self.accept(UpdateListings { limit: 100 }).outcome {
            stockroom::Outcome::Accepted(Answer::ListingsUpdated(updated)) => updated,
            other => panic!("{other:?}"),
        }
    }

    fn take(&self) -> Vec<LeasedDelivery> {
        let take = TakeDeliveries { destination: "shop".into(), max: 100, lease_ms: MINUTE_MS };
        match self.accept(take).outcome {
            stockroom::Outcome::Accepted(Answer::Taken(taken)) => taken.deliveries,
            other => panic!("{other:?}"),
        }
    }

    fn report(&self, delivery: &LeasedDelivery, result: DeliveryResult) {
        self.accept(ReportDelivery {
            destination: delivery.destination.clone(),
            number: delivery.number,
            attempt: delivery.attempt,
            result,
        });
    }

    fn listing(&self, sku: &str) -> Listing {
        self.room.listing("web", sku).unwrap().expect("it is listed")
    }

    /// Reacts and lets the shop take everything, until nothing is left; how many requests that took.
    fn settle(&self) -> usize {
        let mut requests = 0;
        loop {
            self.update();
            let taken = self.take();
            if taken.is_empty() {
                return requests;
            }
            requests += taken.len();
            taken.iter().for_each(|delivery| self.report(delivery, all_set(delivery, self.now_ms())));
        }
    }

    fn is_settled(&self) -> bool {
        self.room.settled("web").unwrap().expect("it has a shop").is_settled()
    }

    fn sees(&self, item: &str, quantity: Option<i64>, at_ms: i64) -> NotedListings {
        let listings = vec![SeenListing { item: item.into(), at_ms, quantity }];
        match self.accept(NoteListings { channel: "web".into(), listings, message: None }).outcome {
            stockroom::Outcome::Accepted(Answer::ListingsNoted(noted)) => noted,
            other => panic!("{other:?}"),
        }
    }

    fn wait(&self, ms: i64) {
        self.set_clock(self.now_ms() + ms);
    }
}

/// A shop behind `web` that lists mug, plate and the bundle of both.
pub(crate) fn shop(levels: &[(&str, &str, i64)], policy: ChannelPolicy) -> Shop {
    let shop = Shop::stocked(levels);
    let patience = Patience { attempts_max: 3, ..Patience::default() };
    shop.accept(RegisterDestination { destination: "shop".into(), patience });
    shop.accept(ConnectChannel { channel: "web".into(), destination: "shop".into(), policy });
    for (sku, item) in [("mug", "m-1"), ("plate", "p-1"), ("set", "s-1")] {
        shop.accept(listed(sku, item));
    }
    shop
}

pub(crate) fn settled_shop(levels: &[(&str, &str, i64)], policy: ChannelPolicy) -> Shop {
    let shop = shop(levels, policy);
    shop.settle();
    assert!(shop.is_settled());
    shop
}

pub(crate) fn listed(sku: &str, item: &str) -> SetListing {
    SetListing { channel: "web".into(), sku: sku.into(), item: item.into(), ..SetListing::default() }
}

pub(crate) fn sent(delivery: &LeasedDelivery) -> Vec<Sent> {
    match &delivery.body {
        DeliveryBody::SetQuantities(batch) => {
            let sent = |entry: &QuantityToSet| (entry.sku.to_string(), entry.quantity, entry.from);
            batch.listings.iter().map(sent).collect()
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) fn said(at_ms: i64, shown: &[(&str, Shown)]) -> DeliveryResult {
    let listings = shown.iter().map(|(sku, shown)| ShownQuantity { sku: (*sku).into(), shown: shown.clone() });
    let said = ShownQuantities { at_ms: Some(at_ms), listings: listings.collect() };
    DeliveryResult::Done(DeliveryAnswer::Quantities(said))
}

/// The shop shows all that was sent.
pub(crate) fn all_set(delivery: &LeasedDelivery, at_ms: i64) -> DeliveryResult {
    match &delivery.body {
        DeliveryBody::SetQuantities(batch) => {
            let shown: Vec<_> = batch.listings.iter().map(|entry| (&*entry.sku, Shown::Set)).collect();
            said(at_ms, &shown)
        }
        _ => DeliveryResult::Done(DeliveryAnswer::Taken),
    }
}

pub(crate) fn lost() -> DeliveryResult {
    DeliveryResult::Retry(Retry { doubt: true, why: "no answer".into(), ..Retry::default() })
}

pub(crate) fn line(line: &str, sku: &str, quantity: i64) -> ChannelLine {
    ChannelLine { line: line.into(), sku: sku.into(), quantity, unit_price_minor: 1_250 }
}

pub(crate) fn told(id: &str, at_ms: i64, lines: &[(&str, &str, i64)]) -> ChannelOrder {
    ChannelOrder {
        id: id.into(),
        channel: "web".into(),
        reference: format!("gid-{id}"),
        placed_at_ms: START_MS + at_ms,
        updated_at_ms: START_MS + at_ms,
        currency: "EUR".into(),
        lines: lines.iter().map(|(name, sku, quantity)| line(name, sku, *quantity)).collect(),
        ..ChannelOrder::default()
    }
}

pub(crate) fn taken(order: ChannelOrder) -> TakeChannelOrder {
    TakeChannelOrder { order, message: None }
}

pub(crate) fn events(shop: &Shop, kind: EventKind) -> Vec<EventData> {
    shop.events().into_iter().map(|event| event.data).filter(|data| data.kind() == kind).collect()
}
