//! Levels are logged and folded into their table once in a while: nobody may see the difference, whoever folds,
//! whoever is stopped, and however many levels there are.

use stockroom::memory::MemoryStore;
use stockroom::{Command, Stockroom};
use stockroom_conformance::documents::{NOON, channel, location, order, receive, sku};
use stockroom_conformance::expect::Expect;

use crate::place::{Place, Shop};

const SKUS: usize = 1_000;

fn name(number: usize) -> String {
    format!("sku {number}")
}

fn lines(from: usize, step: usize) -> Vec<(String, i64)> {
    (from..SKUS).step_by(step).map(|number| (name(number), 1 + number as i64 % 3)).collect()
}

fn delivery(from: usize, step: usize) -> Command {
    let lines = lines(from, step);
    let lines: Vec<(&str, i64)> = lines.iter().map(|(sku, quantity)| (sku.as_str(), *quantity)).collect();
    receive("main", &lines).into()
}

fn opening() -> Vec<Command> {
    let mut commands: Vec<Command> = (0..SKUS).map(|number| sku(&name(number)).into()).collect();
    commands.push(location("main").into());
    commands.push(channel("web", &["main"]).into());
    commands
}

fn levels(shop: &Shop) -> Vec<Option<i64>> {
    let names: Vec<String> = (0..SKUS).map(name).collect();
    let pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "main")).collect();
    shop.availability(&pairs).expect("readable")
}

/// Some 60,000 changes of levels, more than are logged, by engines that take turns and are opened anew.
#[test]
fn levels_are_the_same_whoever_folds_them() {
    let place = Place::new();
    let twin = Stockroom::new(MemoryStore::new(), || NOON);
    let (mut one, mut other) = (place.shop(), place.shop());
    one.execute_batch(opening()).expect("registered");
    twin.execute_batch(opening()).expect("registered");
    for round in 0..60 {
        let command = delivery(round % 7, 1);
        let sale = order(&format!("o-{round}"), &[(&name(round), 1), (&name(SKUS - 1 - round), 1)]);
        twin.accept(command.clone());
        one.accept(command);
        twin.accept(sale.clone());
        other.accept(sale);
        if round % 3 == 0 {
            std::mem::swap(&mut one, &mut other);
        }
        match round % 20 {
            5 => one = place.shop(),
            13 => drop(other.preview(delivery(0, 1)).expect("foreseen")),
            17 => {
                assert_eq!(levels(&one), levels(&other), "round {round}");
                assert_eq!(one.state(), twin.state(), "round {round}");
            }
            _ => {}
        }
    }
    assert_eq!((one.state(), other.state()), (twin.state(), twin.state()));
    other.sound();
    drop((one, other));
    let shop = place.shop();
    assert_eq!(shop.state(), twin.state());
    shop.sound();
}

/// Levels beside each other in memory and in the table, in one batch that writes ahead and is then refused.
#[test]
fn levels_of_a_unit_that_was_dropped_are_gone() {
    let place = Place::new();
    let shop = place.shop();
    shop.execute_batch(opening()).expect("registered");
    shop.accept(delivery(0, 1));
    let before = (levels(&shop), shop.state());
    for round in 0..5 {
        drop(shop.preview(delivery(round, 1)).expect("foreseen"));
        drop(shop.preview(order("o", &[(&name(round), 1)])).expect("foreseen"));
        assert_eq!((levels(&shop), shop.state()), before, "round {round}");
    }
    assert_eq!(levels(&place.shop()), before.0);
}
