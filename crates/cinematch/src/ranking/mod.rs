//! Ranking: what a viewer asks for → a ranked, explained list.
//!
//! Score = affinity to the history + preferred genres + quality − novelty's price on popularity,
//! where affinity is content's, or a [blend](Blend) of it with what ratings taught; or else it is
//! [popularity](Order::Popularity) alone.
//! Every summand is reported, so that reasons are the score's own parts.
//!
//! [`Recommender::recommend`] is for one viewer and [`Recommender::recommend_group`] for several;
//! [`Recommender::without`] says what one film of a history does to a list, and [`Recommender::ask`] which film
//! to ask a newcomer about.

mod blend;
mod calibrate;
mod counterfactual;
mod diversify;
mod explain;
mod group;
mod onboarding;
mod popularity;
mod quality;
mod query;
mod score_terms;

use std::cell::RefCell;
use std::cmp::Reverse;
use std::sync::OnceLock;

use serde::Serialize;

use crate::catalog::{Availability, Movie};
use crate::features::ranking::RankingFeatures;
use crate::ids::{MovieIdx, Vocabulary};
use crate::models::biased_mf::Prediction;
use crate::models::content::{ContentModel, Signal};
use crate::retrieval::{
    Candidate, Codes, Filter, FilterIndex, FilterKind, Layout, PreparedFilter, Scores, best,
};

use calibrate::GenreMix;
use onboarding::Questions;
use popularity::Trend;
use quality::Quality;
use score_terms::Parts;

pub use blend::{Blend, Chosen, Learned, NoSuchModel};
pub use counterfactual::Counterfactual;
pub use explain::{Reason, explanation};
pub use group::{
    Group, GroupError, GroupRanked, GroupRecommendation, MOST_MEMBERS, MemberScore, Strategy,
    VETO_BELOW,
};
pub use onboarding::Answer;
pub use popularity::{Order, PopularitySource, USEFUL_SHARE};
pub use query::{Feedback, FieldError, Filters, GenreFilter, Query, QueryError, Rating, no_region};

/// What quality can add to a score: enough to prefer the better of two equally fitting films.
const QUALITY_WEIGHT: f32 = 0.15;
/// The same where models of ratings know what is good: little more than an order for films that they
/// do not know.
const QUALITY_BESIDE_RATINGS: f32 = 0.04;
/// Grades of quality that the films of one block have in common.
const QUALITY_GRADES: f32 = 16.0;
/// How much more a dislike says by content where models of ratings rank: as much as it can without
/// making lists worse for viewers who dislike some films (`docs/dials.md`).
const DISLIKE_BESIDE_RATINGS: f32 = 1.5;
/// What matching all preferred genres adds.
const GENRE_WEIGHT: f32 = 0.12;
/// The same where models of ratings rank: there the best film has 1, and a tenth of that moves nothing.
const GENRE_BESIDE_RATINGS: f32 = 0.5;
/// What full novelty takes from the most popular film: all that quality can add, and no more, so
/// that novelty brings up unknown films that fit, not bad ones.
const NOVELTY_WEIGHT: f32 = QUALITY_WEIGHT;
/// The same where models of ratings rank: the films that they know best are the known ones, and less
/// would move none of them (`docs/dials.md`).
const NOVELTY_BESIDE_RATINGS: f32 = 0.7;
/// Up to this popularity, some two hundred votes where the most known film has forty thousand, a film
/// is as new as can be: to be known by hardly anybody makes it no better.
const KNOWN: f32 = 0.5;
/// The diversity of a request that does not say: enough to break up runs of sequels.
const DEFAULT_DIVERSITY: f32 = 0.15;
/// The diversity where nothing is known of the viewer: a list that has something for everyone.
const COLD_START_DIVERSITY: f32 = 0.5;

/// A film of the history, with what the viewer said of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryItem {
    /// What the model makes of it.
    pub signal: Signal,
    /// What the viewer said.
    pub feedback: Feedback,
}

/// A checked request: films and names are known, numbers are in range.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The viewer's films.
    pub history: Vec<HistoryItem>,
    /// Preferred genres, as positions in the index's list.
    pub preferred_genres: Vec<usize>,
    /// What may be shown.
    pub filter: Filter,
    /// How many films.
    pub limit: usize,
    /// How many to pass over.
    pub offset: usize,
    /// 0 to 1; `None`: the default, which depends on whether there is a history, and by popularity is 0.
    pub diversity: Option<f32>,
    /// 0 to 1.
    pub novelty: f32,
    /// Whether reasons are wanted.
    pub explain: bool,
    /// Which models rank.
    pub chosen: Chosen,
    /// What ranks: taste or popularity.
    pub order: Order,
}

impl Request {
    /// The diversity, where the request does not say. A popular list is asked for as it is.
    fn diversity_or_default(&self) -> f32 {
        self.diversity.unwrap_or(match self.order {
            Order::Popularity => 0.0,
            Order::Taste if self.history.is_empty() => COLD_START_DIVERSITY,
            Order::Taste => DEFAULT_DIVERSITY,
        })
    }
}

