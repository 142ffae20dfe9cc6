//! Relays: they make the engine react, take due deliveries, carry them to the warehouses and shops, and report. They
//! forget, are late, and report twice. An operator looks after what was given up.

use stockroom::outbox::Delivery;
use stockroom::{
    Answer, Command, DeliveryBody, DeliveryResult, DropDelivery, Fulfill, LeasedDelivery, Outcome, ReassignFulfillment,
    ReportDelivery, RequeueDelivery, Retry, RetryCause, TakeDeliveries, UpdateListings, WarehouseStatus,
};

use crate::auditor::{Broken, broken};
use crate::faults::Fault;
use crate::rng::Rng;
use crate::shape::{SECOND_MS, location_name};
use crate::warehouse::Warehouse;
use crate::world::World;

/// A delivery that some relay has.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) delivery: LeasedDelivery,
    /// When its lease ends by the relay's own watch, which nobody sets.
    until_ms: i64,
}

/// What some relay is about to report.
#[derive(Clone, Debug)]
pub(crate) struct PendingReport {
    pub(crate) report: ReportDelivery,
    pub(crate) lease_until_ms: i64,
}

/// What goes wrong on the way, before or after anything was done there.
pub(crate) fn lost(why: &str) -> DeliveryResult {
    DeliveryResult::Retry(Retry { doubt: true, why: why.into(), ..Retry::default() })
}

impl World {
    pub(crate) fn fulfill(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        if self.shape.warehouses.is_empty() {
            return Ok(());
        }
        let node = self.any_node(rng);
        let limit = 1 + rng.below(60) as u32;
        self.send(node, Fulfill { limit }, fault).map(drop)
    }

    pub(crate) fn update_listings(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        if self.shops.is_empty() {
            return Ok(());
        }
        let node = self.any_node(rng);
        let limit = 1 + rng.below(60) as u32;
        let sent = self.send(node, UpdateListings { limit }, fault)?;
        match sent.reply.map(|reply| reply.outcome) {
            // Now that every event was read, each listing is to show what there is.
            Some(Outcome::Accepted(Answer::ListingsUpdated(updated))) if !updated.more => self.judge_desired(),
            _ => Ok(()),
        }
    }

    pub(crate) fn take(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let Some(destination) = rng.pick(&self.destinations()).cloned() else { return Ok(()) };
        let (max, lease_ms) = (1 + rng.below(6) as u32, rng.between(1, 300) * SECOND_MS);
        let node = self.any_node(rng);
        self.take_from(node, destination, max, lease_ms, fault).map(drop)
    }

    /// Takes deliveries; how many there were.
    pub(crate) fn take_from(
        &mut self,
        node: usize,
        destination: String,
        max: u32,
        lease_ms: i64,
        fault: Option<Fault>,
    ) -> Result<usize, Broken> {
        self.leased_until_ms = self.leased_until_ms.max(self.time_at(node).saturating_add(lease_ms));
        let by_its_clock_ms = self.auditor.now_ms(self.time_at(node));
        let sent = self.send(node, TakeDeliveries { destination, max, lease_ms }, fault)?;
        let Some(Outcome::Accepted(Answer::Taken(taken))) = sent.reply.map(|reply| reply.outcome) else { return Ok(0) };
        let (count, until_ms) = (taken.deliveries.len(), self.now_ms.saturating_add(lease_ms));
        // A lease that ended early, by a clock that is ahead of the others by more than it, binds nobody: then a relay can
        // only be told by the warehouse. What is promised of leases is promised to those whose clocks agree, so that it
        // lets go here; not where the lease goes on by the clock of the node that gave the delivery out once more.
        let again = |job: &Job| {
            taken
                .deliveries
                .iter()
                .any(|one| (&one.destination, one.number) == (&job.delivery.destination, job.delivery.number))
        };
        self.jobs.retain(|job| job.delivery.lease_until_ms > by_its_clock_ms || !again(job));
        self.jobs.extend(taken.deliveries.into_iter().map(|delivery| Job { delivery, until_ms }));
        Ok(count)
    }

    pub(crate) fn carry(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        if self.jobs.is_empty() {
            return Ok(());
        }
        let job = self.jobs.remove(rng.below(self.jobs.len()));
        self.carry_job(rng, job, fault)
    }

    pub(crate) fn carry_job(&mut self, rng: &mut Rng, job: Job, fault: Option<Fault>) -> Result<(), Broken> {
        let Job { delivery, until_ms } = job;
        if fault == Some(Fault::RelayForgets) {
            self.counts.happened(Fault::RelayForgets);
            return Ok(());
        }
        // A relay is through before its lease ends, by the clock and by its own watch: the node that took it may have had a
        // clock that ran ahead. Whoever is that late leaves it.
        if self.auditor.now_ms(self.now_ms) >= delivery.lease_until_ms || self.now_ms >= until_ms {
            return Ok(());
        }
        let result = self.carried(rng, &delivery, fault)?;
        self.reports.push(PendingReport {
            report: ReportDelivery {
                destination: delivery.destination.clone(),
                number: delivery.number,
                attempt: delivery.attempt,
                result,
            },
            lease_until_ms: delivery.lease_until_ms,
        });
        Ok(())
    }

