//! Registering SKUs, bundles and locations. Both are never removed: numbers stay valid for good.

use std::sync::Arc;

use crate::code::{Code, Faults, Rejection};
use crate::engine::{Answer, Decision, Stop};
use crate::ids::{ID_BYTES_MAX, LOCATIONS_MAX, LocationNumber, SKU_BYTES_MAX, SkuNumber, name_fault};
use crate::inventory::{Component, Location, RegisterLocation, RegisterSku, Sku};
use crate::outbox::{EventKind, RegisteredLocation, RegisteredSku};

/// The most components of one bundle, and the most units of each.
const COMPONENTS_MAX: usize = 100;
const COMPONENT_QUANTITY_MAX: i64 = 1_000;

pub(crate) fn register_sku(decision: &mut Decision<'_>, command: &RegisterSku) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    if let Some(fault) = name_fault(&command.sku, SKU_BYTES_MAX) {
        faults.add(Code::IdInvalid, || "sku".into(), fault);
    }
    let components = components(decision, command, &mut faults)?;
    faults.check()?;
    if let Some(known) = decision.rows.sku(&command.sku)? {
        if *known.components == *components {
            return Ok(Answer::Unchanged);
        }
        return Err(Rejection::one(Code::SkuIsNotBundle, "components", "the SKU is registered otherwise").into());
    }
    let counters = &mut decision.rows.catalog_mut()?.counters;
    counters.sku += 1;
    let number = SkuNumber(counters.sku);
    let sku: crate::ids::Name = command.sku.as_str().into();
    let registered = RegisteredSku { sku: sku.clone(), components: command.components.clone().unwrap_or_default() };
    decision.note(EventKind::SkuRegistered, &registered)?;
    decision.rows.insert_sku(Sku { number, sku, components: shared(components) });
    Ok(Answer::Done)
}

/// All plain SKUs share one empty list: it is copied into every line of every order.
fn shared(components: Vec<Component>) -> Arc<[Component]> {
    if components.is_empty() { Arc::default() } else { components.into() }
}

fn components(decision: &Decision<'_>, command: &RegisterSku, faults: &mut Faults) -> Result<Vec<Component>, Stop> {
    let Some(given) = &command.components else {
        return Ok(Vec::new());
    };
    if given.is_empty() {
        faults.add(Code::BundleInvalid, || "components".into(), "a bundle needs a component");
    }
    if given.len() > COMPONENTS_MAX {
        faults.add(Code::TooManyEntries, || "components".into(), format!("more than {COMPONENTS_MAX}"));
        return Ok(Vec::new());
    }
    let mut components: Vec<Component> = Vec::with_capacity(given.len());
    for (index, component) in given.iter().enumerate() {
        if !(1..=COMPONENT_QUANTITY_MAX).contains(&component.quantity) {
            let at = || format!("components[{index}].quantity");
            faults.add(Code::QuantityOutOfRange, at, format!("not 1 to {COMPONENT_QUANTITY_MAX}"));
        }
        let at = || format!("components[{index}].sku");
        if let Some(fault) = name_fault(&component.sku, SKU_BYTES_MAX) {
            faults.add(Code::IdInvalid, at, fault);
            continue;
        }
        match decision.rows.sku(&component.sku)? {
            None => faults.add(Code::SkuUnknown, at, "is not registered"),
            Some(sku) if !sku.components.is_empty() => faults.add(Code::BundleInvalid, at, "is a bundle itself"),
            Some(sku) if components.iter().any(|c| c.sku_number == sku.number) => {
                faults.add(Code::DuplicateEntry, at, "stands twice");
            }
            Some(sku) => components.push(Component {
                sku_number: sku.number,
                sku: sku.sku.clone(),
                quantity: component.quantity,
            }),
        }
    }
    Ok(components)
}

pub(crate) fn register_location(decision: &mut Decision<'_>, command: &RegisterLocation) -> Result<Answer, Stop> {
    if let Some(fault) = name_fault(&command.location, ID_BYTES_MAX) {
        return Err(Rejection::one(Code::IdInvalid, "location", fault).into());
    }
    if decision.location(&command.location)?.is_some() {
        return Ok(Answer::Unchanged);
    }
    let count = decision.rows.catalog()?.locations.len() as u64;
    if count >= LOCATIONS_MAX {
        return Err(Rejection::one(Code::LocationLimit, "location", "no number is left").into());
    }
    let location: crate::ids::Name = command.location.as_str().into();
    decision.note(EventKind::LocationRegistered, &RegisteredLocation { location: location.clone() })?;
    decision.rows.insert_location(Location { number: LocationNumber(count + 1), location })?;
    Ok(Answer::Done)
}