/// A recommended film.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation<'a> {
    /// The film.
    pub movie: MovieIdx,
    /// Its score: the sum of its reasons' contributions.
    pub score: f32,
    /// The score's parts, the largest first; empty where they were not asked for.
    pub reasons: Vec<Reason<'a>>,
    /// The stars that the viewer is expected to give, where a model that predicts them ranks.
    pub predicted: Option<Prediction>,
}

/// Why fewer films came back than were asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shortfall {
    /// Films asked for.
    pub requested: usize,
    /// Films passed over because the request said so.
    pub offset: usize,
    /// Films returned.
    pub returned: usize,
    /// Films of the catalogue removed, each under the first filter that it failed.
    pub removed_by: std::collections::BTreeMap<FilterKind, usize>,
}

/// A ranked list.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked<'a> {
    /// The films, best first.
    pub items: Vec<Recommendation<'a>>,
    /// Set when fewer films came back than were asked for.
    pub shortfall: Option<Shortfall>,
}

/// Whether TMDb's votes count in a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Votes {
    /// A film that many vote well is preferred to one that fits as well.
    Count,
    /// They are shown and filtered by, and no more.
    Ignore,
}

/// Everything ranking needs, immutable.
#[derive(Debug)]
pub struct Recommender {
    movies: Vec<Movie>,
    vocabulary: Vocabulary,
    index: FilterIndex,
    layout: Layout,
    /// Every film's combination of genres.
    genre_codes: Codes,
    model: ContentModel,
    blend: Blend,
    /// Every film's place in the layout.
    position_of: Vec<u32>,
    quality: Quality,
    /// What full quality adds.
    quality_weight: f32,
    /// What matching all preferred genres adds.
    genre_weight: f32,
    /// What full novelty takes from the most popular film.
    novelty_weight: f32,
    /// What quality adds to every film's score, by position.
    own: Vec<f32>,
    /// How known every film is, by position.
    popularity: Vec<f32>,
    /// Where the score of [`Order::Popularity`] is from, and the score by position.
    trend_source: PopularitySource,
    trend_by_position: Vec<f32>,
    /// The films that newcomers are asked about.
    questions: OnceLock<Questions>,
}

