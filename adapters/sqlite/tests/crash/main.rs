//! The crash matrix of the SQLite store: every kind of command, cut off at every write, sync and truncation, over disks
//! that lose, tear and reorder what was not synced, that fail once or for good; files with wrong bits; migrations that
//! are stopped. As a test it is a short run; `cargo xtask crash` is the long one. `docs/proof.md` tells what it shows.

#![deny(unsafe_code)]

#[path = "../../../../core/tests/common/mod.rs"]
mod common;
mod disk;
mod flips;
mod kills;
mod kinds;
mod long;
mod matrix;
mod scene;
mod trial;
mod vfs;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::OnceLock;

use libtest_mimic::{Arguments, Failed, Trial};
use stockroom::Stockroom;
use stockroom::memory::MemoryStore;

use crate::flips::{Found, Sound};
use crate::kinds::{KINDS, NOW_MS, commands, kind, preparation};
use crate::matrix::{Tally, every_point, share, try_all};
use crate::scene::{Scene, careless, digest, lied_to, scenes};
use crate::trial::{Named, Point, Trouble, judge};

/// Points of the short run, and flipped files.
const POINTS: usize = 800;
const FLIPS: u64 = 120;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        Some(("crash", rest)) => long::run(rest),
        Some(("child", rest)) => kills::child(rest),
        _ => {
            let trials = vec![
                trial("the_disk::only_what_is_synced_is_durable", disk::tests::only_what_is_synced_is_durable),
                trial("the_disk::a_failed_sync_forgets", disk::tests::a_failed_sync_forgets),
                trial("the_disk::writes_are_torn_and_reordered", disk::tests::writes_are_torn_and_reordered),
                Trial::test("every_kind_of_command_is_tried_and_does_something", every_kind),
                Trial::test("a_shop_survives_every_trouble", short_run),
                Trial::test("a_checkpoint_within_a_command_is_tried", checkpoints),
                Trial::test("a_new_file_is_in_wal_mode_or_does_not_open", new_file),
                Trial::test("lost_commits_are_noticed", lost_commits),
                Trial::test("a_point_is_repeated_by_its_name", repeated),
                Trial::test("wrong_bits_are_answered", wrong_bits),
            ];
            return libtest_mimic::run(&Arguments::from_args(), trials).exit_code();
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn trial(name: &str, test: fn()) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

/// The scenes of the short run: each command over the closed file, orders over the others too, and the longer stories.
fn short_scenes() -> &'static [Scene] {
    static MADE: OnceLock<Vec<Scene>> = OnceLock::new();
    MADE.get_or_init(|| {
        scenes(&|name, file| file == "closed" || !KINDS.contains(&name) && !name.contains('.') || name == "place_order")
    })
}

fn every_kind() -> Result<(), Failed> {
    let history = preparation();
    let mut working = BTreeSet::new();
    for (name, timed) in commands() {
        let twin = Stockroom::new(MemoryStore::new(), || NOW_MS);
        twin.execute_batch_at(history.clone())?;
        let before = digest(&twin);
        let kind = kind(&timed.command.action);
        let reply = twin.execute_at(timed.at_ms, timed.command)?;
        if let Some(rejection) = reply.rejection() {
            return Err(format!("{name} is refused: {rejection}").into());
        }
        if digest(&twin) != before {
            working.insert(kind);
        }
    }
    match KINDS.iter().find(|kind| !working.contains(*kind)) {
        Some(idle) => Err(format!("{idle} is not tried, or changes nothing").into()),
        None => Ok(()),
    }
}

fn short_run() -> Result<(), Failed> {
    let scenes = short_scenes();
    let points = share(every_point(scenes, 7), POINTS, 7);
    for trouble in Trouble::ALL {
        if !points.iter().any(|point| point.trouble == trouble) {
            return Err(format!("{} is not tried", trouble.name()).into());
        }
    }
    all_survive(&try_all(scenes, &points, 2, &|| {}))
}

fn all_survive(tally: &Tally) -> Result<(), Failed> {
    let Some((point, error)) = tally.failures.first() else { return Ok(()) };
    let failed = tally.failures.len();
    Err(format!("{failed} points failed; the first: {error}\n    cargo xtask crash --repeat {point}").into())
}

fn checkpoints() -> Result<(), Failed> {
    let within = |scene: &&Scene| scene.checkpoints;
    let names: Vec<&str> = short_scenes().iter().filter(within).map(|scene| &*scene.name).collect();
    match names.contains(&"place_order/filled") && !names.contains(&"place_order/closed") {
        true => Ok(()),
        false => Err(format!("they come about in {names:?}").into()),
    }
}

/// The mode of the log is written when the file is created. SQLite says that it is set before it has written it: where that
/// fails, a file that opens all the same loses commits.
fn new_file() -> Result<(), Failed> {
    let scenes = scenes(&|name, _| name == "new_file");
    let once = [Trouble::IoOnce, Trouble::FullOnce];
    let mut points = every_point(&scenes, 1);
    points.retain(|point| once.contains(&point.trouble) && point.place < 40);
    all_survive(&try_all(&scenes, &points, 2, &|| {}))
}

/// The matrix can fail: where the store does not sync, and where the disk only says that it did, acknowledged commands
/// are lost, and that is what is said.
fn lost_commits() -> Result<(), Failed> {
    let one = || scenes(&|name, file| (name, file) == ("place_order", "logged")).remove(0);
    for (scene, how) in [(careless(one()), "commits are not synced"), (lied_to(one()), "the disk lies")] {
        let scene = [scene];
        let points: Vec<Point> =
            every_point(&scene, 1).into_iter().filter(|point| point.trouble == Trouble::PowerAll).collect();
        let tally = try_all(&scene, &points, 1, &|| {});
        if !tally.failures.iter().any(|(_, error)| error.starts_with("lost:")) {
            return Err(format!("{how}, and nothing was lost: {:?}", tally.failures).into());
        }
    }
    Ok(())
}

fn repeated() -> Result<(), Failed> {
    let scenes = short_scenes();
    let points = every_point(scenes, 3);
    let point = points.iter().find(|point| point.trouble == Trouble::Again && point.place > 5);
    let point = point.ok_or("there is such a point")?;
    judge(&scenes[point.scene], point)?;
    long::run(&["--repeat".into(), Named(point, scenes).to_string()])?;
    match long::run(&["--repeat".into(), "tick/closed:kill:1000000:1".into()]) {
        Err(error) if error.contains("was not reached") => Ok(()),
        other => Err(format!("a place that is not there: {other:?}").into()),
    }
}

/// Nothing panics, most of what is flipped is found, and what is changed in the log is never taken for good.
fn wrong_bits() -> Result<(), Failed> {
    let sound = Sound::new();
    let mut found = Vec::new();
    for seed in 0..FLIPS {
        found.push(sound.flip(seed)?);
    }
    let told = found.iter().filter(|(_, found)| matches!(found, Found::AtOpen | Found::AtRead)).count();
    if found.iter().any(|(file, found)| found.is_amiss(file)) || told == 0 {
        return Err(format!("{found:?}").into());
    }
    Ok(())
}
