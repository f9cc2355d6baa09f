use std::collections::BTreeMap;
use std::fmt::Write as _;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;
use crate::fixtures::movie;
use crate::ids::{MovieId, TmdbId};
use crate::rating::Stars;
use crate::sources::history::EntryKind;

fn stars(value: f32) -> Stars {
    Stars::from_value(value).unwrap()
}

fn catalog() -> Vec<Movie> {
    let with = |id, title: &str, year| Movie { year: Some(year), ..movie(id, title) };
    vec![
        with(6, "Heat", 1995),
        with(47, "Seven", 1995),
        with(1214, "Alien", 1979),
        with(3, "Solaris", 1972),
        with(4, "Solaris", 1973),
        with(9, "Zodiac", 2007),
        with(5, "Collateral", 2004),
    ]
}

fn import(files: &[(&str, &str)]) -> Imported {
    let movies = catalog();
    read(&MatchIndex::new(&movies), &movies, files, ListMeaning::Unknown).unwrap()
}

const SHORT: &str = "Date,Name,Year,Letterboxd URI\n";

/// Formats each item as `movie_id:`, followed by its stars, `l` for liked, `w` for watched and `L` for
/// listed.
fn said(taste: &Taste) -> Vec<String> {
    let flag = |is: bool, letter: &'static str| if is { letter } else { "" };
    let said = taste.items().iter().map(|item| {
        let stars = item.rating.map(|stars| stars.value().to_string()).unwrap_or_default();
        let flags = [flag(item.liked, "l"), flag(item.watched, "w"), flag(item.listed, "L")];
        format!("{}:{stars}{}", item.movie_id, flags.concat())
    });
    said.collect()
}

#[test]
fn merges_feedback_by_precedence_and_keeps_the_watchlist_order() {
    let watchlist = format!(
        "{SHORT}x,Zodiac,2007,u\nx,Alien,1979,u\nx,Collateral,2004,u\nx,Heat,1995,u\nx,Zodiac,2007,u\n"
    );
    let ratings = "Date,Name,Year,Letterboxd URI,Rating\nx,Heat,1995,u,4.5\n";
    let diary = "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n\
                 x,Heat,1995,u,2,,,x\nx,Seven,1995,u,3,,,x\nx,Seven,1995,u,3.5,Yes,,x\n";
    let liked = format!("{SHORT}x,Collateral,2004,u\nx,Heat,1995,u\n");
    let watched = format!("{SHORT}x,Alien,1979,u\n");
    let files = [
        ("watchlist.csv", watchlist.as_str()),
        ("ratings.csv", ratings),
        ("diary.csv", diary),
        ("films.csv", &liked),
        ("watched.csv", &watched),
    ];
    let imported = import(&files);
    let expected = ["6:4.5lw", "47:3.5w", "1214:w", "9:L", "5:lL"];
    assert_eq!(said(&imported.taste), expected);
    // The order of the files doesn't matter.
    let mut turned = files;
    turned.reverse();
    assert_eq!(said(&import(&turned).taste), expected);
    // Repeating an import has no effect, whether in a separate call or within the same one.
    assert_eq!(import(&files), imported);
    assert_eq!(import(&[files, files].concat()).taste, imported.taste);

    let query = imported.taste.query();
    let rated: Vec<(u32, f32)> =
        query.ratings.iter().map(|rating| (rating.movie_id.0, rating.rating)).collect();
    assert_eq!(rated, [(6, 4.5), (47, 3.5)]);
    assert_eq!(query.liked, [MovieId(5)]);
    assert_eq!(query.seen, [MovieId(1214), MovieId(9), MovieId(5)]);
    assert_eq!(imported.taste.query_with_watchlist().seen, [MovieId(1214)]);
}

