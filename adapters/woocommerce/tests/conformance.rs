//! The exchange through the suite that every exchange must pass.

use stockroom_conformance::exchange::{ExchangeBench, check_over};

use crate::support::*;

#[test]
fn the_exchange() {
    let deliveries = [
        set(&[("794", 5, Some(3)), ("795", 0, Some(0)), ("796/801", 7, Some(-1))], false),
        set(&[("794", 5, None), ("796/802", 1, Some(4))], false),
        read(&["794", "796/801"]),
        tell(false),
    ];
    let bodies: Vec<_> = deliveries.into_iter().map(|delivery| delivery.body).collect();
    let exchange = exchange();
    check_over(&ExchangeBench { exchange: &exchange, secrets: &[SECRET, BASIC], honours_key: true }, &bodies);
}
