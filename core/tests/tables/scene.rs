//! Does the scenes of a table line by line. It judges nothing but the outcome that a line names, and what
//! holds of every command whatever it says: its preview tells the truth and changes nothing, the invariants
//! stand, and the scene's commands lead to the same state when they are replayed.

use stockroom::{Answer, Command, Event, Reply, TimedCommand};

use crate::common::{Replay, START_MS, Shop, digest, replayed, rows_of_the_business};
use crate::notation::{Parsed, Words, action, duration_ms};
use crate::record::record;

/// A scene under way.
pub(crate) struct Scene {
    pub(crate) shop: Shop,
    /// What the last command was answered.
    pub(crate) reply: Option<Reply>,
    /// The events that the last command made.
    pub(crate) events: Vec<Event>,
    log: Vec<TimedCommand>,
    /// What each of them was answered.
    replies: Vec<Reply>,
    /// The table and the scene's own title.
    name: (String, String),
}

/// Does every scene of a table.
#[track_caller]
pub(crate) fn run_table(file: &str, table: &str) {
    if let Some(failure) = table_failure(file, table) {
        panic!("{failure}");
    }
}

/// The first line of a table that does not hold, and why. What stands before the first scene is done at the
/// beginning of every scene.
pub(crate) fn table_failure(file: &str, table: &str) -> Option<String> {
    let mut opening: Vec<(usize, &str)> = Vec::new();
    let mut scene: Option<Scene> = None;
    for (number, line) in (1..).zip(table.lines()) {
        let line = line.split(" # ").next().unwrap_or_default();
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with("== ") {
            if let Some(fault) = scene.take().and_then(|scene| scene.end().err()) {
                return Some(format!("{file}:{number}: the scene before this line: {fault}"));
            }
            let mut begun = Scene::new(file, line.trim_start_matches("== "));
            for (number, line) in &opening {
                if let Err(fault) = begun.line(line) {
                    return Some(format!("{file}:{number}: {}\n  {fault}", line.trim()));
                }
            }
            scene = Some(begun);
        } else if let Some(scene) = &mut scene {
            if let Err(fault) = scene.line(line) {
                return Some(format!("{file}:{number}: {}\n  {fault}", line.trim()));
            }
        } else {
            opening.push((number, line));
        }
    }
    let fault = scene?.end().err()?;
    Some(format!("{file}: the last scene: {fault}"))
}

impl Scene {
    fn new(table: &str, title: &str) -> Self {
        let name = (table.to_owned(), title.to_owned());
        Scene { shop: Shop::empty(), reply: None, events: Vec::new(), log: Vec::new(), replies: Vec::new(), name }
    }

    fn line(&mut self, line: &str) -> Parsed<()> {
        if line.starts_with(' ') {
            return self.check(line.trim());
        }
        let (line, outcome) = line.split_once("=>").map_or((line, None), |(line, outcome)| (line, Some(outcome)));
        if let Some(time) = line.strip_prefix("clock ") {
            self.shop.set_clock(START_MS + duration_ms(time.trim())?);
            return Ok(());
        }
        let command = self.command(line.trim())?;
        self.execute(command)?;
        match outcome {
            Some(outcome) => self.outcome(outcome.trim()),
            None => match self.last()?.rejection() {
                Some(rejection) => Err(format!("rejected: {rejection}")),
                None => Ok(()),
            },
        }
    }

    fn command(&self, line: &str) -> Parsed<Command> {
        if line == "again" {
            return self.log.last().map(|timed| timed.command.clone()).ok_or("there was no command".to_owned());
        }
        let (key, line) = match line.strip_prefix("key ") {
            Some(rest) => rest.split_once(' ').map(|(key, line)| (Some(key), line)).ok_or("a command is missing")?,
            None => (None, line),
        };
        let action = action(line, START_MS)?.ok_or("the command is not understood")?;
        Ok(Command { key: key.map(str::to_owned), action })
    }

