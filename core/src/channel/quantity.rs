//! The rules of one listing's quantities, without any rows but its own: what it should show, what a shop's word
//! means for what we know of it, and what is to be done about it now.

use crate::channel::{Listing, ListingState};

/// What a listing should show of what is available.
pub(super) fn desired(available: i64, buffer: i64, cap: Option<i64>) -> i64 {
    let left = available.saturating_sub(buffer).max(0);
    cap.map_or(left, |cap| left.min(cap))
}

/// What is to be done about a listing now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing, until something changes.
    Rest,
    /// Nothing yet: look again then.
    Look { at_ms: i64 },
    /// The time for an explanation is over.
    Judge,
    /// Its quantity is to be sent.
    Send,
}

/// What is to be done about a listing that stands in no delivery.
///
/// While the shop shows what we cannot explain, an order that explains it may be on its way: a quantity that were
/// raised now would sell those units twice. To lower it is always right.
pub(super) fn next(listing: &Listing, drift_after_ms: i64, now_ms: i64) -> Next {
    if listing.state != ListingState::Listed || listing.delivery != 0 {
        return Next::Rest;
    }
    let shown = listing.acknowledged;
    if listing.unexplained != 0 {
        let until_ms = listing.drift_since_ms.saturating_add(drift_after_ms);
        return match shown {
            _ if now_ms >= until_ms => Next::Judge,
            Some(shown) if listing.desired < shown => Next::Send,
            _ => Next::Look { at_ms: until_ms },
        };
    }
    if shown == Some(listing.desired) { Next::Rest } else { Next::Send }
}

/// What a shop's word about a listing was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Older than what we know.
    Stale,
    /// What we knew or sent.
    Echo,
    /// What it should show, though we did not know that it does; or the first word at all.
    Agrees,
    /// Something else, which nothing explains yet.
    Unexplained,
}

/// Notes that the shop shows a quantity, at a time of its clock.
pub(super) fn observe(listing: &mut Listing, quantity: i64, at_ms: i64, now_ms: i64) -> Word {
    if at_ms < listing.observed_at_ms {
        return Word::Stale;
    }
    if listing.acknowledged == Some(quantity) {
        (listing.observed, listing.observed_at_ms) = (Some(quantity), at_ms);
        return Word::Echo;
    }
    // What is being sent may be shown before its delivery is reported; and what was told once may be told again after
    // an order of the shop's own, which lowered what we know. Told of a later time it is no echo: somebody set it.
    let again = listing.observed == Some(quantity) && listing.observed_at_ms == at_ms;
    if listing.sent == Some(quantity) || again {
        return Word::Echo;
    }
    let known = listing.acknowledged.replace(quantity);
    listing.observed = Some(quantity);
    listing.observed_at_ms = at_ms;
    match known {
        Some(known) => {
            listing.unexplained = listing.unexplained.saturating_add(known.saturating_sub(quantity));
            if listing.unexplained == 0 {
                listing.drift_since_ms = 0;
                return Word::Agrees;
            }
            // The last change counts: an explanation of it has the whole time.
            listing.drift_since_ms = now_ms.max(1);
            Word::Unexplained
        }
        None => Word::Agrees,
    }
}

/// Notes that the shop took the quantity that was sent, at a time of its clock. `from` is what we knew when it was
/// sent: where that is what we know still, nothing happened meanwhile, whatever the clocks say.
pub(super) fn confirm(listing: &mut Listing, quantity: i64, from: Option<i64>, at_ms: i64) {
    let known = listing.acknowledged;
    listing.acknowledged = match known == from {
        true => Some(quantity),
        // Somebody changed it since.
        false if listing.observed_at_ms > at_ms => return,
        // Somebody had changed it before.
        false if listing.observed_at_ms < at_ms && listing.observed == known => Some(quantity),
        // Nobody knows which came first, or whether an order of the shop's own did.
        false => None,
    };
    listing.observed = Some(quantity);
    listing.observed_at_ms = listing.observed_at_ms.max(at_ms);
}

