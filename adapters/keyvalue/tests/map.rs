//! A map in memory that several hold, as a database of a host's would be.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use stockroom::Result;
use stockroom_keyvalue::{Cells, Range, Writes};

/// The map.
#[derive(Clone, Debug, Default)]
pub(crate) struct Map(Arc<Mutex<BTreeMap<String, String>>>);

impl Map {
    /// The cells, for one at a time.
    pub(crate) fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().expect("nobody panicked with it")
    }
}

impl Cells for Map {
    fn get(&mut self, key: &str) -> Option<String> {
        self.lock().get(key).cloned()
    }

    fn range(&mut self, range: &Range) -> Vec<(String, String)> {
        let map = self.lock();
        let cells = map.range(range.from.clone()..range.before.clone()).take(range.limit as usize);
        cells.map(|(key, cell)| (key.clone(), cell.clone())).collect()
    }

    fn settled(&self) -> Result<()> {
        Ok(())
    }

    fn commit(&mut self, writes: Writes) -> Result<()> {
        let mut map = self.lock();
        for (key, cell) in writes {
            match cell {
                Some(cell) => map.insert(key, cell),
                None => map.remove(&key),
            };
        }
        Ok(())
    }
}
