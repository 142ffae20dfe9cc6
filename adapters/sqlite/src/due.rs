//! Which deliveries are due: the one search that every relay asks for every few seconds, answered from two indexes
//! whatever else waits.

use rusqlite::{Connection, params};
use stockroom::engine::{Found, RecordKey, WorkingSet};
use stockroom::outbox::Delivery;
use stockroom::{Error, ErrorKind, Name, Result};

use crate::read::{many, one, prepared};
use crate::records::{DELIVERIES, delivery, delivery_columns};

/// The deliveries that are due and the first with their keys, in the order in which they are taken. They are found in the
/// indexes alone; then the documents of those found are read.
const DUE: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    ", due_number FROM \
     (SELECT number AS due_number FROM stockroom_deliveries AS due \
     WHERE destination = ?1 AND state <> 'dead' AND due_at_ms <= ?2 AND NOT EXISTS \
     (SELECT 1 FROM stockroom_deliveries AS earlier WHERE earlier.destination = due.destination \
     AND earlier.key = due.key AND earlier.number < due.number) \
     ORDER BY due_at_ms, number LIMIT ?3) \
     LEFT JOIN stockroom_deliveries ON destination = ?1 AND number = due_number"
);

/// Where the number that was found stands among the columns of [`DUE`].
const DUE_NUMBER: usize = 11;

/// The next that falls due. Only the first with a key is ever given a time to come, so that the first row met is
/// nearly always the one.
const NEXT_DUE: &str = "SELECT number FROM stockroom_deliveries AS due \
                        WHERE destination = ?1 AND state <> 'dead' AND due_at_ms > ?2 AND NOT EXISTS \
                        (SELECT 1 FROM stockroom_deliveries AS earlier WHERE earlier.destination = due.destination \
                        AND earlier.key = due.key AND earlier.number < due.number) \
                        ORDER BY due_at_ms, number LIMIT 1";

/// See `Query::DueDeliveries`.
pub(crate) fn due_deliveries(
    connection: &Connection,
    destination: &Name,
    now_ms: i64,
    limit: u32,
    set: &mut WorkingSet,
) -> Result<Found> {
    let name = &**destination;
    let missing = |number: i64| {
        let message = format!("delivery {number} to {name} stands in an index and not in its table");
        Error::new(ErrorKind::Corrupt, "sqlite.search", message)
    };
    let mut next_due = prepared(connection, NEXT_DUE, "")?;
    let next: Option<i64> = one(&mut next_due, params![name, now_ms], |row| row.get(0))?;
    let mut by_key = prepared(connection, DELIVERIES.select, DELIVERIES.by_key)?;
    let next = next
        .map(|number| (number, one(&mut by_key, params![name, number], delivery)))
        .map(|(number, row)| row?.ok_or_else(|| missing(number)))
        .transpose()?;
    let mut due: Vec<Delivery> = many(connection, DUE, "", params![name, now_ms, limit], |row| match row.get(1)? {
        Some::<i64>(_) => delivery(row).map(Ok),
        None => row.get(DUE_NUMBER).map(Err),
    })?
    .into_iter()
    .map(|row| row.map_err(missing))
    .collect::<Result<_>>()?;
    // A join promises no order.
    due.sort_unstable_by_key(|row| (row.due_at_ms, row.number));
    let numbers = due.iter().map(|row| row.number).collect();
    for row in due {
        set.put_record(RecordKey::Delivery(destination.clone(), row.number), Some(row.into()));
    }
    Ok(Found::DueDeliveries { numbers, next_due_at_ms: next.map(|row| row.due_at_ms) })
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
                "INSERT INTO stockroom_destinations VALUES ('wms', 1, 1, 1, 1, 1, 1, 0, 9000, 0, 0), \
                 ('other', 1, 1, 1, 1, 1, 1, 0, 9000, 0, 0);
                 WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5000)
                 INSERT INTO stockroom_deliveries
                 SELECT 'wms', n, 'key ' || n, 'waiting', 0, 0, 0, 2000 + n, 0, '', '{}' FROM n;
                 INSERT INTO stockroom_deliveries
                 SELECT 'other', number, key, state, 0, 0, 0, 0, 0, '', '{}' FROM stockroom_deliveries;
                 INSERT INTO stockroom_deliveries VALUES ('wms', 5001, 'late', 'leased', 1, 0, 0, 999, 0, '', '{}'), \
                 ('wms', 5002, 'late', 'waiting', 0, 0, 0, 0, 0, '', '{}'), \
                 ('wms', 5003, 'last', 'dead', 1, 1, 0, 0, 0, '', '{}')",
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

    /// The numbers found, and how many steps SQLite's machine took for it.
    fn run(connection: &Connection, sql: &str, parameters: &[i64], number: usize) -> (Vec<i64>, i32) {
        let mut statement = connection.prepare(sql).unwrap();
        statement.raw_bind_parameter(1, "wms").unwrap();
        for (index, parameter) in parameters.iter().enumerate() {
            statement.raw_bind_parameter(index + 2, parameter).unwrap();
        }
        let mut found = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().unwrap() {
            found.push(row.get(number).unwrap());
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
            let searches = |compared: &str, subquery: u32| {
                [
                    format!("SEARCH due USING COVERING INDEX stockroom_deliveries_due (destination=? AND {compared})"),
                    format!("CORRELATED SCALAR SUBQUERY {subquery}"),
                    "SEARCH earlier USING COVERING INDEX stockroom_deliveries_by_key (destination=? AND key=? AND number<?)"
                        .to_owned(),
                ]
            };
            assert_eq!(plan(&connection, NEXT_DUE, &[NOW_MS]), searches("due_at_ms>?", 1), "analyzed: {analyzed}");
            let reads = [
                "SCAN (subquery-1)".to_owned(),
                "SEARCH stockroom_deliveries USING PRIMARY KEY (destination=? AND number=?) LEFT-JOIN".to_owned(),
            ];
            let expected: Vec<_> = ["CO-ROUTINE (subquery-1)".to_owned()]
                .into_iter()
                .chain(searches("due_at_ms<?", 2))
                .chain(reads)
                .collect();
            assert_eq!(plan(&connection, DUE, &[NOW_MS, 100]), expected, "analyzed: {analyzed}");
            let (due, steps) = run(&connection, DUE, &[NOW_MS, 100], 1);
            assert!(due == [5001] && steps < 100, "{due:?} in {steps} steps");
            let (next, steps) = run(&connection, NEXT_DUE, &[NOW_MS], 0);
            assert!(next == [1] && steps < 100, "{next:?} in {steps} steps");
        }
    }
}
