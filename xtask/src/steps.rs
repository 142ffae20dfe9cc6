//! The steps of `cargo xtask test`, in their order. To add one, add a row to [`STEPS`]; a step for which a
//! program is missing fails, and says how to get it; only what no clone has (a data file beside the repository) is
//! [`Outcome::NotRun`]. How steps are run, timed and reported is not for this file.

use anyhow::Result;

use crate::determinism;
use crate::embed;
use crate::examples;
use crate::npm_browser;
use crate::npm_node;
use crate::process;
use crate::replay;
use crate::rivals;
use crate::tidy;
use crate::workspace::Workspace;

/// One named check.
pub(crate) struct Step {
    /// What `--skip` calls it.
    pub(crate) name: &'static str,
    /// What a passing step has shown, in a few words.
    pub(crate) about: &'static str,
    /// An error means that the step failed.
    pub(crate) run: fn(&Workspace) -> Result<Outcome>,
}

/// What became of a step that did not fail.
pub(crate) enum Outcome {
    Passed,
    /// It could not run here, for the reason given. It is reported, and counts as skipped.
    NotRun(String),
}

/// All steps; the quick ones come first, so that a slip is seen early.
pub(crate) const STEPS: &[Step] = &[
    Step { name: "format", about: "the code is formatted", run: format },
    Step { name: "tidy", about: "the house rules hold", run: tidy_rules },
    Step { name: "clippy", about: "no lint warns", run: clippy },
    Step { name: "test", about: "unit and integration tests pass", run: test },
    Step { name: "doc-test", about: "the examples in the docs run", run: doc_test },
    Step { name: "doc", about: "the API docs build without a warning", run: doc },
    Step {
        name: "install",
        about: "an installation serves pkg-config and CMake, wherever it is moved",
        run: embed::run,
    },
    Step { name: "npm", about: "the npm package, as its users install it, keeps what it says", run: npm_node::package },
    Step { name: "example-node", about: "the shop in Node serves, and ends in order", run: npm_node::example },
    Step {
        name: "example-own-database",
        about: "tills in several processes over PostgreSQL sell nothing twice",
        run: npm_node::own_database,
    },
    Step { name: "npm-browser", about: "in Chromium a database keeps what it acknowledged", run: npm_browser::package },
    Step { name: "example-browser", about: "a till in Chromium sells without a network", run: npm_browser::example },
    // After whatever builds the npm package: then it runs in Node as well.
    Step {
        name: "rivals",
        about: "what others sold twice is sold once, in memory, SQLite, C and Node",
        run: rivals::step,
    },
    Step { name: "example-c", about: "a till in C keeps every sale through kill -9", run: examples::c },
    Step { name: "example-python", about: "the shop in Python runs and verifies", run: examples::python },
    Step { name: "example-php", about: "the shop in PHP runs and verifies", run: examples::php },
    Step {
        name: "determinism",
        about: "one command log gives one digest in Rust, through C, in Node and in Chromium",
        run: determinism::run,
    },
    Step { name: "replay", about: "the bundled month of orders replays and verifies", run: replay::bundled },
    Step { name: "replay-full", about: "half a year of orders gives the known result", run: replay::full },
];

fn format(workspace: &Workspace) -> Result<Outcome> {
    cargo(workspace, &["fmt", "--all", "--check"])
}

fn tidy_rules(workspace: &Workspace) -> Result<Outcome> {
    tidy::run(workspace).map(|()| Outcome::Passed)
}

fn clippy(workspace: &Workspace) -> Result<Outcome> {
    cargo(workspace, &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])?;
    // What is installed loads its HTTP client, where the workspace's features link it in.
    let loaded = ["--no-default-features", "--features", "http-loaded", "--locked", "--", "-D", "warnings"];
    cargo(workspace, &[&["clippy", "-p", "stockroom-ffi"], loaded.as_slice()].concat())
}

fn test(workspace: &Workspace) -> Result<Outcome> {
    // Not `--all-targets`: that would run the benchmarks as tests.
    cargo(workspace, &["test", "--workspace", "--lib", "--bins", "--tests", "--examples", "--locked"])
}

fn doc_test(workspace: &Workspace) -> Result<Outcome> {
    cargo(workspace, &["test", "--workspace", "--doc", "--locked"])
}

fn doc(workspace: &Workspace) -> Result<Outcome> {
    let mut command = workspace.cargo(&["doc", "--no-deps", "--workspace", "--locked"]);
    process::run(command.env("RUSTDOCFLAGS", "-D warnings")).map(|()| Outcome::Passed)
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Result<Outcome> {
    process::run(&mut workspace.cargo(arguments)).map(|()| Outcome::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_steps_share_a_name() {
        let mut names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STEPS.len());
    }
}
