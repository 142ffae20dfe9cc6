//! A random history of a shop whose locations are run by warehouses: the history of a shop as ever, and in between
//! deliveries that are taken, reported and fail, and what warehouses say, in any order and often twice. What is
//! said depends on what was answered, so the history is lived through in memory while it is made. The same seed is
//! the same history on every machine.

use stockroom::fulfillment::{
    Fulfill, NoteShipment, NoteWarehouseStock, ReassignFulfillment, RegisterWarehouse, SkuLevel, SkuQuantity,
    StockReports, WarehouseStatus, WarehouseStock,
};
use stockroom::memory::MemoryStore;
use stockroom::outbox::{
    DeliveryAnswer, DeliveryBody, DeliveryResult, DropDelivery, LeasedDelivery, MessageId, Patience,
    RegisterDestination, RequeueDelivery, Retry, RetryCause, TakeDeliveries,
};
use stockroom::{Answer, Command, Outcome, Prune, PruneFrom, Stockroom, TimedCommand};

use crate::documents::{MINUTE, NOON, destination, message, note, report, shipment, warehouse};
use crate::history::{History, LOCATIONS, SKUS};
use crate::random::Random;

/// The destinations of a history.
pub(crate) const DESTINATIONS: [&str; 2] = ["wms", "ä 'b'"];

/// How many commands of the shop come before the warehouses: its registrations and a little more.
const BEFORE: u64 = 30;
const YEAR: i64 = 365 * 24 * 60 * MINUTE;

/// A random history with warehouses, command by command, without an end.
#[derive(Debug)]
pub struct WarehouseHistory {
    shop: History,
    random: Random,
    lived: Stockroom<MemoryStore>,
    now_ms: i64,
    given: u64,
    /// What was taken last, the newest at the end.
    taken: Vec<LeasedDelivery>,
    /// What failed last: some of it is dead.
    failed: Vec<(String, u64)>,
    /// The names of the fulfillment orders that were taken last.
    fulfillments: Vec<String>,
    /// How many messages warehouses sent, more or less.
    messages: u64,
}

impl WarehouseHistory {
    /// The history that follows from a seed.
    pub fn new(seed: u64) -> Self {
        WarehouseHistory {
            shop: History::new(seed),
            random: Random::new(seed ^ 0x3a7e),
            lived: Stockroom::new(MemoryStore::new(), || NOON),
            now_ms: NOON,
            given: 0,
            taken: Vec::new(),
            failed: Vec::new(),
            fulfillments: Vec::new(),
            messages: 0,
        }
    }

    /// What opens the warehouses. `north` ships by hand.
    fn opening(number: u64) -> Option<Command> {
        let hasty = Patience {
            attempts_max: 2,
            backoff_max_ms: 4 * MINUTE,
            breaker_failures: 3,
            breaker_open_ms: MINUTE,
            seed: u64::MAX - 1,
            ..Patience::default()
        };
        let opening: [Command; 4] = [
            RegisterDestination { patience: hasty, ..destination(DESTINATIONS[0]) }.into(),
            destination(DESTINATIONS[1]).into(),
            RegisterWarehouse {
                stock: StockReports::CountIn,
                check_on_allocation: true,
                ..warehouse("main", DESTINATIONS[0])
            }
            .into(),
            warehouse("süd", DESTINATIONS[1]).into(),
        ];
        opening.into_iter().nth(usize::try_from(number).unwrap_or(usize::MAX))
    }

    fn destination(&mut self) -> String {
        if self.random.percent(2) { "nobody".into() } else { self.random.one_of(&DESTINATIONS).into() }
    }

    fn fulfillment(&mut self) -> String {
        if self.fulfillments.is_empty() || self.random.percent(3) {
            return format!("o-{}-1", self.random.below(40));
        }
        self.random.one_of(&self.fulfillments)
    }

