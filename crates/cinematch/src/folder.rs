//! Loads a MovieLens folder into memory: movies, tags and ratings, ready for training and evaluation.
//!
//! Programs can use [`Catalog`] to train without the intermediate files that the command line writes
//! (`movies_merged.csv`, packed ratings).

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::bundle::{InputChecksum, Settings, Training};
use crate::catalog::{self, Inputs, Interactions, MergeError, MergeSettings, Movie};
use crate::features::tags::TagCounts;
use crate::ids::{self, MovieId, Vocabulary};
use crate::sources::movielens::{self, TagRow};
use crate::sources::ratings::{self, RatingsError};
use crate::sources::{Problem, SourceError, Unlisted};

/// The movies in a MovieLens folder, with their tags and ratings.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// Movies that passed the filters, in the order of `movies.csv`.
    pub movies: Vec<Movie>,
    /// User tags, including those for movies outside `movies`; empty if the folder has no `tags.csv`.
    pub tags: Vec<TagRow>,
    /// Ratings of `movies`, with the same indices; `None` if the folder has no `ratings.csv`.
    pub ratings: Option<Interactions>,
    /// Invalid rows and values found in the files, with at most 1,000 of each kind per piece of
    /// `ratings.csv`.
    pub problems: Vec<Problem>,
    /// Number of problems in `ratings.csv` that are not listed in `problems`.
    pub unlisted: Unlisted,
    inputs: Vec<InputChecksum>,
}

/// Error returned by [`Catalog::read`].
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A file is missing or unreadable.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Error from the operating system.
        cause: io::Error,
    },
    /// The movies or their TMDB metadata are invalid.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// A file doesn't have a valid header.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The ratings could not be read.
    #[error(transparent)]
    Ratings(#[from] RatingsError),
}

impl Catalog {
    /// Reads `movies.csv`, `links.csv` and, if they exist, `tags.csv` and `ratings.csv` from a MovieLens
    /// folder. Also reads `tmdb_metadata.csv` if it is given. O(bytes).
    ///
    /// # Errors
    /// Returns an error if a file is missing, unreadable or doesn't have a valid header. Invalid rows are
    /// skipped and reported in [`problems`](Self::problems).
    pub fn read(
        movielens: &Path,
        tmdb: Option<&Path>,
        settings: &MergeSettings,
    ) -> Result<Self, CatalogError> {
        let [movies, links] = ["movies.csv", "links.csv"].map(|name| movielens.join(name));
        let (movies_csv, links) = (bytes(&movies)?, bytes(&links)?);
        let tmdb = tmdb.map(bytes).transpose()?;
        let merged = catalog::merge(
            Inputs {
                movies: ("movies.csv", &movies_csv),
                links: ("links.csv", &links),
                tmdb: tmdb.as_deref().map(|tmdb| ("tmdb_metadata.csv", tmdb)),
            },
            settings,
            &|ids| count_ratings(&movielens.join("ratings.csv"), ids),
        )?;
        let table = merged.table.concat();
        let movies = catalog::read_merged("movies_merged.csv", &table)?.records;
        let mut catalog = Self {
            inputs: vec![checksum("movies_merged.csv", movies.len() as u64, &table)],
            movies,
            tags: Vec::new(),
            ratings: None,
            problems: merged.problems,
            unlisted: Unlisted::default(),
        };
        catalog.read_tags(&movielens.join("tags.csv"))?;
        catalog.read_ratings(&movielens.join("ratings.csv"), &movies_csv)?;
        Ok(catalog)
    }

    fn read_tags(&mut self, path: &Path) -> Result<(), CatalogError> {
        if path.exists() {
            let bytes = bytes(path)?;
            let tags = movielens::tags("tags.csv", &bytes)?;
            self.inputs.push(checksum("tags.csv", tags.records.len() as u64, &bytes));
            self.problems.extend(tags.problems);
            self.tags = tags.records;
        }
        Ok(())
    }

