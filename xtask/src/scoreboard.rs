//! `cargo xtask scoreboard`: runs the short form of every proof and writes `docs/scoreboard.md` from what they say: figure,
//! target, date, commit, command. No figure is typed by hand. Long runs are kept as the commands printed them, by
//! `--record`, in `docs/runs/`, and stand in a table of their own.
//!
//! To add a row: a function that gives [`Figure`]s, and its line in [`SHORT`].

mod long;
mod page;

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use self::page::{Figure, Verdict};
use crate::process;
use crate::workspace::Workspace;

const PAGE: &str = "docs/scoreboard.md";

/// The command line of `cargo xtask scoreboard`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Run one of our commands in its long form, with its own arguments, and keep what it says in docs/runs
    #[arg(long, value_name = "COMMAND", num_args = 1.., allow_hyphen_values = true)]
    record: Vec<String>,
    /// Write the page from what it says, without running anything: the short rows are left out
    #[arg(long, conflicts_with = "record")]
    long_only: bool,
}

/// A short form: what it is called, and how its figures are come by.
type Short = (&'static str, fn(&Workspace) -> Result<Vec<Figure>>);

const SHORT: &[Short] = &[
    ("simulation", simulation),
    ("planted bugs", planted_bugs),
    ("rivals", rivals),
    ("crash matrix", crash),
    ("models", models),
    ("fuzzing", fuzzing),
    ("unsafe code", unsafe_code),
    ("supply chain", supply_chain),
    ("speed", speed),
];

/// Runs, and writes the page.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    if !arguments.record.is_empty() {
        return long::record(workspace, &arguments.record);
    }
    let mut figures = Vec::new();
    for (name, short) in SHORT.iter().filter(|_| !arguments.long_only) {
        println!("{name}");
        match short(workspace) {
            Ok(some) => figures.extend(some),
            Err(error) => figures.push(Figure::failed(name, &format!("{error:#}"))),
        }
    }
    let stamp = Stamp::now(workspace)?;
    let text = page::text(&figures, &long::runs(workspace)?, &stamp);
    fs::write(workspace.root().join(PAGE), &text)?;
    println!("wrote {PAGE}");
    let missed = figures.iter().filter(|figure| figure.verdict == Verdict::Failed).count();
    if missed > 0 {
        bail!("{missed} rows failed; see {PAGE}");
    }
    Ok(())
}

/// When and on what the figures were taken.
#[derive(Debug)]
pub(crate) struct Stamp {
    pub(crate) date: String,
    pub(crate) commit: String,
}

impl Stamp {
    fn now(workspace: &Workspace) -> Result<Self> {
        let said = |program: &str, arguments: &[&str]| {
            let mut command = Command::new(program);
            process::capture(command.current_dir(workspace.root()).args(arguments)).map(|text| text.trim().to_owned())
        };
        let is_clean = said("git", &["status", "--porcelain", "--untracked-files=no"])?.is_empty();
        let commit = said("git", &["rev-parse", "--short", "HEAD"])?;
        let commit = if is_clean { commit } else { format!("{commit} and changes") };
        Ok(Stamp { date: said("date", &["-u", "+%Y-%m-%d"])?, commit })
    }
}

/// The JSON of a command's last line.
fn last_line(text: &str) -> Result<Value> {
    let line = text.lines().rev().find(|line| line.starts_with('{')).context("it printed no JSON")?;
    serde_json::from_str(line).with_context(|| format!("`{line:.200}` is not JSON"))
}

/// Runs `cargo xtask` with arguments, and gives what its last line says and the command as a person types it.
fn ours(workspace: &Workspace, arguments: &[&str]) -> Result<(Value, String)> {
    let mut command = workspace.cargo(&["run", "--quiet", "--package", "xtask", "--"]);
    let said = process::capture(command.args(arguments))?;
    Ok((last_line(&said)?, format!("cargo xtask {}", arguments.join(" "))))
}

fn number(value: &Value, field: &str) -> Result<u64> {
    value[field].as_u64().with_context(|| format!("there is no number `{field}` in {value:.200}"))
}

