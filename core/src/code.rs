//! Rejection codes: every business "no" has one stable number and one stable name, the same in Rust,
//! C, JavaScript and the database. `docs/codes.md` explains each.
//!
//! Precedence: when several codes apply, the **lowest number** is the rejection's own code and the
//! others stand among its faults. The hundreds follow the order in which a command is judged: its key
//! (1xx), its form (2xx), the things it names (3xx), their state (4xx), the stock (5xx). A group is
//! judged only when the groups before it found nothing, except that 2xx and 3xx are collected together
//! (402 with them, where a SKU is looked up). A command's own time (209) is judged right after 1xx, alone.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($number:literal $name:literal $variant:ident $about:literal)*) => {
        /// Why a command was rejected.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[non_exhaustive]
        #[repr(u16)]
        pub enum Code {
            $(#[doc = $about] #[serde(rename = $name)] $variant = $number,)*
        }

        impl Code {
            /// Every code, in the order of precedence.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// The stable name, as it stands in answers and events.
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name),* }
            }

            /// One sentence on what the code means.
            pub fn about(self) -> &'static str {
                match self { $(Code::$variant => $about),* }
            }
        }
    };
}

codes! {
    100 "key_invalid" KeyInvalid "The idempotency key is empty, longer than 128 bytes or has a control character."
    101 "key_reused" KeyReused "The idempotency key was used before for a command with other content."
    102 "order_exists" OrderExists "An order with this id exists and its content is another."
    103 "hold_exists" HoldExists "A live hold with this id exists and its content is another."

    200 "id_invalid" IdInvalid "A name or id is empty, too long or has a control character."
    201 "text_invalid" TextInvalid "A free text is too long or has a control character."
    202 "lines_missing" LinesMissing "The command needs at least one line."
    203 "too_many_lines" TooManyLines "The command has more than 10,000 lines."
    204 "quantity_out_of_range" QuantityOutOfRange "A quantity is outside the range that its place allows."
    205 "price_out_of_range" PriceOutOfRange "A unit price is below 0 or above 1,000,000,000,000 minor units."
    206 "value_out_of_range" ValueOutOfRange "The sum of quantity times price passes 2^53 - 1 minor units."
    207 "currency_unknown" CurrencyUnknown "The currency is not a code of ISO 4217."
    208 "totals_mismatch" TotalsMismatch "The totals given do not add up with the lines."
    209 "time_out_of_range" TimeOutOfRange "A time or a duration is outside the range that its place allows."
    210 "duplicate_entry" DuplicateEntry "An entry that may stand once stands twice."
    211 "too_many_entries" TooManyEntries "A list of entries is longer than its limit."
    212 "bundle_invalid" BundleInvalid "A bundle has no components, or one that is a bundle itself."
    250 "host_rule" HostRule "A rule of the host's own refuses the order."

    300 "sku_unknown" SkuUnknown "The SKU is not registered."
    301 "location_unknown" LocationUnknown "The location is not registered."
    302 "channel_unknown" ChannelUnknown "The channel is not registered."
    303 "order_unknown" OrderUnknown "There is no order with this id."
    304 "hold_unknown" HoldUnknown "There is no live hold with this id: never placed, released, converted or expired."
    305 "line_unknown" LineUnknown "The order has no line with this number."
    306 "subscription_unknown" SubscriptionUnknown "There is no subscription with this name."
    307 "destination_unknown" DestinationUnknown "The destination is not registered."
    308 "delivery_unknown" DeliveryUnknown "There is no such delivery: never written, done, or dropped."
    309 "fulfillment_unknown" FulfillmentUnknown "There is no fulfillment order with this name."
    310 "warehouse_unknown" WarehouseUnknown "No warehouse is registered for the location."
    311 "listing_unknown" ListingUnknown "The SKU is not listed on the channel."
    312 "channel_not_connected" ChannelNotConnected "The channel has no shop behind it."

    400 "order_closed" OrderClosed "The order is in a state in which this cannot be done any more."
    401 "order_pruned" OrderPruned "The order is closed and its details were pruned."
    402 "sku_is_bundle" SkuIsBundle "The SKU is a bundle: its components hold the stock, not it."
    403 "sku_is_not_bundle" SkuIsNotBundle "The SKU is registered otherwise: plain, or with other components."
    404 "already_shipped" AlreadyShipped "More units are to be cancelled than the line has left; shipped ones cannot be cancelled."
    405 "not_allocated" NotAllocated "More units are to be shipped than the order has allocated and ready."
    406 "not_shipped" NotShipped "More units are to be returned than were shipped and not yet returned."
    407 "nothing_to_do" NothingToDo "The order has nothing left that this could apply to."
    408 "event_number_invalid" EventNumberInvalid "The event number is behind the subscription's place or ahead of the last event."
    409 "subscription_exists" SubscriptionExists "A subscription with this name exists."
    410 "location_limit" LocationLimit "There are 65,535 locations, the most that there can be."
    411 "in_fulfillment" InFulfillment "A warehouse works on these units."
    412 "lease_lost" LeaseLost "The delivery is not leased to this attempt: the lease ended and another has it, or it was reported before."
    413 "delivery_alive" DeliveryAlive "The delivery is not a dead letter."
    414 "fulfillment_closed" FulfillmentClosed "The fulfillment order is in a state in which this cannot be done any more."
    415 "stock_report_stale" StockReportStale "The stock report is older than the last one used, or than 24 hours, or from the future."
    416 "item_taken" ItemTaken "Another SKU is listed on the channel under this name of the shop's."

    500 "insufficient_stock" InsufficientStock "Less is available than asked for."
    501 "backorder_limit" BackorderLimit "The units beyond stock pass the backorder limit."
    502 "not_on_hand" NotOnHand "More units would leave the place than are physically there."
    503 "level_out_of_range" LevelOutOfRange "A stock level would pass 2^53 - 1 units."
}

