//! The inbox: messages from outside are carried out once. The id is noted in the transaction that carries the
//! message out, so that a message whose command was refused may come again.

use crate::code::{Code, Faults};
use crate::engine::{Decision, Needs, RecordKey, Stop, WorkingSet};
use crate::ids::{ID_BYTES_MAX, KEY_BYTES_MAX, name_fault};
use crate::outbox::{InboxMessage, MessageId};
use crate::planted::planted;

fn key_of(message: &MessageId) -> RecordKey {
    RecordKey::Message(message.source.as_str().into(), message.message.as_str().into())
}

/// Whether a message is new; from here on it is not. A command without one is always new, and one whose message is
/// no message has a fault.
pub(crate) fn take_in(
    decision: &mut Decision<'_>,
    message: Option<&MessageId>,
    faults: &mut Faults,
) -> Result<bool, Stop> {
    let Some(message) = message else {
        return Ok(true);
    };
    let (source, id) = (name_fault(&message.source, ID_BYTES_MAX), name_fault(&message.message, KEY_BYTES_MAX));
    if let Some(fault) = source {
        faults.add(Code::IdInvalid, || "message.source".into(), fault);
    }
    if let Some(fault) = id {
        faults.add(Code::IdInvalid, || "message.message".into(), fault);
    }
    if source.or(id).is_some() {
        return Ok(true);
    }
    if decision.rows.record::<InboxMessage>(&key_of(message))?.is_some() && !planted!(MessageTakenTwice) {
        return Ok(false);
    }
    let MessageId { source, message } = message.clone();
    decision.rows.set_record(InboxMessage { source, message, at_ms: decision.now_ms })?;
    Ok(true)
}

/// Asks for what a command with a message is sure to need.
pub(crate) fn foresee(rows: &WorkingSet, message: Option<&MessageId>, needs: &mut Needs) {
    let named = |message: &&MessageId| {
        name_fault(&message.source, ID_BYTES_MAX).is_none() && name_fault(&message.message, KEY_BYTES_MAX).is_none()
    };
    rows.missing_records(message.filter(named).map(key_of).into_iter(), needs);
}
