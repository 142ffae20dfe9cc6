//! The turns of a conversation: what the exchange is told, and how the conversation ends when it does not end it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use stockroom::Name;
use stockroom::fulfillment::StockCheck;
use stockroom::outbox::{DeliveryAnswer, DeliveryBody, DeliveryResult, LeasedDelivery, Retry, RetryCause};
use stockroom::ports::{Exchange, HttpFailure, HttpRequest, HttpResponse, Method, Sink, Step, TURNS_MAX, Turn};
use stockroom_http::HttpSink;

use crate::server::{Server, answer, deserted_url};
use crate::{client, patient, request};

/// The time at which these conversations are held, and the end of their leases.
pub(crate) const NOW_MS: i64 = 1_700_000_000_000;
pub(crate) const LEASE_UNTIL_MS: i64 = NOW_MS + 60_000;

/// What an exchange is told of an answer.
type Answer<'a> = Result<&'a HttpResponse, &'a HttpFailure>;

/// An exchange as two functions.
pub(crate) struct Script<B, A> {
    pub(crate) begin: B,
    pub(crate) answered: A,
}

impl<B, A> Exchange for Script<B, A>
where
    B: Fn(&LeasedDelivery) -> Turn + Send + Sync,
    A: Fn(Step, Answer<'_>, i64) -> Turn + Send + Sync,
{
    fn begin(&self, delivery: &LeasedDelivery) -> Turn {
        (self.begin)(delivery)
    }

    fn answered(&self, _: &LeasedDelivery, step: Step, _: &str, answer: Answer<'_>, now_ms: i64) -> Turn {
        (self.answered)(step, answer, now_ms)
    }
}

/// Asks the same whatever comes back.
pub(crate) fn stubborn(asked: HttpRequest) -> impl Exchange {
    let again = asked.clone();
    Script {
        begin: move |_: &LeasedDelivery| ask("begin", asked.clone()),
        answered: move |_: Step, _: Answer<'_>, _: i64| ask("again", again.clone()),
    }
}

pub(crate) fn ask(step: &'static str, request: HttpRequest) -> Turn {
    Turn::Ask { request, step: Step(step), memo: String::new() }
}

pub(crate) fn delivery(doubt: bool) -> LeasedDelivery {
    let body = DeliveryBody::CheckStock(StockCheck { location: Name::from("main"), skus: vec![Name::from("A")] });
    LeasedDelivery {
        destination: Name::from("warehouse"),
        number: 7,
        key: "main".to_owned(),
        attempt: 1,
        doubt,
        lease_until_ms: LEASE_UNTIL_MS,
        body,
    }
}

#[track_caller]
pub(crate) fn retry(result: DeliveryResult) -> Retry {
    match result {
        DeliveryResult::Retry(retry) => retry,
        other => panic!("not to be tried again: {other:?}"),
    }
}

fn done(reference: &[u8]) -> Turn {
    let reference = Some(String::from_utf8_lossy(reference).into_owned());
    Turn::End(DeliveryResult::Done(DeliveryAnswer::Handed { reference }))
}

/// Creates an order over there, and where nobody knows whether it was created, looks it up before.
fn careful(url: String) -> impl Exchange {
    let find = request(Method::Get, &format!("{url}orders?name=7"));
    let create = request(Method::Post, &format!("{url}orders"));
    let (first_find, first_create) = (find.clone(), create.clone());
    Script {
        begin: move |delivery: &LeasedDelivery| {
            if delivery.doubt { ask("find", first_find.clone()) } else { ask("create", first_create.clone()) }
        },
        answered: move |Step(step): Step, answer: Answer<'_>, _: i64| match (step, answer) {
            ("create", Err(HttpFailure::Lost(_))) => ask("find", find.clone()),
            ("find", Ok(response)) if response.status == 404 => ask("create", create.clone()),
            (_, Ok(response)) => done(&response.body),
            (_, Err(failure)) => Turn::End(DeliveryResult::Refused { why: failure.to_string() }),
        },
    }
}

/// Runs a conversation with a server and tells its end and the requests' lines.
fn converse(server: &Server, doubt: bool) -> (DeliveryResult, Vec<String>) {
    let sink = HttpSink::new(careful(server.url("/")), client(patient()), || NOW_MS);
    let result = sink.deliver(&delivery(doubt));
    (result, server.received().iter().map(|received| received.line().to_owned()).collect())
}

