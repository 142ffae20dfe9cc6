//! Steps over a map: a call is fetched for, decided and committed by the test, as a host would.

#![forbid(unsafe_code)]

mod map;

use std::cell::Cell;

use stockroom::memory::MemoryStore;
use stockroom::{Command, ErrorKind, Reply, Result, Stockroom, TimedCommand};
use stockroom_conformance::documents::{channel, location, order, receive, sku};
use stockroom_conformance::{ChannelHistory, History, WarehouseHistory};
use stockroom_keyvalue::{Cells, Decided, KeyValueStore, Needs, Range, Step, Supply, Turn, View};

use map::Map;

fn fetched(map: &Map, needs: &Needs) -> Supply {
    let mut map = map.clone();
    let cells = needs.keys.iter().map(|key| map.get(key)).collect();
    Supply { cells, ranges: needs.ranges.iter().map(|range| map.range(range)).collect() }
}

/// Runs a call to its end, and counts the turns that fetched.
fn decided<T>(map: &Map, turns: &Cell<u32>, call: impl Fn(KeyValueStore<View>) -> Result<T>) -> Result<Decided<T>> {
    let mut step = Step::new();
    loop {
        match step.advance(&call)? {
            Turn::Decided(decided) => return Ok(decided),
            Turn::Needs(needs) => {
                turns.set(turns.get() + 1);
                step.supply(fetched(map, &needs))?;
            }
        }
    }
}

/// Commits as a host's transaction does: everything, if the cell is as it was.
fn committed<T>(map: &Map, decided: &Decided<T>) -> bool {
    let mut cells = map.lock();
    if decided.expects.as_ref().is_some_and(|expects| cells.get(&expects.key) != expects.cell.as_ref()) {
        return false;
    }
    for (key, cell) in decided.writes.clone() {
        match cell {
            Some(cell) => cells.insert(key, cell),
            None => cells.remove(&key),
        };
    }
    true
}

fn done<T>(map: &Map, call: impl Fn(KeyValueStore<View>) -> Result<T>) -> T {
    let decided = decided(map, &Cell::new(0), call).expect("it is decided");
    assert!(committed(map, &decided), "nobody else writes");
    decided.answer
}

/// A call at a time.
fn at<T>(
    now_ms: i64,
    call: impl Fn(&Stockroom<KeyValueStore<View>>) -> Result<T>,
) -> impl Fn(KeyValueStore<View>) -> Result<T> {
    move |store| call(&Stockroom::new(store, move || now_ms))
}

fn mug() -> Map {
    let map = Map::default();
    let commands = [
        location("main").into(),
        channel("web", &["main"]).into(),
        sku("mug").into(),
        receive("main", &[("mug", 1)]).into(),
    ];
    for command in commands {
        let command: Command = command;
        let reply = done(&map, at(0, |shop| shop.execute(command.clone())));
        assert!(reply.accepted().is_ok(), "{reply:?}");
    }
    map
}

fn placed(id: &'static str) -> impl Fn(KeyValueStore<View>) -> Result<Reply> {
    at(1, move |shop| shop.execute(order(id, &[("mug", 1)])))
}

#[test]
fn histories_step_by_step_are_those_of_the_store_in_memory() {
    let histories: [Box<dyn Iterator<Item = TimedCommand>>; 3] =
        [Box::new(History::new(21)), Box::new(WarehouseHistory::new(22)), Box::new(ChannelHistory::new(23))];
    for (number, history) in histories.into_iter().enumerate() {
        let map = Map::default();
        let twin = Stockroom::new(MemoryStore::new(), || 0);
        for timed in history.take(250) {
            let TimedCommand { at_ms, command } = timed;
            let reply = done(&map, at(0, |shop| shop.execute_at(at_ms, command.clone())));
            assert_eq!(reply, twin.execute_at(at_ms, command.clone()).unwrap(), "history {number}: {command:?}");
        }
        // The books as one that has the whole map at hand sees them.
        let whole = Stockroom::new(KeyValueStore::new(map.clone()), || 0);
        assert_eq!(whole.digest().unwrap(), twin.digest().unwrap(), "history {number}");
        let step_by_step = done(&map, at(0, |shop| shop.digest()));
        assert_eq!(step_by_step, twin.digest().unwrap(), "history {number}");
    }
}

#[test]
fn of_two_who_decide_at_once_one_begins_again() {
    let map = mug();
    let turns = Cell::new(0);
    let (mine, theirs) = (placed("mine"), placed("theirs"));
    let one = decided(&map, &turns, &mine).unwrap();
    let other = decided(&map, &turns, &theirs).unwrap();
    assert!(one.answer.accepted().is_ok() && other.answer.accepted().is_ok(), "each saw the last unit");
    assert!(committed(&map, &other));
    assert!(!committed(&map, &one), "the cell has changed");
    let again = decided(&map, &turns, &mine).unwrap();
    assert!(again.answer.accepted().is_err(), "{:?}", again.answer);
    assert!(committed(&map, &again));
    let books = done(&map, at(2, |shop| shop.verify()));
    assert!(books.problems.is_empty(), "{books:?}");
}

