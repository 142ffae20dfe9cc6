//! A plan: the seed of a world and the steps that happen in it. Each step draws from a seed of its own, so that steps
//! can be left out and the others still do what they did. Plans are text as well: a failure is kept as one.

use std::fmt::Write as _;

use crate::faults::Fault;
use crate::rng::Rng;

macro_rules! kinds {
    ($($variant:ident $name:literal $weight:literal [$($fault:ident)*])*) => {
        /// What is done in a step. What each kind does stands where it is done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Kind {
            $($variant,)*
        }

        impl Kind {
            const ALL: &'static [Kind] = &[$(Kind::$variant),*];

            pub(crate) fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name),* }
            }

            /// How often it is drawn, beside the others.
            fn weight(self) -> usize {
                match self { $(Kind::$variant => $weight),* }
            }

            /// The faults of its own; those of a node befall all that commands are sent in.
            fn faults(self) -> &'static [Fault] {
                match self { $(Kind::$variant => &[$(Fault::$fault),*]),* }
            }
        }
    };
}

kinds! {
    Place "place" 160 [AnswerLost]
    PlaceFromHold "place-from-hold" 30 [AnswerLost]
    Hold "hold" 60 [AnswerLost]
    ExtendHold "extend-hold" 10 [AnswerLost]
    ReleaseHold "release-hold" 20 [AnswerLost]
    Edit "edit" 40 [AnswerLost]
    Cancel "cancel" 30 [AnswerLost]
    Ship "ship" 60 [AnswerLost]
    Return "return" 20 [AnswerLost]
    Complete "complete" 8 [AnswerLost]
    Group "group" 40 [CrashWithSubmitted FlushFails]
    Retry "retry" 60 []
    SendTwice "send-twice" 20 [SentTwice]
    ReuseKey "reuse-key" 10 [KeyReused]
    Receive "receive" 50 [AnswerLost]
    Adjust "adjust" 15 [AnswerLost]
    CountBegins "count-begins" 8 []
    CountEnds "count-ends" 10 [AnswerLost]
    Transfer "transfer" 12 [AnswerLost]
    Policy "policy" 15 [AnswerLost]
    Tick "tick" 15 []
    Prune "prune" 2 []
    Read "read" 20 []
    Rechannel "rechannel" 2 [AnswerLost]
    Preview "preview" 10 []
    Fulfill "fulfill" 40 []
    UpdateListings "update-listings" 40 []
    Take "take" 70 []
    Carry "carry" 110 [RequestLost RequestUnanswered Throttled Down RefusedForNoReason AnswerIncomplete EarlyCallback RelayForgets]
    Report "report" 90 [ReportLate ReportTwice]
    Work "work" 60 [WarehouseLies WarehouseGivesUp MessageRenamed]
    Message "message" 70 [MessageTwice MessageRenamed MessageReordered MessageLost]
    StockReport "stock-report" 8 [StockReportLies MessageTwice]
    Sale "sale" 40 [ShopSellsBlindly]
    ShopChange "shop-change" 14 [OutsideChange ListingDeleted]
    Backfill "backfill" 3 []
    Reconcile "reconcile" 3 []
    Operate "operate" 12 []
    Reassign "reassign" 8 [AnswerLost]
    Wait "wait" 30 []
    Clock "clock" 4 [ClockForward ClockBack ClockNonsense]
    Crash "crash" 6 [Crash]
}

/// What can go wrong with any command, by the node's store.
const STORE_FAULTS: [Fault; 11] = [
    Fault::StoreBusy,
    Fault::SupplyFails,
    Fault::FlushFails,
    Fault::CommitRefused,
    Fault::CommitTorn,
    Fault::CommitUnanswered,
    Fault::StoreFull,
    Fault::PanicBeforeCommit,
    Fault::PanicAfterCommit,
    Fault::FreshnessLost,
    Fault::TakenBack,
];
/// Steps of a hundred that a fault of their own befalls.
const OWN_FAULTS: u64 = 15;
/// Steps of a hundred that a fault of the store befalls.
const FAULTS_OF_STORES: u64 = 8;

impl Kind {
    fn from_name(name: &str) -> Option<Self> {
        Kind::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Whether it is there for the sake of its faults alone.
    fn is_a_fault(self) -> bool {
        matches!(self, Kind::Clock | Kind::Crash | Kind::SendTwice | Kind::ReuseKey)
    }
}

/// One step: what is done, the seed of its choices, and what goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) kind: Kind,
    pub(crate) seed: u32,
    pub(crate) fault: Option<Fault>,
}

/// A history to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) world: u64,
    pub(crate) steps: Vec<Step>,
}

impl Plan {
    /// The plan of a seed.
    pub(crate) fn draw(seed: u64, steps: usize) -> Self {
        let mut rng = Rng::new(seed ^ 0x1234_5678_9ABC_DEF0);
        let sum: usize = Kind::ALL.iter().map(|kind| kind.weight()).sum();
        let draw = |rng: &mut Rng| {
            let mut left = rng.below(sum);
            let mut kind = Kind::Place;
            for next in Kind::ALL {
                if left < next.weight() {
                    kind = *next;
                    break;
                }
                left -= next.weight();
            }
            let fault = if kind.is_a_fault() || (!kind.faults().is_empty() && rng.chance(OWN_FAULTS)) {
                rng.pick(kind.faults()).copied()
            } else if rng.chance(FAULTS_OF_STORES) {
                rng.pick(&STORE_FAULTS).copied()
            } else {
                None
            };
            Step { kind, seed: rng.next() as u32, fault }
        };
        Plan { world: seed, steps: (0..steps).map(|_| draw(&mut rng)).collect() }
    }

    /// The plan as a text that [`Plan::parse`] reads.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("world {}\n", self.world);
        for Step { kind, seed, fault } in &self.steps {
            let fault = fault.map_or_else(String::new, |fault| format!(" {}", fault.name()));
            // Writing to a string does not fail.
            let _ = writeln!(text, "{} {seed}{fault}", kind.name());
        }
        text
    }

    /// Reads a plan. Lines that begin with `#` are for people.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut plan = Plan { world: 0, steps: Vec::new() };
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let unreadable = || format!("no step: {line}");
            match words.as_slice() {
                ["world", seed] => plan.world = seed.parse().map_err(|_| unreadable())?,
                [kind, seed, rest @ ..] if rest.len() < 2 => {
                    let kind = Kind::from_name(kind).ok_or_else(unreadable)?;
                    let seed = seed.parse().map_err(|_| unreadable())?;
                    let fault = match rest.first() {
                        Some(name) => Some(Fault::from_name(name).ok_or_else(unreadable)?),
                        None => None,
                    };
                    plan.steps.push(Step { kind, seed, fault });
                }
                _ => return Err(unreadable()),
            }
        }
        Ok(plan)
    }
}