/// The shop has sold units by itself and counted them down. What it told us after that has them in it already.
pub(super) fn count_down(listing: &mut Listing, units: i64, placed_at_ms: i64) {
    if placed_at_ms > listing.observed_at_ms {
        listing.acknowledged = listing.acknowledged.map(|shown| shown.saturating_sub(units));
        return;
    }
    // They may be what could not be explained.
    let explained = units.min(listing.unexplained.max(0));
    listing.unexplained -= explained;
    if listing.unexplained == 0 {
        listing.drift_since_ms = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(desired: i64, shown: Option<i64>) -> Listing {
        Listing {
            channel: "web".into(),
            sku_number: crate::ids::SkuNumber(1),
            sku: "mug".into(),
            item: "1".into(),
            buffer: None,
            cap: None,
            state: ListingState::Listed,
            why: String::new(),
            desired,
            sent: None,
            acknowledged: shown,
            observed: shown,
            observed_at_ms: 1_000,
            unexplained: 0,
            drift_since_ms: 0,
            due_at_ms: 0,
            delivery: 0,
        }
    }

    #[test]
    fn desired_is_what_is_available_less_the_buffer_up_to_the_cap() {
        let cases = [
            // available, buffer, cap, desired
            (10, 0, None, 10),
            (10, 3, None, 7),
            (2, 3, None, 0),
            (-4, 0, None, 0),
            (10, 0, Some(5), 5),
            (10, 6, Some(5), 4),
            (10, 0, Some(0), 0),
            (i64::MIN, i64::MAX, None, 0),
        ];
        for (available, buffer, cap, expected) in cases {
            assert_eq!(desired(available, buffer, cap), expected, "{available} - {buffer} up to {cap:?}");
        }
    }

    #[test]
    fn what_is_to_be_done() {
        let until = 100 + 60;
        let cases = [
            // desired, shown, unexplained, now, next
            (5, Some(5), 0, 0, Next::Rest),
            (5, Some(6), 0, 0, Next::Send),
            (5, Some(4), 0, 0, Next::Send),
            (5, None, 0, 0, Next::Send),
            // One fewer than we can explain: not raised until its time is over, but lowered.
            (5, Some(4), 1, 120, Next::Look { at_ms: until }),
            (5, Some(5), 1, 120, Next::Look { at_ms: until }),
            (3, Some(4), 1, 120, Next::Send),
            (5, Some(4), 1, until, Next::Judge),
            (5, None, 1, 120, Next::Look { at_ms: until }),
            // More than we can explain.
            (5, Some(9), -4, 120, Next::Send),
            (12, Some(9), -4, 120, Next::Look { at_ms: until }),
        ];
        for (desired, shown, unexplained, now_ms, expected) in cases {
            let row = Listing { unexplained, drift_since_ms: 100, ..listing(desired, shown) };
            assert_eq!(next(&row, 60, now_ms), expected, "{desired} {shown:?} {unexplained} {now_ms}");
        }
        for state in [ListingState::Gone, ListingState::Refused] {
            assert_eq!(next(&Listing { state, ..listing(5, None) }, 60, 0), Next::Rest);
        }
        assert_eq!(next(&Listing { delivery: 3, ..listing(5, None) }, 60, 0), Next::Rest);
    }

    #[test]
    fn what_a_shop_shows_is_an_echo_or_to_be_explained() {
        let cases = [
            // known, sent, shown, at; word, known then, unexplained
            (Some(10), None, 10, 1_000, Word::Echo, Some(10), 0),
            (Some(10), None, 9, 999, Word::Stale, Some(10), 0),
            (Some(10), None, 9, 1_000, Word::Unexplained, Some(9), 1),
            (Some(10), None, 13, 1_001, Word::Unexplained, Some(13), -3),
            (Some(10), Some(12), 12, 1_001, Word::Echo, Some(10), 0),
            (Some(10), Some(12), 9, 1_001, Word::Unexplained, Some(9), 1),
            (None, None, 9, 1_001, Word::Agrees, Some(9), 0),
        ];
        for (known, sent, shown, at_ms, word, then, unexplained) in cases {
            let mut row = Listing { sent, ..listing(10, known) };
            assert_eq!(observe(&mut row, shown, at_ms, 5_000), word, "{known:?} {sent:?} {shown} {at_ms}");
            assert_eq!((row.acknowledged, row.unexplained), (then, unexplained), "{known:?} {sent:?} {shown} {at_ms}");
            assert_eq!(row.drift_since_ms > 0, unexplained != 0);
        }
        // An order of the shop's own lowered it, and then somebody set it to what it was before.
        let mut row = listing(8, Some(10));
        count_down(&mut row, 2, 1_500);
        assert_eq!(observe(&mut row, 10, 2_000, 5_000), Word::Unexplained);
        assert_eq!((row.acknowledged, row.unexplained), (Some(10), -2));
        // Back to what it was: explained.
        let mut row = listing(10, Some(10));
        observe(&mut row, 7, 1_001, 5_000);
        assert_eq!(observe(&mut row, 10, 1_002, 5_001), Word::Agrees);
        assert_eq!((row.acknowledged, row.unexplained, row.drift_since_ms), (Some(10), 0, 0));
    }

    #[test]
    fn an_order_of_the_shop_explains_what_was_shown_before_or_after_it() {
        // The order first, then the level.
        let mut row = listing(10, Some(10));
        count_down(&mut row, 2, 1_001);
        assert_eq!(row.acknowledged, Some(8));
        assert_eq!(observe(&mut row, 8, 1_001, 5_000), Word::Echo);
        assert_eq!(row.unexplained, 0);
        // The level first, then the order.
        let mut row = listing(10, Some(10));
        observe(&mut row, 8, 1_001, 5_000);
        count_down(&mut row, 2, 1_001);
        assert_eq!((row.acknowledged, row.unexplained, row.drift_since_ms), (Some(8), 0, 0));
        // A level with two orders in it explains itself by both.
        let mut row = listing(10, Some(10));
        observe(&mut row, 8, 1_001, 5_000);
        count_down(&mut row, 1, 1_000);
        assert_eq!((row.acknowledged, row.unexplained), (Some(8), 1));
        count_down(&mut row, 1, 1_001);
        assert_eq!((row.acknowledged, row.unexplained), (Some(8), 0));
        // An order from before our own last quantity was in it already.
        let mut row = listing(10, Some(10));
        count_down(&mut row, 2, 900);
        assert_eq!((row.acknowledged, row.unexplained), (Some(10), 0));
        // The echo of our quantity that comes after the order has lowered it is no change of somebody else's.
        let mut row = listing(10, Some(10));
        count_down(&mut row, 2, 1_001);
        assert_eq!(observe(&mut row, 10, 1_000, 5_000), Word::Echo);
        assert_eq!((row.acknowledged, row.unexplained), (Some(8), 0));
    }

    #[test]
    fn what_the_shop_confirms_is_known_unless_somebody_changed_it_since() {
        let mut row = listing(12, Some(10));
        confirm(&mut row, 12, Some(10), 2_000);
        assert_eq!((row.acknowledged, row.observed, row.observed_at_ms), (Some(12), Some(12), 2_000));
        // Whatever the clocks say, where nothing happened meanwhile.
        let mut row = listing(12, Some(10));
        confirm(&mut row, 12, Some(10), 500);
        assert_eq!((row.acknowledged, row.observed_at_ms), (Some(12), 1_000));
        let cases = [
            // seen meanwhile at; known then, unexplained
            (1_999, Some(12), 7),
            (2_001, Some(3), 7),
            // Within one tick of the shop's clock nobody knows.
            (2_000, None, 7),
        ];
        for (seen_at_ms, known, unexplained) in cases {
            let mut row = Listing { sent: Some(12), ..listing(12, Some(10)) };
            observe(&mut row, 3, seen_at_ms, 5_000);
            confirm(&mut row, 12, Some(10), 2_000);
            assert_eq!((row.acknowledged, row.unexplained), (known, unexplained), "{seen_at_ms}");
        }
        // An order of the shop's own meanwhile: before ours or after it, nobody knows.
        let mut row = Listing { sent: Some(12), ..listing(12, Some(10)) };
        count_down(&mut row, 1, 1_500);
        confirm(&mut row, 12, Some(10), 2_000);
        assert_eq!(row.acknowledged, None);
    }
}
