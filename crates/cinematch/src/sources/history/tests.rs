use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;

use super::*;
use crate::ids::{MovieId, TmdbId};
use crate::rating::Stars;

pub(super) const RATINGS: &str = "Date,Name,Year,Letterboxd URI,Rating\n2024-01-02,Heat,1995,https://boxd.it/x,4.5\n\
                       2024-01-02,\"Me, Myself & Irene\",2000,https://boxd.it/y,0.5\n\
                       2024-01-02,Bad,2000,https://boxd.it/y,7\n";
pub(super) const WATCHED: &str =
    "Date,Name,Year,Letterboxd URI\n2024-01-02,Alien,1979,https://boxd.it/z\n";

pub(super) fn summary(history: &History) -> Vec<(&str, Option<u16>, EntryKind)> {
    history.entries.iter().map(|entry| (entry.title.as_str(), entry.year, entry.kind)).collect()
}

pub(super) fn stars(value: f32) -> EntryKind {
    EntryKind::Rated(Stars::from_value(value).unwrap())
}

pub(super) fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        let options =
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn identifies_letterboxd_tables_by_header_and_name() {
    let history = read("ratings.csv", RATINGS.as_bytes()).unwrap();
    assert_eq!(history.service.id(), "letterboxd");
    assert_eq!(
        summary(&history),
        [
            ("Heat", Some(1995), stars(4.5)),
            ("Me, Myself & Irene", Some(2000), stars(0.5)),
            ("Bad", Some(2000), EntryKind::Watched)
        ]
    );
    assert!(history.problems[0].reason.contains("expected 0.5 to 5 stars in halves, got `7`"));
    for (name, expected) in [
        ("watched.csv", EntryKind::Watched),
        ("here/WATCHLIST.CSV", EntryKind::Watchlist),
        ("likes/films.csv", EntryKind::Liked),
    ] {
        assert_eq!(read(name, WATCHED.as_bytes()).unwrap().entries[0].kind, expected);
    }
    for (name, expected) in [
        ("watchlist-ada-2024-01-02-10-00-utc.csv", EntryKind::Watchlist),
        ("watched (1).csv", EntryKind::Watched),
    ] {
        assert_eq!(read(name, WATCHED.as_bytes()).unwrap().entries[0].kind, expected);
    }
    let error = read("watchedness.csv", WATCHED.as_bytes()).unwrap_err();
    assert!(matches!(error, HistoryError::UnknownTable { .. }));
    let error = read("mine.csv", WATCHED.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("name it watched.csv, watchlist.csv"), "{error}");
    let diary = "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\r\n\
                 2024-01-02,Heat,1995,https://boxd.it/x,,Yes,\"a, b\",2024-01-01\r\n";
    let history = read("diary.csv", diary.as_bytes()).unwrap();
    assert_eq!(summary(&history), [("Heat", Some(1995), EntryKind::Watched)]);
    assert!(history.entries[0].is_diary_rating && history.problems.is_empty());
    // Quotes, LF and CRLF line endings, and a byte order mark.
    let quoted = "\u{feff}Date,Name,Year,Letterboxd URI,Rating\r\n\
                  2024-01-02,\"\"\"Crocodile\"\" Dundee\",1986,u,3\r\n2024-01-02,\"A, B\",1987,u,2.5\n";
    assert_eq!(
        summary(&read("ratings.csv", quoted.as_bytes()).unwrap()),
        [("\"Crocodile\" Dundee", Some(1986), stars(3.0)), ("A, B", Some(1987), stars(2.5))]
    );
}

