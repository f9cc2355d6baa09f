//! Computes the reasons for a score.

use super::reason::Reason;
use crate::ids::MovieIdx;
use crate::models::Contributions;
use crate::models::content::{Affinity, NamedFeature, SharedFeature};
use crate::models::taste::TasteTerms;
use crate::ranking::popularity::Order;
use crate::ranking::score_terms::{ScoreTerms, has_bit};

/// Maximum number of movies in the history that have a reason of their own because of their contribution.
const LARGEST_MOVIES: usize = 3;
/// Maximum number of further movies that have a reason of their own because they share the most with the recommended
/// one: people, keywords and tags. The rest share one reason.
const CLOSEST_MOVIES: usize = 2;
/// Maximum number of shared features to report per movie in the history.
const NAMED_FEATURES: usize = 6;

impl<'a> ScoreTerms<'a, '_> {
    /// Returns the reasons for each movie, in descending order of absolute contribution.
    pub(in crate::ranking) fn reasons(&self, movies: &[MovieIdx]) -> Vec<Vec<Reason<'a>>> {
        if self.request.order == Order::Popularity {
            return movies.iter().map(|movie| vec![self.popularity_reason(*movie)]).collect();
        }
        let recommender = self.recommender;
        let history = self.request.rated();
        let (learned, from_ratings) =
            recommender.rating_contributions(&history, &self.scales, movies);
        let mut learned = learned.iter().zip(&from_ratings);
        let mut reasons = Vec::with_capacity(movies.len());
        recommender.model.explain(&self.profile, &self.signals, movies, |movie, affinity| {
            let (learned, from_ratings) = learned.next().expect("one entry per movie");
            reasons.push(self.reasons_of(movie, affinity, learned, &from_ratings.parts));
        });
        reasons
    }

    fn popularity_reason(&self, movie: MovieIdx) -> Reason<'a> {
        let recommender = self.recommender;
        let position = recommender.position_of[movie.row()] as usize;
        let today = self.request.filter.today;
        Reason::Trending {
            source: recommender.popularity.source(today),
            contribution: recommender.popularity.score(position, today),
        }
    }

    fn reasons_of(
        &self,
        movie: MovieIdx,
        affinity: &Affinity,
        learned: &Contributions,
        from_users: &[f32],
    ) -> Vec<Reason<'a>> {
        let row = movie.row();
        let mut reasons = self.history_reasons(affinity, &learned.parts, from_users);
        if learned.base > 0.0 {
            reasons.push(Reason::Popularity { contribution: learned.base });
        }
        if learned.trend != 0.0 {
            reasons.push(Reason::Trend { contribution: learned.trend });
        }
        if learned.taste != TasteTerms::default() {
            let contribution = learned.taste.total();
            reasons.push(Reason::Taste { terms: learned.taste, contribution });
        }
        let index = &self.recommender.index;
        for genre in &self.request.preferred_genres {
            if has_bit(index.genres_of(row), *genre) {
                reasons.push(Reason::Genre {
                    name: &index.genres.names()[*genre],
                    contribution: self.genre_share(index.genres_of(row)),
                });
            }
        }
        let movie = self.recommender.movie(movie);
        let quality = self.quality(row);
        if quality != 0.0 {
            reasons.push(Reason::Quality {
                vote_average: movie.vote_average,
                vote_count: movie.vote_count,
                contribution: quality,
            });
        }
        let novelty = self.novelty(row);
        if novelty != 0.0 {
            reasons.push(Reason::Novelty { contribution: novelty });
        }
        reasons.sort_by(|a, b| b.contribution().abs().total_cmp(&a.contribution().abs()));
        reasons
    }

    fn history_reasons(
        &self,
        affinity: &Affinity,
        learned: &[f32],
        from_users: &[f32],
    ) -> Vec<Reason<'a>> {
        let model = &self.recommender.model;
        let sums = affinity.parts.iter().zip(learned).map(|(content, learned)| content + learned);
        let mut contributions: Vec<(f32, usize)> = sums.zip(0..).collect();
        contributions.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()).then(a.1.cmp(&b.1)));
        let features = model.named_features(affinity, &self.profile, &self.signals);
        let n_named = put_closest_first(&mut contributions, &features);
        let (named, others) = contributions.split_at(n_named);
        let mut reasons: Vec<Reason<'a>> = named
            .iter()
            .map(|(contribution, index)| {
                let item = self.request.history[*index];
                let movie = self.recommender.movie(item.signal.movie);
                Reason::Movie {
                    movie_id: movie.movie_id,
                    title: &movie.title,
                    feedback: item.feedback,
                    contribution: *contribution,
                    from_users: from_users[*index],
                    shared: shared_with(*index, &features),
                }
            })
            .collect();
        if !others.is_empty() {
            reasons.push(Reason::OtherMovies {
                movies: others.len(),
                contribution: sum(others.iter().map(|(contribution, _)| *contribution)),
                from_users: sum(others.iter().map(|(_, index)| from_users[*index])),
            });
        }
        reasons
    }
}

/// Moves the movies that share the most specific features behind the movies with the largest contributions, which
/// come first. Returns the number of movies to name. `contributions` holds each movie's contribution and its position
/// in the history.
fn put_closest_first(contributions: &mut [(f32, usize)], features: &[NamedFeature<'_>]) -> usize {
    let mut specific = vec![0.0_f32; contributions.len()];
    for NamedFeature { signal, feature } in features {
        if feature.block.is_specific() {
            specific[*signal] += feature.contribution;
        }
    }
    let n_largest = contributions.len().min(LARGEST_MOVIES);
    let rest = &mut contributions[n_largest..];
    rest.sort_by(|(_, a), (_, b)| specific[*b].total_cmp(&specific[*a]));
    let closest = rest.iter().take(CLOSEST_MOVIES);
    n_largest + closest.filter(|(_, index)| specific[*index] > 0.0).count()
}

/// Returns the features shared with the movie at `index` in the history, largest contribution first. If there are too
/// many, the specific ones are kept.
fn shared_with<'a>(index: usize, features: &[NamedFeature<'a>]) -> Vec<SharedFeature<'a>> {
    let of_movie = features.iter().filter(|named| named.signal == index);
    let mut shared: Vec<SharedFeature<'a>> = of_movie.map(|named| named.feature.clone()).collect();
    shared.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
    shared.sort_by_key(|feature| !feature.block.is_specific());
    shared.truncate(NAMED_FEATURES);
    shared.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
    shared
}

/// Returns the sum of `contributions`, added in f64 because thousands of small ones would lose digits in f32.
fn sum(contributions: impl Iterator<Item = f32>) -> f32 {
    contributions.map(f64::from).sum::<f64>() as f32
}
