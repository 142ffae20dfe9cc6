//! Orders that no webhook told of, asked for page by page by a host with an HTTP client of its own. A page's commands
//! are to be carried out before the next page is asked for; the last page says up to when all is known.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use stockroom::outbox::Retry;
use stockroom::ports::{HttpFailure, HttpRequest, HttpResponse};
use stockroom::{Result, RetryCause};
use stockroom_shopify as shopify;
use stockroom_shopify::{GraphqlExchange, Shop};
use stockroom_woocommerce as woocommerce;
use stockroom_woocommerce::{OrderOptions, OrderReader, OrderTold, WooProfile};

use crate::calls::{CommandDocument, write};
use crate::exchange_faults::{good, malformed, parse_unquoted};
use crate::exchange_http::{ANSWER_MAX_MS, AnswerDocument, HttpRequestDocument};
use crate::exchange_orders::{ShopifyOrders, command};

const OPERATION: &str = "documents.backfill";

/// The wait after the first request that failed, in milliseconds; it doubles with each further one in a row.
const BACKOFF_MS: i64 = 1_000;
/// The longest of those waits, in milliseconds.
const BACKOFF_MAX_MS: i64 = 5 * 60_000;

/// Whose orders are asked for. It holds keys, which are never written or shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum BackfillSettings {
    /// A Shopify shop's, by its GraphQL Admin API.
    Shopify {
        /// The shop.
        shop: Box<Shop>,
        /// How its orders become ours: as for its webhooks.
        orders: ShopifyOrders,
    },
    /// A WooCommerce shop's.
    Woocommerce {
        /// The shop.
        shop: WooProfile,
        /// How its orders become ours: as for its webhooks.
        orders: OrderOptions,
    },
}

/// What came of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "BackfillPage")]
pub struct BackfillDocument {
    /// To be carried out in their order, as `execute_batch` does, before anything more is asked. The last one of the
    /// last page says up to when the channel's orders are known.
    pub commands: Vec<CommandDocument>,
    /// Whether there is another request.
    pub more: bool,
    /// How long to wait before it, in milliseconds.
    pub wait_ms: i64,
    /// Orders that cannot be taken in. The look goes on without them, and nobody tells of them again before they change:
    /// show them to somebody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<OrderNote>,
    /// Orders and lines that are passed over, for the host's log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<OrderNote>,
    /// Why nothing came of it. The same request is sent again after the wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<BackfillFailure>,
}

/// A word about an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OrderNote {
    /// The shop's number of it, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// What is to be said.
    pub why: String,
}

/// A request of a backfill from which nothing came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BackfillFailure {
    /// Whose fault it is.
    pub cause: RetryCause,
    /// What went wrong, for people.
    pub why: String,
    /// How many requests in a row failed: after how many to give up is for the host to say.
    pub failures: u32,
}

impl BackfillDocument {
    /// The document as text.
    ///
    /// # Errors
    /// None that a shop can cause.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        write(self, OPERATION)
    }
}

/// A look for orders that were missed. To give it up, drop it: the next look begins at the same time.
#[derive(Clone)]
pub struct Backfill {
    look: Look,
    was_asked: bool,
    /// Requests in a row from which nothing came.
    failures: u32,
}

#[derive(Clone)]
enum Look {
    Shopify(Box<shopify::Backfill>),
    Woocommerce(Box<woocommerce::Backfill>),
}

impl fmt::Debug for Backfill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shop = match &self.look {
            Look::Shopify(_) => "shopify",
            Look::Woocommerce(_) => "woocommerce",
        };
        f.debug_struct("Backfill").field("shop", &shop).field("was_asked", &self.was_asked).finish_non_exhaustive()
    }
}

impl Backfill {
    /// A look for all that changed from a time on, in milliseconds since the Unix epoch: the channel's
    /// `orders_through_ms`.
    ///
    /// # Errors
    /// [`stockroom::ErrorKind::Malformed`] where the bytes are no such document, or a setting is wrong. The text says
    /// which, and holds no secret.
    pub fn parse(settings: &[u8], since_ms: i64) -> Result<Self> {
        Self::new(parse_unquoted(settings, OPERATION)?, since_ms)
    }

    /// The same with settings that were read.
    ///
    /// # Errors
    /// [`stockroom::ErrorKind::Malformed`] where a setting is wrong.
    pub fn new(settings: BackfillSettings, since_ms: i64) -> Result<Self> {
        let look = match settings {
            BackfillSettings::Shopify { shop, orders } => {
                let exchange = good(GraphqlExchange::new(*shop), OPERATION)?;
                Look::Shopify(Box::new(shopify::Backfill::new(&exchange, orders.mapping(OPERATION)?, since_ms)))
            }
            BackfillSettings::Woocommerce { shop, orders } => {
                let reader = good(OrderReader::new(orders), OPERATION)?;
                Look::Woocommerce(Box::new(good(woocommerce::Backfill::new(shop, reader, since_ms), OPERATION)?))
            }
        };
        Ok(Backfill { look, was_asked: false, failures: 0 })
    }

