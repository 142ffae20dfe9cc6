//! The scenarios, by what goes wrong in them.

pub(crate) mod holding;
pub(crate) mod selling;
pub(crate) mod shipping;
pub(crate) mod telling;
