//! Registering the warehouses that run locations.

use crate::code::{Code, Faults};
use crate::engine::{Answer, Decision, RecordKey, Stop};
use crate::fulfillment::{RegisterWarehouse, SUBSCRIPTION, Warehouse};
use crate::ids::{ID_BYTES_MAX, LocationNumber, Name, name_fault};
use crate::outbox::{judge_destination, put_place};

pub(crate) fn register_warehouse(decision: &mut Decision<'_>, command: &RegisterWarehouse) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    let location = location(decision, &command.location, &mut faults)?;
    judge_destination(decision, &command.destination.as_str().into(), &mut faults)?;
    faults.check()?;
    let destination: Name = command.destination.as_str().into();
    let known = decision.rows.record::<Warehouse>(&RecordKey::Warehouse(location))?.cloned();
    let row = Warehouse {
        location,
        destination,
        stock: command.stock,
        check_on_allocation: command.check_on_allocation,
        stock_taken_at_ms: known.as_ref().map_or(0, |known| known.stock_taken_at_ms),
    };
    let subscribed = decision.rows.subscription(SUBSCRIPTION)?.is_some();
    if subscribed && known.as_ref() == Some(&row) {
        return Ok(Answer::Unchanged);
    }
    decision.rows.set_record(row)?;
    // The first warehouse begins the reading of events: what was allocated before is not handed over.
    if !subscribed {
        let cursor = decision.rows.catalog()?.counters.event;
        put_place(decision, SUBSCRIPTION, cursor);
    }
    Ok(Answer::Done)
}

/// The number of a registered location; a fault where there is none.
pub(super) fn location(decision: &Decision<'_>, name: &str, faults: &mut Faults) -> Result<LocationNumber, Stop> {
    if let Some(fault) = name_fault(name, ID_BYTES_MAX) {
        faults.add(Code::IdInvalid, || "location".into(), fault);
        return Ok(LocationNumber(0));
    }
    let number = decision.location(name)?;
    if number.is_none() {
        faults.add(Code::LocationUnknown, || "location".into(), "is not registered");
    }
    Ok(number.unwrap_or_default())
}
