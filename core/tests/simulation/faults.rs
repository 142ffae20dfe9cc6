//! The faults that the simulation makes happen: their names, what each is, and how often each happened. To add one,
//! add a row, say in `plan.rs` which steps it can befall, and make it happen where that step is done.

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident $name:literal $about:literal)*) => {
        /// What can go wrong in a step.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Fault {
            $(#[doc = $about] $variant,)*
        }

        impl Fault {
            /// Every fault.
            pub(crate) const ALL: &'static [Fault] = &[$(Fault::$variant),*];

            pub(crate) fn name(self) -> &'static str {
                match self { $(Fault::$variant => $name),* }
            }

            pub(crate) fn about(self) -> &'static str {
                match self { $(Fault::$variant => $about),* }
            }
        }
    };
}

faults! {
    StoreBusy "store-busy" "Another holds the store: the unit of work does not begin."
    SupplyFails "supply-fails" "The store cannot read rows in the middle of a decision."
    FlushFails "flush-fails" "A write in the middle of a unit of work fails."
    CommitRefused "commit-refused" "The commit fails before anything is written."
    CommitTorn "commit-torn" "The commit fails when half is written; recovery takes it back."
    CommitUnanswered "commit-unanswered" "The commit is done, and an error is all that comes back."
    StoreFull "store-full" "There is no room for the commit."
    PanicBeforeCommit "panic-before-commit" "The process's thread dies in the commit, before it is done."
    PanicAfterCommit "panic-after-commit" "The process's thread dies in the commit, after it is done."
    FreshnessLost "freshness-lost" "The store cannot tell whether anybody else wrote."
    TakenBack "taken-back" "The store says that what was read may have been taken back."
    Crash "crash" "A node stops and comes back with nothing but the store."
    CrashWithSubmitted "crash-with-submitted" "A node stops with commands handed in and not committed."
    ClockForward "clock-forward" "A node's clock jumps ahead."
    ClockBack "clock-back" "A node's clock jumps back."
    ClockNonsense "clock-nonsense" "A node's clock shows a time that cannot be."
    AnswerLost "answer-lost" "The command is done, and its answer is lost on the way to the terminal."
    SentTwice "sent-twice" "A terminal sends an answered command once more."
    KeyReused "key-reused" "A terminal uses a key again for something else."
    RelayForgets "relay-forgets" "A relay stops with deliveries that it took and did not report."
    ReportLate "report-late" "A relay reports after its lease has ended."
    ReportTwice "report-twice" "A relay reports twice."
    RequestLost "request-lost" "A request never arrives, and nobody knows that."
    RequestUnanswered "request-unanswered" "A request is carried out, and its answer is lost."
    Throttled "throttled" "A remote asks for a slower pace."
    Down "down" "A remote fails and does nothing."
    RefusedForNoReason "refused-for-no-reason" "A remote refuses what it could do."
    MessageTwice "message-twice" "A message comes twice."
    MessageRenamed "message-renamed" "The same news comes again in a message of another name."
    MessageReordered "message-reordered" "A message overtakes those before it."
    MessageLost "message-lost" "A message is lost until somebody asks."
    EarlyCallback "early-callback" "A warehouse's message is faster than its answer."
    StockReportLies "stock-report-lies" "A warehouse says that it has what it has not, or the other way round."
    WarehouseLies "warehouse-lies" "A warehouse ships more than asked for, or tells of what it does not have."
    WarehouseGivesUp "warehouse-gives-up" "A warehouse gives an order up by itself."
    OutsideChange "outside-change" "Somebody changes a quantity at a shop."
    ListingDeleted "listing-deleted" "Somebody deletes a listing at a shop."
    AnswerIncomplete "answer-incomplete" "A shop answers for some of what it was asked."
    ShopSellsBlindly "shop-sells-blindly" "A shop sells more than there is."
}

impl Fault {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Fault::ALL.iter().copied().find(|fault| fault.name() == name)
    }
}

/// How often each fault happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FaultCounts(Vec<u64>);

impl Default for FaultCounts {
    fn default() -> Self {
        FaultCounts(vec![0; Fault::ALL.len()])
    }
}

impl FaultCounts {
    /// Notes that a fault happened.
    pub(crate) fn happened(&mut self, fault: Fault) {
        self.0[fault as usize] += 1;
    }

    pub(crate) fn of(&self, fault: Fault) -> u64 {
        self.0[fault as usize]
    }

    pub(crate) fn add(&mut self, other: &FaultCounts) {
        self.0.iter_mut().zip(&other.0).for_each(|(sum, count)| *sum += count);
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}
