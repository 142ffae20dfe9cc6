//! Which deliveries are due: the one search that every relay asks for every few seconds, answered from two indexes
//! whatever else waits.

use rusqlite::{Connection, params};
use stockroom::engine::{Found, RecordKey, WorkingSet};
use stockroom::outbox::Delivery;
use stockroom::{Name, Result};

use crate::error::During;
use crate::read::{READ, one, prepared};
use crate::records::{deliveries, delivery_to};

/// Which deliveries to a destination can be due at all: those that are the first with their keys, and no dead letters.
macro_rules! first_with_their_keys {
    ($due:literal) => {
        concat!(
            "WHERE d.destination = ?1 AND o.destination = d.number AND o.state <> 'dead' AND o.due_at_ms ",
            $due,
            " ?2 AND NOT EXISTS (SELECT 1 FROM stockroom_outbox AS earlier WHERE earlier.key = o.key \
             AND earlier.destination = o.destination AND earlier.id < o.id) ORDER BY o.due_at_ms, o.id LIMIT "
        )
    };
}

/// The deliveries that are due, in the order in which they are taken.
const DUE: &str = concat!(deliveries!(), " ", first_with_their_keys!("<="), "?3");

/// When the next falls due. Only the first with a key is ever given a time to come, so that the first row met is nearly
/// always the one.
const NEXT_DUE: &str = concat!(
    "SELECT o.due_at_ms FROM stockroom_destinations AS d CROSS JOIN stockroom_outbox AS o ",
    first_with_their_keys!(">"),
    "1"
);

/// See `Query::DueDeliveries`.
pub(crate) fn due_deliveries(
    connection: &Connection,
    destination: &Name,
    now_ms: i64,
    limit: u32,
    set: &mut WorkingSet,
) -> Result<Found> {
    let name = &**destination;
    let mut next_due = prepared(connection, NEXT_DUE, "")?;
    let next_due_at_ms = one(&mut next_due, params![name, now_ms], |row| row.get(0))?;
    let mut due = prepared(connection, DUE, "")?;
    let due = due.query_map(params![name, now_ms, limit], |row| delivery_to(destination.clone(), row)).during(READ)?;
    let due = due.collect::<rusqlite::Result<Vec<Delivery>>>().during(READ)?;
    let numbers = due.iter().map(|row| row.number).collect();
    for row in due {
        set.put_record(RecordKey::Delivery(destination.clone(), row.number), Some(row.into()));
    }
    Ok(Found::DueDeliveries { numbers, next_due_at_ms })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::{Options, open};
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
                 SELECT (1 << 44) + n, 1, 'key ' || n, 'waiting', 0, 0, 0, 2000 + n, 0, '', '{}' FROM n;
                 INSERT INTO stockroom_outbox
                 SELECT id + (1 << 44), 2, key, state, 0, 0, 0, 0, 0, '', '{}' FROM stockroom_outbox;
                 INSERT INTO stockroom_outbox VALUES
                 ((1 << 44) + 5001, 1, 'late', 'leased', 1, 0, 0, 999, 0, '', '{}'), \
                 ((1 << 44) + 5002, 1, 'late', 'waiting', 0, 0, 0, 0, 0, '', '{}'), \
                 ((1 << 44) + 5003, 1, 'last', 'dead', 1, 1, 0, 0, 0, '', '{}')",
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