impl Code {
    /// The stable number, as the C ABI returns it.
    pub fn number(self) -> u16 {
        self as u16
    }

    /// The code with this name.
    pub fn from_name(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name() == name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One thing that is wrong with a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// What kind of fault it is.
    pub code: Code,
    /// Where in the command, as a path such as `lines[2].sku`; empty for the whole.
    pub at: String,
    /// What was found, for people. Not stable: match on the code.
    pub detail: String,
}

/// A business "no": nothing was changed. The same key sent again gets the same rejection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rejection {
    /// The code of highest precedence among the faults.
    pub code: Code,
    /// Every fault found, at most [`FAULTS_MAX`], in the order of the command's fields.
    pub faults: Vec<Fault>,
    /// How many more faults there were than are listed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
}

/// The most faults that a rejection lists. An order of 10,000 bad lines gets this many and a count.
pub const FAULTS_MAX: usize = 100;

// serde's skip_serializing_if hands over a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        for fault in self.faults.iter().take(3) {
            write!(f, "; {} {}", fault.at, fault.detail)?;
        }
        if self.faults.len() > 3 {
            write!(f, "; and {} more", self.faults.len() as u64 - 3 + self.more)?;
        }
        Ok(())
    }
}

impl Rejection {
    /// A rejection with a single fault.
    pub fn one(code: Code, at: impl Into<String>, detail: impl Into<String>) -> Self {
        Rejection { code, faults: vec![Fault { code, at: at.into(), detail: detail.into() }], more: 0 }
    }
}

/// Collects faults while a command is judged.
#[derive(Debug, Default)]
pub struct Faults {
    lowest: Option<Code>,
    faults: Vec<Fault>,
    more: u64,
}

