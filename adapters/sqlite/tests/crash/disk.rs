//! A disk that keeps the books of what would survive: each file as it was at its last sync, and every change since, in
//! order. It cuts its own power, or answers with an error, at a place that it is told. It knows nothing of SQLite.
//!
//! What it takes for granted is what SQLite does: a sector of 512 bytes is written whole or not at all, and bytes
//! beside a write stay as they are. Nothing else is: without a sync, changes survive in any selection, a new name is
//! gone with its file, a removed one comes back, and what a failed sync should have written is never written later.

use std::collections::BTreeMap;
use std::sync::Arc;

use stockroom_conformance::Random;

/// What a power cut writes whole or not at all.
const SECTOR: usize = 512;

/// The files of a disk, as one finds them after a cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Image(pub(crate) BTreeMap<String, Arc<Vec<u8>>>);

impl Image {
    /// The length of a file; 0 where there is none.
    pub(crate) fn len(&self, name: &str) -> usize {
        self.0.get(name).map_or(0, |bytes| bytes.len())
    }
}

/// What an operation that fails says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The disk cannot do it.
    Io,
    /// There is no room.
    Full,
}

/// What is to go wrong, and where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Nothing.
    #[default]
    Nothing,
    /// From this change on nothing works: the process is gone, or the power. The change itself is not begun, half
    /// done, or done and not answered.
    Cut { change: u64, begun: Begun },
    /// This call fails, and with `for_good` every one after it.
    Io { call: u64, for_good: bool },
    /// This call that needs room fails, and with `for_good` every one after it that needs room.
    Full { call: u64, for_good: bool },
}

/// How far the change came at which everything stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    Not,
    Half,
    Whole,
}

/// Which changes a power cut takes back of those that no sync had made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// None: the process ended, the system goes on.
    Nothing,
    /// All.
    Everything,
    /// Some, each whole, in no order.
    Some(u64),
    /// Some sectors of them.
    Sectors(u64),
    /// Those before some moment, but not those after: the disk wrote the newest first.
    Oldest(u64),
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Look,
    Create,
    Write,
    Shrink,
    Sync,
    Remove,
}

#[derive(Clone, Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Cut(usize),
}

/// Whether a change would survive a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Unsynced,
    Durable,
}

#[derive(Debug, Default)]
struct File {
    now: Vec<u8>,
    base: Arc<Vec<u8>>,
    changes: Vec<(Change, Fate)>,
    /// Changes before this one were dealt with by a sync, well or badly.
    synced: usize,
}

#[derive(Clone, Debug)]
enum Naming {
    Created(String, usize),
    Removed(String),
}

/// How much was done, to choose from where to let something go wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Everything asked of the disk.
    pub(crate) calls: u64,
    /// What changes files or makes changes durable.
    pub(crate) changes: u64,
    /// What needs room.
    pub(crate) room: u64,
}

/// The disk.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    namings: Vec<Naming>,
    plan: Plan,
    counts: Counts,
    off: bool,
    /// A disk that lies: it says that a sync was done and does nothing.
    pub(crate) ignores_syncs: bool,
}

impl Disk {
    /// A disk with these files, all durable.
    pub(crate) fn of(image: &Image) -> Self {
        let mut disk = Disk::default();
        for (name, bytes) in &image.0 {
            disk.names.insert(name.clone(), disk.files.len());
            disk.files.push(File { now: bytes.to_vec(), base: Arc::clone(bytes), ..File::default() });
        }
        disk.durable_names = disk.names.clone();
        disk
    }

    /// Lets something go wrong from now on, and counts from the beginning.
    pub(crate) fn plan(&mut self, plan: Plan) {
        (self.plan, self.counts) = (plan, Counts::default());
    }

    /// Everything works again. What was cut off stays so.
    pub(crate) fn heal(&mut self) {
        self.plan = Plan::Nothing;
    }

    /// Turns everything off now.
    pub(crate) fn cut(&mut self) {
        self.off = true;
    }

