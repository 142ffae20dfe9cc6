//! What goes wrong, how often, and when: every draw is a hash of the seed and of what it is drawn for, so that the
//! same seed gives the same faults however threads and connections take turns. It may not keep a state or ask for
//! the time.

use serde::Serialize;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// `POST /fulfillment-orders`.
    Place,
    /// `GET /fulfillment-orders/{fulfillment}`.
    LookUp,
    /// `POST /fulfillment-orders/{fulfillment}/cancel`.
    Cancel,
    /// `GET /stock`.
    Stock,
    /// Anything else. It is answered as it is, and never with a fault.
    Unknown,
}

/// What a callback tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// The order is in the warehouse's books.
    Accepted,
    /// Somebody is collecting its items.
    Picking,
    /// It has left.
    Shipped,
}

impl Event {
    /// The event as the `type` of a callback.
    pub fn name(self) -> &'static str {
        match self {
            Event::Accepted => "fulfillment.accepted",
            Event::Picking => "fulfillment.picking",
            Event::Shipped => "shipment.created",
        }
    }
}

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The right answer, a little before the client's patience ends.
    Slow,
    /// The right answer, a little after the client's patience has ended.
    Late,
    /// It is done, and answered with 500.
    ErrorAfterApplying,
    /// It is not done, and answered with 500.
    ErrorBefore,
    /// It is not done, and answered with 429 and Retry-After.
    Throttle,
    /// It is done; the answer ends in the middle, before the Content-Length that it announced.
    CutBody,
    /// It is done; the connection is closed without an answer.
    Hang,
    /// It is done; the answer is no JSON, or JSON of another shape.
    WrongJson,
    /// It is not done, and answered with 200 and an error in the body.
    OkWithErrorInside,
    /// A callback that was accepted comes a second time with the same id.
    DuplicateCallback,
    /// The shipment is told before anything else of its order.
    CallbackOutOfOrder,
}

impl Fault {
    /// All kinds.
    pub const ALL: [Fault; 11] = [
        Fault::Slow,
        Fault::Late,
        Fault::ErrorAfterApplying,
        Fault::ErrorBefore,
        Fault::Throttle,
        Fault::CutBody,
        Fault::Hang,
        Fault::WrongJson,
        Fault::OkWithErrorInside,
        Fault::DuplicateCallback,
        Fault::CallbackOutOfOrder,
    ];
}

/// How often something happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u16);

impl Rate {
    /// It does not happen.
    pub const NEVER: Rate = Rate(0);
    /// It happens every time.
    pub const ALWAYS: Rate = Rate(1_000);

    /// So many times in a thousand; more than a thousand is a thousand.
    pub const fn per_thousand(times: u16) -> Self {
        if times > Rate::ALWAYS.0 { Rate::ALWAYS } else { Rate(times) }
    }
}

/// What goes wrong. An answer has one fault at most, so that the rates of answers share one thousand: what is
/// beyond it, counted in the order of the fields, never happens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// What all draws come from.
    pub seed: u64,
    /// The rate of [`Fault::Slow`].
    pub slow: Rate,
    /// The rate of [`Fault::Late`].
    pub late: Rate,
    /// The rate of [`Fault::ErrorAfterApplying`].
    pub error_after_applying: Rate,
    /// The rate of [`Fault::ErrorBefore`].
    pub error_before: Rate,
    /// The rate of [`Fault::Throttle`].
    pub throttle: Rate,
    /// The rate of [`Fault::CutBody`].
    pub cut_body: Rate,
    /// The rate of [`Fault::Hang`].
    pub hang: Rate,
    /// The rate of [`Fault::WrongJson`].
    pub wrong_json: Rate,
    /// The rate of [`Fault::OkWithErrorInside`].
    pub ok_with_error_inside: Rate,
    /// The rate of [`Fault::DuplicateCallback`], of all callbacks.
    pub duplicate_callback: Rate,
    /// The rate of [`Fault::CallbackOutOfOrder`], of all orders.
    pub callback_out_of_order: Rate,
    /// How long the client waits for an answer, as far as the warehouse knows.
    pub client_timeout_ms: u64,
    /// How far from that time slow and late answers come.
    pub timeout_margin_ms: u64,
    /// What Retry-After says.
    pub throttle_seconds: u32,
}

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Faults { client_timeout_ms: 500, timeout_margin_ms: 100, throttle_seconds: 1, ..Faults::default() }
    }

    /// Every kind happens now and then: about every sixth answer is wrong. What costs a client its whole patience
    /// is rare, so that thousands of orders still take seconds.
    pub fn seeded(seed: u64) -> Self {
        Faults {
            seed,
            slow: Rate::per_thousand(5),
            late: Rate::per_thousand(5),
            error_after_applying: Rate::per_thousand(30),
            error_before: Rate::per_thousand(30),
            throttle: Rate::per_thousand(20),
            cut_body: Rate::per_thousand(25),
            hang: Rate::per_thousand(25),
            wrong_json: Rate::per_thousand(15),
            ok_with_error_inside: Rate::per_thousand(15),
            duplicate_callback: Rate::per_thousand(50),
            callback_out_of_order: Rate::per_thousand(50),
            ..Faults::none()
        }
    }

    /// What goes wrong with the answer to a request. The key is what the request is about, such as the fulfillment
    /// order's name; attempts at the same request for the same key count from 1.
    pub fn draw(&self, request: Request, key: &str, attempt: u32) -> Option<Fault> {
        let rates = [
            (Fault::Slow, self.slow),
            (Fault::Late, self.late),
            (Fault::ErrorAfterApplying, self.error_after_applying),
            (Fault::ErrorBefore, self.error_before),
            (Fault::Throttle, self.throttle),
            (Fault::CutBody, self.cut_body),
            (Fault::Hang, self.hang),
            (Fault::WrongJson, self.wrong_json),
            (Fault::OkWithErrorInside, self.ok_with_error_inside),
        ];
        if request == Request::Unknown {
            return None;
        }
        let mut place = self.thousandth(&[b"answer", &[request as u8], key.as_bytes(), &attempt.to_le_bytes()]);
        for (fault, rate) in rates {
            if place < rate.0 {
                return Some(fault);
            }
            place -= rate.0;
        }
        None
    }

    /// Whether a callback comes twice. The number tells the orders of one fulfillment apart, from 1.
    pub fn draw_duplicate(&self, fulfillment: &str, number: u32, event: Event) -> bool {
        let parts: [&[u8]; 4] = [b"duplicate", fulfillment.as_bytes(), &number.to_le_bytes(), &[event as u8]];
        self.thousandth(&parts) < self.duplicate_callback.0
    }

    /// Whether an order's shipment is told first.
    pub fn draw_out_of_order(&self, fulfillment: &str, number: u32) -> bool {
        let parts: [&[u8]; 3] = [b"out of order", fulfillment.as_bytes(), &number.to_le_bytes()];
        self.thousandth(&parts) < self.callback_out_of_order.0
    }

    /// Whether wrong JSON is JSON at all, of another shape.
    pub(super) fn draw_wrong_shape(&self, key: &str, attempt: u32) -> bool {
        self.thousandth(&[b"shape", key.as_bytes(), &attempt.to_le_bytes()]) < 500
    }

    /// A number from 0 to 999.
    fn thousandth(&self, parts: &[&[u8]]) -> u16 {
        let spread = u128::from(hash(self.seed, parts)) * 1_000;
        // Below 1,000: the hash has 64 bits.
        (spread >> 64) as u16
    }
}

