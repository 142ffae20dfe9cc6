//! What a host says of a warehouse or a shop, as a document, and the exchange that is made of it.

use std::fmt::Display;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use stockroom::Result;
use stockroom::ports::Exchange;
use stockroom_shopify::{GraphqlExchange, RestExchange as ShopifyRestExchange, Shop};
use stockroom_wms::{Profile, RestExchange, ShipBobExchange, ShipBobProfile};
use stockroom_woocommerce::{WooExchange, WooProfile};

use crate::exchange_faults::{good, parse_unquoted};

const OPERATION: &str = "documents.exchange";

/// With whom deliveries are talked about. It holds keys, which are never written or shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ExchangeSettings {
    /// A warehouse that follows the contract of `docs/wms.md`, or differs from it as the profile says.
    Rest(Box<Profile>),
    /// A ShipBob account.
    Shipbob(ShipBobProfile),
    /// A Shopify shop by its GraphQL Admin API.
    Shopify(Box<Shop>),
    /// A Shopify shop by its REST Admin API; shipments go by GraphQL.
    ShopifyRest(Box<Shop>),
    /// A WooCommerce shop.
    Woocommerce(WooProfile),
}

impl ExchangeSettings {
    /// Reads settings and makes an exchange of them.
    ///
    /// # Errors
    /// [`stockroom::ErrorKind::Malformed`] where the bytes are no such document, or a setting is wrong. The text says
    /// which, and holds no secret.
    pub fn parse(settings: &[u8]) -> Result<Arc<dyn Exchange>> {
        parse_unquoted::<ExchangeSettings>(settings, OPERATION)?.exchange()
    }

    /// The exchange.
    ///
    /// # Errors
    /// [`stockroom::ErrorKind::Malformed`] where a setting is wrong.
    pub fn exchange(self) -> Result<Arc<dyn Exchange>> {
        match self {
            ExchangeSettings::Rest(profile) => shared(RestExchange::new(*profile)),
            ExchangeSettings::Shipbob(profile) => shared(ShipBobExchange::new(profile)),
            ExchangeSettings::Shopify(shop) => shared(GraphqlExchange::new(*shop)),
            ExchangeSettings::ShopifyRest(shop) => shared(ShopifyRestExchange::new(*shop)),
            ExchangeSettings::Woocommerce(profile) => shared(WooExchange::new(profile)),
        }
    }
}

fn shared<E: Exchange + 'static, F: Display>(made: Result<E, F>) -> Result<Arc<dyn Exchange>> {
    Ok(Arc::new(good(made, OPERATION)?))
}
