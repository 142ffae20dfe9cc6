//! The conversation with ShipBob's order API: which request follows which answer, and how it ends. It does no I/O and
//! keeps nothing between turns. The facts about ShipBob come from its documentation; `docs/wms.md` cites them, and
//! says which of them could not be confirmed.

mod answers;
mod requests;

use schemars::JsonSchema;
use serde::Deserialize;
use stockroom::fulfillment::{CancelRequest, FulfillmentRequest, StockCheck, WarehouseStock};
use stockroom::outbox::{DeliveryAnswer, DeliveryBody, LeasedDelivery, RetryCause};
use stockroom::ports::{Exchange, HttpFailure, HttpRequest, HttpResponse, Secret, Step, Turn};

use crate::dates::http_date_ms;
use crate::profile::{ProfileFault, base_url_fault, is_header_value, secret};
use crate::turns::{asked_wait_ms, done, failing, no_answer, refused, retry, unknown, unreadable, why};
use answers::CancelEnd;

/// The version of the API that is spoken unless the profile says another: the newest one that is documented
/// (developer.shipbob.com/versioning). Each is supported for a time after its release, so this changes with releases
/// of the adapter.
pub const SHIPBOB_VERSION: &str = "2026-07";

/// Requests a minute that ShipBob allows one user of one application, over a sliding window
/// (developer.shipbob.com/2026-07/rate-limit). For the host's pacing; the exchange itself has no clock.
pub const SHIPBOB_REQUESTS_A_MINUTE: u32 = 150;

const CREATE: Step = Step("create");
/// Before a creation whose earlier attempt is in doubt.
const LOOK_UP: Step = Step("look_up");
/// After a creation that may have been carried out.
const CONFIRM: Step = Step("confirm");
/// After a creation whose reference ShipBob says is taken.
const TAKEN: Step = Step("taken");
/// Before a cancellation whose number at ShipBob is not known, or whose earlier attempt is in doubt.
const FIND: Step = Step("find");
const CANCEL: Step = Step("cancel");
/// After a cancellation whose answer does not say enough.
const CONFIRM_CANCEL: Step = Step("confirm_cancel");
const STOCK: Step = Step("stock");

/// An account at ShipBob.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipBobProfile {
    /// The personal access token, or an OAuth token that is kept fresh by the host.
    #[serde(deserialize_with = "secret")]
    #[schemars(with = "String")]
    pub token: Secret,
    /// The channel with the scopes to write, as `GET /channel` lists it.
    pub channel_id: u64,
    /// `https://api.shipbob.com`, or `https://sandbox-api.shipbob.com`.
    #[serde(default = "base_url")]
    pub base_url: String,
    /// The version in the path, as `2026-07`.
    #[serde(default = "version")]
    pub version: String,
    /// The fulfillment center; absent to let ShipBob choose, and to count stock in all of them.
    #[serde(default)]
    pub location_id: Option<u64>,
    /// The shipping method, as the account maps it to a ship option.
    #[serde(default = "shipping_method")]
    pub shipping_method: String,
    /// Items of stock on one page, 1 to 1,000. A check of several SKUs has to fit on one.
    #[serde(default = "page_size")]
    pub page_size: u32,
}

fn base_url() -> String {
    "https://api.shipbob.com".to_owned()
}

fn version() -> String {
    SHIPBOB_VERSION.to_owned()
}

fn shipping_method() -> String {
    "Standard".to_owned()
}

fn page_size() -> u32 {
    250
}

impl ShipBobProfile {
    /// A profile with all that has a default at its default.
    pub fn new(token: Secret, channel_id: u64) -> Self {
        ShipBobProfile {
            token,
            channel_id,
            base_url: base_url(),
            version: version(),
            location_id: None,
            shipping_method: shipping_method(),
            page_size: page_size(),
        }
    }

