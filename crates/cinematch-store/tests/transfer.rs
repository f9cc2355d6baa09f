//! Tests for backup, restore, moving between databases, and migrating from earlier versions.

mod databases;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cinematch::ids::MovieId;
use cinematch::rating::Stars;
use cinematch_store::*;
use databases::{Database, databases};

/// Fills every table in the store.
async fn fill(store: &Store) {
    let item = |id: u32| NewWatchlistItem {
        movie_id: MovieId(id),
        title: format!("Film \"{id}\"; é"),
        year: id.is_multiple_of(2).then_some(1999),
        service: None,
    };
    for (at, user) in ["ada", "bob", "zoë"].into_iter().enumerate() {
        let movie = |id| ImportedMovie {
            item: item(id),
            stars: None,
            liked: false,
            watched: false,
            listed: true,
        };
        let record = ImportRecord {
            service: "trakt".to_owned(),
            file: "é.zip".to_owned(),
            rows: 450,
            matched: 450,
        };
        store.import(user.into(), (0..450).map(movie).collect(), record, 100).await.unwrap();
        let rating =
            FeedbackUpdate { stars: Stars::from_halves(at as u8 + 3), ..FeedbackUpdate::default() };
        store.update_feedback(user.into(), MovieId(7), rating, 5).await.unwrap();
    }
    store.identify("eve@example.org", Some("Eve"), 1).await.unwrap();
    let preferences = Preferences {
        runtime_min: Some(80),
        region: Some("DE".to_owned()),
        novelty_percent: -50,
        max_age: Some(0),
        ..Preferences::default()
    };
    store.set_preferences("ada".into(), preferences, 9).await.unwrap();
    let key = NewKey {
        id: "k".to_owned(),
        name: "n".to_owned(),
        secret_hash: "ff".to_owned(),
        scope: Scope::Admin,
    };
    store.add_key(key, 3).await.unwrap();
    store.delete_user("bob", "r".to_owned(), 4).await.unwrap();
}

/// Closes the database and releases its lock.
async fn close(store: Store) {
    store.close().await;
}

