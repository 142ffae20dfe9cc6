//! The exchanges through the suite that every exchange must pass.

use stockroom::outbox::{DeliveryBody, LeasedDelivery};
use stockroom::ports::{Exchange, HttpFailure, HttpResponse, Method, Step, Turn};
use stockroom_conformance::exchange::{ExchangeBench, check_over};
use stockroom_shopify::{GraphqlExchange, RestExchange};

use crate::support::*;

/// GraphQL reads by POST. The suite tells reads from changes by the method, so that reads are GET to it.
struct ReadsByGet<E>(E);

impl<E: Exchange> Exchange for ReadsByGet<E> {
    fn begin(&self, delivery: &LeasedDelivery) -> Turn {
        with_get(self.0.begin(delivery))
    }

    fn answered(
        &self,
        delivery: &LeasedDelivery,
        step: Step,
        memo: &str,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        with_get(self.0.answered(delivery, step, memo, answer, now_ms))
    }
}

fn with_get(mut turn: Turn) -> Turn {
    if let Turn::Ask { request, .. } = &mut turn {
        let is_query = serde_json::from_slice::<serde_json::Value>(&request.body).is_ok_and(|body| {
            body["query"].as_str().is_some_and(|query| query.lines().any(|line| line.starts_with("query ")))
        });
        if is_query {
            request.method = Method::Get;
        }
    }
    turn
}

pub(crate) fn bodies() -> Vec<DeliveryBody> {
    let quantities = [("1", 5, Some(3)), ("2", 0, Some(0)), ("gid://shopify/InventoryItem/3", 7, Some(-1))];
    let line = [(Some("11"), "mug", "north", 1), (None, "plate & cup", "elsewhere", 2)];
    [
        set(&quantities, false),
        set(&[("1", 5, None), ("2", 1, Some(4))], false),
        set(&[("1", 5, None)], false),
        read(&["1", "2"]),
        tell(&line, "AB1", false),
        tell(&line, "", false),
    ]
    .into_iter()
    .map(|delivery| delivery.body)
    .collect()
}

#[test]
fn the_graphql_exchange() {
    let exchange = ReadsByGet(GraphqlExchange::new(shop()).expect("a shop"));
    check_over(&ExchangeBench { exchange: &exchange, secrets: &[TOKEN], honours_key: true }, &bodies());
}

#[test]
fn the_rest_exchange() {
    let exchange = ReadsByGet(RestExchange::new(shop()).expect("a shop"));
    check_over(&ExchangeBench { exchange: &exchange, secrets: &[TOKEN], honours_key: true }, &bodies());
}
