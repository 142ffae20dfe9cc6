//! Where scenarios run, and the table of what came of it: for people, with a last line for programs.

use std::process::ExitCode;
use std::time::Instant;

use crate::child::{self, Program};
use crate::native;
use crate::place::Place;
use crate::scenario;

/// The program that is the host in C.
const C_HOST: &str = "STOCKROOM_RIVALS_C";
/// The entry of the npm package.
const NODE_PACKAGE: &str = "STOCKROOM_RIVALS_NODE";

/// A place where scenarios can run.
#[derive(Clone, Debug)]
pub(crate) enum Where {
    Memory,
    Sqlite,
    C(Program),
    Node(Program),
}

impl Where {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Where::Memory => "memory",
            Where::Sqlite => "sqlite",
            Where::C(_) => "c",
            Where::Node(_) => "node",
        }
    }

    /// An empty database there.
    pub(crate) fn open(&self) -> Box<dyn Place> {
        match self {
            Where::Memory => native::memory(None),
            Where::Sqlite => native::sqlite(None),
            Where::C(program) | Where::Node(program) => child::host(program),
        }
    }
}

/// The places that a list names.
pub(crate) fn places(list: &str) -> Result<Vec<Where>, String> {
    let said = |variable: &str| {
        std::env::var_os(variable).ok_or_else(|| format!("{variable} is not set; `cargo xtask rivals` sets it"))
    };
    let place = |name: &str| match name {
        "memory" => Ok(Where::Memory),
        "sqlite" => Ok(Where::Sqlite),
        "c" => Ok(Where::C(vec![said(C_HOST)?])),
        "node" => {
            let host = concat!(env!("CARGO_MANIFEST_DIR"), "/hosts/host.mjs");
            Ok(Where::Node(vec!["node".into(), host.into(), said(NODE_PACKAGE)?]))
        }
        _ => Err(format!("`{name}` is no place; there are memory, sqlite, c and node")),
    };
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(place).collect()
}

/// Runs every scenario at every place and prints what came of it.
pub(crate) fn run(list: &str) -> ExitCode {
    let places = match places(list) {
        Ok(places) => places,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let scenarios = scenario::all();
    let (mut runs, mut passed) = (0, 0);
    let mut faults = Vec::new();
    print!("{:<40}", "scenario");
    places.iter().for_each(|place| print!("{:>14}", place.name()));
    println!();
    for scenario in &scenarios {
        print!("{:<40}", scenario.name);
        for place in &places {
            let (start, here) = (Instant::now(), place.clone());
            let came = crate::run(scenario.run, scenario.name, move || here.open());
            let word = if came.is_ok() { "ok" } else { "FAILED" };
            print!("{:>14}", format!("{word} {:>4} ms", start.elapsed().as_millis()));
            runs += 1;
            match came {
                Ok(()) => passed += 1,
                Err(why) => faults.push(format!("{} on {}: {why}", scenario.name, place.name())),
            }
        }
        println!();
    }
    faults.iter().for_each(|fault| println!("{fault}"));
    println!("{} scenarios, {runs} runs, {passed} passed", scenarios.len());
    println!(
        "{}",
        serde_json::json!({ "rivals": { "scenarios": scenarios.len(), "places": places.iter().map(Where::name).collect::<Vec<_>>(),
            "runs": runs, "passed": passed } })
    );
    if passed == runs { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
