//! In-memory cache of users' histories, for a process that owns the database file.

use std::sync::{Arc, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use crate::records::history::UserHistory;

/// Maximum number of cached users. A history of 10,000 movies takes about 400 KB.
const CAPACITY: usize = 4096;

/// A cache of users' histories. Every change to a user's data must invalidate the user's entry.
#[derive(Debug, Default)]
pub(crate) struct HistoryCache {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Number of changes so far, used to reject histories that were read before a change.
    changes: u64,
    histories: FxHashMap<String, Arc<UserHistory>>,
}

impl HistoryCache {
    /// Returns the cached history of `user`. On a miss, returns the number of changes so far, which the caller
    /// passes to [`HistoryCache::insert`].
    pub(crate) fn get(&self, user: &str) -> Result<Arc<UserHistory>, u64> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.histories.get(user).cloned().ok_or(state.changes)
    }

    /// Caches a history that was read after `changes` changes, unless another change has happened since.
    pub(crate) fn insert(&self, user: &str, changes: u64, history: &Arc<UserHistory>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.changes == changes {
            if state.histories.len() >= CAPACITY {
                state.histories.clear();
            }
            state.histories.insert(user.to_owned(), history.clone());
        }
    }

    /// Removes the history of `user`. Must be called after every change to the user's data.
    pub(crate) fn invalidate(&self, user: &str) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.changes += 1;
        state.histories.remove(user);
    }
}
