//! Tests complete files by reading them with the library's decoders.

use std::io;
use std::sync::OnceLock;

use cinematch::ids::sha256_hex;
use cinematch::sources::{ProblemKind, movielens, tmdb};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::stream::{Stream, Topic};
use crate::{Generator, SyntheticParams, user};

/// The five files generated from one set of parameters.
struct Files {
    generator: Generator,
    movies: Vec<u8>,
    links: Vec<u8>,
    ratings: Vec<u8>,
    tags: Vec<u8>,
    tmdb: Vec<u8>,
}

fn generate(params: SyntheticParams) -> Files {
    let generator = Generator::new(&params.check().unwrap());
    let [mut movies, mut links, mut ratings, mut tags, mut tmdb] = [const { Vec::new() }; 5];
    generator.write_movies(&mut movies).unwrap();
    generator.write_links(&mut links).unwrap();
    generator.write_ratings(&mut ratings, &mut |_| {}).unwrap();
    generator.write_tags(&mut tags).unwrap();
    generator.write_tmdb(&mut tmdb).unwrap();
    Files { generator, movies, links, ratings, tags, tmdb }
}

/// Returns files one hundredth the size of MovieLens 32M, generated once for all tests.
fn hundredth() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| generate(SyntheticParams::default()))
}

fn tiny(seed: u64) -> SyntheticParams {
    SyntheticParams { movies: 300, users: 20, ratings: 600, tags: 60, seed }
}

/// Checks the invariants that files of any size must satisfy.
fn check(files: &Files) {
    let params = files.generator.world.params;
    let movies = movielens::movies("movies.csv", &files.movies).unwrap();
    assert_eq!(movies.problems, []);
    assert_eq!(movies.records.len(), params.movies as usize);
    assert!(movies.records.is_sorted_by(|a, b| a.movie_id < b.movie_id));
    let known: FxHashSet<u32> = movies.records.iter().map(|row| row.movie_id.0).collect();

    let links = movielens::links("links.csv", &files.links).unwrap();
    assert_eq!(links.problems, []);
    assert!(
        links
            .records
            .iter()
            .map(|row| row.movie_id)
            .eq(movies.records.iter().map(|row| row.movie_id))
    );
    assert!(links.records.iter().all(|row| matches!(row.imdb_id.as_ref().unwrap().len(), 7 | 8)));

    let ratings = movielens::ratings("ratings.csv", &files.ratings).unwrap();
    assert_eq!(ratings.problems, []);
    assert_eq!(ratings.records.len() as u64, params.ratings);
    assert!(
        ratings.records.is_sorted_by(|a, b| (a.user_id, a.movie_id) < (b.user_id, b.movie_id)),
        "sorted, without duplicate pairs"
    );
    let users: FxHashSet<u32> = ratings.records.iter().map(|row| row.user_id.0).collect();
    assert_eq!(users.len(), params.users as usize);
    assert!(users.iter().all(|user| (1..=params.users).contains(user)));
    assert!(ratings.records.iter().all(|row| known.contains(&row.movie_id.0)));
    // Timestamps range from 1996 to the end of a session that started before 14 October 2023.
    assert!(
        ratings.records.iter().all(|row| (820_454_400..1_698_000_000).contains(&row.timestamp))
    );

    let tags = movielens::tags("tags.csv", &files.tags).unwrap();
    assert_eq!(tags.problems, []);
    assert_eq!(tags.records.len() as u64, params.tags);
    let pairs: FxHashSet<(u32, u32)> =
        ratings.records.iter().map(|row| (row.user_id.0, row.movie_id.0)).collect();
    assert!(tags.records.iter().all(|row| pairs.contains(&(row.user_id.0, row.movie_id.0))));
    assert!(tags.records.is_sorted_by(|a, b| {
        (a.user_id, a.movie_id, a.tag.to_lowercase())
            < (b.user_id, b.movie_id, b.tag.to_lowercase())
    }));

    let metadata = tmdb::metadata("tmdb.csv", &files.tmdb).unwrap().decoded;
    assert!(metadata.records.is_sorted_by(|a, b| a.tmdb_id < b.tmdb_id));
    let linked: FxHashSet<_> = links.records.iter().filter_map(|row| row.tmdb_id).collect();
    assert!(metadata.records.iter().all(|row| linked.contains(&row.tmdb_id)));
    // Runtimes of 0 are the only problems.
    for problem in &metadata.problems {
        assert_eq!(
            (problem.kind, problem.field.as_deref()),
            (ProblemKind::InvalidValue, Some("runtime"))
        );
    }
}

#[test]
fn files_at_one_hundredth_of_movielens_are_valid() {
    check(hundredth());
}

