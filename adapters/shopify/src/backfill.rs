//! Orders that no webhook told of: all that a shop changed since a time, page by page, as the same commands that the
//! webhooks become. A value: the host sends its requests, and may put it away between any two of them.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;
use stockroom::channel::{NoteOrdersThrough, TakeChannelOrder};
use stockroom::outbox::{Retry, RetryCause};
use stockroom::ports::{HttpFailure, HttpRequest, HttpResponse};

use crate::dates::rfc3339_ms;
use crate::graphql::GraphqlExchange;
use crate::graphql::answer::{self, Answer, FaultKind};
use crate::graphql::document::{ORDER_LINES, ORDERS, request};
use crate::graphql::next_page;
use crate::ids::{gid_of, number};
use crate::order::shape::ShopOrder;
use crate::order::{OrderError, OrderMapping, node};
use crate::remote::shown;
use crate::settings::Shop;

/// Orders on one page: with 25 lines each they cost about 800 of the 1,000 points that one query may.
const ORDERS_MAX: u32 = 5;
/// How far the end lies before the beginning of the look, in milliseconds: what changed just before may not have been
/// found yet.
const OVERLAP_MS: i64 = 2 * 60_000;
/// How long after its last change an order is known not to have changed again within the same second, in milliseconds.
const SETTLED_MS: i64 = 60_000;

/// A look for orders that were missed.
#[derive(Clone, Debug)]
pub struct Backfill {
    shop: Shop,
    orders: OrderMapping,
    since_ms: i64,
    first: u32,
    /// When the first page was made, by the shop's clock.
    began_at_ms: Option<i64>,
    after: Option<String>,
    /// Orders whose lines are not all there, with the place of the next ones.
    pending: VecDeque<(ShopOrder, String)>,
    /// Whether the last page of orders was read.
    is_last: bool,
    is_over: bool,
}

/// What an answer came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackfillTurn {
    /// Orders. Ask for the next request once they are taken in.
    Page(BackfillPage),
    /// None; send the same request again later.
    Retry(Retry),
}

/// Orders of one page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackfillPage {
    /// They, by the time of their last change.
    pub orders: Vec<TakeChannelOrder>,
    /// Orders that cannot be taken in, by the shop's number. The look goes on without them.
    pub faults: Vec<(u64, OrderError)>,
    /// How long to wait before the next request, in milliseconds.
    pub pause_ms: Option<i64>,
    /// The end: to be carried out when all orders were taken in.
    pub end: Option<NoteOrdersThrough>,
}

#[derive(Serialize)]
struct OrdersVariables<'a> {
    query: String,
    first: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a str>,
}

#[derive(Serialize)]
struct LinesVariables<'a> {
    order: String,
    after: &'a str,
}

impl Backfill {
    /// A look for all that changed from a time on, in milliseconds since the Unix epoch: the channel's
    /// `orders_through_ms`.
    pub fn new(exchange: &GraphqlExchange, orders: OrderMapping, since_ms: i64) -> Self {
        Backfill {
            shop: exchange.shop().clone(),
            orders,
            since_ms: since_ms.clamp(0, stockroom::time::TIME_MS_MAX),
            first: ORDERS_MAX,
            began_at_ms: None,
            after: None,
            pending: VecDeque::new(),
            is_last: false,
            is_over: false,
        }
    }

    /// The next request; nothing at the end.
    pub fn request(&self) -> Option<HttpRequest> {
        if self.is_over {
            return None;
        }
        Some(match self.pending.front() {
            Some((order, after)) => {
                request(&self.shop, ORDER_LINES, &LinesVariables { order: gid_of("Order", order.id), after })
            }
            None => {
                // The shop's times are whole seconds.
                let since = stockroom::time::rfc3339(self.since_ms - self.since_ms % 1000).replace(".000Z", "Z");
                let query = format!("updated_at:>='{since}'");
                let variables = OrdersVariables { query, first: self.first, after: self.after.as_deref() };
                request(&self.shop, ORDERS, &variables)
            }
        })
    }

