//! Real processes on real files, in the ordinary way with shared memory, killed as they enter a system call: `strace`
//! sends the signal. The child is this program again.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use rusqlite::Connection;
use stockroom::{Stockroom, TimedCommand};
use stockroom_conformance::Random;
use stockroom_sqlite::SqliteStore;
use tempfile::TempDir;

use crate::scene::{FILE, Scene};
use crate::trial::{Done, resumes};

/// The calls with which SQLite changes files, as it is built here, and how often opening, a command and closing make
/// each at the most, about.
const CALLS: [(&str, u64); 5] = [("pwrite64", 90), ("pwrite64", 40), ("fsync", 6), ("ftruncate", 3), ("unlink", 3)];

const DONE: &str = "done ";

/// Why no process can be killed here.
pub(crate) fn missing() -> Option<String> {
    let probe = Command::new("strace").args(["-f", "-qq", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    match probe {
        Ok(status) if status.success() => None,
        Ok(status) => Some(format!("strace cannot trace a process here ({status})")),
        Err(error) => Some(format!("strace cannot be started: {error} (Debian: apt-get install strace)")),
    }
}

/// The child: does what is written in a file, step by step, and says so.
pub(crate) fn child(arguments: &[String]) -> Result<(), String> {
    let [file, steps] = arguments else { return Err("a file and steps are needed".into()) };
    let steps = fs::read(steps).map_err(|error| error.to_string())?;
    let steps: Vec<Vec<TimedCommand>> = serde_json::from_slice(&steps).map_err(|error| error.to_string())?;
    let shop = Stockroom::new(SqliteStore::open(file).map_err(|error| error.to_string())?, || 0);
    for (number, step) in steps.into_iter().enumerate() {
        shop.execute_batch_at(step).map_err(|error| error.to_string())?;
        println!("{DONE}{number}");
    }
    Ok(())
}

/// Kills a child at one call that a seed chooses. `None` where it was done before it came so far.
pub(crate) fn kill(scene: &Scene, seed: u64) -> Option<(String, Result<(), String>)> {
    let mut random = Random::new(seed);
    let (call, most) = random.one_of(&CALLS);
    let number = 1 + random.below(most);
    let name = format!("{}:{call}:{number}:{seed}", scene.name);
    match killed(scene, call, number) {
        Ok(None) => None,
        Ok(Some(judged)) => Some((name, judged)),
        Err(error) => Some((name, Err(error))),
    }
}

fn killed(scene: &Scene, call: &str, number: u64) -> Result<Option<Result<(), String>>, String> {
    let text = |error: std::io::Error| error.to_string();
    let place = TempDir::new().map_err(text)?;
    let file = place.path().join(FILE);
    for (name, bytes) in &scene.image.0 {
        fs::write(place.path().join(name), bytes.as_slice()).map_err(text)?;
    }
    let steps = place.path().join("steps.json");
    fs::write(&steps, serde_json::to_vec(&scene.steps).map_err(|error| error.to_string())?).map_err(text)?;
    let inject = format!("inject={call}:signal=KILL:when={number}");
    let output = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject])
        .arg(std::env::current_exe().map_err(text)?)
        .args(["child".as_ref(), file.as_os_str(), steps.as_os_str()])
        .stderr(Stdio::null())
        .output()
        .map_err(text)?;
    if output.status.success() {
        return Ok(None);
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let at_least = said.lines().filter(|line| line.starts_with(DONE)).count();
    let done = Done { at_least, at_most: (at_least + 1).min(scene.steps.len()) };
    Ok(Some(recovers(scene, &file, done)))
}

fn recovers(scene: &Scene, file: &Path, done: Done) -> Result<(), String> {
    let shop = SqliteStore::open(file).map_err(|error| format!("it does not open: {error}"))?;
    let shop = Stockroom::new(shop, || 0);
    resumes(scene, &shop, done)?;
    drop(shop);
    let check = Connection::open(file)
        .and_then(|connection| connection.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)));
    match check {
        Ok(report) if report == "ok" => Ok(()),
        Ok(report) => Err(format!("the check of the file: {report}")),
        Err(error) => Err(format!("the check of the file: {error}")),
    }
}