#[test]
fn reads_a_letterboxd_archive_without_deleted_and_orphaned_data() {
    let archive = zipped(&[
        ("watchlist.csv", WATCHED.as_bytes()),
        ("ratings.csv", RATINGS.as_bytes()),
        ("deleted/ratings.csv", RATINGS.as_bytes()),
        ("orphaned/diary.csv", RATINGS.as_bytes()),
        ("lists/watched.csv", WATCHED.as_bytes()),
        ("likes/films.csv", WATCHED.as_bytes()),
        ("likes/reviews.csv", b"x"),
        ("profile.csv", b"Name\nme\n"),
        ("..ratings.csv.exe", b"x"),
    ]);
    let history = read("letterboxd.zip", &archive).unwrap();
    assert_eq!((history.entries.len(), history.lists.len(), history.rows), (5, 1, 6));
    assert_eq!(history.entries[0].kind, EntryKind::Liked);
    for bad in [&b"PK\x03\x04 no"[..], &archive[..archive.len() / 2]] {
        let error = read("a.zip", bad).unwrap_err().to_string();
        let expected = "cannot be read as a ZIP archive: it is not a complete ZIP file. Export";
        assert!(error.contains(expected), "{error}");
    }
    let error = read("a.zip", &zipped(&[("x.txt", b"x")])).unwrap_err().to_string();
    assert!(error.contains("has none of the files"), "{error}");
}

#[test]
fn reads_old_and_new_imdb_exports_and_skips_series() {
    let old = "Const,Your Rating,Date Rated,Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres,Num \
               Votes,Release Date,Directors\ntt0113277,9,2020-01-01,Heat,https://x,movie,8.3,170,1995,\"Crime, \
               Drama\",1,1995-12-15,Michael Mann\ntt0903747,10,2020-01-01,Breaking Bad,https://x,tvSeries,9.5,,\
               2008,,1,,\n";
    let history = read("ratings.csv", old.as_bytes()).unwrap();
    assert_eq!(summary(&history), [("Heat", Some(1995), stars(4.5))]);
    assert_eq!(history.entries[0].imdb_id.as_deref(), Some("0113277"));
    let series = &history.others[0];
    assert_eq!((series.entry.title.as_str(), series.entry.line), ("Breaking Bad", 3));
    let new = "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,Year\n\
               tt0211915,1,2020-01-01,Amélie,Le fabuleux destin,https://x,Movie,2001\n\
               bad,3,2020-01-01,B,B,https://x,Movie,2001\ntt1,11,,C,C,,TV Movie,2001\n";
    let history = read("ratings.csv", new.as_bytes()).unwrap();
    assert_eq!(
        summary(&history),
        [("Amélie", Some(2001), stars(0.5)), ("C", Some(2001), EntryKind::Watched)]
    );
    assert_eq!(history.problems.len(), 2);
    let original: Vec<_> =
        history.entries.iter().map(|entry| entry.original_title.as_deref()).collect();
    assert_eq!(original, [Some("Le fabuleux destin"), None]);
    let kinds = "Const,Your Rating,Title,Title Type\ntt1,1,A,MOVIE\ntt2,2,B,tvMovie\ntt3,3,C,Video\n\
                 tt4,4,D,TV Mini Series\ntt5,5,E,tvEpisode\ntt6,6,F,Video Game\ntt7,7,G,Podcast Series\n";
    let history = read("ratings.csv", kinds.as_bytes()).unwrap();
    let all = [stars(0.5), stars(1.0), stars(1.5)];
    assert_eq!(history.entries.iter().map(|entry| entry.kind).collect::<Vec<_>>(), all);
    assert_eq!(history.others.len(), 4);
    let watchlist = "Position,Const,Created,Modified,Description,Title,URL,Title Type,Year,Your Rating\n\
                     1,tt0078748,2020-01-01,,,Alien,https://x,Movie,1979,\n\
                     2,tt0113277,2020-01-01,,,Heat,https://x,Movie,1995,9\n";
    let history = read("WATCHLIST.csv", watchlist.as_bytes()).unwrap();
    assert_eq!(
        summary(&history),
        [("Alien", Some(1979), EntryKind::Watchlist), ("Heat", Some(1995), stars(4.5))]
    );
    assert!(history.problems.is_empty(), "{:?}", history.problems);
}

