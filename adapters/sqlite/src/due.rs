//! Which deliveries are due: the one search that every relay asks for every few seconds, answered from an index and from
//! places in the order of the numbers, whatever else waits.

use rusqlite::{CachedStatement, Connection, params};
use stockroom::engine::{Found, RecordKey, WorkingSet};
use stockroom::outbox::Delivery;
use stockroom::{Error, ErrorKind, Name, Result};

use crate::error::During;
use crate::read::{READ, one, prepared};
use crate::records::{Queue, delivery_to, is_untried, own_columns, take_first};

/// That no other delivery with its key stands before one.
macro_rules! first_with_its_key {
    () => {
        "NOT EXISTS (SELECT 1 FROM stockroom_outbox AS earlier WHERE earlier.key = o.key \
         AND earlier.destination = o.destination AND earlier.id < o.id)"
    };
}

/// Which deliveries take their turn by time and can be due at all: no dead letters.
macro_rules! by_time {
    ($due:literal) => {
        concat!(
            "WHERE d.destination = ?1 AND o.destination = d.number AND o.by_time = 1 AND o.state <> 'dead' AND o.due_at_ms ",
            $due,
            " ?2 AND ",
            first_with_its_key!(),
            " ORDER BY o.due_at_ms, o.id LIMIT "
        )
    };
}

/// The deliveries by time that are due, in the order in which they are taken.
const DUE: &str = concat!(own_columns!(), by_time!("<="), "?3");

/// When the next of them falls due. Only the first with a key is ever given a time to come, so that the first row met is
/// nearly always the one.
const NEXT_DUE: &str = concat!(
    "SELECT o.due_at_ms FROM stockroom_destinations AS d CROSS JOIN stockroom_outbox AS o ",
    by_time!(">"),
    "1"
);

/// Deliveries of a stretch that stand in the order of their numbers.
macro_rules! stretch {
    ($and:expr) => {
        concat!(
            own_columns!(),
            "WHERE d.destination = ?1 AND o.id BETWEEN ?2 AND ?3 AND o.by_time = 0 ",
            $and,
            " ORDER BY o.id LIMIT ?4"
        )
    };
}

/// Those that nobody has taken. Each was the first with its key when it was written, and none was written before it since:
/// see `write_delivery`.
const UNTRIED: &str = stretch!("");

/// Those that were taken and can be taken again.
const TAKEN: &str = stretch!(concat!("AND ", first_with_its_key!()));

/// When those of a stretch that nobody has taken are due, from the last to the first.
const DUE_BACKWARDS: &str = "SELECT due_at_ms FROM stockroom_outbox WHERE id BETWEEN ?1 AND ?2 AND by_time = 0 \
                             ORDER BY id DESC";

/// The leases of deliveries that were taken together.
const LEASES: &str = "SELECT first_id, last_id, until_ms FROM stockroom_leases WHERE first_id > ?1 AND first_id <= ?2 \
                      ORDER BY until_ms, first_id";

/// See `Query::DueDeliveries`.
pub(crate) fn due_deliveries(
    connection: &Connection,
    destination: &Name,
    now_ms: i64,
    limit: u32,
    set: &mut WorkingSet,
) -> Result<Found> {
    let Some(queue) = Queue::of(connection, destination)? else {
        return Ok(Found::DueDeliveries { numbers: Vec::new(), next_due_at_ms: None });
    };
    let search = Search { connection, destination, now_ms, limit };
    let mut due = search.by_time()?;
    let mut next_due_at_ms = search.next_by_time()?;
    for time in [search.leased(&queue, &mut due)?, search.untried(&queue, &mut due)?].into_iter().flatten() {
        next_due_at_ms = Some(next_due_at_ms.map_or(time, |next: i64| next.min(time)));
    }
    due.sort_by_key(|row| (row.due_at_ms, row.number));
    due.truncate(limit as usize);
    let numbers = due.iter().map(|row| row.number).collect();
    for row in due {
        set.put_record(RecordKey::Delivery(destination.clone(), row.number), Some(row.into()));
    }
    Ok(Found::DueDeliveries { numbers, next_due_at_ms })
}

/// What is searched for: in each of the three ways in which a delivery can be due, those that are, and when the next is.
struct Search<'s> {
    connection: &'s Connection,
    destination: &'s Name,
    now_ms: i64,
    limit: u32,
}

