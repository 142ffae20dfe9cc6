//! What the engine makes of a store that fails: nothing is half done, the next call works, and an answer that
//! was lost after its commit is given again. The failing store wraps the one under test.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use stockroom::engine::{Changes, Needs, WorkingSet};
use stockroom::ports::{Finish, Freshness, Mode, Page, Rows, Store, Written};
use stockroom::{Code, Command, Disposition, EditOrder, Error, ErrorKind, NewOrder, Result, TimedCommand};

use crate::bench::{AnyStore, Bench, Shop, shop_over};
use crate::case::cases;
use crate::direct::at;
use crate::documents::{
    NOON, bundle, cancel, cancel_lines, channel, edit, give_back, hold, location, new_line, order, receive, release,
    ship, ship_lines, sku, transfer,
};
use crate::expect::{Expect, furnish};
use crate::scene::{first_act, second_act};

cases![failures:
    a_failure_at_any_call_leaves_nothing_half_done,
    an_answer_lost_after_the_commit_is_given_again,
    a_panic_in_the_store_fails_only_its_callers,
    a_failing_preview_changes_nothing,
    whatever_a_command_needs_comes_in_few_calls,
];

/// How the store fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fails {
    /// The call is not made.
    Before,
    /// The call is made and its success is not heard of.
    AfterCommit,
    Panics,
}

/// Fails one call: the one at which the countdown reaches zero.
struct Failing {
    store: AnyStore,
    fails: Fails,
    countdown: Arc<AtomicI64>,
}

impl Failing {
    fn count(&self) -> Result<()> {
        if self.countdown.fetch_sub(1, Ordering::SeqCst) != 1 {
            return Ok(());
        }
        match self.fails {
            Fails::Panics => panic!("the store panics, as this case wants"),
            _ => Err(Error::new(ErrorKind::Io, "test.store", "fails, as this case wants")),
        }
    }

    /// Answers are lost at commits alone.
    fn count_unless_lost(&self) -> Result<()> {
        if self.fails == Fails::AfterCommit { Ok(()) } else { self.count() }
    }
}

impl Store for Failing {
    fn begin(&mut self, mode: Mode) -> Result<Freshness> {
        self.count_unless_lost()?;
        self.store.begin(mode)
    }

    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()> {
        self.count_unless_lost()?;
        self.store.supply(needs, rows)
    }

    fn write(&mut self, changes: Changes, finish: Finish) -> Result<Written> {
        if self.fails != Fails::AfterCommit {
            if let Err(error) = self.count() {
                // A failed write ends its unit.
                self.store.rollback()?;
                return Err(error);
            }
            return self.store.write(changes, finish);
        }
        let written = self.store.write(changes, finish)?;
        if finish == Finish::Commit {
            self.count()?;
        }
        Ok(written)
    }

    fn rollback(&mut self) -> Result<()> {
        self.store.rollback()
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        self.store.page(page, limit)
    }

    fn freshness(&mut self) -> Result<Freshness> {
        self.store.freshness()
    }

    fn writes_ahead(&self) -> Option<usize> {
        self.store.writes_ahead()
    }
}

/// A shop over a failing store, and the countdown to the failure, which does not run yet.
fn failing(bench: &Bench<'_>, fails: Fails) -> (Shop, Arc<AtomicI64>) {
    let countdown = Arc::new(AtomicI64::new(0));
    let store = Failing { store: bench.store(), fails, countdown: Arc::clone(&countdown) };
    (shop_over(AnyStore::new(store)), countdown)
}

/// Does a batch with the failure at every call that it makes, until it makes no more. Returns how many calls
/// there were.
fn fail_at_every_call(shop: &Shop, countdown: &AtomicI64, commands: &[TimedCommand]) -> i64 {
    let before = shop.state();
    for calls in 1.. {
        countdown.store(calls, Ordering::SeqCst);
        let done = shop.execute_batch_at(commands.to_vec());
        let reached = countdown.swap(0, Ordering::SeqCst) <= 0;
        if !reached {
            done.expect("nothing failed");
            assert_ne!(shop.state(), before);
            return calls - 1;
        }
        let error = done.expect_err("the failure is told");
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Io, true));
        assert_eq!(shop.state(), before, "something stayed of a batch that failed at call {calls}");
        shop.sound();
    }
    0
}

fn a_failure_at_any_call_leaves_nothing_half_done(bench: &Bench<'_>) {
    let (shop, countdown) = failing(bench, Fails::Before);
    let calls = fail_at_every_call(&shop, &countdown, &first_act());
    assert!(calls >= 4, "begin, supply, write: {calls}");
    // This act searches, so that it writes in the middle of its unit too.
    let calls = fail_at_every_call(&shop, &countdown, &second_act());
    assert!(calls >= 10, "{calls}");
    shop.sound();
    let twin = shop_over(AnyStore::new(stockroom::memory::MemoryStore::new()));
    twin.execute_batch_at(first_act()).expect("works");
    twin.execute_batch_at(second_act()).expect("works");
    assert_eq!(shop.state(), twin.state());
}

fn an_answer_lost_after_the_commit_is_given_again(bench: &Bench<'_>) {
    let (shop, countdown) = failing(bench, Fails::AfterCommit);
    furnish(&shop);
    let with_key = stockroom::Command::from(receive("main", &[("mug", 1)])).with_key("delivery 7");
    for command in [order("o-1", &[("mug", 3)]).into(), hold("h-1", &[("mug", 2)], 60_000).into(), with_key] {
        countdown.store(1, Ordering::SeqCst);
        let lost = shop.execute_at(NOON, command.clone()).expect_err("the answer is lost");
        assert_eq!(lost.kind(), ErrorKind::Io);
        let state = shop.state();
        let again = shop.reply_at(NOON, command);
        assert!(again.accepted().is_ok(), "{again:?}");
        assert_eq!(shop.state(), state, "the effect came twice");
    }
    let level = shop.level("mug", "main");
    assert_eq!((level.on_hand, level.allocated, level.held), (11, 3, 2));
    shop.sound();
}