#[test]
fn the_cell_that_must_hold_still_is_read_before_anything_else() {
    let map = mug();
    let mut step = Step::new();
    let order = placed("o-1");
    let Turn::Needs(first) = step.advance(&order).unwrap() else { panic!("it was given nothing") };
    assert_eq!(first, Needs { keys: vec!["revision".to_owned()], ranges: vec![] });
    // Whatever changes after this is told by the commit.
    step.supply(fetched(&map, &first)).unwrap();
    assert!(done(&map, placed("between")).accepted().is_ok());
    let late = loop {
        match step.advance(&order).unwrap() {
            Turn::Needs(needs) => step.supply(fetched(&map, &needs)).unwrap(),
            Turn::Decided(late) => break late,
        }
    };
    assert!(!committed(&map, &late));
}

#[test]
fn placing_an_order_takes_few_turns() {
    let turns = Cell::new(0);
    decided(&mug(), &turns, placed("o-1")).unwrap();
    assert!(turns.get() <= 4, "{}", turns.get());
}

#[test]
fn what_changes_nothing_writes_nothing() {
    let map = mug();
    let placed_once = done(&map, placed("o-1"));
    let before = map.lock().clone();
    let again = decided(&map, &Cell::new(0), placed("o-1")).unwrap();
    assert!(again.answer.repeated && again.answer.outcome == placed_once.outcome);
    assert!(again.writes.is_empty() && again.expects.is_some());
    let foretold = decided(&map, &Cell::new(0), at(1, |shop| shop.preview(order("o-2", &[("mug", 1)])))).unwrap();
    assert!(foretold.writes.is_empty());
    assert_eq!(*map.lock(), before);
    // Nothing was read: nothing has to hold still.
    let nothing = decided(&map, &Cell::new(0), at(1, |shop| shop.execute_batch([]))).unwrap();
    assert_eq!((nothing.expects, nothing.writes), (None, vec![]));
}

#[test]
fn what_was_not_asked_for_is_refused_and_nothing_of_it_is_taken() {
    let map = mug();
    let range = |needs: &Needs| needs.ranges.iter().position(|range| range.from.starts_with("location")).unwrap();
    type Spoil = (&'static str, fn(&mut Supply, usize, &Range));
    let spoils: [Spoil; 6] = [
        ("a cell too few", |supply, _, _| drop(supply.cells.pop())),
        ("a range too many", |supply, _, _| supply.ranges.push(vec![])),
        ("a key before the range", |supply, at, _| supply.ranges[at].insert(0, ("a".into(), "{}".into()))),
        ("a key after the range", |supply, at, range| supply.ranges[at].push((range.before.clone(), "{}".into()))),
        ("a key twice", |supply, at, _| {
            let cell = supply.ranges[at][0].clone();
            supply.ranges[at].insert(0, cell);
        }),
        ("keys out of order", |supply, at, range| {
            supply.ranges[at].insert(0, (format!("{}zz", range.from), "{}".into()));
        }),
    ];
    for (what, spoil) in spoils {
        let mut step = Step::new();
        let order = placed("o-1");
        let needs = loop {
            match step.advance(&order).unwrap() {
                Turn::Needs(needs) if needs.ranges.is_empty() => step.supply(fetched(&map, &needs)).unwrap(),
                Turn::Needs(needs) => break needs,
                Turn::Decided(_) => panic!("it needs the locations"),
            }
        };
        let mut supply = fetched(&map, &needs);
        let at = range(&needs);
        spoil(&mut supply, at, &needs.ranges[at]);
        assert_eq!(step.supply(supply).unwrap_err().kind(), ErrorKind::Malformed, "{what}");
        // It stands where it stood.
        assert_eq!(step.advance(&order).unwrap(), Turn::Needs(needs.clone()), "{what}");
        step.supply(fetched(&map, &needs)).unwrap();
        assert_eq!(step.supply(Supply::default()).unwrap_err().kind(), ErrorKind::Malformed, "nothing is needed");
    }
}

#[test]
fn what_a_newer_version_wrote_is_left_alone() {
    let map = mug();
    map.lock().insert("revision".to_owned(), r#"{"format":2,"revision":9}"#.to_owned());
    let refused = decided(&map, &Cell::new(0), placed("o-1")).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::SchemaTooNew);
    map.lock().insert("revision".to_owned(), "{}".to_owned());
    assert_eq!(decided(&map, &Cell::new(0), placed("o-1")).unwrap_err().kind(), ErrorKind::Corrupt);
}
