//! Runs the program as its users do: a small file that has every rule, the bundled month, command logs, and what
//! can be wrong with a file or a database.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// The program with its temporary files in a directory of the test's own.
fn replay(directory: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
    command.current_dir(directory).env("TMPDIR", directory.path()).args(arguments);
    command.output().expect("the program starts")
}

/// The report of a run that succeeds: stdout is one line with one object, stderr is silent.
fn report(directory: &TempDir, arguments: &[&str]) -> Value {
    let output = replay(directory, &[arguments, &["--json"]].concat());
    let (stdout, stderr) = texts(&output);
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stderr, "");
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    let report: Value = serde_json::from_str(&stdout).expect("JSON");
    assert!(report.is_object());
    report
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    (text(&output.stdout), text(&output.stderr))
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn every_rule() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/every_rule.csv").display().to_string()
}

fn assert_fields(report: &Value, expected: &Value) {
    for (field, value) in expected.as_object().expect("an object") {
        assert_eq!(report.get(field), Some(value), "{field}");
    }
}

/// A report without what differs from run to run.
fn steady(mut report: Value) -> Value {
    let fields = report.as_object_mut().expect("an object");
    for field in ["seconds", "orders_per_second", "repeated"] {
        assert!(fields.remove(field).is_some_and(|value| value.is_number()), "{field}");
    }
    report
}

fn files(directory: &TempDir) -> Vec<PathBuf> {
    fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path()).collect()
}

#[test]
fn every_rule_has_its_figures() {
    let directory = directory();
    let report = report(&directory, &[&every_rule(), "--stock", "10"]);
    // Worked out by hand from the file, ten of each on hand.
    assert_fields(
        &report,
        &json!({
            "skus": 4,
            "orders_accepted": 4,
            "orders_rejected_invalid": 7,
            "orders_rejected_stock": 4,
            "orders_rejected": {
                "id_invalid": 1,
                "quantity_out_of_range": 3,
                "price_out_of_range": 1,
                "host_rule": 2,
                "insufficient_stock": 4,
            },
            "units_shipped": 7 + 2 + 10 + 4,
            "value_minor": (4 * 255 + 3 * 300) + (10 * 150) + (4 * 29),
            "returns": 1,
            "units_returned": 4 + 5,
            "returns_refused": 3,
            "skus_refused": 0,
            "on_hand_units": 26,
            "commands": 44,
            "repeated": 0,
            "verify": "ok",
        }),
    );
    let on_hand = Sha256::digest("MUG\t3\nPEN\t0\nTIN\t15\nmug\t8\n");
    let on_hand: String = on_hand.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(report["on_hand_sha256"], on_hand);
    assert!(report["events"].as_u64().is_some_and(|events| events > 0));
    assert_eq!(files(&directory), [] as [PathBuf; 0], "the temporary database is gone");
}

#[test]
fn a_second_run_changes_nothing_and_says_so() {
    let directory = directory();
    let file = every_rule();
    let arguments = [&*file, "--stock", "10", "--db", "shop.sqlite3"];
    let first = report(&directory, &arguments);
    let second = report(&directory, &arguments);
    assert_eq!((&first["repeated"], &second["repeated"]), (&json!(0), &json!(44)));
    assert_eq!(steady(first), steady(second));

    let (stdout, stderr) = texts(&replay(&directory, &arguments));
    assert!(stdout.contains("All of the 44 commands had been done before: nothing was changed."), "{stdout}");
    assert!(stdout.contains("£35.36") && stdout.contains("shop.sqlite3"), "{stdout}");
    assert_eq!(stderr, "", "no progress where there is no terminal");
}

#[test]
fn another_history_in_the_database_is_refused() {
    let directory = directory();
    let file = every_rule();
    report(&directory, &[&file, "--stock", "10", "--db", "shop.sqlite3"]);
    let before = report(&directory, &[&file, "--stock", "10", "--db", "shop.sqlite3"]);
    assert_fails(&directory, &[&file, "--stock", "11", "--db", "shop.sqlite3"], "another history");
    let after = report(&directory, &[&file, "--stock", "10", "--db", "shop.sqlite3"]);
    assert_eq!(steady(before), steady(after));
}