    /// What came of the request. `now_ms` is for dates in answers.
    pub fn answered(&mut self, answer: Result<&HttpResponse, &HttpFailure>, now_ms: i64) -> BackfillTurn {
        let failing = |why: String| BackfillTurn::Retry(Retry { why, ..Retry::default() });
        let response = match answer {
            Ok(response) => response,
            Err(failure) => return failing(shown(&failure.to_string(), &self.shop.secrets())),
        };
        let answer = match answer::read(&self.shop, response, now_ms) {
            Ok(answer) => answer,
            Err(fault) => {
                let is_page = self.pending.is_empty();
                if fault.kind == FaultKind::TooCostly && is_page && self.first > 1 {
                    self.first /= 2;
                    return BackfillTurn::Page(BackfillPage::default());
                }
                let is_throttled = fault.kind == FaultKind::Throttled;
                let cause = if is_throttled { RetryCause::Throttled } else { RetryCause::Failing };
                return BackfillTurn::Retry(Retry { after_ms: fault.after_ms, doubt: false, cause, why: fault.why });
            }
        };
        let mut page = BackfillPage { pause_ms: answer.pause_ms, ..BackfillPage::default() };
        let read = if self.pending.is_empty() {
            self.took_page(&answer, &mut page)
        } else {
            self.took_lines(&answer, &mut page)
        };
        if read.is_none() {
            return failing(answer::why(&self.shop, "the answer cannot be understood", response));
        }
        if self.is_last && self.pending.is_empty() {
            self.is_over = true;
            let began_at_ms = self.began_at_ms.unwrap_or(self.since_ms);
            page.end = Some(NoteOrdersThrough {
                channel: self.orders.channel().to_owned(),
                through_ms: (began_at_ms - OVERLAP_MS).max(self.since_ms),
            });
        }
        BackfillTurn::Page(page)
    }

    fn took_page(&mut self, answer: &Answer, page: &mut BackfillPage) -> Option<()> {
        let connection = answer.data.get("orders")?;
        let next = next_page(connection)?;
        if next.is_some() && next == self.after {
            // It would go on for ever.
            return None;
        }
        let mut read = Vec::new();
        for node in connection.get("nodes")?.as_array()? {
            read.push((node::read(node)?, next_page(node.get("lineItems")?)?));
        }
        for (order, more) in read {
            match more {
                Some(after) => self.pending.push_back((order, after)),
                None => self.take(&order, answer.at_ms, page),
            }
        }
        self.began_at_ms = self.began_at_ms.or(answer.at_ms);
        self.is_last = next.is_none();
        self.after = next;
        Some(())
    }

    fn took_lines(&mut self, answer: &Answer, page: &mut BackfillPage) -> Option<()> {
        let told = answer.data.get("order")?;
        let (mut order, before) = self.pending.front().cloned()?;
        let updated_at = told.get("updatedAt").and_then(Value::as_str);
        if told.is_null() || updated_at.is_some_and(|text| text != order.updated_at) {
            // It is no more, or has changed since its first lines were read: then it comes again, further on or in the
            // next look.
            self.pending.pop_front();
            return Some(());
        }
        if told.get("id").and_then(Value::as_str).and_then(|id| number("Order", id)) != Some(order.id) {
            return None;
        }
        let connection = told.get("lineItems")?;
        order.lines.extend(node::lines(connection)?);
        let next = next_page(connection)?;
        if next.as_ref() == Some(&before) {
            return None;
        }
        self.pending.pop_front();
        match next {
            Some(after) => self.pending.push_front((order, after)),
            None => self.take(&order, answer.at_ms, page),
        }
        Some(())
    }

    fn take(&self, order: &ShopOrder, at_ms: Option<i64>, page: &mut BackfillPage) {
        // The time of the answer tells two changes within one second apart once that second is long over.
        let updated_at_ms = rfc3339_ms(&order.updated_at).unwrap_or(i64::MAX);
        let settled = |at_ms: &i64| at_ms.saturating_sub(SETTLED_MS) >= updated_at_ms;
        let told_at_ms = at_ms.filter(settled).unwrap_or(0);
        match self.orders.map(order, told_at_ms) {
            Ok(Some(order)) => page.orders.push(TakeChannelOrder { order, message: None }),
            Ok(None) => {}
            Err(fault) => page.faults.push((order.id, fault)),
        }
    }
}