    fn fault(&self) -> Option<ProfileFault> {
        let fault = |field, why| Some(ProfileFault { field, why });
        let is_dated = {
            let (year, month) = self.version.split_once('-').unwrap_or_default();
            let are_digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
            are_digits(year, 4) && are_digits(month, 2)
        };
        match () {
            () if !is_header_value(self.token.reveal()) => fault("token", "is empty or holds what a header cannot"),
            () if !is_dated => fault("version", "is not a year and a month, as 2026-07"),
            () if self.shipping_method.trim().is_empty() => fault("shipping_method", "is empty"),
            () if !(1..=1_000).contains(&self.page_size) => fault("page_size", "is not 1 to 1,000"),
            () => base_url_fault(&self.base_url).map(|why| ProfileFault { field: "base_url", why }),
        }
    }
}

/// ShipBob as a warehouse.
#[derive(Clone, Debug)]
pub struct ShipBobExchange {
    profile: ShipBobProfile,
}

impl ShipBobExchange {
    /// An exchange with an account, or what is wrong with the profile.
    pub fn new(profile: ShipBobProfile) -> Result<Self, ProfileFault> {
        match profile.fault() {
            Some(fault) => Err(fault),
            None => Ok(ShipBobExchange { profile }),
        }
    }
}

impl Exchange for ShipBobExchange {
    fn begin(&self, delivery: &LeasedDelivery) -> Turn {
        match &delivery.body {
            DeliveryBody::RequestFulfillment(request) => match request.get() {
                Err(error) => unreadable(delivery, &error),
                Ok(request) => self.request(delivery, request),
            },
            DeliveryBody::CancelFulfillment(request) => match (name_fault(&request.fulfillment), number(request)) {
                (Some(fault), _) => refused(fault),
                (None, Some(order)) if !delivery.doubt => self.cancel(order),
                (None, _) => self.look_up(&request.fulfillment, FIND),
            },
            DeliveryBody::CheckStock(check) if check.skus.is_empty() => refused("the check names no SKU"),
            DeliveryBody::CheckStock(check) => ask(requests::stock(&self.profile, check), STOCK),
            _ => unknown(delivery),
        }
    }

    fn answered(
        &self,
        delivery: &LeasedDelivery,
        step: Step,
        _memo: &str,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        match (&delivery.body, step) {
            (DeliveryBody::RequestFulfillment(request), CREATE | LOOK_UP | CONFIRM | TAKEN) => match request.get() {
                Err(error) => unreadable(delivery, &error),
                Ok(request) if step == CREATE => self.created(request, answer, now_ms),
                Ok(request) => self.looked_up(request, step, answer, now_ms),
            },
            (DeliveryBody::CancelFulfillment(request), CANCEL) => self.cancelled(delivery, request, answer, now_ms),
            (DeliveryBody::CancelFulfillment(request), FIND | CONFIRM_CANCEL) => {
                self.found_to_cancel(delivery, request, step, answer, now_ms)
            }
            (DeliveryBody::CheckStock(check), STOCK) => self.stock(check, answer, now_ms),
            _ => unknown(delivery),
        }
    }
}

/// Creating.
impl ShipBobExchange {
    fn request(&self, delivery: &LeasedDelivery, request: &FulfillmentRequest) -> Turn {
        match name_fault(&request.fulfillment) {
            Some(fault) => refused(fault),
            None if delivery.doubt => self.look_up(&request.fulfillment, LOOK_UP),
            None => self.create(request),
        }
    }

    fn create(&self, request: &FulfillmentRequest) -> Turn {
        match requests::create(&self.profile, request) {
            Ok(request) => ask(request, CREATE),
            Err(fault) => refused(fault),
        }
    }

    fn look_up(&self, fulfillment: &str, step: Step) -> Turn {
        ask(requests::look_up(&self.profile, fulfillment), step)
    }

