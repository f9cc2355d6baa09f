use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;

use proptest::prelude::*;

use super::*;
use crate::ids::MovieId;
use crate::sources::ratings;

/// Builds interactions from `csv`. Also returns the problems, formatted as strings.
fn build(csv: &str) -> (Interactions, Vec<String>) {
    let movies = Vocabulary::new([7, 1, 300, 2].map(MovieId));
    let mut read = ratings::read("ratings.csv", csv.as_bytes(), &movies).unwrap();
    let interactions = Interactions::new("ratings.csv", movies, &mut read);
    let problems = read
        .problems
        .iter()
        .map(|problem| format!("{}: {} ({:?})", problem.line, problem.reason, problem.outcome));
    (interactions, problems.collect())
}

/// Maps each user and movie to half stars and time.
type Table = BTreeMap<u32, BTreeMap<u32, (u8, u32)>>;

fn by_user(interactions: &Interactions) -> Table {
    let row = |user| {
        let rated = interactions.user_ratings(user);
        rated.map(|rated| (rated.movie.0, (rated.stars.halves(), rated.time))).collect()
    };
    interactions.users().map(|user| (interactions.user_id(user).0, row(user))).collect()
}

#[test]
fn restricting_renumbers_movies_and_keeps_every_user() {
    let csv = "userId,movieId,rating,timestamp\n4,7,1.0,13\n9,1,2.5,14\n9,7,3.0,15\n9,300,4.0,16\n";
    let (interactions, _) = build(csv);
    let movies = Vocabulary::new([300, 5, 1].map(MovieId));
    let restricted = interactions.clone().restricted_to(&movies);
    let expected =
        Table::from([(4, BTreeMap::new()), (9, BTreeMap::from([(0, (8, 16)), (2, (5, 14))]))]);
    assert_eq!(by_user(&restricted), expected);
    assert_eq!(restricted.movies(), &movies);
    assert_eq!(restricted.movie_ratings(MovieIdx(2)).len(), 1);
    assert_eq!(interactions.clone().restricted_to(interactions.movies()), interactions);
}

#[test]
fn restricting_keeps_the_latest_rating_of_a_film_with_several_ids() {
    let csv = "userId,movieId,rating,timestamp\n4,7,1.0,13\n4,300,5.0,12\n9,1,2.5,14\n9,7,3.0,15\n\
               9,300,4.0,16\n5,300,2.0,1\n";
    let (interactions, _) = build(csv);
    let movies =
        Vocabulary::new([1, 7].map(MovieId)).with_duplicates([(MovieId(300), MovieIdx(1))]);
    let restricted = interactions.restricted_to(&movies);
    let expected = Table::from([
        (4, BTreeMap::from([(1, (2, 13))])),
        (5, BTreeMap::from([(1, (4, 1))])),
        (9, BTreeMap::from([(0, (5, 14)), (1, (8, 16))])),
    ]);
    assert_eq!(by_user(&restricted), expected);
    assert_eq!(restricted.movie_ratings(MovieIdx(1)).count(), 3);
}

#[test]
fn filtering_keeps_every_user_and_movie() {
    let csv = "userId,movieId,rating,timestamp\n4,7,1.0,13\n9,1,2.5,14\n9,7,3.0,15\n9,300,4.0,16\n";
    let (interactions, _) = build(csv);
    let before = interactions.before(15);
    let expected =
        Table::from([(4, BTreeMap::from([(0, (2, 13))])), (9, BTreeMap::from([(1, (5, 14))]))]);
    assert_eq!(by_user(&before), expected);
    assert_eq!(before.movies(), interactions.movies());
    assert_eq!(before.movie_ratings(MovieIdx(0)).count(), 1);
    assert_eq!(interactions.before(17), interactions);
    assert_eq!(interactions.before(0).n_ratings(), 0);
    assert_eq!(interactions.filtered(|rated| rated.movie != MovieIdx(0)).n_ratings(), 2);
}