#[test]
fn a_log_rebuilds_the_state_to_the_same_digest() {
    let directory = directory();
    let file = every_rule();
    let first = report(&directory, &[&file, "--stock", "10", "--trace", "log.jsonl"]);
    let log = fs::read_to_string(directory.path().join("log.jsonl")).expect("the log");
    assert_eq!(log.lines().count(), 44);
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok_and(|timed| timed["at_ms"].is_i64())));

    let rebuilt = report(&directory, &["--from-trace", "log.jsonl"]);
    assert_fields(&rebuilt, &json!({ "commands": 44, "repeated": 0, "verify": "ok" }));
    for field in ["digest", "on_hand_sha256", "on_hand_units", "skus", "events"] {
        assert_eq!(rebuilt[field], first[field], "{field}");
    }
    // Over a database that has it all, it is done already.
    report(&directory, &["--from-trace", "log.jsonl", "--db", "shop.sqlite3"]);
    let again = report(&directory, &["--from-trace", "log.jsonl", "--db", "shop.sqlite3"]);
    assert_fields(&again, &json!({ "repeated": 44, "digest": first["digest"] }));
    // One unit more is another state.
    fs::write(directory.path().join("other.jsonl"), log.replace("\"quantity\":5", "\"quantity\":6")).expect("a log");
    assert_ne!(report(&directory, &["--from-trace", "other.jsonl"])["digest"], first["digest"]);

    let (stdout, _) = texts(&replay(&directory, &["--from-trace", "log.jsonl"]));
    assert!(stdout.contains(first["digest"].as_str().expect("a digest")), "{stdout}");
}

#[test]
fn without_a_file_the_bundled_month_is_replayed() {
    let directory = directory();
    // Worked out by another program from the same rows.
    assert_fields(
        &report(&directory, &[]),
        &json!({
            "skus": 2822,
            "orders_accepted": 1218,
            "orders_rejected_invalid": 70,
            "orders_rejected_stock": 411,
            "units_shipped": 185_791,
            "value_minor": 40_754_063,
            "returns": 326,
            "units_returned": 16_042,
            "on_hand_units": 2_652_251,
            "on_hand_sha256": "91e2b8b84e57a99f9340c256e257adc7de4026d33d9163cc735889ab9e1ac793",
            "verify": "ok",
        }),
    );
}

#[test]
fn stock_may_begin_at_nothing() {
    let directory = directory();
    let report = report(&directory, &[&every_rule(), "--stock", "0"]);
    // What comes back can be sold: four of the pens are.
    assert_fields(&report, &json!({ "skus": 4, "orders_accepted": 1, "units_shipped": 4, "on_hand_units": 5 }));
}

#[test]
fn a_file_without_rows_is_an_empty_history() {
    let directory = directory();
    let header = "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice\n";
    fs::write(directory.path().join("empty.csv"), header).expect("a file");
    assert_fields(&report(&directory, &["empty.csv"]), &json!({ "commands": 0, "skus": 0, "verify": "ok" }));
}

/// The program says on stderr what is wrong, prints nothing else, and exits with 1.
fn assert_fails(directory: &TempDir, arguments: &[&str], said: &str) {
    let output = replay(directory, &[arguments, &["--json"]].concat());
    let (stdout, stderr) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
    assert_eq!(stdout, "", "{arguments:?}");
    assert!(stderr.starts_with("replay: ") && stderr.contains(said), "{arguments:?}: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
}

#[test]
fn wrong_files_and_databases_get_a_sentence() {
    let directory = directory();
    let header = "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice";
    let words = "These are no commands and no database.\n";
    let write = |name: &str, content: &[u8]| fs::write(directory.path().join(name), content).expect("a file");
    write("ragged.csv", format!("{header}\n1,A,1\n").as_bytes());
    write("undated.csv", format!("{header}\n1,A,1,tomorrow,1.00\n").as_bytes());
    write("other.csv", b"a,b\n1,2\n");
    write("cut.csv.gz", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b]);
    write("words.txt", words.as_bytes());
    let file = every_rule();
    assert_fails(&directory, &["absent.csv"], "absent.csv: ");
    assert_fails(&directory, &["."], "is a directory");
    assert_fails(&directory, &["ragged.csv"], "line: 2");
    assert_fails(&directory, &["undated.csv"], "line 2: InvoiceDate `tomorrow`");
    assert_fails(&directory, &["other.csv"], "does not name InvoiceNo");
    assert_fails(&directory, &["cut.csv.gz"], "cut.csv.gz: ");
    assert_fails(&directory, &[&file, "--db", "words.txt"], "words.txt: ");
    assert_fails(&directory, &[&file, "--db", "absent/shop.sqlite3"], "absent/shop.sqlite3: ");
    assert_fails(&directory, &[&file, "--trace", "absent/log.jsonl"], "absent/log.jsonl: ");
    assert_fails(&directory, &["--from-trace", "absent.jsonl"], "absent.jsonl: ");
    assert_fails(&directory, &["--from-trace", "words.txt"], "words.txt, line 1: is not a timed command");
    let left = fs::read_to_string(directory.path().join("words.txt")).expect("the file");
    assert_eq!(left, words, "what is no database is left as it was");
}
