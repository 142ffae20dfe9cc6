//! The sink port: carries deliveries out. A relay takes due deliveries, hands them to the sink of their
//! destination and reports what came of them.

use crate::outbox::{DeliveryResult, LeasedDelivery};

/// Carries deliveries out, one at a time on each thread.
pub trait Sink: Send + Sync {
    /// Carries one out and says what came of it. It returns before the delivery's lease ends, whatever the
    /// destination does.
    fn deliver(&self, delivery: &LeasedDelivery) -> DeliveryResult;
}
