//! What each user error of `inventorySetQuantities` means for the quantity that it is about. A table in code: the
//! tests hold it against every version of Shopify's schema.

/// What is done about a user error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    /// The shop shows something else than we believed: it is looked at.
    Look,
    /// The item is not stocked at the location: it is stocked there, then set.
    Stock,
    /// The item is no more: the listing is gone.
    Gone,
    /// The shop will never have this quantity of this item: the listing is refused.
    Refuse,
    /// Something else is in the way for now: the rest is set without it, and it is tried again later.
    Later,
    /// The same request is being carried out at this moment: the delivery is tried again.
    Wait,
    /// The key was used up: the request is sent again with another.
    NewKey,
    /// The settings of the channel are wrong: the delivery fails until they are right.
    Settings,
}

/// The codes of `InventorySetQuantitiesUserErrorCode` with what is done about each. Source: the schemas of 2026-04,
/// 2026-07 and 2026-10 in the npm package `@shopify/dev-mcp` 1.16.0.
pub const SET_QUANTITIES_CODES: &[(&str, Handling)] = &[
    ("CHANGE_FROM_QUANTITY_STALE", Handling::Look),
    ("COMPARE_QUANTITY_REQUIRED", Handling::Settings),
    ("COMPARE_QUANTITY_STALE", Handling::Look),
    ("IDEMPOTENCY_CONCURRENT_REQUEST", Handling::Wait),
    ("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", Handling::NewKey),
    ("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", Handling::NewKey),
    ("INVALID_INVENTORY_ITEM", Handling::Gone),
    ("INVALID_LOCATION", Handling::Settings),
    ("INVALID_NAME", Handling::Settings),
    ("INVALID_QUANTITY_NEGATIVE", Handling::Refuse),
    ("INVALID_QUANTITY_TOO_HIGH", Handling::Refuse),
    ("INVALID_QUANTITY_TOO_LOW", Handling::Refuse),
    ("INVALID_REASON", Handling::Settings),
    ("INVALID_REFERENCE_DOCUMENT", Handling::Settings),
    ("ITEM_NOT_STOCKED_AT_LOCATION", Handling::Stock),
    ("NON_MUTABLE_INVENTORY_ITEM", Handling::Refuse),
    ("NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR", Handling::Refuse),
];

/// What is done about a code. One that is not known may be about anything: it is tried again later.
pub(crate) fn handling(code: Option<&str>) -> Handling {
    let known = SET_QUANTITIES_CODES.iter().find(|(name, _)| Some(*name) == code);
    known.map_or(Handling::Later, |(_, handling)| *handling)
}
