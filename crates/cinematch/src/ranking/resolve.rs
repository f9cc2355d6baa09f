//! Validates queries against the catalog.

use rustc_hash::{FxHashMap, FxHashSet};

use super::feedback::Feedback;
use super::query::{FieldError, Query, QueryError};
use super::recommender::Recommender;
use super::request::{HistoryItem, Request};
use crate::catalog::names::NameList;
use crate::catalog::services::MOCK_SERVICES;
use crate::digits::thousands;
use crate::ids::{MovieId, MovieIdx};
use crate::rating::is_rating;
use crate::retrieval::{Filter, FilterIndex, RegionIndex};
use crate::sources::excerpt;

/// Returns the error message for a region without streaming data.
pub fn unknown_region_message(code: &str, index: &FilterIndex) -> String {
    let available: Vec<&str> = index.regions().iter().map(RegionIndex::code).collect();
    let code = excerpt(code);
    if available.is_empty() {
        return format!(
            "no streaming data for region `{code}` or any other: run `cinematch fetch tmdb`, then \
             `cinematch train`"
        );
    }
    format!("no streaming data for region `{code}`; available regions: {}", available.join(", "))
}

/// Maximum number of movies in a list of recommendations.
const MAX_LIMIT: usize = 100;
/// Maximum number of movies in each list in a query. The most active MovieLens user rated three times as
/// many.
const MAX_MOVIES: usize = 10_000;
/// Maximum number of names in each list in a query.
const MAX_NAMES: usize = 100;
/// Highest age limit: movies for adults pass it.
const MAX_AGE: u8 = 18;
/// Maximum number of errors to report.
const MAX_ERRORS: usize = 20;

impl Recommender {
    /// Validates a query against the catalog.
    ///
    /// Returns the request, along with the IDs of movies that are not in the catalog. Those are not an error,
    /// because a client may have a larger catalog.
    ///
    /// # Errors
    /// Returns an error with up to 20 invalid fields if names are unknown, or if numbers or list lengths are
    /// out of range.
    pub fn resolve(&self, query: &Query) -> Result<(Request, Vec<MovieId>), QueryError> {
        let mut check = Validator { errors: Vec::new() };
        check.check_numbers(query);
        let index = self.index();
        let filters = &query.filters;
        let genres = |check: &mut Validator, field: &str, names: &[String]| {
            check.find_names(field, "genre", names, &index.genres, &[])
        };
        let region = filters.region.as_deref().and_then(|code| {
            let found = index.find_region(code);
            if found.is_none() {
                check.fail("region", unknown_region_message(code, index));
            }
            found
        });
        let services = index.services_in(region);
        let filter = Filter {
            region,
            genres_any: genres(&mut check, "filters.genres.any", &filters.genres.any),
            genres_all: genres(&mut check, "filters.genres.all", &filters.genres.all),
            genres_none: genres(&mut check, "filters.genres.none", &filters.genres.none),
            services: (!filters.services.is_empty()).then(|| {
                let known = MOCK_SERVICES;
                check.find_names("services", "service", &filters.services, services, known)
            }),
            languages: (!filters.languages.is_empty()).then(|| {
                let languages = &filters.languages;
                check.find_names("filters.languages", "language", languages, &index.languages, &[])
            }),
            year_min: filters.year_min,
            year_max: filters.year_max,
            runtime_min: filters.runtime_min,
            runtime_max: filters.runtime_max,
            min_votes: filters.min_votes,
            rating_min: filters.rating_min.map(|min| min as f32),
            max_age: filters.max_age,
            include_adult: filters.include_adult,
            include_unreleased: filters.include_unreleased,
            today: query.today,
            ..Filter::default()
        };
        let preferred_genres = genres(&mut check, "preferred_genres", &query.preferred_genres);
        let model = query.model.as_deref().map(|name| self.choose(name)).transpose();
        let model = model.unwrap_or_else(|error| {
            check.fail("model", error.to_string());
            None
        });
        let (history, unknown) = self.history(query);
        if !check.errors.is_empty() {
            return Err(QueryError { errors: check.errors });
        }
        let rows = |ids: &[MovieId]| -> Vec<MovieIdx> {
            ids.iter().filter_map(|id| self.vocabulary().index_of(*id)).collect()
        };
        let in_history = history.iter().map(|item| item.signal.movie);
        let filter = Filter {
            seen: sorted_unique(in_history.chain(rows(&query.seen)).collect()),
            excluded: sorted_unique(rows(&query.exclude)),
            only: (!query.only.is_empty()).then(|| sorted_unique(rows(&query.only))),
            ..filter
        };
        let request = Request {
            history,
            preferred_genres: sorted_unique(preferred_genres),
            filter,
            limit: query.limit,
            offset: query.offset,
            diversity: query.diversity,
            novelty: query.novelty,
            explain: query.explain,
            model: model.unwrap_or_default(),
            order: query.order,
        };
        Ok((request, unknown))
    }