#[test]
fn files_of_extreme_sizes_are_valid() {
    for (movies, users, ratings, tags) in [
        (1, 1, 1, 4),
        (1, 5, 5, 0),
        (2, 3, 3, 12),
        (3, 40, 60, 240),
        (40, 7, 140, 0),
        (41, 100, 2_050, 8_200),
        (2_000, 3, 3_000, 5),
        (500, 400, 400, 1),
    ] {
        check(&generate(SyntheticParams { movies, users, ratings, tags, seed: 3 }));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn files_of_any_size_are_valid(
        movies in 1_u32..200,
        users in 1_u32..60,
        rating_share in 0.0_f64..=1.0,
        tag_share in 0.0_f64..=1.0,
        seed: u64,
    ) {
        let max = (u64::from(users) * u64::from(movies) / 2).max(users.into());
        let ratings = u64::from(users) + ((max - u64::from(users)) as f64 * rating_share) as u64;
        let tags = (ratings as f64 * 4.0 * tag_share) as u64;
        check(&generate(SyntheticParams { movies, users, ratings, tags, seed }));
    }
}

#[test]
fn equal_parameters_give_equal_bytes_on_every_machine() {
    let digest = |files: &Files| {
        let all = [&files.movies, &files.links, &files.ratings, &files.tags, &files.tmdb];
        sha256_hex(&all.map(Vec::as_slice).concat())
    };
    let first = generate(tiny(1));
    assert_eq!(digest(&first), digest(&generate(tiny(1))));
    // A different digest means that existing seeds now produce different files.
    assert_eq!(digest(&first), "07abe5901bc7741707b7596dfcec94a358898b67f4d7a0abd03dd778e154e78f");

    let other = generate(tiny(2));
    for (one, two) in [
        (&first.movies, &other.movies),
        (&first.links, &other.links),
        (&first.ratings, &other.ratings),
        (&first.tags, &other.tags),
        (&first.tmdb, &other.tmdb),
    ] {
        assert_ne!(one, two);
    }
}

#[test]
fn reports_progress_up_to_the_last_row() {
    let mut reported = Vec::new();
    let mut sink = io::sink();
    let generator = &hundredth().generator;
    generator.write_ratings(&mut sink, &mut |rows| reported.push(rows)).unwrap();
    assert!(reported.len() >= 3 && reported.is_sorted());
    assert_eq!(reported.last(), Some(&320_002));
}

#[test]
fn files_have_the_headers_and_line_ends_of_the_real_ones() {
    let files = hundredth();
    let start =
        |bytes: &'static [u8]| str::from_utf8(&bytes[..80]).unwrap().lines().next().unwrap();
    assert_eq!(start(&files.movies), "movieId,title,genres");
    assert_eq!(start(&files.links), "movieId,imdbId,tmdbId");
    assert_eq!(start(&files.ratings), "userId,movieId,rating,timestamp");
    assert_eq!(start(&files.tags), "userId,movieId,tag,timestamp");
    for file in [&files.movies, &files.links, &files.ratings, &files.tags] {
        let mut lines = file.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        assert!(lines.all(|line| line.ends_with(b"\r")), "CRLF");
    }
    assert!(!String::from_utf8_lossy(&files.tmdb[..200]).contains('\r'), "LF only");
    let row = files.ratings.split(|byte| *byte == b'\n').nth(1).unwrap();
    let rating = row.split(|byte| *byte == b',').nth(2).unwrap();
    assert!(rating.len() == 3 && rating[1] == b'.', "{}", String::from_utf8_lossy(row));
}

/// A name, a predicate, and the minimum and maximum fraction of titles that satisfy the predicate.
type Irregularity = (&'static str, fn(&str) -> bool, f64, f64);

#[test]
fn every_irregularity_of_titles_and_links_occurs() {
    let files = hundredth();
    let movies = movielens::movies("movies.csv", &files.movies).unwrap().records;
    let n = movies.len() as f64;
    // Read these titles without the decoder, which would trim them.
    let mut reader = csv::Reader::from_reader(files.movies.as_slice());
    let titles: Vec<String> =
        reader.records().map(|row| row.unwrap().get(1).unwrap().to_owned()).collect();
    let has_year = |title: &str| {
        let end = title.trim_end().trim_end_matches(')');
        end.get(end.len().saturating_sub(4)..).is_some_and(|year| year.parse::<u16>().is_ok())
    };
    let without_year = titles.iter().filter(|title| !has_year(title)).count() as f64 / n;
    assert!((0.006..0.008).contains(&without_year), "no year: {without_year}");
    let irregularities: [Irregularity; 14] = [
        ("trailing space", |title| title.ends_with(") "), 0.001, 0.003),
        ("two spaces", |title| title.contains("  ("), 0.0003, 0.001),
        ("no-break space", |title| title.contains('\u{a0}'), 0.00005, 0.001),
        ("range", |title| title.contains('–') && title.ends_with(')'), 0.00004, 0.001),
        ("stray parenthesis", |title| title.ends_with("))"), 0.00004, 0.001),
        ("only a year", |title| title.starts_with(" ("), 0.00004, 0.001),
        ("combining accent", |title| title.contains('\u{301}'), 0.00004, 0.001),
        ("quotes", |title| title.contains('"'), 0.0001, 0.001),
        ("comma", |title| title.contains(','), 0.06, 0.13),
        ("article after the title", |title| title.contains(", The ("), 0.04, 0.06),
        ("alternative title", |title| title.contains(") ("), 0.045, 0.07),
        ("a.k.a.", |title| title.contains("(a.k.a. "), 0.001, 0.006),
        ("accents", |title| title.contains(['é', 'ö', 'ã', 'Ł', 'ç', 'É', 'Ü']), 0.01, 0.04),
        ("script", |title| title.chars().any(|c| c > '\u{370}' && c != '–'), 0.001, 0.004),
    ];
    for (name, matches, from, to) in irregularities {
        let got = titles.iter().filter(|title| matches(title)).count() as f64 / n;
        assert!((from..to).contains(&got), "{name}: {got}");
    }
    let without_genres =
        movies.iter().filter(|row| row.genres == "(no genres listed)").count() as f64 / n;
    assert!((without_genres - 0.0808).abs() < 0.0005, "no genres: {without_genres}");
    let quoted = String::from_utf8_lossy(&files.movies).contains("\"\"");
    assert!(quoted, "doubled quotes");
    assert!(movies.last().unwrap().movie_id.0 > 2 * movies.len() as u32, "gaps between IDs");

    let links = movielens::links("links.csv", &files.links).unwrap().records;
    let with_tmdb: Vec<u32> = links.iter().filter_map(|row| row.tmdb_id.map(|id| id.0)).collect();
    let distinct: FxHashSet<u32> = with_tmdb.iter().copied().collect();
    assert!((10..60).contains(&(links.len() - with_tmdb.len())), "empty tmdbIds");
    assert!((3..20).contains(&(with_tmdb.len() - distinct.len())), "repeated tmdbIds");
    let long = links.iter().filter(|row| row.imdb_id.as_ref().unwrap().len() == 8).count() as f64;
    assert!((0.05..0.15).contains(&(long / n)), "eight digits: {long}");
    assert!(
        links.iter().any(|row| row.imdb_id.as_ref().unwrap().starts_with("00")),
        "leading zeros"
    );
}

#[test]
fn tmdb_metadata_has_the_real_share_of_missing_values() {
    let decoded = tmdb::metadata("tmdb.csv", &hundredth().tmdb).unwrap().decoded;
    let rows = &decoded.records;
    let n = rows.len() as f64;
    assert!((0.98..1.0).contains(&(n / 20_000.0)));
    // The decoder discards runtimes of 0.
    for (name, filled, real) in [
        ("runtime", rows.iter().filter(|row| row.runtime.is_some()).count(), 0.672),
        ("popularity", rows.iter().filter(|row| row.popularity.is_some()).count(), 0.340),
        ("vote_count", rows.iter().filter(|row| row.vote_count.is_some()).count(), 0.615),
        ("overview", rows.iter().filter(|row| !row.overview.is_empty()).count(), 0.992),
        ("keywords", rows.iter().filter(|row| !row.keywords.is_empty()).count(), 0.415),
        ("cast_top", rows.iter().filter(|row| !row.cast.is_empty()).count(), 0.580),
        ("director", rows.iter().filter(|row| !row.directors.is_empty()).count(), 0.456),
    ] {
        let got = filled as f64 / n;
        assert!((got - real).abs() < 0.015, "{name}: {got}, real files: {real}");
    }
    let zero_runtimes = decoded.problems.len() as f64 / n;
    assert!((0.004..0.01).contains(&zero_runtimes), "{zero_runtimes}");
    let overviews: Vec<&str> =
        rows.iter().map(|row| row.overview.as_ref()).filter(|text| !text.is_empty()).collect();
    assert!(overviews.iter().filter(|text| text.contains('\n')).count() > 50);
    assert!(overviews.iter().filter(|text| text.contains('"')).count() > 500);
    let words: FxHashSet<&str> =
        overviews.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric())).collect();
    assert!((3_000..6_000).contains(&words.len()), "{} distinct words", words.len());
}

