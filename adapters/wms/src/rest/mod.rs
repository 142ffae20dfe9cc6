//! The conversation of the REST contract: which request follows which answer, and how it ends. It does no I/O and
//! keeps nothing between turns.
//!
//! A request that may have been carried out is never sent again before a look: a delivery in doubt begins with one,
//! and an answer that was lost or cannot be read is followed by one.

mod answers;
mod json;
mod requests;

use stockroom::engine::Unread;
use stockroom::fulfillment::{CancelRequest, FulfillmentRequest, StockCheck};
use stockroom::outbox::{DeliveryAnswer, DeliveryBody, LeasedDelivery, RetryCause};
use stockroom::ports::{Exchange, HttpFailure, HttpRequest, HttpResponse, Step, Turn};

use crate::profile::{Asked, Meaning, Profile, ProfileFault};
use crate::turns::{asked_wait_ms, done, failing, no_answer, refused, retry, unknown, unreadable, why};
use answers::{Progress, Told};
use requests::Wording;

const CREATE: Step = Step("create");
/// Before a creation whose earlier attempt is in doubt.
const LOOK_UP: Step = Step("look_up");
/// After a creation that may have been carried out.
const CONFIRM: Step = Step("confirm");
const CANCEL: Step = Step("cancel");
/// After a cancellation that may have been carried out.
const CONFIRM_CANCEL: Step = Step("confirm_cancel");
const STOCK: Step = Step("stock");

/// The longest URL that is sent: what every recipient should take at least (RFC 9110, 4.1).
const URL_BYTES_MAX: usize = 8_000;

/// A warehouse that follows the REST contract of `docs/wms.md`, or nearly, as its profile says.
#[derive(Clone, Debug)]
pub struct RestExchange {
    profile: Profile,
    wording: Wording,
}

impl RestExchange {
    /// An exchange by a profile, or what is wrong with the profile.
    pub fn new(profile: Profile) -> Result<Self, ProfileFault> {
        match profile.fault() {
            Some(fault) => Err(fault),
            None => Ok(RestExchange { wording: Wording::new(&profile), profile }),
        }
    }

    /// The profile.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }
}

impl Exchange for RestExchange {
    fn begin(&self, delivery: &LeasedDelivery) -> Turn {
        match &delivery.body {
            DeliveryBody::RequestFulfillment(request) => match request.name() {
                Ok(name) => self.request(delivery, request, &name),
                Err(error) => unreadable(delivery, &error),
            },
            // Asking twice to give up is as good as once, and the answer says what became of the first: so a doubt
            // needs no look before.
            DeliveryBody::CancelFulfillment(request) => match name_fault(&request.fulfillment) {
                Some(fault) => refused(fault),
                None => ask(requests::cancel(&self.profile, request), CANCEL),
            },
            DeliveryBody::CheckStock(check) => self.check_stock(check),
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
            (DeliveryBody::RequestFulfillment(request), CREATE | LOOK_UP | CONFIRM) => match request.name() {
                Ok(name) if step == CREATE => self.created(delivery, &name, answer, now_ms),
                Ok(name) => self.looked_up(delivery, &name, request, step, answer, now_ms),
                Err(error) => unreadable(delivery, &error),
            },
            (DeliveryBody::CancelFulfillment(request), CANCEL) => self.cancelled(delivery, request, answer, now_ms),
            (DeliveryBody::CancelFulfillment(request), CONFIRM_CANCEL) => {
                self.confirmed_cancel(request, answer, now_ms)
            }
            (DeliveryBody::CheckStock(check), STOCK) => self.stock(check, answer, now_ms),
            _ => unknown(delivery),
        }
    }
}

/// Creating.
impl RestExchange {
    fn request(&self, delivery: &LeasedDelivery, request: &Unread<FulfillmentRequest>, name: &str) -> Turn {
        match name_fault(name) {
            Some(fault) => refused(fault),
            None if delivery.doubt && self.profile.looks_up() => self.look_up(name, LOOK_UP),
            None => self.create(delivery, request),
        }
    }

    fn create(&self, delivery: &LeasedDelivery, request: &Unread<FulfillmentRequest>) -> Turn {
        match request.view() {
            Ok(request) => ask(requests::create(&self.profile, &self.wording, &request), CREATE),
            Err(error) => unreadable(delivery, &error),
        }
    }

    fn look_up(&self, fulfillment: &str, step: Step) -> Turn {
        ask(requests::look_up(&self.profile, fulfillment), step)
    }