const CREATE: &str = "POST /orders HTTP/1.1";
const FIND: &str = "GET /orders?name=7 HTTP/1.1";

#[test]
fn a_delivery_without_doubt_is_one_request() {
    let server = Server::answering(answer("201 Created", "", b"W-1"));
    let (result, lines) = converse(&server, false);
    assert_eq!(Turn::End(result), done(b"W-1"));
    assert_eq!(lines, [CREATE]);
}

#[test]
fn a_delivery_in_doubt_is_looked_up_and_then_carried_out() {
    let server = Server::start(|peer, _| {
        peer.receive();
        peer.say(answer("404 Not Found", "", b""));
        peer.receive();
        peer.say(answer("201 Created", "", b"W-2"));
    });
    let (result, lines) = converse(&server, true);
    assert_eq!(Turn::End(result), done(b"W-2"));
    assert_eq!(lines, [FIND, CREATE]);
}

#[test]
fn a_lost_answer_is_looked_up_within_the_same_conversation() {
    let server = Server::start(|peer, number| {
        peer.receive();
        if number > 0 {
            peer.say(answer("200 OK", "", b"W-3"));
        }
    });
    let (result, lines) = converse(&server, false);
    assert_eq!(Turn::End(result), done(b"W-3"));
    assert_eq!(lines, [CREATE, FIND]);
}

#[test]
fn the_exchange_is_told_the_step_the_time_and_the_failure() {
    let url = deserted_url();
    let exchange = Script {
        begin: move |_: &LeasedDelivery| ask("create", request(Method::Post, &url)),
        answered: |Step(step): Step, answer: Answer<'_>, now_ms: i64| {
            Turn::End(DeliveryResult::Refused { why: format!("{step} {now_ms} {answer:?}") })
        },
    };
    let sink = HttpSink::new(exchange, client(patient()), || NOW_MS);
    let why = format!("create {NOW_MS} Err(NotSent(\"127.0.0.1: it refused the connection\"))");
    assert_eq!(sink.deliver(&delivery(false)), DeliveryResult::Refused { why });
}

#[test]
fn a_conversation_without_an_end_is_ended_as_failing() {
    for (method, doubt_before, doubt) in [
        (Method::Get, false, false),
        (Method::Get, true, true),
        (Method::Post, false, true),
        (Method::Put, false, true),
        (Method::Delete, false, true),
    ] {
        let server = Server::answering(answer("500 No", "", b""));
        let sink = HttpSink::new(stubborn(request(method, &server.url("/"))), client(patient()), || NOW_MS);
        let retry = retry(sink.deliver(&delivery(doubt_before)));
        assert_eq!((retry.doubt, retry.cause, retry.after_ms), (doubt, RetryCause::Failing, None), "{method:?}");
        assert_eq!(retry.why, "the conversation came to no end within 20 turns, the next was `again`");
        // The first turn has no answer before it, so there is one request less.
        assert_eq!(server.received().len(), TURNS_MAX as usize - 1);
    }
}

#[test]
fn a_conversation_may_end_with_the_last_turn() {
    let server = Server::answering(answer("200 OK", "", b""));
    let asked = request(Method::Post, &server.url("/"));
    let again = asked.clone();
    let turns = Arc::new(AtomicU32::new(1));
    let exchange = Script {
        begin: move |_: &LeasedDelivery| ask("begin", asked.clone()),
        answered: move |_: Step, _: Answer<'_>, _: i64| {
            if turns.fetch_add(1, Ordering::SeqCst) + 1 == TURNS_MAX {
                done(b"W-4")
            } else {
                ask("again", again.clone())
            }
        },
    };
    let sink = HttpSink::new(exchange, client(patient()), || NOW_MS);
    assert_eq!(Turn::End(sink.deliver(&delivery(false))), done(b"W-4"));
}

#[test]
fn what_was_never_sent_leaves_no_doubt() {
    let sink = HttpSink::new(stubborn(request(Method::Post, &deserted_url())), client(patient()), || NOW_MS);
    let retry = retry(sink.deliver(&delivery(false)));
    assert_eq!((retry.doubt, retry.cause), (false, RetryCause::Failing));
}