#[test]
fn popularity_and_activity_have_long_tails() {
    let files = hundredth();
    let ratings = movielens::ratings("ratings.csv", &files.ratings).unwrap().records;
    let mut by_movie: FxHashMap<u32, u32> = FxHashMap::default();
    let mut by_user = vec![0_u32; 2_009];
    for row in &ratings {
        *by_movie.entry(row.movie_id.0).or_default() += 1;
        by_user[row.user_id.0 as usize - 1] += 1;
    }
    let mut counts: Vec<u32> = by_movie.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let share =
        |movies: usize| f64::from(counts[..movies].iter().sum::<u32>()) / ratings.len() as f64;
    assert!(share(200) > 0.25, "top 1 %: {}", share(200));
    assert!(share(2_000) > 0.75, "top 10 %: {}", share(2_000));
    assert!(
        (0.4..0.6).contains(&(f64::from(counts[0]) / 2_009.0)),
        "most popular movie: {}",
        counts[0]
    );
    assert!(
        counts.iter().filter(|count| **count <= 2).count() > 4_000,
        "too few movies with one or two ratings"
    );

    by_user.sort_unstable();
    assert!(by_user[0] >= 20);
    assert!((65..82).contains(&by_user[1_004]), "median user: {}", by_user[1_004]);
    assert!(by_user[2_008] > 2_000, "most active user: {}", by_user[2_008]);
}

