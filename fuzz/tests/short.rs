//! The short run: every input that ever failed, every seed, and some thousand mutations of the seeds, the same on every
//! machine. `STOCKROOM_FUZZ_RUNS` sets how many of those; the long run is `cargo xtask fuzz`.

use std::fs;
use std::path::Path;

use stockroom_fuzz::{TARGETS, Target, seeds};

/// Mutations of each target.
const RUNS: u64 = 3_000;
/// A sequence is up to two hundred commands, done twice.
const SEQUENCES_PART: u64 = 15;

/// The same numbers for the same seed, on every machine: <https://prng.di.unimi.it/splitmix64.c>.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap_or(0)
    }
}

/// Pieces that break parsers.
const PIECES: [&str; 16] = [
    "0",
    "-1",
    "9223372036854775808",
    "1e999",
    "null",
    "true",
    "\"\"",
    "[]",
    "{}",
    "\\ud800",
    "\u{0}",
    "\u{feff}",
    "\"",
    "}",
    "2026-02-30T25:61:61Z",
    "\\u0000",
];

/// An input with a few changes: bytes, pieces, cuts, another's end.
fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut data = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(data.len() + 1);
        match random.below(6) {
            0 if at < data.len() => data[at] = random.next() as u8,
            1 if at < data.len() => data[at] ^= 1 << random.below(8),
            2 => data.truncate(at),
            3 => drop(data.splice(at..at, PIECES[random.below(PIECES.len())].bytes())),
            4 => {
                let end = (at + random.below(12)).min(data.len());
                drop(data.splice(at..end, PIECES[random.below(PIECES.len())].bytes()));
            }
            _ => {
                let other = &seeds[random.below(seeds.len())];
                data.truncate(at);
                data.extend_from_slice(&other[random.below(other.len())..]);
            }
        }
    }
    data
}

fn run(name: &str) {
    let Target { run, .. } = *TARGETS.iter().find(|target| target.name == name).expect("it is a target");
    let crashes = Path::new(env!("CARGO_MANIFEST_DIR")).join("crashes").join(name);
    for entry in fs::read_dir(crashes).into_iter().flatten().flatten() {
        run(&fs::read(entry.path()).expect("a crash can be read"));
    }
    let seeds = seeds(name);
    seeds.iter().for_each(|seed| run(seed));
    let runs = std::env::var("STOCKROOM_FUZZ_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    let runs = if name == "sequences" { runs / SEQUENCES_PART } else { runs };
    let mut random = Random(0x5eed);
    for number in 0..runs {
        let data = mutated(&seeds, &mut random);
        let outcome = std::panic::catch_unwind(|| run(&data));
        if let Err(panic) = outcome {
            let shown = String::from_utf8_lossy(&data);
            eprintln!("{name}, mutation {number}: {shown:?}\nkeep it: write these bytes into fuzz/crashes/{name}/");
            std::panic::resume_unwind(panic);
        }
    }
}

macro_rules! short_runs {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*

        #[test]
        fn every_target_has_a_short_run_and_a_fuzz_target() {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
            for name in names {
                let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("targets/fuzz_targets/{name}.rs"));
                let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                assert!(text.contains(&format!("stockroom_fuzz::{name}(data)")), "{name}");
            }
        }
    };
}

short_runs!(documents, exchanges, webhooks, backfills, feeds, sequences);