    pub(crate) fn is_off(&self) -> bool {
        self.off
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// Counts a call and says whether it may be done. A failing one may still be begun.
    fn ask(&mut self, call: Call) -> Result<(), (Fault, Begun)> {
        if self.off {
            return Err((Fault::Io, Begun::Not));
        }
        let changes = call != Call::Look;
        let room = matches!(call, Call::Create | Call::Write | Call::Sync);
        let before = self.counts;
        self.counts.calls += 1;
        self.counts.changes += u64::from(changes);
        self.counts.room += u64::from(room);
        let due = |counter: u64, at: u64, for_good: bool| counter == at || (for_good && counter > at);
        // A write that fails may have come half of the way.
        let half = if before.calls % 2 == 0 { Begun::Not } else { Begun::Half };
        match self.plan {
            Plan::Cut { change, begun } if changes && before.changes == change => {
                self.off = true;
                Err((Fault::Io, begun))
            }
            Plan::Io { call, for_good } if due(before.calls, call, for_good) => Err((Fault::Io, half)),
            Plan::Full { call, for_good } if room && due(before.room, call, for_good) => Err((Fault::Full, half)),
            _ => Ok(()),
        }
    }

    /// Opens a file, creating it where it is not there and is wanted; `None` where it is not there.
    pub(crate) fn open(&mut self, name: &str, create: bool) -> Result<Option<usize>, Fault> {
        if let Some(file) = self.names.get(name).copied() {
            return self.ask(Call::Look).map(|()| Some(file)).map_err(|(fault, _)| fault);
        }
        if !create {
            return self.ask(Call::Look).map(|()| None).map_err(|(fault, _)| fault);
        }
        let asked = self.ask(Call::Create);
        let file = self.files.len();
        if matches!(asked, Ok(()) | Err((_, Begun::Whole))) {
            self.files.push(File::default());
            self.names.insert(name.to_owned(), file);
            self.namings.push(Naming::Created(name.to_owned(), file));
        }
        asked.map(|()| Some(file)).map_err(|(fault, _)| fault)
    }

    pub(crate) fn exists(&mut self, name: &str) -> Result<bool, Fault> {
        self.ask(Call::Look).map_err(|(fault, _)| fault)?;
        // As SQLite's own for Unix: a file without anything in it is none.
        Ok(self.names.get(name).is_some_and(|file| !self.files[*file].now.is_empty()))
    }

    pub(crate) fn remove(&mut self, name: &str, sync: bool) -> Result<bool, Fault> {
        let asked = self.ask(Call::Remove);
        let known = self.names.contains_key(name);
        if known && matches!(asked, Ok(()) | Err((_, Begun::Whole))) {
            self.names.remove(name);
            self.namings.push(Naming::Removed(name.to_owned()));
            if sync && asked.is_ok() {
                self.sync_names();
            }
        }
        asked.map(|()| known).map_err(|(fault, _)| fault)
    }

    fn sync_names(&mut self) {
        if !self.ignores_syncs {
            self.durable_names.clone_from(&self.names);
            self.namings.clear();
        }
    }

    pub(crate) fn size(&mut self, file: usize) -> Result<usize, Fault> {
        self.ask(Call::Look).map_err(|(fault, _)| fault)?;
        Ok(self.files[file].now.len())
    }

    pub(crate) fn read(&mut self, file: usize, buffer: &mut [u8], at: usize) -> Result<usize, Fault> {
        self.ask(Call::Look).map_err(|(fault, _)| fault)?;
        let bytes = self.files[file].now.get(at..).unwrap_or_default();
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        Ok(count)
    }

    pub(crate) fn write(&mut self, file: usize, bytes: &[u8], at: usize) -> Result<(), Fault> {
        let asked = self.ask(Call::Write);
        let done = match asked {
            Ok(()) | Err((_, Begun::Whole)) => bytes.len(),
            Err((_, Begun::Half)) => bytes.len() / 2,
            Err((_, Begun::Not)) => 0,
        };
        if done > 0 {
            let bytes = bytes[..done].to_vec();
            put(&mut self.files[file].now, &bytes, at);
            self.files[file].changes.push((Change::Write { at, bytes }, Fate::Unsynced));
        }
        asked.map_err(|(fault, _)| fault)
    }

    pub(crate) fn truncate(&mut self, file: usize, size: usize) -> Result<(), Fault> {
        let asked = self.ask(Call::Shrink);
        if matches!(asked, Ok(()) | Err((_, Begun::Whole))) {
            self.files[file].now.resize(size, 0);
            self.files[file].changes.push((Change::Cut(size), Fate::Unsynced));
        }
        asked.map_err(|(fault, _)| fault)
    }

    /// Makes a file's changes durable and, where `names` is set, the names too. Where it fails, what should have
    /// been written is forgotten: the next sync does not write it, whatever that one says.
    pub(crate) fn sync(&mut self, file: usize, names: bool) -> Result<(), Fault> {
        let asked = self.ask(Call::Sync);
        let file = &mut self.files[file];
        if self.off || self.ignores_syncs {
            return asked.map_err(|(fault, _)| fault);
        }
        if asked.is_ok() {
            for (_, fate) in &mut file.changes[file.synced..] {
                *fate = Fate::Durable;
            }
        }
        file.synced = file.changes.len();
        if names && asked.is_ok() {
            self.sync_names();
        }
        asked.map_err(|(fault, _)| fault)
    }

    /// What one finds who turns the disk on again.
    pub(crate) fn image(&self, loss: Loss) -> Image {
        let mut random = Random::new(match loss {
            Loss::Nothing | Loss::Everything => 0,
            Loss::Some(seed) | Loss::Sectors(seed) | Loss::Oldest(seed) => seed,
        });
        let mut names = self.durable_names.clone();
        for naming in &self.namings {
            let survives = match loss {
                Loss::Nothing => true,
                Loss::Everything => false,
                Loss::Some(_) | Loss::Sectors(_) | Loss::Oldest(_) => random.percent(50),
            };
            match naming {
                Naming::Created(name, file) if survives => drop(names.insert(name.clone(), *file)),
                Naming::Removed(name) if survives => drop(names.remove(name)),
                _ => {}
            }
        }
        let bytes = |file: usize| Arc::new(self.files[file].after(loss, &mut random));
        let mut bytes = bytes;
        Image(names.into_iter().map(|(name, file)| (name, bytes(file))).collect())
    }
}

impl File {
    fn after(&self, loss: Loss, random: &mut Random) -> Vec<u8> {
        if loss == Loss::Nothing {
            return self.now.clone();
        }
        let mut bytes = self.base.to_vec();
        let unsynced = self.changes.iter().filter(|(_, fate)| *fate == Fate::Unsynced).count() as u64;
        let first_kept = random.below(unsynced + 1);
        let mut number = 0;
        for (change, fate) in &self.changes {
            let durable = *fate == Fate::Durable;
            let survives = durable
                || match loss {
                    Loss::Nothing => true,
                    Loss::Everything => false,
                    Loss::Some(_) | Loss::Sectors(_) => random.percent(50),
                    Loss::Oldest(_) => number >= first_kept,
                };
            number += u64::from(!durable);
            match change {
                Change::Write { at, bytes: written } if matches!(loss, Loss::Sectors(_)) && !durable => {
                    for (from, sector) in sectors(*at, written) {
                        if random.percent(50) {
                            put(&mut bytes, sector, from);
                        }
                    }
                }
                Change::Write { at, bytes: written } if survives => put(&mut bytes, written, *at),
                Change::Cut(size) if survives => bytes.resize(*size, 0),
                _ => {}
            }
        }
        // The file's length may have come to the disk before what is in it.
        if !matches!(loss, Loss::Everything) && unsynced > 0 && random.percent(25) {
            bytes.resize(self.now.len(), 0);
        }
        bytes
    }
}

/// Writes into a file, which grows by zeros where the place is behind its end.
fn put(file: &mut Vec<u8>, bytes: &[u8], at: usize) {
    let end = at + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[at..end].copy_from_slice(bytes);
}

/// A write in the pieces that a power cut leaves whole.
fn sectors(at: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(from..).filter(|rest| !rest.is_empty())?;
        let length = rest.len().min(SECTOR - (at + from) % SECTOR);
        let piece = (at + from, &rest[..length]);
        from += length;
        Some(piece)
    })
}

