//! What goes wrong, and when. Faults are dealt from decks: among so many requests in a row each kind comes as often as
//! its rate says, in an order that a seed shuffles. So the same seed deals the same faults, and a short run has some of
//! each kind as well. It may not ask for the time.

use serde::Serialize;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The right answer, a little after the client's patience has ended.
    Late,
    /// It is done, and answered with 500.
    ErrorAfterApplying,
    /// It is not done, and answered with 500.
    ErrorBefore,
    /// It is not done, and its key counts as that of a request that failed.
    FailedUnderKey,
    /// It is done; the answer ends in the middle, before the Content-Length that it announced.
    CutBody,
    /// It is done; the connection is closed without an answer.
    HangUp,
    /// It and the next ones are not done: the bucket is empty.
    Throttle,
    /// A person changes a quantity that the request is about, just before it is carried out.
    EditFirst,
    /// Nothing is answered for a while. Then all that came in is carried out and answered at once.
    Outage,
    /// A webhook is never sent.
    WebhookDropped,
    /// A webhook is sent much later.
    WebhookDelayed,
    /// A webhook that was accepted comes a second time, with the same id.
    WebhookDuplicated,
    /// A webhook is sent after the next one.
    WebhookReordered,
}

/// How often something happens: so many times among [`DECK`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u8);

/// Requests or webhooks that one deck is dealt to.
pub const DECK: u64 = 40;

impl Rate {
    /// It does not happen.
    pub const NEVER: Rate = Rate(0);
    /// It happens every time.
    pub const ALWAYS: Rate = Rate(DECK as u8);

    /// So many times in each deck; more than a deck is a deck.
    pub const fn per_deck(times: u8) -> Self {
        if times > Rate::ALWAYS.0 { Rate::ALWAYS } else { Rate(times) }
    }
}

/// What goes wrong. A request or a webhook has one fault at most, so that the rates of either share one deck: what is
/// beyond it, counted in the order of the fields, never happens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// What all decks are shuffled by.
    pub seed: u64,
    /// The rate of [`Fault::Late`].
    pub late: Rate,
    /// The rate of [`Fault::ErrorAfterApplying`].
    pub error_after_applying: Rate,
    /// The rate of [`Fault::ErrorBefore`].
    pub error_before: Rate,
    /// The rate of [`Fault::FailedUnderKey`].
    pub failed_under_key: Rate,
    /// The rate of [`Fault::CutBody`].
    pub cut_body: Rate,
    /// The rate of [`Fault::HangUp`].
    pub hang_up: Rate,
    /// The rate of [`Fault::Throttle`].
    pub throttle: Rate,
    /// The rate of [`Fault::EditFirst`].
    pub edit_first: Rate,
    /// The rate of [`Fault::Outage`].
    pub outage: Rate,
    /// The rate of [`Fault::WebhookDropped`].
    pub webhook_dropped: Rate,
    /// The rate of [`Fault::WebhookDelayed`].
    pub webhook_delayed: Rate,
    /// The rate of [`Fault::WebhookDuplicated`].
    pub webhook_duplicated: Rate,
    /// The rate of [`Fault::WebhookReordered`].
    pub webhook_reordered: Rate,
    /// How late a late answer is, in milliseconds: more than the client waits.
    pub late_ms: u64,
    /// How long an outage lasts, in milliseconds.
    pub outage_ms: u64,
    /// How much later a delayed webhook is sent, in milliseconds.
    pub webhook_delay_ms: u64,
    /// Requests that are throttled in a row.
    pub throttle_burst: u32,
}

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Faults { late_ms: 300, outage_ms: 700, webhook_delay_ms: 400, throttle_burst: 3, ..Faults::default() }
    }

    /// Every kind happens now and then. What costs a client its whole patience is rare.
    pub fn seeded(seed: u64) -> Self {
        let [one, two, three] = [1, 2, 3].map(Rate::per_deck);
        Faults {
            seed,
            late: one,
            error_after_applying: two,
            error_before: one,
            failed_under_key: one,
            cut_body: two,
            hang_up: two,
            throttle: one,
            edit_first: three,
            outage: one,
            webhook_dropped: two,
            webhook_delayed: two,
            webhook_duplicated: three,
            webhook_reordered: three,
            ..Faults::none()
        }
    }

    /// What goes wrong with a request; they count from 0.
    pub fn of_request(&self, number: u64) -> Option<Fault> {
        let rates = [
            (Fault::Late, self.late),
            (Fault::ErrorAfterApplying, self.error_after_applying),
            (Fault::ErrorBefore, self.error_before),
            (Fault::FailedUnderKey, self.failed_under_key),
            (Fault::CutBody, self.cut_body),
            (Fault::HangUp, self.hang_up),
            (Fault::Throttle, self.throttle),
            (Fault::EditFirst, self.edit_first),
            (Fault::Outage, self.outage),
        ];
        self.dealt("request", number, &rates)
    }

    /// What goes wrong with a webhook of a topic; they count from 0.
    pub fn of_webhook(&self, topic: &str, number: u64) -> Option<Fault> {
        let rates = [
            (Fault::WebhookDropped, self.webhook_dropped),
            (Fault::WebhookDelayed, self.webhook_delayed),
            (Fault::WebhookDuplicated, self.webhook_duplicated),
            (Fault::WebhookReordered, self.webhook_reordered),
        ];
        self.dealt(topic, number, &rates)
    }

    /// A number below a bound, the same for the same question.
    pub(super) fn choose(&self, what: &str, number: u64, below: usize) -> usize {
        let spread = u128::from(hash(self.seed, what, number)) * below as u128;
        // Below the bound: the hash has 64 bits.
        (spread >> 64) as usize
    }

    /// The card that a number gets from its deck.
    fn dealt(&self, what: &str, number: u64, rates: &[(Fault, Rate)]) -> Option<Fault> {
        let deck = number / DECK;
        let mut cards: Vec<Option<Fault>> =
            rates.iter().flat_map(|(fault, rate)| (0..rate.0).map(|_| Some(*fault))).collect();
        cards.resize(DECK as usize, None);
        for place in (1..cards.len()).rev() {
            cards.swap(place, self.choose(what, deck * DECK + place as u64, place + 1));
        }
        cards[(number % DECK) as usize]
    }
}

