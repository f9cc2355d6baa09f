//! Properties that movies the user likes share more often than other movies do: a director, a decade, a language.

use std::collections::BTreeMap;

use cinematch::catalog::Movie;
use cinematch::ids::MovieId;

/// Minimum number of liked movies with a property.
const MIN_LIKES: usize = 3;
/// Minimum lift: the share of a property among liked movies, divided by its share in the catalog.
const MIN_LIFT: f64 = 3.0;

/// A property that movies share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interest<'a> {
    /// Directed by this person.
    Director(&'a str),
    /// Original language, as an ISO 639-1 code.
    Language(&'a str),
    /// Released in the ten years that begin with this one.
    Decade(u16),
}

/// An interest of the user, with the movies that have the property.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Matches<'a> {
    pub interest: Interest<'a>,
    pub movies: Vec<MovieId>,
}

/// Number of movies whose property of each kind is known.
type Known = [usize; 3];

impl<'a> Interest<'a> {
    fn kind(self) -> usize {
        match self {
            Self::Director(_) => 0,
            Self::Language(_) => 1,
            Self::Decade(_) => 2,
        }
    }

    /// Returns the properties of a movie.
    fn all_of(movie: &'a Movie) -> impl Iterator<Item = Self> {
        let directors = movie.directors.iter().map(|name| Self::Director(name));
        let language = movie.original_language.iter().map(|code| Self::Language(code));
        directors.chain(language).chain(movie.year.map(|year| Self::Decade(year / 10 * 10)))
    }
}

/// Counts the movies whose property of each kind is known, and passes each property of each movie to `found`.
fn visit<'a>(
    movies: impl Iterator<Item = &'a Movie>,
    mut found: impl FnMut(&'a Movie, Interest<'a>),
) -> Known {
    let mut n_known = Known::default();
    for movie in movies {
        let mut is_known = [false; 3];
        for interest in Interest::all_of(movie) {
            is_known[interest.kind()] = true;
            found(movie, interest);
        }
        for (n_known, is_known) in n_known.iter_mut().zip(is_known) {
            *n_known += usize::from(is_known);
        }
    }
    n_known
}

/// Returns the interests with at least three liked movies and a lift of at least 3, in descending order of n · ln(lift),
/// where n is the number of liked movies. Shares are those of the movies whose property of this kind is known. Leaves out
/// a director if earlier ones have most of their movies. O(movies).
pub(super) fn interests<'a>(catalog: &'a [Movie], liked: &[&'a Movie]) -> Vec<Matches<'a>> {
    let mut n_liked: BTreeMap<Interest<'a>, usize> = BTreeMap::new();
    let known_liked = visit(liked.iter().copied(), |_, interest| {
        *n_liked.entry(interest).or_default() += 1;
    });
    n_liked.retain(|_, n| *n >= MIN_LIKES);
    if n_liked.is_empty() {
        return Vec::new();
    }
    let mut movies_with: BTreeMap<Interest<'a>, Vec<MovieId>> =
        n_liked.keys().map(|interest| (*interest, Vec::new())).collect();
    let known = visit(catalog.iter(), |movie, interest| {
        if let Some(movies) = movies_with.get_mut(&interest) {
            movies.push(movie.movie_id);
        }
    });
    let scored = |(interest, movies): (Interest<'a>, Vec<MovieId>)| {
        let share = |n: usize, known: &Known| n as f64 / known[interest.kind()] as f64;
        let n = n_liked[&interest];
        let lift = share(n, &known_liked) / share(movies.len(), &known);
        (lift >= MIN_LIFT).then(|| (n as f64 * lift.ln(), Matches { interest, movies }))
    };
    let mut scored: Vec<(f64, Matches<'a>)> = movies_with.into_iter().filter_map(scored).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.interest.cmp(&b.1.interest)));
    let mut found: Vec<Matches<'a>> = Vec::new();
    for (_, matches) in scored {
        // Directors who always work together are one interest.
        let is_known = |id: &MovieId| {
            found.iter().any(|earlier| {
                matches!(earlier.interest, Interest::Director(_)) && earlier.movies.contains(id)
            })
        };
        let is_repeated = matches!(matches.interest, Interest::Director(_))
            && 2 * matches.movies.iter().filter(|id| is_known(id)).count() > matches.movies.len();
        if !is_repeated {
            found.push(matches);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A catalog of 100 movies: 1 to 6 by A from the 1950s, 7 to 11 by B from the 1990s, and others by nobody known
    /// from the 2000s. Movies 1 to 20 have a known language: 1 to 5 Japanese, the others English.
    fn catalog() -> Vec<Movie> {
        let movie = |id: u32| Movie {
            directors: match id {
                ..=6 => vec!["A".to_owned()],
                7..=11 => vec!["B".to_owned()],
                _ => Vec::new(),
            },
            year: Some(match id {
                ..=6 => 1954,
                7..=11 => 1999,
                _ => 2004,
            }),
            original_language: (id <= 20).then(|| if id <= 5 { "ja" } else { "en" }.to_owned()),
            ..Movie::new(MovieId(id), format!("Film {id}"))
        };
        (1..=100).map(movie).collect()
    }

    fn check(liked: &[u32], expected: &[Interest<'_>]) {
        let catalog = catalog();
        let liked: Vec<&Movie> = liked.iter().map(|id| &catalog[*id as usize - 1]).collect();
        let found = interests(&catalog, &liked);
        let found: Vec<Interest<'_>> = found.iter().map(|matches| matches.interest).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn interests_are_ordered_by_lift_weighted_count() {
        use Interest::{Decade, Director, Language};
        // Four of the six liked movies are from the 1950s, which have 6 % of the catalog: 4 · ln(67 % / 6 %) = 9.6. The
        // four with a known language are in Japanese, like a quarter of the catalog: 4 · ln(4) = 5.5. The four with a
        // known director are by A, like 6 of 11 movies, which is too little lift.
        check(&[1, 2, 3, 4, 30, 31], &[Decade(1950), Language("ja")]);
        // Two liked movies are too few for an interest, and a frequent property has no lift.
        check(&[1, 2, 7, 8, 30, 31, 32], &[]);
        check(&[], &[]);
        // Two directors of the same movies are one interest.
        let mut catalog = catalog();
        for movie in &mut catalog[6..11] {
            movie.directors.push("Z".to_owned());
        }
        // A director counts once three movies are liked, and a movie without a director is not evidence against one.
        for movie in &mut catalog[11..] {
            movie.directors = vec![format!("C{}", movie.movie_id)];
        }
        let liked: Vec<&Movie> = [7, 8, 9].map(|id: usize| &catalog[id - 1]).to_vec();
        let found = interests(&catalog, &liked);
        assert_eq!(found[0].interest, Director("B"));
        assert_eq!(found[0].movies, (7..=11).map(MovieId).collect::<Vec<_>>());
        assert_eq!(found[1].interest, Decade(1990));
        assert_eq!(found.len(), 2);
    }
}
