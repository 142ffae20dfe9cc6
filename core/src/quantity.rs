//! Quantities: integer counts of a SKU's units. No fractions, no floats.

/// The largest quantity of one line, one movement or one policy: one thousand million units.
pub const QUANTITY_MAX: i64 = 1_000_000_000;

/// The largest level that a stock row may reach. It fits a double exactly, so that JSON readers that
/// know no integers read it right.
pub const LEVEL_MAX: i64 = (1 << 53) - 1;

/// Whether a quantity can be ordered, received, shipped or returned: 1 to [`QUANTITY_MAX`].
///
/// ```
/// use stockroom::quantity::is_orderable;
/// assert!(is_orderable(1) && is_orderable(1_000_000_000));
/// assert!(!is_orderable(0) && !is_orderable(-1) && !is_orderable(i64::MAX));
/// ```
#[cfg_attr(target_family = "wasm", inline)]
pub fn is_orderable(quantity: i64) -> bool {
    (1..=QUANTITY_MAX).contains(&quantity)
}

/// Whether a quantity can be a level, a limit or a count: 0 to [`QUANTITY_MAX`].
#[cfg_attr(target_family = "wasm", inline)]
pub fn is_level(quantity: i64) -> bool {
    (0..=QUANTITY_MAX).contains(&quantity)
}
