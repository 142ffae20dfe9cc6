//! Telling a shop of a shipment: what is left to ship there is looked up, our lines are found in it, and one fulfillment
//! a location is made. A shipment that may have been told already is looked for among the shop's fulfillments first.

mod plan;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stockroom::channel::ShipmentNotice;
use stockroom::outbox::{DeliveryAnswer, LeasedDelivery, RetryCause};
use stockroom::ports::{HttpFailure, HttpRequest, HttpResponse, REQUESTS_MAX, Step, Turn};

use self::plan::{Call, Needs, OpenOrder, Plan};
use super::answer;
use super::document::{CREATE_FULFILLMENT, FULFILLMENT_ORDER_LINES, FULFILLMENT_ORDERS, FULFILLMENTS, request};
use crate::ids::gid;
use crate::remote::shown;
use crate::settings::Shop;
use crate::turns::{ask, done, failing, refused, retry};

pub(super) const TOLD: Step = Step("told");
pub(super) const OPEN: Step = Step("open");
pub(super) const LINES: Step = Step("lines");
pub(super) const CREATE: Step = Step("create");

/// What is known, from turn to turn.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Progress {
    /// Requests so far.
    turns: u32,
    /// Whether a fulfillment was made in this conversation.
    created: bool,
    needs: Needs,
    /// The parts of the order that are left to ship and have a line of ours.
    orders: Vec<OpenOrder>,
    /// Fulfillment orders with more lines, and from where on.
    more: Vec<(String, String)>,
    /// The next page of fulfillment orders.
    after: Option<String>,
    /// Fulfillments to make.
    calls: Vec<Call>,
}

/// One conversation with what it is about.
pub(super) struct Telling<'a> {
    pub(super) shop: &'a Shop,
    pub(super) delivery: &'a LeasedDelivery,
    pub(super) notice: &'a ShipmentNotice,
}