#[test]
fn reads_trakt_lists_as_single_files_and_in_archives() {
    let movie =
        r#""movie":{"title":"Heat","year":1995,"ids":{"trakt":1,"imdb":"tt0113277","tmdb":949}}"#;
    let watched = format!(r#"[{{"plays":2,"last_watched_at":"2020-01-01T00:00:00Z",{movie}}}]"#);
    let rated = format!(
        r#"[{{"rated_at":"x","rating":9,"type":"movie",{movie}}},{{"rated_at":"x","rating":8,"type":"show",
            "show":{{"title":"Lost","year":2004,"ids":{{}}}}}},{{"rating":7.5,{movie}}},7]"#
    );
    let listed = format!(r#"[{{"rank":1,"listed_at":"x","type":"movie",{movie}}}]"#);
    let history = read("ratings-movies.json", rated.as_bytes()).unwrap();
    assert_eq!(
        summary(&history),
        [("Heat", Some(1995), stars(4.5)), ("Heat", Some(1995), EntryKind::Watched)]
    );
    assert_eq!(history.entries[0].tmdb_id, Some(TmdbId(949)));
    assert_eq!((history.skipped.len(), history.problems.len()), (1, 2));
    let archive = zipped(&[
        ("user/watched-movies-2.json", watched.as_bytes()),
        ("user/ratings/ratings_movies.json", rated.as_bytes()),
        ("user/lists-watchlist.json", listed.as_bytes()),
        ("user/lists-favorites.json", listed.as_bytes()),
        ("user/lists-mine.json", listed.as_bytes()),
        ("user/collection-movies.json", listed.as_bytes()),
        ("user/watched-shows.json", b"[]"),
        ("user/watched-movies-1.json", b"[]"),
    ]);
    let history = read("trakt.zip", &archive).unwrap();
    let of =
        |wanted: EntryKind| history.entries.iter().filter(|entry| entry.kind == wanted).count();
    assert_eq!((of(stars(4.5)), of(EntryKind::Watched), of(EntryKind::Watchlist)), (1, 2, 1));
    assert_eq!(of(EntryKind::Liked), 1);
    // Older exports use these folders.
    let archive = zipped(&[
        ("somebody/watched/history-1.json", watched.as_bytes()),
        ("somebody/watched/history-2.json", watched.as_bytes()),
        ("somebody/watched/watched-movies.json", watched.as_bytes()),
        ("somebody/ratings/movies.json", rated.as_bytes()),
        ("somebody/lists/watchlist.json", listed.as_bytes()),
        ("somebody/collection/collection-movies.json", listed.as_bytes()),
        ("somebody/ratings/ratings-shows.json", rated.as_bytes()),
    ]);
    let history = read("trakt.zip", &archive).unwrap();
    let of =
        |wanted: EntryKind| history.entries.iter().filter(|entry| entry.kind == wanted).count();
    assert_eq!((of(stars(4.5)), of(EntryKind::Watched), of(EntryKind::Watchlist)), (1, 4, 1));
    // An invalid optional value is dropped, but the row is kept as long as its movie can be read.
    let odd = r#"[{"rating":1e999,"movie":{"title":null,"year":99999,"ids":{"tmdb":-1,"x":[[{}]]}}},
                  {"collected_at":"x","movie":{"title":"Owned"}},{"movie":{"title":7}},["a"]]"#;
    let history = read("ratings-movies.json", odd.as_bytes()).unwrap();
    assert_eq!(summary(&history), [("", None, EntryKind::Watched)]);
    assert_eq!((history.skipped.len(), history.problems.len(), history.rows), (1, 3, 4));
    for (text, reason) in [
        ("[1, 2", "the file is incomplete. Export it again"),
        ("[1, 2\n 3]", "line 2, column 2 is invalid. Export it again"),
        ("{\"a\": 1}", "expected a list"),
    ] {
        let error = read("x.json", text.as_bytes()).unwrap_err().to_string();
        assert_eq!(error, format!("x.json cannot be read as JSON: {reason}"));
    }
}

