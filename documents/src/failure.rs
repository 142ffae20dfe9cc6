//! Failures as documents: the same kind, number, operation and text for every host.

use schemars::JsonSchema;
use serde::Serialize;
use stockroom::Error;

/// A failure. A business "no" is not one: it stands in the reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Failure {
    /// The kind, such as `busy`.
    pub kind: &'static str,
    /// The kind's stable number, from 1.
    pub code: u16,
    /// Whether the same call can succeed later without anybody mending anything.
    pub retryable: bool,
    /// What failed, as a short stable name such as `sqlite.commit`.
    pub operation: &'static str,
    /// What happened, for people.
    pub message: String,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Failure {
            kind: error.kind().name(),
            code: error.kind().number(),
            retryable: error.is_retryable(),
            operation: error.operation(),
            message: error.to_string(),
        }
    }
}
