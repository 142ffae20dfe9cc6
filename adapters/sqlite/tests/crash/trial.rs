//! One point of the matrix: a scene, and one thing that goes wrong in it at one place. Says what does not hold.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, OpenFlags};
use stockroom::{Error, ErrorKind};
use stockroom_conformance::Random;

use crate::disk::{Begun, Image, Loss, Plan};
use crate::scene::{FILE, Scene, Shop, open, open_with, outcomes_of};
use crate::vfs::{Mounted, NAME};

/// The kinds of trouble, which are the rows of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trouble {
    Kill,
    KillHalfway,
    PowerAll,
    PowerSome,
    PowerSectors,
    PowerOldest,
    Again,
    IoOnce,
    IoForGood,
    FullOnce,
    FullForGood,
    Statement,
}

impl Trouble {
    pub(crate) const ALL: [Trouble; 12] = [
        Trouble::Kill,
        Trouble::KillHalfway,
        Trouble::PowerAll,
        Trouble::PowerSome,
        Trouble::PowerSectors,
        Trouble::PowerOldest,
        Trouble::Again,
        Trouble::IoOnce,
        Trouble::IoForGood,
        Trouble::FullOnce,
        Trouble::FullForGood,
        Trouble::Statement,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Trouble::Kill => "kill",
            Trouble::KillHalfway => "kill-halfway",
            Trouble::PowerAll => "power-all",
            Trouble::PowerSome => "power-some",
            Trouble::PowerSectors => "power-sectors",
            Trouble::PowerOldest => "power-oldest",
            Trouble::Again => "again",
            Trouble::IoOnce => "eio-once",
            Trouble::IoForGood => "eio-for-good",
            Trouble::FullOnce => "enospc-once",
            Trouble::FullForGood => "enospc-for-good",
            Trouble::Statement => "statement",
        }
    }

    pub(crate) fn about(self) -> &'static str {
        match self {
            Trouble::Kill => "the process is killed before a write, sync, truncation, creation or removal",
            Trouble::KillHalfway => "the process is killed in the middle of a write",
            Trouble::PowerAll => "a power cut takes all that was not synced",
            Trouble::PowerSome => "a power cut takes some of it, in no order",
            Trouble::PowerSectors => "a power cut tears it at sectors of 512 bytes",
            Trouble::PowerOldest => "a power cut takes the oldest of it and leaves the newest",
            Trouble::Again => "a cut, and up to three more during recovery",
            Trouble::IoOnce => "EIO from one operation, reads included",
            Trouble::IoForGood => "EIO from every operation from one on",
            Trouble::FullOnce => "ENOSPC from one operation that needs room",
            Trouble::FullForGood => "ENOSPC from every such operation from one on",
            Trouble::Statement => "a migration is stopped at one of its statements",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| trouble.name() == name)
    }

    /// How many places there are in a scene where it can happen.
    pub(crate) fn places(self, scene: &Scene) -> u64 {
        match self {
            Trouble::IoOnce | Trouble::IoForGood => scene.counts.calls,
            Trouble::FullOnce | Trouble::FullForGood => scene.counts.room,
            Trouble::Statement if scene.name.starts_with("migrate/") => statements(scene),
            Trouble::Statement => 0,
            _ => scene.counts.changes,
        }
    }
}

/// One point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) scene: usize,
    pub(crate) trouble: Trouble,
    /// At which change, call or call for room.
    pub(crate) place: u64,
    pub(crate) seed: u64,
}

/// A point as `--repeat` takes it.
pub(crate) struct Named<'a>(pub(crate) &'a Point, pub(crate) &'a [Scene]);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Point { scene, trouble, place, seed } = self.0;
        write!(f, "{}:{}:{place}:{seed}", self.1[*scene].name, trouble.name())
    }
}

type Judged = Result<(), String>;