    fn created(&self, request: &FulfillmentRequest, answer: Result<&HttpResponse, &HttpFailure>, now_ms: i64) -> Turn {
        let response = match answer {
            Ok(response) => response,
            Err(failure @ HttpFailure::NotSent(_)) => return no_answer(failure, false, &self.secrets()),
            Err(HttpFailure::Lost(_)) => return self.look_up(&request.fulfillment, CONFIRM),
        };
        match response.status {
            200 | 201 => match answers::created(&response.body, &request.fulfillment) {
                Ok(order) => handed(order.id),
                Err(_) => self.look_up(&request.fulfillment, CONFIRM),
            },
            422 if answers::may_be_duplicate(&response.body) => self.look_up(&request.fulfillment, TAKEN),
            400 | 413 | 422 => refused(self.why("ShipBob refuses the order", response)),
            401 | 403 | 429 => self.sorry(response, false, now_ms),
            _ => self.sorry(response, true, now_ms),
        }
    }

    fn looked_up(
        &self,
        request: &FulfillmentRequest,
        step: Step,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        let response = match answer {
            Ok(response) => response,
            Err(failure) => return no_answer(failure, true, &self.secrets()),
        };
        if response.status != 200 {
            return self.sorry(response, true, now_ms);
        }
        match answers::found(&response.body, &request.fulfillment) {
            Ok(Some(order)) => handed(order.id),
            Ok(None) if step == LOOK_UP => self.create(request),
            // Or the refusal was for another reason, in words that sound the same; ShipBob's dashboard tells.
            Ok(None) if step == TAKEN => {
                failing(true, "ShipBob says that the reference is taken, and finds no order by it")
            }
            // To call it refused would hand the units to another location while ShipBob may ship them.
            Ok(None) => failing(true, "ShipBob may have the order, and it cannot be found by its reference yet"),
            Err(fault) => failing(true, self.why(fault, response)),
        }
    }
}

/// Cancelling.
impl ShipBobExchange {
    fn cancel(&self, order: u64) -> Turn {
        ask(requests::cancel(&self.profile, order), CANCEL)
    }

    fn cancelled(
        &self,
        delivery: &LeasedDelivery,
        request: &CancelRequest,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        let response = match answer {
            Ok(response) => response,
            Err(failure @ HttpFailure::NotSent(_)) => return no_answer(failure, delivery.doubt, &self.secrets()),
            Err(HttpFailure::Lost(_)) => return self.look_up(&request.fulfillment, CONFIRM_CANCEL),
        };
        match (response.status, answers::cancel_end(&response.body)) {
            (200 | 201, CancelEnd::All) => done(DeliveryAnswer::Cancelled),
            (200 | 201, CancelEnd::NotAll) => done(DeliveryAnswer::TooLate),
            // 404 is the answer for an unknown order, and for a path that a version no longer has. 400 and 422 are
            // the answers for an order that cannot be cancelled, and for one that is cancelled already.
            (200 | 201 | 400 | 404 | 422, _) => self.look_up(&request.fulfillment, CONFIRM_CANCEL),
            (401 | 403 | 429, _) => self.sorry(response, delivery.doubt, now_ms),
            _ => self.sorry(response, true, now_ms),
        }
    }

    fn found_to_cancel(
        &self,
        delivery: &LeasedDelivery,
        request: &CancelRequest,
        step: Step,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        // Before anything was sent, only an earlier attempt can leave a doubt.
        let doubt = delivery.doubt || step == CONFIRM_CANCEL;
        let response = match answer {
            Ok(response) => response,
            Err(failure) => return no_answer(failure, doubt, &self.secrets()),
        };
        if response.status != 200 {
            return self.sorry(response, doubt, now_ms);
        }
        let order = match answers::found(&response.body, &request.fulfillment) {
            Ok(Some(order)) => order,
            Ok(None) if number(request).is_none() => return done(DeliveryAnswer::Cancelled),
            // ShipBob gave it a number once, so that it cannot be found now is no proof that it will not ship.
            Ok(None) => return failing(doubt, "ShipBob has had the order, and it cannot be found by its reference"),
            Err(fault) => return failing(doubt, self.why(fault, response)),
        };
        match answers::cancel_end_of_status(&order.status) {
            CancelEnd::All => done(DeliveryAnswer::Cancelled),
            CancelEnd::NotAll => done(DeliveryAnswer::TooLate),
            CancelEnd::Unsaid if step == FIND => self.cancel(order.id),
            CancelEnd::Unsaid => retry(
                RetryCause::NotYet,
                true,
                None,
                "ShipBob was asked to cancel the order, and says neither that it is cancelled nor that it has left",
            ),
        }
    }
}