    /// A message of its own, one that was sent before, or none.
    fn message(&mut self) -> Option<MessageId> {
        self.messages += 1;
        match self.random.below(10) {
            0..3 => None,
            3..5 => Some(message("wms", &format!("m-{}", self.random.below(self.messages)))),
            _ => Some(message(self.random.one_of(&["wms", "Wms"]), &format!("m-{}", self.messages))),
        }
    }

    fn take(&mut self) -> TakeDeliveries {
        TakeDeliveries {
            destination: self.destination(),
            max: 1 + self.random.below(6) as u32,
            lease_ms: self.random.between(1_000, 5 * MINUTE),
        }
    }

    /// The outcome of something that was taken: now and then of an attempt that is long over.
    fn report(&mut self) -> Command {
        if self.taken.is_empty() {
            return self.take().into();
        }
        let at = self.random.below(self.taken.len() as u64) as usize;
        let again = self.random.percent(10);
        let taken = if again { self.taken[at].clone() } else { self.taken.swap_remove(at) };
        let result = match self.random.below(10) {
            0..5 => DeliveryResult::Done(self.answer(&taken)),
            5..9 => DeliveryResult::Retry(Retry {
                after_ms: self.random.percent(20).then(|| self.random.between(0, 2 * MINUTE)),
                doubt: self.random.percent(30),
                cause: self.random.one_of(&[
                    RetryCause::Failing,
                    RetryCause::Failing,
                    RetryCause::Throttled,
                    RetryCause::NotYet,
                ]),
                why: "503 'später'".into(),
            }),
            _ => DeliveryResult::Refused { why: "\"no\"".into() },
        };
        if matches!(result, DeliveryResult::Retry(_)) {
            self.failed.push(((*taken.destination).into(), taken.number));
        }
        report(&taken.destination, taken.number, taken.attempt, result).into()
    }

    fn answer(&mut self, delivery: &LeasedDelivery) -> DeliveryAnswer {
        match &delivery.body {
            DeliveryBody::RequestFulfillment(_) => {
                let reference = self.random.percent(70).then(|| format!("W-{}", delivery.key));
                DeliveryAnswer::Handed { reference }
            }
            DeliveryBody::CancelFulfillment(_) => {
                self.random.one_of(&[DeliveryAnswer::Cancelled, DeliveryAnswer::TooLate])
            }
            DeliveryBody::CheckStock(check) => {
                let levels = check.skus.iter().take(1).map(|sku| self.level(sku));
                DeliveryAnswer::Stock(WarehouseStock { levels: levels.collect(), taken_at_ms: self.now_ms })
            }
            _ => DeliveryAnswer::Taken,
        }
    }

    fn level(&mut self, sku: &str) -> SkuLevel {
        SkuLevel { sku: sku.into(), on_hand: self.random.between(0, 25) }
    }

    fn word(&mut self) -> Command {
        let status = match self.random.below(10) {
            0..4 => WarehouseStatus::Accepted,
            4..7 => WarehouseStatus::Picking,
            7 => WarehouseStatus::Cancelled,
            _ => WarehouseStatus::Refused { why: "broken".into() },
        };
        note(&self.fulfillment(), status, self.message()).into()
    }

    fn shipment(&mut self) -> NoteShipment {
        let items = self.random.percent(40).then(|| {
            vec![SkuQuantity { sku: self.random.one_of(&SKUS[..5]).into(), quantity: self.random.between(1, 2) }]
        });
        let parcel = format!("p-{}", self.random.below(500));
        NoteShipment { items, ..shipment(&self.fulfillment(), &parcel, self.message()) }
    }

    fn counted(&mut self) -> NoteWarehouseStock {
        let sku = self.random.one_of(&SKUS[..5]);
        NoteWarehouseStock {
            location: self.random.one_of(&LOCATIONS).into(),
            stock: WarehouseStock {
                levels: vec![self.level(sku)],
                taken_at_ms: self.now_ms - self.random.between(0, 3 * MINUTE),
            },
            message: self.message(),
        }
    }

