//! Progress for those who wait at a terminal. It goes to stderr, and nowhere when that is not a terminal.

use std::borrow::Cow;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Makes the bars of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    shown: bool,
}

impl Progress {
    /// Bars that are shown where there is a terminal, or never.
    pub(crate) fn new(shown: bool) -> Self {
        Progress { shown }
    }

    /// A bar over a known number of things.
    pub(crate) fn bar(self, what: impl Into<Cow<'static, str>>, length: u64) -> ProgressBar {
        let template = "{msg:>16} [{bar:40}] {human_pos}/{human_len} {eta}";
        self.styled(ProgressBar::with_draw_target(Some(length), self.target()), what, template)
    }

    /// A count of things whose number is not known.
    pub(crate) fn count(self, what: impl Into<Cow<'static, str>>) -> ProgressBar {
        let template = "{msg:>16} {spinner} {human_pos} {elapsed}";
        self.styled(ProgressBar::with_draw_target(None, self.target()), what, template)
    }

    fn target(self) -> ProgressDrawTarget {
        if self.shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
    }

    fn styled(self, bar: ProgressBar, what: impl Into<Cow<'static, str>>, template: &str) -> ProgressBar {
        // A template that cannot be read would be a slip in this file; the default style does as well.
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.with_style(style).with_message(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_bar_counts_all_the_same() {
        let bar = Progress::new(false).bar("invoices", 10);
        bar.inc(3);
        assert!(bar.is_hidden());
        assert_eq!((bar.position(), bar.length(), bar.message().as_str()), (3, Some(10), "invoices"));
        assert_eq!(Progress::new(false).count("rows").length(), None);
    }
}
