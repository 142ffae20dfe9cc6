//! Where a destination's deliveries stand. Those that nobody has tried are taken in the order of their numbers: a place in
//! that order says which are taken, and a row for each run of them until when. So a delivery that is taken, carried and
//! done is written once and removed once. All others take their turn by time, and their own columns say how they stand.

use rusqlite::{Connection, OptionalExtension, Row, params};
use stockroom::outbox::{Delivery, DeliveryState};
use stockroom::{Name, Result};

use super::{Statements, milliseconds};
use crate::error::During;
use crate::write::{WRITE, prepare};

/// Below this a lease's own row, which every search for what is due looks at, costs more than it spares.
const RUN_MIN: usize = 16;

static QUEUE: &str = "SELECT d.number, coalesce(q.taken_id, d.number << 44), coalesce(q.last_id, d.number << 44), \
                      coalesce(q.last_due_at_ms, 0) FROM stockroom_destinations AS d \
                      LEFT JOIN stockroom_queues AS q ON q.destination = d.number WHERE d.destination = ?1";

static KEEP: &str = "INSERT INTO stockroom_queues (destination, taken_id, last_id, last_due_at_ms) VALUES (?1, ?2, ?3, ?4) \
                     ON CONFLICT DO UPDATE SET taken_id = ?2, last_id = ?3, last_due_at_ms = ?4";

static UNTRIED: &str = "SELECT count(*) FROM stockroom_outbox WHERE id BETWEEN ?1 AND ?2 AND by_time = 0";

static PASS_OVER: &str = "UPDATE stockroom_outbox SET by_time = 1 WHERE id > ?1 AND id < ?2 AND by_time = 0";

static LEASE: &str = "INSERT INTO stockroom_leases (first_id, last_id, destination, until_ms) VALUES (?1, ?2, ?3, ?4)";

static FORGET_LEASES: &str = "DELETE FROM stockroom_leases WHERE first_id > ?1 AND first_id <= ?2 AND NOT EXISTS \
                              (SELECT 1 FROM stockroom_outbox WHERE id BETWEEN first_id AND last_id AND by_time = 0)";

/// A destination's place in its deliveries, by their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Queue {
    /// The destination's number.
    destination: i64,
    /// Up to here every delivery was taken or passed over.
    pub(crate) taken: i64,
    /// The last that was written to take its turn by its number.
    pub(crate) last: i64,
    /// When that one was due. None before it is due later.
    pub(crate) last_due_at_ms: i64,
}

impl Queue {
    pub(crate) fn of(connection: &Connection, destination: &str) -> Result<Option<Self>> {
        prepare(connection, QUEUE)?.query_row([destination], queue).optional().during(WRITE)
    }

    /// Behind this stand its deliveries.
    pub(crate) fn base(&self) -> i64 {
        self.destination << 44
    }

    /// Whether a delivery that is new takes its turn by its number.
    fn append(&mut self, id: i64, row: &Delivery) -> bool {
        let follows = is_untried(row) && id > self.last && row.due_at_ms >= self.last_due_at_ms;
        if follows {
            (self.last, self.last_due_at_ms) = (id, row.due_at_ms);
        }
        follows
    }
}

fn queue(row: &Row<'_>) -> rusqlite::Result<Queue> {
    let (destination, taken, last) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(Queue { destination, taken, last, last_due_at_ms: milliseconds(row, 3)? })
}

/// Whether a delivery stands as it was written.
pub(crate) fn is_untried(row: &Delivery) -> bool {
    let Delivery { state, attempts, failed, doubt, why, .. } = row;
    (*state, *attempts, *failed, *doubt) == (DeliveryState::Waiting, 0, 0, false) && why.is_empty()
}

/// An untried delivery after it was taken.
pub(crate) fn is_taken_first(row: &Delivery) -> bool {
    let Delivery { state, attempts, failed, doubt, why, .. } = row;
    (*state, *attempts, *failed, *doubt) == (DeliveryState::Leased, 1, 0, false) && why.is_empty()
}

/// The queue at hand, and whether it is to be kept.
#[derive(Debug)]
pub(super) struct AtHand {
    name: Name,
    queue: Queue,
    kept: Queue,
}

