//! The long run behind `cargo xtask crash`: as many points as are wanted, on all cores, with a table and a line of JSON in
//! the end. It fails where a point does, and says how to try that one again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use crate::flips::{Found, Sound};
use crate::kills;
use crate::matrix::{Tally, choose, every_point, try_all};
use crate::scene::{Scene, scenes};
use crate::trial::{Point, Trouble, judge};

/// Failures that are shown.
const SHOWN_MAX: usize = 20;

/// What is asked for.
struct Asked {
    points: usize,
    kills: usize,
    flips: usize,
    seed: u64,
    jobs: usize,
    kinds: Vec<String>,
    repeat: Option<String>,
}

/// Reads the arguments and runs; what is wrong with them is an error, and so is a point that does not survive.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let asked = read(arguments)?;
    match &asked.repeat {
        Some(point) => repeat(point),
        None => search(&asked),
    }
}

fn read(arguments: &[String]) -> Result<Asked, String> {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let (kinds, repeat) = (Vec::new(), None);
    let mut asked = Asked { points: 40_000, kills: 300, flips: 4_000, seed: 1, jobs, kinds, repeat };
    let mut rest = arguments.iter();
    while let Some(name) = rest.next() {
        let value = rest.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{name} {value}: this cannot be read"));
        let count = || number().and_then(|number| usize::try_from(number).map_err(|error| error.to_string()));
        match name.as_str() {
            "--points" => asked.points = count()?,
            "--kills" => asked.kills = count()?,
            "--flips" => asked.flips = count()?,
            "--seed" => asked.seed = number()?,
            "--jobs" => asked.jobs = count()?.max(1),
            "--kinds" => asked.kinds = value.split(',').map(str::to_owned).collect(),
            "--repeat" => asked.repeat = Some(value.clone()),
            _ => return Err(format!("{name} is not known")),
        }
    }
    Ok(asked)
}

/// Whether a scene is one of a kind; `report_delivery.2` is one of `report_delivery`.
fn is_of(name: &str, kind: &str) -> bool {
    name == kind || name.split('.').next() == Some(kind)
}

/// Tries one point again: `scene:trouble:place:seed`.
fn repeat(text: &str) -> Result<(), String> {
    let unreadable = || format!("{text}: a point is scene:trouble:place:seed");
    let parts: Vec<&str> = text.split(':').collect();
    let [scene, trouble, place, seed] = parts[..] else { return Err(unreadable()) };
    let (story, file) = scene.split_once('/').ok_or_else(unreadable)?;
    let made = scenes(&|name, of| name == story && of == file);
    let made = made.first().ok_or_else(|| format!("there is no scene {scene}"))?;
    let trouble = Trouble::from_name(trouble).ok_or_else(unreadable)?;
    let [place, seed] = [place, seed].map(str::parse);
    let (Ok(place), Ok(seed)) = (place, seed) else { return Err(unreadable()) };
    judge(made, &Point { scene: 0, trouble, place, seed })?;
    println!("{text} survives");
    Ok(())
}

fn search(asked: &Asked) -> Result<(), String> {
    if let Some(missing) = kills::missing().filter(|_| asked.kills > 0) {
        return Err(format!("{missing}; --kills 0 leaves the real processes out"));
    }
    let began = Instant::now();
    let wanted = |name: &str| asked.kinds.is_empty() || asked.kinds.iter().any(|kind| is_of(name, kind));
    let made = scenes(&|name, _| wanted(name));
    if made.is_empty() {
        return Err(format!("nothing is called {}", asked.kinds.join(", ")));
    }
    let all = every_point(&made, asked.seed);
    let there_are = all.len();
    let points = choose(&made, all, asked.points, asked.seed);
    println!("{} scenes, {} points of {}", made.len(), HumanCount(points.len() as u64), HumanCount(there_are as u64));
    let bar = bar("points", points.len());
    let mut tally = try_all(&made, &points, asked.jobs, &|| bar.inc(1));
    bar.finish_and_clear();
    kill(&made, asked, &mut tally);
    let found = flip(asked, &mut tally);
    report(&tally, &found, asked, began.elapsed())
}