    fn created(
        &self,
        delivery: &LeasedDelivery,
        name: &str,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        // A doubt that came with the delivery is settled by the look before; without one it lives on.
        let old_doubt = delivery.doubt && !self.profile.looks_up();
        let response = match answer {
            Ok(response) => response,
            Err(failure @ HttpFailure::NotSent(_)) => return no_answer(failure, old_doubt, &self.secrets()),
            Err(failure @ HttpFailure::Lost(_)) => {
                return self.confirm(name, no_answer(failure, true, &self.secrets()));
            }
        };
        match self.profile.statuses.meaning(Asked::Create, response.status) {
            Meaning::Done => match answers::told(&self.profile, &response.body, name) {
                Ok(told) if told.reference.is_some() => handed(told),
                Ok(_) => self.confirm(name, failing(true, "the answer has no id")),
                Err(fault) => self.confirm(name, failing(true, self.why(fault, response))),
            },
            Meaning::Exists => {
                // The name is ours alone, so what is there by it is this request, whatever else the answer says.
                let told = answers::told(&self.profile, &response.body, name).ok();
                let reference = told.and_then(|told| told.reference);
                self.confirm(name, done(DeliveryAnswer::Handed { reference }))
            }
            Meaning::Refused => refused(self.why("the warehouse refuses it", response)),
            // These say that it was not carried out; whatever else goes wrong may have come after it was.
            meaning @ (Meaning::Throttled | Meaning::Credentials) => self.sorry(meaning, response, old_doubt, now_ms),
            meaning => self.sorry(meaning, response, true, now_ms),
        }
    }

    /// A look at what became of a creation, once; where there is no looking up, the end that is given.
    fn confirm(&self, fulfillment: &str, otherwise: Turn) -> Turn {
        if self.profile.looks_up() { self.look_up(fulfillment, CONFIRM) } else { otherwise }
    }

    fn looked_up(
        &self,
        delivery: &LeasedDelivery,
        name: &str,
        request: &Unread<FulfillmentRequest>,
        step: Step,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        let response = match answer {
            Ok(response) => response,
            Err(failure) => return no_answer(failure, true, &self.secrets()),
        };
        match self.profile.statuses.meaning(Asked::LookUp, response.status) {
            Meaning::Done => match answers::told(&self.profile, &response.body, name) {
                // The name alone is enough here: it is there, and some warehouses give it no other.
                Ok(told) if told.reference.is_some() || told.is_named => handed(told),
                Ok(_) => failing(true, "the look-up was answered with neither an id nor the name"),
                Err(fault) => failing(true, self.why(fault, response)),
            },
            Meaning::NotFound if step == LOOK_UP => self.create(delivery, request),
            // A creation was just sent: it can still be on its way, so that it is not there now settles nothing.
            Meaning::NotFound => failing(true, "no answer that counts to the creation, and it cannot be found yet"),
            // Also where the look is refused: that answers nothing about what was looked for.
            meaning => self.sorry(meaning, response, true, now_ms),
        }
    }
}

/// Cancelling.
impl RestExchange {
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
            Err(failure @ HttpFailure::Lost(_)) => {
                return self.confirm_cancel(request, no_answer(failure, true, &self.secrets()));
            }
        };
        let progress = answers::progress_told(&self.profile, &response.body);
        match self.profile.statuses.meaning(Asked::Cancel, response.status) {
            Meaning::Done => match answers::told(&self.profile, &response.body, &request.fulfillment) {
                Ok(told) if told.says_status && told.progress != Progress::Open => end_of(told.progress),
                Ok(told) if told.says_status => retry(
                    RetryCause::NotYet,
                    true,
                    asked_wait_ms(response, &self.profile.retry_after_headers, now_ms),
                    self.why("it is neither cancelled nor shipped yet", response),
                ),
                Ok(_) => self.confirm_cancel(request, failing(true, "the answer does not say whether it is cancelled")),
                Err(fault) => self.confirm_cancel(request, failing(true, self.why(fault, response))),
            },
            Meaning::NotFound => done(DeliveryAnswer::Cancelled),
            // Some warehouses say of what they gave up that it is too late to give it up.
            Meaning::TooLate if progress == Some(Progress::Cancelled) => done(DeliveryAnswer::Cancelled),
            Meaning::TooLate if progress == Some(Progress::Refused) => done(DeliveryAnswer::Cancelled),
            Meaning::TooLate => done(DeliveryAnswer::TooLate),
            Meaning::Refused => refused(self.why("the warehouse refuses to cancel", response)),
            meaning @ (Meaning::Throttled | Meaning::Credentials) => {
                self.sorry(meaning, response, delivery.doubt, now_ms)
            }
            meaning => self.sorry(meaning, response, true, now_ms),
        }
    }

    fn confirm_cancel(&self, request: &CancelRequest, otherwise: Turn) -> Turn {
        if self.profile.looks_up() { self.look_up(&request.fulfillment, CONFIRM_CANCEL) } else { otherwise }
    }

    fn confirmed_cancel(
        &self,
        request: &CancelRequest,
        answer: Result<&HttpResponse, &HttpFailure>,
        now_ms: i64,
    ) -> Turn {
        let response = match answer {
            Ok(response) => response,
            Err(failure) => return no_answer(failure, true, &self.secrets()),
        };
        match self.profile.statuses.meaning(Asked::LookUp, response.status) {
            Meaning::Done => match answers::told(&self.profile, &response.body, &request.fulfillment) {
                Ok(told) if told.progress != Progress::Open => end_of(told.progress),
                Ok(_) => failing(true, "the cancellation is unanswered, and it is not cancelled yet"),
                Err(fault) => failing(true, self.why(fault, response)),
            },
            Meaning::NotFound => done(DeliveryAnswer::Cancelled),
            meaning => self.sorry(meaning, response, true, now_ms),
        }
    }
}