#[test]
fn the_last_row_of_a_pair_wins_in_unsorted_files() {
    let (interactions, problems) = build(
        "userId,movieId,rating,timestamp\n9,1,5.0,10\n4,300,3.0,11\n9,7,0.5,12\n9,1,2.0,9\n\n\
         4,7,1.0,13\n9,1,2.5,14\n",
    );
    let expected = Table::from([
        (4, BTreeMap::from([(0, (2, 13)), (2, (6, 11))])),
        (9, BTreeMap::from([(0, (1, 12)), (1, (5, 14))])),
    ]);
    assert_eq!(by_user(&interactions), expected);
    assert_eq!(
        problems,
        [
            "5: user 9 already rated movie 1 on line 2; this row replaces it (EarlierRowReplaced)",
            "8: user 9 already rated movie 1 on line 5; this row replaces it (EarlierRowReplaced)",
        ]
    );
    let of_movie_7: Vec<(u32, u8)> = interactions
        .movie_ratings(MovieIdx(0))
        .map(|(user, stars)| (interactions.user_id(user).0, stars.halves()))
        .collect();
    assert_eq!(of_movie_7, [(4, 2), (9, 1)]);
}

#[test]
fn an_empty_file_yields_no_users_and_no_ratings() {
    let (interactions, problems) = build("userId,movieId,rating,timestamp\n");
    assert_eq!((interactions.n_users(), interactions.n_ratings()), (0, 0));
    assert_eq!(interactions.movie_ratings(MovieIdx(3)).len(), 0);
    assert!(problems.is_empty());
}

#[test]
fn packed_ratings_open_only_if_undamaged_and_their_source_is_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let (csv, packed) = (folder.path().join("ratings.csv"), folder.path().join("ratings.bin"));
    std::fs::write(&csv, "one state").unwrap();
    let (interactions, _) =
        build("userId,movieId,rating,timestamp\n1,1,5.0,10\n2,7,3.5,11\n2,1,0.5,12\n");
    let state =
        || Fingerprint::from_file(&File::open(&csv).unwrap(), interactions.movies()).unwrap();
    let provenance = Provenance { fingerprint: state(), rows: 3, problems: 0 };
    let written = Packed { interactions: interactions.clone(), provenance };
    assert!(Packed::open(&packed, &state()).unwrap().is_none());
    written.write(&packed).unwrap();
    assert_eq!(Packed::open(&packed, &state()).unwrap().as_ref(), Some(&written));

    let whole = std::fs::read(&packed).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&packed, &bytes).unwrap();
        assert!(Packed::open(&packed, &state()).is_err(), "byte {at}");
        std::fs::write(&packed, &whole[..at]).unwrap();
        assert!(Packed::open(&packed, &state()).is_err(), "{at} bytes");
    }
    std::fs::write(&packed, &whole).unwrap();
    std::fs::write(&csv, "two state").unwrap();
    assert!(Packed::open(&packed, &state()).unwrap().is_none());
}

proptest! {
    #[test]
    fn both_matrices_contain_the_last_rating_of_every_pair(
        rows in proptest::collection::vec((1_u32..9, 0_usize..4, 1_u8..=10, 0_u32..100), 0..60),
    ) {
        let ids = [7, 1, 300, 2];
        let mut csv = "userId,movieId,rating,timestamp\n".to_owned();
        let mut expected = Table::new();
        for (user, movie, halves, time) in &rows {
            let stars = f32::from(*halves) / 2.0;
            writeln!(csv, "{user},{},{stars:.1},{time}", ids[*movie]).unwrap();
            expected.entry(*user).or_default().insert(*movie as u32, (*halves, *time));
        }
        let (interactions, problems) = build(&csv);
        prop_assert_eq!(problems.len(), rows.len() - interactions.n_ratings());
        prop_assert_eq!(by_user(&interactions), expected.clone());
        let mut turned: BTreeMap<(u32, u32), u8> = BTreeMap::new();
        for movie in 0..4 {
            let users: Vec<u32> = interactions.movie_ratings(MovieIdx(movie)).map(|(user, _)| user.0).collect();
            prop_assert!(users.is_sorted_by(|a, b| a < b));
            for (user, stars) in interactions.movie_ratings(MovieIdx(movie)) {
                turned.insert((interactions.user_id(user).0, movie), stars.halves());
            }
        }
        let pairs = expected.iter().flat_map(|(user, movies)| {
            movies.iter().map(move |(movie, (halves, _))| ((*user, *movie), *halves))
        });
        prop_assert_eq!(turned, pairs.collect::<BTreeMap<_, _>>());
    }
}