fn a_panic_in_the_store_fails_only_its_callers(bench: &Bench<'_>) {
    let (shop, countdown) = failing(bench, Fails::Panics);
    furnish(&shop);
    let before = shop.state();
    // From the first call of an order to its last.
    for calls in 1..=4 {
        countdown.store(calls, Ordering::SeqCst);
        let panicked = catch_unwind(AssertUnwindSafe(|| shop.execute_at(NOON, order("o-1", &[("mug", 3)])))).is_err();
        let reached = countdown.swap(0, Ordering::SeqCst) <= 0;
        assert_eq!(panicked, reached, "call {calls}");
        if !panicked {
            break;
        }
        assert_eq!(shop.state(), before, "call {calls}");
    }
    let reply = shop.reply_at(NOON, order("o-1", &[("mug", 3)]));
    assert!(reply.accepted().is_ok());
    assert_eq!(shop.level("mug", "main").allocated, 3);
    shop.sound();
}

fn a_failing_preview_changes_nothing(bench: &Bench<'_>) {
    let (shop, countdown) = failing(bench, Fails::Before);
    furnish(&shop);
    let before = shop.state();
    for calls in 1.. {
        countdown.store(calls, Ordering::SeqCst);
        let seen = shop.preview_at(NOON, order("o-1", &[("mug", 99)]));
        let reached = countdown.swap(0, Ordering::SeqCst) <= 0;
        assert_eq!(seen.is_err(), reached, "call {calls}");
        assert_eq!(shop.state(), before, "call {calls}");
        if !reached {
            break;
        }
    }
    shop.execute_batch_at(vec![at(NOON, order("o-1", &[("mug", 9)]))]).expect("the engine goes on");
    shop.reject(Code::InsufficientStock, order("o-2", &[("mug", 9)]));
    shop.sound();
}

/// Counts the calls that supply rows.
struct Counting {
    store: AnyStore,
    calls: Arc<AtomicI64>,
}

impl Store for Counting {
    fn begin(&mut self, mode: Mode) -> Result<Freshness> {
        self.store.begin(mode)
    }

    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.store.supply(needs, rows)
    }

    fn write(&mut self, changes: Changes, finish: Finish) -> Result<Written> {
        self.store.write(changes, finish)
    }

    fn rollback(&mut self) -> Result<()> {
        self.store.rollback()
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        self.store.page(page, limit)
    }

    fn freshness(&mut self) -> Result<Freshness> {
        self.store.freshness()
    }
}

/// A store may be a network away: the rows of many lines are asked for together, with nothing in memory too.
fn whatever_a_command_needs_comes_in_few_calls(bench: &Bench<'_>) {
    const LINES: usize = 300;
    let calls = Arc::new(AtomicI64::new(0));
    let mut store = bench.store();
    let names: Vec<String> = (0..LINES).map(|number| format!("sku {number}")).collect();
    let lines = |quantity: i64| -> Vec<(&str, i64)> { names.iter().map(|name| (name.as_str(), quantity)).collect() };
    let quantities = |quantity| -> Vec<(u32, i64)> { (1..=LINES as u32).map(|line| (line, quantity)).collect() };
    let more = EditOrder {
        add: lines(1).iter().map(|(sku, quantity)| new_line(sku, *quantity)).collect(),
        ..edit("o-1", &quantities(3))
    };
    let back: Vec<_> = (1..=LINES as u32).map(|line| (line, 1, Disposition::Restock)).collect();
    let components: Vec<(&str, i64)> = lines(1).into_iter().take(100).collect();
    let mut elsewhere = give_back("o-1", &back);
    elsewhere.lines.iter_mut().for_each(|line| line.location = Some("north".into()));
    let converts = NewOrder { hold: Some("h-2".into()), ..order("o-3", &lines(1)) };
    let commands: Vec<Command> = vec![
        receive("main", &lines(9)).into(),
        bundle("all", &components).into(),
        transfer("main", "north", &lines(2)).into(),
        hold("h-1", &lines(1), 60_000).into(),
        release("h-1").into(),
        hold("h-2", &lines(1), 60_000).into(),
        converts.into(),
        order("o-1", &lines(2)).into(),
        edit("o-1", &quantities(1)).into(),
        more.into(),
        ship_lines("o-1", &quantities(1)).into(),
        give_back("o-1", &back).into(),
        cancel_lines("o-1", &quantities(1)).into(),
        ship("o-1").into(),
        elsewhere.into(),
        order("o-2", &lines(1)).into(),
        cancel("o-2").into(),
    ];
    let mut opening: Vec<TimedCommand> = names.iter().map(|name| at(NOON, sku(name))).collect();
    opening.extend([
        at(NOON, location("main")),
        at(NOON, location("north")),
        at(NOON, channel("web", &["main", "north"])),
    ]);
    crate::direct::commit(&mut store, &opening);
    store = AnyStore::new(Counting { store, calls: Arc::clone(&calls) });
    for command in commands {
        let said: String = format!("{command:?}").chars().take(60).collect();
        let shop = shop_over(store);
        calls.store(0, Ordering::SeqCst);
        shop.accept(command);
        let made = calls.load(Ordering::SeqCst);
        assert!(made <= 5, "{made} calls: {said}");
        shop.sound();
        store = shop.into_store();
    }
}
