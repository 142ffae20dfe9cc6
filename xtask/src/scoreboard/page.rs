//! The page: figures as tables of Markdown. Pure.

use std::fmt::Write;

use super::Stamp;
use super::long::Run;

/// What became of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Held,
    Failed,
    /// There is no bound that it has to keep.
    Told,
}

/// One row.
#[derive(Debug)]
pub(super) struct Figure {
    pub(super) about: String,
    pub(super) figure: String,
    pub(super) target: String,
    pub(super) verdict: Verdict,
    pub(super) command: String,
}

impl Figure {
    /// A figure with a bound.
    pub(super) fn held(about: impl Into<String>, figure: String, target: &str, holds: bool, command: &str) -> Self {
        let verdict = if holds { Verdict::Held } else { Verdict::Failed };
        Figure { about: about.into(), figure, target: target.to_owned(), verdict, command: command.to_owned() }
    }

    /// A figure without.
    pub(super) fn told(about: impl Into<String>, figure: String, command: &str) -> Self {
        Figure { target: String::new(), verdict: Verdict::Told, ..Figure::held(about, figure, "", true, command) }
    }

    /// What gave no figure.
    pub(super) fn failed(name: &str, why: &str) -> Self {
        let why = why.lines().next().unwrap_or_default().replace('|', "/");
        Figure::held(name, format!("no figure: {why}"), "", false, "")
    }
}

/// The page's text.
pub(super) fn text(figures: &[Figure], runs: &[Run], stamp: &Stamp) -> String {
    let mut text = String::from(
        "# Scoreboard\n\nWritten by `cargo xtask scoreboard`; no figure is typed by hand. What stands behind each is in \
         [proof.md](proof.md).\n",
    );
    if !figures.is_empty() {
        let _ = write!(
            text,
            "\n## Short forms\n\nTaken on {} at {}, on one machine, after each other.\n\n| what | figure | target | | command |\n|---|---|---|---|---|\n",
            stamp.date, stamp.commit
        );
        for Figure { about, figure, target, verdict, command } in figures {
            let mark = match verdict {
                Verdict::Held => "holds",
                Verdict::Failed => "**fails**",
                Verdict::Told => "",
            };
            let command = if command.is_empty() { String::new() } else { format!("`{command}`") };
            let _ = writeln!(text, "| {about} | {figure} | {target} | {mark} | {command} |");
        }
    }
    if !runs.is_empty() {
        text.push_str("\n## Long runs\n\nKept as they were printed, in [runs/](runs/).\n\n| command | date | commit | said |\n|---|---|---|---|\n");
        for Run { command, date, commit, said, .. } in runs {
            let _ = writeln!(text, "| `cargo xtask {command}` | {date} | {commit} | {} |", said.replace('|', "/"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_say_whether_they_hold() {
        let stamp = Stamp { date: "2026-11-23".to_owned(), commit: "abc".to_owned() };
        let figures = [
            Figure::held("lost", "0".to_owned(), "0", true, "cargo x"),
            Figure::held("caught", "1 of 2".to_owned(), "all", false, "cargo y"),
            Figure::failed("fuzz", "no nightly\nmore"),
        ];
        let text = text(&figures, &[], &stamp);
        assert!(text.contains("| lost | 0 | 0 | holds | `cargo x` |\n"), "{text}");
        assert!(text.contains("| caught | 1 of 2 | all | **fails** | `cargo y` |\n"), "{text}");
        assert!(text.contains("| fuzz | no figure: no nightly |  | **fails** |  |\n"), "{text}");
        assert!(!text.contains("Long runs"));
    }
}
