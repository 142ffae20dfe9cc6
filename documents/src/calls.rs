//! Commands as bytes: read, done, and answered as bytes. One call is one commit, whatever the number of commands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stockroom::ports::Store;
use stockroom::{Action, Command, Error, ErrorKind, Reply, Result, Stockroom, TimedCommand, read_json};

use crate::quick;
use crate::read::AnyStockroom;

const EXECUTE: &str = "documents.execute";
const EXECUTE_BATCH: &str = "documents.execute_batch";

/// The most commands of one batch.
pub const BATCH_MAX: usize = 100_000;

/// One command as hosts send it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Command")]
pub struct CommandDocument {
    /// The caller's name for this one effect, 1 to 128 bytes. The same key again gets the same answer and changes
    /// nothing; the same key with other content is rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// When it is decided, in milliseconds since the Unix epoch; absent for now, by the engine's clock. A time before
    /// that of the last event counts as that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<i64>,
    /// What to do.
    pub action: Action,
}

impl From<TimedCommand> for CommandDocument {
    fn from(timed: TimedCommand) -> Self {
        let TimedCommand { at_ms, command: Command { key, action } } = timed;
        CommandDocument { key, at_ms: Some(at_ms), action }
    }
}

/// Does one command and gives its reply, once it is durable.
///
/// # Errors
/// [`ErrorKind::Malformed`] where the bytes are no command; else as [`Stockroom::execute`].
pub fn execute<S: Store>(stockroom: &Stockroom<S>, command: &[u8]) -> Result<Vec<u8>> {
    write(&reply(stockroom, command)?, EXECUTE)
}

/// Does as [`execute`], for a host that writes the reply in a form of its own.
///
/// # Errors
/// As [`execute`].
pub fn reply<S: Store>(stockroom: &Stockroom<S>, command: &[u8]) -> Result<Reply> {
    let command = text(command, EXECUTE)?;
    let CommandDocument { key, at_ms, action } = match quick::command(command) {
        Some(command) => command,
        None => parse_text(command, EXECUTE)?,
    };
    let command = Command { key, action };
    match at_ms {
        Some(at_ms) => stockroom.execute_at(at_ms, command),
        None => stockroom.execute(command),
    }
}

/// A reply as a document.
///
/// # Errors
/// None that any reply has; [`ErrorKind::Malformed`] where it could not be written.
pub fn reply_document(reply: &Reply) -> Result<Vec<u8>> {
    write(reply, EXECUTE)
}

/// Does an array of commands in one commit and gives the array of their replies. Each stands or falls alone.
///
/// # Errors
/// [`ErrorKind::Malformed`] where the bytes are no array of commands, or of more than [`BATCH_MAX`]; else as
/// [`Stockroom::execute_batch`]. A failure means that none was done.
pub fn execute_batch<S: Store>(stockroom: &Stockroom<S>, commands: &[u8]) -> Result<Vec<u8>> {
    write(&replies(stockroom, commands)?, EXECUTE_BATCH)
}

/// Does as [`execute_batch`], for a host that writes the replies in a form of its own.
///
/// # Errors
/// As [`execute_batch`].
pub fn replies<S: Store>(stockroom: &Stockroom<S>, commands: &[u8]) -> Result<Vec<Reply>> {
    let commands = text(commands, EXECUTE_BATCH)?;
    let commands: Vec<CommandDocument> = match quick::commands(commands) {
        Some(commands) => commands,
        None => parse_text(commands, EXECUTE_BATCH)?,
    };
    if commands.len() > BATCH_MAX {
        let message = format!("{} commands are more than {BATCH_MAX}", commands.len());
        return Err(Error::new(ErrorKind::Malformed, EXECUTE_BATCH, message));
    }
    let now_ms = stockroom.now_ms();
    let timed = |CommandDocument { key, at_ms, action }| TimedCommand {
        at_ms: at_ms.unwrap_or(now_ms),
        command: Command { key, action },
    };
    stockroom.execute_batch_at(commands.into_iter().map(timed).collect())
}

/// Decides a command, gives the reply that it would get, and changes nothing.
///
/// # Errors
/// As [`execute`].
pub fn preview<S: Store>(stockroom: &Stockroom<S>, command: &[u8]) -> Result<Vec<u8>> {
    let CommandDocument { key, at_ms, action } = parse(command, "documents.preview")?;
    let command = Command { key, action };
    let reply: Reply = match at_ms {
        Some(at_ms) => stockroom.preview_at(at_ms, command),
        None => stockroom.preview(command),
    }?;
    write(&reply, "documents.preview")
}

/// Does as [`preview`], over a store of any kind; compiled with this crate, as [`read_any`](crate::read_any).
///
/// # Errors
/// As [`execute`].
pub fn preview_any(stockroom: &AnyStockroom, command: &[u8]) -> Result<Vec<u8>> {
    preview(stockroom, command)
}

/// Reads a document; says where it is not what it should be.
pub(crate) fn parse<'de, T: Deserialize<'de>>(bytes: &'de [u8], operation: &'static str) -> Result<T> {
    parse_text(text(bytes, operation)?, operation)
}

fn parse_text<'de, T: Deserialize<'de>>(text: &'de str, operation: &'static str) -> Result<T> {
    read_json(text).map_err(|error| Error::new(ErrorKind::Malformed, operation, error.to_string()))
}

/// The bytes as text. Stores read rows from text: reading documents in the same way keeps the code for it once in a
/// library that is to be small.
pub(crate) fn text<'b>(bytes: &'b [u8], operation: &'static str) -> Result<&'b str> {
    std::str::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::Malformed, operation, "it is not UTF-8"))
}

/// Writes a document. It fails only where a type's own serialization does, and none of ours can.
pub(crate) fn write<T: Serialize>(document: &T, operation: &'static str) -> Result<Vec<u8>> {
    serde_json::to_vec(document).map_err(|error| Error::new(ErrorKind::Malformed, operation, error.to_string()))
}
