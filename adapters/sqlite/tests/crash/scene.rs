//! What is tried: a file, what is sent to the engine over it, and what must come of it. What must come of it is told by
//! the engine over the store in memory, which knows nothing of disks.

use std::sync::Arc;

use stockroom::engine::{Outcome, Reply, StateDigest};
use stockroom::memory::MemoryStore;
use stockroom::ports::Store;
use stockroom::{Error, Stockroom, TimedCommand};
use stockroom_conformance::documents::{NOON, order, receive, sku};
use stockroom_conformance::{ChannelHistory, History, WarehouseHistory};
use stockroom_sqlite::{Durability, Options, SqliteStore};

use crate::disk::{Counts, Image, Loss, Plan};
use crate::kinds::{NOW_MS, commands, keyed, preparation};
use crate::vfs::{Mounted, NAME};

/// The database's file on every disk.
pub(crate) const FILE: &str = "shop.sqlite3";
/// Its log.
const LOG: &str = "shop.sqlite3-wal";

/// The engine over a file.
pub(crate) type Shop = Stockroom<SqliteStore>;

/// How stores are opened here.
pub(crate) fn options() -> Options {
    Options { vfs: Some(NAME), exclusive: true, busy_timeout_ms: 0, ..Options::default() }
}

/// Opens the engine on a disk.
pub(crate) fn open(disk: &Mounted) -> Result<Shop, Error> {
    open_with(disk, &options())
}

/// Opens the engine on a disk in another way.
pub(crate) fn open_with(disk: &Mounted, options: &Options) -> Result<Shop, Error> {
    Ok(Stockroom::new(SqliteStore::open_with(disk.path(FILE), options)?, || NOW_MS))
}

/// Commands that are committed together.
pub(crate) type Step = Vec<TimedCommand>;

/// One thing to try.
pub(crate) struct Scene {
    /// `kind/file`, or the name of a longer story.
    pub(crate) name: String,
    pub(crate) image: Arc<Image>,
    pub(crate) steps: Vec<Step>,
    /// The state before the first step, and after each.
    pub(crate) digests: Vec<StateDigest>,
    /// The answers of each step.
    pub(crate) outcomes: Vec<Vec<Outcome>>,
    /// What opening, all steps and closing ask of the disk.
    pub(crate) counts: Counts,
    /// Whether the log was folded into the database before the file was closed.
    pub(crate) checkpoints: bool,
    pub(crate) options: Options,
    pub(crate) syncs_are_lies: bool,
}

impl Scene {
    /// A disk with the scene's files, on which something is to go wrong.
    pub(crate) fn mount(&self, plan: Plan) -> Mounted {
        let mounted = Mounted::new(&self.image);
        {
            let mut disk = mounted.disk();
            disk.plan(plan);
            disk.ignores_syncs = self.syncs_are_lies;
        }
        mounted
    }

    /// A scene over a file that the history before it has made.
    fn new(name: String, image: &Arc<Image>, before: &[TimedCommand], steps: Vec<Step>) -> Self {
        let twin = Stockroom::new(MemoryStore::new(), || NOW_MS);
        twin.execute_batch_at(before.to_vec()).expect("the history is decided");
        let mut digests = vec![digest(&twin)];
        let mut outcomes = Vec::new();
        for step in &steps {
            outcomes.push(outcomes_of(twin.execute_batch_at(step.clone()).expect("the step is decided")));
            digests.push(digest(&twin));
        }
        let (image, counts, options) = (Arc::clone(image), Counts::default(), options());
        let mut scene =
            Scene { name, image, steps, digests, outcomes, counts, checkpoints: false, options, syncs_are_lies: false };
        (scene.counts, scene.checkpoints) = scene.undisturbed();
        scene
    }

