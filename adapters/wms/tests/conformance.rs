//! Both exchanges through the suite that every exchange must pass.

use stockroom::ports::Secret;
use stockroom_conformance::exchange::{ExchangeBench, check};
use stockroom_wms::profile::Auth;
use stockroom_wms::{Profile, RestExchange, ShipBobExchange, ShipBobProfile};

const TOKEN: &str = "t0ken-that-nobody-sees";

fn profile() -> Profile {
    let auth = Auth::Bearer { token: Secret::new(TOKEN) };
    Profile { base_url: "https://wms.example/v1".into(), auth, ..Profile::default() }
}

#[test]
fn the_rest_exchange() {
    for honours_key in [false, true] {
        let exchange =
            RestExchange::new(Profile { idempotency_honoured: honours_key, ..profile() }).expect("a profile");
        check(&ExchangeBench { exchange: &exchange, secrets: &[TOKEN], honours_key });
    }
}

#[test]
fn the_shipbob_exchange() {
    let exchange = ShipBobExchange::new(ShipBobProfile::new(Secret::new(TOKEN), 42)).expect("a profile");
    check(&ExchangeBench { exchange: &exchange, secrets: &[TOKEN], honours_key: false });
}