fn kill(made: &[Scene], asked: &Asked, tally: &mut Tally) {
    let bar = bar("processes killed", asked.kills);
    let mut tried = 0;
    // Some come to their end before they are killed.
    for turn in 0..20 * asked.kills as u64 {
        if tried == asked.kills {
            break;
        }
        let seed = asked.seed.wrapping_mul(1_000_003).wrapping_add(turn);
        if let Some((name, judged)) = kills::kill(&made[turn as usize % made.len()], seed) {
            tally.add("killed-process", || name, judged);
            tried += 1;
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
}

type FoundByFile = BTreeMap<(&'static str, Found), u64>;

fn flip(asked: &Asked, tally: &mut Tally) -> FoundByFile {
    let mut found = FoundByFile::new();
    if asked.flips == 0 {
        return found;
    }
    let sound = Sound::new();
    let bar = bar("flips", asked.flips);
    for number in 0..asked.flips as u64 {
        let seed = asked.seed.wrapping_mul(1_000_003).wrapping_add(number);
        match sound.flip(seed) {
            Ok((file, of)) => {
                *found.entry((file, of)).or_default() += 1;
                if of.is_amiss(file) {
                    tally.add("flip", || format!("flip {seed}"), Err(format!("in the {file}: {}", of.name())));
                }
            }
            Err(error) => tally.add("flip", || format!("flip {seed}"), Err(error)),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    found
}

fn bar(what: &'static str, length: usize) -> ProgressBar {
    let template = "{msg:>20} [{bar:40}] {human_pos}/{human_len} {eta}";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    // Nothing is drawn where the standard error output is no terminal.
    ProgressBar::new(length as u64).with_style(style).with_message(what)
}

fn report(tally: &Tally, found: &FoundByFile, asked: &Asked, time: Duration) -> Result<(), String> {
    let count = |number: u64| HumanCount(number).to_string();
    let about = Trouble::ALL.map(|trouble| (trouble.name(), trouble.about()));
    let about = |name: &str| match about.iter().find(|(known, _)| *known == name) {
        Some((_, about)) => about,
        None => "a real process, with shared memory, is killed as it enters a system call",
    };
    println!("{:<18}{:>10}{:>10}", "trouble", "tried", "survived");
    for (name, (tried, survived)) in &tally.by_trouble {
        println!("{name:<18}{:>10}{:>10}  {}", count(*tried), count(*survived), about(name));
    }
    let (tried, survived) =
        tally.by_trouble.values().fold((0, 0), |sum, (tried, survived)| (sum.0 + tried, sum.1 + survived));
    println!("{:<18}{:>10}{:>10}", "all", count(tried), count(survived));
    for file in ["database", "log"] {
        let of = |found_by: Found| found.get(&(file, found_by)).copied().unwrap_or(0);
        let line: Vec<String> =
            Found::ALL.iter().map(|found| format!("{} {}", found.name(), count(of(*found)))).collect();
        println!("flips in the {file}: {}", line.join(", "));
    }
    for (point, error) in tally.failures.iter().take(SHOWN_MAX) {
        println!("failed: {point}\n    {error}\n    cargo xtask crash --repeat {point}");
    }
    let flips: BTreeMap<String, u64> =
        found.iter().map(|((file, found), count)| (format!("{file}_{}", found.name()), *count)).collect();
    let by_trouble: BTreeMap<&str, [u64; 2]> =
        tally.by_trouble.iter().map(|(name, (tried, survived))| (*name, [*tried, *survived])).collect();
    let line = serde_json::json!({
        "crash": { "seed": asked.seed, "points": tried, "survived": survived, "seconds": time.as_secs(),
            "by_trouble": by_trouble, "flips": flips },
    });
    println!("{line}");
    match tally.failures.len() {
        0 => Ok(()),
        failed => Err(format!("{failed} points did not survive")),
    }
}
