//! The harness: runs the two sides of a comparison by turns, takes medians, and prints rows. The sides
//! alternate because a shared machine drifts by a quarter within the hour: two figures are comparable only
//! if they were taken in the same minutes.

use std::io::{self, Write};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};

use crate::contender::Outcome;
use crate::process;

/// One run of one side.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// Operations a second, or what else the unit of the row says.
    pub(crate) rate: f64,
    /// Bytes written to storage for each operation, where the machine can tell.
    pub(crate) bytes_per_operation: Option<f64>,
}

/// Times `work`, which does `operations` operations.
pub(crate) fn time(operations: usize, work: impl FnOnce() -> Outcome<()>) -> Outcome<Sample> {
    let bytes_before = process::bytes_written();
    let start = Instant::now();
    work()?;
    let seconds = start.elapsed().as_secs_f64();
    let bytes = process::bytes_written().zip(bytes_before).map(|(after, before)| after - before);
    Ok(Sample {
        rate: operations as f64 / seconds,
        bytes_per_operation: bytes.map(|bytes| bytes as f64 / operations as f64),
    })
}

/// One side of a comparison: each call is a whole run on a fresh shop.
pub(crate) type Side<'a> = &'a mut dyn FnMut() -> Outcome<Sample>;

/// The runs of both sides.
pub(crate) struct Samples {
    pub(crate) ours: Vec<Sample>,
    pub(crate) by_hand: Vec<Sample>,
}

/// Runs ours, by hand, ours, by hand, and so on.
pub(crate) fn alternate(
    rounds: usize,
    mut ours: Option<Side<'_>>,
    by_hand: Side<'_>,
    progress: &Progress,
) -> Outcome<Samples> {
    let mut samples = Samples { ours: Vec::new(), by_hand: Vec::new() };
    for _ in 0..rounds {
        if let Some(ours) = &mut ours {
            samples.ours.push(ours()?);
        }
        samples.by_hand.push(by_hand()?);
        progress.advance();
    }
    Ok(samples)
}

/// One line of the report.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// The engine's median; none while no engine takes part.
    pub(crate) ours: Option<f64>,
    /// The hand-written peer's median.
    pub(crate) by_hand: f64,
    /// Ours divided by by-hand.
    pub(crate) ratio: Option<f64>,
    pub(crate) unit: &'static str,
    /// The ratio that we want to reach.
    pub(crate) target: Option<f64>,
    /// Slowest and fastest run.
    pub(crate) ours_range: Option<[f64; 2]>,
    pub(crate) by_hand_range: [f64; 2],
    /// Bytes written to storage for each operation, as medians.
    pub(crate) ours_bytes: Option<f64>,
    pub(crate) by_hand_bytes: Option<f64>,
    pub(crate) note: String,
}

impl Row {
    pub(crate) fn new(
        name: &'static str,
        unit: &'static str,
        target: Option<f64>,
        note: String,
        samples: &Samples,
    ) -> Outcome<Self> {
        let rates = |side: &[Sample]| side.iter().map(|sample| sample.rate).collect::<Vec<_>>();
        let bytes = |side: &[Sample]| side.iter().filter_map(|sample| sample.bytes_per_operation).collect();
        let ours = median(rates(&samples.ours));
        let by_hand = median(rates(&samples.by_hand)).ok_or("a benchmark needs at least one round")?;
        Ok(Self {
            name,
            ours,
            by_hand,
            ratio: ours.map(|ours| ours / by_hand),
            unit,
            target,
            ours_range: range(&rates(&samples.ours)),
            by_hand_range: range(&rates(&samples.by_hand)).unwrap_or([by_hand; 2]),
            ours_bytes: median(bytes(&samples.ours)),
            by_hand_bytes: median(bytes(&samples.by_hand)),
            note,
        })
    }
}

/// The middle value, or the mean of the two in the middle; none of nothing.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    Some(if values.len() % 2 == 1 { upper } else { (values[values.len() / 2 - 1] + upper) / 2.0 })
}

fn range(values: &[f64]) -> Option<[f64; 2]> {
    let lowest = values.iter().copied().min_by(f64::total_cmp)?;
    let highest = values.iter().copied().max_by(f64::total_cmp)?;
    Some([lowest, highest])
}

/// Prints rows as they come: as an aligned table, or as one JSON object a line.
pub(crate) struct Report<'a> {
    json: bool,
    progress: &'a Progress,
}

impl<'a> Report<'a> {
    pub(crate) fn new(json: bool, progress: &'a Progress) -> Outcome<Self> {
        let report = Self { json, progress };
        if !json {
            report.line(&table_line(["benchmark", "ours", "by hand", "ratio", "target", "unit", "notes"]))?;
        }
        Ok(report)
    }

