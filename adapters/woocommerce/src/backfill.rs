//! Orders that no message told of: webhooks that were lost, or that the shop switched off. A backfill asks for every
//! order that changed after a time, page by page, and says up to when that is complete. It does no I/O: the host sends
//! each request and hands the answer in.

use stockroom::channel::NoteOrdersThrough;
use stockroom::outbox::Retry;
use stockroom::ports::{HttpFailure, HttpRequest, HttpResponse};

use crate::dates::{gmt_ms, gmt_text, http_date_ms};
use crate::exchange::{Asked, WooExchange, error_code};
use crate::json::{Object, list};
use crate::orders::{OrderReader, OrderTold, ReadError};
use crate::profile::{ProfileFault, WooProfile};
use crate::requests;

/// How far a backfill reaches back before the time that it is told, in milliseconds: an order's time of change is set
/// a while before the order can be read, and clocks are not all alike.
pub const OVERLAP_MS: i64 = 60_000;
/// The most pages of one backfill. More are a shop that answers every page alike.
pub const PAGES_MAX: u32 = 10_000;

/// One look for orders that changed after a time.
#[derive(Clone, Debug)]
pub struct Backfill {
    exchange: WooExchange,
    reader: OrderReader,
    since_ms: i64,
    /// Orders changed after this time are asked for.
    after_ms: i64,
    by: By,
    page: u32,
    pages: u32,
    asked_at_ms: i64,
    /// The shop's clock at the first answer.
    began_ms: Option<i64>,
    is_over: bool,
}

/// The order of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// By the time of the change. The next page begins where this one ends, so that orders that change meanwhile move
    /// no other from page to page.
    Modified,
    /// By number, for shops that do not take the other.
    Number,
}

/// What came of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filled {
    /// There is more: send the next request.
    More(Page),
    /// That was all. Carry out the last page, then the command.
    Done {
        /// The last page.
        page: Page,
        /// Says up to when all orders were taken in.
        through: NoteOrdersThrough,
    },
    /// Send the same request again, later.
    Retry(Retry),
}

/// The orders of one page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The orders. Some come twice; that does no harm.
    pub orders: Vec<OrderTold>,
    /// Those that cannot be read. The host looks at them: nobody tells of them again before they change.
    pub unread: Vec<ReadError>,
}

impl Backfill {
    /// A look for the orders that changed after a time, mostly the `orders_through_ms` of the channel.
    pub fn new(profile: WooProfile, reader: OrderReader, since_ms: i64) -> Result<Self, ProfileFault> {
        Ok(Backfill {
            exchange: WooExchange::new(profile)?,
            reader,
            since_ms,
            after_ms: since_ms.saturating_sub(OVERLAP_MS).max(0),
            by: By::Modified,
            page: 1,
            pages: 0,
            asked_at_ms: 0,
            began_ms: None,
            is_over: false,
        })
    }

    /// The next request; nothing after the end. `now_ms` is when it is sent: what comes back was so then, or later.
    pub fn request(&mut self, now_ms: i64) -> Option<HttpRequest> {
        if self.is_over {
            return None;
        }
        self.asked_at_ms = now_ms;
        let order_by = match self.by {
            By::Modified => "modified",
            By::Number => "id",
        };
        Some(requests::orders(&self.exchange.profile, &gmt_text(self.after_ms), order_by, self.page))
    }

    /// Takes in the answer to the last request, or that none came.
    pub fn answered(&mut self, answer: Result<&HttpResponse, &HttpFailure>, now_ms: i64) -> Filled {
        let is_refused =
            |response: &HttpResponse| response.status == 400 && error_code(response) == "rest_invalid_param";
        if self.by == By::Modified && answer.is_ok_and(is_refused) {
            (self.by, self.page) = (By::Number, 1);
            return Filled::More(Page::default());
        }
        let body = match self.exchange.body(Asked::Read, answer, now_ms) {
            Ok(body) => body,
            Err(retry) => return Filled::Retry(retry),
        };
        let Some(entries) = list(&body) else {
            return Filled::Retry(self.exchange.unreadable(Asked::Read, "the answer is no list of orders", answer));
        };
        let date_ms = answer.ok().and_then(|response| response.header("Date")).and_then(http_date_ms);
        self.began_ms = self.began_ms.or(date_ms);
        let mut page = Page::default();
        let mut last_ms = None;
        for entry in &entries {
            let order = Object::parse(entry.get());
            let modified = order.as_ref().and_then(|order| order.text("date_modified_gmt"));
            last_ms = last_ms.max(modified.and_then(|text| gmt_ms(&text)));
            match order.ok_or(ReadError::NotAnObject).and_then(|order| self.reader.read(&order, self.asked_at_ms)) {
                Ok(told) => page.orders.push(told),
                Err(fault) => page.unread.push(fault),
            }
        }
        self.pages += 1;
        if self.is_last(entries.len(), answer) {
            self.is_over = true;
            let channel = self.reader.channel().to_owned();
            let through_ms = self.began_ms.or(last_ms).unwrap_or(self.since_ms).max(self.since_ms);
            return Filled::Done { page, through: NoteOrdersThrough { channel, through_ms } };
        }
        if self.pages >= PAGES_MAX {
            let why = "the shop's list of orders has no end";
            return Filled::Retry(crate::exchange::failing(false, why));
        }
        self.turn_page(last_ms);
        Filled::More(page)
    }

    /// Whether no page follows. Lists leave orders out that the key may not read, so that a page that is not full is
    /// the last only where the shop does not say how many there are.
    fn is_last(&self, entries: usize, answer: Result<&HttpResponse, &HttpFailure>) -> bool {
        let total = answer.ok().and_then(|response| response.header("X-WP-TotalPages"));
        match total.and_then(|text| text.trim().parse::<u32>().ok()) {
            Some(pages) => self.page >= pages,
            None => entries < usize::try_from(self.exchange.profile.items_max).unwrap_or(usize::MAX),
        }
    }

    fn turn_page(&mut self, last_ms: Option<i64>) {
        // The second that a page ends in is asked for again: `after` leaves out its own second, and more orders than
        // fit on the page can have changed in it.
        let next_ms = last_ms.map(|last_ms| last_ms.saturating_sub(1_000));
        match next_ms.filter(|next_ms| self.by == By::Modified && *next_ms > self.after_ms) {
            Some(next_ms) => (self.after_ms, self.page) = (next_ms, 1),
            None => self.page += 1,
        }
    }
}
