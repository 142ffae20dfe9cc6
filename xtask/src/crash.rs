//! `cargo xtask crash`: the long form of the SQLite store's crash matrix, in release mode. It may not know what is tried:
//! it hands its arguments on.

use anyhow::{Result, bail};
use clap::Args;

use crate::process;
use crate::tools;
use crate::workspace::Workspace;

/// What is passed through to the matrix.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Points to try on simulated disks; places are chosen by the seed where there are more
    #[arg(long, value_name = "N")]
    points: Option<String>,
    /// Real processes to kill, which needs strace
    #[arg(long, value_name = "N")]
    kills: Option<String>,
    /// Files to flip bits in
    #[arg(long, value_name = "N")]
    flips: Option<String>,
    /// Another seed gives other places, losses and flips
    #[arg(long, value_name = "S")]
    seed: Option<String>,
    /// Threads
    #[arg(long, value_name = "N")]
    jobs: Option<String>,
    /// Only these kinds of command or stories, such as place_order,migrate
    #[arg(long, value_name = "KIND,..")]
    kinds: Option<String>,
    /// Try one point again, as a failure names it
    #[arg(long, value_name = "POINT")]
    repeat: Option<String>,
}

/// Builds the matrix in release mode and runs it.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let no_kills = arguments.kills.as_deref() == Some("0") || arguments.repeat.is_some();
    if let Some(reason) = (!no_kills).then(|| tools::provide(&[tools::STRACE])).transpose()?.flatten() {
        bail!("{reason}; --kills 0 leaves the real processes out");
    }
    let test = ["test", "--quiet", "--release", "--locked", "-p", "stockroom-sqlite", "--test", "crash", "--", "crash"];
    process::run(workspace.cargo(&test).args(passed(arguments)))
}

fn passed(arguments: &Arguments) -> Vec<&str> {
    let Arguments { points, kills, flips, seed, jobs, kinds, repeat } = arguments;
    let named = [
        ("--points", points),
        ("--kills", kills),
        ("--flips", flips),
        ("--seed", seed),
        ("--jobs", jobs),
        ("--kinds", kinds),
        ("--repeat", repeat),
    ];
    named.into_iter().filter_map(|(name, value)| Some([name, value.as_deref()?])).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_passed_through() {
        let none =
            Arguments { points: None, kills: None, flips: None, seed: None, jobs: None, kinds: None, repeat: None };
        assert!(passed(&none).is_empty());
        let some = Arguments { points: Some("9".into()), kinds: Some("tick".into()), ..none };
        assert_eq!(passed(&some), ["--points", "9", "--kinds", "tick"]);
    }
}
