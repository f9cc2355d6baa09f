//! A user's taste in numbers: genres, decades, ratings, and popularity of the liked movies.

use std::collections::BTreeMap;

use cinematch::catalog::Movie;
use cinematch::ranking::Recommender;
use cinematch_store::{MovieFeedback, Reaction, UserHistory};

/// Minimum rating of a liked movie and maximum rating of a disliked one, in half stars.
const MIN_LIKED_HALVES: u8 = 7;
const MAX_DISLIKED_HALVES: u8 = 5;
/// Maximum number of genres shown.
const MAX_GENRES: usize = 12;
/// Minimum number of liked movies for the popularity chart.
const MIN_LIKED: usize = 5;

/// Counts of the movies that a user has rated, reacted to or watched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TasteSummary {
    /// Genres with the number of liked and disliked movies, in descending order of their sum.
    pub genres: Vec<(String, u32, u32)>,
    /// Number of movies by the first year of their decade, without gaps.
    pub decades: Vec<(u16, u32)>,
    /// Number of movies by rating, from 1 to 10 half stars.
    pub stars: [u32; 10],
    /// Popularity of the median liked movie.
    pub popularity: Option<Popularity>,
}

/// Number of movies by kind of feedback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedbackCounts {
    /// Movies that the user has watched or rated.
    pub seen: usize,
    /// Rated movies.
    pub rated: usize,
    /// Liked movies.
    pub liked: usize,
    /// Movies on the watchlist.
    pub listed: usize,
}

impl FeedbackCounts {
    /// Counts the movies in a user's history.
    pub fn new(history: &UserHistory) -> Self {
        let is_seen = |movie: &&MovieFeedback| movie.watched || movie.stars.is_some();
        Self {
            seen: history.movies.iter().filter(is_seen).count(),
            rated: history.rated().count(),
            liked: history.liked().count(),
            listed: history.watchlist.len(),
        }
    }
}

/// Popularity of the movies that a user likes.
#[derive(Clone, Debug, PartialEq)]
pub struct Popularity {
    /// Number of liked movies with votes.
    pub n_liked: usize,
    /// Title of the liked movie with the median number of votes.
    pub median: String,
    /// Rank of the movie `median` in the catalog by number of votes, from 1.
    pub rank: usize,
    /// Number of movies in the catalog.
    pub n_movies: usize,
}

/// Returns true for liked, false for disliked, `None` for neutral feedback.
fn is_liked(feedback: &MovieFeedback) -> Option<bool> {
    match (feedback.stars, feedback.reaction) {
        (Some(stars), _) if stars.halves() >= MIN_LIKED_HALVES => Some(true),
        (Some(stars), _) if stars.halves() <= MAX_DISLIKED_HALVES => Some(false),
        (_, Some(Reaction::Like)) => Some(true),
        (_, Some(Reaction::Dislike | Reaction::NotInterested)) => Some(false),
        (_, None) => None,
    }
}

impl TasteSummary {
    /// Counts a user's movies that are in the catalog. Takes O(n) time for n movies in the catalog.
    pub fn new(history: &UserHistory, recommender: &Recommender) -> Self {
        let movies = history.movies.iter().filter_map(|feedback| {
            let movie = recommender.vocabulary().index_of(feedback.movie_id)?;
            Some((feedback, recommender.movie(movie)))
        });
        let movies: Vec<(&MovieFeedback, &Movie)> = movies.collect();
        Self::from_movies(&movies, recommender.movies())
    }

    fn from_movies(movies: &[(&MovieFeedback, &Movie)], catalog: &[Movie]) -> Self {
        let mut genres: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
        let mut decades: BTreeMap<u16, u32> = BTreeMap::new();
        let mut stars = [0; 10];
        let mut liked: Vec<(u32, &Movie)> = Vec::new();
        for (feedback, movie) in movies {
            if let Some(rating) = feedback.stars {
                stars[usize::from(rating.halves()) - 1] += 1;
            }
            let opinion = is_liked(feedback);
            // Decades count watched and liked movies only.
            if let Some(year) = movie.year
                && (feedback.watched || feedback.stars.is_some() || opinion == Some(true))
            {
                *decades.entry(year / 10 * 10).or_default() += 1;
            }
            let Some(is_liked) = opinion else { continue };
            for genre in &movie.genres {
                let (with, n_disliked) = genres.entry(genre).or_default();
                if is_liked { *with += 1 } else { *n_disliked += 1 }
            }
            if let Some(votes) = movie.vote_count.filter(|_| is_liked) {
                liked.push((votes, movie));
            }
        }
        let mut genres: Vec<(String, u32, u32)> = genres
            .into_iter()
            .map(|(name, (liked, disliked))| (name.to_owned(), liked, disliked))
            .collect();
        genres.sort_by_key(|(_, liked, disliked)| std::cmp::Reverse(liked + disliked));
        genres.truncate(MAX_GENRES);
        Self { genres, decades: fill_gaps(&decades), stars, popularity: popularity(liked, catalog) }
    }

