//! The plain feature row: TF-IDF over the overview | multi-hot genres | standardised year and
//! runtime. On the same films every number equals scikit-learn's.

use super::numeric::NumericScaler;
use super::text::{TfidfError, TfidfParams, TfidfVectorizer};
use super::{CsrMatrix, GenreBinarizer};
use crate::catalog::Movie;

/// The fitted transformers and the matrix they made (films × columns).
#[derive(Clone, Debug)]
pub struct PlainFeatures {
    /// Over the overview, or the title where there is none.
    pub tfidf: TfidfVectorizer,
    /// Over the genres.
    pub genres: GenreBinarizer,
    /// Over year and runtime.
    pub numeric: NumericScaler,
    /// TF-IDF | genres | numeric.
    pub matrix: CsrMatrix<f64>,
}

impl PlainFeatures {
    /// Fits all three on the films.
    pub fn fit(movies: &[Movie], params: TfidfParams) -> Result<Self, TfidfError> {
        let texts: Vec<&str> = movies.iter().map(text_of).collect();
        let (tfidf, text_block) = TfidfVectorizer::fit_transform(&texts, params)?;
        let genres = GenreBinarizer::fit(movies.iter().map(|movie| movie.genres.as_slice()));
        let numeric = NumericScaler::fit(&[
            ("year", movies.iter().map(year_of).collect()),
            ("runtime", movies.iter().map(runtime_of).collect()),
        ]);
        Ok(Self::assembled(movies, (tfidf, genres, numeric), &text_block))
    }

    /// The rows of these films by transformers that were fitted before. On the films that they were
    /// fitted on, the same numbers.
    pub fn transformed(
        movies: &[Movie],
        tfidf: TfidfVectorizer,
        genres: GenreBinarizer,
        numeric: NumericScaler,
    ) -> Self {
        let texts: Vec<&str> = movies.iter().map(text_of).collect();
        let text_block = tfidf.transform(&texts);
        Self::assembled(movies, (tfidf, genres, numeric), &text_block)
    }

    fn assembled(
        movies: &[Movie],
        (tfidf, genres, numeric): (TfidfVectorizer, GenreBinarizer, NumericScaler),
        text_block: &CsrMatrix<f64>,
    ) -> Self {
        let genre_block = genres.transform(movies.iter().map(|movie| movie.genres.as_slice()));
        let mut numeric_block = CsrMatrix::new(2);
        for movie in movies {
            let row =
                [numeric.transform(0, year_of(movie)), numeric.transform(1, runtime_of(movie))];
            // A zero is not stored, as in scipy.
            numeric_block.push_row(
                (0..2).map(|at| (at, row[at as usize])).filter(|(_, value)| *value != 0.0),
            );
        }
        let matrix = CsrMatrix::side_by_side(&[text_block, &genre_block, &numeric_block]);
        Self { tfidf, genres, numeric, matrix }
    }

    /// The names of the columns, in order.
    pub fn column_names(&self) -> impl Iterator<Item = &str> {
        let genres = self.genres.classes.iter();
        let columns = self.tfidf.terms.iter().chain(genres).chain(self.numeric.features.iter());
        columns.map(String::as_str)
    }
}

/// The text a film is known by: its overview, or its title where there is none.
pub fn text_of(movie: &Movie) -> &str {
    movie.overview.as_deref().unwrap_or(&movie.title)
}

fn year_of(movie: &Movie) -> Option<f64> {
    movie.year.map(f64::from)
}

fn runtime_of(movie: &Movie) -> Option<f64> {
    movie.runtime.map(f64::from)
}
