//! Runs a list of steps, stops at the first failure, and reports what became of each. It may not know
//! any step in particular.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::steps::{Outcome, Step};
use crate::workspace::Workspace;

enum Verdict {
    Passed,
    Failed(anyhow::Error),
    /// Left out on the command line.
    Skipped,
    /// The step itself said why it could not run.
    NotRun(String),
    /// A step before it failed.
    NotReached,
}

struct Row {
    name: &'static str,
    verdict: Verdict,
    time: Duration,
}

struct Report {
    rows: Vec<Row>,
}

/// Runs the steps but those to skip, prints the report, and fails if a step failed.
pub(crate) fn run(steps: &[Step], skip: &[String], workspace: &Workspace) -> Result<()> {
    let report = run_steps(steps, skip, workspace);
    println!("\n{report}");
    match report.failure() {
        None => Ok(()),
        Some((name, error)) => Err(anyhow!("step `{name}` failed: {error:#}")),
    }
}

fn run_steps(steps: &[Step], skip: &[String], workspace: &Workspace) -> Report {
    let mut report = Report { rows: Vec::new() };
    for step in steps {
        let (verdict, time) = if report.failure().is_some() {
            (Verdict::NotReached, Duration::ZERO)
        } else if skip.iter().any(|name| name == step.name) {
            (Verdict::Skipped, Duration::ZERO)
        } else {
            timed(step, workspace)
        };
        report.rows.push(Row { name: step.name, verdict, time });
    }
    report
}

fn timed(step: &Step, workspace: &Workspace) -> (Verdict, Duration) {
    println!("== {}: {}", step.name, step.about);
    let start = Instant::now();
    let verdict = match (step.run)(workspace) {
        Ok(Outcome::Passed) => Verdict::Passed,
        Ok(Outcome::NotRun(reason)) => Verdict::NotRun(reason),
        Err(error) => Verdict::Failed(error),
    };
    let time = start.elapsed();
    println!("== {}: {} after {:.1} s", step.name, verdict.word(), time.as_secs_f64());
    (verdict, time)
}

impl Verdict {
    fn word(&self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed(_) => "FAILED",
            Verdict::Skipped => "skipped",
            Verdict::NotRun(_) => "not run",
            Verdict::NotReached => "not reached",
        }
    }
}

impl Report {
    fn failure(&self) -> Option<(&'static str, &anyhow::Error)> {
        self.rows.iter().find_map(|row| match &row.verdict {
            Verdict::Failed(error) => Some((row.name, error)),
            _ => None,
        })
    }

    fn count(&self, counts: impl Fn(&Verdict) -> bool) -> usize {
        self.rows.iter().filter(|row| counts(&row.verdict)).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<20} {:<12} {:>8}", "step", "result", "seconds")?;
        for row in &self.rows {
            write!(f, "{:<20} {:<12} {:>8.1}", row.name, row.verdict.word(), row.time.as_secs_f64())?;
            if let Verdict::NotRun(reason) = &row.verdict {
                write!(f, "  {reason}")?;
            }
            writeln!(f)?;
        }
        let passed = self.count(|verdict| matches!(verdict, Verdict::Passed));
        let failed = self.count(|verdict| matches!(verdict, Verdict::Failed(_)));
        write!(f, "{passed} passed, {failed} failed, {} skipped", self.rows.len() - passed - failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASS: Step = Step { name: "pass", about: "", run: |_| Ok(Outcome::Passed) };
    const FAIL: Step = Step { name: "fail", about: "", run: |_| Err(anyhow!("the reason")) };
    const ABSENT: Step = Step { name: "absent", about: "", run: |_| Ok(Outcome::NotRun("no server".to_owned())) };
    const LAST: Step = Step { name: "last", about: "", run: |_| Ok(Outcome::Passed) };

    fn words(report: &Report) -> Vec<&'static str> {
        report.rows.iter().map(|row| row.verdict.word()).collect()
    }

    #[test]
    fn skipped_and_absent_steps_count_as_skipped() {
        let report = run_steps(&[PASS, ABSENT, LAST], &["last".to_owned()], &Workspace::locate());
        assert_eq!(words(&report), ["passed", "not run", "skipped"]);
        assert!(report.failure().is_none());
        let text = report.to_string();
        assert!(text.contains("no server"), "{text}");
        assert_eq!(text.lines().last(), Some("1 passed, 0 failed, 2 skipped"));
    }

    #[test]
    fn a_failure_stops_the_run() {
        let report = run_steps(&[PASS, FAIL, LAST], &[], &Workspace::locate());
        assert_eq!(words(&report), ["passed", "FAILED", "not reached"]);
        assert_eq!(report.to_string().lines().last(), Some("1 passed, 1 failed, 1 skipped"));
        let error = run(&[PASS, FAIL, LAST], &[], &Workspace::locate()).expect_err("a step fails").to_string();
        assert_eq!(error, "step `fail` failed: the reason");
    }

    #[test]
    fn a_failing_step_that_is_skipped_does_not_fail_the_run() {
        assert!(run(&[FAIL, PASS], &["fail".to_owned()], &Workspace::locate()).is_ok());
    }
}