/// Stock. A check changes nothing, so it is never in doubt.
impl RestExchange {
    fn check_stock(&self, check: &StockCheck) -> Turn {
        let most = self.profile.stock_skus_max;
        if check.skus.is_empty() {
            return refused("the check names no SKU");
        }
        if check.skus.len() > most {
            // The levels of several answers could not be kept between turns, and half an answer would look whole.
            return refused(format!("the check names {} SKUs; at most {most} can be asked at once", check.skus.len()));
        }
        let request = requests::stock(&self.profile, check);
        if request.url.len() > URL_BYTES_MAX {
            return refused(format!("the URL of the check would have {} bytes; ask for fewer SKUs", request.url.len()));
        }
        ask(request, STOCK)
    }

    fn stock(&self, check: &StockCheck, answer: Result<&HttpResponse, &HttpFailure>, now_ms: i64) -> Turn {
        let response = match answer {
            Ok(response) => response,
            Err(failure) => return no_answer(failure, false, &self.secrets()),
        };
        match self.profile.statuses.meaning(Asked::Stock, response.status) {
            Meaning::Done => match answers::stock(&self.profile, &response.body, check) {
                Ok(stock) => done(DeliveryAnswer::Stock(stock)),
                Err(fault) => failing(false, self.why(&fault, response)),
            },
            Meaning::Refused => refused(self.why("the warehouse refuses the check", response)),
            meaning => self.sorry(meaning, response, false, now_ms),
        }
    }
}

impl RestExchange {
    /// The end for a meaning that asks for another attempt, whatever was asked.
    fn sorry(&self, meaning: Meaning, response: &HttpResponse, doubt: bool, now_ms: i64) -> Turn {
        let after_ms = asked_wait_ms(response, &self.profile.retry_after_headers, now_ms);
        let (cause, what) = match meaning {
            Meaning::Throttled => (RetryCause::Throttled, "the warehouse asks for a slower pace"),
            Meaning::Credentials => (RetryCause::Failing, "the credentials are refused"),
            Meaning::Redirect => {
                (RetryCause::Failing, "the API has moved, and redirects are not followed; correct the base URL")
            }
            _ => (RetryCause::Failing, "the warehouse fails"),
        };
        retry(cause, doubt, after_ms, self.why(what, response))
    }

    fn why(&self, what: &str, response: &HttpResponse) -> String {
        why(what, response, &self.secrets())
    }

    fn secrets(&self) -> Vec<String> {
        self.profile.auth.secrets()
    }
}

fn ask(request: HttpRequest, step: Step) -> Turn {
    Turn::Ask { request, step, memo: String::new() }
}

fn handed(told: Told) -> Turn {
    match told.progress {
        Progress::Refused => refused("the warehouse has it as refused"),
        // That it was cancelled or shipped meanwhile is for the warehouse's own messages to say.
        Progress::Open | Progress::Cancelled | Progress::Shipped => {
            done(DeliveryAnswer::Handed { reference: told.reference })
        }
    }
}

/// What a cancellation came to, by how far the fulfillment order has come.
fn end_of(progress: Progress) -> Turn {
    match progress {
        Progress::Shipped => done(DeliveryAnswer::TooLate),
        // What was refused will not be shipped either.
        Progress::Cancelled | Progress::Refused => done(DeliveryAnswer::Cancelled),
        Progress::Open => failing(true, "it is neither cancelled nor shipped yet"),
    }
}

/// Why a name cannot stand in a path. Servers and proxies take dot segments out, however they are encoded.
fn name_fault(fulfillment: &str) -> Option<&'static str> {
    matches!(fulfillment, "" | "." | "..").then_some("the fulfillment order's name cannot stand in a URL")
}