#[test]
fn report_accounts_for_every_row() {
    let ratings = format!(
        "{}x,Heat,1995,u,5\nx,Seven,1996,u,4\nx,Alien,,u,3\nx,Solaris,,u,3\nx,Nothing,1990,u,3\nx,,1990,u,3\n",
        "Date,Name,Year,Letterboxd URI,Rating\n"
    );
    let imdb = "Const,Your Rating,Title,Title Type,Year\ntt1,9,Zodiac,Movie,2007\n\
                tt2,9,Lost,TV Series,2004\n";
    let MatchReport { services, .. } = import(&[("ratings.csv", "Const,Title\n")]).report;
    assert_eq!(serde_json::to_value(services).unwrap(), serde_json::json!(["imdb"]));
    let report = import(&[("ratings.csv", ratings.as_str()), ("imdb.csv", imdb)]).report;
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["services"], serde_json::json!(["letterboxd", "imdb"]));
    for (count, expected) in [
        ("rows", 8),
        ("by_id", 0),
        ("by_title", 3),
        ("fuzzy", 1),
        ("ambiguous", 2),
        ("unmatched", 1),
        ("skipped", 1),
    ] {
        assert_eq!(json[count], expected, "{count}");
    }
    assert_eq!(json["problems"][0]["count"], 1);
    assert_eq!(json["skipped_rows"][0]["title"], "Lost");
    let row = &json["matches"][3];
    assert_eq!(row["matched"], "ambiguous");
    assert_eq!(row["candidates"], serde_json::json!([3, 4]));
    let movie = serde_json::json!({"movie_id": 4, "title": "Solaris", "year": 1973});
    assert_eq!(row["candidate_films"][1], movie);
    assert_eq!(
        (&json["matches"][1]["fuzzy"], &json["matches"][2]["fuzzy"]),
        (&false.into(), &true.into())
    );
    assert!(json["matches"][0].get("candidates").is_none());
}

#[test]
fn query_marks_movies_beyond_its_limit_as_seen() {
    let rows = (1..=10_050).map(|movie_id| TasteItem {
        movie_id: MovieId(movie_id),
        rating: Some(stars(if movie_id <= 60 { 3.0 } else { 5.0 })),
        liked: true,
        watched: true,
        listed: false,
    });
    let query = Taste { items: rows.collect() }.query();
    assert_eq!((query.ratings.len(), query.seen.len()), (10_000, 50));
    assert!(query.seen.iter().all(|id| id.0 <= 60));
    assert!(query.ratings.is_sorted_by_key(|rating| rating.movie_id));
}

/// Returns a random number below `bound`.
fn below(random: &mut ChaCha8Rng, bound: u32) -> u32 {
    random.next_u32() % bound
}

/// Generates a catalog of difficult titles, with accents, quotes, commas, articles, several scripts and shared
/// titles. Some movies lack a year or an external ID.
fn random_catalog(random: &mut ChaCha8Rng, n: u32) -> Vec<Movie> {
    const WORDS: [&str; 24] = [
        "The",
        "Heat",
        "Amélie",
        "d'Artagnan",
        "\"Quoted\"",
        "Me,",
        "Myself",
        "&",
        "Irene",
        "Нос",
        "七人の侍",
        "Straße",
        "9½",
        "Weeks",
        "Se7en…",
        "L'Avventura",
        "of",
        "Part",
        "II",
        "(Uncut)",
        "Ångström",
        "naïve",
        "Señor",
        "O’Brien",
    ];
    let mut movies = Vec::new();
    for id in 1..=n {
        let words = 1 + below(random, 5);
        let words: Vec<&str> =
            (0..words).map(|_| WORDS[below(random, WORDS.len() as u32) as usize]).collect();
        let year = 1900 + below(random, 120) as u16;
        movies.push(Movie {
            year: (below(random, 50) > 0).then_some(year),
            imdb_id: (below(random, 20) > 0).then(|| format!("{id:07}")),
            tmdb_id: (below(random, 20) > 0).then_some(TmdbId(id + 5)),
            ..movie(id, &words.join(" "))
        });
    }
    movies
}