/// FNV-1a with the finish of SplitMix64: FNV alone leaves the high bits of short texts alike.
fn hash(seed: u64, what: &str, number: u64) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in seed.to_le_bytes().iter().chain(what.as_bytes()).chain(&number.to_le_bytes()) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_deck_has_as_many_of_each_kind_as_its_rate_says() {
        let faults = Faults::seeded(7);
        for deck in 0..50 {
            let mut counts = BTreeMap::new();
            for number in deck * DECK..(deck + 1) * DECK {
                *counts.entry(faults.of_request(number)).or_insert(0) += 1;
            }
            assert_eq!(counts.len(), 10, "nine kinds and none");
            assert_eq!((counts[&Some(Fault::EditFirst)], counts[&Some(Fault::Outage)]), (3, 1));
        }
    }

    #[test]
    fn the_seed_and_the_number_decide_and_nothing_else() {
        let row = |seed| (0..200).map(|number| Faults::seeded(seed).of_request(number)).collect::<Vec<_>>();
        assert_eq!(row(1), row(1));
        assert_ne!(row(1), row(2));
        assert_ne!(row(1)[..40], row(1)[40..80], "decks differ");
        let topic = |topic| (0..200).map(|number| Faults::seeded(1).of_webhook(topic, number)).collect::<Vec<_>>();
        assert_ne!(topic("orders/create"), topic("inventory_levels/update"));
    }

    #[test]
    fn always_is_every_time_and_never_is_not_once() {
        let always = Faults { cut_body: Rate::per_deck(200), hang_up: Rate::ALWAYS, ..Faults::none() };
        assert!((0..100).all(|number| always.of_request(number) == Some(Fault::CutBody)));
        assert!((0..100).all(|number| Faults::none().of_request(number).is_none()));
    }

    #[test]
    fn choices_stay_below_their_bound() {
        let faults = Faults::seeded(3);
        assert!((0..1_000).all(|number| faults.choose("item", number, 7) < 7));
        assert_eq!((0..1_000).map(|number| faults.choose("item", number, 1)).max(), Some(0));
    }
}
