//! What a scenario needs of a place where the engine runs: commands, reads and answers as JSON documents, a clock, callers
//! who come at once, and another process beside. How a place does that is its own affair.

use std::fmt;

use serde_json::Value;

/// A call that was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The number of its kind, the same in every language (`stockroom::ErrorKind`).
    pub(crate) code: i64,
    /// Whether the same call can succeed later.
    pub(crate) retryable: bool,
    pub(crate) message: String,
}

/// The number of [`stockroom::ErrorKind::Busy`].
pub(crate) const BUSY: i64 = 1;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failure {}: {}", self.code, self.message)
    }
}

/// A reply or what a read says.
pub(crate) type Answer = Result<Value, Failure>;

/// A database with an engine over it, somewhere.
pub(crate) trait Place: Send {
    /// Does one command.
    fn execute(&mut self, command: &Value) -> Answer;

    /// Does commands in one commit; an array of replies.
    fn batch(&mut self, commands: &Value) -> Answer;

    /// Answers a read.
    fn read(&mut self, read: &Value) -> Answer;

    /// Lets callers come at once, each with its commands one after the other. Where there is one thread they take turns.
    fn together(&mut self, callers: &[Vec<Value>]) -> Vec<Vec<Answer>>;

    /// Sets the clock.
    fn set_clock(&mut self, now_ms: i64);

    /// Lets the engine go and opens it again over what is stored.
    fn reopen(&mut self);

    /// Another engine on the same database, or why there can be none now. Nothing where nobody else could reach the
    /// database at all.
    fn second(&mut self) -> Option<Result<Box<dyn Place>, Failure>>;
}
