//! Reads data and trains recommenders, for all measurements.

use std::fs::{self, File};
use std::path::Path;

use cinematch::catalog::{Interactions, Movie, read_merged, vocabulary};
use cinematch::evaluation::Split;
use cinematch::features::plain::PlainFeatures;
use cinematch::features::ranking::{FeatureSet, RankingFeatures};
use cinematch::features::tags::TagCounts;
use cinematch::features::text::TfidfParams;
use cinematch::ids::Vocabulary;
use cinematch::models::spec::Kind;
use cinematch::models::{Fitted, Spec, TrainingSet};
use cinematch::ranking::{Blend, Recommender, Votes, WeightedModel};
use cinematch::sources::movielens::{self, TagRow};
use cinematch::sources::ratings;

use crate::outcome::Outcome;

/// Movies in the merged table, with MovieLens tags and ratings.
pub struct Data {
    pub movies: Vec<Movie>,
    pub tags: Vec<TagRow>,
    pub interactions: Interactions,
}

/// Model to train.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Trained {
    /// The default hybrid.
    Hybrid,
    /// The content model only.
    Content,
}

impl Data {
    /// Reads the merged table in `root`, and the tags and ratings in the MovieLens folder `raw`.
    pub fn read(root: &Path, raw: &Path) -> Outcome<Self> {
        let merged = fs::read(root.join("data/movies_merged.csv"))?;
        let movies = read_merged("movies_merged.csv", &merged)?;
        let tags = movielens::tags("tags.csv", &fs::read(raw.join("tags.csv"))?)?.records;
        let known = fs::read(raw.join("movies.csv"))?;
        let known = movielens::movies("movies.csv", &known)?;
        let known = Vocabulary::new(known.records.iter().map(|movie| movie.movie_id));
        let mut rows = ratings::read("ratings.csv", &File::open(raw.join("ratings.csv"))?, &known)?;
        let interactions = Interactions::new("ratings.csv", known, &mut rows);
        let interactions = interactions.restricted_to(&vocabulary(&movies.records));
        Ok(Self { movies: movies.records, tags, interactions })
    }

    /// Trains on the training users in a split and returns the recommender that would be served.
    pub fn train(&self, split: &Split<'_>, trained: Trained) -> Outcome<Recommender> {
        let tags = TagCounts::new(self.tags.iter().filter(|tag| split.tags.admits(tag)));
        let plain = PlainFeatures::fit(&self.movies, TfidfParams::default())?;
        let features = RankingFeatures::fit(FeatureSet::Full, &self.movies, &plain, &tags)?;
        let blend = match trained {
            Trained::Content => Blend::CONTENT,
            Trained::Hybrid => hybrid(split, &features)?,
        };
        Ok(Recommender::new(self.movies.clone(), features, blend, Votes::Count))
    }
}

fn hybrid(split: &Split<'_>, features: &RankingFeatures) -> Outcome<Blend> {
    let spec = Spec::default();
    let set = TrainingSet { interactions: &split.interactions, users: &split.training, features };
    let fitted = spec.fit(set, &mut |_, _| ())?;
    let (Kind::Hybrid { parts }, Fitted::Hybrid(hybrid)) = (&spec.model, &fitted) else {
        return Err("the default model is not a hybrid".into());
    };
    let mut blend = Blend { name: "hybrid", models: Vec::new(), content: 0.0 };
    for (part, (model, weight)) in parts.iter().zip(hybrid.parts()) {
        if matches!(part.model, Kind::Content(_)) {
            blend.content = *weight;
        } else {
            let (name, model) = (part.model.name(), model.clone());
            blend.models.push(WeightedModel { name, model, weight: *weight });
        }
    }
    Ok(blend)
}