/// What these tests are is told by `main.rs`, which has no harness of its own.
pub(crate) mod tests {
    use super::*;

    fn bytes(image: &Image) -> Option<Vec<u8>> {
        image.0.get("f").map(|bytes| bytes.to_vec())
    }

    /// Only what was synced survives everything being lost; a kill loses nothing.
    pub(crate) fn only_what_is_synced_is_durable() {
        let mut disk = Disk::default();
        let file = disk.open("f", true).expect("works").expect("made");
        disk.write(file, b"one", 0).expect("works");
        assert_eq!(bytes(&disk.image(Loss::Everything)), None, "not even its name");
        disk.sync(file, false).expect("works");
        assert_eq!(bytes(&disk.image(Loss::Everything)), None, "its name is not durable yet");
        disk.sync(file, true).expect("works");
        disk.write(file, b"TWO", 1).expect("works");
        assert_eq!(bytes(&disk.image(Loss::Everything)).as_deref(), Some(b"one".as_slice()));
        assert_eq!(bytes(&disk.image(Loss::Nothing)).as_deref(), Some(b"oTWO".as_slice()));
        disk.remove("f", false).expect("works");
        assert_eq!(bytes(&disk.image(Loss::Nothing)), None);
        assert_eq!(bytes(&disk.image(Loss::Everything)).as_deref(), Some(b"one".as_slice()), "it comes back");
    }

