//! How SQLite is built for what is shipped: the library for C and the module for JavaScript. Its crate builds it with
//! all that any program may want; a till carries only what the store uses.

/// What is left out or set otherwise, beside what SQLite's crate sets.
pub(crate) const FLAGS: &[&str] = &[
    "-DSQLITE_DEFAULT_MEMSTATUS=0",
    "-DSQLITE_OMIT_AUTHORIZATION",
    "-DSQLITE_OMIT_COMPLETE",
    "-DSQLITE_OMIT_DEPRECATED",
    "-DSQLITE_OMIT_GET_TABLE",
    "-DSQLITE_OMIT_LOAD_EXTENSION",
    "-DSQLITE_OMIT_PROGRESS_CALLBACK",
    "-DSQLITE_OMIT_SHARED_CACHE",
    "-DSQLITE_OMIT_TCL_VARIABLE",
    "-USQLITE_ENABLE_API_ARMOR",
    "-USQLITE_ENABLE_COLUMN_METADATA",
    "-USQLITE_ENABLE_DBSTAT_VTAB",
    "-USQLITE_ENABLE_FTS3",
    "-USQLITE_ENABLE_FTS3_PARENTHESIS",
    "-USQLITE_ENABLE_FTS5",
    "-USQLITE_ENABLE_LOAD_EXTENSION",
    "-USQLITE_ENABLE_RTREE",
    "-USQLITE_ENABLE_STAT4",
    "-USQLITE_SOUNDEX",
];

/// Nothing is thrown through C, so that C needs no tables to be unwound by. Compilers other than GCC and Clang do not
/// know these.
pub(crate) const NO_UNWIND_TABLES: &str = "-fno-asynchronous-unwind-tables -fno-unwind-tables";