fn simulation(workspace: &Workspace) -> Result<Vec<Figure>> {
    let (said, command) = ours(workspace, &["simulate", "--seeds", "0..40", "--json"])?;
    let (oversold, lost, doubled) = (number(&said, "oversold")?, number(&said, "lost")?, number(&said, "doubled")?);
    let commands = number(&said, "commands")?;
    let faults = said["faults"].as_object().map_or(0, |faults| faults.values().filter(|count| **count != 0).count());
    // Failures by what did not hold.
    let failures = said["failures"].as_object().context("there are no `failures`")?;
    let failed: u64 = failures.values().filter_map(Value::as_u64).sum();
    let wrong = failed.max(oversold + lost + doubled);
    let about = format!("oversold, lost, doubled or otherwise wrong in {commands} simulated commands");
    Ok(vec![
        Figure::held(about, wrong.to_string(), "0", wrong == 0, &command),
        Figure::held("kinds of fault that happened", faults.to_string(), "at least 20", faults >= 20, &command),
    ])
}

fn planted_bugs(workspace: &Workspace) -> Result<Vec<Figure>> {
    let text = workspace.read("core/src/planted.rs")?.text;
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| {
            let (variant, rest) = line.trim().split_once(" \"")?;
            let (name, _) = rest.split_once("\" \"")?;
            variant.chars().all(char::is_alphanumeric).then_some(name)
        })
        .collect();
    let mut escaped = Vec::new();
    for name in &names {
        let mut command =
            workspace.cargo(&["run", "--quiet", "--package", "xtask", "--", "simulate", "--mutate", name]);
        if !command.output()?.status.success() {
            escaped.push(*name);
        }
    }
    let caught = names.len() - escaped.len();
    let figure = format!("{caught} of {}", names.len());
    let holds = names.len() >= 15 && escaped.is_empty();
    Ok(vec![Figure::held(
        "planted bugs that the simulation catches",
        figure,
        "all, of at least 15",
        holds,
        "cargo xtask simulate --mutate NAME",
    )])
}

fn rivals(workspace: &Workspace) -> Result<Vec<Figure>> {
    let (said, command) = ours(workspace, &["rivals", "--on", "memory,sqlite,c"])?;
    let said = &said["rivals"];
    let (runs, passed) = (number(said, "runs")?, number(said, "passed")?);
    let about = format!("of {} scenarios from reports on other shops, runs that hold", number(said, "scenarios")?);
    Ok(vec![Figure::held(about, format!("{passed} of {runs}"), "all", runs > 0 && runs == passed, &command)])
}

fn crash(workspace: &Workspace) -> Result<Vec<Figure>> {
    let (said, command) = ours(workspace, &["crash", "--points", "2000", "--kills", "20", "--flips", "400"])?;
    let said = &said["crash"];
    let (tried, survived) = (number(said, "points")?, number(said, "survived")?);
    let flips = said["flips"].as_object().context("the run told no flips")?;
    let flips = |of: &dyn Fn(&str) -> bool| -> u64 {
        flips.iter().filter(|(name, _)| of(name)).filter_map(|(_, count)| count.as_u64()).sum()
    };
    let in_database = flips(&|name| name.starts_with("database_"));
    let seen = flips(&|name| ["database_open", "database_read", "database_harmless"].contains(&name));
    Ok(vec![
        Figure::held(
            "points of crashes and faults survived",
            format!("{survived} of {tried}"),
            "all",
            tried > 0 && tried == survived,
            &command,
        ),
        Figure::held(
            "files with wrong bits that fail to be read, or answer as before",
            format!("{seen} of {in_database}"),
            "all",
            in_database > 0 && seen == in_database,
            &command,
        ),
    ])
}

fn models(workspace: &Workspace) -> Result<Vec<Figure>> {
    let command = "cargo test -p stockroom --test models -- --nocapture";
    let arguments: Vec<&str> = command.split(' ').skip(1).collect();
    let said = process::capture(&mut workspace.cargo(&arguments))?;
    let figures = said.lines().filter_map(|line| {
        let (world, rest) = line.split_once(": ")?;
        let (states, _) = rest.split_once(" states, ")?;
        let about = format!("states of the world `{world}` searched, every property held");
        Some(Figure::told(about, states.to_owned(), command))
    });
    let figures: Vec<Figure> = figures.collect();
    if figures.is_empty() {
        bail!("the models told no states");
    }
    Ok(figures)
}

