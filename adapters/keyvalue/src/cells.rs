//! The map as the store sees it. One has everything at hand; a [`View`] has what it was given, and notes what it was asked
//! for beyond that.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use stockroom::{Error, ErrorKind, Result};

use crate::step::Supply;

/// Cells to write: `None` where one goes.
pub type Writes = BTreeMap<String, Option<String>>;

/// The cells with keys from one on and before another, in order, at most `limit`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Range {
    /// The first key that is meant.
    pub from: String,
    /// The first after those that are meant.
    pub before: String,
    /// The most cells to give.
    pub limit: u32,
}

/// What is needed of the map, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    /// Cells by their keys.
    pub keys: Vec<String>,
    /// Cells in ranges.
    pub ranges: Vec<Range>,
}

impl Needs {
    /// Whether nothing is needed.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.ranges.is_empty()
    }
}

/// An ordered map.
pub trait Cells {
    /// A cell, `None` where there is none.
    fn get(&mut self, key: &str) -> Option<String>;

    /// The cells of a range.
    fn range(&mut self, range: &Range) -> Vec<(String, String)>;

    /// Whether all that was asked for was there to be given. What came of it counts for nothing otherwise.
    ///
    /// # Errors
    /// The store passes them on.
    fn settled(&self) -> Result<()>;

    /// Writes all or nothing.
    ///
    /// # Errors
    /// The store passes them on.
    fn commit(&mut self, writes: Writes) -> Result<()>;
}

/// What was given of the map, all of it as of one moment, and what was asked for beyond. A step and the store of its run share
/// it.
#[derive(Clone, Debug, Default)]
pub struct View(Rc<RefCell<Given>>);

#[derive(Debug, Default)]
struct Given {
    cells: BTreeMap<String, Option<String>>,
    ranges: BTreeMap<Range, Vec<(String, String)>>,
    needed_keys: BTreeSet<String>,
    needed_ranges: BTreeSet<Range>,
    written: Writes,
}

impl View {
    /// Begins a run: what was asked for and written in the one before counts for nothing.
    pub(crate) fn begin(&self) {
        let mut given = self.0.borrow_mut();
        given.needed_keys.clear();
        given.needed_ranges.clear();
        given.written.clear();
    }

    pub(crate) fn needs(&self) -> Needs {
        let given = self.0.borrow();
        Needs {
            keys: given.needed_keys.iter().cloned().collect(),
            ranges: given.needed_ranges.iter().cloned().collect(),
        }
    }

    /// Takes in what was needed.
    pub(crate) fn put(&self, needs: Needs, supply: Supply) {
        let mut given = self.0.borrow_mut();
        given.needed_keys.clear();
        given.needed_ranges.clear();
        given.cells.extend(needs.keys.into_iter().zip(supply.cells));
        for (range, cells) in needs.ranges.into_iter().zip(supply.ranges) {
            // Rows that a range brought need not be asked for by their keys.
            given.cells.extend(cells.iter().map(|(key, cell)| (key.clone(), Some(cell.clone()))));
            given.ranges.insert(range, cells);
        }
    }

    /// Ends the last run: a cell as it was given, if it was, and what was written.
    pub(crate) fn end(&self, key: &str) -> (Option<Option<String>>, Writes) {
        let mut given = self.0.borrow_mut();
        let cell = given.cells.get(key).cloned();
        (cell, std::mem::take(&mut given.written))
    }
}

impl Cells for View {
    fn get(&mut self, key: &str) -> Option<String> {
        let mut given = self.0.borrow_mut();
        if let Some(cell) = given.cells.get(key) {
            return cell.clone();
        }
        given.needed_keys.insert(key.to_owned());
        None
    }

    fn range(&mut self, range: &Range) -> Vec<(String, String)> {
        let mut given = self.0.borrow_mut();
        if let Some(cells) = given.ranges.get(range) {
            return cells.clone();
        }
        given.needed_ranges.insert(range.clone());
        Vec::new()
    }

    fn settled(&self) -> Result<()> {
        let given = self.0.borrow();
        if given.needed_keys.is_empty() && given.needed_ranges.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Busy, "keyvalue.supply", "rows are needed that were not supplied"))
    }

    fn commit(&mut self, writes: Writes) -> Result<()> {
        let mut given = self.0.borrow_mut();
        if !given.written.is_empty() {
            let message = "a step makes one commit";
            return Err(Error::new(ErrorKind::Unsupported, "keyvalue.commit", message));
        }
        given.written = writes;
        Ok(())
    }
}