    /// What comes of an attempt.
    fn carried(
        &mut self,
        rng: &mut Rng,
        delivery: &LeasedDelivery,
        fault: Option<Fault>,
    ) -> Result<DeliveryResult, Broken> {
        let retry = |retry: Retry| DeliveryResult::Retry(retry);
        let without_doing = match fault {
            Some(Fault::RequestLost) => Some(lost("no answer")),
            Some(Fault::Throttled) => {
                let after_ms = rng.chance(70).then(|| rng.between(1, 60) * SECOND_MS);
                let why = "429".to_owned();
                Some(retry(Retry { after_ms, cause: RetryCause::Throttled, why, ..Retry::default() }))
            }
            Some(Fault::Down) => Some(retry(Retry { why: "503".into(), ..Retry::default() })),
            _ => None,
        };
        if let (Some(result), Some(fault)) = (without_doing, fault) {
            self.counts.happened(fault);
            return Ok(result);
        }
        let result = match &delivery.body {
            DeliveryBody::RequestFulfillment(_) | DeliveryBody::CancelFulfillment(_) | DeliveryBody::CheckStock(_) => {
                self.at_warehouse(rng, delivery, fault)?
            }
            _ => self.at_shop(rng, delivery, fault)?,
        };
        if fault == Some(Fault::RequestUnanswered) {
            self.counts.happened(Fault::RequestUnanswered);
            return Ok(lost("the answer was lost"));
        }
        Ok(result)
    }

    pub(crate) fn report(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        if self.reports.is_empty() {
            return Ok(());
        }
        let pending = self.reports.remove(rng.below(self.reports.len()));
        let own = matches!(fault, Some(Fault::ReportLate | Fault::ReportTwice));
        if fault == Some(Fault::ReportLate) {
            // The lease ends meanwhile, and mostly somebody else takes the delivery.
            self.counts.happened(Fault::ReportLate);
            self.now_ms = self.now_ms.max(pending.lease_until_ms + 1);
            if rng.chance(80) {
                let node = self.any_node(rng);
                self.take_from(node, pending.report.destination.to_string(), 100, 60 * SECOND_MS, None)?;
            }
        }
        let node = self.any_node(rng);
        let sent = self.send(node, pending.report.clone(), fault.filter(|_| !own))?;
        if fault == Some(Fault::ReportTwice) {
            self.counts.happened(Fault::ReportTwice);
            self.send(node, pending.report.clone(), None)?;
        } else if sent.reply.is_none() {
            // It is reported again.
            self.reports.push(pending);
        }
        Ok(())
    }

    /// An operator looks at the dead letters, and tries again or gives up.
    pub(crate) fn operate(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let node = self.any_node(rng);
        let Some(room) = self.nodes[node].room() else { return Ok(()) };
        let dead = room.dead_letters(None, 20).map_err(|error| broken("FAILED", error.to_string()))?;
        let Some(letter) = rng.pick(&dead) else { return Ok(()) };
        let (destination, number) = (letter.destination.to_string(), letter.number);
        if !rng.chance(15) || self.was_handed_over(letter) {
            return self.send(node, RequeueDelivery { destination, number }, fault).map(drop);
        }
        // Whoever drops a question says what came of it, as far as the warehouse knows.
        if let DeliveryBody::CancelFulfillment(request) = &letter.body {
            let given_up = |warehouse: &Warehouse| warehouse.has_given_up(&request.fulfillment);
            if let Some(at) = self.warehouses.iter().position(given_up) {
                self.tells(at, &request.fulfillment, WarehouseStatus::Cancelled);
            }
        }
        self.send(node, DropDelivery { destination, number }, fault).map(drop)
    }

    /// Whether the warehouse has what nobody heard that it took. That is not given up but looked up.
    fn was_handed_over(&self, letter: &Delivery) -> bool {
        let DeliveryBody::RequestFulfillment(_) = &letter.body else { return false };
        self.warehouses.iter().any(|warehouse| warehouse.parcels.contains_key(&letter.key))
    }

    /// An operator gives refused units to another location.
    pub(crate) fn reassign(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let orders = self.auditor.books.orders.iter().rev().take(200);
        let refused = orders.flat_map(|order| order.handed.iter().filter(|handed| handed.refused || handed.given_up));
        let refused: Vec<String> = refused.map(|handed| handed.name.clone()).take(10).collect();
        let Some(fulfillment) = rng.pick(&refused).cloned() else { return Ok(()) };
        let location = rng.chance(50).then(|| location_name(rng.below(self.shape.locations)));
        let command = Command::from(ReassignFulfillment { fulfillment, location }).with_key(self.key());
        self.ask(rng, command, fault).map(drop)
    }
}