    /// Runs it without a fault, and says what that asks of the disk.
    fn undisturbed(&self) -> (Counts, bool) {
        let disk = self.mount(Plan::Nothing);
        let shop = open_with(&disk, &self.options).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        for (step, expected) in self.steps.iter().zip(&self.outcomes) {
            let replies = shop.execute_batch_at(step.clone()).unwrap_or_else(|error| panic!("{}: {error}", self.name));
            assert_eq!(&outcomes_of(replies), expected, "{}: the two stores answer differently", self.name);
        }
        let database = disk.disk().image(Loss::Nothing).0.remove(FILE);
        drop(shop);
        let counts = disk.disk().counts();
        let shop = open(&disk).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        assert_eq!(Some(&digest(&shop)), self.digests.last(), "{}: the two stores differ", self.name);
        (counts, database.as_deref() != self.image.0.get(FILE).map(|file| &**file))
    }
}

/// What the replies say, whether they are repeated or not.
pub(crate) fn outcomes_of(replies: Vec<Reply>) -> Vec<Outcome> {
    replies.into_iter().map(|reply| reply.outcome).collect()
}

pub(crate) fn digest<S: Store>(shop: &Stockroom<S>) -> StateDigest {
    shop.digest().expect("the state can be read")
}

/// A file, and the history that is in it.
struct Kept {
    image: Arc<Image>,
    history: Vec<TimedCommand>,
}

/// How a history becomes a file.
type Making = fn(Vec<TimedCommand>) -> Kept;

/// Runs a history into the file of a disk, so many commands in a commit.
fn written(disk: &Mounted, history: &[TimedCommand], batch: usize) -> Shop {
    let shop = open(disk).expect("a new file opens");
    for commands in history.chunks(batch) {
        shop.execute_batch_at(commands.to_vec()).expect("the history is done");
    }
    shop
}

/// The file as its last user closed it: everything is in the database.
fn closed(history: Vec<TimedCommand>) -> Kept {
    let disk = Mounted::new(&Image::default());
    drop(written(&disk, &history, 8));
    let image = Arc::new(disk.disk().image(Loss::Nothing));
    assert_eq!(image.len(LOG), 0, "closing leaves no log");
    Kept { image, history }
}

/// The file as a killed process leaves it: all of the state is in the log.
fn logged(history: Vec<TimedCommand>) -> Kept {
    let disk = Mounted::new(&Image::default());
    let shop = written(&disk, &history, 8);
    let image = Arc::new(disk.disk().image(Loss::Nothing));
    drop(shop);
    assert!(image.len(LOG) > 100_000, "the log is {} bytes long", image.len(LOG));
    Kept { image, history }
}

/// A file of small pages, and a log that is about to be checkpointed: SQLite does so with the commit that makes it
/// longer than 1,000 pages.
fn filled(mut history: Vec<TimedCommand>) -> Kept {
    const PAGE: usize = 512;
    let disk = Mounted::new(&Image::default());
    {
        use rusqlite::{Connection, OpenFlags};
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = Connection::open_with_flags_and_vfs(disk.path(FILE), flags, NAME).expect("opens");
        connection.execute_batch(&format!("PRAGMA page_size = {PAGE}; PRAGMA user_version = 1")).expect("a small page");
    }
    drop(written(&disk, &history, 8));
    let shop = open(&disk).expect("opens");
    let pages = || disk.disk().image(Loss::Nothing).len(LOG) / (PAGE + 24);
    let mut per_commit = 0;
    loop {
        let before = pages();
        if before + 2 * per_commit > 1_000 {
            break;
        }
        let filler = TimedCommand { at_ms: NOW_MS, command: receive("backup", &[("plate", 1)]).into() };
        shop.execute_batch_at(vec![filler.clone()]).expect("done");
        history.push(filler);
        per_commit = pages().saturating_sub(before).max(per_commit);
    }
    let image = Arc::new(disk.disk().image(Loss::Nothing));
    drop(shop);
    Kept { image, history }
}

