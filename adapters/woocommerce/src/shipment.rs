//! The conversation about a shipment. WooCommerce itself knows no shipments: the shop gets a note on the order and, if
//! the profile says so, the order is set to `completed`. A note carries our name for the shipment, by which it is found
//! before it is written again.

use stockroom::channel::ShipmentNotice;
use stockroom::order::Tracking;
use stockroom::outbox::{DeliveryAnswer, LeasedDelivery, Retry};
use stockroom::ports::{HttpFailure, HttpResponse, Step, Turn};

use crate::exchange::{Asked, WooExchange, again, ask, done, error_code, failing, refused, says_unknown, unknown};
use crate::item;
use crate::json::{Object, list};
use crate::profile::Completion;
use crate::requests;
use crate::said::encoded;

/// Looks for the note before it is written, where an earlier attempt may have.
const FIND_NOTE: Step = Step("find_note");
const ADD_NOTE: Step = Step("add_note");
/// Looks for the note after it may have been written.
const CONFIRM_NOTE: Step = Step("confirm_note");
const READ_ORDER: Step = Step("read_order");
const COMPLETE: Step = Step("complete");

/// The most lines that a note names.
const NOTED_LINES_MAX: usize = 50;

impl WooExchange {
    pub(crate) fn begin_shipment(&self, delivery: &LeasedDelivery, notice: &ShipmentNotice) -> Turn {
        match item::number(&notice.reference) {
            None => refused("the order's reference is no number of a WooCommerce order"),
            Some(order) if delivery.doubt => ask(requests::notes(&self.profile, order), FIND_NOTE, String::new()),
            Some(order) => self.add_note(notice, order),
        }
    }

    pub(crate) fn shipment_answered(
        &self,
        delivery: &LeasedDelivery,
        notice: &ShipmentNotice,
        step: Step,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        let Some(order) = item::number(&notice.reference) else { return unknown(delivery) };
        if let Some(response) = answer.ok().filter(|response| response.status == 404) {
            if says_unknown(&error_code(response)) {
                return refused(self.why("the shop has no such order any more", response));
            }
        }
        match step {
            ADD_NOTE => self.note_added(delivery, order, answer, now_ms),
            FIND_NOTE | CONFIRM_NOTE => self.note_sought(delivery, notice, order, step, answer, now_ms),
            READ_ORDER => self.order_read(delivery, notice, order, answer, now_ms),
            COMPLETE => match self.body(Asked::Change, answer, now_ms) {
                Ok(body) if Object::parse(&body).is_some_and(|order| order.has("id")) => done(DeliveryAnswer::Taken),
                Ok(_) => again(delivery, self.unreadable(Asked::Change, "the answer is not the order", answer)),
                // The note is written, so that the next attempt has to look for it in any case.
                Err(retry) => again(delivery, Retry { doubt: true, ..retry }),
            },
            _ => unknown(delivery),
        }
    }

    fn add_note(&self, notice: &ShipmentNotice, order: u64) -> Turn {
        ask(requests::add_note(&self.profile, order, &note(notice)), ADD_NOTE, String::new())
    }

    fn note_added(
        &self,
        delivery: &LeasedDelivery,
        order: u64,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        let confirm = || ask(requests::notes(&self.profile, order), CONFIRM_NOTE, String::new());
        if let Ok(response) = answer {
            if matches!(response.status, 400 | 422) {
                return refused(self.why("the shop refuses the note", response));
            }
        }
        match self.body(Asked::Change, answer, now_ms) {
            Ok(body) if Object::parse(&body).is_some_and(|note| note.has("id")) => self.noted(order),
            Ok(_) => confirm(),
            Err(_) if matches!(answer, Err(HttpFailure::Lost(_))) => confirm(),
            Err(retry) => again(delivery, retry),
        }
    }

