//! What ends a run early: one sentence that says what is wrong and, where it helps, what to do. Refusals by the
//! engine are no failures; they are counted.

use std::fmt;

/// A failure that ends the run, in the words that the user is shown.
#[derive(Debug)]
pub struct Failure(String);

/// The result of what can end the run.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// What it happened to, and what happened.
    pub fn new(subject: impl fmt::Display, detail: impl fmt::Display) -> Self {
        Failure(format!("{subject}: {detail}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<stockroom::Error> for Failure {
    fn from(error: stockroom::Error) -> Self {
        Failure(error.to_string())
    }
}