fn fuzzing(workspace: &Workspace) -> Result<Vec<Figure>> {
    let (said, command) = ours(workspace, &["fuzz", "--hours", "0.01"])?;
    let said = &said["fuzz"];
    let crashed = said["crashed"].as_array().map_or(usize::MAX, Vec::len);
    let about =
        format!("targets that crashed in {} executions of {}", number(said, "executions")?, number(said, "targets")?);
    Ok(vec![Figure::held(about, crashed.to_string(), "0", crashed == 0, &command)])
}

fn supply_chain(workspace: &Workspace) -> Result<Vec<Figure>> {
    let mut command = workspace.cargo(&["run", "--quiet", "--package", "xtask", "--", "deny"]);
    let holds = command.output()?.status.success();
    let figure = if holds { "yes" } else { "no" }.to_owned();
    Ok(vec![Figure::held(
        "licences and sources of everything linked are allowed",
        figure,
        "yes",
        holds,
        "cargo xtask deny",
    )])
}

/// Where `unsafe` stands outside of what is allowed to have it.
fn unsafe_code(workspace: &Workspace) -> Result<Vec<Figure>> {
    let listing = process::capture(Command::new("git").current_dir(workspace.root()).args(["ls-files", "*.rs"]))?;
    let (mut blocks, mut elsewhere, mut forbidding) = (0, 0, 0);
    for file in listing.lines() {
        let text = workspace.read(file)?.text;
        let count = text.lines().filter(|line| is_unsafe(line)).count();
        forbidding += usize::from(text.contains("#![forbid(unsafe_code)]"));
        let places = ["ffi/", "wasm/src/vfs/", "adapters/sqlite/src/vfs/", "adapters/sqlite/tests/crash/"];
        match places.iter().any(|place| file.starts_with(place)) {
            true => blocks += count,
            false => elsewhere += count,
        }
    }
    let command = "cargo xtask scoreboard";
    Ok(vec![
        Figure::held(
            "unsafe blocks outside the C ABI and VFS code",
            elsewhere.to_string(),
            "0",
            elsewhere == 0,
            command,
        ),
        Figure::told("unsafe blocks in them, each with its reason", blocks.to_string(), command),
        Figure::told("crates and programs that forbid unsafe code", forbidding.to_string(), command),
    ])
}

/// Whether a line of code begins something unsafe, and does not merely name it in a text.
fn is_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"]
        .iter()
        .any(|word| code.find(word).is_some_and(|at| code[..at].matches('"').count() % 2 == 0))
}

fn speed(workspace: &Workspace) -> Result<Vec<Figure>> {
    let arguments =
        ["bench", "--quick", "--json", "place/one-per-commit", "place/batch-1000", "c/one-per-commit", "c/batch-1000"];
    let mut command = workspace.cargo(&["run", "--quiet", "--package", "xtask", "--"]);
    let said = process::capture(command.args(arguments))?;
    let shown = format!("cargo xtask {}", arguments.join(" "));
    let rows = said.lines().filter(|line| line.starts_with('{')).map(serde_json::from_str::<Value>);
    let mut figures = Vec::new();
    for row in rows {
        let row = row?;
        let (name, unit) = (row["name"].as_str().unwrap_or_default(), row["unit"].as_str().unwrap_or_default());
        let ratio = row["ratio"].as_f64().context("a row has no ratio")?;
        let about = format!(
            "{name}: {:.0} {unit} beside the peer's {:.0}",
            row["ours"].as_f64().unwrap_or(0.0),
            row["by_hand"].as_f64().unwrap_or(0.0)
        );
        let target = row["target"].as_f64().map_or(String::new(), |target| format!("{target:.2}"));
        // Speed is told, never asserted: the machine may have been at something else.
        figures.push(Figure { target, ..Figure::told(about, format!("{ratio:.2}"), &shown) });
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_json_counts() {
        assert_eq!(last_line("a\n{\"x\":1}\n{\"x\":2}\nend\n").expect("JSON")["x"], 2);
        assert!(last_line("nothing").is_err() && last_line("{broken").is_err());
    }

    #[test]
    fn unsafe_is_seen_in_code_alone() {
        assert!(is_unsafe("    unsafe { f() }") && is_unsafe("pub unsafe extern \"C\" fn f() {"));
        assert!(is_unsafe("unsafe fn f() {}") && is_unsafe("unsafe impl Send for X {}"));
        assert!(!is_unsafe("// unsafe { }") && !is_unsafe("#![forbid(unsafe_code)]") && !is_unsafe("\"unsafe {\""));
    }
}
