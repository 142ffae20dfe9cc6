//! The benchmarks by name: what each one asks of the two sides, and how much of it. It checks every run's
//! books afterwards, so that no side is fast by leaving something out.

use std::path::Path;

use crate::contender::{Contender, Outcome, Placing, Tally};
use crate::measure::{Progress, Row, Sample, Side, alternate, time};
use crate::workload::{Demand, ON_HAND, Orders, SampleOrder, questions};

/// The same orders in every run on every machine.
pub(crate) const SEED: u64 = 2_026;

/// The engine, if it takes part, and its peer.
pub(crate) struct Pair<'a> {
    pub(crate) ours: Option<&'a dyn Contender>,
    pub(crate) by_hand: &'a dyn Contender,
}

/// Everybody who takes part.
pub(crate) struct Contenders<'a> {
    /// In a database file.
    pub(crate) durable: Pair<'a>,
    /// In memory.
    pub(crate) in_memory: Pair<'a>,
}

/// How thoroughly to measure, and where.
pub(crate) struct Config<'a> {
    /// A directory on a real disk; every run gets an empty one inside it, and removes it.
    pub(crate) directory: &'a Path,
    /// A tenth of the work and fewer rounds: enough to see that everything runs.
    pub(crate) quick: bool,
}

impl Config<'_> {
    /// How often each side runs.
    pub(crate) fn rounds(&self) -> usize {
        if self.quick { 3 } else { 5 }
    }
}

/// One benchmark.
pub(crate) struct Benchmark {
    pub(crate) name: &'static str,
    work: Work,
    /// Orders placed, or calls made, in one run.
    operations: usize,
    /// The ratio to hand-written code that we want to reach.
    target: Option<f64>,
}

enum Work {
    Place { placing: Placing, demand: Demand },
    PlaceInMemory,
    Available { skus_per_call: usize },
}

/// The benchmarks of fresh shops, in the order in which they run. One run takes one to two seconds.
pub(crate) const BENCHMARKS: [Benchmark; 8] = [
    Benchmark {
        name: "place/one-per-commit",
        work: Work::Place { placing: Placing::OnePerCommit, demand: Demand::Uniform },
        operations: 10_000,
        target: Some(1.0),
    },
    Benchmark {
        name: "place/threads-64",
        work: Work::Place { placing: Placing::Threads { callers: 64, in_flight: 1 }, demand: Demand::Uniform },
        operations: 60_000,
        target: Some(1.3),
    },
    Benchmark {
        name: "place/in-flight-256",
        work: Work::Place { placing: Placing::Threads { callers: 4, in_flight: 64 }, demand: Demand::Uniform },
        operations: 100_000,
        target: Some(1.5),
    },
    Benchmark {
        name: "place/batch-1000",
        work: Work::Place { placing: Placing::Batch(1_000), demand: Demand::Uniform },
        operations: 150_000,
        target: Some(1.2),
    },
    Benchmark {
        name: "place/batch-1000-hot",
        work: Work::Place { placing: Placing::Batch(1_000), demand: Demand::Hot },
        operations: 150_000,
        target: Some(1.5),
    },
    Benchmark { name: "place/memory", work: Work::PlaceInMemory, operations: 300_000, target: None },
    Benchmark { name: "availability/1", work: Work::Available { skus_per_call: 1 }, operations: 500_000, target: None },
    Benchmark {
        name: "availability/100",
        work: Work::Available { skus_per_call: 100 },
        operations: 20_000,
        target: None,
    },
];

