//! A leaky bucket that is kept in thousandths, so that no time is too short to count. It is told the time.

/// What is left of a bucket.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    max: i64,
    per_second: i64,
    left_thousandths: i64,
    at_ms: i64,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(max: u32, per_second: u32) -> Self {
        let max = i64::from(max);
        Bucket { max, per_second: i64::from(per_second), left_thousandths: max * 1_000, at_ms: 0 }
    }

    fn refill(&mut self, now_ms: i64) {
        let passed_ms = now_ms.saturating_sub(self.at_ms).max(0);
        self.at_ms = self.at_ms.max(now_ms);
        let back = passed_ms.saturating_mul(self.per_second);
        self.left_thousandths = self.left_thousandths.saturating_add(back).min(self.max * 1_000);
    }

    /// Takes so much, or says how many milliseconds it takes until so much is there.
    pub(super) fn take(&mut self, cost: i64, now_ms: i64) -> Result<(), i64> {
        self.refill(now_ms);
        let missing = cost * 1_000 - self.left_thousandths;
        if missing > 0 {
            return Err(missing.div_euclid(self.per_second.max(1)) + 1);
        }
        self.left_thousandths -= cost * 1_000;
        Ok(())
    }

    /// Empties it.
    pub(super) fn spill(&mut self) {
        self.left_thousandths = 0;
    }

    /// Whole units that are left.
    pub(super) fn left(&self) -> i64 {
        self.left_thousandths / 1_000
    }

    /// Units that it holds.
    pub(super) fn max(&self) -> i64 {
        self.max
    }

    /// Units that come back each second.
    pub(super) fn per_second(&self) -> i64 {
        self.per_second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_empties_and_fills_again_by_the_time_that_it_is_told() {
        let mut bucket = Bucket::new(40, 2);
        for _ in 0..40 {
            assert_eq!(bucket.take(1, 1_000), Ok(()));
        }
        assert_eq!(bucket.take(1, 1_000), Err(501));
        assert_eq!(bucket.take(1, 1_250), Err(251), "a refused request costs nothing");
        assert_eq!(bucket.take(1, 1_500), Ok(()));
        assert_eq!((bucket.take(2, 2_000), bucket.left()), (Err(501), 1));
        assert_eq!((bucket.take(40, 1_000_000), bucket.left()), (Ok(()), 0), "it never holds more than its size");
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let mut bucket = Bucket::new(1, 1_000);
        assert_eq!(bucket.take(1, 5_000), Ok(()));
        assert!(bucket.take(1, 0).is_err());
        bucket.spill();
        assert_eq!(bucket.take(1, 5_001), Ok(()));
    }
}
