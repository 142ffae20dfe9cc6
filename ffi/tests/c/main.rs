//! The C ABI as programs in C meet it. They lie beside this file or are generated from the committed header, and are
//! built with the release library and run in every way: with the shared and with the static one, under the address,
//! leak and undefined-behaviour sanitizers, and under valgrind. What they provoked is compared with what the header
//! says that functions can answer.
//!
//! The library itself is not instrumented for the sanitizers, which look at the programs, at every allocation and at
//! what C's own functions touch. valgrind looks at every instruction of both.

#![forbid(unsafe_code)]

mod arguments;
mod declarations;
mod header;
mod hostile;
mod installed;
mod library;
mod samples;
mod size;
mod stage;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::declarations::{Header, named};
use crate::library::{Build, Program, Run, compile, has_valgrind, include_directory, library, sources, told};
use crate::stage::Stage;

/// How long one program may take.
const MOST: Duration = Duration::from_secs(300);

/// Programs that need nothing but a directory.
const PROGRAMS: &[&str] = &["opening", "documents", "placing", "callbacks", "fork", "threads", "exchanges", "relaying"];

/// What is not provoked in C, and why: `*` stands for every function.
const NOT_PROVOKED: &[(&str, &str, &str)] = &[
    ("*", "STOCKROOM_INVARIANT_BROKEN", "it takes a bug in the engine; the core's own tests plant one"),
    ("*", "STOCKROOM_ABORTED", "it takes a panic in another thread's commit; the core's own tests plant one"),
    ("*", "STOCKROOM_PANICKED", "it takes a panic; the unit tests of ffi/src/guard.rs plant one"),
    ("*", "STOCKROOM_TOO_MANY", "it takes 268 million live handles"),
];

/// What no program provokes yet, though the header names it: `stockroom_take` writes little and `stockroom_preview`
/// nothing, so that the full disk is met by other calls before.
const NOT_PROVOKED_YET: &[(&str, &str)] = &[
    ("stockroom_preview", "STOCKROOM_IO"),
    ("stockroom_take", "STOCKROOM_IO"),
    ("stockroom_take", "STOCKROOM_MALFORMED"),
];

/// Functions whose good arguments are not among what is drawn: an answer has to fit what was asked, and settings of
/// webhooks and backfills have no sample here. `exchanges.c` has them succeed.
const NEVER_GOOD: &[&str] = &["stockroom_conversation_answer", "stockroom_webhook_", "stockroom_backfill_"];

/// What a function that takes a database or any other handle can always answer.
const ALWAYS: &[&str] = &["STOCKROOM_REENTERED", "STOCKROOM_FORKED"];

fn header() -> &'static Header {
    static HEADER: OnceLock<Header> = OnceLock::new();
    HEADER.get_or_init(|| {
        let text = std::fs::read_to_string(include_directory().join("stockroom.h")).expect("the header is there");
        declarations::read(&text)
    })
}

/// The seed of all that is drawn: `STOCKROOM_SEED`, or one that is the same each time.
fn seed() -> u64 {
    match std::env::var("STOCKROOM_SEED") {
        Ok(seed) => seed.parse().expect("STOCKROOM_SEED is a number"),
        Err(_) => 20_261_123,
    }
}

/// What is generated, in a directory that stays until the process ends.
fn generated() -> &'static std::path::Path {
    static GENERATED: OnceLock<std::path::PathBuf> = OnceLock::new();
    GENERATED.get_or_init(|| {
        let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("c");
        std::fs::create_dir_all(&directory).expect("a directory");
        hostile::generate(header(), &directory, seed());
        directory
    })
}

fn program(name: &str, build: Build) -> Program {
    let written = sources().join(format!("{name}.c"));
    let source = if written.exists() { written } else { generated().join(format!("{name}.c")) };
    compile(&source, generated(), build)
}

