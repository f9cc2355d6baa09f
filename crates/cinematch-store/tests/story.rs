//! Scenario tests for the store, on SQLite and PostgreSQL.

mod databases;

use cinematch::ids::MovieId;
use cinematch::rating::Stars;
use cinematch_store::*;
use databases::{Database, databases};

fn item(id: u32) -> NewWatchlistItem {
    NewWatchlistItem {
        movie_id: MovieId(id),
        title: format!("Film {id}"),
        year: Some(1999),
        service: Some("MUBI".to_owned()),
    }
}

async fn watchlist_of(store: &Store, user: &str) -> Vec<(u32, bool)> {
    let items = store.watchlist(user).await.unwrap();
    items.iter().map(|item| (item.movie_id.0, item.watched)).collect()
}

fn like() -> FeedbackUpdate {
    FeedbackUpdate { reaction: Some(Reaction::Like), ..FeedbackUpdate::default() }
}

fn rate(stars: f32) -> FeedbackUpdate {
    FeedbackUpdate { stars: Stars::from_value(stars), ..FeedbackUpdate::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn data_of_a_household_round_trips_until_it_is_deleted() {
    for database in databases("data_of_a_household_round_trips_until_it_is_deleted").await {
        let store = database.open().await;
        watchlists(&store).await;
        profiles(&store).await;
        preferences_and_feedback(&store).await;
        imports(&store).await;
        sessions_and_keys(&store).await;
        export_and_deletion(&store, &database).await;
    }
}

async fn watchlists(store: &Store) {
    assert!(watchlist_of(store, "ada").await.is_empty());
    assert_eq!(store.add_to_watchlist("ada".into(), item(1), 10).await.unwrap(), AddOutcome::Added);
    assert_eq!(store.add_to_watchlist("ada".into(), item(2), 10).await.unwrap(), AddOutcome::Added);
    assert_eq!(
        store.add_to_watchlist("ada".into(), item(1), 99).await.unwrap(),
        AddOutcome::AlreadyPresent
    );
    assert_eq!(
        store.add_to_watchlist("o'bob; --".into(), item(2), 10).await.unwrap(),
        AddOutcome::Added
    );
    assert_eq!(watchlist_of(store, "ada").await, [(2, false), (1, false)]);
    assert_eq!(store.watchlist("ada").await.unwrap()[1].added_at, 10);

    let title = store.set_watched("ada", MovieId(1), true, 11).await.unwrap();
    assert_eq!(title.as_deref(), Some("Film 1"));
    assert_eq!(watchlist_of(store, "ada").await, [(2, false), (1, true)]);
    assert_eq!(
        store.user_history("ada").await.unwrap().movie_ids().collect::<Vec<_>>(),
        [MovieId(1)]
    );
    store.set_watched("ada", MovieId(1), false, 12).await.unwrap();
    assert_eq!(watchlist_of(store, "ada").await, [(2, false), (1, false)]);
    assert_eq!(store.user_history("ada").await.unwrap().movie_ids().count(), 0);
    assert_eq!(store.set_watched("ada", MovieId(7), true, 12).await.unwrap(), None);

    assert!(store.remove_from_watchlist("ada", MovieId(2), 13).await.unwrap());
    assert!(!store.remove_from_watchlist("ada", MovieId(2), 13).await.unwrap());
    assert_eq!(watchlist_of(store, "o'bob; --").await, [(2, false)]);
    assert_eq!(store.user_history("ada").await.unwrap().watchlist, [MovieId(1)]);
}

async fn profiles(store: &Store) {
    let unknown = store.identify("eve@example.org", None, 20).await.unwrap();
    assert_eq!(unknown, Identified::Unknown);
    // A new profile never gets an ID that is already in use as a user key.
    let next = 4;
    store.add_to_watchlist(next.to_string().as_str().into(), item(9), 20).await.unwrap();
    let identified = store.identify("Eve@Example.org", Some("Eve"), 20).await.unwrap();
    let Identified::New(eve) = identified else { panic!("{identified:?}") };
    assert_eq!((eve.email.as_str(), eve.name.as_str()), ("eve@example.org", "Eve"));
    assert_ne!(eve.id, next);
    assert!(watchlist_of(store, &eve.key()).await.is_empty());
    let known = store.identify("EVE@example.org", Some("Mallory"), 99).await.unwrap();
    assert_eq!(known, Identified::Existing(eve.clone()));
    assert_eq!(store.profile(eve.id).await.unwrap(), Some(eve.clone()));
    assert_eq!(store.profile(1).await.unwrap(), None, "ada has no profile");
    let duplicate = NewProfile {
        email: "eve@example.ORG".to_owned(),
        name: "E".to_owned(),
        password_hash: None,
    };
    assert!(matches!(store.add_profile(duplicate, 30).await, Err(StoreError::EmailTaken)));
    assert!(store.set_password("eve@example.org", "$hash".to_owned()).await.unwrap());
    assert!(!store.set_password("nobody@example.org", "$hash".to_owned()).await.unwrap());
    let accounts = store.accounts().await.unwrap();
    assert_eq!(accounts, [Account { profile: eve, password_hash: Some("$hash".to_owned()) }]);
}

async fn preferences_and_feedback(store: &Store) {
    let preferences = Preferences {
        preferred_genres: vec!["sci-fi".to_owned(), "a \"b\" c".to_owned()],
        runtime_max: Some(120),
        region: Some("DE".to_owned()),
        max_age: Some(6),
        ..Preferences::default()
    };
    assert_eq!(store.user_history("ada").await.unwrap().preferences, Preferences::default());
    store.set_preferences("ada".into(), preferences.clone(), 40).await.unwrap();
    let stored = Preferences { updated_at: Some(40), ..preferences };
    assert_eq!(store.user_history("ada").await.unwrap().preferences, stored);
    store.set_services("ada".into(), vec!["MUBI".to_owned()], None, 41).await.unwrap();
    let services = vec!["MUBI".to_owned()];
    let changed = Preferences { services, region: None, updated_at: Some(41), ..stored };
    assert_eq!(store.user_history("ada").await.unwrap().preferences, changed);
    store.set_novelty("ada".into(), -50, 42).await.unwrap();
    let changed = Preferences { novelty_percent: -50, updated_at: Some(42), ..changed };
    assert_eq!(store.user_history("ada").await.unwrap().preferences, changed);
    let region = Some("US".to_owned());
    store.set_services("new".into(), Vec::new(), region.clone(), 42).await.unwrap();
    let first = Preferences { region, updated_at: Some(42), ..Preferences::default() };
    assert_eq!(store.user_history("new").await.unwrap().preferences, first);
    store.set_novelty("newer".into(), 100, 42).await.unwrap();
    assert_eq!(store.user_history("newer").await.unwrap().preferences.novelty_percent, 100);
    assert!(store.delete_user("newer", "newer".to_owned(), 42).await.unwrap().is_some());
    assert!(store.delete_user("new", "new".to_owned(), 42).await.unwrap().is_some());

    store.update_feedback("ada".into(), MovieId(5), like(), 50).await.unwrap();
    store.update_feedback("ada".into(), MovieId(6), rate(4.5), 51).await.unwrap();
    let dislike =
        FeedbackUpdate { reaction: Some(Reaction::NotInterested), ..FeedbackUpdate::default() };
    store.update_feedback("ada".into(), MovieId(7), dislike, 52).await.unwrap();
    let history = store.user_history("ada").await.unwrap();
    assert_eq!(history.liked().collect::<Vec<_>>(), [MovieId(5)]);
    assert_eq!(history.disliked().collect::<Vec<_>>(), [MovieId(7)]);
    assert_eq!(history.rated().next().unwrap().1.halves(), 9);

    // A contradictory update clears the earlier value and leaves the others unchanged.
    let feedback = store.update_feedback("ada".into(), MovieId(5), rate(1.0), 53).await.unwrap();
    assert_eq!((feedback.reaction, feedback.stars.map(Stars::value)), (None, Some(1.0)));
    let feedback = store.update_feedback("ada".into(), MovieId(5), like(), 54).await.unwrap();
    assert_eq!((feedback.reaction, feedback.stars), (Some(Reaction::Like), None));
    let feedback = store.update_feedback("ada".into(), MovieId(6), like(), 55).await.unwrap();
    assert_eq!(
        (feedback.reaction, feedback.stars.map(Stars::value)),
        (Some(Reaction::Like), Some(4.5))
    );
    let watched = FeedbackUpdate { watched: Some(true), ..FeedbackUpdate::default() };
    store.update_feedback("ada".into(), MovieId(6), watched, 56).await.unwrap();
    let order: Vec<u32> =
        store.feedback("ada").await.unwrap().iter().map(|movie| movie.movie_id.0).collect();
    assert_eq!(order, [6, 5, 7], "most recent first");

    assert!(store.delete_feedback("ada", MovieId(7), 57).await.unwrap());
    assert!(!store.delete_feedback("ada", MovieId(7), 57).await.unwrap());
    assert_eq!(store.reset_feedback("ada", 60).await.unwrap(), 2);
    assert_eq!(store.reset_feedback("ada", 61).await.unwrap(), 0);
    assert_eq!(store.reset_feedback("nobody", 61).await.unwrap(), 0);
    let remaining = store.feedback("ada").await.unwrap();
    assert_eq!(remaining.len(), 1, "the watched mark is not deleted");
    assert!(
        remaining[0].watched && remaining[0].stars.is_none() && remaining[0].reaction.is_none()
    );
}

async fn imports(store: &Store) {
    let movies = || {
        let movie = |id: u32| ImportedMovie {
            item: NewWatchlistItem { service: None, ..item(id) },
            stars: None,
            liked: false,
            watched: false,
            listed: false,
        };
        let mut movies: Vec<ImportedMovie> = (1000..3000).map(movie).collect();
        for (at, movie) in movies.iter_mut().enumerate() {
            match at % 4 {
                0 => movie.stars = Stars::from_halves((at % 10) as u8 + 1),
                1 => movie.liked = true,
                2 => movie.watched = true,
                _ => movie.listed = true,
            }
        }
        movies
    };
    let record = || ImportRecord {
        service: "letterboxd".to_owned(),
        file: "letterboxd.zip".to_owned(),
        rows: 2100,
        matched: 2000,
    };
    store.update_feedback("ada".into(), MovieId(1000), rate(5.0), 70).await.unwrap();
    store.update_feedback("ada".into(), MovieId(1003), watched(), 70).await.unwrap();
    let changes = store.import("ada".into(), movies(), record(), 71).await.unwrap();
    // Imports don't replace the user's own ratings or add watched movies to the watchlist.
    let expected = ImportChanges { added: 1499, changed: 0, kept: 1, unchanged: 1, listed: 499 };
    assert_eq!(changes, expected);
    let before = (store.feedback("ada").await.unwrap(), store.watchlist("ada").await.unwrap());
    let again = store.import("ada".into(), movies(), record(), 99).await.unwrap();
    assert_eq!(again, ImportChanges { unchanged: 1999, kept: 1, ..ImportChanges::default() });
    let after = (store.feedback("ada").await.unwrap(), store.watchlist("ada").await.unwrap());
    assert_eq!(before, after, "a second import changes nothing");
    let past = store.imports("ada").await.unwrap();
    let expected = PastImport { id: past[0].id, record: record(), changed: 1998, imported_at: 71 };
    assert_eq!(past, [expected]);
    let rated = store.user_history("ada").await.unwrap();
    assert_eq!(rated.rated().next().unwrap(), (MovieId(1000), Stars::from_halves(10).unwrap()));
    // Values from a newer export replace those from an older one.
    let newer = || {
        let mut movies = movies();
        movies[4].stars = Stars::from_halves(2);
        movies
    };
    let changes = store.import("ada".into(), newer(), record(), 72).await.unwrap();
    assert_eq!((changes.changed, changes.kept), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn distinguishes_imports_and_feedback_of_the_same_millisecond() {
    const NOW: i64 = 71;
    for database in databases("distinguishes_imports_and_feedback_of_the_same_millisecond").await {
        let store = database.open().await;
        let import = async |id: u32, stars: f32| {
            let movie = ImportedMovie {
                item: item(id),
                stars: Stars::from_value(stars),
                liked: false,
                watched: false,
                listed: false,
            };
            let record = ImportRecord {
                service: "imdb".to_owned(),
                file: format!("{id}.csv"),
                rows: 1,
                matched: 1,
            };
            store.import("ada".into(), vec![movie], record, NOW).await.unwrap()
        };
        let stored = async |id: u32| {
            let history = store.user_history("ada").await.unwrap();
            let movie = history.movies.iter().find(|movie| movie.movie_id.0 == id).unwrap();
            (movie.stars.map(Stars::value), movie.import_id)
        };
        import(1, 3.0).await;
        import(2, 3.0).await;
        let past = store.imports("ada").await.unwrap();
        assert_eq!(past.len(), 2);
        assert_ne!(past[0].id, past[1].id);
        assert_eq!(stored(2).await, (Some(3.0), Some(past[0].id)));
        assert_eq!(stored(1).await, (Some(3.0), Some(past[1].id)));
        // The user's own rating survives an import in the same millisecond; an imported rating doesn't.
        store.update_feedback("ada".into(), MovieId(1), rate(5.0), NOW).await.unwrap();
        assert_eq!(import(1, 1.0).await, ImportChanges { kept: 1, ..ImportChanges::default() });
        assert_eq!(import(2, 1.0).await, ImportChanges { changed: 1, ..ImportChanges::default() });
        assert_eq!(stored(1).await, (Some(5.0), None));
        let newest = store.imports("ada").await.unwrap()[0].id;
        assert_eq!(stored(2).await, (Some(1.0), Some(newest)));
        // Undo restores the import ID only if the import belongs to the user.
        let snapshot = store.movie_snapshot("ada", MovieId(2)).await.unwrap();
        store.delete_feedback("ada", MovieId(2), NOW).await.unwrap();
        store.restore_movie("ada".into(), MovieId(2), snapshot.clone(), NOW).await.unwrap();
        assert_eq!(stored(2).await, (Some(1.0), Some(newest)));
        store.update_feedback("bob".into(), MovieId(2), rate(5.0), NOW).await.unwrap();
        store.restore_movie("bob".into(), MovieId(2), snapshot, NOW).await.unwrap();
        assert_eq!(store.feedback("bob").await.unwrap()[0].import_id, None);
    }
}

fn watched() -> FeedbackUpdate {
    FeedbackUpdate { watched: Some(true), ..FeedbackUpdate::default() }
}

async fn sessions_and_keys(store: &Store) {
    let eve = store.account("eve@example.org").await.unwrap().unwrap().profile;
    store.begin_session("aa".to_owned(), eve.id, 80, 100).await.unwrap();
    store.begin_session("bb".to_owned(), eve.id, 80, 200).await.unwrap();
    assert_eq!(store.session("aa", 99).await.unwrap(), Some(eve.clone()));
    assert_eq!(store.session("aa", 100).await.unwrap(), None, "the session has expired");
    assert_eq!(store.session("cc", 99).await.unwrap(), None);
    store.end_session("aa").await.unwrap();
    assert_eq!(store.session("aa", 99).await.unwrap(), None);
    store.set_password("eve@example.org", "$other".to_owned()).await.unwrap();
    assert_eq!(
        store.session("bb", 99).await.unwrap(),
        None,
        "changing the password ends all sessions"
    );

    let key = NewKey {
        id: "k1".to_owned(),
        name: "phone".to_owned(),
        secret_hash: "ff".to_owned(),
        scope: Scope::Write,
    };
    store.add_key(key.clone(), 81).await.unwrap();
    let stored = ApiKey { key, created_at: 81, revoked_at: None };
    assert_eq!(store.key("k1").await.unwrap(), Some(stored));
    assert!(store.revoke_key("k1", 82).await.unwrap());
    assert!(!store.revoke_key("k1", 83).await.unwrap());
    assert_eq!(store.keys().await.unwrap()[0].revoked_at, Some(82));
}

async fn export_and_deletion(store: &Store, database: &Database) {
    let export = store.export_user("ada").await.unwrap();
    assert_eq!((export.feedback.len(), export.watchlist.len()), (1502, 500));
    let receipt = store.delete_user("ada", "r1".to_owned(), 90).await.unwrap().unwrap();
    assert_eq!(receipt.deleted["feedback"], 1502);
    assert_eq!((receipt.deleted["watchlist"], receipt.deleted["users"]), (500, 1));
    let empty = store.export_user("ada").await.unwrap();
    assert!(empty.feedback.is_empty() && empty.watchlist.is_empty());
    assert_eq!(store.user_history("ada").await.unwrap(), UserHistory::default().into());
    assert_eq!(store.delete_user("ada", "r2".to_owned(), 91).await.unwrap(), None);
    assert_eq!(
        watchlist_of(store, "o'bob; --").await,
        [(2, false)],
        "the data of other users is unchanged"
    );
    let eve = store.account("eve@example.org").await.unwrap().unwrap().profile;
    store.delete_user(&eve.key(), "r3".to_owned(), 92).await.unwrap().unwrap();
    // Requests that arrive after the deletion do not recreate the profile.
    let late = store.update_feedback((&eve).into(), MovieId(1), like(), 92).await;
    assert!(matches!(late, Err(StoreError::ProfileDeleted)), "{late:?}");
    let late = store.add_to_watchlist((&eve).into(), item(1), 92).await;
    assert!(matches!(late, Err(StoreError::ProfileDeleted)), "{late:?}");
    let late = store.set_preferences((&eve).into(), Preferences::default(), 92).await;
    assert!(matches!(late, Err(StoreError::ProfileDeleted)), "{late:?}");
    let late = store.begin_session("dd".to_owned(), eve.id, 92, 200).await;
    assert!(matches!(late, Err(StoreError::ProfileDeleted)), "{late:?}");
    assert_eq!(store.delete_user(&eve.key(), "r4".to_owned(), 92).await.unwrap(), None);
    if let Some(file) = database.address.file() {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        // Secure delete: neither the file nor its write-ahead log contains traces of the users.
        for part in ["", "-wal"] {
            let bytes = std::fs::read(format!("{}{part}", file.display())).unwrap_or_default();
            for trace in ["ada", "eve@example.org", "letterboxd.zip"] {
                let found = bytes.windows(trace.len()).any(|bytes| bytes == trace.as_bytes());
                assert!(!found, "{trace} remains in the file{part}");
            }
        }
    }
    // IDs of deleted profiles are not reused.
    let identified = store.identify("bob@example.org", Some("Bob"), 93).await.unwrap();
    assert!(matches!(identified, Identified::New(bob) if bob.id > eve.id));
}

/// Cached results are keyed by the data version, so every write by any server must change it.
#[tokio::test(flavor = "multi_thread")]
async fn data_version_changes_with_every_change_and_only_then() {
    for database in databases("data_version_changes_with_every_change_and_only_then").await {
        let store = database.open().await;
        // A second server on the same database. An SQLite file allows only one server.
        let other = match database.address.file() {
            Some(_) => store.clone(),
            None => database.open().await,
        };
        let mut seen = Vec::new();
        let mut assert_changed = async |what: &str| {
            let version = store.data_version("ada").await.unwrap();
            assert_eq!(other.data_version("ada").await.unwrap(), version, "{what}");
            assert_eq!(other.user_history("ada").await.unwrap().data_version, version, "{what}");
            assert!(!seen.contains(&version), "{what}: {version:?}");
            seen.push(version);
        };
        assert_changed("unknown user").await;
        store.update_feedback("ada".into(), MovieId(1), like(), 10).await.unwrap();
        assert_changed("feedback").await;
        // Setting the clock back has the same effect as two changes within one millisecond.
        store.update_feedback("ada".into(), MovieId(2), like(), 9).await.unwrap();
        assert_changed("feedback with an earlier time").await;
        store.delete_feedback("ada", MovieId(2), 9).await.unwrap();
        assert_changed("feedback deleted").await;
        store.add_to_watchlist("ada".into(), item(3), 20).await.unwrap();
        assert_changed("listed").await;
        store.set_watched("ada", MovieId(3), true, 20).await.unwrap();
        assert_changed("watched").await;
        store.remove_from_watchlist("ada", MovieId(3), 20).await.unwrap();
        assert_changed("removed").await;
        store.set_preferences("ada".into(), Preferences::default(), 20).await.unwrap();
        assert_changed("preferences").await;
        store.set_services("ada".into(), Vec::new(), None, 20).await.unwrap();
        assert_changed("services").await;
        let record = ImportRecord {
            service: "imdb".to_owned(),
            file: "ratings.csv".to_owned(),
            rows: 1,
            matched: 1,
        };
        let movie = ImportedMovie {
            item: item(4),
            stars: None,
            liked: true,
            watched: false,
            listed: false,
        };
        store.import("ada".into(), vec![movie], record, 30).await.unwrap();
        assert_changed("imported").await;
        store.reset_feedback("ada", 30).await.unwrap();
        assert_changed("reset").await;
        let snapshot = store.movie_snapshot("ada", MovieId(3)).await.unwrap();
        store.restore_movie("ada".into(), MovieId(3), snapshot, 30).await.unwrap();
        assert_changed("restored").await;
        let before = store.data_version("ada").await.unwrap();
        assert!(!store.delete_feedback("ada", MovieId(77), 40).await.unwrap());
        assert!(!store.remove_from_watchlist("ada", MovieId(77), 40).await.unwrap());
        assert_eq!(store.set_watched("ada", MovieId(77), true, 40).await.unwrap(), None);
        store.update_feedback("bob".into(), MovieId(1), like(), 40).await.unwrap();
        assert_eq!(store.data_version("ada").await.unwrap(), before, "Ada's data did not change");
        store.delete_user("ada", "r1".to_owned(), 50).await.unwrap().unwrap();
        assert_eq!(store.data_version("ada").await.unwrap(), None);
        store.update_feedback("ada".into(), MovieId(1), like(), 10).await.unwrap();
        assert_changed("recreated after deletion").await;
    }
}

/// Restoring a snapshot undoes any change to a movie and changes nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn restore_movie_undoes_every_change_exactly() {
    for database in databases("restore_movie_undoes_every_change_exactly").await {
        let store = database.open().await;
        let all = async || store.export_user("ada").await.unwrap();
        for id in 1..=5 {
            store.add_to_watchlist("ada".into(), item(id), 10).await.unwrap();
        }
        store.update_feedback("ada".into(), MovieId(2), rate(4.5), 11).await.unwrap();
        store.update_feedback("ada".into(), MovieId(9), like(), 12).await.unwrap();
        let movies = [1, 2, 3, 9, 77].map(MovieId);
        let assert_undone =
            async |movie: MovieId, what: &str, before: (UserExport, MovieSnapshot)| {
                // Clients store the snapshot as a string.
                let snapshot = before.1.to_string().parse().unwrap();
                store.restore_movie("ada".into(), movie, snapshot, 30).await.unwrap();
                assert_eq!(all().await, before.0, "{what} of {movie:?}");
                assert_eq!(
                    store.movie_snapshot("ada", movie).await.unwrap(),
                    before.1,
                    "{what} of {movie:?}"
                );
            };
        for movie in movies {
            let before = (all().await, store.movie_snapshot("ada", movie).await.unwrap());
            let dislike = FeedbackUpdate { reaction: Some(Reaction::Dislike), ..watched() };
            store.update_feedback("ada".into(), movie, dislike, 20).await.unwrap();
            assert_undone(movie, "a dislike", before.clone()).await;
            store.update_feedback("ada".into(), movie, rate(1.0), 20).await.unwrap();
            store.remove_from_watchlist("ada", movie, 20).await.unwrap();
            // Another user's watchlist changes in the meantime.
            store.add_to_watchlist("bob".into(), item(movie.0), 21).await.unwrap();
            assert_undone(movie, "a rating and a removal", before.clone()).await;
            store.delete_feedback("ada", movie, 20).await.unwrap();
            store.add_to_watchlist("ada".into(), item(movie.0), 20).await.unwrap();
            assert_undone(movie, "an addition", before.clone()).await;
        }
        // The newest entry can be restored too, although no later watchlist position exists.
        store.add_to_watchlist("ada".into(), item(6), 40).await.unwrap();
        let snapshot = store.movie_snapshot("ada", MovieId(6)).await.unwrap();
        store.remove_from_watchlist("ada", MovieId(6), 41).await.unwrap();
        store.restore_movie("ada".into(), MovieId(6), snapshot.clone(), 42).await.unwrap();
        assert_eq!(watchlist_of(&store, "ada").await.first(), Some(&(6, false)));
        // A forged position neither uses up positions nor displaces other users' entries.
        let text = snapshot.to_string();
        let (start, _) = text.rsplit_once("\"position\":").unwrap();
        let bobs_watchlist = watchlist_of(&store, "bob").await;
        for position in [i64::MIN, 0, 1, i64::MAX] {
            let forged = format!("{start}\"position\":{position}}}}}").parse().unwrap();
            store.restore_movie("ada".into(), MovieId(6), forged, 43).await.unwrap();
        }
        assert_eq!(watchlist_of(&store, "bob").await, bobs_watchlist);
        store.add_to_watchlist("ada".into(), item(7), 44).await.unwrap();
        let ada: Vec<u32> = watchlist_of(&store, "ada").await.into_iter().map(|it| it.0).collect();
        assert_eq!(ada, [7, 6, 5, 4, 3, 2, 1]);
        // Restoring a snapshot doesn't bring back a deleted profile.
        let identified = store.identify("eve@example.org", Some("Eve"), 50).await.unwrap();
        let Identified::New(eve) = identified else { panic!("{identified:?}") };
        store.delete_user(&eve.key(), "r".to_owned(), 51).await.unwrap().unwrap();
        let late = store.restore_movie((&eve).into(), MovieId(1), snapshot, 52).await;
        assert!(matches!(late, Err(StoreError::ProfileDeleted)), "{late:?}");
    }
}

/// A read after a write returns the written data, even under concurrent writes.
#[tokio::test(flavor = "multi_thread")]
async fn feedback_is_visible_to_the_next_read() {
    for database in databases("feedback_is_visible_to_the_next_read").await {
        let store = database.open().await;
        let tasks: Vec<_> = (0..4)
            .map(|user| {
                let store = store.clone();
                tokio::spawn(async move {
                    let key = format!("u{}", user % 2);
                    for at in 0..50 {
                        let movie = MovieId(user * 100 + at);
                        store
                            .update_feedback(key.as_str().into(), movie, like(), i64::from(at))
                            .await
                            .unwrap();
                        assert!(
                            store
                                .user_history(&key)
                                .await
                                .unwrap()
                                .movie_ids()
                                .any(|it| it == movie)
                        );
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(store.user_history("u1").await.unwrap().movies.len(), 100);
    }
}