impl Faults {
    /// Notes one fault. The path and the detail are only built where they will be kept.
    pub fn add(&mut self, code: Code, at: impl FnOnce() -> String, detail: impl Into<String>) {
        self.lowest = Some(self.lowest.map_or(code, |lowest| lowest.min(code)));
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault { code, at: at(), detail: detail.into() });
        } else {
            self.more += 1;
        }
    }

    /// Notes what was found elsewhere, as far as it was not found here.
    pub(crate) fn absorb(&mut self, found: Rejection) {
        self.more += found.more;
        for fault in found.faults {
            if !self.faults.iter().any(|known| known.code == fault.code && known.at == fault.at) {
                self.add(fault.code, || fault.at, fault.detail);
            }
        }
        self.lowest = Some(self.lowest.map_or(found.code, |lowest| lowest.min(found.code)));
    }

    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.lowest.is_none()
    }

    /// The rejection, where anything was noted.
    pub fn into_rejection(self) -> Option<Rejection> {
        let (faults, more) = (self.faults, self.more);
        self.lowest.map(|code| Rejection { code, faults, more })
    }

    /// Goes on where nothing was noted.
    pub fn check(self) -> Result<(), Rejection> {
        self.into_rejection().map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_names_are_unique() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        for code in Code::ALL {
            assert_eq!(Code::from_name(code.name()), Some(*code));
            assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{}\"", code.name()));
        }
    }

    #[test]
    fn the_lowest_number_wins_whatever_the_order() {
        let both = [Code::SkuUnknown, Code::PriceOutOfRange];
        for order in [[0, 1], [1, 0]] {
            let mut faults = Faults::default();
            order.iter().for_each(|i| faults.add(both[*i], String::new, ""));
            assert_eq!(faults.into_rejection().unwrap().code, Code::PriceOutOfRange);
        }
    }

    #[test]
    fn faults_past_the_limit_are_counted_and_still_take_precedence() {
        let mut faults = Faults::default();
        (0..150).for_each(|_| faults.add(Code::SkuUnknown, String::new, ""));
        faults.add(Code::IdInvalid, String::new, "");
        let rejection = faults.into_rejection().unwrap();
        assert_eq!((rejection.code, rejection.faults.len(), rejection.more), (Code::IdInvalid, FAULTS_MAX, 51));
    }

    #[test]
    fn a_rejection_tells_of_three_faults_and_counts_the_rest() {
        let rejection = |listed: usize, more: u64| {
            let fault = |at: usize| Fault { code: Code::SkuUnknown, at: format!("lines[{at}]"), detail: "no".into() };
            Rejection { code: Code::SkuUnknown, faults: (0..listed).map(fault).collect(), more }
        };
        for (listed, more, shown) in [
            (0, 0, "sku_unknown"),
            (2, 0, "sku_unknown; lines[0] no; lines[1] no"),
            (3, 0, "sku_unknown; lines[0] no; lines[1] no; lines[2] no"),
            (5, 0, "sku_unknown; lines[0] no; lines[1] no; lines[2] no; and 2 more"),
            (4, 51, "sku_unknown; lines[0] no; lines[1] no; lines[2] no; and 52 more"),
        ] {
            let rejection = rejection(listed, more);
            assert_eq!(rejection.to_string(), shown);
            let document = serde_json::to_value(&rejection).unwrap();
            assert_eq!(document.get("more").and_then(serde_json::Value::as_u64), (more > 0).then_some(more));
            assert_eq!(serde_json::from_value::<Rejection>(document).unwrap(), rejection);
        }
    }

    #[test]
    fn what_was_found_elsewhere_is_added_as_far_as_it_is_new() {
        let mut faults = Faults::default();
        faults.add(Code::SkuUnknown, || "lines[0].sku".into(), "here");
        let found = |code: Code, at: &str| Fault { code, at: at.into(), detail: "there".into() };
        let there = [
            found(Code::SkuUnknown, "lines[0].sku"),
            found(Code::SkuUnknown, "lines[1].sku"),
            found(Code::PriceOutOfRange, "lines[0].sku"),
        ];
        faults.absorb(Rejection { code: Code::IdInvalid, faults: there.to_vec(), more: 3 });
        faults.absorb(Rejection { code: Code::SkuUnknown, faults: Vec::new(), more: 2 });
        let rejection = faults.into_rejection().unwrap();
        let told: Vec<(Code, &str, &str)> =
            rejection.faults.iter().map(|fault| (fault.code, fault.at.as_str(), fault.detail.as_str())).collect();
        let expected = [
            (Code::SkuUnknown, "lines[0].sku", "here"),
            (Code::SkuUnknown, "lines[1].sku", "there"),
            (Code::PriceOutOfRange, "lines[0].sku", "there"),
        ];
        assert_eq!((rejection.code, rejection.more, told), (Code::IdInvalid, 5, expected.to_vec()));
    }
}