    /// One that may be a dead letter: of the last ones that failed, or any.
    fn dead_letter(&mut self) -> (String, u64) {
        match self.failed.len() {
            0 => (self.destination(), 1 + self.random.below(9)),
            length if self.random.percent(90) => {
                self.failed.swap_remove(length - 1 - self.random.below(length.min(6) as u64) as usize)
            }
            _ => (self.destination(), 1 + self.random.below(self.given)),
        }
    }

    fn action(&mut self) -> Command {
        match self.random.below(100) {
            0..25 => Fulfill { limit: 1 + self.random.below(30) as u32 }.into(),
            25..43 => self.take().into(),
            43..66 => self.report(),
            66..74 => self.word(),
            74..83 => self.shipment().into(),
            83..86 => {
                let location = self.random.percent(40).then(|| self.random.one_of(&LOCATIONS).into());
                ReassignFulfillment { fulfillment: self.fulfillment(), location }.into()
            }
            86..91 => self.counted().into(),
            91..94 => {
                let (destination, number) = self.dead_letter();
                RequeueDelivery { destination, number }.into()
            }
            94..97 => {
                let (destination, number) = self.dead_letter();
                DropDelivery { destination, number }.into()
            }
            97 => {
                let before_ms = (self.now_ms - self.random.between(0, 60 * MINUTE)).max(0);
                let from = PruneFrom::Messages("wms".into(), format!("m-{}", self.random.below(9)));
                Prune { before_ms, limit: 1 + self.random.below(8) as u32, from }.into()
            }
            98 => {
                let patience = Patience { seed: self.random.bits(), ..Patience::default() };
                RegisterDestination { patience, ..destination(DESTINATIONS[1]) }.into()
            }
            _ => {
                let checked = RegisterWarehouse {
                    check_on_allocation: self.random.percent(50),
                    ..warehouse("main", DESTINATIONS[0])
                };
                RegisterWarehouse {
                    stock: self.random.one_of(&[StockReports::Report, StockReports::CountIn]),
                    ..checked
                }
                .into()
            }
        }
    }

    fn command(&mut self) -> Option<TimedCommand> {
        let opened = self.given.checked_sub(BEFORE);
        let own = match opened.map(Self::opening) {
            Some(Some(command)) => Some(command),
            Some(None) if self.random.percent(60) => Some(self.action()),
            _ => None,
        };
        let Some(mut command) = own else {
            let timed = self.shop.next()?;
            // The shop's clock is also set to the ends of time, which are refused.
            if (NOON..NOON + YEAR).contains(&timed.at_ms) {
                self.now_ms = timed.at_ms;
            }
            return Some(timed);
        };
        if self.random.percent(10) {
            command.key = Some(format!("w-{}", self.given));
        }
        self.now_ms += self.random.between(0, MINUTE / 2);
        Some(TimedCommand { at_ms: self.now_ms, command })
    }

    /// Remembers what was taken, so that it can be reported.
    fn learn(&mut self, outcome: Outcome) {
        let Outcome::Accepted(Answer::Taken(taken)) = outcome else { return };
        for delivery in &taken.deliveries {
            if let DeliveryBody::RequestFulfillment(_) = &delivery.body {
                self.fulfillments.push(delivery.key.clone());
            }
        }
        self.taken.extend(taken.deliveries);
        let drop_first = |length: usize, keep: usize| 0..length.saturating_sub(keep);
        self.taken.drain(drop_first(self.taken.len(), 12));
        self.fulfillments.drain(drop_first(self.fulfillments.len(), 12));
    }
}

impl Iterator for WarehouseHistory {
    type Item = TimedCommand;

    fn next(&mut self) -> Option<TimedCommand> {
        let timed = self.command()?;
        self.given += 1;
        let reply = self.lived.execute_at(timed.at_ms, timed.command.clone()).ok()?;
        self.learn(reply.outcome);
        Some(timed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_history() {
        let take = |seed| WarehouseHistory::new(seed).take(400).collect::<Vec<_>>();
        assert_eq!(take(1), take(1));
        assert_ne!(take(1), take(2));
    }
}
