//! `cargo xtask`: the project's own commands, so that a person and continuous integration run the same
//! ones. This file only reads the command line; it may not know how a command does its work.

#![forbid(unsafe_code)]

mod bench;
mod crash;
mod deny;
mod determinism;
mod embed;
mod examples;
mod fuzz;
mod header;
mod install;
mod npm;
mod npm_browser;
mod npm_node;
mod process;
mod replay;
mod rivals;
mod runner;
mod scoreboard;
mod simulate;
mod sqlite;
mod steps;
mod tidy;
mod tools;
mod wasm;
mod workspace;

use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{CommandFactory, Parser, Subcommand};

use crate::workspace::Workspace;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Stockroom's own commands",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every check of the project, one named step after another
    Test {
        /// Leave a step out; may be given more than once
        #[arg(long, value_name = "NAME", value_parser = step_names())]
        skip: Vec<String>,
    },
    /// Check the house rules: dependencies, source files, docs
    Tidy,
    /// Run the side-by-side benchmarks in release mode
    Bench(bench::Arguments),
    /// Build the npm package's WebAssembly module
    Wasm(wasm::Arguments),
    /// Write include/stockroom.h anew from the code
    Header,
    /// Install libstockroom for C programs: header, libraries, pkg-config, CMake
    Install(install::Arguments),
    /// Check the licences and sources of what is linked
    Deny,
    /// Fuzz every parser and command sequences, for hours
    Fuzz(fuzz::Arguments),
    /// Run whole histories with everything going wrong, and check them
    Simulate(simulate::Arguments),
    /// Crash the SQLite store at every write, sync and truncation, and check what is left
    Crash(crash::Arguments),
    /// Run the scenarios in which other shops oversold, lost or doubled orders, wherever the engine runs
    Rivals(rivals::Arguments),
    /// Run the short form of every proof, and write docs/scoreboard.md
    Scoreboard(scoreboard::Arguments),
}

/// The names that `--skip` takes, so that an unknown one is answered with the list.
fn step_names() -> PossibleValuesParser {
    PossibleValuesParser::new(steps::STEPS.iter().map(|step| PossibleValue::new(step.name).help(step.about)))
}

/// The subcommands by name, for the rule that the docs name none that is gone.
fn subcommand_names() -> Vec<String> {
    Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let workspace = Workspace::locate();
    let result = match cli.task {
        Task::Test { skip } => runner::run(steps::STEPS, &skip, &workspace),
        Task::Tidy => tidy::run(&workspace),
        Task::Bench(arguments) => bench::run(&workspace, &arguments),
        Task::Wasm(arguments) => wasm::run(&workspace, &arguments),
        Task::Header => header::run(&workspace),
        Task::Install(arguments) => install::run(&workspace, &arguments),
        Task::Deny => deny::run(&workspace),
        Task::Fuzz(arguments) => fuzz::run(&workspace, &arguments),
        Task::Simulate(arguments) => simulate::run(&workspace, &arguments),
        Task::Rivals(arguments) => rivals::run(&workspace, &arguments),
        Task::Scoreboard(arguments) => scoreboard::run(&workspace, &arguments),
        Task::Crash(arguments) => crash::run(&workspace, &arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
        let names = [
            "test",
            "tidy",
            "bench",
            "wasm",
            "header",
            "install",
            "deny",
            "fuzz",
            "simulate",
            "crash",
            "rivals",
            "scoreboard",
        ];
        assert_eq!(subcommand_names(), names);
    }

    #[test]
    fn an_unknown_step_is_answered_with_the_names() {
        let error =
            Cli::try_parse_from(["xtask", "test", "--skip", "lint"]).err().expect("`lint` is no step").to_string();
        for step in steps::STEPS {
            assert!(error.contains(step.name), "{} is missing in: {error}", step.name);
        }
        assert!(Cli::try_parse_from(["xtask", "test", "--skip", "doc", "--skip", "replay"]).is_ok());
    }
}
