//! Made-up data in the shape of MovieLens and TMDb, of any size: for speed, scale and tests where
//! the real files may not or need not be.
//!
//! Nothing in it was copied. Distributions follow MovieLens 32M's README, its published figures and
//! [`ml-latest-small`](https://grouplens.org/datasets/movielens/); titles, names and texts are
//! composed from words of our own.
//!
//! # What is modelled
//!
//! * **Popularity.** The film of rank r (from 0) is watched next with odds
//!   `(1 + r/30)^−0.85 / (1 + (r/1500)^1.72) + 4.5·10⁻⁶`, whatever the size: a small catalogue is
//!   the head of a large one. Nobody watches a film twice, so the head flattens: at MovieLens 32M's
//!   size half of all viewers rate the first film, and the median film has 8 ratings.
//! * **Activity.** A viewer rates 20 films (fewer where the mean is below 20) plus a log-normal
//!   number, σ = 1.39, scaled so that all add up to [`SyntheticParams::ratings`] exactly.
//! * **Taste.** Twenty clusters with genres, words and people of their own lie in ℝ⁸. A film's
//!   place f is near its cluster's centre, moved by the words it is about; a viewer's taste t is a
//!   unit vector between two or three centres. It decides what is watched, with odds ∝
//!   `popularity · exp(β ⟨t, centre⟩) · (0.17 + 1.05 ⟨t, f⟩) · recency`, and how it is liked:
//!   `stars = 3.27 + viewer's bias + film's quality + 1.1 ⟨t, f⟩ + noise`. So collaborative
//!   filtering beats popularity, and genres, keywords, people and texts tell of taste.
//! * **Time.** Viewers join between 1996 and 2023, most for one session, the eager ones for years.
//!   Recent films attract more, and none is rated before its year while another one is left. Half
//!   stars exist since 18 February 2003.
//! * **Oddities** of titles, ids, genres, and TMDb's blanks are dealt like cards: in the real
//!   proportions exactly, and once at least where there are films enough.
//!
//! # Order and size
//!
//! All randomness is `ChaCha8` with one stream a viewer or film, and all arithmetic behind it is
//! fixed by IEEE 754: equal parameters give equal bytes on every machine. Films cost
//! O(films log films) once; n ratings of one viewer cost O(n log n), or O(films) for those who have
//! seen nearly all of them. Memory is O(films + viewers), 16 MB at MovieLens 32M's size; no file is
//! ever held, whatever its length.

mod credits;
mod metadata;
mod movie;
mod params;
mod ratings;
mod sampling;
mod story;
mod stream;
mod tags;
mod taxonomy;
#[cfg(test)]
mod tests;
mod title;
mod user;
mod words;

use std::io::{self, Write};

use credits::People;
use movie::Movies;
use story::Author;
use stream::{Stream, Topic};
use taxonomy::{GENRES, N_CLUSTERS, Taxonomy};
use title::Title;
use user::User;
use words::Lexicon;

pub use params::{CheckedSyntheticParams, SyntheticError, SyntheticParams};

/// Writes the five files. Each can be written alone, in any order and any number of times.
pub struct Generator {
    params: SyntheticParams,
    taxonomy: Taxonomy,
    movies: Movies,
    cluster_sizes: [u32; N_CLUSTERS],
    /// Ratings by viewer.
    activity: Vec<u32>,
    lexicon: Lexicon,
}

impl Generator {
    /// Draws the films and how much every viewer rates.
    pub fn new(params: &CheckedSyntheticParams) -> Self {
        let params = *params.get();
        let taxonomy = Taxonomy::new(params.seed);
        let blank_odds = metadata::BLANKS.map(|(_, rows)| rows);
        let movies = Movies::new(params.seed, params.movies, &taxonomy, &blank_odds);
        let mut cluster_sizes = [0; N_CLUSTERS];
        for movie in &movies.movies {
            cluster_sizes[usize::from(movie.cluster)] += 1;
        }
        let activity = user::activity(&params);
        Self { params, taxonomy, movies, cluster_sizes, activity, lexicon: Lexicon::new() }
    }

    /// `movies.csv`: movieId, title, genres.
    pub fn write_movies(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut writer = movielens_writer(out);
        writer.write_record(["movieId", "title", "genres"])?;
        for (index, movie) in self.movies.movies.iter().enumerate() {
            let names: Vec<&str> = (0..GENRES.len())
                .filter(|genre| movie.genres >> genre & 1 == 1)
                .map(|genre| GENRES[genre].0)
                .collect();
            let genres =
                if names.is_empty() { "(no genres listed)".to_owned() } else { names.join("|") };
            let title = self.title(index).movielens(movie);
            writer.write_record([movie.movie_id.to_string(), title, genres])?;
        }
        writer.flush()
    }

    /// `links.csv`: movieId, imdbId, tmdbId.
    pub fn write_links(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut writer = movielens_writer(out);
        writer.write_record(["movieId", "imdbId", "tmdbId"])?;
        for movie in &self.movies.movies {
            let tmdb_id =
                if movie.tmdb_id == 0 { String::new() } else { movie.tmdb_id.to_string() };
            let imdb_id = format!("{:07}", movie.imdb_id);
            writer.write_record([movie.movie_id.to_string(), imdb_id, tmdb_id])?;
        }
        writer.flush()
    }

    /// `tmdb_metadata.csv`, by ascending `tmdb_id`.
    pub fn write_tmdb(&self, out: &mut dyn Write) -> io::Result<()> {
        metadata::write(self, out)
    }

    /// `ratings.csv`: userId, movieId, rating, timestamp, by viewer and film. `progress` is told
    /// the number of rows so far, every 100,000 or so and at the end.
    pub fn write_ratings(
        &self,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<()> {
        ratings::write(self, out, progress)
    }

    /// `tags.csv`: userId, movieId, tag, timestamp, by viewer, film and tag.
    pub fn write_tags(&self, out: &mut dyn Write) -> io::Result<()> {
        tags::write(self, out)
    }

    /// The viewer at this position; their id is one more.
    fn user(&self, user: u32) -> (User, Stream) {
        let n_ratings = self.activity[user as usize];
        User::draw(self.params.seed, user, n_ratings, &self.taxonomy, &self.movies)
    }

    fn title(&self, index: usize) -> Title {
        let mut stream = Stream::new(self.params.seed, Topic::Title, index as u64);
        Title::compose(&self.movies.movies[index], &self.lexicon, &mut stream)
    }

    fn directors(&self, index: usize) -> Vec<String> {
        let mut stream = Stream::new(self.params.seed, Topic::Directors, index as u64);
        self.people().directors(&self.movies.movies[index], &mut stream)
    }

    fn people(&self) -> People<'_> {
        let seed = self.params.seed;
        People { seed, lexicon: &self.lexicon, cluster_sizes: &self.cluster_sizes }
    }

    fn author(&self) -> Author<'_> {
        Author { seed: self.params.seed, lexicon: &self.lexicon, taxonomy: &self.taxonomy }
    }
}

/// MovieLens' files have CRLF line ends.
fn movielens_writer(out: &mut dyn Write) -> csv::Writer<&mut dyn Write> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out)
}