/// Exports 5,000 random movies in each format and imports them. Every row must match its movie, or be
/// ambiguous and list its movie as a candidate, unless the candidate list is full.
#[test]
fn random_rows_of_every_format_match_their_movie_or_are_ambiguous() {
    for seed in 0..4 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let movies = random_catalog(&mut random, 20_000);
        let index = MatchIndex::new(&movies);
        let mut picked: Vec<&Movie> = Vec::new();
        let mut is_picked = vec![false; movies.len()];
        while picked.len() < 5000 {
            let row = below(&mut random, movies.len() as u32) as usize;
            let movie = &movies[row];
            let has_words = movie.title.chars().any(char::is_alphanumeric);
            // A title with no letters or digits can't be matched.
            if has_words && !std::mem::replace(&mut is_picked[row], true) {
                picked.push(movie);
            }
        }
        let halves: Vec<u8> = picked.iter().map(|_| 1 + below(&mut random, 10) as u8).collect();
        let mut letterboxd = "Date,Name,Year,Letterboxd URI,Rating\r\n".to_owned();
        let mut imdb =
            "\u{feff}Const,Your Rating,Title,Original Title,Title Type,Year\n".to_owned();
        let mut movielens = "movie_id,imdb_id,tmdb_id,rating,average_rating,title\n".to_owned();
        let mut trakt = Vec::new();
        for (movie, halves) in picked.iter().zip(&halves) {
            let quoted = format!("\"{}\"", movie.title.replace('"', "\"\""));
            let year = movie.year.map(|year| year.to_string()).unwrap_or_default();
            let rating = stars(f32::from(*halves) / 2.0).value();
            write!(letterboxd, "2024-01-01,{quoted},{year},https://boxd.it/x,{rating}\r\n")
                .unwrap();
            let imdb_id = movie.imdb_id.as_deref().unwrap_or("9999999");
            writeln!(imdb, "tt{imdb_id},{halves},{quoted},,Movie,{year}").unwrap();
            writeln!(movielens, "{},,,{rating},3.5,{quoted}", movie.movie_id).unwrap();
            trakt.push(serde_json::json!({"rating": halves, "type": "movie", "movie": {
                "title": movie.title, "year": movie.year,
                "ids": {"trakt": 1, "tmdb": movie.tmdb_id, "imdb": null},
            }}));
        }
        let trakt = serde_json::Value::Array(trakt).to_string();
        for (name, file, least_found) in [
            // Rows with equal titles and different ratings are ambiguous.
            ("ratings.csv", letterboxd, 3000),
            ("imdb.csv", imdb, 4900),
            ("movielens-ratings.csv", movielens, 5000),
            ("ratings-movies.json", trakt, 4900),
        ] {
            let started = std::time::Instant::now();
            let Imported { report, taste } =
                read(&index, &movies, &[(name, file.as_bytes())], ListMeaning::Unknown).unwrap();
            let took = started.elapsed();
            assert_eq!((report.rows, report.matches.len()), (5000, 5000), "{name}");
            assert_eq!(report.problems, [], "{name}");
            let mut last: BTreeMap<MovieId, Stars> = BTreeMap::new();
            for ((row, movie), halves) in report.matches.iter().zip(&picked).zip(&halves) {
                let said = Stars::from_halves(*halves).unwrap();
                assert_eq!(row.kind, EntryKind::Rated(said), "{name}, line {}", row.line);
                if let Some(found) = row.movie_id {
                    assert_eq!(found, movie.movie_id, "{name}: {}", movie.title);
                    last.insert(found, said);
                } else {
                    assert_eq!(row.matched, Matched::Ambiguous, "{name}: {}", movie.title);
                    let is_one = row.candidates.contains(&movie.movie_id);
                    assert!(is_one || row.candidates.len() == 5, "{name}: {}", movie.title);
                }
            }
            let found = report.by_id + report.by_title;
            println!("{name}: {found} found, {} ambiguous, {took:?}", report.ambiguous);
            assert!(found >= least_found, "{name}: {found}");
            assert_eq!(taste.rated().collect::<Vec<_>>(), Vec::from_iter(last), "{name}");
        }
    }
}

#[test]
fn merges_feedback_that_is_not_from_a_file() {
    let (heat, seven, alien) = (MovieId(6), MovieId(47), MovieId(1214));
    let taste = Taste::from_feedback([
        (alien, EntryKind::Watchlist),
        (heat, EntryKind::Watchlist),
        (heat, EntryKind::Rated(stars(3.0))),
        (heat, EntryKind::Liked),
        (heat, EntryKind::Rated(stars(4.5))),
        (seven, EntryKind::Watched),
        (seven, EntryKind::Watchlist),
    ]);
    assert_eq!(said(&taste), ["6:4.5lw", "47:w", "1214:L"]);
}