    fn execute(&mut self, command: Command) -> Parsed<()> {
        let fault = |error: stockroom::Error| format!("failed: {error}");
        let room = &self.shop.room;
        let (before, business_before) = (digest(room), rows_of_the_business(room));
        let foretold = room.preview(command.clone()).map_err(fault)?;
        if digest(room) != before {
            return Err("its preview changed the state".to_owned());
        }
        let last_event = self.last_event();
        let reply = room.execute(command.clone()).map_err(fault)?;
        if reply != foretold {
            return Err(format!("the preview said {foretold:?}, it became {reply:?}"));
        }
        let report = room.verify().map_err(fault)?;
        if !report.is_ok() {
            return Err(format!("the invariants: {report}"));
        }
        self.events = room.events(last_event, u32::MAX).map_err(fault)?;
        // A key of the caller's own may be used up by an answer that another gave already.
        if reply.repeated && !(self.events.is_empty() && rows_of_the_business(room) == business_before) {
            return Err("a repeated answer changed the state".to_owned());
        }
        self.log.push(TimedCommand { at_ms: self.shop.now_ms(), command });
        self.replies.push(reply.clone());
        self.reply = Some(reply);
        Ok(())
    }

    fn last_event(&self) -> u64 {
        self.shop.events().last().map_or(0, |event| event.number)
    }

    /// The scene's commands lead to the same state however they come: from a log one by one, over a store
    /// whose rows are read anew for each, and all in one batch.
    fn end(self) -> Parsed<()> {
        let state = digest(&self.shop.room);
        for how in [Replay::OneByOne, Replay::Cold, Replay::OneBatch] {
            if digest(&replayed(&self.log, how)) != state {
                return Err(format!("replayed {how:?}, it ends in another state"));
            }
        }
        let (table, title) = &self.name;
        let steps: Vec<(TimedCommand, Reply)> = self.log.into_iter().zip(self.replies).collect();
        record(table, title, &steps, &state.to_string())
    }

    pub(crate) fn last(&self) -> Parsed<&Reply> {
        self.reply.as_ref().ok_or_else(|| "there was no command".to_owned())
    }

    fn outcome(&self, expected: &str) -> Parsed<()> {
        let reply = self.last()?;
        let mut words = Words::of(expected);
        let told = match words.take("repeated") {
            true if words.is_empty() => (reply.repeated, true),
            repeated => (reply.repeated == repeated, outcome(reply, &mut words)?),
        };
        words.end()?;
        if told == (true, true) {
            return Ok(());
        }
        let faults = reply.rejection().map(ToString::to_string).unwrap_or_default();
        Err(format!("expected `{expected}`, found {reply:?} {faults}"))
    }
}

/// Whether a reply is what the words say.
fn outcome(reply: &Reply, words: &mut Words<'_>) -> Parsed<bool> {
    let word = words.next("an outcome")?;
    let answer = match reply.accepted() {
        Ok(answer) => answer,
        Err(rejection) => {
            let code = if word == "rejected" { words.next("a code")? } else { "" };
            let at = if words.take("at") { Some(words.next("a path")?) } else { None };
            let found = at.is_none_or(|at| rejection.faults.iter().any(|f| f.at == at && f.code.name() == code));
            return Ok(rejection.code.name() == code && found);
        }
    };
    if word == "rejected" {
        words.rest();
        return Ok(false);
    }
    Ok(match (word, answer) {
        ("done", Answer::Done)
        | ("unchanged", Answer::Unchanged)
        | ("held", Answer::Held(_))
        | ("pruned", Answer::Pruned(_)) => true,
        ("moved", Answer::Moved(moved)) => {
            let difference: i64 = words.number("units")?;
            let shortfall = if words.take("short") { words.number("units")? } else { 0 };
            moved.difference == difference && moved.shortfall == shortfall
        }
        ("ticked", Answer::Ticked(ticked)) => {
            let expired: u32 = words.number("holds")?;
            ticked.expired == expired && ticked.more == words.take("more")
        }
        (state, Answer::OrderPlaced(placed)) => state == placed.state.name(),
        (state, Answer::OrderChanged(changed)) => {
            let units = if words.take("units") { Some(words.number("units")?) } else { None };
            state == changed.state.name() && units.is_none_or(|units: i64| units == changed.units)
        }
        _ => false,
    })
}
