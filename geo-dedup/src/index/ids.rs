//! Which alert bears an id: a table that holds 4 bytes for each, and looks for the id itself in the alert.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use crate::candidate::AlertId;

/// Slots by id. The caller says which id stands at a slot.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids(HashTable<u32>);

impl Ids {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn find(&self, id: AlertId, id_at: impl Fn(u32) -> Option<AlertId>) -> Option<u32> {
        self.0.find(hash(id), |slot| id_at(*slot) == Some(id)).copied()
    }

    /// Adds an id that is not there yet, and stands at its slot already.
    pub(super) fn insert(&mut self, id: AlertId, slot: u32, id_at: impl Fn(u32) -> Option<AlertId>) {
        let rehash = |slot: &u32| id_at(*slot).map_or(0, hash);
        self.0.insert_unique(hash(id), slot, rehash);
    }

    /// Forgets an id; it may have left its slot already.
    pub(super) fn remove(&mut self, id: AlertId, slot: u32) {
        if let Ok(entry) = self.0.find_entry(hash(id), |known| *known == slot) {
            entry.remove();
        }
    }
}

fn hash(id: AlertId) -> u64 {
    FxBuildHasher.hash_one(id)
}
