//! What is printed: one JSON object for programs, a table for people. It computes nothing but how figures look.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Serialize;
use stockroom::Code;

use crate::Arguments;
use crate::run::Tally;
use crate::state::State;
use crate::trace::Counts;
use retail::{Failure, Result};

/// How long the parts of a run took, in seconds.
#[derive(Debug, Default)]
pub(crate) struct Timing {
    /// Reading the file.
    pub(crate) read: f64,
    /// Registering, and putting the first units on hand.
    pub(crate) set_up: f64,
    /// Orders, shipments and returns, until the last commit is durable.
    pub(crate) invoices: f64,
    /// Reading the state back, verifying it, and its digest.
    pub(crate) examine: f64,
}

impl Timing {
    fn total(&self) -> f64 {
        self.read + self.set_up + self.invoices + self.examine
    }
}

/// The state of the database, as every report tells it.
#[derive(Debug, Serialize)]
struct StateReport {
    skus: u64,
    on_hand_units: i128,
    on_hand_sha256: String,
    events: u64,
    digest: String,
    verify: String,
}

impl StateReport {
    fn new(state: &State) -> Self {
        StateReport {
            skus: state.on_hand.len() as u64,
            on_hand_units: state.on_hand_units(),
            on_hand_sha256: state.on_hand_sha256(),
            events: state.verification.events,
            digest: state.digest.to_string(),
            verify: state.verification.to_string(),
        }
    }
}

/// What came of a replay. The figures of the orders are of the file, those of the state of the whole database.
#[derive(Debug, Serialize)]
pub(crate) struct ReplayReport<'a> {
    orders_accepted: u64,
    orders_rejected_invalid: u64,
    orders_rejected_stock: u64,
    orders_rejected: &'a BTreeMap<Code, u64>,
    units_shipped: i128,
    value_minor: i128,
    returns: u64,
    units_returned: i128,
    returns_refused: u64,
    skus_refused: u64,
    #[serde(flatten)]
    state: StateReport,
    commands: u64,
    repeated: u64,
    /// The whole run, from reading the file to the digest.
    seconds: f64,
    /// Orders judged, accepted or not, in the time of all invoices: shipments and returns are in it.
    orders_per_second: f64,
}

impl<'a> ReplayReport<'a> {
    /// Puts the figures together.
    pub(crate) fn new(tally: &'a Tally, state: &State, timing: &Timing) -> Self {
        let orders = tally.orders_accepted + tally.rejected_invalid() + tally.rejected_stock();
        ReplayReport {
            orders_accepted: tally.orders_accepted,
            orders_rejected_invalid: tally.rejected_invalid(),
            orders_rejected_stock: tally.rejected_stock(),
            orders_rejected: &tally.orders_rejected,
            units_shipped: tally.units_shipped,
            value_minor: tally.value_minor,
            returns: tally.returns,
            units_returned: tally.units_returned,
            returns_refused: tally.returns_refused,
            skus_refused: tally.skus_refused,
            state: StateReport::new(state),
            commands: tally.commands,
            repeated: tally.repeated,
            seconds: milliseconds(timing.total()),
            orders_per_second: (orders as f64 / timing.invoices.max(1e-6)).round(),
        }
    }
}

/// What came of rebuilding the state from a log.
#[derive(Debug, Serialize)]
pub(crate) struct RebuildReport {
    commands: u64,
    accepted: u64,
    rejected: u64,
    repeated: u64,
    #[serde(flatten)]
    state: StateReport,
    seconds: f64,
}

impl RebuildReport {
    /// Puts the figures together.
    pub(crate) fn new(counts: &Counts, state: &State, seconds: f64) -> Self {
        RebuildReport {
            commands: counts.commands,
            accepted: counts.accepted,
            rejected: counts.rejected,
            repeated: counts.repeated,
            state: StateReport::new(state),
            seconds: milliseconds(seconds),
        }
    }
}

/// A report as one line of JSON.
pub(crate) fn json(report: &impl Serialize) -> Result<String> {
    let json = serde_json::to_string(report).map_err(|error| Failure::new("the report", error))?;
    Ok(json + "\n")
}