impl Statements<'_> {
    /// The queue of a destination; `None` where there is none of that name.
    fn queue(&mut self, destination: &Name) -> Result<Option<&mut Queue>> {
        if self.queue.as_ref().is_none_or(|at_hand| at_hand.name != *destination) {
            self.keep_queue()?;
            self.queue = Queue::of(self.connection, destination)?.map(|queue| AtHand {
                name: destination.clone(),
                queue,
                kept: queue,
            });
        }
        Ok(self.queue.as_mut().map(|at_hand| &mut at_hand.queue))
    }

    /// Behind this stand a destination's deliveries; `None` where there is none of that name.
    pub(super) fn base(&mut self, destination: &Name) -> Result<Option<i64>> {
        Ok(self.queue(destination)?.map(|queue| queue.base()))
    }

    /// Up to here every delivery to a destination was taken or passed over.
    pub(super) fn taken(&mut self, destination: &Name) -> Result<Option<i64>> {
        Ok(self.queue(destination)?.map(|queue| queue.taken))
    }

    /// Whether a delivery that is about to be written as new takes its turn by its number.
    pub(super) fn append(&mut self, id: i64, row: &Delivery) -> Result<bool> {
        Ok(self.queue(&row.destination)?.is_some_and(|queue| queue.append(id, row)))
    }

    /// Writes the queue at hand down where it changed.
    pub(super) fn keep_queue(&mut self) -> Result<()> {
        if let Some(AtHand { queue, .. }) = self.queue.take_if(|at_hand| at_hand.queue != at_hand.kept) {
            let Queue { destination, taken, last, last_due_at_ms } = queue;
            self.get(KEEP)?.execute([destination, taken, last, last_due_at_ms]).during(WRITE)?;
        }
        Ok(())
    }

    /// Moves the place in the order of the numbers behind deliveries that were taken. Those that it leaves behind take their
    /// turn by time: they waited for another with their key.
    pub(super) fn pass(&mut self, destination: &Name, first: i64, last: i64) -> Result<()> {
        let Some(queue) = self.queue(destination)? else { return Ok(()) };
        let taken = queue.taken;
        if last <= taken {
            return Ok(());
        }
        (queue.taken, queue.last) = (last, queue.last.max(last));
        if first > taken + 1 {
            self.get(PASS_OVER)?.execute([taken, first]).during(WRITE)?;
        }
        Ok(())
    }

    /// Leases deliveries that follow each other and that nobody has tried, by a row for all of them. `false` where they do
    /// not all stand in the order of their numbers, or are few: then each says itself how it stands.
    pub(super) fn lease(&mut self, row: &Delivery, first: i64, last: i64, count: usize) -> Result<bool> {
        let until_ms = row.due_at_ms;
        let Some(queue) = self.queue(&row.destination)? else { return Ok(false) };
        let (taken, base, destination) = (queue.taken, queue.base(), queue.destination);
        if count < RUN_MIN || first <= taken {
            return Ok(false);
        }
        let untried: i64 = self.get(UNTRIED)?.query_row([first, last], |row| row.get(0)).during(WRITE)?;
        if usize::try_from(untried) != Ok(count) {
            return Ok(false);
        }
        self.get(FORGET_LEASES)?.execute([base, taken]).during(WRITE)?;
        self.get(LEASE)?.execute(params![first, last, destination, until_ms]).during(WRITE)?;
        self.pass(&row.destination, first, last)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stockroom::StockCheck;
    use stockroom::outbox::DeliveryBody;

    fn delivery(due_at_ms: i64) -> Delivery {
        Delivery {
            destination: "wms".into(),
            number: 1,
            key: String::new(),
            state: DeliveryState::Waiting,
            attempts: 0,
            failed: 0,
            doubt: false,
            due_at_ms,
            created_at_ms: 0,
            why: String::new(),
            body: DeliveryBody::CheckStock(StockCheck { location: "main".into(), skus: Vec::new() }),
        }
    }

    #[test]
    fn what_is_new_and_due_no_sooner_than_the_last_takes_its_turn_by_its_number() {
        let queue = || Queue { destination: 1, taken: (1 << 44) + 3, last: (1 << 44) + 9, last_due_at_ms: 50 };
        let tried = [
            Delivery { state: DeliveryState::Leased, ..delivery(60) },
            Delivery { state: DeliveryState::Dead, ..delivery(60) },
            Delivery { attempts: 1, ..delivery(60) },
            Delivery { failed: 1, ..delivery(60) },
            Delivery { doubt: true, ..delivery(60) },
            Delivery { why: "no".to_owned(), ..delivery(60) },
        ];
        let cases =
            [(10, delivery(50), true), (11, delivery(60), true), (10, delivery(49), false), (9, delivery(60), false)];
        let tried = tried.map(|row| (10, row, false));
        for (number, row, follows) in cases.into_iter().chain(tried) {
            let (mut now, id) = (queue(), (1 << 44) + number);
            assert_eq!(now.append(id, &row), follows, "{row:?}");
            let then = Queue { last: id, last_due_at_ms: row.due_at_ms, ..queue() };
            assert_eq!(now, if follows { then } else { queue() });
        }
    }

    #[test]
    fn a_lease_says_of_untried_deliveries_what_taking_them_changed() {
        assert!(is_untried(&delivery(1)) && !is_taken_first(&delivery(1)));
        let taken = Delivery { state: DeliveryState::Leased, attempts: 1, ..delivery(9) };
        assert!(is_taken_first(&taken) && !is_untried(&taken));
        let others = [
            Delivery { attempts: 2, ..taken.clone() },
            Delivery { failed: 1, ..taken.clone() },
            Delivery { doubt: true, ..taken.clone() },
            Delivery { why: "no".to_owned(), ..taken.clone() },
            Delivery { state: DeliveryState::Waiting, ..taken.clone() },
        ];
        assert!(others.iter().all(|row| !is_taken_first(row)));
    }
}