    fn note_sought(
        &self,
        delivery: &LeasedDelivery,
        notice: &ShipmentNotice,
        order: u64,
        step: Step,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        let doubt = |retry| Retry { doubt: true, ..retry };
        let body = match self.body(Asked::Read, answer, now_ms) {
            Ok(body) => body,
            Err(retry) => return again(delivery, doubt(retry)),
        };
        let Some(notes) = list(&body) else {
            let retry = self.unreadable(Asked::Read, "the answer is no list of notes", answer);
            return again(delivery, doubt(retry));
        };
        let mark = mark(&notice.shipment);
        let is_ours = |text: &str| {
            Object::parse(text).and_then(|note| note.text("note")).is_some_and(|note| note.contains(&mark))
        };
        match notes.into_iter().any(|note| is_ours(note.get())) {
            true => self.noted(order),
            false if step == FIND_NOTE => self.add_note(notice, order),
            // Written after all it would be seen twice, by the customer perhaps.
            false => again(delivery, failing(true, "the shop may have taken the note, and does not show it yet")),
        }
    }

    /// What comes after the note.
    fn noted(&self, order: u64) -> Turn {
        match self.profile.completion {
            Completion::Never => done(DeliveryAnswer::Taken),
            Completion::WhenWhole | Completion::Always => {
                ask(requests::order(&self.profile, order), READ_ORDER, String::new())
            }
        }
    }

    fn order_read(
        &self,
        delivery: &LeasedDelivery,
        notice: &ShipmentNotice,
        number: u64,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        // The note is written, so that the next attempt has to look for it.
        let doubt = |retry| again(delivery, Retry { doubt: true, ..retry });
        let body = match self.body(Asked::Read, answer, now_ms) {
            Ok(body) => body,
            Err(retry) => return doubt(retry),
        };
        let order = Object::parse(&body).filter(|order| order.id("id") == Some(number));
        let Some((order, status)) = order.and_then(|order| order.text("status").map(|status| (order, status))) else {
            return doubt(self.unreadable(Asked::Read, "the answer is not the order", answer));
        };
        // An order that came to its end otherwise is not opened again.
        let is_over = matches!(status.as_str(), "completed" | "cancelled" | "refunded" | "failed" | "trash");
        if is_over || self.profile.completion == Completion::WhenWhole && !is_whole(&order, notice) {
            return done(DeliveryAnswer::Taken);
        }
        ask(requests::complete(&self.profile, number), COMPLETE, String::new())
    }
}

/// Whether a shipment has every unit of every line with a SKU. What cannot be read is not whole.
fn is_whole(order: &Object<'_>, notice: &ShipmentNotice) -> bool {
    let Some(lines) = order.list("line_items") else { return false };
    lines.into_iter().all(|line| {
        let Some(line) = Object::parse(line.get()) else { return false };
        if line.text("sku").is_none() {
            return true;
        }
        let ordered = line.number("quantity").and_then(|number| number.floor());
        let (Some(id), Some(ordered)) = (line.text("id"), ordered) else { return false };
        let of_line = notice.lines.iter().filter(|shipped| shipped.line.as_deref() == Some(id.as_str()));
        of_line.fold(0_i64, |sum, shipped| sum.saturating_add(shipped.quantity)) >= ordered
    })
}

/// Our name for the shipment as it stands in a note: whole, and of characters that WordPress leaves alone.
fn mark(shipment: &str) -> String {
    format!("[shipment {}]", encoded(shipment))
}

fn note(notice: &ShipmentNotice) -> String {
    let lines = notice.lines.iter().take(NOTED_LINES_MAX).map(|line| format!("{} × {}", line.quantity, line.sku));
    let mut text = format!("Shipped: {}", lines.collect::<Vec<_>>().join(", "));
    if notice.lines.len() > NOTED_LINES_MAX {
        text.push_str(&format!(" and {} more", notice.lines.len() - NOTED_LINES_MAX));
    }
    text.push('.');
    if let Some(Tracking { carrier, number, url }) = &notice.tracking {
        let parts = [carrier.as_str(), number, url].into_iter().filter(|part| !part.is_empty());
        let parts: Vec<&str> = parts.collect();
        if !parts.is_empty() {
            text.push_str(&format!(" Tracking: {}.", parts.join(" ")));
        }
    }
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("{text} {}", mark(&notice.shipment))
}
