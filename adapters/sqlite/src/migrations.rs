//! The numbered SQL files, built in, with what refinery says of them: their names and checksums stand in the database in
//! its form. refinery itself needs regular expressions for that, which would be a tenth of libstockroom and a sixth of the
//! WebAssembly module; so a table says it, and a test holds the table against refinery.

/// One step of the schema.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    /// refinery's, as it is written down in the database.
    pub(crate) checksum: &'static str,
    pub(crate) sql: &'static str,
}

/// The migrations in their order. One that is added gets its line here; the test below tells it.
pub(crate) fn all() -> Vec<Migration> {
    let rows = [
        (1, "first", "5880808234563208645", include_str!("../migrations/V1__first.sql")),
        (2, "deliveries", "15386106171383247221", include_str!("../migrations/V2__deliveries.sql")),
        (3, "channels", "18120273400898765983", include_str!("../migrations/V3__channels.sql")),
        (4, "outbox", "6390952043610429109", include_str!("../migrations/V4__outbox.sql")),
        (5, "queues", "8267899080298070347", include_str!("../migrations/V5__queues.sql")),
    ];
    rows.into_iter().map(|(version, name, checksum, sql)| Migration { version, name, checksum, sql }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    mod embedded {
        refinery::embed_migrations!("migrations");
    }

    #[test]
    fn the_table_says_what_refinery_says() {
        let runner = embedded::migrations::runner();
        let mut told: Vec<(i64, String, String, String)> = runner
            .get_migrations()
            .iter()
            .map(|migration| {
                let text = |text: &str| text.to_owned();
                let (version, checksum) = (migration.version().into(), migration.checksum().to_string());
                (version, text(migration.name()), checksum, text(migration.sql().unwrap_or_default()))
            })
            .collect();
        told.sort();
        let row = |Migration { version, name, checksum, sql }: Migration| {
            (version, name.to_owned(), checksum.to_owned(), sql.to_owned())
        };
        let ours: Vec<_> = all().into_iter().map(row).collect();
        let belongs: Vec<_> = told.iter().map(|(version, name, checksum, _)| (version, name, checksum)).collect();
        assert!(ours == told, "the table has to say {belongs:?}");
    }
}
