//! Users' histories in memory, for a process that owns the database file.

use std::sync::{Arc, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use crate::records::history::UserHistory;

/// Largest number of cached users. A history of ten thousand movies takes about 400 KB.
const CAPACITY: usize = 4096;

/// A cache of users' histories, invalidated after every change.
#[derive(Debug, Default)]
pub(crate) struct HistoryCache {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Number of changes so far. A history that was read before a change is not cached after it.
    changes: u64,
    histories: FxHashMap<String, Arc<UserHistory>>,
}

impl HistoryCache {
    /// Returns the cached history of `user`. On a miss, returns the number of changes so far, to be passed
    /// to [`HistoryCache::insert`].
    pub(crate) fn get(&self, user: &str) -> Result<Arc<UserHistory>, u64> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.histories.get(user).cloned().ok_or(state.changes)
    }

    /// Caches a history that was read after `changes` changes, unless there were more since.
    pub(crate) fn insert(&self, user: &str, changes: u64, history: &Arc<UserHistory>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.changes == changes {
            if state.histories.len() >= CAPACITY {
                state.histories.clear();
            }
            state.histories.insert(user.to_owned(), history.clone());
        }
    }

    /// Removes the history of `user`. Must be called after every change.
    pub(crate) fn invalidate(&self, user: &str) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.changes += 1;
        state.histories.remove(user);
    }
}