/// Builds and runs every program but the hostile one, and returns what they printed.
fn run_all(build: Build, run: Run) -> String {
    let mut printed = String::new();
    let names = PROGRAMS.iter().copied().chain(["pointers"]);
    for name in names {
        let stage = Stage::new();
        stage.foreign();
        printed += &program(name, build).run(run, &[], &[stage.path().into()], MOST);
    }
    let store = program("store", build);
    let stage = Stage::new();
    let part = |part: &str| store.run(run, &[], &[stage.path().into(), part.into()], MOST);
    let before = stage.newer();
    printed += &part("newer");
    assert!(stage.bytes("newer.sqlite3") == before, "a newer database was written to");
    stage.damaged();
    printed += &part("damaged");
    let locks = stage.locked();
    printed += &part("busy");
    drop(locks);
    printed += &part("limited");
    printed + &on_a_small_disk(&store, run)
}

/// The part of `store.c` that fills a disk: one of four megabytes in a namespace of its own.
fn on_a_small_disk(store: &Program, run: Run) -> String {
    let stage = Stage::new();
    let mount = "mount -t tmpfs -o size=4m stockroom \"$STOCKROOM_DISK\" && exec \"$@\"";
    let mut disk = OsString::from("STOCKROOM_DISK=");
    disk.push(stage.path());
    let prefix = ["unshare", "--user", "--map-root-user", "--mount", "env"].map(OsString::from);
    let prefix: Vec<OsString> =
        prefix.into_iter().chain([disk]).chain(["sh", "-c", mount, "sh"].map(OsString::from)).collect();
    let probe = Command::new(&prefix[0]).args(&prefix[1..]).arg("true").status();
    if !probe.is_ok_and(|status| status.success()) {
        assert!(
            library::is_skipped("small-disk"),
            "no small disk can be mounted here (`unshare` needs user namespaces): STOCKROOM_SKIP=small-disk leaves it out"
        );
        return "provoked stockroom_open STOCKROOM_FULL\nprovoked stockroom_place STOCKROOM_FULL\n".to_owned();
    }
    store.run(run, &prefix, &[stage.path().into(), "full".into()], MOST)
}

/// What was provoked: functions and statuses.
fn provoked(printed: &str) -> BTreeSet<(&str, &str)> {
    printed.lines().filter_map(|line| line.strip_prefix("provoked ")?.split_once(' ')).collect()
}