#[test]
fn stars_and_timestamps_follow_movielens() {
    let files = hundredth();
    let ratings = movielens::ratings("ratings.csv", &files.ratings).unwrap().records;
    let n = ratings.len() as f64;
    let mean = ratings.iter().map(|row| f64::from(row.stars.value())).sum::<f64>() / n;
    let square = ratings.iter().map(|row| f64::from(row.stars.value().powi(2))).sum::<f64>() / n;
    assert!((mean - 3.5).abs() < 0.1, "mean {mean}");
    assert!(((square - mean * mean).sqrt() - 1.04).abs() < 0.08, "deviation");
    let half_stars = |row: &&movielens::RatingRow| row.stars.halves() % 2 == 1;
    let halves = ratings.iter().filter(half_stars).count() as f64 / n;
    assert!((0.2..0.35).contains(&halves), "half stars {halves}");
    let first_half = ratings.iter().filter(half_stars).map(|row| row.timestamp).min().unwrap();
    assert!(first_half >= 1_045_526_400, "half-star ratings before they were introduced");

    let year: FxHashMap<u32, u16> = files
        .generator
        .world
        .movies
        .movies
        .iter()
        .map(|movie| (movie.movie_id, movie.year))
        .collect();
    let early =
        ratings.iter().filter(|row| user::year_of(row.timestamp) < year[&row.movie_id.0]).count();
    assert_eq!(early, 0, "movies rated before their release year");
}

/// When the generator was written, the measured values were a difference of 0.32 stars and a ratio of 3.4.
#[test]
fn users_prefer_and_rate_higher_their_own_cluster() {
    let world = &hundredth().generator.world;
    let movies = &world.movies.movies;
    let mut picker = user::Picker::new(movies.len());
    let mut stars = [0.0; 2];
    let mut watched = [0.0; 2];
    let mut offered = [0.0; 2];
    for user in 0..400 {
        let (profile, mut stream) = world.user(user);
        let home = profile.home(&world.taxonomy);
        for movie in movies {
            offered[usize::from(usize::from(movie.cluster) == home)] += f64::from(movie.weight);
        }
        for index in picker.pick(&profile, &world.movies, &mut stream) {
            let movie = &movies[*index as usize];
            let own = usize::from(usize::from(movie.cluster) == home);
            stars[own] += f64::from(profile.rate(movie, &mut stream).0) / 2.0;
            watched[own] += 1.0;
        }
    }
    let rating_difference = stars[1] / watched[1] - stars[0] / watched[0];
    assert!(
        rating_difference > 0.2,
        "users rate their own cluster {rating_difference} stars higher"
    );
    let watch_ratio = (watched[1] / offered[1]) / (watched[0] / offered[0]);
    assert!(watch_ratio > 2.0, "users watch their own cluster {watch_ratio} times as often");
}

#[test]
fn movies_of_one_cluster_share_more_keywords_than_others() {
    let author = hundredth().generator.world.author();
    let movies = &hundredth().generator.world.movies.movies;
    let keywords = |index: usize| {
        let mut stream = Stream::new(0, Topic::Metadata, index as u64);
        author.keywords(&movies[index], &mut stream)
    };
    let shared = |a: usize, b: usize| {
        let (a, b) = (keywords(a), keywords(b));
        a.iter().filter(|word| b.contains(word)).count()
    };
    let (mut same, mut different) = ([0, 0], [0, 0]);
    for pair in 0..3_000 {
        let (a, b) = (pair, 19_999 - pair);
        let sums = if movies[a].cluster == movies[b].cluster { &mut same } else { &mut different };
        sums[0] += shared(a, b);
        sums[1] += 1;
    }
    let mean = |sums: [usize; 2]| sums[0] as f64 / sums[1] as f64;
    assert!(mean(same) > 4.0 * mean(different), "{same:?} {different:?}");
}