    /// Reads the ratings and checks them against `movies`, the contents of `movies.csv`.
    fn read_ratings(&mut self, path: &Path, movies: &[u8]) -> Result<(), CatalogError> {
        if path.exists() {
            let read_error = |cause| CatalogError::Read { path: path.to_owned(), cause };
            let listed = movielens::movies("movies.csv", movies)?.records;
            let vocabulary = Vocabulary::new(listed.iter().map(|movie| movie.movie_id));
            let file = File::open(path).map_err(read_error)?;
            let mut rows = ratings::read("ratings.csv", &file, &vocabulary)?;
            rows.require_valid("ratings.csv")?;
            let interactions = Interactions::new("ratings.csv", vocabulary, &mut rows);
            let sha256 = ids::sha256_of(file).map_err(read_error)?;
            self.inputs.push(InputChecksum {
                name: "ratings.csv".to_owned(),
                rows: rows.rows,
                sha256,
            });
            self.problems.append(&mut rows.problems);
            self.unlisted = rows.unlisted;
            let merged_movies = catalog::vocabulary(&self.movies);
            self.ratings = Some(interactions.restricted_to(&merged_movies));
        }
        Ok(())
    }

    /// Returns the input for [`train`](crate::bundle::train), with all users and no streaming
    /// availability. `created_at` is recorded as the start time of the run, as RFC 3339 in UTC.
    pub fn training(self, settings: Settings, created_at: &str) -> Training {
        Training {
            tags: TagCounts::new(&self.tags),
            movies: self.movies,
            availability: None,
            ratings: self.ratings,
            holdout: None,
            refit: false,
            fit_weights: false,
            inputs: self.inputs,
            settings,
            created_at: created_at.to_owned(),
        }
    }
}

/// Counts the ratings of each of `movies`; 0 if there is no file.
fn count_ratings(path: &Path, movies: &[MovieId]) -> Result<Vec<u64>, RatingsError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![0; movies.len()]),
        opened => {
            opened.map_err(|cause| RatingsError::Read { file: "ratings.csv".to_owned(), cause })?
        }
    };
    ratings::count("ratings.csv", &file, movies)
}

fn bytes(path: &Path) -> Result<Vec<u8>, CatalogError> {
    fs::read(path).map_err(|cause| CatalogError::Read { path: path.to_owned(), cause })
}

fn checksum(name: &str, rows: u64, bytes: &[u8]) -> InputChecksum {
    InputChecksum { name: name.to_owned(), rows, sha256: ids::sha256_hex(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::train;
    use crate::models::Spec;

    #[test]
    fn error_names_the_missing_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = Catalog::read(folder.path(), None, &MergeSettings::default()).unwrap_err();
        assert!(error.to_string().contains("movies.csv"), "{error}");
    }

    #[test]
    fn reads_a_folder_without_tags_and_ratings() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write(
            "movies.csv",
            "movieId,title,genres\n1,Heat (1995),Action|Crime\n2,Fargo (1996),Crime\n",
        );
        write("links.csv", "movieId,imdbId,tmdbId\n1,0113277,949\n2,0116282,275\n");
        let read = || Catalog::read(folder.path(), None, &MergeSettings::default()).unwrap();
        let catalog = read();
        assert_eq!(catalog.movies.len(), 2);
        assert!(catalog.ratings.is_none() && catalog.tags.is_empty());
        let settings = Settings { model: Spec::content(), ..Settings::default() };
        let training = catalog.training(settings, "2026-01-01T00:00:00Z");
        let bundle = train(training, &mut |_, _| ()).unwrap().into_bundle().unwrap();
        assert_eq!(bundle.recommender.movies(), read().movies);

        // Ratings of movies removed by a filter are dropped, and the remaining rows stay aligned.
        write(
            "ratings.csv",
            "userId,movieId,rating,timestamp\n7,1,4.0,100\n7,2,5.0,200\n7,3,1.0,300\n",
        );
        let newer = MergeSettings { min_year: Some(1996), ..MergeSettings::default() };
        let catalog = Catalog::read(folder.path(), None, &newer).unwrap();
        let ratings = catalog.ratings.unwrap();
        assert_eq!((catalog.movies.len(), ratings.n_movies(), ratings.n_ratings()), (1, 1, 1));
        assert_eq!(catalog.problems.len(), 1, "reports the rating of an unknown movie");
    }
}