#[test]
fn programs_pass_and_provoke_what_the_header_names() {
    let printed = run_all(Build::Shared, Run::Plain);
    let provoked = provoked(&printed);
    let is_excused = |function: &str, status: &str| {
        let mut excused = NOT_PROVOKED.iter();
        excused.any(|(of, named, _)| (*of == "*" || *of == function) && *named == status)
            || NOT_PROVOKED_YET.contains(&(function, status))
    };
    let mut missing = Vec::new();
    for (status, _) in header().statuses.iter().filter(|(status, _)| status != "STOCKROOM_OK") {
        let is_provoked = provoked.iter().any(|(_, found)| found == status);
        match (is_provoked, is_excused("", status)) {
            (false, false) => missing.push(format!("nothing provokes {status}")),
            (true, true) => missing.push(format!("{status} is provoked: take it from the list of what is not")),
            _ => {}
        }
    }
    for function in header().functions.iter().filter(|function| function.returns_status()) {
        for status in named(function, header()).into_iter().chain(ALWAYS.iter().copied()) {
            let pair = (function.name.as_str(), status);
            if !provoked.contains(&pair) && !is_excused(pair.0, pair.1) {
                missing.push(format!("nothing makes {} answer {status}", pair.0));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn programs_pass_with_the_static_library() {
    run_all(Build::Static, Run::Plain);
}

#[test]
fn programs_pass_under_the_sanitizers() {
    run_all(Build::Sanitized, Run::Plain);
}

#[test]
fn programs_pass_under_valgrind() {
    if has_valgrind() {
        run_all(Build::Shared, Run::Valgrind);
    }
}

/// Calls every function with drawn arguments, and looks at what they answered.
fn attack(build: Build, run: Run, calls: u64, threads: u64) {
    let seed = seed();
    println!("the hostile calls are drawn from the seed {seed} (STOCKROOM_SEED)");
    let stage = Stage::in_memory();
    let hostile = program("hostile", build);
    let in_directory = ["env", "-C"].map(OsString::from).into_iter().chain([stage.path().into()]);
    let arguments = [seed, calls, threads].map(|number| OsString::from(number.to_string()));
    let arguments: Vec<OsString> = arguments.into_iter().chain([generated().into()]).collect();
    let start = Instant::now();
    let printed = hostile.run(run, &in_directory.collect::<Vec<_>>(), &arguments, Duration::from_secs(900));
    println!("{calls} hostile calls took {:.1} s\n{printed}", start.elapsed().as_secs_f64());
    assert!(printed.lines().any(|line| line == format!("calls {calls}")), "not all calls were made");
    // Good and bad answers of each function: neither all of its arguments were good, nor was any always bad.
    for function in header().functions.iter().filter(|function| function.returns_status()) {
        let begin = format!("answers {}", function.name);
        let line = printed.lines().find_map(|line| line.strip_prefix(&begin).filter(|rest| rest.starts_with(' ')));
        let line = line.unwrap_or_default();
        let is_done = line.contains(" 0:") || NEVER_GOOD.iter().any(|name| function.name.starts_with(name));
        let is_refused = line.split_whitespace().any(|count| !count.starts_with("0:"));
        assert!(calls < 100_000 || (is_done && is_refused), "{}: {line}", function.name);
    }
}

#[test]
fn a_million_hostile_calls_do_no_harm() {
    attack(Build::Shared, Run::Plain, 1_000_000, 4);
}

#[test]
fn hostile_calls_do_no_harm_under_the_sanitizers() {
    attack(Build::Sanitized, Run::Plain, 100_000, 4);
}

#[test]
fn hostile_calls_do_no_harm_under_valgrind() {
    if has_valgrind() {
        attack(Build::Shared, Run::Valgrind, 20_000, 4);
    }
}

/// The functions that the header declares, in the order of their names.
fn declared() -> BTreeSet<&'static str> {
    header().functions.iter().map(|function| function.name.as_str()).collect()
}

/// The names that `nm` lists.
fn symbols(arguments: &[&str], file: &std::path::Path) -> BTreeSet<String> {
    let listing = told(Command::new("nm").args(arguments).arg(file), "list symbols");
    let symbols = listing.lines().filter(|line| !line.ends_with(':')).filter_map(|line| line.split(' ').next());
    symbols.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The names that a shared library exports.
fn exported(file: &std::path::Path) -> BTreeSet<String> {
    symbols(&["-D", "--defined-only", "--format=posix"], file)
}

#[test]
fn the_library_exports_what_the_header_declares_and_nothing_else() {
    let shared = exported(&library().shared);
    let shared: BTreeSet<&str> = shared.iter().map(String::as_str).collect();
    assert_eq!(shared, declared());
    // An archive has no place to hide what its objects need of each other: there the names that hosts may meet count.
    let archived = symbols(&["-g", "--defined-only", "--format=posix"], &library().archive);
    let ours: BTreeSet<&str> =
        archived.iter().map(String::as_str).filter(|name| name.starts_with("stockroom")).collect();
    assert_eq!(ours, declared());
}

#[test]
fn the_shared_library_has_its_soname() {
    let dynamic = told(Command::new("readelf").arg("-d").arg(&library().shared), "read the dynamic section");
    let soname = format!("[libstockroom.so.{}]", abi_version());
    assert!(dynamic.lines().any(|line| line.contains("(SONAME)") && line.contains(&soname)), "{dynamic}");
}

fn abi_version() -> String {
    let text = std::fs::read_to_string(include_directory().join("stockroom.h")).expect("the header is there");
    let line = text.lines().find_map(|line| line.strip_prefix("#define STOCKROOM_ABI_VERSION "));
    line.expect("the header has a version of the ABI").to_owned()
}
