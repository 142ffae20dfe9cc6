//! ONE-EFFECT: a key has one effect, however often, in however many batches and under however many engines it is
//! sent.

use stockroom::{Answer, Code, Command, Reply, Subscribe, SubscribeFrom};

use crate::bench::Bench;
use crate::case::cases;
use crate::documents::{MINUTE, NOON, adjust, cancel, edit, hold, order, order_key, receive, ship, sku};
use crate::expect::{Expect, changed, small_shop};

cases![keys:
    a_command_with_a_key_has_one_effect,
    a_key_with_other_content_is_refused,
    a_refusal_is_remembered_under_its_key,
    an_orders_id_serves_as_its_key,
    a_repeated_order_gets_its_first_answer_for_ever,
    a_refused_order_stays_refused_under_its_id,
    an_id_names_one_order_whatever_the_key,
    no_key_stands_in_the_way_of_an_id,
    keys_hold_within_one_batch,
    keys_are_told_apart_to_the_byte,
    keys_of_the_full_length_fit,
    a_bad_key_is_refused_and_not_remembered,
    without_a_key_a_command_happens_as_often_as_it_is_sent,
];

fn keyed(key: &str, command: impl Into<Command>) -> Command {
    command.into().with_key(key)
}

fn a_command_with_a_key_has_one_effect(bench: &Bench<'_>) {
    let mut shop = small_shop(bench);
    let commands = [
        keyed("k-1", receive("main", &[("mug", 3)])),
        keyed("k-2", order("o-1", &[("mug", 2)])),
        keyed("k-3", hold("h-1", &[("mug", 1)], MINUTE)),
        keyed("k-4", ship("o-1")),
        keyed("k-5", adjust("plate", "main", -1)),
        keyed("k-6", Subscribe { subscription: "audit".into(), from: SubscribeFrom::Now }),
        keyed("k-7", sku("mug")),
    ];
    let first: Vec<Reply> = commands.iter().map(|command| shop.reply_at(NOON, command.clone())).collect();
    assert!(first.iter().all(|reply| reply.accepted().is_ok() && !reply.repeated), "{first:?}");
    let before = shop.state();
    for _ in 0..2 {
        for (command, first) in commands.iter().zip(&first) {
            shop.repeat(first, command.clone());
        }
        assert_eq!(shop.state(), before);
        shop = bench.restart(shop);
    }
    // At any later time, too.
    let late = shop.reply_at(NOON + 999 * MINUTE, commands[0].clone());
    assert!(late.repeated);
    assert_eq!(shop.state(), before);
    shop.sound();
}

fn a_key_with_other_content_is_refused(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let first = shop.reply_at(NOON, keyed("k", receive("main", &[("mug", 3)])));
    let shop = bench.restart(shop);
    let before = shop.state();
    shop.reject(Code::KeyReused, keyed("k", receive("main", &[("mug", 4)])));
    shop.reject(Code::KeyReused, keyed("k", receive("north", &[("mug", 3)])));
    shop.reject(Code::KeyReused, keyed("k", order("o-1", &[("mug", 1)])));
    assert_eq!(shop.order("o-1").expect("readable"), None);
    shop.repeat(&first, keyed("k", receive("main", &[("mug", 3)])));
    assert_eq!(shop.state(), before);
}

fn a_refusal_is_remembered_under_its_key(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let ask = || keyed("k", order("o-1", &[("plate", 5)]));
    let first = shop.reject(Code::InsufficientStock, ask());
    shop.accept(receive("main", &[("plate", 9)]));
    let shop = bench.restart(shop);
    let before = shop.state();
    shop.repeat(&first, ask());
    assert_eq!(shop.state(), before);
    // Under another key it is another try.
    shop.accept(keyed("k'", order("o-1", &[("plate", 5)])));
    shop.sound();
}

fn an_orders_id_serves_as_its_key(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let first = shop.reply_at(NOON, order("o-1", &[("mug", 2)]));
    let shop = bench.restart(shop);
    let before = shop.state();
    shop.repeat(&first, order("o-1", &[("mug", 2)]));
    shop.reject(Code::OrderExists, order("o-1", &[("mug", 3)]));
    assert_eq!(shop.state(), before);
}

fn a_repeated_order_gets_its_first_answer_for_ever(bench: &Bench<'_>) {
    let mut shop = small_shop(bench);
    let first = shop.reply_at(NOON, order("o-1", &[("mug", 12)]));
    let changes: [Command; 3] =
        [edit("o-1", &[(1, 3)]).into(), ship("o-1").into(), crate::documents::complete("o-1").into()];
    for change in changes {
        shop.accept(change);
        shop.repeat(&first, order("o-1", &[("mug", 12)]));
        shop = bench.restart(shop);
        shop.repeat(&first, order("o-1", &[("mug", 12)]));
    }
    let first = shop.reply_at(NOON, order("o-2", &[("mug", 1)]));
    assert_eq!(shop.accept(cancel("o-2")), changed("o-2", stockroom::OrderState::Cancelled, 1));
    let shop = bench.restart(shop);
    shop.repeat(&first, order("o-2", &[("mug", 1)]));
    shop.sound();
}

fn a_refused_order_stays_refused_under_its_id(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let first = shop.reject(Code::InsufficientStock, order("o-1", &[("plate", 5)]));
    shop.accept(receive("main", &[("plate", 9)]));
    let shop = bench.restart(shop);
    shop.repeat(&first, order("o-1", &[("plate", 5)]));
    shop.reject(Code::KeyReused, order("o-1", &[("plate", 4)]));
    shop.sound();
}

