//! The conversations with Shopify's GraphQL Admin API: quantities set and read, shipments told. They do no I/O and keep
//! nothing between turns.

pub(crate) mod answer;
pub mod codes;
pub mod document;
mod read;
mod set;
mod ship;

use stockroom::outbox::{DeliveryBody, LeasedDelivery};
use stockroom::ports::{Exchange, HttpFailure, HttpResponse, Step, Turn};

use self::set::Setting;
use self::ship::Telling;
pub(crate) use self::ship::next_page;
use crate::settings::{Shop, ShopFault};
use crate::turns::unknown;

/// A shop by its GraphQL Admin API.
#[derive(Clone, Debug)]
pub struct GraphqlExchange {
    shop: Shop,
}

impl GraphqlExchange {
    /// An exchange with a shop, or what is wrong with what is said of it.
    pub fn new(shop: Shop) -> Result<Self, ShopFault> {
        match shop.fault() {
            Some(fault) => Err(fault),
            None => Ok(GraphqlExchange { shop }),
        }
    }

    /// The shop.
    pub fn shop(&self) -> &Shop {
        &self.shop
    }
}

impl Exchange for GraphqlExchange {
    fn begin(&self, delivery: &LeasedDelivery) -> Turn {
        let shop = &self.shop;
        match &delivery.body {
            // No look before a quantity that is in doubt: it is sent with the same key, and compared before it is set.
            DeliveryBody::SetQuantities(set) => Setting { shop, delivery, set }.begin(),
            DeliveryBody::ReadQuantities(quantities) => read::begin(shop, quantities),
            DeliveryBody::TellShipment(notice) => Telling { shop, delivery, notice }.begin(),
            _ => unknown(delivery),
        }
    }

    fn answered(
        &self,
        delivery: &LeasedDelivery,
        step: Step,
        memo: &str,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        let shop = &self.shop;
        match (&delivery.body, step) {
            (DeliveryBody::SetQuantities(set), set::SET | set::LOOK | set::STOCK) => {
                Setting { shop, delivery, set }.answered(step, memo, answer, now_ms)
            }
            (DeliveryBody::ReadQuantities(quantities), read::READ) => {
                read::answered(shop, quantities, memo, answer, now_ms)
            }
            (DeliveryBody::TellShipment(notice), ship::TOLD | ship::OPEN | ship::LINES | ship::CREATE) => {
                Telling { shop, delivery, notice }.answered(step, memo, answer, now_ms)
            }
            _ => unknown(delivery),
        }
    }
}
