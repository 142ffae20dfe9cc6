//! Growth: whether placing orders stays fast and memory stays small as a shop fills up. Each side fills one
//! shop in a process of its own, since an allocator keeps memory that was freed, and three rows of the
//! report are made of those two runs.

use std::path::Path;
use std::process::{Command, Stdio};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::contender::{Contender, Outcome, Placing, Tally};
use crate::measure::{Progress, Row, Sample, Samples, figure, time};
use crate::process;
use crate::suite::SEED;
use crate::workload::{Demand, Orders, SampleOrder};

const EARLY: &str = "place/at-100000";
const LATE: &str = "place/at-1000000";
const MEMORY: &str = "memory/after-1000000";

/// The rows, in the order in which they are printed.
pub(crate) const NAMES: [&str; 3] = [EARLY, LATE, MEMORY];

/// How many runs there are: one for each side.
pub(crate) const RUNS: usize = 2;

/// Orders in one commit.
const BATCH: usize = 1_000;
/// The most orders that are made before they are placed: few, so that the workload is no part of the memory
/// that is measured, and enough that preparing statements for each call costs nothing.
const CHUNK: usize = 5_000;
/// The share of its early rate that each side should keep.
const KEPT_AIM: f64 = 0.8;
/// What the engine should stay below, in MiB.
const MEMORY_AIM_MIB: u32 = 150;

/// Who fills a shop in a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Grower {
    Engine,
    ByHand,
}

impl Grower {
    fn argument(self) -> &'static str {
        match self {
            Grower::Engine => "engine",
            Grower::ByHand => "by-hand",
        }
    }
}

/// How far a shop is filled, and where its speed is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Orders stored when the first measurement ends.
    early: usize,
    /// Orders stored when the second one ends.
    late: usize,
    /// Orders placed during each of them.
    window: usize,
    quick: bool,
}

impl Plan {
    pub(crate) fn new(quick: bool) -> Self {
        let part = if quick { 10 } else { 1 };
        Self { early: 100_000 / part, late: 1_000_000 / part, window: 20_000 / part, quick }
    }
}

/// What one side's process tells the one that started it: one line of JSON.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Growth {
    early: Sample,
    late: Sample,
    /// Memory held at the end, where the machine can tell.
    resident_bytes: Option<u64>,
}

impl Growth {
    /// Fills one shop in the given directory.
    pub(crate) fn measure(contender: &dyn Contender, directory: &Path, plan: Plan) -> Outcome<Self> {
        let mut shop = contender.open(directory)?;
        let mut orders = Orders::new(SEED, Demand::Uniform);
        let mut units = 0;
        let mut place = |count: usize| -> Outcome<Sample> {
            let mut seconds = 0.0;
            let mut bytes = Some(0.0);
            let mut left = count;
            while left > 0 {
                let chunk: Vec<SampleOrder> = orders.by_ref().take(left.min(CHUNK)).collect();
                let placed = chunk.len();
                units += chunk.iter().map(SampleOrder::units).sum::<i64>();
                let sample = time(placed, || shop.place(chunk, Placing::Batch(BATCH)))?;
                seconds += placed as f64 / sample.rate;
                bytes = bytes.zip(sample.bytes_per_operation).map(|(sum, each)| sum + each * placed as f64);
                left -= placed;
            }
            Ok(Sample { rate: count as f64 / seconds, bytes_per_operation: bytes.map(|sum| sum / count as f64) })
        };
        place(plan.early - plan.window)?;
        let early = place(plan.window)?;
        place(plan.late - plan.early - plan.window)?;
        let late = place(plan.window)?;
        // Before the books are read: reading them takes memory too.
        let resident_bytes = process::resident_bytes();
        let expected = Tally { orders: plan.late as u64, allocated: units, claimed: units };
        let found = shop.tally()?;
        if found != expected {
            return Err(format!("the books are wrong: expected {expected:?}, found {found:?}").into());
        }
        Ok(Self { early, late, resident_bytes })
    }

    fn kept(&self) -> f64 {
        self.late.rate / self.early.rate
    }
}