#[test]
fn reads_movie_ids_from_movielens_org() {
    let csv = "\u{feff}movie_id,imdb_id,tmdb_id,rating,average_rating,title\r\n\
               6,0113277,949,4.5,3.8,Heat (1995)\r\n7,,,-1.0,3,Sabrina (1995)\r\n";
    let history = read("movielens-ratings.csv", csv.as_bytes()).unwrap();
    assert_eq!(summary(&history), [("Heat", Some(1995), stars(4.5))]);
    assert_eq!(history.entries[0].movie_id, Some(MovieId(6)));
    assert_eq!(history.problems.len(), 1);
}

#[test]
fn error_for_an_incomplete_file_advises_to_export_it_again() {
    let csv = "movie_id,imdb_id,tmdb_id,rating,average_rating,title\n6,0113277,949,4.";
    let error = read("movielens-ratings.csv", csv.as_bytes()).unwrap_err().to_string();
    assert!(error.ends_with("the file is incomplete. Export it again"), "{error}");
}

#[test]
fn rejects_unknown_and_empty_files() {
    for bytes in [&b"a,b\n1,2\n"[..], b"\x89PNG", b"userId,movieId,rating\n"] {
        let error = read("x.csv", bytes).unwrap_err().to_string();
        assert!(error.contains("is not a supported export"), "{error}");
    }
    for nothing in [&b""[..], b" \r\n", b"\xef\xbb\xbf\n"] {
        assert_eq!(read("x.csv", nothing).unwrap_err().to_string(), "x.csv is empty");
    }
    // A header without rows is an empty export, not an error.
    let header = WATCHED.lines().next().unwrap();
    let history = read("watched.csv", header.as_bytes()).unwrap();
    assert_eq!((history.rows, history.entries.len()), (0, 0));
    assert_eq!(read("watched-movies.json", b"[]").unwrap().rows, 0);
}

#[test]
fn reads_imdb_exports_until_2017_and_in_other_languages() {
    let old = "\"position\",\"const\",\"created\",\"modified\",\"description\",\"Title\",\"Title type\",\"Directors\",\
               \"You rated\",\"IMDb Rating\",\"Runtime (mins)\",\"Year\",\"Genres\",\"Num. Votes\",\
               \"Release Date (month/day/year)\",\"URL\"\n";
    let row = |id: &str, title: &str, points: &str| {
        let url = format!("http://www.imdb.com/title/{id}/");
        format!(
            "\"1\",\"{id}\",\"Mon Jan  2 10:00:00 2012\",\"\",\"\",\"{title}\",\"Feature Film\",\"M, N\",\
             \"{points}\",\"8.2\",\"170\",\"1995\",\"crime\",\"300000\",\"1995-12-15\",\"{url}\"\n"
        )
    };
    let rows = row("tt0113277", "Heat", "9") + &row("tt0112641", "Casino", "");
    for header in
        [old.to_owned(), old.to_uppercase(), "Ä,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P\n".to_owned()]
    {
        let history = read("WATCHLIST.csv", format!("{header}{rows}").as_bytes()).unwrap();
        let expected =
            [("Heat", Some(1995), stars(4.5)), ("Casino", Some(1995), EntryKind::Watchlist)];
        assert_eq!((summary(&history).as_slice(), history.lists.len()), (&expected[..], 0));
    }
    let history = read("ratings.csv", format!("{old}{rows}").as_bytes()).unwrap();
    assert_eq!(history.entries[1].kind, EntryKind::Watched);
    // Columns are recognized by their positions.
    let german = "Konst,Deine Bewertung,Bewertet am,Titel,Originaltitel,Adresse,Titelart,IMDb-Bewertung,Laufzeit,\
                  Jahr,Genres,Stimmen,Start,Regie\n\
                  tt0113277,9,2025-01-01,Heat,Heat,https://www.imdb.com/title/tt0113277/,Film,8.3,170,1995,Krimi,1,x,y\n\
                  tt0903747,9,2025-01-01,Breaking Bad,Breaking Bad,x,TV-Serie,9.5,,2008,,1,,\n";
    let history = read("Bewertungen.csv", german.as_bytes()).unwrap();
    assert_eq!(summary(&history), [("Heat", Some(1995), stars(4.5))]);
    assert_eq!((history.service.id(), history.others.len()), ("imdb", 1));
}