/// A replay for people.
pub(crate) fn replay_table(
    name: &str,
    arguments: &Arguments,
    tally: &Tally,
    report: &ReplayReport<'_>,
    timing: &Timing,
) -> String {
    let mut table = Table::default();
    table.text(&format!("{name}: {} rows, {} invoices", grouped(tally.rows.into()), grouped(tally.invoices.into())));
    table.text("");
    let stock = format!("{} of each on hand before the first invoice", grouped(arguments.stock.into()));
    table.row("SKUs", grouped(report.state.skus.into()), &stock);
    table.note_if("  refused", tally.skus_refused, "names that the engine does not take");
    table.row("orders accepted", grouped(report.orders_accepted.into()), "shipped at once");
    for (code, count) in &tally.orders_rejected {
        table.row("orders rejected", grouped((*count).into()), code.name());
    }
    table.row("units shipped", grouped(report.units_shipped), "");
    table.row("value", pounds(report.value_minor), "of the accepted orders");
    table.row("returns", grouped(report.returns.into()), "");
    table.note_if("  refused", tally.returns_refused, "whole returns, or rows that cannot be put back");
    table.row("units returned", grouped(report.units_returned), "");
    table.state(&report.state);
    table.text("");
    table.row("reading", seconds(timing.read), "");
    table.row("set-up", seconds(timing.set_up), "");
    let rate = format!("{} orders per second, with shipments and returns", grouped(report.orders_per_second as i128));
    table.row("invoices", seconds(timing.invoices), &rate);
    table.row("verification", seconds(timing.examine), "with the digest");
    table.row("in all", seconds(timing.total()), "");
    table.closing(tally.commands, tally.repeated, arguments.db.as_deref(), &report.state);
    table.0
}

/// A rebuilt state for people.
pub(crate) fn rebuild_table(log: &Path, arguments: &Arguments, report: &RebuildReport) -> String {
    let mut table = Table::default();
    table.text(&format!("{}: {} commands", log.display(), grouped(report.commands.into())));
    table.text("");
    table.row("accepted", grouped(report.accepted.into()), "");
    table.row("rejected", grouped(report.rejected.into()), "as they were the first time");
    table.row("SKUs", grouped(report.state.skus.into()), "");
    table.state(&report.state);
    table.row("in all", seconds(report.seconds), "");
    table.closing(report.commands, report.repeated, arguments.db.as_deref(), &report.state);
    table.0
}

/// Lines of text, most of them a label, a figure and a remark.
#[derive(Default)]
struct Table(String);

impl Table {
    fn text(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn row(&mut self, label: &str, figure: String, remark: &str) {
        let line = format!("{label:<16} {figure:>16}  {remark}");
        self.text(line.trim_end());
    }

    fn note_if(&mut self, label: &str, count: u64, remark: &str) {
        if count > 0 {
            self.row(label, grouped(count.into()), remark);
        }
    }

    fn state(&mut self, state: &StateReport) {
        self.row("on hand", grouped(state.on_hand_units), "units");
        self.row("events", grouped(state.events.into()), "");
    }

    /// The lines that every report closes with.
    fn closing(&mut self, commands: u64, repeated: u64, db: Option<&Path>, state: &StateReport) {
        self.text("");
        if repeated > 0 {
            let (all, known) = (grouped(commands.into()), grouped(repeated.into()));
            match repeated == commands {
                true => self.text(&format!("All of the {all} commands had been done before: nothing was changed.")),
                false => {
                    self.text(&format!("{known} of the {all} commands had been done before, and changed nothing."))
                }
            }
        }
        if let Some(db) = db {
            self.text(&format!("database         {}", db.display()));
        }
        self.text(&format!("on-hand SHA-256  {}", state.on_hand_sha256));
        self.text(&format!("state digest     {}", state.digest));
        self.text(&format!("verify           {}", state.verify.trim_end().replace('\n', "\n                 ")));
    }
}

/// Digits in groups of three.
fn grouped(number: i128) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Pence as pounds.
fn pounds(minor: i128) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.abs();
    let mut text = format!("{sign}£{}", grouped(minor / 100));
    // Writing to a text does not fail.
    let _ = write!(text, ".{:02}", minor % 100);
    text
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.2} s")
}

/// Seconds to the millisecond: more digits say nothing.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_readable() {
        let table =
            [(0, "0"), (7, "7"), (999, "999"), (1000, "1,000"), (498_761, "498,761"), (-1_234_567, "-1,234,567")];
        for (number, expected) in table {
            assert_eq!(grouped(number), expected);
        }
        let table = [(0, "£0.00"), (5, "£0.05"), (105_947_426, "£1,059,474.26"), (-150, "-£1.50")];
        for (minor, expected) in table {
            assert_eq!(pounds(minor), expected);
        }
    }

    #[test]
    fn what_was_done_before_is_said_plainly() {
        let state = || StateReport {
            skus: 1,
            on_hand_units: 1,
            on_hand_sha256: String::new(),
            events: 1,
            digest: String::new(),
            verify: "ok".into(),
        };
        let closing = |repeated| {
            let mut table = Table::default();
            table.closing(1200, repeated, None, &state());
            table.0
        };
        assert!(!closing(0).contains("before"));
        assert!(closing(7).contains("7 of the 1,200 commands had been done before"));
        assert!(closing(1200).contains("All of the 1,200 commands had been done before: nothing was changed."));
    }
}