/// Every command of every kind over the prepared shop in each of its files, files of older schemas, and a few longer
/// stories. `wanted` says by the name of what is tried, and that of its file, whether it is wanted.
pub(crate) fn scenes(wanted: &dyn Fn(&str, &str) -> bool) -> Vec<Scene> {
    let history = preparation();
    let mut scenes = Vec::new();
    let files: [(&str, Making); 3] = [("closed", closed), ("logged", logged), ("filled", filled)];
    let mut stories: Vec<(String, Vec<Step>)> = Vec::new();
    for (name, timed) in commands() {
        let step = vec![keyed(timed, format!("crash {name}"))];
        stories.push((name, vec![step]));
    }
    stories.push(("large_batch".into(), large_batch()));
    for (file, make) in files {
        let stories: Vec<_> = stories.iter().filter(|(name, _)| wanted(name, file)).collect();
        if stories.is_empty() {
            continue;
        }
        let Kept { image, history } = make(history.clone());
        let made = stories
            .into_iter()
            .map(|(name, steps)| Scene::new(format!("{name}/{file}"), &image, &history, steps.clone()));
        scenes.extend(made);
    }
    if wanted("new_file", "none") {
        let steps = vec![vec![keyed_sku("first")], vec![keyed_sku("second")]];
        scenes.push(Scene::new("new_file/none".into(), &Arc::default(), &[], steps));
    }
    if wanted("history", "none") {
        scenes.push(Scene::new("history/none".into(), &Arc::default(), &[], a_history()));
    }
    for schema in 1..=stockroom_sqlite::SCHEMA_VERSION {
        if wanted("migrate", &schema.to_string()) {
            scenes.push(of_schema(schema));
        }
    }
    scenes
}

/// A file that a version with this schema wrote, which opening brings up to date.
fn of_schema(schema: i64) -> Scene {
    // What `tests/upgrade.rs` has put into the files.
    let history: Vec<TimedCommand> = match schema {
        1 => History::new(20).take(600).collect(),
        2 => WarehouseHistory::new(31).take(600).collect(),
        _ => ChannelHistory::new(73).take(1_200).collect(),
    };
    let path = format!("{}/tests/fixtures/schema-{schema}.sqlite3", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let image = Arc::new(Image([(FILE.to_owned(), Arc::new(bytes))].into()));
    let step = keyed(TimedCommand { at_ms: AFTER_ALL_MS, command: sku("after").into() }, "crash after");
    Scene::new(format!("migrate/{schema}"), &image, &history, vec![vec![step]])
}

/// After all that a history does.
const AFTER_ALL_MS: i64 = NOON + 900 * 24 * 3_600_000;

fn keyed_sku(name: &str) -> TimedCommand {
    keyed(TimedCommand { at_ms: NOW_MS, command: sku(name).into() }, format!("crash {name}"))
}

/// So many orders in one commit that the first are written while the rest is decided; then one more by itself.
fn large_batch() -> Vec<Step> {
    let goods = TimedCommand { at_ms: NOW_MS, command: receive("main", &[("mug", 120)]).into() };
    let timed = |id: String| TimedCommand { at_ms: NOW_MS, command: order(&id, &[("mug", 1)]).into() };
    let orders = (0..200).map(|number| timed(format!("many-{number}")));
    vec![std::iter::once(keyed(goods, "crash goods")).chain(orders).collect(), vec![timed("one more".into())]]
}

/// A shop's life from the first day on, with warehouses and channels: several commits into a file that is not there.
fn a_history() -> Vec<Step> {
    let commands: Vec<TimedCommand> = ChannelHistory::new(7).take(240).collect();
    let named = |(number, timed): (usize, TimedCommand)| match timed.command.key {
        Some(_) => timed,
        None => keyed(timed, format!("crash {number}")),
    };
    let commands: Vec<TimedCommand> = commands.into_iter().enumerate().map(named).collect();
    commands.chunks(12).map(<[TimedCommand]>::to_vec).collect()
}

/// The same over a store that does not sync its commits.
pub(crate) fn careless(scene: Scene) -> Scene {
    let options = Options { durability: Durability::Normal, ..scene.options };
    let mut scene = Scene { options, ..scene };
    (scene.counts, scene.checkpoints) = scene.undisturbed();
    scene
}

/// The same on disks that say that they have synced, and have not.
pub(crate) fn lied_to(scene: Scene) -> Scene {
    Scene { syncs_are_lies: true, ..scene }
}