#[test]
fn groups_the_rows_of_an_ambiguous_title() {
    let ratings = "Date,Name,Year,Letterboxd URI,Rating\nx,Solaris,,u,4\nx,Heat,1995,u,5\n";
    let watched = format!("{SHORT}x,Solaris,,u\nx,Solaris,1990,u\n");
    let Imported { report, .. } = import(&[("ratings.csv", ratings), ("watched.csv", &watched)]);
    let titles = report.ambiguous_titles();
    assert_eq!(titles.len(), 1, "{titles:?}");
    assert_eq!((titles[0].title, titles[0].year), ("Solaris", None));
    assert_eq!(titles[0].kinds, [EntryKind::Rated(stars(4.0)), EntryKind::Watched]);
    let candidates: Vec<MovieId> = titles[0].candidates.iter().map(|it| it.movie_id).collect();
    assert_eq!(candidates, [MovieId(3), MovieId(4)]);
}

/// Imports `rows` of a Letterboxd file, written as `title,year,rating`, and returns the ID that each row
/// matches, or the candidates of an ambiguous row as negative IDs.
fn matched_ids(movies: &[Movie], rows: &[&str]) -> Vec<Vec<i64>> {
    let header = "Date,Name,Year,Letterboxd URI,Rating\n";
    let mut file = header.to_owned();
    for row in rows {
        let (name, rating) = row.rsplit_once(',').unwrap();
        writeln!(file, "x,{name},u,{rating}").unwrap();
    }
    let imported =
        read(&MatchIndex::new(movies), movies, &[("ratings.csv", file)], ListMeaning::Unknown)
            .unwrap();
    let ids = |row: &RowReport| {
        let candidates = row.candidates.iter().map(|id| -i64::from(id.0));
        row.movie_id.map(|id| i64::from(id.0)).into_iter().chain(candidates).collect()
    };
    imported.report.matches.iter().map(ids).collect()
}

#[test]
fn rows_about_different_works_never_match_one_movie() {
    let with = |id, title: &str, year, alternatives: &[&str]| Movie {
        year: Some(year),
        alt_titles: alternatives.iter().map(|title| (*title).to_owned()).collect(),
        ..movie(id, title)
    };
    let movies = [
        with(1, "The Innocent", 2022, &["L'Innocent"]),
        with(2, "Cold War", 2018, &["Zimna wojna"]),
        with(3, "Le Notti Bianche", 1957, &["White Nights"]),
        with(4, "Lola rennt und rennt", 1998, &[]),
    ];
    let check = |rows: &[&str], expected: &[&[i64]]| {
        assert_eq!(matched_ids(&movies, rows), expected, "{rows:?}");
        let reversed: Vec<&str> = rows.iter().rev().copied().collect();
        let mut turned = matched_ids(&movies, &reversed);
        turned.reverse();
        assert_eq!(turned, expected, "{rows:?} in reverse order");
    };
    // The year is off by one, and the exact year is rated too, or the title is ordinary.
    check(&["The Innocent,2022,5", "The Innocent,2021,.5"], &[&[1], &[-1]]);
    check(&["The Innocent,2021,0.5"], &[&[-1]]);
    check(&["Lola rennt und rennt,1999,4"], &[&[4]]);
    check(&["Lola rennt und rennt,1998,4", "Lola rennt und rennt,1999,1"], &[&[4], &[-4]]);
    check(&["Lola rennt und rennt,1997,4", "Lola rennt und rennt,1999,1"], &[&[-4], &[-4]]);
    // A row with the main title matches better than one with an alternative title.
    check(&["Cold War,2018,4", "Zimna wojna,2018,2"], &[&[2], &[-2]]);
    check(&["White Nights,1957,4"], &[&[3]]);
    // Equal rows are one rating; equal titles and years with different ratings are different works.
    check(&["Cold War,2018,4", "Cold War,2018,4"], &[&[2], &[2]]);
    check(&["Cold War,2018,4", "Cold War,2018,1"], &[&[-2], &[-2]]);
}