fn an_id_names_one_order_whatever_the_key(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let first = shop.reply_at(NOON, keyed("k-1", order("o-1", &[("mug", 2)])));
    let shop = bench.restart(shop);
    let before = shop.level("mug", "main");
    shop.repeat(&first, order("o-1", &[("mug", 2)]));
    shop.repeat(&first, keyed("k-2", order("o-1", &[("mug", 2)])));
    let other = shop.reject(Code::OrderExists, keyed("k-3", order("o-1", &[("mug", 3)])));
    // Those keys are used up by that.
    let shop = bench.restart(shop);
    shop.repeat(&first, keyed("k-2", order("o-1", &[("mug", 2)])));
    shop.repeat(&other, keyed("k-3", order("o-1", &[("mug", 3)])));
    shop.reject(Code::KeyReused, keyed("k-2", order("o-2", &[("mug", 1)])));
    shop.reject(Code::KeyReused, keyed("k-3", order("o-1", &[("mug", 2)])));
    assert_eq!(shop.level("mug", "main"), before);
    assert_eq!(shop.order("o-2").expect("readable"), None);
    shop.sound();
}

/// Whatever keys a caller makes up: they do not meet those that stand for the ids of orders.
fn no_key_stands_in_the_way_of_an_id(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    for key in ["o-1", "order/o-1", "order o-1", "order:o-1", "order", "order/"] {
        shop.accept(keyed(key, receive("main", &[("mug", 1)])));
    }
    shop.reject(Code::KeyInvalid, keyed(&order_key("o-1"), receive("main", &[("mug", 1)])));
    let shop = bench.restart(shop);
    shop.accept(order("o-1", &[("mug", 1)]));
    shop.reject(Code::InsufficientStock, order("o-2", &[("plate", 9)]));
    for key in ["o-2", "order/o-2"] {
        shop.accept(keyed(key, receive("main", &[("mug", 1)])));
    }
    shop.sound();
}

fn keys_hold_within_one_batch(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let commands = vec![
        keyed("k", receive("main", &[("mug", 1)])),
        keyed("k", receive("main", &[("mug", 1)])),
        keyed("k", receive("main", &[("mug", 2)])),
        order("o-1", &[("mug", 1)]).into(),
        order("o-1", &[("mug", 1)]).into(),
        order("o-1", &[("mug", 2)]).into(),
        order("o-2", &[("plate", 9)]).into(),
        order("o-2", &[("plate", 9)]).into(),
        hold("h-1", &[("mug", 1)], MINUTE).into(),
        hold("h-1", &[("mug", 1)], MINUTE).into(),
    ];
    let replies = shop.execute_batch(commands).expect("done");
    let seen: Vec<(bool, Option<Code>)> =
        replies.iter().map(|reply| (reply.repeated, reply.rejection().map(|rejection| rejection.code))).collect();
    let expected = [
        (false, None),
        (true, None),
        (false, Some(Code::KeyReused)),
        (false, None),
        (true, None),
        (false, Some(Code::OrderExists)),
        (false, Some(Code::InsufficientStock)),
        (true, Some(Code::InsufficientStock)),
        (false, None),
        (true, None),
    ];
    assert_eq!(seen, expected);
    let level = shop.level("mug", "main");
    assert_eq!((level.on_hand, level.allocated, level.held), (11, 1, 1));
    shop.sound();
}

fn keys_are_told_apart_to_the_byte(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let keys = ["k", "K", "k ", " k", "k%", "k_", "caf\u{e9}", "cafe\u{301}", "0", "00", "'k'"];
    for key in keys {
        shop.accept(keyed(key, receive("main", &[("mug", 1)])));
    }
    let shop = bench.restart(shop);
    for key in keys {
        assert!(shop.reply_at(NOON, keyed(key, receive("main", &[("mug", 1)]))).repeated, "{key:?}");
    }
    assert_eq!(shop.level("mug", "main").on_hand, 10 + keys.len() as i64);
}

fn keys_of_the_full_length_fit(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let keys = ["k".repeat(128), "é".repeat(64), "🫖".repeat(32)];
    for key in &keys {
        shop.accept(keyed(key, receive("main", &[("mug", 1)])));
    }
    let id = "ö".repeat(32);
    shop.reject(Code::InsufficientStock, order(&id, &[("plate", 9)]));
    let shop = bench.restart(shop);
    for key in &keys {
        assert!(shop.reply_at(NOON, keyed(key, receive("main", &[("mug", 1)]))).repeated, "{key:?}");
    }
    assert!(shop.reply_at(NOON, order(&id, &[("plate", 9)])).repeated);
}

fn a_bad_key_is_refused_and_not_remembered(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    let before = shop.state();
    for key in [String::new(), "k".repeat(129), "a\0b".into(), "a\nb".into()] {
        shop.reject(Code::KeyInvalid, keyed(&key, receive("main", &[("mug", 1)])));
    }
    assert_eq!(shop.state(), before);
}

fn without_a_key_a_command_happens_as_often_as_it_is_sent(bench: &Bench<'_>) {
    let shop = small_shop(bench);
    for _ in 0..3 {
        assert!(matches!(shop.accept(receive("main", &[("mug", 1)])), Answer::Moved(_)));
    }
    assert_eq!(shop.level("mug", "main").on_hand, 13);
    shop.sound();
}