/// Tries a point. A panic is a failure like any other.
pub(crate) fn judge(scene: &Scene, point: &Point) -> Judged {
    let judged = catch_unwind(AssertUnwindSafe(|| match point.trouble {
        Trouble::Kill => cut(scene, point, Begun::Not, Loss::Nothing),
        Trouble::KillHalfway => cut(scene, point, Begun::Half, Loss::Nothing),
        Trouble::PowerAll => cut(scene, point, Begun::Whole, Loss::Everything),
        Trouble::PowerSome => cut(scene, point, Begun::Whole, Loss::Some(point.seed)),
        Trouble::PowerSectors => cut(scene, point, Begun::Whole, Loss::Sectors(point.seed)),
        Trouble::PowerOldest => cut(scene, point, Begun::Whole, Loss::Oldest(point.seed)),
        Trouble::Again => cut_again(scene, point),
        Trouble::IoOnce => fail_once(scene, Plan::Io { call: point.place, for_good: false }),
        Trouble::FullOnce => fail_once(scene, Plan::Full { call: point.place, for_good: false }),
        Trouble::IoForGood => fail_for_good(scene, Plan::Io { call: point.place, for_good: true }),
        Trouble::FullForGood => fail_for_good(scene, Plan::Full { call: point.place, for_good: true }),
        Trouble::Statement => stop_a_migration(scene, point),
    }));
    judged.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(format!("panicked: {}", text.unwrap_or("without a word")))
    })
}

/// Which states a scene may be found in: so many steps were acknowledged, so many may have been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) at_least: usize,
    pub(crate) at_most: usize,
}

/// Runs a scene on a disk that stops somewhere.
pub(crate) fn run_to_the_cut(scene: &Scene, disk: &Mounted) -> Result<Done, String> {
    let mut acknowledged = 0;
    if let Ok(shop) = open_with(disk, &scene.options) {
        for (step, expected) in scene.steps.iter().zip(&scene.outcomes) {
            let Ok(replies) = shop.execute_batch_at(step.clone()) else { break };
            right(&outcomes_of(replies) == expected, || format!("step {acknowledged} was answered differently"))?;
            acknowledged += 1;
        }
    }
    Ok(Done { at_least: acknowledged, at_most: (acknowledged + 1).min(scene.steps.len()) })
}

fn cut(scene: &Scene, point: &Point, begun: Begun, loss: Loss) -> Judged {
    let disk = scene.mount(Plan::Cut { change: point.place, begun });
    let done = run_to_the_cut(scene, &disk)?;
    right(disk.disk().is_off(), || "the place was not reached".into())?;
    let image = disk.disk().image(loss);
    recovers(scene, &image, done)
}

/// A cut, and more of them while what it left is put right.
fn cut_again(scene: &Scene, point: &Point) -> Judged {
    let mut random = Random::new(point.seed);
    let disk = scene.mount(Plan::Cut { change: point.place, begun: Begun::Whole });
    let done = run_to_the_cut(scene, &disk)?;
    let mut image = disk.disk().image(any_loss(&mut random));
    for _ in 0..3 {
        let changes = put_right(&image, Plan::Nothing).1;
        if changes == 0 {
            break;
        }
        let place = Plan::Cut { change: random.below(changes), begun: Begun::Whole };
        image = put_right(&image, place).0.disk().image(any_loss(&mut random));
    }
    recovers(scene, &image, done)
}

fn any_loss(random: &mut Random) -> Loss {
    let seed = random.bits();
    random.one_of(&[Loss::Nothing, Loss::Everything, Loss::Some(seed), Loss::Sectors(seed), Loss::Oldest(seed)])
}

/// Opens what a cut left, reads, and closes, which folds the log. Says how many changes that makes.
fn put_right(image: &Image, plan: Plan) -> (Mounted, u64) {
    let disk = Mounted::new(image);
    disk.disk().plan(plan);
    if let Ok(shop) = open(&disk) {
        // It may fail: the disk is about to stop.
        drop(shop.digest());
    }
    let changes = disk.disk().counts().changes;
    (disk, changes)
}

/// The power goes, or the process, where a statement of a migration begins.
fn stop_a_migration(scene: &Scene, point: &Point) -> Judged {
    let disk = scene.mount(Plan::Nothing);
    // It fails: the disk is off.
    drop(migrate(&disk, Some(point.place)));
    right(disk.disk().is_off(), || "the statement was not reached".into())?;
    let loss = any_loss(&mut Random::new(point.seed));
    let image = disk.disk().image(loss);
    recovers(scene, &image, Done { at_least: 0, at_most: 0 })
}