    /// A sync that failed is not made good by the next.
    pub(crate) fn a_failed_sync_forgets() {
        let mut disk = Disk::default();
        let file = disk.open("f", true).expect("works").expect("made");
        disk.sync(file, true).expect("works");
        disk.plan(Plan::Io { call: 1, for_good: false });
        disk.write(file, b"lost", 0).expect("works");
        assert_eq!(disk.sync(file, true), Err(Fault::Io));
        disk.sync(file, true).expect("works again");
        assert_eq!(bytes(&disk.image(Loss::Everything)).as_deref(), Some(b"".as_slice()));
        disk.write(file, b"kept", 0).expect("works");
        disk.sync(file, true).expect("works");
        assert_eq!(bytes(&disk.image(Loss::Everything)).as_deref(), Some(b"kept".as_slice()));
    }

    /// Writes are torn at sectors, and every selection of them comes about.
    pub(crate) fn writes_are_torn_and_reordered() {
        let mut disk = Disk::default();
        let file = disk.open("f", true).expect("works").expect("made");
        disk.write(file, &[0; 2 * SECTOR], 0).expect("works");
        disk.sync(file, true).expect("works");
        disk.write(file, &[1; 2 * SECTOR], 0).expect("works");
        disk.write(file, &[2; SECTOR], SECTOR).expect("works");
        let seen = |loss: fn(u64) -> Loss| {
            let found = (0..200).map(|seed| bytes(&disk.image(loss(seed))).expect("it is there"));
            let mut found: Vec<[u8; 2]> = found.map(|bytes| [bytes[0], bytes[SECTOR]]).collect();
            found.sort_unstable();
            found.dedup();
            found
        };
        assert_eq!(seen(Loss::Some), [[0, 0], [0, 2], [1, 1], [1, 2]]);
        assert_eq!(seen(Loss::Sectors), [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]);
        assert_eq!(seen(Loss::Oldest), [[0, 0], [0, 2], [1, 2]]);
    }
}
