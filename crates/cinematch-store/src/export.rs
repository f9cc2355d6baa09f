//! Exports all data stored about a user.

use crate::imports::PastImport;
use crate::records::feedback::MovieFeedback;
use crate::records::preferences::Preferences;
use crate::store::{Store, StoreFuture};
use crate::users::Profile;
use crate::watchlist::WatchlistItem;

/// All data stored about a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserExport {
    /// Profile, if the user has one.
    pub profile: Option<Profile>,
    /// Viewing preferences; the defaults if the user hasn't saved any.
    pub preferences: Preferences,
    /// Feedback, most recent first.
    pub feedback: Vec<MovieFeedback>,
    /// Watchlist, most recently added first.
    pub watchlist: Vec<WatchlistItem>,
    /// Imports, most recent first.
    pub imports: Vec<PastImport>,
}

impl Store {
    /// Returns all data stored about a user.
    pub fn export_user<'a>(&'a self, user: &'a str) -> StoreFuture<'a, UserExport> {
        Box::pin(async move {
            let profile = match user.parse() {
                Ok(id) => self.profile(id).await?.filter(|profile| profile.key() == user),
                Err(_) => None,
            };
            Ok(UserExport {
                profile,
                preferences: self.user_history(user).await?.preferences.clone(),
                feedback: self.feedback(user).await?,
                watchlist: self.watchlist(user).await?,
                imports: self.imports(user).await?,
            })
        })
    }
}