/// Brings a file up to date on a connection of our own, which can see the statements. Returns how many there were. From
/// the one at `stop` on nothing reaches the disk.
fn migrate(disk: &Mounted, stop: Option<u64>) -> Result<u64, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let vfs = stockroom_sqlite::vfs_over(Some(NAME)).expect("it is there");
    let mut connection = Connection::open_with_flags_and_vfs(disk.path(FILE), flags, vfs).expect("opens");
    for (pragma, value) in [("locking_mode", "EXCLUSIVE"), ("journal_mode", "WAL"), ("synchronous", "FULL")] {
        connection.pragma_update(None, pragma, value).expect("is set");
    }
    let begun = Arc::new(AtomicU64::new(0));
    let (counter, switch) = (Arc::clone(&begun), disk.handle());
    let count = move |event: TraceEvent<'_>| {
        if matches!(event, TraceEvent::Stmt(..)) && Some(counter.fetch_add(1, Ordering::Relaxed)) == stop {
            switch.lock().unwrap_or_else(PoisonError::into_inner).cut();
        }
    };
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(count)).expect("is traced");
    stockroom_sqlite::create_tables(&mut connection)?;
    Ok(begun.load(Ordering::Relaxed))
}

/// How many statements bring a scene's file up to date.
fn statements(scene: &Scene) -> u64 {
    migrate(&scene.mount(Plan::Nothing), None).expect("it is brought up to date")
}

/// After one fault the call says what to do, and doing it leads to the end.
fn fail_once(scene: &Scene, plan: Plan) -> Judged {
    let disk = scene.mount(plan);
    let again = || open_with(&disk, &scene.options).map_err(|error| format!("it does not open again: {error}"));
    let mut shop = match open_with(&disk, &scene.options) {
        Ok(shop) => shop,
        Err(error) => {
            typed(&error, plan, true)?;
            again()?
        }
    };
    for (step, expected) in scene.outcomes.iter().enumerate() {
        let replies = match shop.execute_batch_at(scene.steps[step].clone()) {
            Ok(replies) => replies,
            Err(error) => {
                typed(&error, plan, false)?;
                at_one_of(scene, &shop, step, &error)?;
                if !error.is_retryable() {
                    drop(shop);
                    shop = again()?;
                }
                let retried = shop.execute_batch_at(scene.steps[step].clone());
                retried.map_err(|second| format!("the retry fails: {second} (first: {error})"))?
            }
        };
        right(&outcomes_of(replies) == expected, || format!("step {step} was answered differently"))?;
    }
    // All of it was acknowledged: it is there, even if the power goes before anybody closes the file.
    let all = Done { at_least: scene.steps.len(), at_most: scene.steps.len() };
    let lost = disk.disk().image(Loss::Everything);
    recovers(scene, &lost, all).map_err(|error| format!("after a power cut: {error}"))?;
    drop(shop);
    let closed = disk.disk().image(Loss::Nothing);
    recovers(scene, &closed, all)
}

/// After a failure the engine shows the state of before, or of after where the outcome is said to be open.
fn at_one_of(scene: &Scene, shop: &Shop, step: usize, error: &Error) -> Judged {
    let state = shop.digest().map_err(|second| format!("reading fails after the fault is over: {second} ({error})"))?;
    let open = matches!(error.kind(), ErrorKind::Io | ErrorKind::Aborted);
    let known = state == scene.digests[step] || (open && state == scene.digests[step + 1]);
    right(known, || format!("the state after `{error}` is neither that of before nor that of after"))
}

/// While nothing works any more, every answer is an error or right; once the disk is mended, all is there.
fn fail_for_good(scene: &Scene, plan: Plan) -> Judged {
    let disk = scene.mount(plan);
    let mut acknowledged = 0;
    match open_with(&disk, &scene.options) {
        Err(error) => typed(&error, plan, true)?,
        Ok(shop) => {
            for (step, expected) in scene.steps.iter().zip(&scene.outcomes) {
                match shop.execute_batch_at(step.clone()) {
                    Ok(replies) => {
                        let same = &outcomes_of(replies) == expected;
                        right(same, || format!("step {acknowledged} was answered differently"))?;
                        acknowledged += 1;
                    }
                    Err(error) => {
                        typed(&error, plan, false)?;
                        match broken(scene, &shop, plan, acknowledged)? {
                            true => acknowledged += 1,
                            false => break,
                        }
                    }
                }
            }
        }
    }
    disk.disk().heal();
    let done = Done { at_least: acknowledged, at_most: (acknowledged + 1).min(scene.steps.len()) };
    let [kept, lost] = [Loss::Nothing, Loss::Everything].map(|loss| disk.disk().image(loss));
    recovers(scene, &kept, done)?;
    recovers(scene, &lost, done).map_err(|error| format!("after a power cut: {error}"))
}

