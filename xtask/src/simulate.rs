//! `cargo xtask simulate`: the long form of the core's simulation, in release mode. It may not know what is simulated:
//! it hands its arguments on.

use anyhow::Result;
use clap::Args;

use crate::process;
use crate::workspace::Workspace;

/// What is passed through to the simulation.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The seeds to run, such as 0..1000; without an end they go on until the time is over
    #[arg(long, value_name = "A..B")]
    seeds: Option<String>,
    /// Stop after so many hours; fractions are taken
    #[arg(long, value_name = "H")]
    hours: Option<String>,
    /// Steps of each history
    #[arg(long, value_name = "N")]
    steps: Option<String>,
    /// Histories that run at once, each on a thread of its own
    #[arg(long, value_name = "N")]
    jobs: Option<String>,
    /// Turn a planted bug on, and show that it is caught
    #[arg(long, value_name = "NAME")]
    mutate: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Builds the simulation in release mode and runs it.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let test =
        ["test", "--quiet", "--release", "--locked", "-p", "stockroom", "--test", "simulation", "--", "simulate"];
    process::run(workspace.cargo(&test).args(passed(arguments)))
}

fn passed(arguments: &Arguments) -> Vec<&str> {
    let Arguments { seeds, hours, steps, jobs, mutate, json } = arguments;
    let named = [("--seeds", seeds), ("--hours", hours), ("--steps", steps), ("--jobs", jobs), ("--mutate", mutate)];
    let given = named.into_iter().filter_map(|(name, value)| Some([name, value.as_deref()?]));
    given.flatten().chain(json.then_some("--json")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_passed_through() {
        let none = Arguments { seeds: None, hours: None, steps: None, jobs: None, mutate: None, json: false };
        assert!(passed(&none).is_empty());
        let some = Arguments { seeds: Some("0..9".into()), mutate: Some("lost-release".into()), json: true, ..none };
        assert_eq!(passed(&some), ["--seeds", "0..9", "--mutate", "lost-release", "--json"]);
    }
}
