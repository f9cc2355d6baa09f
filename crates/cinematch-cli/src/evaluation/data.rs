//! Data for evaluating and tuning models.

use anyhow::{Result, bail};
use cinematch::bundle::InputChecksum;
use cinematch::catalog::{self, Interactions, Movie};
use cinematch::evaluation::{MovieAttributes, Split};
use cinematch::features::plain::PlainFeatures;
use cinematch::features::ranking::{FeatureSet, RankingFeatures};
use cinematch::features::tags::TagCounts;
use cinematch::features::text::TfidfParams;
use cinematch::sources::movielens::TagRow;
use clap::Args;

use crate::options::Global;
use crate::output::Output;
use crate::paths::{MergedPath, PackedPath, RawPath};
use crate::pipeline::inputs::{ReadMode, load_ratings, ratings_sum, read_movies, read_tags};

/// Flags for the input files of `evaluate` and `tune`.
#[derive(Debug, Args)]
pub struct Inputs {
    #[command(flatten)]
    raw: RawPath,
    #[command(flatten)]
    merged: MergedPath,
    #[command(flatten)]
    packed: PackedPath,
}

/// Movies, ratings and tags.
pub struct Data {
    movies: Vec<Movie>,
    tags: Vec<TagRow>,
    plain: PlainFeatures,
    /// Attributes of each movie in the merged table.
    pub attributes: MovieAttributes,
    /// Ratings of movies in the merged table.
    pub interactions: Interactions,
    /// Files that the data was read from.
    pub files: Vec<InputChecksum>,
}

impl Inputs {
    /// Reads the files in the same way as `train`.
    pub fn load(&self, global: &Global, output: &Output) -> Result<Data> {
        let reading = output.step("reading movies");
        let (movies, movie_rows) = read_movies(&self.merged, global, output)?;
        let (tags, tag_rows) = read_tags(&self.raw, global, output)?;
        drop(reading);
        let loaded = load_ratings(ReadMode::default(), &self.raw, &self.packed, global, output)?;
        let summing = output.step("computing the checksum of the ratings");
        let ratings = ratings_sum(&self.raw, &loaded, global)?;
        drop(summing);
        let vocabulary = catalog::vocabulary(&movies);
        let interactions = loaded.interactions.restricted_to(&vocabulary);
        if interactions.n_ratings() == 0 {
            bail!(
                "no movie in the merged table has a rating; run `cinematch preprocess` on the movies.csv \
                 that ratings.csv belongs to"
            );
        }
        let learning = output.step("fitting features");
        let plain = PlainFeatures::fit(&movies, TfidfParams::default())?;
        drop(learning);
        Ok(Data {
            attributes: MovieAttributes::new(&movies),
            files: [movie_rows, ratings].into_iter().chain(tag_rows).collect(),
            movies,
            tags,
            plain,
            interactions,
        })
    }
}

impl Data {
    /// Computes the ranking features of the movies, with only the tags in the training part of the
    /// split.
    pub fn features(&self, split: &Split<'_>) -> Result<RankingFeatures> {
        let tags = TagCounts::new(self.tags.iter().filter(|tag| split.tags.admits(tag)));
        Ok(RankingFeatures::fit(FeatureSet::Full, &self.movies, &self.plain, &tags)?)
    }
}
