//! Bugs planted on purpose, so that the simulation can show that it would find them. They are compiled in under the
//! feature `planted-bugs` alone, which only the core's own tests turn on; without it every hook is a constant
//! `false`. Each hook is one condition in the rule that it breaks. Nothing else may stand in this file.

#[cfg(feature = "planted-bugs")]
use std::cell::Cell;

macro_rules! bugs {
    ($($variant:ident $name:literal $about:literal)*) => {
        /// A bug that can be turned on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        // Public where the feature makes its module so.
        #[cfg_attr(not(feature = "planted-bugs"), allow(unreachable_pub))]
        pub enum Planted {
            $(#[doc = $about] $variant,)*
        }

        #[cfg(feature = "planted-bugs")]
        impl Planted {
            /// Every bug.
            pub const ALL: &'static [Planted] = &[$(Planted::$variant),*];

            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Planted::$variant => $name),* }
            }

            /// What it does.
            pub fn about(self) -> &'static str {
                match self { $(Planted::$variant => $about),* }
            }

            /// The bug with this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Planted::ALL.iter().copied().find(|bug| bug.name() == name)
            }
        }
    };
}

bugs! {
    LostRelease "lost-release" "A hold that ends keeps its units."
    GuardSkipped "guard-skipped" "An order claims what is not there, and nothing asserts that it must not."
    HoldOnHeld "hold-on-held" "A hold does not see what other holds have, and nothing asserts that it must."
    SafetyIgnored "safety-ignored" "Safety stock is sold."
    ExpiredHoldConverts "expired-hold-converts" "An order takes over a hold whose time has passed."
    TransferCreates "transfer-creates" "Units that move to a location stay where they were as well."
    CountUndoesSales "count-undoes-sales" "A count sets the level to what was found, whatever moved meanwhile."
    ReturnedTooOften "returned-too-often" "More units come back than have left."
    FillForgotten "fill-forgotten" "Units that become free fill no waiting backorder."
    LastComeFirstServed "last-come-first-served" "Backorders are filled from the end of the queue."
    ShortfallUnsaid "shortfall-unsaid" "Claims lose their cover and no event says so."
    EventForgotten "event-forgotten" "A command that changes stock levels alone leaves no event."
    RejectionUnsaid "rejection-unsaid" "A refused order leaves no event."
    KeyForgotten "key-forgotten" "An idempotency key is not written down."
    WrongAnswerRemembered "wrong-answer-remembered" "A key is written down with another answer."
    KeyContentUnchecked "key-content-unchecked" "A key answers for any command that bears it."
    FulfillCursorTooFar "fulfill-cursor-too-far" "The reading of events for warehouses skips what it did not read."
    ListingCursorTooFar "listing-cursor-too-far" "The reading of events for shops skips what it did not read."
    HandedTwice "handed-twice" "Units that a warehouse has are handed out once more."
    ShippedTwice "shipped-twice" "A shipment that is told again leaves again."
    CancelForgotten "cancel-forgotten" "What is left when the last warehouse lets go of a cancelled order stays."
    DoubtForgotten "doubt-forgotten" "A delivery whose lease ended is sent again without a look."
    LateReportTaken "late-report-taken" "A report counts though another attempt is under way."
    DeadLetterLost "dead-letter-lost" "A delivery that is given up is gone."
    MessageTakenTwice "message-taken-twice" "The inbox does not know what it took in."
    BundleForgotten "bundle-forgotten" "A bundle's listing is not reckoned anew when its components change."
    StaleCache "stale-cache" "Rows kept in memory are trusted though somebody else wrote."
}

/// Whether a bug is turned on.
macro_rules! planted {
    ($bug:ident) => {
        $crate::planted::Planted::$bug.is_chosen()
    };
}
pub(crate) use planted;

#[cfg(feature = "planted-bugs")]
thread_local! {
    static CHOSEN: Cell<Option<Planted>> = const { Cell::new(None) };
}

/// Turns one bug on for this thread, or none.
#[cfg(feature = "planted-bugs")]
pub fn plant(bug: Option<Planted>) {
    CHOSEN.set(bug);
}

impl Planted {
    #[cfg(feature = "planted-bugs")]
    pub(crate) fn is_chosen(self) -> bool {
        CHOSEN.get() == Some(self)
    }

    #[cfg(not(feature = "planted-bugs"))]
    pub(crate) const fn is_chosen(self) -> bool {
        false
    }
}