    /// The next request; nothing at the end. `now_ms` is when it is sent.
    pub fn request(&mut self, now_ms: i64) -> Option<HttpRequestDocument> {
        let request: Option<HttpRequest> = match &mut self.look {
            Look::Shopify(look) => look.request(),
            Look::Woocommerce(look) => look.request(now_ms),
        };
        self.was_asked = request.is_some();
        request.map(|request| HttpRequestDocument::new(request, ANSWER_MAX_MS))
    }

    /// The same as text: the request, or `null` at the end.
    ///
    /// # Errors
    /// None that a look of ours can meet.
    pub fn request_json(&mut self, now_ms: i64) -> Result<Vec<u8>> {
        write(&self.request(now_ms), OPERATION)
    }

    /// Takes in the answer to the last request, or that none came.
    ///
    /// # Errors
    /// [`stockroom::ErrorKind::Malformed`] where nothing was asked, or the answer's status or body is none of HTTP. The
    /// look stands where it stood.
    pub fn answered(&mut self, answer: AnswerDocument, now_ms: i64) -> Result<BackfillDocument> {
        if !self.was_asked {
            return Err(malformed(OPERATION, "nothing was asked"));
        }
        let answer = answer.outcome(OPERATION)?;
        self.was_asked = false;
        let came = match &mut self.look {
            Look::Shopify(look) => shopify_page(look, answer.as_ref(), now_ms),
            Look::Woocommerce(look) => woocommerce_page(look, answer.as_ref(), now_ms),
        };
        Ok(match came {
            Ok(page) => {
                self.failures = 0;
                page
            }
            Err(retry) => {
                self.failures = self.failures.saturating_add(1);
                let Retry { after_ms, cause, why, .. } = retry;
                BackfillDocument {
                    more: true,
                    wait_ms: after_ms.unwrap_or_else(|| backoff_ms(self.failures)).max(0),
                    failure: Some(BackfillFailure { cause, why, failures: self.failures }),
                    ..BackfillDocument::default()
                }
            }
        })
    }

    /// The same with the answer as text.
    ///
    /// # Errors
    /// As [`Backfill::answered`], and where the bytes are no answer.
    pub fn answered_json(&mut self, answer: &[u8], now_ms: i64) -> Result<BackfillDocument> {
        self.answered(AnswerDocument::parse(answer)?, now_ms)
    }
}

/// The wait after so many failures in a row, in milliseconds.
fn backoff_ms(failures: u32) -> i64 {
    let doublings = failures.saturating_sub(1).min(16);
    (BACKOFF_MS << doublings).min(BACKOFF_MAX_MS)
}

type Answer<'a> = Result<&'a HttpResponse, &'a HttpFailure>;

fn shopify_page(look: &mut shopify::Backfill, answer: Answer<'_>, now_ms: i64) -> Result<BackfillDocument, Retry> {
    let page = match look.answered(answer, now_ms) {
        shopify::BackfillTurn::Page(page) => page,
        shopify::BackfillTurn::Retry(retry) => return Err(retry),
    };
    let fault = |(order, fault): (u64, shopify::OrderError)| OrderNote {
        order: (order != 0).then(|| order.to_string()),
        why: fault.to_string(),
    };
    let more = page.end.is_none();
    Ok(BackfillDocument {
        commands: page.orders.into_iter().map(command).chain(page.end.map(command)).collect(),
        more,
        wait_ms: page.pause_ms.unwrap_or(0).max(0),
        faults: page.faults.into_iter().map(fault).collect(),
        ..BackfillDocument::default()
    })
}

fn woocommerce_page(
    look: &mut woocommerce::Backfill,
    answer: Answer<'_>,
    now_ms: i64,
) -> Result<BackfillDocument, Retry> {
    let (page, through) = match look.answered(answer, now_ms) {
        woocommerce::Filled::More(page) => (page, None),
        woocommerce::Filled::Done { page, through } => (page, Some(through)),
        woocommerce::Filled::Retry(retry) => return Err(retry),
    };
    let mut document = BackfillDocument { more: through.is_none(), ..BackfillDocument::default() };
    for told in page.orders {
        match told {
            OrderTold::Take { command: order, left_out } => {
                let left_out = left_out.into_iter().map(|line| OrderNote {
                    order: Some(order.order.reference.clone()),
                    why: format!("line {}: {}", line.line, line.why),
                });
                document.notes.extend(left_out);
                document.commands.push(command(*order));
            }
            OrderTold::Passed { order, why } => {
                document.notes.push(OrderNote { order: Some(order.to_string()), why });
            }
        }
    }
    document.faults = page.unread.into_iter().map(unread).collect();
    document.commands.extend(through.map(command));
    Ok(document)
}

fn unread(fault: woocommerce::ReadError) -> OrderNote {
    let order = match &fault {
        woocommerce::ReadError::Field { of: Some(order), .. } => Some(order.to_string()),
        woocommerce::ReadError::Field { of: None, .. } | woocommerce::ReadError::NotAnObject => None,
    };
    OrderNote { order, why: fault.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        for (failures, wait_ms) in
            [(1, 1_000), (2, 2_000), (5, 16_000), (9, 256_000), (10, 300_000), (u32::MAX, 300_000)]
        {
            assert_eq!(backoff_ms(failures), wait_ms, "{failures}");
        }
    }
}
