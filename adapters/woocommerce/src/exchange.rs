//! The exchange with a shop: which conversation a delivery calls for, and how all of them end where an answer is none.
//! It does no I/O and keeps nothing between turns. The facts about WooCommerce are cited in `docs/woocommerce.md`.

use stockroom::outbox::{DeliveryAnswer, DeliveryBody, DeliveryResult, LeasedDelivery, Retry, RetryCause};
use stockroom::ports::{Exchange, HttpFailure, HttpRequest, HttpResponse, Secret, Step, Turn};

use crate::dates::wait_ms;
use crate::json::{Object, cleaned};
use crate::profile::{ProfileFault, WooProfile};
use crate::requests;
use crate::said::{excerpt, shown};

/// A shop as a channel's destination.
#[derive(Clone, Debug)]
pub struct WooExchange {
    pub(crate) profile: WooProfile,
    secrets: Vec<Secret>,
}

impl WooExchange {
    /// An exchange with a shop, or what is wrong with the profile.
    pub fn new(profile: WooProfile) -> Result<Self, ProfileFault> {
        match profile.fault() {
            Some(fault) => Err(fault),
            None => Ok(WooExchange { secrets: requests::secrets(&profile), profile }),
        }
    }
}

impl Exchange for WooExchange {
    fn begin(&self, delivery: &LeasedDelivery) -> Turn {
        match &delivery.body {
            DeliveryBody::SetQuantities(_) | DeliveryBody::ReadQuantities(_) => self.begin_quantities(delivery),
            DeliveryBody::TellShipment(notice) => self.begin_shipment(delivery, notice),
            _ => unknown(delivery),
        }
    }

    fn answered(
        &self,
        delivery: &LeasedDelivery,
        step: Step,
        memo: &str,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        match &delivery.body {
            DeliveryBody::SetQuantities(_) | DeliveryBody::ReadQuantities(_) => {
                self.quantities_answered(delivery, step, memo, answer, now_ms)
            }
            DeliveryBody::TellShipment(notice) => self.shipment_answered(delivery, notice, step, answer, now_ms),
            _ => unknown(delivery),
        }
    }
}

/// What a request could have done to the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Read,
    Change,
}

impl WooExchange {
    /// The body of an answer with status 200 or 201, or what to report instead.
    pub(crate) fn body(
        &self,
        asked: Asked,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Result<String, Retry> {
        match answer {
            Ok(response) if matches!(response.status, 200 | 201) => Ok(cleaned(&response.body)),
            Ok(response) => Err(self.sorry(asked, response, now_ms)),
            Err(failure) => {
                let doubt = asked == Asked::Change && matches!(failure, HttpFailure::Lost(_));
                Err(failing(doubt, shown(&failure.to_string(), &self.secrets)))
            }
        }
    }

    /// The report on an answer that came with success and cannot be read, such as a page of HTML.
    pub(crate) fn unreadable(&self, asked: Asked, fault: &str, answer: Result<&HttpResponse, &HttpFailure>) -> Retry {
        let why = answer.map_or_else(|_| fault.to_owned(), |response| self.why(fault, response));
        failing(asked == Asked::Change, why)
    }

    /// The report on a status that asks for another attempt.
    fn sorry(&self, asked: Asked, response: &HttpResponse, now_ms: i64) -> Retry {
        let after_ms = response.header("Retry-After").and_then(|text| wait_ms(text, now_ms));
        let (cause, what) = match response.status {
            429 => (RetryCause::Throttled, "the shop asks for a slower pace"),
            // WordPress answers so while it updates itself: it is no failure, and will take as long as it says.
            503 if after_ms.is_some() => (RetryCause::Throttled, "the shop asks to come back later"),
            401 => (RetryCause::Failing, "the key is refused"),
            403 => (RetryCause::Failing, "the key is refused, or may not do this"),
            404 => (RetryCause::Failing, "the shop has no such path; are pretty permalinks and WooCommerce on?"),
            413 => (RetryCause::Failing, "the shop takes fewer entries in one request: lower `items_max`"),
            300..=399 => (RetryCause::Failing, "the shop has moved, and redirects are not followed"),
            400..=499 => (RetryCause::Failing, "the shop refuses the request"),
            _ => (RetryCause::Failing, "the shop fails"),
        };
        // These are said before WooCommerce does anything; 408 is said by whoever got tired of waiting for it.
        let is_before = matches!(response.status, 300..=407 | 409..=499);
        let doubt = asked == Asked::Change && !is_before;
        Retry { after_ms, doubt, cause, why: self.why(what, response) }
    }

    /// The status and the message of an answer, behind what is thought of it.
    pub(crate) fn why(&self, what: &str, response: &HttpResponse) -> String {
        let said = excerpt(&response.body, &self.secrets);
        let status = response.status;
        if said.is_empty() { format!("{what}: status {status}") } else { format!("{what}: status {status}: {said}") }
    }

    /// A text of the shop's as it may be shown.
    pub(crate) fn shown(&self, text: &str) -> String {
        shown(text, &self.secrets)
    }
}

/// WooCommerce's code of an error: `woocommerce_rest_product_invalid_id`.
pub(crate) fn error_code(response: &HttpResponse) -> String {
    let text = cleaned(&response.body);
    Object::parse(&text).and_then(|object| object.text("code")).unwrap_or_default()
}

/// Whether a code says that there is nothing with this number. Only such a code counts: a bare 404 can come from
/// anything that stands before the shop.
pub(crate) fn says_unknown(code: &str) -> bool {
    code.starts_with("woocommerce_rest_") && code.ends_with("_invalid_id")
}

pub(crate) fn ask(request: HttpRequest, step: Step, memo: String) -> Turn {
    Turn::Ask { request, step, memo }
}

pub(crate) fn done(answer: DeliveryAnswer) -> Turn {
    Turn::End(DeliveryResult::Done(answer))
}

pub(crate) fn refused(why: impl Into<String>) -> Turn {
    Turn::End(DeliveryResult::Refused { why: why.into() })
}

/// To be tried again; what was in doubt stays so.
pub(crate) fn again(delivery: &LeasedDelivery, retry: Retry) -> Turn {
    Turn::End(DeliveryResult::Retry(Retry { doubt: retry.doubt || delivery.doubt, ..retry }))
}

pub(crate) fn failing(doubt: bool, why: impl Into<String>) -> Retry {
    Retry { after_ms: None, doubt, cause: RetryCause::Failing, why: why.into() }
}

/// A delivery of a kind, or a step, that the exchange does not know. Nothing was sent for it now, but nothing is known
/// of it either.
pub(crate) fn unknown(delivery: &LeasedDelivery) -> Turn {
    let why = "this exchange does not know this kind of delivery or step; is the host newer than the adapter?";
    again(delivery, failing(false, why))
}
