//! One call of the engine, step by step. The call is run from its beginning whenever more of the map is there: deciding is
//! cheap beside what fetching costs, and nothing is done before all is there.

use serde::{Deserialize, Serialize};
use stockroom::{Error, ErrorKind, Result};

use crate::cells::{Needs, Range, View};
use crate::store::{KeyValueStore, REVISION};

/// What was needed, in the order in which it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supply {
    /// A cell for each key, `None` where there is none.
    pub cells: Vec<Option<String>>,
    /// The cells of each range, with their keys, in the order of the keys.
    pub ranges: Vec<Vec<(String, String)>>,
}

/// A cell that must be as it was read for what was decided to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Its key.
    pub key: String,
    /// What it was; `None` where there was none.
    pub cell: Option<String>,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided<T> {
    /// The answer. It counts when the writes are durable.
    pub answer: T,
    /// Every commit changes this cell, so that all that was read still holds as long as it does. It was the first that was
    /// asked for. `None` where nothing was read.
    pub expects: Option<Expected>,
    /// What to write, all or nothing, in the order of the keys; empty where nothing changes. `None` is to be removed.
    pub writes: Vec<(String, Option<String>)>,
}

/// How far a step has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn<T> {
    /// These are needed: [`Step::supply`] them, and advance again.
    Needs(Needs),
    /// The end.
    Decided(Decided<T>),
}

/// A call on its way. Make a new one where the commit found that the expected cell had changed.
#[derive(Debug, Default)]
pub struct Step {
    view: View,
}

impl Step {
    /// A step that has been given nothing yet.
    pub fn new() -> Self {
        Step::default()
    }

    /// Runs a call over what was supplied so far: the closure makes a [`stockroom::Stockroom`] of the store and asks it.
    /// It must be the same call at the same time each time, and make one commit at most.
    ///
    /// # Errors
    /// The call's own; [`ErrorKind::SchemaTooNew`] where a newer version wrote the map.
    pub fn advance<T>(&mut self, call: impl FnOnce(KeyValueStore<View>) -> Result<T>) -> Result<Turn<T>> {
        self.view.begin();
        let answer = call(KeyValueStore::new(self.view.clone()));
        let needs = self.view.needs();
        if !needs.is_empty() {
            return Ok(Turn::Needs(needs));
        }
        let answer = answer?;
        let (cell, writes) = self.view.end(REVISION);
        let expects = cell.map(|cell| Expected { key: REVISION.to_owned(), cell });
        Ok(Turn::Decided(Decided { answer, expects, writes: writes.into_iter().collect() }))
    }

    /// Takes in what the last turn needed, all of it as of one moment, or as of moments between which the expected cell
    /// did not change: the commit tells.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] where it is not what was asked for. Nothing of it is taken in.
    pub fn supply(&mut self, supply: Supply) -> Result<()> {
        let needs = self.view.needs();
        let malformed = |message: String| Error::new(ErrorKind::Malformed, "keyvalue.supply", message);
        if needs.is_empty() {
            return Err(malformed("nothing is needed".to_owned()));
        }
        if (supply.cells.len(), supply.ranges.len()) != (needs.keys.len(), needs.ranges.len()) {
            return Err(malformed(format!(
                "{} cells and {} ranges are needed; there are {} and {}",
                needs.keys.len(),
                needs.ranges.len(),
                supply.cells.len(),
                supply.ranges.len()
            )));
        }
        for (range, cells) in needs.ranges.iter().zip(&supply.ranges) {
            check(range, cells).map_err(malformed)?;
        }
        self.view.put(needs, supply);
        Ok(())
    }
}

fn check(range: &Range, cells: &[(String, String)]) -> std::result::Result<(), String> {
    let Range { from, before, limit } = range;
    if cells.len() > *limit as usize {
        return Err(format!("the range from {from} has {} cells, at most {limit} are needed", cells.len()));
    }
    if let Some((key, _)) = cells.iter().find(|(key, _)| key < from || key >= before) {
        return Err(format!("{key} is not in the range from {from} before {before}"));
    }
    if let Some(pair) = cells.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
        return Err(format!("{} comes before {}: a range is in the order of its keys", pair[0].0, pair[1].0));
    }
    Ok(())
}
