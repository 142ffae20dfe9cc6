//! Scenarios by name: the known ways in which shops oversold, lost or doubled orders, each once, run wherever the engine
//! runs. As a test they run in memory and on SQLite, and each is shown to fail where something is wrong; `cargo xtask
//! rivals` runs them in C and in Node as well. `docs/rivals.md` lists them with the reports that they come from.

#![forbid(unsafe_code)]

mod child;
mod docs;
mod native;
mod peer;
mod place;
mod scenario;
mod scenarios;
mod shop;
mod table;

use std::panic;
use std::process::ExitCode;
use std::thread;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::peer::Peer;
use crate::place::Place;
use crate::scenario::{Scenario, Wrong};
use crate::shop::Shop;
use crate::table::Where;

/// Where the scenarios run as a test, unless `STOCKROOM_RIVALS_ON` says otherwise.
const AS_A_TEST: &str = "memory,sqlite";

/// The name of a thread on which a scenario is to fail: its panic is no news.
const EXPECTED: &str = "expected to fail";

fn main() -> ExitCode {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |about| {
        if thread::current().name() != Some(EXPECTED) {
            report(about);
        }
    }));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [table, on, places] = &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        if (*table, *on) == ("table", "--on") {
            return table::run(places);
        }
    }
    let on = std::env::var("STOCKROOM_RIVALS_ON").unwrap_or_else(|_| AS_A_TEST.to_owned());
    let places = match table::places(&on) {
        Ok(places) => places,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut trials = vec![Trial::test("docs_list_every_scenario", docs::are_true)];
    for place in places {
        trials.extend(scenario::all().into_iter().map(|scenario| holds(scenario, place.clone())));
    }
    for scenario in scenario::all() {
        trials.extend(scenario.noticed.iter().map(|wrong| notices(scenario.run, scenario.name, *wrong)));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A scenario at a place.
fn holds(scenario: Scenario, place: Where) -> Trial {
    let name = format!("{}::{}", place.name(), scenario.name);
    Trial::test(name, move || run(scenario.run, scenario.name, move || place.open()).map_err(Failed::from))
}

/// A scenario where something is wrong: it has to fail, at something that it looked at.
fn notices(run_it: fn(&mut Shop), scenario: &'static str, wrong: Wrong) -> Trial {
    Trial::test(format!("wrong::{scenario}::{}", wrong.name()), move || {
        let place = move || -> Box<dyn Place> {
            match wrong {
                Wrong::Bug(bug) => native::memory(Some(bug)),
                Wrong::BugOnFile(bug) => native::sqlite(Some(bug)),
                Wrong::Peer(flaw) => Box::new(Peer::new(native::memory(None), flaw)),
            }
        };
        match run(run_it, EXPECTED, place) {
            Ok(()) => Err(format!("{scenario} does not notice {}", wrong.name()).into()),
            Err(why) => {
                let why: String = why.chars().take(200).collect();
                println!("{scenario} notices {}: {why}", wrong.name());
                Ok(())
            }
        }
    })
}

/// Runs a scenario on a thread of its own, and gives what it stumbled over.
fn run(
    run_it: fn(&mut Shop),
    thread_name: &str,
    place: impl FnOnce() -> Box<dyn Place> + Send + 'static,
) -> Result<(), String> {
    let thread = thread::Builder::new().name(thread_name.to_owned()).spawn(move || run_it(&mut Shop::new(place())));
    thread.map_err(|error| error.to_string())?.join().map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    })
}
