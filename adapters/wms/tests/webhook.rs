//! Webhooks: who sent a message, and what it asks of Stockroom.

use base64::Engine;
use hmac::{KeyInit, Mac};
use stockroom::fulfillment::{
    NoteFulfillment, NoteShipment, NoteWarehouseStock, SkuLevel, SkuQuantity, WarehouseStatus, WarehouseStock,
};
use stockroom::order::Tracking;
use stockroom::outbox::MessageId;
use stockroom_wms::webhook::{Incoming, ReadError, Reader, SecretFault, Verified, Verifier, VerifyError};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const SENT_S: i64 = 1_614_265_330;

pub(crate) fn sign(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    let standard = base64::engine::general_purpose::STANDARD;
    let key = standard.decode(secret.trim_start_matches("whsec_")).unwrap();
    let mut hash = hmac::Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    hash.update(format!("{id}.{timestamp}.").as_bytes());
    hash.update(body);
    format!("v1,{}", standard.encode(hash.finalize().into_bytes()))
}

/// Calls back with a message of a body that is proved.
pub(crate) fn with_proof<Answer>(body: &str, read: impl FnOnce(&Verified<'_>) -> Answer) -> Answer {
    let headers = [
        ("Webhook-Id", "msg_1".to_owned()),
        ("Webhook-Timestamp", SENT_S.to_string()),
        ("Webhook-Signature", sign(SECRET, "msg_1", &SENT_S.to_string(), body.as_bytes())),
    ];
    let verifier = Verifier::new(&[SECRET.into()]).unwrap();
    read(&verifier.verify(&headers, body.as_bytes(), SENT_S * 1000).expect("it is genuine"))
}

#[test]
fn the_example_of_the_reference_implementation_is_genuine() {
    let headers = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ];
    let verifier = Verifier::new(&[SECRET.into()]).unwrap();
    let body = br#"{"test": 2432232314}"#;
    let verified = verifier.verify(&headers, body, SENT_S * 1000).unwrap();
    assert_eq!((verified.id(), verified.sent_at_ms(), verified.body()), (headers[0].1, SENT_S * 1000, body.as_slice()));
    assert_eq!(
        verifier.verify(&headers, br#"{"test":2432232314}"#, SENT_S * 1000),
        Err(VerifyError::NoSignatureMatches)
    );
}

#[test]
fn only_what_is_signed_and_fresh_is_let_through() {
    let body = b"{}";
    let time = SENT_S.to_string();
    let ours = sign(SECRET, "m", &time, body);
    let theirs = sign(OTHER, "m", &time, body);
    let no_padding = ours.trim_end_matches('=').to_owned();
    let many = format!("{}{ours}", format!("{theirs} ").repeat(15));
    let too_many = format!("{}{ours}", format!("{theirs} ").repeat(16));
    let v2 = ours.replace("v1,", "v2,");
    let cut = ours[..20].to_owned();
    let now_ms = SENT_S * 1000;
    let minutes_ms = 60_000;
    let no_match = Err(VerifyError::NoSignatureMatches);

    for (what, id, time, signature, now_ms, expected) in [
        ("genuine", "m", time.as_str(), ours.as_str(), now_ms, Ok(())),
        ("without padding", "m", &time, &no_padding, now_ms, Ok(())),
        ("beside another version", "m", &time, &format!("v1a,AAAA {ours}"), now_ms, Ok(())),
        ("beside another key's", "m", &time, &format!("{theirs} {ours}"), now_ms, Ok(())),
        ("the sixteenth", "m", &time, &many, now_ms, Ok(())),
        ("the seventeenth", "m", &time, &too_many, now_ms, no_match),
        ("another key's", "m", &time, &theirs, now_ms, no_match),
        ("another version", "m", &time, &v2, now_ms, no_match),
        ("cut short", "m", &time, &cut, now_ms, no_match),
        ("no base64", "m", &time, "v1,!", now_ms, no_match),
        ("empty", "m", &time, "v1,", now_ms, no_match),
        ("no version", "m", &time, &ours[3..], now_ms, no_match),
        ("another id", "n", &time, &ours, now_ms, no_match),
        ("another time", "m", "1614265331", &ours, now_ms, no_match),
        ("a zero in front", "m", "01614265330", &ours, now_ms, no_match),
        ("five minutes old", "m", &time, &ours, now_ms + 5 * minutes_ms, Ok(())),
        ("older", "m", &time, &ours, now_ms + 5 * minutes_ms + 1, Err(VerifyError::TooOld)),
        ("five minutes ahead", "m", &time, &ours, now_ms - 5 * minutes_ms, Ok(())),
        ("further ahead", "m", &time, &ours, now_ms - 5 * minutes_ms - 1, Err(VerifyError::TooNew)),
        ("no number", "m", "soon", &ours, now_ms, Err(VerifyError::BadTimestamp)),
        ("a fraction", "m", "1614265330.0", &ours, now_ms, Err(VerifyError::BadTimestamp)),
        ("a sign", "m", "-1614265330", &ours, now_ms, Err(VerifyError::BadTimestamp)),
        ("no end of digits", "m", "99999999999999999999", &ours, now_ms, Err(VerifyError::BadTimestamp)),
        ("too large for milliseconds", "m", "9223372036854775807", &ours, now_ms, Err(VerifyError::BadTimestamp)),
        ("no id", "", &time, &ours, now_ms, Err(VerifyError::BadId)),
        ("a control character", "m\u{7}m", &time, &ours, now_ms, Err(VerifyError::BadId)),
        ("a long id", &"m".repeat(129), &time, &ours, now_ms, Err(VerifyError::BadId)),
    ] {
        let headers = [("WEBHOOK-ID", id), ("webhook-timestamp", time), ("Webhook-Signature", signature)];
        let verifier = Verifier::new(&[SECRET.into()]).unwrap();
        assert_eq!(verifier.verify(&headers, body, now_ms).map(|_| ()), expected, "{what}");
    }
}

#[test]
fn each_header_has_to_be_there() {
    let all = [("webhook-id", "m"), ("webhook-timestamp", "1614265330"), ("webhook-signature", "v1,AAAA")];
    let verifier = Verifier::new(&[SECRET.into()]).unwrap();
    for missing in all {
        let headers: Vec<_> = all.into_iter().filter(|header| *header != missing).collect();
        let found = verifier.verify(&headers, b"", SENT_S * 1000);
        assert_eq!(found, Err(VerifyError::MissingHeader(missing.0)));
    }
}

#[test]
fn while_secrets_are_exchanged_both_count() {
    let time = SENT_S.to_string();
    let verify = |verifier: &Verifier, secret: &str| {
        let headers =
            [("webhook-id", "m"), ("webhook-timestamp", &time), ("webhook-signature", &sign(secret, "m", &time, b"x"))]
                .map(|(name, text)| (name, text.to_owned()));
        verifier.verify(&headers, b"x", SENT_S * 1000).is_ok()
    };
    let one = Verifier::new(&[SECRET.into()]).unwrap();
    let both = Verifier::new(&[SECRET.into(), OTHER.into()]).unwrap();
    assert_eq!([verify(&one, SECRET), verify(&one, OTHER)], [true, false]);
    assert_eq!([verify(&both, SECRET), verify(&both, OTHER)], [true, true]);
    assert!(!format!("{both:?}").contains("MfKQ"));
}

#[test]
fn a_tolerance_can_be_set() {
    let headers = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ];
    for (tolerance_ms, late_ms, expected) in
        [(1_000, 1_000, true), (1_000, 1_001, false), (-5, 0, true), (0, 1, false), (i64::MAX, i64::MAX / 2, true)]
    {
        let verifier = Verifier::new(&[SECRET.into()]).unwrap().with_tolerance_ms(tolerance_ms);
        let found = verifier.verify(&headers, br#"{"test": 2432232314}"#, SENT_S * 1000 + late_ms);
        assert_eq!(found.is_ok(), expected, "{tolerance_ms} {late_ms}");
    }
}

#[test]
fn secrets_are_judged_once() {
    for (secrets, fault) in [
        (vec![SECRET], None),
        (vec![SECRET, OTHER], None),
        (vec![], Some(SecretFault::Count)),
        (vec![SECRET, OTHER, SECRET], Some(SecretFault::Count)),
        (vec!["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], Some(SecretFault::Form)),
        (vec!["whsec_not base64"], Some(SecretFault::Form)),
        (vec!["whsec_"], Some(SecretFault::TooShort)),
        (vec!["whsec_c2hvcnQ="], Some(SecretFault::TooShort)),
    ] {
        let secrets: Vec<_> = secrets.into_iter().map(Into::into).collect();
        assert_eq!(Verifier::new(&secrets).err(), fault);
    }
}

fn read(body: &str) -> Result<Incoming, ReadError> {
    with_proof(body, |message| Reader::new("wms-north").with_location("north").read(message))
}

fn message() -> Option<MessageId> {
    Some(MessageId { source: "wms-north".to_owned(), message: "msg_1".to_owned() })
}

#[test]
fn events_become_commands() {
    let fulfillment =
        |status| Incoming::Fulfillment(NoteFulfillment { fulfillment: "o-1-1".to_owned(), status, message: message() });
    let shipment = |items, tracking| {
        Incoming::Shipments(vec![NoteShipment {
            fulfillment: "o-1-1".to_owned(),
            shipment: "S-1".to_owned(),
            items,
            tracking,
            message: message(),
        }])
    };
    let stock = |location: &str| {
        Incoming::Stock(NoteWarehouseStock {
            location: location.to_owned(),
            stock: WarehouseStock {
                taken_at_ms: 1_782_898_200_000,
                levels: vec![SkuLevel { sku: "a".to_owned(), on_hand: 3 }],
            },
            message: message(),
        })
    };
    let why = |why: &str| WarehouseStatus::Refused { why: why.to_owned() };
    for (event, data, expected) in [
        ("fulfillment.accepted", r#"{"fulfillment":"o-1-1","more":1}"#, fulfillment(WarehouseStatus::Accepted)),
        ("fulfillment.picking", r#"{"fulfillment":"o-1-1"}"#, fulfillment(WarehouseStatus::Picking)),
        ("fulfillment.cancelled", r#"{"fulfillment":"o-1-1"}"#, fulfillment(WarehouseStatus::Cancelled)),
        ("fulfillment.refused", r#"{"fulfillment":"o-1-1","why":"broken"}"#, fulfillment(why("broken"))),
        ("fulfillment.refused", r#"{"fulfillment":"o-1-1"}"#, fulfillment(why("the warehouse gave no reason"))),
        ("shipment.created", r#"{"fulfillment":"o-1-1","shipment":"S-1"}"#, shipment(None, None)),
        (
            "shipment.created",
            r#"{"fulfillment":"o-1-1","shipment":"S-1","items":[{"sku":"a","quantity":2}],
                "tracking":{"carrier":"C","number":"N"}}"#,
            shipment(
                Some(vec![SkuQuantity { sku: "a".to_owned(), quantity: 2 }]),
                Some(Tracking { carrier: "C".to_owned(), number: "N".to_owned(), url: String::new() }),
            ),
        ),
        ("stock.levels", r#"{"taken_at":"2026-07-01T09:30:00Z","levels":[{"sku":"a","on_hand":3}]}"#, stock("north")),
        (
            "stock.levels",
            r#"{"location":"south","taken_at":"2026-07-01T09:30:00Z","levels":[{"sku":"a","on_hand":3}]}"#,
            stock("south"),
        ),
    ] {
        let body = format!(r#"{{"type":"{event}","timestamp":"2026-07-01T10:00:00Z","data":{data},"more":1}}"#);
        assert_eq!(read(&body), Ok(expected), "{body}");
    }
    let ignored = read(r#"{"type":"fulfillment.packed"}"#).unwrap();
    assert!(matches!(ignored, Incoming::Ignored { event, .. } if event == "fulfillment.packed"));
}

#[test]
fn what_cannot_be_read_is_said() {
    for body in ["", "no JSON", "[]", "{}", r#"{"type":7,"data":{}}"#, "\u{0}"] {
        assert!(matches!(read(body), Err(ReadError::NotAnEnvelope { .. })), "{body:?}");
    }
    for (event, data) in [
        ("fulfillment.accepted", "null"),
        ("fulfillment.accepted", "{}"),
        ("fulfillment.picking", r#"{"fulfillment":7}"#),
        ("shipment.created", r#"{"fulfillment":"o-1-1"}"#),
        ("shipment.created", r#"{"fulfillment":"o-1-1","shipment":"S","items":[{"sku":"a"}]}"#),
        ("shipment.created", r#"{"fulfillment":"o-1-1","shipment":"S","items":[{"sku":"a","quantity":1.5}]}"#),
        ("stock.levels", r#"{"levels":[]}"#),
        ("stock.levels", r#"{"taken_at":"now","levels":[]}"#),
        ("stock.levels", r#"{"taken_at":"2026-07-01T09:30:00Z","levels":{}}"#),
    ] {
        let read = read(&format!(r#"{{"type":"{event}","data":{data}}}"#));
        assert!(matches!(&read, Err(ReadError::Malformed { event: named, .. }) if named == event), "{data}: {read:?}");
    }
    let stock = r#"{"type":"stock.levels","data":{"taken_at":"2026-07-01T09:30:00Z","levels":[]}}"#;
    assert_eq!(with_proof(stock, |message| Reader::new("wms").read(message)), Err(ReadError::NoLocation));
    let levels = vec![r#"{"sku":"a","on_hand":1}"#; 10_001].join(",");
    let many = format!(r#"{{"type":"stock.levels","data":{{"taken_at":"2026-07-01T09:30:00Z","levels":[{levels}]}}}}"#);
    assert_eq!(read(&many), Err(ReadError::TooManyLevels(10_001)));
}