impl Search<'_> {
    fn by_time(&self) -> Result<Vec<Delivery>> {
        let mut due = prepared(self.connection, DUE, "")?;
        let map = |row: &rusqlite::Row<'_>| delivery_to(self.destination.clone(), row);
        let due = due.query_map(params![&**self.destination, self.now_ms, self.limit], map).during(READ)?;
        due.collect::<rusqlite::Result<_>>().during(READ)
    }

    fn next_by_time(&self) -> Result<Option<i64>> {
        let mut next_due = prepared(self.connection, NEXT_DUE, "")?;
        one(&mut next_due, params![&**self.destination, self.now_ms], |row| row.get(0))
    }

    /// Those that were taken together, where the lease has ended.
    fn leased(&self, queue: &Queue, due: &mut Vec<Delivery>) -> Result<Option<i64>> {
        let mut leases = prepared(self.connection, LEASES, "")?;
        let mut leases = leases.query([queue.base(), queue.taken]).during(READ)?;
        while let Some(lease) = leases.next().during(READ)? {
            let (first, last, until_ms) = lease.try_into().during(READ)?;
            if until_ms > self.now_ms {
                if self.stretch(TAKEN, first, last, 1, |_| false)? > 0 {
                    return Ok(Some(until_ms));
                }
                continue;
            }
            self.stretch(TAKEN, first, last, self.limit, |mut row| {
                take_first(&mut row, until_ms);
                due.push(row);
                true
            })?;
        }
        Ok(None)
    }

    /// Those that nobody has tried. None of them is due before the one that it stands behind.
    fn untried(&self, queue: &Queue, due: &mut Vec<Delivery>) -> Result<Option<i64>> {
        self.stretch(UNTRIED, queue.taken + 1, queue.last, self.limit, |row| {
            let is_due = row.due_at_ms <= self.now_ms;
            if is_due {
                due.push(row);
            }
            is_due
        })?;
        if queue.last_due_at_ms <= self.now_ms {
            return Ok(None);
        }
        // Only where another's clock goes before this one's: there are few.
        let mut backwards = prepared(self.connection, DUE_BACKWARDS, "")?;
        let mut backwards = backwards.query([queue.taken + 1, queue.last]).during(READ)?;
        let mut next = None;
        while let Some(row) = backwards.next().during(READ)? {
            let due_at_ms = row.get(0).during(READ)?;
            if due_at_ms <= self.now_ms {
                break;
            }
            next = Some(due_at_ms);
        }
        Ok(next)
    }

    /// Goes through deliveries that stand in the order of their numbers, as long as it is wanted, and says how many.
    fn stretch(
        &self,
        sql: &'static str,
        first: i64,
        last: i64,
        limit: u32,
        mut wanted: impl FnMut(Delivery) -> bool,
    ) -> Result<usize> {
        let mut rows: CachedStatement<'_> = prepared(self.connection, sql, "")?;
        let mut rows = rows.query(params![&**self.destination, first, last, limit]).during(READ)?;
        let mut met = 0;
        while let Some(row) = rows.next().during(READ)? {
            let row = delivery_to(self.destination.clone(), row).during(READ)?;
            if !is_untried(&row) {
                let message = format!("delivery {} to {} was tried and stands as if not", row.number, row.destination);
                return Err(Error::new(ErrorKind::Corrupt, READ, message));
            }
            met += 1;
            if !wanted(row) {
                break;
            }
        }
        Ok(met)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::{Options, open};
    use crate::records::deliveries;
    use rusqlite::StatementStatus;

    const NOW_MS: i64 = 1_000;

    /// A database with 5,000 deliveries that are not due yet, each with a key of its own, and the search for those
    /// that are.
    fn waiting(connection: &Connection) {
        connection
            .execute_batch(
                "INSERT INTO stockroom_destinations VALUES ('wms', 1, 1, 1, 1, 1, 1, 0, 9000, 0, 0, 1), \
                 ('other', 1, 1, 1, 1, 1, 1, 0, 9000, 0, 0, 2);
                 WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5000)
                 INSERT INTO stockroom_outbox
                 SELECT (1 << 44) + n, 1, 'key ' || n, 'waiting', 0, 0, 0, 2000 + n, 0, '', '{}', 1 FROM n;
                 INSERT INTO stockroom_outbox
                 SELECT id + (1 << 44), 2, key, state, 0, 0, 0, 0, 0, '', '{}', 1 FROM stockroom_outbox;
                 INSERT INTO stockroom_outbox VALUES
                 ((1 << 44) + 5001, 1, 'late', 'leased', 1, 0, 0, 999, 0, '', '{}', 1), \
                 ((1 << 44) + 5002, 1, 'late', 'waiting', 0, 0, 0, 0, 0, '', '{}', 1), \
                 ((1 << 44) + 5003, 1, 'last', 'dead', 1, 1, 0, 0, 0, '', '{}', 1)",
            )
            .unwrap();
    }

    fn plan(connection: &Connection, sql: &str, parameters: &[i64]) -> Vec<String> {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        statement.raw_bind_parameter(1, "wms").unwrap();
        for (index, parameter) in parameters.iter().enumerate() {
            statement.raw_bind_parameter(index + 2, parameter).unwrap();
        }
        let mut rows = statement.raw_query();
        let mut plan = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            plan.push(row.get(3).unwrap());
        }
        plan
    }

    /// The numbers in a column, and how many steps SQLite's machine took for it.
    fn run(connection: &Connection, sql: &str, parameters: &[i64], column: usize) -> (Vec<i64>, i32) {
        let mut statement = connection.prepare(sql).unwrap();
        statement.raw_bind_parameter(1, "wms").unwrap();
        for (index, parameter) in parameters.iter().enumerate() {
            statement.raw_bind_parameter(index + 2, parameter).unwrap();
        }
        let mut found = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().unwrap() {
            found.push(row.get(column).unwrap());
        }
        drop(rows);
        (found, statement.get_status(StatementStatus::VmStep))
    }

    #[test]
    fn what_is_due_is_found_without_looking_at_what_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let connection = open(&directory.path().join("shop.sqlite3"), &Options::default()).unwrap();
        waiting(&connection);
        // A host may let SQLite gather statistics, or not.
        for analyzed in [false, true] {
            if analyzed {
                connection.execute_batch("ANALYZE").unwrap();
            }
            for (sql, parameters, compared) in
                [(DUE, vec![NOW_MS, 100], "due_at_ms<?"), (NEXT_DUE, vec![NOW_MS], "due_at_ms>?")]
            {
                let plan = plan(&connection, sql, &parameters);
                let expected = [
                    "SEARCH d USING PRIMARY KEY (destination=?)".to_owned(),
                    format!("SEARCH o USING INDEX stockroom_outbox_due (destination=? AND {compared})"),
                    "CORRELATED SCALAR SUBQUERY 1".to_owned(),
                    "SEARCH earlier USING COVERING INDEX stockroom_outbox_by_key (key=? AND destination=? AND rowid<?)"
                        .to_owned(),
                ];
                assert_eq!(plan, expected, "analyzed: {analyzed}");
            }
            let (due, steps) = run(&connection, DUE, &[NOW_MS, 100], 1);
            assert!(due == [5001] && steps < 100, "{due:?} in {steps} steps");
            let (next, steps) = run(&connection, NEXT_DUE, &[NOW_MS], 0);
            assert!(next == [2001] && steps < 100, "{next:?} in {steps} steps");
        }
    }

    /// Nor at those that are taken, wherever the place in the order of the numbers is.
    #[test]
    fn what_nobody_has_tried_is_found_without_looking_at_what_is_taken() {
        let directory = tempfile::tempdir().unwrap();
        let connection = open(&directory.path().join("shop.sqlite3"), &Options::default()).unwrap();
        waiting(&connection);
        connection.execute_batch("UPDATE stockroom_outbox SET by_time = 0").unwrap();
        let base = 1 << 44;
        for analyzed in [false, true] {
            if analyzed {
                connection.execute_batch("ANALYZE").unwrap();
            }
            let stretch = [base + 4_001, base + 5_000, 4];
            let expected = [
                "SEARCH d USING PRIMARY KEY (destination=?)",
                "SEARCH o USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
                "CORRELATED SCALAR SUBQUERY 1",
                "SEARCH earlier USING COVERING INDEX stockroom_outbox_by_key (key=? AND destination=? AND rowid<?)",
            ];
            for (sql, expected) in [(UNTRIED, &expected[..2]), (TAKEN, &expected[..])] {
                assert_eq!(plan(&connection, sql, &stretch), expected, "analyzed: {analyzed}");
                let (found, steps) = run(&connection, sql, &stretch, 1);
                assert!(found == [4_001, 4_002, 4_003, 4_004] && steps < 200, "{found:?} in {steps} steps");
            }
        }
    }

    /// A page of deliveries is read from its first row on, wherever that is.
    #[test]
    fn pages_of_deliveries_are_read_in_their_order() {
        let directory = tempfile::tempdir().unwrap();
        let connection = open(&directory.path().join("shop.sqlite3"), &Options::default()).unwrap();
        waiting(&connection);
        let condition = crate::records::DELIVERIES.next_page;
        let (found, steps) = run(&connection, &format!("{} {condition}", deliveries!()), &[4_999, 4], 1);
        assert!(found == [5_000, 5_001, 5_002, 5_003] && steps < 200, "{found:?} in {steps} steps");
        let sql = format!("{} {condition}", deliveries!()).replace("?1", "'other'").replace("?2", "4999");
        let found: Vec<(String, i64)> = {
            let mut statement = connection.prepare(&sql.replace("?3", "3")).unwrap();
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            rows.map(Result::unwrap).collect()
        };
        assert_eq!(found, [("other".to_owned(), 5_000), ("wms".to_owned(), 1), ("wms".to_owned(), 2)]);
    }
}
