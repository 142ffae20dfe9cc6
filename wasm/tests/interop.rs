//! The file is one and the same for Rust, for Node and for a browser: what any wrote the others open, with the same digest,
//! the log of a killed process included. Needs Node, the package (`cargo xtask wasm`) and Chromium; without them it says
//! so and passes. So it does where the package is older than what it is built of: `cargo xtask test` builds it anew and comes back.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use stockroom::{NewLine, NewOrder, Stockroom};
use stockroom_sqlite::SqliteStore;

fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("npm")
}

/// Whether the other half is there, and is of the same sources.
fn can_run() -> bool {
    let built = fs::metadata(package().join("build/engine.cjs")).and_then(|built| built.modified());
    let is_new = built.is_ok_and(|built| SOURCES.iter().all(|source| newest(&package().join(source)) <= built));
    let node = Command::new("node").arg("--version").output().is_ok();
    if !is_new || !node {
        eprintln!("skipped: it needs node and the module that `cargo xtask wasm` builds, of the sources as they are");
    }
    is_new && node
}

/// What the module is built of, as far as it says how a file looks.
const SOURCES: [&str; 4] =
    ["../../core/src", "../../adapters/sqlite/src", "../../adapters/sqlite/migrations", "../src"];

/// When anything in a folder was written last.
fn newest(at: &Path) -> SystemTime {
    let written = fs::metadata(at).and_then(|at| at.modified()).expect("sources");
    let within = fs::read_dir(at).into_iter().flatten().flatten().map(|entry| newest(&entry.path()));
    within.chain([written]).max().unwrap_or(written)
}

/// Node, about to run a script of the package's tests.
fn node(script: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(package().join("test").join(script));
    command
}

fn start(arguments: &[&str], file: &Path) -> Child {
    let mut command = node("support/child.js");
    command.arg(arguments[0]).arg(file).args(&arguments[1..]).stdout(Stdio::piped());
    command.spawn().expect("node starts")
}

/// What a job says, line by line.
fn say(arguments: &[&str], file: &Path) -> Vec<String> {
    let output = start(arguments, file).wait_with_output().expect("node runs");
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

fn open(file: &Path) -> Stockroom<SqliteStore> {
    Stockroom::new(SqliteStore::open(file).expect("it opens"), || 1_795_000_000_000)
}

fn digest(shop: &Stockroom<SqliteStore>) -> String {
    let report = shop.verify().expect("it can be read");
    assert!(report.is_ok(), "{report:?}");
    shop.digest().expect("it can be read").to_string()
}

fn order(id: &str) -> NewOrder {
    NewOrder {
        id: id.into(),
        channel: "web".into(),
        currency: "EUR".into(),
        lines: vec![NewLine { sku: "SKU-1".into(), quantity: 1, unit_price_minor: 5 }],
        ..NewOrder::default()
    }
}

#[test]
fn node_and_rust_take_turns_on_one_file() {
    if !can_run() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.sqlite3");
    let written = say(&["write", "a", "120"], &file);
    let shop = open(&file);
    assert_eq!([digest(&shop)], *written, "Rust reads what Node wrote");
    assert!(shop.execute(order("r-1")).expect("it is written").accepted().is_ok());
    let ours = digest(&shop);
    drop(shop);
    assert_eq!(say(&["digest"], &file), [ours], "Node reads what Rust wrote");
}

#[test]
fn rust_finds_every_order_that_a_killed_node_acknowledged() {
    if !can_run() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.sqlite3");
    let mut seller = start(&["sell", "k"], &file);
    let mut lines = BufReader::new(seller.stdout.take().expect("its output")).lines();
    let first: Vec<String> = lines.by_ref().take(60).map(|line| line.expect("a line")).collect();
    seller.kill().expect("it runs");
    seller.wait().expect("it ends");
    let acknowledged: Vec<String> = first.into_iter().skip(1).chain(lines.map_while(Result::ok)).collect();
    let shop = open(&file);
    digest(&shop);
    for id in &acknowledged {
        let reply = shop.execute(order(id)).expect("it can be asked");
        // The same id with other content: it is there.
        assert_eq!(reply.rejection().map(|rejection| rejection.code.name()), Some("order_exists"), "{id}");
    }
}

#[test]
fn a_file_goes_from_a_browser_to_rust_and_back() {
    if !can_run() || !package().join("node_modules/playwright-core").is_dir() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (file, back) = (folder.path().join("shop.sqlite3"), folder.path().join("back.sqlite3"));
    let carry = |from: &Path, to: &Path, count: &str| {
        let output = node("browser/support/carry.js").arg(from).arg(to).arg(count).output().expect("node runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    };
    let written = carry(Path::new("-"), &file, "60");
    if written == "no browser" {
        eprintln!("skipped: it needs Chromium");
        return;
    }
    let shop = open(&file);
    assert_eq!(digest(&shop), written, "Rust reads what the browser wrote");
    let ours =
        NewOrder { lines: vec![NewLine { sku: "mug".into(), quantity: 1, unit_price_minor: 5 }], ..order("r-1") };
    assert!(shop.execute(ours).expect("it is written").accepted().is_ok());
    let ours = digest(&shop);
    drop(shop);
    assert_eq!(carry(&file, &back, "0"), ours, "the browser reads what Rust wrote");
    assert_eq!(digest(&open(&back)), ours);
}
