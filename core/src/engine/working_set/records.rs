//! Records in the working set: read, written, taken away and taken back like the rest, in one place for all kinds.

use std::collections::hash_map::Entry;

use super::*;
use crate::engine::records::{AsRow, Record, RecordKey, RecordKind};
use crate::outbox::DeliveryState;

/// A record here, and as it is stored; `None` where there is none.
#[derive(Debug)]
pub(super) struct RecordEntry {
    pub(super) now: Option<Arc<Record>>,
    pub(super) stored: Option<Arc<Record>>,
    pub(super) dirty: bool,
}

impl WorkingSet {
    /// Puts a record, or that there is none with this key.
    pub fn put_record(&mut self, key: RecordKey, record: Option<Record>) {
        let place = self.records.entry(key);
        if matches!(&place, Entry::Occupied(entry) if entry.get().dirty) {
            return;
        }
        let key = place.key();
        let wrong = match &record {
            Some(record) if record.key() != *key => Some(format!("a record has another key than {key:?}")),
            Some(record) if !record.is_sound() => Some(format!("{key:?} does not fit together")),
            _ => None,
        };
        if let Some(wrong) = wrong {
            return self.damage(|| wrong);
        }
        let row = record.map(Arc::new);
        place.insert_entry(RecordEntry { now: row.clone(), stored: row, dirty: false });
    }

    /// A record of the kind wanted.
    pub(crate) fn record<T: AsRow>(&self, key: &RecordKey) -> Result<Option<&T>, Stop> {
        match self.records.get(key) {
            Some(entry) => Ok(entry.now.as_deref().and_then(T::of)),
            None => Err(need(|needs| needs.records.push(key.clone()))),
        }
    }

    /// A record of any kind, to be kept while others are written.
    pub(crate) fn shared_record(&self, key: &RecordKey) -> Result<Option<Arc<Record>>, Stop> {
        match self.records.get(key) {
            Some(entry) => Ok(entry.now.clone()),
            None => Err(need(|needs| needs.records.push(key.clone()))),
        }
    }

    /// Asks for the records named that are not here yet.
    pub(crate) fn missing_records(&self, keys: impl Iterator<Item = RecordKey>, needs: &mut Needs) {
        needs.records.extend(keys.filter(|key| !self.records.contains_key(key)));
    }

    /// Asks for records at once, where some are not here yet.
    pub(crate) fn need_records(&self, keys: impl Iterator<Item = RecordKey>) -> Result<(), Stop> {
        let mut needs = Needs::default();
        self.missing_records(keys, &mut needs);
        if needs.is_empty() { Ok(()) } else { Err(Stop::Needs(Box::new(needs))) }
    }

    /// Asks for orders at once, where some are not here yet, with what their lines name.
    pub(crate) fn need_orders(&self, ids: &[Name]) -> Result<(), Stop> {
        let mut needs = Needs::default();
        for id in ids {
            self.missing_order(id, &[], &mut needs);
        }
        if needs.is_empty() { Ok(()) } else { Err(Stop::Needs(Box::new(needs))) }
    }

    /// Asks for the stock rows of SKUs at a location at once, where some are not here yet.
    pub(crate) fn need_stock<'s>(
        &self,
        location: LocationNumber,
        skus: impl Iterator<Item = &'s str>,
    ) -> Result<(), Stop> {
        let mut needs = Needs::default();
        for sku in skus {
            self.missing(Some(sku), None, None, &mut needs);
            self.missing_stock(sku, &[location], &mut needs);
        }
        if needs.is_empty() { Ok(()) } else { Err(Stop::Needs(Box::new(needs))) }
    }

    /// Writes a record.
    pub(crate) fn set_record(&mut self, record: impl Into<Record>) -> Result<(), Stop> {
        let record = record.into();
        self.change_record(record.key(), Some(Arc::new(record)))
    }

    /// Takes a record away.
    pub(crate) fn remove_record(&mut self, key: &RecordKey) -> Result<(), Stop> {
        self.change_record(key.clone(), None)
    }

    fn change_record(&mut self, key: RecordKey, record: Option<Arc<Record>>) -> Result<(), Stop> {
        let Some(entry) = self.records.get_mut(&key) else {
            return Err(need(|needs| needs.records.push(key)));
        };
        let before = std::mem::replace(&mut entry.now, record);
        if !entry.dirty {
            entry.dirty = true;
            self.pending.records.push(key.clone());
        }
        self.undo.push(Undo::Record(key, before));
        Ok(())
    }

    pub(super) fn take_back_record(&mut self, key: &RecordKey, before: Option<Arc<Record>>) {
        if let Some(entry) = self.records.get_mut(key) {
            entry.now = before;
        }
    }

    /// Records that only the command at hand changed are as they are stored.
    pub(super) fn clean_records(&mut self, from: usize) {
        for key in self.pending.records.drain(from..) {
            if let Some(entry) = self.records.get_mut(&key) {
                entry.dirty = false;
            }
        }
    }

    /// The records that the batch changed, in the order of their keys.
    pub(super) fn take_records(&mut self) -> Vec<RecordChange> {
        // Commands change rows of several kinds by turns, but those of one kind mostly in the order of their keys.
        let mut kinds: [Vec<RecordChange>; RecordKind::ALL.len()] = Default::default();
        let mut count = 0;
        for key in self.pending.records.drain(..) {
            let Some(entry) = self.records.get_mut(&key) else { continue };
            entry.dirty = false;
            let stored = std::mem::replace(&mut entry.stored, entry.now.clone());
            if stored != entry.now {
                let change = RecordChange { new: stored.is_none(), record: entry.now.clone(), stored, key };
                kinds[change.key.kind() as usize].push(change);
                count += 1;
            }
        }
        let mut changes = Vec::with_capacity(count);
        for mut kind in kinds {
            kind.sort_unstable_by(|one, other| one.key.cmp(&other.key));
            changes.append(&mut kind);
        }
        changes
    }

    /// Keeps the records that nearly every command of their kind asks for, and the deliveries that somebody has, of
    /// which a report comes soon.
    pub(super) fn trim_records(&mut self) {
        self.records.retain(|key, entry| match key.kind() {
            RecordKind::Destination | RecordKind::Warehouse | RecordKind::ChannelSettings => true,
            RecordKind::Delivery => {
                matches!(entry.now.as_deref(), Some(Record::Delivery(row)) if row.state == DeliveryState::Leased)
            }
            _ => false,
        });
        if self.records.len() > CACHED_RECORDS_MAX {
            self.records.clear();
        }
    }
}