#[test]
fn a_row_with_an_inexact_year_never_overrides_a_row_of_another_file() {
    let mut movies = catalog();
    movies.push(Movie {
        year: Some(1998),
        imdb_id: Some("0130827".to_owned()),
        ..movie(11, "Lola rennt und rennt")
    });
    let imdb = "Const,Your Rating,Title,Title Type,Year\ntt0130827,9,Run Lola,Movie,1998\n";
    let letterboxd = "Date,Name,Year,Letterboxd URI,Rating\nx,Lola rennt und rennt,1999,u,0.5\n";
    let files = [("imdb.csv", imdb), ("ratings.csv", letterboxd)];
    let Imported { taste, report } =
        read(&MatchIndex::new(&movies), &movies, &files, ListMeaning::Unknown).unwrap();
    assert_eq!(said(&taste), ["11:4.5w"]);
    assert_eq!((report.by_id, report.ambiguous), (1, 1));
}

#[test]
fn series_and_episodes_are_imported_only_if_the_catalog_has_their_ids() {
    let movies = [
        Movie { imdb_id: Some("0795176".to_owned()), year: Some(2006), ..movie(1, "Planet Earth") },
        Movie { year: Some(1989), ..movie(2, "Beetlejuice") },
        Movie { year: Some(1996), ..movie(3, "Clueless") },
        Movie { imdb_id: Some("0120815".to_owned()), ..movie(4, "Saving Private Ryan") },
    ];
    for (series, episode, film) in [
        ("TV Series", "TV Episode", "Movie"),
        ("Serie TV", "Episodio TV", "Film"),
        ("Fernsehserie", "Fernsehepisode", "Film"),
        ("टीवी सीरीज़", "टीवी एपिसोड", "फ़िल्म"),
        ("シリーズ", "エピソード", "Movie"),
    ] {
        let rows = format!(
            "Const,Your Rating,Title,Original Title,Title Type,Year\n\
             tt0096543,3,Beetlejuice,Beetlejuice,{series},1989\ntt0795176,10,Terra,Planet Earth,{series},2006\n\
             tt1612782,4,A Study in Pink,A,{episode},2010\ntt0115137,2,Clueless,Clueless,{series},1996\n\
             tt0120815,9,Ryan,Saving Private Ryan,{film},1998\n"
        );
        let index = MatchIndex::new(&movies);
        let Imported { taste, report } =
            read(&index, &movies, &[("ratings.csv", rows)], ListMeaning::Unknown).unwrap();
        assert_eq!(said(&taste), ["1:5w", "4:4.5w"], "{series}");
        assert_eq!((report.skipped, report.by_id, report.matches.len()), (3, 2, 2), "{series}");
        assert_eq!(report.skipped_rows[0].reason, series);
    }
    // Trakt's and TMDB's IDs of series are not those of movies.
    let trakt = r#"[{"rating":9,"show":{"title":"Planet Earth","ids":{"imdb":"tt0795176","tmdb":5}}},
        {"rating":9,"show":{"title":"Planet Earth"},"episode":{"title":"Caves","ids":{"tmdb":5}}}]"#;
    let index = MatchIndex::new(&movies);
    let files = [("ratings-shows.json", trakt)];
    let report = read(&index, &movies, &files, ListMeaning::Unknown).unwrap().report;
    assert_eq!(
        (report.by_id, report.skipped, report.skipped_rows[0].title.as_str()),
        (1, 1, "Caves")
    );
}

#[test]
fn lists_are_reported_and_imported_only_with_a_meaning() {
    let movies = [Movie { imdb_id: Some("0118688".to_owned()), ..movie(1, "Batman & Robin") }];
    let index = MatchIndex::new(&movies);
    let list = "Position,Const,Title,Title Type,Year,Your Rating\n1,tt0118688,Batman & Robin,Movie,1997,\n";
    let files = [("worst-ever.csv", list)];
    let import = |lists| read(&index, &movies, &files, lists).unwrap();
    let Imported { taste, report } = import(ListMeaning::Unknown);
    assert!(taste.items().is_empty());
    assert_eq!((report.lists[0].name.as_str(), report.lists[0].rows), ("worst-ever", 1));
    let Imported { taste, report } = import(ListMeaning::Liked);
    assert!(taste.items()[0].liked && report.lists.is_empty());
    assert!(import(ListMeaning::Watchlist).taste.items()[0].listed);
    assert!(import(ListMeaning::Ignore).taste.items().is_empty());
}