thread_local! {
    /// One score a film, kept from request to request: no allocation of the catalogue's size.
    static OWN_SCORES: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

impl Recommender {
    /// Puts the parts together. The rows of `features` are the films, in order, and those of every
    /// model.
    pub fn new(movies: Vec<Movie>, features: RankingFeatures, blend: Blend, votes: Votes) -> Self {
        let vocabulary = Vocabulary::new(movies.iter().map(|movie| movie.movie_id));
        let index = FilterIndex::new(&movies);
        // What scores are made of, coarsely. Of most films little is known and nothing is expected:
        // they stand apart from the others.
        let quality = match votes {
            Votes::Count => Quality::fit(&movies),
            Votes::Ignore => {
                let films: Vec<Movie> = movies.iter().map(Movie::of_movielens_alone).collect();
                Quality::fit(&films)
            }
        };
        let trend = match votes {
            Votes::Count => Trend::fit(&movies, &blend),
            Votes::Ignore => {
                let films: Vec<Movie> = movies.iter().map(Movie::of_movielens_alone).collect();
                Trend::fit(&films, &blend)
            }
        };
        let layout = Layout::new(movies.len(), |movie| {
            let row = movie.row();
            let grade = (quality.score[row] * QUALITY_GRADES).ceil() as u8;
            (grade == 0, index.combination_of()[row], Reverse(grade), movies[row].year)
        });
        let genre_codes = layout.codes(index.combination_of());
        let model = ContentModel::fit(features, &layout);
        let popularity = layout.arrange(&quality.popularity);
        let (quality_weight, novelty_weight, genre_weight) = if blend.models.is_empty() {
            (QUALITY_WEIGHT, NOVELTY_WEIGHT, GENRE_WEIGHT)
        } else {
            (QUALITY_BESIDE_RATINGS, NOVELTY_BESIDE_RATINGS, GENRE_BESIDE_RATINGS)
        };
        let mut own = layout.arrange(&quality.score);
        for own in &mut own {
            *own *= quality_weight;
        }
        let mut position_of = vec![0; movies.len()];
        for (position, film) in layout.movies().iter().enumerate() {
            position_of[film.row()] = position as u32;
        }
        let trend_by_position = layout.arrange(&trend.score);
        Self {
            movies,
            vocabulary,
            index,
            layout,
            genre_codes,
            model,
            blend,
            position_of,
            quality,
            quality_weight,
            genre_weight,
            novelty_weight,
            own,
            popularity,
            trend_source: trend.source,
            trend_by_position,
            questions: OnceLock::new(),
        }
    }

    /// Knows from now on where films can be watched in every region.
    #[must_use]
    pub fn with_availability(mut self, availability: Availability) -> Self {
        self.index.set_availability(availability);
        self
    }

    /// The films.
    pub fn movies(&self) -> &[Movie] {
        &self.movies
    }

    /// The film of a row.
    pub fn movie(&self, index: MovieIdx) -> &Movie {
        &self.movies[index.row()]
    }

    /// Ids and rows.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// What filters look at.
    pub fn index(&self) -> &FilterIndex {
        &self.index
    }

    /// What ratings taught, and how much it counts.
    pub fn blend(&self) -> &Blend {
        &self.blend
    }

    /// The model.
    pub fn model(&self) -> &ContentModel {
        &self.model
    }

    /// Ranks the catalogue for a request. Exactly `limit` films come back whenever that many pass
    /// the filter behind the offset. O(films + entries of the profile's columns).
    pub fn recommend(&self, request: &Request) -> Ranked<'_> {
        let filter = self.index.prepare(request.filter.clone());
        let wanted = request.offset.saturating_add(request.limit).min(self.movies.len());
        let (ranked, parts) = OWN_SCORES.with_borrow_mut(|own| {
            let (parts, summands) = Parts::new(self, request, own);
            let scores = Scores { layout: &self.layout, own, parts: summands };
            (self.listed(request, &filter, &scores, wanted), parts)
        });
        let page: Vec<Candidate> =
            ranked.into_iter().skip(request.offset).take(request.limit).collect();
        let shortfall = shortfall(request, page.len(), &filter);
        let items = self.described(&parts, &page);
        Ranked { items, shortfall }
    }

    /// What a request says of given films, in their order: score, reasons and predicted stars as
    /// [`Self::recommend`] gives them where it lists the film, and the same also of films that the filter
    /// removes, those of the history among them. O(films of the catalogue + given films · history).
    pub fn assess(&self, request: &Request, movies: &[MovieIdx]) -> Vec<Recommendation<'_>> {
        OWN_SCORES.with_borrow_mut(|own| {
            let (parts, summands) = Parts::new(self, request, own);
            let scores = Scores { layout: &self.layout, own, parts: summands };
            let score_of = |film: MovieIdx| scores.at(self.position_of[film.row()] as usize);
            let candidate = |film: &MovieIdx| Candidate { movie: *film, score: score_of(*film) };
            let candidates: Vec<Candidate> = movies.iter().map(candidate).collect();
            self.described(&parts, &candidates)
        })
    }

    /// Films with their scores → the same with reasons, where they are wanted, and predicted stars.
    fn described<'a>(
        &'a self,
        parts: &Parts<'a, '_>,
        candidates: &[Candidate],
    ) -> Vec<Recommendation<'a>> {
        let request = parts.request;
        let movies: Vec<MovieIdx> = candidates.iter().map(|candidate| candidate.movie).collect();
        let mut items: Vec<Recommendation<'_>> = candidates
            .iter()
            .map(|candidate| Recommendation {
                movie: candidate.movie,
                score: candidate.score,
                reasons: Vec::new(),
                predicted: None,
            })
            .collect();
        if let Some(model) = self.blend.predicting(request.chosen) {
            for (item, predicted) in items.iter_mut().zip(model.predict(&request.rated(), &movies))
            {
                item.predicted = Some(predicted);
            }
        }
        if request.explain {
            for (item, reasons) in items.iter_mut().zip(parts.reasons(&movies)) {
                item.reasons = reasons;
            }
        }
        items
    }

    /// What a film of a history speaks for or against others. Models of ratings learn from what was
    /// liked and hear nothing of dislikes: where they rank, content has to say it louder.
    fn heard(&self, signal: Signal) -> Signal {
        let is_dislike = signal.weight < 0.0 && !self.blend.models.is_empty();
        let factor = if is_dislike { DISLIKE_BESIDE_RATINGS } else { 1.0 };
        Signal { weight: signal.weight * factor, ..signal }
    }

    /// The first films of a request's list, `wanted` of them in the places where they are shown.
    fn listed(
        &self,
        request: &Request,
        filter: &PreparedFilter<'_>,
        scores: &Scores<'_>,
        wanted: usize,
    ) -> Vec<Candidate> {
        let diversity = request.diversity_or_default();
        let pool = wanted.max(if diversity > 0.0 { diversify::POOL } else { 0 });
        let ranked = best(pool, scores, |movie| filter.failed_by(movie).is_none());
        let mix = match request.order {
            Order::Taste if diversity > 0.0 => GenreMix::of(&self.index, &request.history),
            _ => None,
        };
        diversify::rerank(&self.model, ranked, diversity, wanted, mix)
    }

    /// The exact part that one film of a request's history has in another film's score.
    pub fn part_of(&self, request: &Request, position: usize, movie: MovieIdx) -> f32 {
        let (parts, _) = Parts::new(self, request, &mut Vec::new());
        parts.of_history(&[movie])[0][position]
    }
}

/// Why fewer films come back than were asked for, if so.
fn shortfall(request: &Request, returned: usize, filter: &PreparedFilter<'_>) -> Option<Shortfall> {
    (returned < request.limit).then(|| Shortfall {
        requested: request.limit,
        offset: request.offset,
        returned,
        removed_by: filter.count_removed().into_iter().collect(),
    })
}

#[cfg(test)]
mod tests;
