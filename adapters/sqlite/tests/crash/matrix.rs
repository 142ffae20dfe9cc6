//! Which points are tried, on how many threads, and what came of them.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use stockroom_conformance::Random;

use crate::scene::Scene;
use crate::trial::{Named, Point, Trouble, judge};

/// Every point of some scenes.
pub(crate) fn every_point(scenes: &[Scene], seed: u64) -> Vec<Point> {
    let mut points = Vec::new();
    for (scene, made) in scenes.iter().enumerate() {
        for trouble in Trouble::ALL {
            let place = |place| Point { scene, trouble, place, seed: mixed(seed, scene, trouble, place) };
            points.extend((0..trouble.places(made)).map(place));
        }
    }
    points
}

fn mixed(seed: u64, scene: usize, trouble: Trouble, place: u64) -> u64 {
    Random::new(seed ^ (scene as u64) << 40 ^ (trouble as u64) << 32 ^ place).bits() >> 32
}

/// So many of the points, and among them every place of the closed, new and old files at which a process is killed or the
/// power takes all that was not synced.
pub(crate) fn choose(scenes: &[Scene], points: Vec<Point>, count: usize, seed: u64) -> Vec<Point> {
    let first = |point: &Point| {
        let name = &scenes[point.scene].name;
        matches!(point.trouble, Trouble::Kill | Trouble::PowerAll | Trouble::Statement)
            && !name.ends_with("/logged")
            && !name.ends_with("/filled")
    };
    let (mut chosen, rest): (Vec<Point>, Vec<Point>) = points.into_iter().partition(first);
    let more = count.saturating_sub(chosen.len());
    chosen.truncate(count);
    chosen.extend(share(rest, more, seed));
    chosen
}

/// So many of the points: from each scene and trouble its share at places that a seed chooses, so that what has few
/// is tried at all of them before what has many is tried at more.
pub(crate) fn share(points: Vec<Point>, count: usize, seed: u64) -> Vec<Point> {
    let mut random = Random::new(seed);
    let mut strata: BTreeMap<(usize, Trouble), Vec<Point>> = BTreeMap::new();
    for point in points {
        strata.entry((point.scene, point.trouble)).or_default().push(point);
    }
    for points in strata.values_mut() {
        for end in (1..points.len()).rev() {
            points.swap(end, random.below(end as u64 + 1) as usize);
        }
    }
    let mut strata: Vec<Vec<Point>> = strata.into_values().collect();
    // Where there are fewer points than strata, chance says which have none.
    for end in (1..strata.len()).rev() {
        strata.swap(end, random.below(end as u64 + 1) as usize);
    }
    let mut chosen = Vec::new();
    while chosen.len() < count && !strata.is_empty() {
        for points in &mut strata {
            chosen.extend(points.pop());
        }
        strata.retain(|points| !points.is_empty());
    }
    chosen.truncate(count);
    chosen
}

/// What came of the points: by trouble how many were tried and survived, and what went wrong, by point.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) by_trouble: BTreeMap<&'static str, (u64, u64)>,
    pub(crate) failures: Vec<(String, String)>,
}

impl Tally {
    pub(crate) fn add(&mut self, trouble: &'static str, point: impl FnOnce() -> String, judged: Result<(), String>) {
        let (tried, survived) = self.by_trouble.entry(trouble).or_default();
        *tried += 1;
        match judged {
            Ok(()) => *survived += 1,
            Err(error) => self.failures.push((point(), error)),
        }
    }
}

/// Tries points on several threads.
pub(crate) fn try_all(scenes: &[Scene], points: &[Point], threads: usize, done: &(dyn Fn() + Sync)) -> Tally {
    let tally = Mutex::new(Tally::default());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let judged = judge(&scenes[point.scene], point);
                    let mut tally = tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    tally.add(point.trouble.name(), || Named(point, scenes).to_string(), judged);
                    drop(tally);
                    done();
                }
            });
        }
    });
    tally.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}
