//! Everything that is known of a person, to be taken away.

use crate::{MovieFeedback, PastImport, Preferences, Profile, Store, StoreError, WatchlistItem};

/// Everything that is known of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Everything {
    /// Their profile, if they have one.
    pub profile: Option<Profile>,
    /// Their preferences.
    pub preferences: Preferences,
    /// What they said of films, the last first.
    pub feedback: Vec<MovieFeedback>,
    /// Their watchlist, newest first.
    pub watchlist: Vec<WatchlistItem>,
    /// What they imported, the last first.
    pub imports: Vec<PastImport>,
}

impl Store {
    /// Everything that is known of a person.
    pub async fn everything(&self, user: &str) -> Result<Everything, StoreError> {
        let profile = match user.parse() {
            Ok(id) => self.profile(id).await?.filter(|profile| profile.key() == user),
            Err(_) => None,
        };
        Ok(Everything {
            profile,
            preferences: self.taste(user).await?.preferences.clone(),
            feedback: self.feedback(user).await?,
            watchlist: self.watchlist(user).await?,
            imports: self.imports(user).await?,
        })
    }
}