impl Telling<'_> {
    pub(super) fn begin(&self) -> Turn {
        let Some(order) = self.order() else {
            return refused(format!("`{}` is no Shopify order's id", shown(&self.notice.reference, &[])));
        };
        let mut progress = Progress { needs: Needs::of(self.notice), ..Progress::default() };
        progress.turns = 1;
        if self.delivery.doubt {
            let request = request(self.shop, FULFILLMENTS, &OrderVariables { order, after: None });
            ask(request, TOLD, memo(&progress))
        } else {
            ask(self.open_request(order, None), OPEN, memo(&progress))
        }
    }

    pub(super) fn answered(
        &self,
        step: Step,
        memo: &str,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        let Ok(mut progress) = stockroom::read_json::<Progress>(memo) else {
            return failing(true, "what was known before this turn is lost");
        };
        let doubt = self.delivery.doubt || progress.created;
        let is_change = step == CREATE;
        let response = match answer {
            Ok(response) => response,
            Err(failure) => {
                let lost = is_change && matches!(failure, HttpFailure::Lost(_));
                return failing(doubt || lost, shown(&failure.to_string(), &self.shop.secrets()));
            }
        };
        let answer = match answer::read(self.shop, response, now_ms) {
            Ok(answer) => answer,
            Err(fault) => return fault.end(doubt, is_change),
        };
        let unreadable =
            || failing(doubt || is_change, answer::why(self.shop, "the answer cannot be understood", response));
        match step {
            CREATE => match self.was_created(&mut progress, &answer.data) {
                None => unreadable(),
                Some(Ok(())) => self.go_on(progress, answer.pause_ms),
                // Somebody else may have shipped meanwhile; the next attempt looks again.
                Some(Err(why)) => retry(RetryCause::NotYet, doubt, None, format!("the shop refuses it: {why}")),
            },
            LINES => match self.took_lines(&mut progress, &answer.data) {
                None => unreadable(),
                Some(()) => self.go_on(progress, answer.pause_ms),
            },
            _ => match answer.data.get("order") {
                None => unreadable(),
                Some(Value::Null) => refused("the shop has no such order, or no longer"),
                Some(order) if step == TOLD => match progress.needs.take_told(self.notice, order) {
                    None => unreadable(),
                    Some(()) => self.go_on(progress, answer.pause_ms),
                },
                Some(order) => match self.took_page(&mut progress, order) {
                    None => unreadable(),
                    Some(()) => self.go_on(progress, answer.pause_ms),
                },
            },
        }
    }

    /// The next request, or the end.
    fn go_on(&self, mut progress: Progress, pause_ms: Option<i64>) -> Turn {
        let doubt = self.delivery.doubt || progress.created;
        if progress.calls.is_empty() && (progress.created || progress.needs.are_met()) {
            return done(DeliveryAnswer::Taken, pause_ms);
        }
        if progress.turns >= REQUESTS_MAX {
            return failing(doubt, "the order has too many parts for one conversation");
        }
        progress.turns += 1;
        let order = self.order().unwrap_or_default();
        if let Some((fulfillment_order, after)) = progress.more.first().cloned() {
            let request = request(self.shop, FULFILLMENT_ORDER_LINES, &LinesVariables { fulfillment_order, after });
            return ask(request, LINES, memo(&progress));
        }
        if !progress.is_read() {
            let request = self.open_request(order, progress.after.as_deref());
            return ask(request, OPEN, memo(&progress));
        }
        if progress.calls.is_empty() {
            match plan::plan(self.shop, self.notice, &progress.needs, &progress.orders) {
                Plan::Blocked(why) => return retry(RetryCause::NotYet, doubt, None, why),
                Plan::Calls(calls) => progress.calls = calls,
            }
        }
        match progress.calls.first() {
            // The shop has it as shipped, refunded or taken out: it knows what we would say.
            None => done(DeliveryAnswer::Taken, pause_ms),
            Some(call) => {
                let tracking = self.notice.tracking.as_ref();
                let variables = call.variables(tracking, self.shop.notify_customer);
                ask(request(self.shop, CREATE_FULFILLMENT, &variables), CREATE, memo(&progress))
            }
        }
    }

    fn was_created(&self, progress: &mut Progress, data: &Value) -> Option<Result<(), String>> {
        let payload = data.get("fulfillmentCreate")?;
        if let Some(error) = payload.get("userErrors")?.as_array()?.first() {
            let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
            return Some(Err(shown(message, &self.shop.secrets())));
        }
        payload.get("fulfillment").filter(|fulfillment| fulfillment.is_object())?;
        if !progress.calls.is_empty() {
            progress.calls.remove(0);
        }
        progress.created = true;
        Some(Ok(()))
    }

    fn took_page(&self, progress: &mut Progress, order: &Value) -> Option<()> {
        let page = order.get("fulfillmentOrders")?;
        for node in page.get("nodes")?.as_array()? {
            let (open, after) = OpenOrder::read(node, self.notice)?;
            if let Some(after) = after {
                progress.more.push((open.id.clone(), after));
            }
            progress.orders.push(open);
        }
        progress.after = next_page(page)?;
        progress.needs.read = true;
        Some(())
    }

    fn took_lines(&self, progress: &mut Progress, data: &Value) -> Option<()> {
        let (id, _) = progress.more.first().cloned()?;
        let order = data.get("fulfillmentOrder")?;
        let page = order.get("lineItems")?;
        let lines = plan::lines(page, self.notice)?;
        let open = progress.orders.iter_mut().find(|open| open.id == id)?;
        open.lines.extend(lines);
        progress.more.remove(0);
        if let Some(after) = next_page(page)? {
            progress.more.insert(0, (id, after));
        }
        Some(())
    }

    fn order(&self) -> Option<String> {
        gid("Order", &self.notice.reference)
    }

    fn open_request(&self, order: String, after: Option<&str>) -> HttpRequest {
        request(self.shop, FULFILLMENT_ORDERS, &OrderVariables { order, after })
    }
}

impl Progress {
    /// Whether the pages of fulfillment orders were read to their end.
    fn is_read(&self) -> bool {
        self.needs.read && self.after.is_none()
    }
}

#[derive(Serialize)]
struct OrderVariables<'a> {
    order: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinesVariables {
    fulfillment_order: String,
    after: String,
}

/// The cursor of the next page of a connection, if there is one; nothing where it cannot be read.
pub(crate) fn next_page(connection: &Value) -> Option<Option<String>> {
    let info = connection.get("pageInfo")?;
    if !info.get("hasNextPage")?.as_bool()? {
        return Some(None);
    }
    info.get("endCursor")?.as_str().map(|cursor| Some(cursor.to_owned()))
}

fn memo(progress: &Progress) -> String {
    serde_json::to_string(progress).unwrap_or_default()
}
