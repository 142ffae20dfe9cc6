//! Stock feeds: what is read, that long ones become several commands, and that faults name their lines.

use stockroom::fulfillment::WarehouseStock;
use stockroom_wms::feed::{FEED_FAULTS_MAX, FeedError, LEVELS_MAX, read_csv, read_json};

const TAKEN_AT_MS: i64 = 1_782_898_200_000;

fn short(read: Result<Vec<WarehouseStock>, FeedError>) -> String {
    match read {
        Ok(commands) => {
            assert!(commands.iter().all(|command| command.taken_at_ms == TAKEN_AT_MS));
            let levels = commands.iter().flat_map(|command| &command.levels);
            levels.map(|level| format!("{}={}", level.sku, level.on_hand)).collect::<Vec<_>>().join(" ")
        }
        Err(error) => {
            let faults = error.faults.iter().map(|fault| format!("{}: {}", fault.line, fault.why));
            faults.collect::<Vec<_>>().join("; ")
        }
    }
}

#[test]
fn csv_is_read_by_its_header() {
    for (feed, expected) in [
        ("sku,on_hand\na,1\nb,0\n", "a=1 b=0"),
        ("\u{feff}sku,on_hand\r\na,1\r\n", "a=1"),
        ("On_Hand;x", "1: the header has no sku"),
        ("name, on_hand ,SKU\nthe mug, 3 ,\"a,b\"\n\n\"two\nlines\",4,c\n", "a,b=3 c=4"),
        ("sku\na\n", "1: the header has no on_hand"),
        ("sku,sku,on_hand\n", "1: the header has sku twice"),
        ("", "1: the header has no sku"),
        ("sku,on_hand\n", "0: there are no levels"),
        (
            "sku,on_hand\na,1\nb\nc,x\nd,1.5\ne,-1\n,1\na,2\nf,9223372036854775808\n",
            "3: it has 1 fields, and the header has 2; 4: on_hand is no whole number; 5: on_hand is no whole number; \
          6: on_hand is below 0; 7: the SKU is empty; 8: the SKU a stands there a second time; \
          9: on_hand is no whole number",
        ),
    ] {
        assert_eq!(short(read_csv(feed.as_bytes(), TAKEN_AT_MS)), expected, "{feed:?}");
    }
    assert_eq!(
        short(read_csv(b"sku,on_hand\na,1\n\xff\xfe,2\nb,x\n", TAKEN_AT_MS)),
        "3: it is not UTF-8; 4: on_hand is no whole number"
    );
    let long = format!("sku,on_hand\n{},1\n", "x".repeat(129));
    assert_eq!(short(read_csv(long.as_bytes(), TAKEN_AT_MS)), "2: the SKU is too long");
}

#[test]
fn json_is_read_as_the_answer_to_a_check() {
    let feed = |levels: &str| format!(r#"{{"taken_at":"2026-07-01T09:30:00Z","levels":[{levels}],"more":1}}"#);
    for (feed, expected) in [
        (feed(r#"{"sku":"a","on_hand":1,"more":1},{"sku":"b","on_hand":0}"#), "a=1 b=0"),
        (feed(""), "0: there are no levels"),
        (feed(r#"{"sku":"a","on_hand":1},{"sku":"a","on_hand":1}"#), "2: the SKU a stands there a second time"),
        (
            feed(r#"{"sku":"a"},{"sku":"","on_hand":1},{"sku":"b","on_hand":-2}"#),
            "1: missing field `on_hand`; 2: the SKU is empty; 3: on_hand is below 0",
        ),
        (r#"{"taken_at":"today","levels":[]}"#.to_owned(), "0: taken_at is no time in RFC 3339"),
        ("{\n\n!".to_owned(), "3: key must be a string at line 3 column 1"),
    ] {
        assert_eq!(short(read_json(feed.as_bytes())), expected, "{feed}");
    }
}

#[test]
fn a_long_feed_becomes_several_commands() {
    for (count, sizes) in [(1, vec![1]), (LEVELS_MAX, vec![LEVELS_MAX]), (25_000, vec![LEVELS_MAX, LEVELS_MAX, 5_000])]
    {
        let lines: String = (0..count).map(|number| format!("sku-{number},{number}\n")).collect();
        let commands = read_csv(format!("sku,on_hand\n{lines}").as_bytes(), TAKEN_AT_MS).unwrap();
        assert_eq!(commands.iter().map(|command| command.levels.len()).collect::<Vec<_>>(), sizes);
        let all = commands.iter().flat_map(|command| &command.levels);
        assert!(all.enumerate().all(|(number, level)| level.sku == format!("sku-{number}")), "in their order");
    }
}

#[test]
fn faults_are_listed_to_an_end_and_then_counted() {
    let lines: String = (0..FEED_FAULTS_MAX + 7).map(|number| format!("sku-{number},x\n")).collect();
    let error = read_csv(format!("sku,on_hand\n{lines}").as_bytes(), TAKEN_AT_MS).unwrap_err();
    assert_eq!((error.faults.len(), error.more), (FEED_FAULTS_MAX, 7));
    assert_eq!(error.to_string(), "the stock feed is not used: line 2: on_hand is no whole number (and 106 more)");
}