/// Stock. A check changes nothing, so it is never in doubt.
impl ShipBobExchange {
    fn stock(&self, check: &StockCheck, answer: Result<&HttpResponse, &HttpFailure>, now_ms: i64) -> Turn {
        let response = match answer {
            Ok(response) => response,
            Err(failure) => return no_answer(failure, false, &self.secrets()),
        };
        if response.status != 200 {
            return self.sorry(response, false, now_ms);
        }
        let page = match answers::page(&response.body, check, self.profile.location_id) {
            Ok(page) => page,
            Err(fault) => return failing(false, self.why(&fault, response)),
        };
        match page.next {
            Some(next) if page.levels.len() < check.skus.len() => {
                if check.skus.len() > 1 {
                    // What this page says could not be kept while the next is fetched.
                    let why = "the stock is on several pages, which can be searched for one SKU at a time only";
                    return refused(why);
                }
                match requests::next_page(&self.profile, &next) {
                    Ok(request) => ask(request, STOCK),
                    Err(fault) => failing(false, fault),
                }
            }
            _ => {
                // ShipBob says no time with the stock; the answer's date is by its clock.
                let date_ms = response.header("Date").and_then(http_date_ms);
                let taken_at_ms = date_ms.unwrap_or(now_ms);
                done(DeliveryAnswer::Stock(WarehouseStock { taken_at_ms, levels: page.levels }))
            }
        }
    }
}

impl ShipBobExchange {
    /// The end for a status that asks for another attempt, whatever was asked.
    fn sorry(&self, response: &HttpResponse, doubt: bool, now_ms: i64) -> Turn {
        let headers = ["x-retry-after".to_owned(), "Retry-After".to_owned()];
        let after_ms = asked_wait_ms(response, &headers, now_ms);
        let (cause, what) = match response.status {
            429 => (RetryCause::Throttled, "ShipBob asks for a slower pace"),
            401 => (RetryCause::Failing, "the credentials are refused"),
            403 => (RetryCause::Failing, "the credentials are refused, or lack a scope"),
            404 => (RetryCause::Failing, "ShipBob has no such path; is the version of the API still supported?"),
            300..=399 => (RetryCause::Failing, "the API has moved, and redirects are not followed"),
            _ => (RetryCause::Failing, "ShipBob fails"),
        };
        retry(cause, doubt, after_ms, self.why(what, response))
    }

    fn why(&self, what: &str, response: &HttpResponse) -> String {
        why(what, response, &self.secrets())
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.profile.token.reveal().to_owned()]
    }
}

fn ask(request: HttpRequest, step: Step) -> Turn {
    Turn::Ask { request, step, memo: String::new() }
}

fn handed(order: u64) -> Turn {
    done(DeliveryAnswer::Handed { reference: Some(order.to_string()) })
}

/// ShipBob's number for the order, where it was told.
fn number(request: &CancelRequest) -> Option<u64> {
    request.reference.as_deref()?.parse().ok()
}

/// Why an order of this name could not be found again. ShipBob takes several references with commas between.
fn name_fault(fulfillment: &str) -> Option<&'static str> {
    match () {
        () if fulfillment.is_empty() => Some("the fulfillment order has no name"),
        () if fulfillment.contains(',') => Some("ShipBob cannot look up a name that has a comma"),
        () => None,
    }
}