impl Benchmark {
    /// Measures both sides by turns.
    pub(crate) fn run(&self, config: &Config<'_>, contenders: &Contenders<'_>, progress: &Progress) -> Outcome<Row> {
        progress.begin(self.name);
        let operations = if config.quick { self.operations / 10 } else { self.operations };
        let (pair, unit) = match self.work {
            Work::Place { .. } => (&contenders.durable, "orders/s"),
            Work::PlaceInMemory => (&contenders.in_memory, "orders/s"),
            Work::Available { .. } => (&contenders.durable, "calls/s"),
        };
        let run = |contender: &dyn Contender| match self.work {
            Work::Place { placing, demand } => place(contender, config, operations, placing, demand),
            Work::PlaceInMemory => place(contender, config, operations, Placing::OnePerCommit, Demand::Uniform),
            Work::Available { skus_per_call } => available(contender, config, operations, skus_per_call),
        };
        let mut ours = pair.ours.map(|ours| move || run(ours));
        let ours = ours.as_mut().map(|ours| ours as Side<'_>);
        let samples = alternate(config.rounds(), ours, &mut || run(pair.by_hand), progress)?;
        Row::new(self.name, unit, self.target, String::new(), &samples)
    }
}

fn place(
    contender: &dyn Contender,
    config: &Config<'_>,
    count: usize,
    placing: Placing,
    demand: Demand,
) -> Outcome<Sample> {
    let orders: Vec<SampleOrder> = Orders::new(SEED, demand).take(count).collect();
    let units = orders.iter().map(SampleOrder::units).sum();
    let directory = tempfile::tempdir_in(config.directory)?;
    let mut shop = contender.open(directory.path())?;
    let sample = time(count, || shop.place(orders, placing))?;
    let expected = Tally { orders: count as u64, allocated: units, claimed: units };
    let found = shop.tally()?;
    if found != expected {
        return Err(format!("the books are wrong: expected {expected:?}, found {found:?}").into());
    }
    Ok(sample)
}

fn available(contender: &dyn Contender, config: &Config<'_>, calls: usize, skus_per_call: usize) -> Outcome<Sample> {
    let skus = questions(SEED, calls * skus_per_call);
    let expected = ON_HAND * skus.len() as i64;
    let directory = tempfile::tempdir_in(config.directory)?;
    let mut shop = contender.open(directory.path())?;
    let mut found = 0;
    let sample = time(calls, || {
        found = shop.available(&skus, skus_per_call)?;
        Ok(())
    })?;
    if found != expected {
        return Err(format!("wrong availability: expected {expected} in all, found {found}").into());
    }
    Ok(sample)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contender::Shop;
    use crate::in_memory::InMemory;

    /// Forgets the first order of every run.
    struct Forgetful;
    struct ForgetfulShop(Box<dyn Shop>);

    impl Contender for Forgetful {
        fn open(&self, directory: &Path) -> Outcome<Box<dyn Shop>> {
            Ok(Box::new(ForgetfulShop(InMemory.open(directory)?)))
        }
    }

    impl Shop for ForgetfulShop {
        fn place(&mut self, orders: Vec<SampleOrder>, placing: Placing) -> Outcome<()> {
            self.0.place(orders.into_iter().skip(1).collect(), placing)
        }

        fn available(&mut self, skus: &[String], per_call: usize) -> Outcome<i64> {
            self.0.available(&skus[1..], per_call)
        }

        fn tally(&mut self) -> Outcome<Tally> {
            self.0.tally()
        }
    }

    #[test]
    fn a_side_that_leaves_something_out_is_found_out() {
        let directory = tempfile::tempdir().unwrap();
        let config = Config { directory: directory.path(), quick: true };
        let honest =
            |contender: &dyn Contender| place(contender, &config, 10, Placing::OnePerCommit, Demand::Uniform).is_ok();
        assert!(honest(&InMemory));
        assert!(!honest(&Forgetful));
        assert!(available(&InMemory, &config, 10, 5).is_ok());
        assert!(available(&Forgetful, &config, 10, 5).is_err());
    }

    #[test]
    fn the_engine_side_is_measured_when_it_takes_part() {
        let directory = tempfile::tempdir().unwrap();
        let config = Config { directory: directory.path(), quick: true };
        let contenders = Contenders {
            durable: Pair { ours: None, by_hand: &InMemory },
            in_memory: Pair { ours: Some(&InMemory), by_hand: &InMemory },
        };
        let progress = Progress::new(1, false);
        let run = |name| {
            let benchmark = BENCHMARKS.iter().find(|benchmark| benchmark.name == name).unwrap();
            let small = Benchmark {
                name,
                work: match benchmark.work {
                    Work::PlaceInMemory => Work::PlaceInMemory,
                    _ => Work::Available { skus_per_call: 1 },
                },
                operations: 100,
                target: None,
            };
            small.run(&config, &contenders, &progress).unwrap()
        };
        assert!(run("place/memory").ratio.is_some());
        assert!(run("availability/1").ratio.is_none());
    }
}
