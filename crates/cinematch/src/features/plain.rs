//! Plain features: TF-IDF of the overview, multi-hot genres, and standardized year and runtime. The values
//! equal those that scikit-learn computes for the same movies.

use super::categorical::GenreBinarizer;
use super::matrix::CsrMatrix;
use super::numeric::NumericScaler;
use super::text::{TfidfError, TfidfParams, TfidfVectorizer};
use crate::catalog::Movie;

/// Fitted transformers, along with the movies × columns matrix that they produce.
#[derive(Clone, Debug)]
pub struct PlainFeatures {
    /// TF-IDF vectorizer for the overview, or for the title if there is no overview.
    pub tfidf: TfidfVectorizer,
    /// Genre encoder.
    pub genres: GenreBinarizer,
    /// Scaler for the year and runtime.
    pub numeric: NumericScaler,
    /// One row per movie, with TF-IDF columns first, then genres, then numeric columns.
    pub matrix: CsrMatrix<f64>,
}

impl PlainFeatures {
    /// Fits the transformers to `movies` and computes their rows.
    ///
    /// # Errors
    /// Returns an error if `params` is invalid or the text has no usable vocabulary.
    pub fn fit(movies: &[Movie], params: TfidfParams) -> Result<Self, TfidfError> {
        let texts: Vec<&str> = movies.iter().map(text_of).collect();
        let (tfidf, text_block) = TfidfVectorizer::fit_transform(&texts, params)?;
        let genres = GenreBinarizer::fit(movies.iter().map(|movie| movie.genres.as_slice()));
        let numeric = NumericScaler::fit(&[
            ("year", movies.iter().map(year_of).collect()),
            ("runtime", movies.iter().map(runtime_of).collect()),
        ]);
        Ok(Self::assemble(movies, (tfidf, genres, numeric), &text_block))
    }

    /// Computes the rows of `movies` using transformers that are already fitted. For the movies that the
    /// transformers were fitted to, the rows equal those from [`Self::fit`].
    pub fn transformed(
        movies: &[Movie],
        tfidf: TfidfVectorizer,
        genres: GenreBinarizer,
        numeric: NumericScaler,
    ) -> Self {
        let texts: Vec<&str> = movies.iter().map(text_of).collect();
        let text_block = tfidf.transform(&texts);
        Self::assemble(movies, (tfidf, genres, numeric), &text_block)
    }

    fn assemble(
        movies: &[Movie],
        (tfidf, genres, numeric): (TfidfVectorizer, GenreBinarizer, NumericScaler),
        text_block: &CsrMatrix<f64>,
    ) -> Self {
        let genre_block = genres.transform(movies.iter().map(|movie| movie.genres.as_slice()));
        let mut numeric_block = CsrMatrix::new(2);
        for movie in movies {
            let row =
                [numeric.transform(0, year_of(movie)), numeric.transform(1, runtime_of(movie))];
            // Zeros are not stored, as in SciPy.
            numeric_block.push_row(
                (0..2)
                    .map(|column| (column, row[column as usize]))
                    .filter(|(_, value)| *value != 0.0),
            );
        }
        let matrix = CsrMatrix::hstack(&[text_block, &genre_block, &numeric_block]);
        Self { tfidf, genres, numeric, matrix }
    }

    /// Returns the column names, in order.
    pub(crate) fn column_names(&self) -> impl Iterator<Item = &str> {
        let genres = self.genres.classes.iter();
        let columns = self.tfidf.terms.iter().chain(genres).chain(self.numeric.features.iter());
        columns.map(String::as_str)
    }
}

/// Returns the text used to represent a movie: its overview, or its title if there is no overview.
pub(crate) fn text_of(movie: &Movie) -> &str {
    movie.overview.as_deref().unwrap_or(&movie.title)
}

fn year_of(movie: &Movie) -> Option<f64> {
    movie.year.map(f64::from)
}

fn runtime_of(movie: &Movie) -> Option<f64> {
    movie.runtime.map(f64::from)
}