/// Uses an engine on a disk that is broken. Whether the same step was done when it was asked for again.
fn broken(scene: &Scene, shop: &Shop, plan: Plan, step: usize) -> Result<bool, String> {
    let [before, after] = [scene.digests[step], scene.digests[step + 1]];
    let known = |what: &str| match shop.digest() {
        Ok(state) if state == before || state == after => Ok(state),
        Ok(_) => Err(format!("{what} a read gives another state")),
        Err(error) => typed(&error, plan, false).map(|()| before),
    };
    known("on a broken disk")?;
    match shop.verify() {
        Ok(report) => right(report.is_ok(), || format!("on a broken disk: {report}"))?,
        Err(error) => typed(&error, plan, false)?,
    }
    let again = match shop.execute_batch_at(scene.steps[step].clone()) {
        Ok(replies) => {
            let same = outcomes_of(replies) == scene.outcomes[step];
            right(same, || format!("step {step} was answered differently the second time"))?;
            true
        }
        Err(error) => typed(&error, plan, false).map(|()| false)?,
    };
    known("after the second try")?;
    Ok(again)
}

/// A fault of the disk is told as one, and not as damage, or as a bug.
fn typed(error: &Error, plan: Plan, opening: bool) -> Judged {
    let right_kind = match error.kind() {
        ErrorKind::Io => true,
        ErrorKind::Full => matches!(plan, Plan::Full { .. }),
        // SQLite says only that a file cannot be opened, and not whether that will pass.
        ErrorKind::Unsupported => error.to_string().contains("cannot be opened"),
        _ => false,
    };
    let stage = if opening { "opening" } else { "working" };
    right(right_kind, || format!("the fault is told as {} while {stage}: {error}", error.kind().name()))
}

/// Opens what is left and checks it: every invariant, the state, that sending everything in doubt again leads to the
/// end, and SQLite's own view of its file.
pub(crate) fn recovers(scene: &Scene, image: &Image, done: Done) -> Judged {
    let disk = Mounted::new(image);
    let shop = open(&disk).map_err(|error| format!("it does not open: {error}"))?;
    resumes(scene, &shop, done)?;
    drop(shop);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let sound = || -> rusqlite::Result<(String, i64)> {
        let connection = Connection::open_with_flags_and_vfs(disk.path(FILE), flags, NAME)?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        let report = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        let strays = "SELECT count(*) FROM pragma_foreign_key_check";
        Ok((report, connection.query_row(strays, [], |row| row.get(0))?))
    };
    let sound = sound().map_err(|error| format!("the check of the file: {error}"))?;
    right(sound == ("ok".to_owned(), 0), || format!("the check of the file: {sound:?}"))
}

/// The engine over what is left goes on as if nothing had happened.
pub(crate) fn resumes(scene: &Scene, shop: &Shop, done: Done) -> Judged {
    let report = shop.verify().map_err(|error| format!("verify: {error}"))?;
    right(report.is_ok(), || format!("verify: {report}"))?;
    let state = shop.digest().map_err(|error| format!("reading: {error}"))?;
    let Some(found) = (done.at_least..=done.at_most).find(|step| scene.digests[*step] == state) else {
        let elsewhere = scene.digests.iter().position(|digest| *digest == state);
        let Done { at_least, at_most } = done;
        return Err(match elsewhere {
            Some(step) if step < at_least => format!("lost: {at_least} steps were acknowledged, {step} are there"),
            Some(step) => format!("{step} steps are done, {at_most} can be"),
            None => format!("the state is none of those after {at_least} to {at_most} steps"),
        });
    };
    for step in done.at_least..scene.steps.len() {
        let replies = shop.execute_batch_at(scene.steps[step].clone());
        let replies = replies.map_err(|error| format!("step {step} fails after recovery: {error}"))?;
        let repeated = replies.iter().all(|reply| reply.repeated || reply.accepted().is_err());
        right(step >= found || repeated, || format!("step {step} was there and is done again"))?;
        right(outcomes_of(replies) == scene.outcomes[step], || format!("step {step} is answered differently"))?;
    }
    let end = shop.digest().map_err(|error| format!("reading: {error}"))?;
    right(scene.digests.last() == Some(&end), || "the end is another than without a crash".into())
}

fn right(holds: bool, otherwise: impl FnOnce() -> String) -> Judged {
    if holds { Ok(()) } else { Err(otherwise()) }
}
