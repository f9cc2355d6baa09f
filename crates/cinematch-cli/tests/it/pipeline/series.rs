//! Order of sequels in lists on MovieLens latest-small.

use std::collections::{BTreeMap, BTreeSet};

use cinematch::ids::MovieId;
use cinematch::ranking::{Query, Rating};

use super::latest_small;
use crate::support::folder::real_data;

/// Well-known series as IDs of MovieLens, in order of release.
const SERIES: [&[u32]; 24] = [
    // Star Wars, Indiana Jones, Back to the Future, The Godfather, Toy Story.
    &[260, 1196, 1210, 2628, 5378, 33493, 122_886],
    &[1198, 2115, 1291, 59615],
    &[1270, 2011, 2012],
    &[858, 1221, 2023],
    &[1, 3114, 78499],
    // The Matrix, The Lord of the Rings, The Hobbit, Harry Potter, Kill Bill.
    &[2571, 6365, 6934],
    &[4993, 5952, 7153],
    &[98809, 106_489, 118_696],
    &[4896, 5816, 8368, 40815, 54001, 69844, 81834, 88125],
    &[6874, 7438],
    // Alien, Terminator, Die Hard, Lethal Weapon, Rocky.
    &[1214, 1200, 1320, 1690],
    &[1240, 589, 6537],
    &[1036, 1370, 165, 53972],
    &[2000, 2001, 2002, 1918],
    &[1954, 2409, 2410, 2411, 2412],
    // Jurassic Park, Men in Black, Spider-Man, X-Men, Shrek.
    &[480, 1544, 4638],
    &[1580, 5459, 94777],
    &[5349, 8636, 52722],
    &[3793, 6333, 45499],
    &[4306, 8360, 53121],
    // Pirates of the Caribbean, Ocean's Eleven, Iron Man, The Hunger Games.
    &[6539, 45722, 53125, 86880],
    &[4963, 8984, 53322],
    &[59315, 77561, 102_125],
    &[91500, 106_487, 116_823],
];

/// Returns each sequel in `list` that has an earlier part that is neither seen nor listed before it.
fn early_sequels(list: &[MovieId], seen: &BTreeSet<MovieId>) -> Vec<(MovieId, MovieId)> {
    let mut early = Vec::new();
    for (place, movie) in list.iter().enumerate() {
        let Some(series) = SERIES.iter().find(|parts| parts.contains(&movie.0)) else { continue };
        let earlier = series.iter().take_while(|part| **part != movie.0).map(|part| MovieId(*part));
        let unseen = earlier.filter(|part| !seen.contains(part) && !list[..place].contains(part));
        early.extend(unseen.map(|part| (*movie, part)));
    }
    early
}

#[test]
fn no_list_has_a_sequel_before_an_earlier_unseen_part() {
    let Some(raw) = real_data("no_list_has_a_sequel_before_an_earlier_unseen_part") else { return };
    let recommender = &latest_small::bundle(&raw).recommender;
    let top = |query: &Query| -> Vec<MovieId> {
        let (request, _) = recommender.resolve(query).unwrap();
        let items = recommender.recommend(&request).items;
        items.iter().map(|item| recommender.movie(item.movie).movie_id).collect()
    };
    for movie in SERIES.iter().flat_map(|parts| parts.iter()) {
        assert!(recommender.vocabulary().index_of(MovieId(*movie)).is_some(), "{movie}");
    }

    // Spider-Man: without this rule, the list has the second parts of Star Wars, Harry Potter and Kill Bill first.
    let spider_man = MovieId(5349);
    let list = top(&Query { liked: vec![spider_man], limit: 15, ..Query::default() });
    assert_eq!(early_sequels(&list, &[spider_man].into()), []);

    let ratings = std::fs::read_to_string(raw.join("ml-latest-small/ratings.csv")).unwrap();
    let mut histories: BTreeMap<&str, Vec<Rating>> = BTreeMap::new();
    for line in ratings.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let (movie_id, rating) = (MovieId(fields[1].parse().unwrap()), fields[2].parse().unwrap());
        histories.entry(fields[0]).or_default().push(Rating { movie_id, rating });
    }
    let mut n_sequels = 0;
    for (user, history) in histories.iter().take(300) {
        // A fifth of the history leaves many series unseen.
        let ratings: Vec<Rating> = history.iter().step_by(5).copied().collect();
        let seen: BTreeSet<MovieId> = ratings.iter().map(|rating| rating.movie_id).collect();
        let list = top(&Query { ratings, limit: 10, ..Query::default() });
        assert_eq!(list.len(), 10);
        assert_eq!(early_sequels(&list, &seen), [], "user {user}: {list:?}");
        n_sequels += list
            .iter()
            .filter(|movie| SERIES.iter().any(|parts| parts[1..].contains(&movie.0)))
            .count();
    }
    assert!(n_sequels > 100, "sequels of seen movies are still listed: {n_sequels}");
}
