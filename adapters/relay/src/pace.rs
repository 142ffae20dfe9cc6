//! How many deliveries to take at a time: as many as can be carried out before they are to be reported.

use std::time::Duration;

/// The pace of one connection, from the attempts that it has seen.
#[derive(Debug)]
pub(crate) struct Pace {
    report_after: Duration,
    take_max: u32,
    /// A moving average of one attempt's time; `None` before the first.
    attempt: Option<Duration>,
}

impl Pace {
    pub(crate) fn new(report_after: Duration, take_max: u32) -> Self {
        Pace { report_after, take_max, attempt: None }
    }

    pub(crate) fn took(&mut self, time: Duration) {
        self.attempt = Some(self.attempt.map_or(time, |average| (average * 7 + time) / 8));
    }

    /// How many to take next.
    pub(crate) fn take(&self) -> u32 {
        let Some(attempt) = self.attempt else { return 1 };
        let fit = self.report_after.as_nanos() / attempt.as_nanos().max(1);
        u32::try_from(fit).unwrap_or(u32::MAX).clamp(1, self.take_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_destinations_are_taken_from_one_at_a_time() {
        let cases = [(None, 1), (Some(50_000), 1), (Some(100), 1), (Some(10), 10), (Some(1), 100), (Some(0), 200)];
        for (attempt_ms, expected) in cases {
            let mut pace = Pace::new(Duration::from_millis(100), 200);
            attempt_ms.into_iter().for_each(|ms| pace.took(Duration::from_millis(ms)));
            assert_eq!(pace.take(), expected, "{attempt_ms:?}");
        }
    }

    #[test]
    fn one_slow_attempt_among_quick_ones_changes_the_pace_a_little() {
        let mut pace = Pace::new(Duration::from_millis(100), 200);
        (0..50).for_each(|_| pace.took(Duration::from_millis(1)));
        pace.took(Duration::from_millis(9));
        assert_eq!(pace.take(), 50);
    }
}