async fn all_data(store: &Store) -> (Vec<UserExport>, Vec<Account>, Vec<ApiKey>) {
    let mut exports = Vec::new();
    for user in ["ada", "bob", "zoë", "4"] {
        exports.push(store.export_user(user).await.unwrap());
    }
    (exports, store.accounts().await.unwrap(), store.keys().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn backup_restores_all_data_and_moves_it_between_databases() {
    for database in databases("backup_restores_all_data_and_moves_it_between_databases").await {
        let store = database.open().await;
        fill(&store).await;
        let before = all_data(&store).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sub/backup.db");
        // The server keeps running during the backup.
        backup(&database.address, &file, Existing::Keep).await.unwrap();
        let before_deletion = store.data_version("ada").await.unwrap();
        store.delete_feedback("ada", MovieId(7), 101).await.unwrap();
        let after_deletion = store.data_version("ada").await.unwrap();
        assert_ne!(all_data(&store).await, before);
        let files: Vec<_> = std::fs::read_dir(file.parent().unwrap()).unwrap().collect();
        assert_eq!(files.len(), 1, "the folder contains only the backup");

        // A non-empty database is overwritten only with `Existing::Replace`.
        close(store).await;
        let error = restore(&file, &database.address, Existing::Keep).await.unwrap_err();
        assert!(error.to_string().contains("--replace"), "{error}");
        let restored = restore(&file, &database.address, Existing::Replace).await.unwrap();
        let rows = ["users", "watchlist", "deletions"].map(|table| restored.rows[table]);
        assert_eq!((rows, restored.moved_aside), ([3, 900, 1], None));
        let store = database.open().await;
        // Changes after the restore get data versions that have never been used before, not even by changes
        // that the restore discarded.
        store
            .update_feedback("ada".into(), MovieId(7), FeedbackUpdate::default(), 1000)
            .await
            .unwrap();
        assert!(
            ![before_deletion, after_deletion].contains(&store.data_version("ada").await.unwrap())
        );
        close(store).await;
        restore(&file, &database.address, Existing::Replace).await.unwrap();
        let store = database.open().await;
        assert_eq!(all_data(&store).await, before);

        // The backup can be restored into every kind of database, and new IDs continue after the restored ones.
        for other in databases("backup_restores_all_data_and_moves_it_between_databases").await {
            restore(&file, &other.address, Existing::Keep).await.unwrap();
            let to = other.open().await;
            assert_eq!(all_data(&to).await, before);
            let identified = to.identify("new@example.org", Some("New"), 2).await.unwrap();
            assert!(matches!(identified, Identified::New(new) if new.id > 4));
        }
        let again = backup(&database.address, &file, Existing::Keep).await.unwrap_err();
        assert!(matches!(again, StoreError::NotEmpty { .. }), "{again}");
        backup(&database.address, &file, Existing::Replace).await.unwrap();
        if let Some(source) = database.address.file() {
            let error = backup(&database.address, source, Existing::Replace).await.unwrap_err();
            assert!(error.to_string().contains("the database itself"), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn restore_rejects_invalid_backups_and_changes_nothing() {
    let database = Database::file();
    let store = database.open().await;
    fill(&store).await;
    let before = all_data(&store).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    backup(&database.address, &file, Existing::Keep).await.unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let file_with = |what: &'static str, bytes: Vec<u8>| {
        let path = folder.path().join(what);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let mut corrupt = bytes.clone();
    for byte in &mut corrupt[5000..9000] {
        *byte ^= 0x5a;
    }
    let files = [
        file_with("text", b"this is text, not a database, and longer than a header".to_vec()),
        file_with("empty", Vec::new()),
        file_with("cut", bytes[..bytes.len() / 2].to_vec()),
        file_with("corrupt", corrupt),
        folder.path().join("not-there"),
    ];
    for file in files {
        let error = restore(&file, &database.address, Existing::Replace).await;
        let error = error.unwrap_err().to_string();
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(error.contains(name), "{error}");
        assert_eq!(all_data(&store).await, before, "{name}");
    }
    let other = file_with("notes.txt", b"must not be replaced".to_vec());
    let error = backup(&database.address, &other, Existing::Replace).await.unwrap_err();
    assert!(error.to_string().contains("is not replaced"), "{error}");
    assert_eq!(std::fs::read(&other).unwrap(), b"must not be replaced");
    let nowhere = Address::File(folder.path().join("nowhere.db"));
    let error = backup(&nowhere, &folder.path().join("b.db"), Existing::Keep).await.unwrap_err();
    assert!(error.to_string().contains("nowhere.db not found"), "{error}");
    assert!(!folder.path().join("nowhere.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn restore_moves_a_damaged_database_aside_only_with_replace() {
    let database = Database::file();
    let store = database.open().await;
    fill(&store).await;
    let before = all_data(&store).await;
    let folder = tempfile::tempdir().unwrap();
    let backup_file = folder.path().join("backup.db");
    backup(&database.address, &backup_file, Existing::Keep).await.unwrap();
    let busy = restore(&backup_file, &database.address, Existing::Replace).await.unwrap_err();
    assert!(matches!(busy, StoreError::Busy { .. }), "{busy}");
    close(store).await;

    let file = database.address.file().unwrap();
    let mut pages = std::fs::read(file).unwrap();
    pages[5000..9000].fill(0xa5);
    let text = b"this is text, not a database, and longer than a header".to_vec();
    for (damaged, aside) in [(text, "people.db.damaged"), (pages, "people.db.damaged-2")] {
        std::fs::write(file, &damaged).unwrap();
        std::fs::write(file.with_file_name("people.db-wal"), b"log").unwrap();
        let error = restore(&backup_file, &database.address, Existing::Keep).await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains("is damaged") && error.contains("--replace"), "{error}");
        assert_eq!(std::fs::read(file).unwrap(), damaged);

        let not_a_backup = folder.path().join("text");
        std::fs::write(&not_a_backup, "text").unwrap();
        let error = restore(&not_a_backup, &database.address, Existing::Replace).await;
        assert!(matches!(error, Err(StoreError::NotABackup { .. })), "{error:?}");
        assert_eq!(std::fs::read(file).unwrap(), damaged);

        let restored = restore(&backup_file, &database.address, Existing::Replace).await;
        let moved = restored.unwrap().moved_aside.unwrap();
        assert_eq!(moved.file_name().unwrap(), aside);
        assert_eq!(std::fs::read(&moved).unwrap(), damaged);
        let store = database.open().await;
        assert_eq!(all_data(&store).await, before);
        store.close().await;
    }
    let intact = restore(&backup_file, &database.address, Existing::Replace).await.unwrap();
    assert_eq!(intact.moved_aside, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn restore_replaces_the_damaged_target_of_a_symbolic_link() {
    let folder = tempfile::tempdir().unwrap();
    let [target, link, backup_file] =
        ["target.db", "link.db", "backup.db"].map(|name| folder.path().join(name));
    let database = Database::file();
    let store = database.open().await;
    fill(&store).await;
    backup(&database.address, &backup_file, Existing::Keep).await.unwrap();
    let text = "this is text, not a database, and longer than a header";
    std::fs::write(&target, text).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();

    let address = Address::File(link.clone());
    let restored = restore(&backup_file, &address, Existing::Replace).await.unwrap();
    let aside = target.canonicalize().unwrap().with_file_name("target.db.damaged");
    assert_eq!(restored.moved_aside, Some(aside));
    assert_eq!(std::fs::read_link(&link).unwrap(), target);
    let mode = std::fs::metadata(&target).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(folder.path().join("target.db.lock").exists());
    assert!(!folder.path().join("link.db.lock").exists());
    let to = Store::open(&address, Ownership::Exclusive).await.unwrap();
    assert_eq!(all_data(&to).await, all_data(&store).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_restore_names_the_file_that_was_moved_aside() {
    let folder = tempfile::tempdir().unwrap();
    let [file, backup_file] = ["people.db", "backup.db"].map(|name| folder.path().join(name));
    let database = Database::file();
    close(database.open().await).await;
    backup(&database.address, &backup_file, Existing::Keep).await.unwrap();
    // The database rejects preferences of a user that does not exist.
    let url = format!("sqlite://{}", backup_file.display());
    let pool = sqlx::AnyPool::connect(&url).await.unwrap();
    let sql = "PRAGMA foreign_keys = OFF;
        INSERT INTO preferences (user_id, preferred_genres, services, original_languages, updated_at)
        VALUES (7, '[]', '[]', '[]', 1)";
    sqlx::Executor::execute(&pool, sql).await.unwrap();
    pool.close().await;
    std::fs::write(&file, "this is text, not a database, and longer than a header").unwrap();
    let address = Address::File(file);
    let error = restore(&backup_file, &address, Existing::Replace).await.unwrap_err().to_string();
    assert!(error.contains("constraint"), "{error}");
    assert!(error.ends_with("people.db.damaged"), "{error}");
}

/// Creates a database file with the schema of an earlier version, by applying the first `n` migrations.
async fn earlier_version(path: &Path, n: usize) -> sqlx::AnyPool {
    sqlx::any::install_default_drivers();
    let pool =
        sqlx::AnyPool::connect(&format!("sqlite://{}?mode=rwc", path.display())).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let mut names: Vec<_> =
        std::fs::read_dir(&migrations).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    for name in names.iter().take(n) {
        std::fs::copy(migrations.join(name), folder.path().join(name)).unwrap();
    }
    let migrator = sqlx::migrate::Migrator::new(folder.path()).await.unwrap();
    migrator.run(&pool).await.unwrap();
    pool
}

#[tokio::test]
async fn upgrade_assigns_feedback_to_the_import_of_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.db");
    let pool = earlier_version(&path, 5).await;
    for sql in [
        "INSERT INTO users (id, key, created_at) VALUES (1, 'ada', 1), (2, 'bob', 1)",
        "INSERT INTO imports (id, user_id, service, file, n_rows, n_matched, n_changed, imported_at)
         VALUES (5, 1, 's', 'f', 1, 1, 1, 70), (6, 1, 's', 'f', 1, 1, 1, 71)",
        "INSERT INTO feedback (user_id, movie_id, half_stars, updated_at)
         VALUES (1, 1, 8, 70), (1, 2, 8, 71), (1, 3, 8, 72), (2, 1, 8, 70)",
    ] {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    pool.close().await;
    let store = Store::open(&Address::File(path), Ownership::Exclusive).await.unwrap();
    let import_ids = async |user: &str| {
        let history = store.user_history(user).await.unwrap();
        history.movies.iter().map(|movie| movie.import_id).collect::<Vec<_>>()
    };
    assert_eq!(import_ids("ada").await, [Some(5), Some(6), None]);
    assert_eq!(import_ids("bob").await, [None]);
}

/// Creates a database with the schema and data of the first version.
async fn first_version(path: &Path) {
    let pool = earlier_version(path, 1).await;
    for (user, movie, watched, at) in
        [("ada", 1, 0, 10), ("7", 2, 1, 11), ("ada", 3, 1, 12), ("o'bob", 1, 0, 13)]
    {
        sqlx::query(
            "INSERT INTO watchlist (user_id, movie_id, title, year, service, watched, added_at)
             VALUES ($1, $2, 'A film', 1999, NULL, $3, $4)",
        )
        .bind(user)
        .bind(movie)
        .bind(watched)
        .bind(at)
        .execute(&pool)
        .await
        .unwrap();
    }
    sqlx::query("DELETE FROM watchlist WHERE user_id = 'o''bob'").execute(&pool).await.unwrap();
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn database_of_the_first_version_is_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.db");
    first_version(&path).await;
    let address = Address::File(path.clone());
    let old = folder.path().join("old.db");
    // A backup made before the migration has the old schema; restoring the backup migrates the schema.
    backup(&address, &old, Existing::Keep).await.unwrap();
    let check = async |store: &Store| {
        let ada = store.watchlist("ada").await.unwrap();
        let ada: Vec<_> = ada.iter().map(|it| (it.movie_id.0, it.watched, it.added_at)).collect();
        assert_eq!(ada, [(3, true, 12), (1, false, 10)]);
        assert_eq!(store.watchlist("7").await.unwrap().len(), 1);
        assert_eq!(
            store.user_history("7").await.unwrap().movie_ids().collect::<Vec<_>>(),
            [MovieId(2)]
        );
        assert!(store.watchlist("o'bob").await.unwrap().is_empty());
    };
    let store = Store::open(&address, Ownership::Exclusive).await.unwrap();
    check(&store).await;
    // A new profile never gets an ID that is already in use as a user key.
    for at in 0..12 {
        store.identify(&format!("{at}@example.org"), Some("x"), 1).await.unwrap();
    }
    assert!(store.profile(7).await.unwrap().is_none());
    store.close().await;
    for other in databases("database_of_the_first_version_is_migrated").await {
        restore(&old, &other.address, Existing::Keep).await.unwrap();
        let to = other.open().await;
        check(&to).await;
    }
}

#[tokio::test]
async fn file_is_locked_by_one_server_and_open_errors_name_the_database() {
    let database = Database::file();
    let store = database.open().await;
    let busy = Store::open(&database.address, Ownership::Exclusive).await.unwrap_err();
    assert!(matches!(busy, StoreError::Busy { .. }));
    // A symbolic link does not bypass the lock.
    let file = database.address.file().unwrap();
    let link = file.with_file_name("link.db");
    std::os::unix::fs::symlink(file, &link).unwrap();
    let busy = Store::open(&Address::File(link), Ownership::Exclusive).await.unwrap_err();
    assert!(matches!(busy, StoreError::Busy { .. }));
    // A shared store can add accounts while a server holds the lock.
    let shared = Store::open(&database.address, Ownership::Shared).await.unwrap();
    let new = NewProfile { email: "a@b.c".to_owned(), name: "A".to_owned(), password_hash: None };
    shared.add_profile(new, 1).await.unwrap();
    assert_eq!(store.accounts().await.unwrap().len(), 1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.db");
    std::fs::write(&path, "this is text, not a database, and longer than a header").unwrap();
    let error =
        Store::open(&Address::File(path), Ownership::Exclusive).await.unwrap_err().to_string();
    assert!(error.contains("people.db"), "{error}");
    let unreachable = Address::parse("postgres://ada:hunter2@127.0.0.1:1/films").unwrap();
    let error = Store::open(&unreachable, Ownership::Exclusive).await.unwrap_err().to_string();
    assert!(error.contains("127.0.0.1:1/films") && !error.contains("hunter2"), "{error}");
    assert!(error.contains("cannot be reached: Connection refused"), "{error}");
}