    pub(crate) fn row(&self, row: &Row) -> Outcome<()> {
        if self.json {
            return self.line(&serde_json::to_string(row)?);
        }
        let missing = || "-".to_owned();
        self.line(&table_line([
            row.name,
            &row.ours.map_or_else(missing, figure),
            &figure(row.by_hand),
            &row.ratio.map_or_else(missing, |ratio| format!("{ratio:.2}")),
            &row.target.map_or_else(missing, |target| format!("{target:.2}")),
            row.unit,
            &notes(row),
        ]))
    }

    /// A closing remark, for people only.
    pub(crate) fn remark(&self, remark: &str) -> Outcome<()> {
        if self.json { Ok(()) } else { self.line(remark) }
    }

    fn line(&self, line: &str) -> Outcome<()> {
        let write = || writeln!(io::stdout().lock(), "{line}");
        Ok(self.progress.above(write)?)
    }
}

fn table_line(cells: [&str; 7]) -> String {
    let [name, ours, by_hand, ratio, target, unit, notes] = cells;
    format!("{name:<21}  {ours:>10}  {by_hand:>10}  {ratio:>6}  {target:>6}  {unit:<9}  {notes}").trim_end().to_owned()
}

/// The noise first: a ratio that is nearer to 1 than the runs are to each other says nothing.
fn notes(row: &Row) -> String {
    let range = |[low, high]: [f64; 2]| format!("{} to {}", figure(low), figure(high));
    let mut notes = Vec::new();
    // One run has no range.
    for (side, runs) in [("ours", row.ours_range), ("by hand", Some(row.by_hand_range))] {
        if let Some(runs) = runs.filter(|[low, high]| low < high) {
            notes.push(format!("{side} {}", range(runs)));
        }
    }
    let bytes: Vec<String> = [("ours", row.ours_bytes), ("by hand", row.by_hand_bytes)]
        .into_iter()
        .filter_map(|(side, bytes)| bytes.filter(|bytes| *bytes >= 1.0).map(|bytes| (side, bytes)))
        .map(|(side, bytes)| format!("{side} {}", figure(bytes)))
        .collect();
    if !bytes.is_empty() {
        notes.push(format!("bytes written each: {}", bytes.join(", ")));
    }
    if !row.note.is_empty() {
        notes.push(row.note.clone());
    }
    notes.join("; ")
}

/// A figure as people read it: thousands apart, and a decimal only where it matters.
pub(crate) fn figure(value: f64) -> String {
    if value.abs() < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0.0 {
        text.push('-');
    }
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A progress bar on a terminal, nothing anywhere else.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// `steps` is how many rounds there are in all.
    pub(crate) fn new(steps: u64, visible: bool) -> Self {
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(steps), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    pub(crate) fn begin(&self, name: &'static str) {
        self.bar.set_message(name);
        self.bar.tick();
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    pub(crate) fn advance(&self) {
        self.bar.inc(1);
    }

    fn above<R>(&self, print: impl FnOnce() -> R) -> R {
        self.bar.suspend(print)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(rate: f64) -> Outcome<Sample> {
        Ok(Sample { rate, bytes_per_operation: None })
    }

    #[test]
    fn medians() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn figures() {
        assert_eq!(figure(1_234_567.6), "1,234,568");
        assert_eq!(figure(999.4), "999");
        assert_eq!(figure(12.34), "12.3");
        assert_eq!(figure(-1_500.0), "-1,500");
    }

    #[test]
    fn sides_take_turns_and_the_ratio_is_of_the_medians() {
        let turns = std::cell::RefCell::new(String::new());
        let (mut ours_rate, mut by_hand_rate) = (0.0, 0.0);
        let mut ours = || {
            turns.borrow_mut().push('a');
            ours_rate += 100.0;
            sample(ours_rate)
        };
        let mut by_hand = || {
            turns.borrow_mut().push('b');
            by_hand_rate += 50.0;
            sample(by_hand_rate)
        };
        let progress = Progress::new(3, false);
        let samples = alternate(3, Some(&mut ours), &mut by_hand, &progress).unwrap();
        assert_eq!(*turns.borrow(), "ababab");
        let row = Row::new("x", "orders/s", Some(1.0), String::new(), &samples).unwrap();
        assert_eq!((row.ours, row.by_hand, row.ratio), (Some(200.0), 100.0, Some(2.0)));
        assert_eq!(row.by_hand_range, [50.0, 150.0]);
    }

    #[test]
    fn without_an_engine_there_is_no_ratio() {
        let samples = alternate(2, None, &mut || sample(10.0), &Progress::new(2, false)).unwrap();
        let row = Row::new("x", "orders/s", None, String::new(), &samples).unwrap();
        assert_eq!((row.ours, row.by_hand, row.ratio), (None, 10.0, None));
        let json: serde_json::Value = serde_json::to_value(&row).unwrap();
        assert_eq!((&json["name"], &json["by_hand"]), (&"x".into(), &10.0.into()));
        assert!(json["ours"].is_null() && json["ratio"].is_null());
    }
}