/// Lets each side fill a shop and makes rows of what they tell. Where the machine does not tell how much
/// memory a process holds, that row is left out.
pub(crate) fn run(quick: bool, progress: &Progress) -> Outcome<Vec<Row>> {
    progress.begin("growth: ours");
    let ours = in_own_process(Grower::Engine, quick)?;
    progress.advance();
    progress.begin("growth: by hand");
    let by_hand = in_own_process(Grower::ByHand, quick)?;
    progress.advance();
    rows(Plan::new(quick), &ours, &by_hand)
}

/// Runs this program again for one side.
fn in_own_process(grower: Grower, quick: bool) -> Outcome<Growth> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--json", "--grow", grower.argument()]).args(quick.then_some("--quick"));
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("the growth run of {} failed: {}", grower.argument(), output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn rows(plan: Plan, ours: &Growth, by_hand: &Growth) -> Outcome<Vec<Row>> {
    let row = |name, unit, target, note: String, ours, by_hand| {
        Row::new(name, unit, target, note, &Samples { ours: vec![ours], by_hand: vec![by_hand] })
    };
    let (early, late) = (figure(plan.early as f64), figure(plan.late as f64));
    let about = |stored: &str| {
        let quick = if plan.quick { "quick, a tenth of the orders: " } else { "" };
        format!("{quick}one run each, {stored} orders stored")
    };
    let kept = format!(
        "{}; of the rate at {early} ours keeps {:.2} and by hand {:.2} (aim: {KEPT_AIM} or more)",
        about(&late),
        ours.kept(),
        by_hand.kept(),
    );
    let mut rows = vec![
        row(EARLY, "orders/s", None, about(&early), ours.early, by_hand.early)?,
        row(LATE, "orders/s", None, kept, ours.late, by_hand.late)?,
    ];
    if let Some((ours, by_hand)) = ours.resident_bytes.zip(by_hand.resident_bytes) {
        let mebibytes = |bytes| Sample { rate: bytes as f64 / f64::from(1 << 20), bytes_per_operation: None };
        let note = format!("{}; resident, less is better (aim for ours: below {MEMORY_AIM_MIB} MiB)", about(&late));
        rows.push(row(MEMORY, "MiB", None, note, mebibytes(ours), mebibytes(by_hand))?);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::in_memory::InMemory;

    #[test]
    fn a_shop_is_filled_as_planned_and_the_answer_survives_the_pipe() {
        let plan = Plan { early: 6_000, late: 13_000, window: 5_500, quick: true };
        // `measure` compares the books with the plan itself.
        let growth = Growth::measure(&InMemory, Path::new("unused"), plan).unwrap();
        assert!(growth.early.rate > 0.0 && growth.late.rate > 0.0);
        let read: Growth = serde_json::from_str(&serde_json::to_string(&growth).unwrap()).unwrap();
        assert_eq!(read.resident_bytes, growth.resident_bytes);
    }

    #[test]
    fn rows_say_what_was_kept_and_how_much_was_done() {
        let growth = |early, late, resident_bytes| {
            let sample = |rate| Sample { rate, bytes_per_operation: None };
            Growth { early: sample(early), late: sample(late), resident_bytes }
        };
        let ours = growth(200.0, 180.0, Some(50 << 20));
        let by_hand = growth(100.0, 60.0, Some(20 << 20));
        let made = rows(Plan::new(true), &ours, &by_hand).unwrap();
        assert_eq!(made.iter().map(|row| row.name).collect::<Vec<_>>(), NAMES);
        assert_eq!(made.iter().map(|row| row.ratio).collect::<Vec<_>>(), [Some(2.0), Some(3.0), Some(2.5)]);
        assert!(made[1].note.contains("of the rate at 10,000 ours keeps 0.90 and by hand 0.60"), "{}", made[1].note);
        assert!(made.iter().all(|row| row.note.starts_with("quick")));
        let untold = rows(Plan::new(false), &ours, &growth(1.0, 1.0, None)).unwrap();
        assert_eq!(untold.len(), 2);
        assert!(untold[0].note.starts_with("one run each, 100,000 orders"));
    }

    #[test]
    fn the_command_line_knows_both_growers() {
        for grower in Grower::value_variants() {
            assert_eq!(Grower::from_str(grower.argument(), false), Ok(*grower));
        }
    }
}