#[test]
fn user_defined_lists_have_no_meaning_unless_it_is_stated() {
    let imdb = "Position,Const,Created,Modified,Description,Title,URL,Title Type,Year,Your Rating\n\
                1,tt0118688,2024-03-01,,terrible,Batman & Robin,https://x,Movie,1997,\n\
                2,tt0133093,2024-03-01,,,The Matrix,https://x,Movie,1999,9\n\
                3,tt0795176,2024-03-01,,,Planet Earth,https://x,TV Mini Series,2006,\n";
    let letterboxd = "Letterboxd list export v7\nDate,Name,Tags,URL,Description\n\
                      2024-09-27,\"Best, of all\",\"a, b\",https://boxd.it/z,All\n\n\
                      Position,Name,Year,URL,Description\n1,Heat,1995,https://boxd.it/a,\n";
    let mut history = read("worst-ever.csv", imdb.as_bytes()).unwrap();
    assert_eq!(summary(&history), [("The Matrix", Some(1999), stars(4.5))]);
    let list = &history.lists[0];
    assert_eq!((list.name.as_str(), list.entries.len(), list.others.len()), ("worst-ever", 1, 1));
    history.resolve_lists(ListMeaning::Ignore);
    assert_eq!((history.entries.len(), history.lists.len()), (1, 1));
    history.resolve_lists(ListMeaning::Liked);
    assert_eq!(history.entries[1].kind, EntryKind::Liked);
    assert_eq!((history.others[0].entry.kind, history.lists.len()), (EntryKind::Liked, 0));

    for name in ["best.csv", "watchlist.csv"] {
        let mut history = read(name, letterboxd.as_bytes()).unwrap();
        assert_eq!((history.entries.len(), history.lists[0].name.as_str()), (0, "Best, of all"));
        history.resolve_lists(ListMeaning::Watchlist);
        assert_eq!(summary(&history), [("Heat", Some(1995), EntryKind::Watchlist)]);
        assert_eq!(history.entries[0].line, 6);
    }
    let archive =
        zipped(&[("ratings.csv", RATINGS.as_bytes()), ("lists/best.csv", letterboxd.as_bytes())]);
    let history = read("letterboxd.zip", &archive).unwrap();
    assert_eq!((history.entries.len(), history.lists[0].file.as_str()), (3, "lists/best.csv"));
    // A spreadsheet program pads all lines with separators.
    let padded = letterboxd.replace("v7\n", "v7,,,,\n").replace("All\n\n", "All\n,,,,\n");
    assert_eq!(read("best.csv", padded.as_bytes()).unwrap().lists, {
        read("best.csv", letterboxd.as_bytes()).unwrap().lists
    });
}

#[test]
fn reads_files_for_letterboxds_import_and_exports_of_tmdb() {
    let csv = "tmdbID,imdbID,Title,Year,Rating10,WatchedDate,Rewatch\n\
               603,tt0133093,The Matrix,1999,9,2024-01-01,false\n\
               ,,\"Lock, Stock and Two Smoking Barrels\",1998,8,2024-02-01,true\n";
    let history = read("import.csv", csv.as_bytes()).unwrap();
    assert_eq!(history.service.id(), "letterboxd");
    let lock = "Lock, Stock and Two Smoking Barrels";
    let expected = [("The Matrix", Some(1999), stars(4.5)), (lock, Some(1998), stars(4.0))];
    assert_eq!(summary(&history), expected);
    assert_eq!(history.entries[0].tmdb_id, Some(TmdbId(603)));
    let csv = "imdbID;Rating\ntt0113277;4,5\ntt0112641;\n";
    let history = read("import.csv", csv.as_bytes()).unwrap();
    assert_eq!(summary(&history), [("", None, stars(4.5)), ("", None, EntryKind::Watched)]);
    let csv = "TMDb ID,IMDb ID,Type,Name,Release Date,Season Number,Episode Number,Rating,Your Rating,Date Rated\n\
               603,tt0133093,movie,The Matrix,1999-03-31T00:00:00Z,,,8.2,9.0,2024-01-01T00:00:00Z\n\
               949,tt0113277,movie,Heat,1995-12-15T00:00:00Z,,,7.9,8.5,2024-01-02T00:00:00Z\n\
               1396,tt0903747,tv,Breaking Bad,2008-01-20T00:00:00Z,,,8.9,10.0,2024-01-02T00:00:00Z\n";
    let history = read("ratings.csv", csv.as_bytes()).unwrap();
    let expected = [("The Matrix", Some(1999), stars(4.5)), ("Heat", Some(1995), stars(4.5))];
    assert_eq!((history.service.id(), summary(&history).as_slice()), ("tmdb", &expected[..]));
    let series = &history.others[0].entry;
    assert_eq!((series.tmdb_id, series.imdb_id.as_deref()), (None, Some("0903747")));
    let list = csv.replace(",Your Rating", ",Their Rating");
    assert_eq!(read("best.csv", list.as_bytes()).unwrap().lists[0].entries.len(), 2);
}

