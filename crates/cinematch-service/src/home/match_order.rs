//! Order of the movies in a row by their matches.

use cinematch::ranking::MATCH_BAND;

use crate::user_view::{MovieCard, UserView};

/// Match below which the user would probably not like a movie.
const DOUBTFUL_MATCH: f32 = 0.4;

/// Returns the movie's match for the user.
pub(super) fn match_of(movie: &MovieCard<'_>) -> Option<f32> {
    movie.details.as_ref()?.match_probability
}

/// Returns true if the user would probably not like a movie, although it is similar to a movie that the user loves.
pub(super) fn is_doubtful(movie: &MovieCard<'_>) -> bool {
    match_of(movie).is_some_and(|share| share < DOUBTFUL_MATCH)
}

/// Sorts movies by match. Movies whose matches differ by at most 5 points keep their order, which is more diverse. The
/// parts of a series share the highest match among them and keep their order, too.
pub(super) fn by_match<'a>(view: &UserView, movies: Vec<MovieCard<'a>>) -> Vec<MovieCard<'a>> {
    let series = view.recommender().series();
    let series_of = |movie: &MovieCard<'_>| series.series_of(view.find(movie.item.movie_id)?);
    let shared_match = |movie: &MovieCard<'_>| {
        let series = series_of(movie);
        let is_part = |other: &&MovieCard<'_>| series.is_some() && series_of(other) == series;
        let own = match_of(movie).unwrap_or(0.0);
        movies.iter().filter(is_part).filter_map(match_of).fold(own, f32::max)
    };
    let order = banded_order(movies.iter().map(shared_match).collect());
    let mut movies: Vec<Option<MovieCard<'a>>> = movies.into_iter().map(Some).collect();
    order.into_iter().filter_map(|index| movies[index].take()).collect()
}

/// Returns the positions of `matches` in descending order, except that of the matches within [`MATCH_BAND`] of the
/// highest one that remains, the first comes first. O(n²).
fn banded_order(matches: Vec<f32>) -> Vec<usize> {
    let mut remaining: Vec<(usize, f32)> = matches.into_iter().enumerate().collect();
    let mut order = Vec::with_capacity(remaining.len());
    while !remaining.is_empty() {
        let highest = remaining.iter().map(|(_, share)| *share).fold(0.0, f32::max);
        let next = remaining.iter().position(|(_, share)| *share >= highest - MATCH_BAND);
        order.push(remaining.remove(next.unwrap_or(0)).0);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_matches_within_five_points_keep_their_order() {
        assert_eq!(banded_order(vec![0.70, 0.72, 0.80, 0.76, 0.40]), [2, 1, 3, 0, 4]);
        assert_eq!(banded_order(vec![0.80, 0.84, 0.79]), [0, 1, 2]);
        assert_eq!(banded_order(vec![0.0, 0.0]), [0, 1]);
        assert_eq!(banded_order(Vec::new()), [0; 0]);
    }
}