/// FNV-1a over the parts and their lengths, so that "ab", "c" is not "a", "bc". FNV alone leaves the high bits of
/// short keys alike, hence the finish of SplitMix64.
fn hash(seed: u64, parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    take(&seed.to_le_bytes());
    for part in parts {
        take(&(part.len() as u64).to_le_bytes());
        take(part);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn drawn(faults: &Faults) -> BTreeMap<Fault, u32> {
        let mut counts = BTreeMap::new();
        for order in 0..20_000 {
            if let Some(fault) = faults.draw(Request::Place, &format!("o-{order}-1"), 1) {
                *counts.entry(fault).or_default() += 1;
            }
        }
        counts
    }

    #[test]
    fn rates_are_kept_over_many_draws() {
        let faults = Faults { cut_body: Rate::per_thousand(250), hang: Rate::per_thousand(5), ..Faults::none() };
        let counts = drawn(&faults);
        assert_eq!(counts.len(), 2);
        assert!((4_700..5_300).contains(&counts[&Fault::CutBody]), "{counts:?}");
        assert!((60..140).contains(&counts[&Fault::Hang]), "{counts:?}");
        assert_eq!(drawn(&Faults::none()), BTreeMap::new());
        assert_eq!(drawn(&Faults::seeded(7)).len(), 9, "every kind of an answer");
    }

    #[test]
    fn always_is_every_time_and_never_is_not_once() {
        let always = Faults { throttle: Rate::per_thousand(5_000), ..Faults::none() };
        assert_eq!(drawn(&always), BTreeMap::from([(Fault::Throttle, 20_000)]));
        assert_eq!(always.draw(Request::Unknown, "o-1-1", 1), None);
        let both = Faults { slow: Rate::ALWAYS, hang: Rate::ALWAYS, ..Faults::none() };
        assert_eq!(drawn(&both), BTreeMap::from([(Fault::Slow, 20_000)]), "the first takes the whole thousand");
    }

    #[test]
    fn a_draw_depends_on_everything_that_it_is_for_and_on_nothing_else() {
        let half = |seed| Faults { error_before: Rate::per_thousand(500), ..Faults::seeded(seed) };
        let row = |seed, request, key: &str| -> Vec<Option<Fault>> {
            (1..=64).map(|attempt| half(seed).draw(request, key, attempt)).collect()
        };
        let first = row(1, Request::Place, "o-1-1");
        assert_eq!(first, row(1, Request::Place, "o-1-1"));
        assert_ne!(first, row(2, Request::Place, "o-1-1"));
        assert_ne!(first, row(1, Request::LookUp, "o-1-1"));
        assert_ne!(first, row(1, Request::Place, "o-1-2"));
        assert!(first.iter().any(|fault| *fault != first[0]), "attempts differ");
    }

    #[test]
    fn callbacks_have_draws_of_their_own() {
        let faults = Faults::seeded(3);
        let twice =
            (0..2_000).filter(|order| faults.draw_duplicate(&format!("o-{order}-1"), 1, Event::Shipped)).count();
        let swapped = (0..2_000).filter(|order| faults.draw_out_of_order(&format!("o-{order}-1"), 1)).count();
        assert!((60..140).contains(&twice), "{twice}");
        assert!((60..140).contains(&swapped), "{swapped}");
    }
}
