//! Attributes of movies, for comparing the movies in a list with those that the user liked.

use super::calibration::miscalibration;
use crate::catalog::Movie;
use crate::ids::MovieIdx;

/// Genres, decade and language of each movie, by index.
#[derive(Clone, Debug)]
pub struct MovieAttributes {
    genres: Attribute,
    decades: Attribute,
    languages: Attribute,
}

/// Miscalibration of a list by attribute; see [`miscalibration`]. `None` if no movie in the history has a
/// value of the attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Miscalibration {
    pub genres: Option<f64>,
    pub decades: Option<f64>,
    pub languages: Option<f64>,
}

impl MovieAttributes {
    /// Collects the attributes of `movies`, in time linear in their total number. The language is the
    /// original language. For movies without one, it is whether MovieLens has a title in another
    /// language.
    pub fn new(movies: &[Movie]) -> Self {
        let movies: Vec<Option<&Movie>> = movies.iter().map(Some).collect();
        Self::with_unknown(&movies)
    }

    /// Like [`Self::new`], for a list in which some movies are unknown and have no attributes.
    pub(super) fn with_unknown(movies: &[Option<&Movie>]) -> Self {
        let decade = |movie: &Movie| movie.year.map(|year| (year / 10).to_string());
        let language = |movie: &Movie| {
            let unknown = if movie.alt_titles.is_empty() { "unknown" } else { "not English" };
            movie.original_language.clone().unwrap_or_else(|| unknown.to_owned())
        };
        Self {
            genres: Attribute::new(movies, |movie| movie.genres.clone()),
            decades: Attribute::new(movies, |movie| decade(movie).into_iter().collect()),
            languages: Attribute::new(movies, |movie| vec![language(movie)]),
        }
    }

    /// Creates the attributes of `n_movies` movies without any values.
    #[cfg(test)]
    pub(super) fn unknown(n_movies: usize) -> Self {
        let none = Attribute { values_of: vec![Vec::new(); n_movies], n_values: 0 };
        Self { genres: none.clone(), decades: none.clone(), languages: none }
    }

    /// Returns how far the attributes of the movies in `list` diverge from those of the `liked` movies.
    pub(crate) fn miscalibration(&self, liked: &[MovieIdx], list: &[MovieIdx]) -> Miscalibration {
        let of = |attribute: &Attribute| {
            miscalibration(&attribute.weights(liked), &attribute.weights(list))
        };
        Miscalibration {
            genres: of(&self.genres),
            decades: of(&self.decades),
            languages: of(&self.languages),
        }
    }
}

/// Values of one attribute for each movie, numbered from 0.
#[derive(Clone, Debug)]
struct Attribute {
    values_of: Vec<Vec<usize>>,
    n_values: usize,
}

impl Attribute {
    fn new(movies: &[Option<&Movie>], values_of: impl Fn(&Movie) -> Vec<String>) -> Self {
        let by_movie: Vec<Vec<String>> =
            movies.iter().map(|movie| movie.map(&values_of).unwrap_or_default()).collect();
        let mut names: Vec<&String> = by_movie.iter().flatten().collect();
        names.sort_unstable();
        names.dedup();
        let numbers = |values: &Vec<String>| {
            values.iter().filter_map(|value| names.binary_search(&value).ok()).collect()
        };
        Self { values_of: by_movie.iter().map(numbers).collect(), n_values: names.len() }
    }

    /// Returns the total weight of each value. Each movie has a weight of 1, split equally among its
    /// values.
    fn weights(&self, movies: &[MovieIdx]) -> Vec<f64> {
        let mut weights = vec![0.0; self.n_values];
        for movie in movies {
            let values = &self.values_of[movie.row()];
            for value in values {
                weights[*value] += 1.0 / values.len() as f64;
            }
        }
        weights
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;
    use crate::ids::MovieId;

    fn movie(id: u32, year: u16, genres: &[&str], language: Option<&str>) -> Movie {
        Movie {
            year: Some(year),
            genres: genres.iter().map(ToString::to_string).collect(),
            original_language: language.map(str::to_owned),
            ..Movie::new(MovieId(id), "A")
        }
    }

    #[test]
    fn movies_with_equal_attributes_are_calibrated() {
        let mut foreign = movie(4, 1954, &["drama"], None);
        foreign.alt_titles.push("Shichinin no samurai".to_owned());
        let movies = [
            movie(1, 1994, &["drama", "crime"], Some("en")),
            movie(2, 1999, &["crime", "drama"], Some("en")),
            movie(3, 1954, &["drama"], None),
            foreign,
        ];
        let attributes = MovieAttributes::new(&movies);
        let of = |liked: u32, listed: u32| {
            attributes.miscalibration(&[MovieIdx(liked)], &[MovieIdx(listed)])
        };
        let same = of(0, 1);
        for value in [same.genres, same.decades, same.languages] {
            assert_close(value.unwrap(), 0.0);
        }
        let most = 100_f64.ln();
        assert_close(of(0, 3).decades.unwrap(), most);
        // Half of the weight is on drama, which the list has, and half on crime, which it does not have.
        let expected = 0.5 * (0.5_f64 / (0.99 + 0.005)).ln() + 0.5 * most;
        assert_close(of(0, 3).genres.unwrap(), expected);
        // Without a known language, a title in another language counts.
        assert_close(of(2, 3).languages.unwrap(), most);
    }
}