    /// Returns true if no movie was counted.
    pub fn is_empty(&self) -> bool {
        self.genres.is_empty() && self.decades.is_empty()
    }
}

/// Returns all decades from the first to the last, including decades without movies.
fn fill_gaps(decades: &BTreeMap<u16, u32>) -> Vec<(u16, u32)> {
    let (Some((first, _)), Some((last, _))) = (decades.first_key_value(), decades.last_key_value())
    else {
        return Vec::new();
    };
    let all = (*first..=*last).step_by(10);
    all.map(|decade| (decade, decades.get(&decade).copied().unwrap_or(0))).collect()
}

/// Ranks the median liked movie by votes in the whole catalog.
fn popularity(mut liked: Vec<(u32, &Movie)>, catalog: &[Movie]) -> Option<Popularity> {
    if liked.len() < MIN_LIKED {
        return None;
    }
    liked.sort_by_key(|(votes, movie)| (std::cmp::Reverse(*votes), movie.movie_id));
    let (votes, median) = liked[liked.len() / 2];
    let better_known = catalog.iter().filter(|movie| movie.vote_count > Some(votes)).count();
    Some(Popularity {
        n_liked: liked.len(),
        median: median.title.clone(),
        rank: better_known + 1,
        n_movies: catalog.len(),
    })
}

impl Popularity {
    /// Returns a position from 0 (best known) to 1 (least known), logarithmic in the rank.
    pub fn position(&self) -> f32 {
        let all = (self.n_movies.max(2) as f32).ln();
        ((self.rank as f32).ln() / all).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use cinematch::ids::MovieId;
    use cinematch::rating::Stars;

    use super::*;

    fn feedback(id: u32, halves: Option<u8>, reaction: Option<Reaction>) -> MovieFeedback {
        MovieFeedback {
            movie_id: MovieId(id),
            reaction,
            stars: halves.and_then(Stars::from_halves),
            watched: halves.is_some(),
            updated_at: 0,
            import_id: None,
        }
    }

    fn movie(id: u32, year: u16, votes: u32, genres: &[&str]) -> Movie {
        Movie {
            year: Some(year),
            vote_count: Some(votes),
            genres: genres.iter().map(|name| (*name).to_owned()).collect(),
            ..Movie::new(MovieId(id), format!("Film {id}"))
        }
    }

    #[test]
    fn counts_the_users_feedback() {
        let catalog: Vec<Movie> = (1..=20)
            .map(|id| {
                movie(
                    id,
                    1960 + 3 * id as u16,
                    1000 / id,
                    if id < 4 { &["crime", "drama"] } else { &["comedy"] },
                )
            })
            .collect();
        let all_feedback = [
            feedback(1, Some(10), None),
            feedback(2, Some(7), None),
            feedback(3, Some(2), None),
            feedback(4, None, Some(Reaction::Like)),
            feedback(5, None, Some(Reaction::NotInterested)),
            // Three stars are neutral.
            feedback(6, Some(6), None),
            feedback(7, Some(8), None),
            feedback(8, Some(9), None),
        ];
        let movies: Vec<(&MovieFeedback, &Movie)> = all_feedback
            .iter()
            .map(|feedback| (feedback, &catalog[feedback.movie_id.0 as usize - 1]))
            .collect();
        let taste = TasteSummary::from_movies(&movies, &catalog);
        let genres: Vec<(&str, u32, u32)> =
            taste.genres.iter().map(|(name, a, b)| (name.as_str(), *a, *b)).collect();
        assert_eq!(genres, [("comedy", 3, 1), ("crime", 2, 1), ("drama", 2, 1)]);
        assert_eq!(taste.decades, [(1960, 3), (1970, 2), (1980, 2)]);
        assert_eq!(taste.stars, [0, 1, 0, 0, 0, 1, 1, 1, 1, 1]);
        let popularity = taste.popularity.as_ref().unwrap();
        // The liked movies are 1, 2, 4, 7 and 8; their median number of votes is 250, that of movie 4.
        assert_eq!(
            (popularity.n_liked, popularity.median.as_str(), popularity.rank),
            (5, "Film 4", 4)
        );
        assert!(TasteSummary::from_movies(&[], &catalog).is_empty());
    }

    #[test]
    fn decades_have_no_gaps() {
        let decades = BTreeMap::from([(1950, 2), (1980, 1)]);
        assert_eq!(fill_gaps(&decades), [(1950, 2), (1960, 0), (1970, 0), (1980, 1)]);
    }
}