    /// Returns the history, with each movie once and in query order, and the IDs of unknown movies.
    fn history(&self, query: &Query) -> (Vec<HistoryItem>, Vec<MovieId>) {
        let liked = query.liked.iter().map(|id| (*id, Feedback::Liked));
        let disliked = query.disliked.iter().map(|id| (*id, Feedback::Disliked));
        let rated =
            query.ratings.iter().map(|rating| (rating.movie_id, Feedback::Rated(rating.rating)));
        let mut positions: FxHashMap<MovieIdx, usize> = FxHashMap::default();
        let mut history: Vec<HistoryItem> = Vec::new();
        let mut unknown = Vec::new();
        let mut reported = FxHashSet::default();
        for (movie_id, feedback) in liked.chain(disliked).chain(rated) {
            let Some(movie) = self.vocabulary().index_of(movie_id) else {
                if reported.insert(movie_id) {
                    unknown.push(movie_id);
                }
                continue;
            };
            let item = HistoryItem { signal: feedback.signal(movie), feedback };
            match positions.entry(movie) {
                std::collections::hash_map::Entry::Occupied(entry) => history[*entry.get()] = item,
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(history.len());
                    history.push(item);
                }
            }
        }
        (history, unknown)
    }
}

/// Sorts `values` and removes duplicates.
fn sorted_unique<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort_unstable();
    values.dedup();
    values
}

/// Collects the errors in a query.
struct Validator {
    errors: Vec<FieldError>,
}

impl Validator {
    fn fail(&mut self, field: impl Into<String>, message: impl Into<String>) {
        if self.errors.len() == MAX_ERRORS {
            return;
        }
        self.errors.push(FieldError { field: field.into(), message: message.into() });
    }

    fn check_numbers(&mut self, query: &Query) {
        if !(1..=MAX_LIMIT).contains(&query.limit) {
            let limit = thousands(query.limit as u64);
            self.fail("limit", format!("expected 1 to {MAX_LIMIT}, got {limit}"));
        }
        let lists = [
            ("liked_movie_ids", query.liked.len()),
            ("disliked_movie_ids", query.disliked.len()),
            ("ratings", query.ratings.len()),
            ("exclude_movie_ids", query.exclude.len()),
        ];
        for (field, movies) in lists.into_iter().filter(|(_, movies)| *movies > MAX_MOVIES) {
            let [maximum, n_movies] = [MAX_MOVIES, movies].map(|number| thousands(number as u64));
            self.fail(field, format!("expected at most {maximum} movies, got {n_movies}"));
        }
        let diversity = query.diversity.unwrap_or(0.0);
        for (field, value, min) in [("diversity", diversity, 0.0), ("novelty", query.novelty, -1.0)]
        {
            if !(min..=1.0).contains(&value) {
                self.fail(field, format!("expected {min} to 1, got {value}"));
            }
        }
        for (index, rating) in query.ratings.iter().enumerate() {
            if !is_rating(rating.rating) {
                let message = format!("expected 0.5 to 5.0 in steps of 0.5, got {}", rating.rating);
                self.fail(format!("ratings[{index}].rating"), message);
            }
        }
        let filters = &query.filters;
        if let (Some(min), Some(max)) = (filters.year_min, filters.year_max)
            && min > max
        {
            self.fail("filters.year_min", format!("{min} is after year_max {max}"));
        }
        if let (Some(min), Some(max)) = (filters.runtime_min, filters.runtime_max)
            && min > max
        {
            self.fail("runtime_min", format!("{min} is more than runtime_max {max}"));
        }
        if let Some(age) = filters.max_age
            && age > MAX_AGE
        {
            self.fail("filters.max_age", format!("expected 0 to {MAX_AGE}, got {age}"));
        }
        if let Some(min) = filters.rating_min
            && !(0.0..=10.0).contains(&min)
        {
            self.fail("filters.rating_min", format!("expected 0 to 10, got {min}"));
        }
    }

    /// Returns the positions of `names` in `list` and reports unknown names. Names found only in `accepted`
    /// are valid but don't match any movies.
    fn find_names(
        &mut self,
        field: &str,
        noun: &str,
        names: &[String],
        list: &NameList,
        accepted: &[&str],
    ) -> Vec<usize> {
        if names.len() > MAX_NAMES {
            let n_names = thousands(names.len() as u64);
            let message = format!("expected at most {MAX_NAMES} names, got {n_names}");
            self.fail(field, message);
            return Vec::new();
        }
        let accepted = NameList::services(accepted.iter().map(|name| (*name).to_owned()).collect());
        let mut found = Vec::new();
        for (index, name) in names.iter().enumerate() {
            if let Some(position) = list.find(name) {
                found.push(position);
            } else if accepted.find(name).is_none() {
                let similar = list.similar(name);
                let hint = if !similar.is_empty() {
                    format!("did you mean {}?", similar.join(", "))
                } else if list.names().is_empty() {
                    format!("this catalog has no {noun}s")
                } else {
                    let available: Vec<&str> =
                        list.names().iter().take(25).map(|name| &**name).collect();
                    format!("expected one of {}", available.join(", "))
                };
                let message = format!("unknown {noun} `{}`; {hint}", excerpt(name));
                self.fail(format!("{field}[{index}]"), message);
            }
        }
        found
    }
}
