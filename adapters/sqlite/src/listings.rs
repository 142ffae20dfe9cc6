//! Searches for listings: those of one channel, and those that are to be looked at again, found without looking at
//! the others.

use rusqlite::{Connection, params};
use stockroom::engine::{Found, Record, RecordKey, WorkingSet};
use stockroom::{Error, ErrorKind, Name, Result, SkuNumber};

use crate::read::{many, one, prepared};
use crate::records::LISTINGS;
use crate::rows::{number, text};

/// The listings whose time has come, in the order in which they are looked at.
const DUE: &str = "SELECT channel, sku_number FROM stockroom_listings WHERE due_at_ms > 0 AND due_at_ms <= ?1 \
                   ORDER BY due_at_ms, channel, sku_number LIMIT ?2";

/// The time of the next one. That it is above 0 is said as well, so that SQLite may use the index, which has no others.
const NEXT_DUE: &str = "SELECT due_at_ms FROM stockroom_listings WHERE due_at_ms > ?1 AND due_at_ms > 0 \
                        ORDER BY due_at_ms LIMIT 1";

/// See `Query::Listings`.
pub(crate) fn of_channel(
    connection: &Connection,
    channel: &Name,
    after: SkuNumber,
    limit: u32,
    set: &mut WorkingSet,
) -> Result<Found> {
    let condition = "WHERE channel = ?1 AND sku_number > ?2 ORDER BY sku_number LIMIT ?3";
    let params = params![&**channel, after.as_i64(), limit];
    let mut skus = Vec::new();
    for record in many(connection, LISTINGS.select, condition, params, LISTINGS.map)? {
        if let Record::Listing(row) = &record {
            skus.push(row.sku_number);
        }
        set.put_record(record.key(), Some(record));
    }
    Ok(Found::Listings(skus))
}

/// See `Query::DueListings`.
pub(crate) fn due(connection: &Connection, now_ms: i64, limit: u32, set: &mut WorkingSet) -> Result<Found> {
    let key = |row: &rusqlite::Row<'_>| Ok((text(row, 0)?, SkuNumber(number(row, 1)?)));
    let listings: Vec<(Name, SkuNumber)> = many(connection, DUE, "", params![now_ms, limit], key)?;
    let mut next_due = prepared(connection, NEXT_DUE, "")?;
    let next_due_at_ms = one(&mut next_due, [now_ms.max(0)], |row| row.get(0))?;
    let mut by_key = prepared(connection, LISTINGS.select, LISTINGS.by_key)?;
    for (channel, sku) in &listings {
        let record = one(&mut by_key, params![&**channel, sku.as_i64()], LISTINGS.map)?;
        if record.is_none() {
            let message = format!("listing {} of {channel} stands in an index and not in its table", sku.0);
            return Err(Error::new(ErrorKind::Corrupt, "sqlite.search", message));
        }
        set.put_record(RecordKey::Listing(channel.clone(), *sku), record);
    }
    Ok(Found::DueListings { listings, next_due_at_ms })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::{Options, open};
    use rusqlite::StatementStatus;

    const NOW_MS: i64 = 1_000;

    /// A database with 5,000 listings that are due much later, 5,000 that never are, and two whose time has come.
    fn listed(connection: &Connection) {
        connection
            .execute_batch(
                "INSERT INTO stockroom_channels VALUES ('web', '[]', 'priority'), ('market', '[]', 'priority');
                 WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5002)
                 INSERT INTO stockroom_skus SELECT n, 'sku ' || n, '[]' FROM n;
                 INSERT INTO stockroom_listings
                 SELECT 'web', number, sku, sku, NULL, NULL, 'listed', '', 0, NULL, NULL, NULL, 0, 0, 0, 2000 + number, 0
                 FROM stockroom_skus WHERE number <= 5000;
                 INSERT INTO stockroom_listings
                 SELECT 'market', number, sku, sku, NULL, NULL, 'listed', '', 0, NULL, NULL, NULL, 0, 0, 0,
                 CASE WHEN number > 5000 THEN 6000 - number ELSE 0 END, 0 FROM stockroom_skus",
            )
            .unwrap();
    }

    fn plan(connection: &Connection, sql: &str, parameters: &[i64]) -> Vec<String> {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3)).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    }

    /// The last column of what is found, and how many steps SQLite's machine took for it.
    fn run(connection: &Connection, sql: &str, parameters: &[i64]) -> (Vec<i64>, i32) {
        let mut statement = connection.prepare(sql).unwrap();
        let last = statement.column_count() - 1;
        let rows = statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get(last)).unwrap();
        let found = rows.collect::<rusqlite::Result<_>>().unwrap();
        (found, statement.get_status(StatementStatus::VmStep))
    }

    #[test]
    fn what_is_due_is_found_without_looking_at_what_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let connection = open(&directory.path().join("shop.sqlite3"), &Options::default()).unwrap();
        listed(&connection);
        // A host may let SQLite gather statistics, or not.
        for analyzed in [false, true] {
            if analyzed {
                connection.execute_batch("ANALYZE").unwrap();
            }
            let index = "SEARCH stockroom_listings USING COVERING INDEX stockroom_listings_due";
            assert_eq!(plan(&connection, DUE, &[NOW_MS, 9]), [format!("{index} (due_at_ms>? AND due_at_ms<?)")]);
            assert_eq!(plan(&connection, NEXT_DUE, &[NOW_MS]), [format!("{index} (due_at_ms>?)")]);
            let (due, steps) = run(&connection, DUE, &[NOW_MS, 9]);
            assert!(due == [5002, 5001] && steps < 100, "{due:?} in {steps} steps");
            let (next, steps) = run(&connection, NEXT_DUE, &[NOW_MS]);
            assert!(next == [2001] && steps < 100, "{next:?} in {steps} steps");
            // Nor at what is due already, however much that is.
            let (next, steps) = run(&connection, NEXT_DUE, &[6_999]);
            assert!(next == [7000] && steps < 100, "{next:?} in {steps} steps");
        }
    }
}