#[test]
fn reads_exports_of_simkl_tv_time_movary_and_yamtrack() {
    let simkl = "SIMKL_ID,Title,Type,Year,Watchlist,LastEpWatched,WatchedDate,Rating,Memo,TVDB,TMDB,IMDB\n\
                 1,Heat,movie,1995,completed,,2024-01-02,9,,,949,tt0113277\n\
                 2,Alien,movie,1979,plantowatch,,,,,,348,tt0078748\n\
                 3,Lost,tv,2004,completed,s1e1,,9,,,4607,tt0411008\n";
    let history = read("SimklBackup.csv", simkl.as_bytes()).unwrap();
    let expected = [("Heat", Some(1995), stars(4.5)), ("Alien", Some(1979), EntryKind::Watchlist)];
    assert_eq!((history.service.id(), summary(&history).as_slice()), ("simkl", &expected[..]));
    assert_eq!(
        (history.others[0].entry.tmdb_id, history.entries[1].tmdb_id),
        (None, Some(TmdbId(348)))
    );

    let tv_time = "uuid,type,entity_type,movie_name,release_date,created_at\n\
                   a,follow,movie,Heat,1995-12-15 00:00:00,x\na,watch,movie,Heat,1995-12-15 00:00:00,x\n\
                   b,towatch,movie,Alien,1979-05-25 00:00:00,x\nc,watch,episode,,,x\n";
    let history = read("tracking-prod-records.csv", tv_time.as_bytes()).unwrap();
    let kinds: Vec<EntryKind> = history.entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [EntryKind::Watchlist, EntryKind::Watched, EntryKind::Watchlist]);
    assert_eq!(history.entries[0].year, Some(1995));

    let movary = "title,year,tmdbId,imdbId,userRating\n\"Heat\",1995,949,tt0113277,9\n\"Alien\",1979,348,,\n";
    let history = read("export-ratings-1-2.csv", movary.as_bytes()).unwrap();
    assert_eq!(summary(&history), [("Heat", Some(1995), stars(4.5))]);
    for (column, expected) in [("watchedAt", EntryKind::Watched), ("addedAt", EntryKind::Watchlist)]
    {
        let text =
            format!("title,year,tmdbId,imdbId,{column}\n\"Heat\",1995,949,tt0113277,2024-01-02\n");
        let history = read("export.csv", text.as_bytes()).unwrap();
        assert_eq!((history.service.id(), history.entries[0].kind), ("movary", expected));
    }

    let yamtrack = "media_id,source,media_type,title,image,season_number,episode_number,score,progress,status\n\
                    949,tmdb,movie,Heat,,,,8.5,1,Completed\n348,tmdb,movie,Alien,,,,,0,Planning\n\
                    1,mal,anime,Cowboy Bebop,,,,9,26,Completed\n";
    let history = read("yamtrack.csv", yamtrack.as_bytes()).unwrap();
    let expected = [("Heat", None, stars(4.5)), ("Alien", None, EntryKind::Watchlist)];
    assert_eq!((summary(&history).as_slice(), history.skipped.len()), (&expected[..], 1));
}
