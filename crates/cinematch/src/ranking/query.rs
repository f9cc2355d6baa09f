//! What people and programs ask for, in their words, and its check against the catalogue.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::{HistoryItem, Order, Recommender, Request};
use crate::catalog::names::NameList;
use crate::catalog::services::MOCK_SERVICES;
use crate::ids::{MovieId, MovieIdx};
use crate::models::content::Signal;
use crate::rating::{Stars, is_rating};
use crate::retrieval::{Filter, FilterIndex, RegionIndex};
use crate::sources::excerpt;

/// A film with stars.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    /// The film.
    pub movie_id: MovieId,
    /// 0.5 to 5.0 in halves.
    pub rating: f32,
}

/// What a viewer said of a film.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Feedback {
    /// They like it.
    Liked,
    /// They do not.
    Disliked,
    /// They gave it these stars.
    Rated(f32),
}

impl Feedback {
    /// In stars: all of them for what is liked, one for what is not.
    pub(super) fn stars(self) -> Stars {
        let stars = match self {
            Self::Liked => 5.0,
            Self::Disliked => 1.0,
            Self::Rated(stars) => stars,
        };
        // What is not on the scale was refused before: one star stands for it.
        Stars::from_value(stars).unwrap_or(Stars::ONE)
    }

    /// How much a film speaks for (above 0) or against films like it.
    fn signal(self, movie: MovieIdx) -> Signal {
        match self {
            Self::Liked => Signal { movie, weight: 1.0 },
            Self::Disliked => Signal { movie, weight: -0.7 },
            Self::Rated(stars) => Signal::rated(movie, stars),
        }
    }
}

/// Genres a film must or must not have.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GenreFilter {
    /// At least one of these.
    pub any: Vec<String>,
    /// All of these.
    pub all: Vec<String>,
    /// None of these.
    pub none: Vec<String>,
}

/// What may be shown. Ranges are inclusive; a film of which the value is not known does not pass.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filters {
    /// Genres.
    pub genres: GenreFilter,
    /// On at least one of these; empty: any film.
    pub services: Vec<String>,
    /// The country whose services these are, and are shown; `None`: the operator's own.
    pub region: Option<String>,
    /// Made in one of these languages (ISO 639-1); empty: any film.
    pub languages: Vec<String>,
    /// From this year.
    pub year_min: Option<u16>,
    /// To this year.
    pub year_max: Option<u16>,
    /// From this many minutes.
    pub runtime_min: Option<u32>,
    /// To this many minutes.
    pub runtime_max: Option<u32>,
    /// From this many votes.
    pub min_votes: u32,
    /// From this average vote, 0 to 10.
    pub rating_min: Option<f64>,
}

/// A request in people's words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Liked films.
    pub liked: Vec<MovieId>,
    /// Disliked films. Of a film both liked and disliked, the dislike counts.
    pub disliked: Vec<MovieId>,
    /// Rated films. A rating counts before a like or a dislike, a later one before an earlier.
    pub ratings: Vec<Rating>,
    /// Genres the viewer would rather see.
    pub preferred_genres: Vec<String>,
    /// What may be shown.
    pub filters: Filters,
    /// Never shown.
    pub exclude: Vec<MovieId>,
    /// Never shown: watched or on the watchlist.
    pub seen: Vec<MovieId>,
    /// How many films, 1 to 100.
    pub limit: usize,
    /// How many to pass over.
    pub offset: usize,
    /// 0 to 1.
    pub diversity: Option<f32>,
    /// 0 to 1.
    pub novelty: f32,
    /// Whether reasons are wanted.
    pub explain: bool,
    /// The model to rank by, if not all of them.
    pub model: Option<String>,
    /// What ranks: taste or popularity.
    pub order: Order,
}

/// A field that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field, with dots and positions: `filters.genres.any[0]`.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Everything that is wrong with a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect::<Vec<_>>().join("; "))]
pub struct QueryError {
    /// At least one.
    pub errors: Vec<FieldError>,
}

/// A region that nothing is known of.
pub fn no_region(code: &str, index: &FilterIndex) -> String {
    let known: Vec<&str> = index.regions().iter().map(RegionIndex::code).collect();
    let code = excerpt(code);
    if known.is_empty() {
        return format!(
            "nothing is known of the region `{code}` nor of others: `cinematch fetch tmdb` learns where \
             films can be watched, and `train` takes it over"
        );
    }
    format!("nothing is known of the region `{code}`, only of {}", known.join(", "))
}

/// The most films one request can return.
const MOST: usize = 100;
/// The longest list of films a request can name; the most active MovieLens viewer has rated three
/// times as many.
const MOST_MOVIES: usize = 10_000;
/// The longest list of names a request can give, and the most errors a reply lists.
const MOST_NAMES: usize = 100;
const MOST_ERRORS: usize = 20;

impl Recommender {
    /// Checks a query against the catalogue. Films the catalogue does not have are no error (a
    /// front end may know more films): their ids come back beside the request.
    pub fn resolve(&self, query: &Query) -> Result<(Request, Vec<MovieId>), QueryError> {
        let mut check = Check { errors: Vec::new() };
        check.numbers(query);
        let index = self.index();
        let filters = &query.filters;
        let genres = |check: &mut Check, field: &str, names: &[String]| {
            check.names(field, "genre", names, &index.genres, &[])
        };
        let region = filters.region.as_deref().and_then(|code| {
            let found = index.find_region(code);
            if found.is_none() {
                check.fail("region", no_region(code, index));
            }
            found
        });
        let services = region.map_or(&index.services, |region| &index.regions()[region].services);
        let filter = Filter {
            region,
            genres_any: genres(&mut check, "filters.genres.any", &filters.genres.any),
            genres_all: genres(&mut check, "filters.genres.all", &filters.genres.all),
            genres_none: genres(&mut check, "filters.genres.none", &filters.genres.none),
            services: (!filters.services.is_empty()).then(|| {
                let known = MOCK_SERVICES;
                check.names("services", "service", &filters.services, services, known)
            }),
            languages: (!filters.languages.is_empty()).then(|| {
                let languages = &filters.languages;
                check.names("filters.languages", "language", languages, &index.languages, &[])
            }),
            year_min: filters.year_min,
            year_max: filters.year_max,
            runtime_min: filters.runtime_min,
            runtime_max: filters.runtime_max,
            min_votes: filters.min_votes,
            rating_min: filters.rating_min.map(|min| min as f32),
            ..Filter::default()
        };
        let preferred_genres = genres(&mut check, "preferred_genres", &query.preferred_genres);
        let chosen = query.model.as_deref().map(|name| self.choose(name)).transpose();
        let chosen = chosen.unwrap_or_else(|error| {
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
        let ascending = |mut movies: Vec<MovieIdx>| {
            movies.sort_unstable();
            movies.dedup();
            movies
        };
        let in_history = history.iter().map(|item| item.signal.movie);
        let filter = Filter {
            seen: ascending(in_history.chain(rows(&query.seen)).collect()),
            excluded: ascending(rows(&query.exclude)),
            ..filter
        };
        let request = Request {
            history,
            preferred_genres: {
                let mut unique = preferred_genres;
                unique.sort_unstable();
                unique.dedup();
                unique
            },
            filter,
            limit: query.limit,
            offset: query.offset,
            diversity: query.diversity,
            novelty: query.novelty,
            explain: query.explain,
            chosen: chosen.unwrap_or_default(),
            order: query.order,
        };
        Ok((request, unknown))
    }

    /// A film's services in a region, or those of the catalogue itself.
    pub fn services_of(&self, movie: MovieIdx, region: Option<usize>) -> Vec<&str> {
        match region {
            Some(region) => self.index().regions()[region].services_of(movie).collect(),
            None => self.movie(movie).services.iter().map(String::as_str).collect(),
        }
    }

    /// The films the viewer spoke of, each once, in the order of the query.
    fn history(&self, query: &Query) -> (Vec<HistoryItem>, Vec<MovieId>) {
        let liked = query.liked.iter().map(|id| (*id, Feedback::Liked));
        let disliked = query.disliked.iter().map(|id| (*id, Feedback::Disliked));
        let rated =
            query.ratings.iter().map(|rating| (rating.movie_id, Feedback::Rated(rating.rating)));
        let mut positions: FxHashMap<MovieIdx, usize> = FxHashMap::default();
        let mut history: Vec<HistoryItem> = Vec::new();
        let mut unknown = Vec::new();
        let mut told = FxHashSet::default();
        for (movie_id, feedback) in liked.chain(disliked).chain(rated) {
            let Some(movie) = self.vocabulary().index_of(movie_id) else {
                if told.insert(movie_id) {
                    unknown.push(movie_id);
                }
                continue;
            };
            let item = HistoryItem { signal: feedback.signal(movie), feedback };
            match positions.entry(movie) {
                std::collections::hash_map::Entry::Occupied(at) => history[*at.get()] = item,
                std::collections::hash_map::Entry::Vacant(at) => {
                    at.insert(history.len());
                    history.push(item);
                }
            }
        }
        (history, unknown)
    }
}

struct Check {
    errors: Vec<FieldError>,
}

impl Check {
    fn fail(&mut self, field: impl Into<String>, message: impl Into<String>) {
        if self.errors.len() == MOST_ERRORS {
            return;
        }
        self.errors.push(FieldError { field: field.into(), message: message.into() });
    }

    fn numbers(&mut self, query: &Query) {
        if !(1..=MOST).contains(&query.limit) {
            self.fail("limit", format!("expected 1 to {MOST}, got {}", query.limit));
        }
        let lists = [
            ("liked_movie_ids", query.liked.len()),
            ("disliked_movie_ids", query.disliked.len()),
            ("ratings", query.ratings.len()),
            ("exclude_movie_ids", query.exclude.len()),
        ];
        for (field, movies) in lists.into_iter().filter(|(_, movies)| *movies > MOST_MOVIES) {
            self.fail(field, format!("expected at most {MOST_MOVIES} films, got {movies}"));
        }
        for (field, share) in
            [("diversity", query.diversity.unwrap_or(0.0)), ("novelty", query.novelty)]
        {
            if !(0.0..=1.0).contains(&share) {
                self.fail(field, format!("expected 0 to 1, got {share}"));
            }
        }
        for (at, rating) in query.ratings.iter().enumerate() {
            if !is_rating(rating.rating) {
                let message = format!("expected 0.5 to 5.0 in halves, got {}", rating.rating);
                self.fail(format!("ratings[{at}].rating"), message);
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
        if let Some(min) = filters.rating_min
            && !(0.0..=10.0).contains(&min)
        {
            self.fail("filters.rating_min", format!("expected 0 to 10, got {min}"));
        }
    }

    /// Positions of names; those of `known` that the list lacks stand for no film.
    fn names(
        &mut self,
        field: &str,
        what: &str,
        names: &[String],
        list: &NameList,
        known: &[&str],
    ) -> Vec<usize> {
        if names.len() > MOST_NAMES {
            let message = format!("expected at most {MOST_NAMES} names, got {}", names.len());
            self.fail(field, message);
            return Vec::new();
        }
        let known = NameList::services(known.iter().map(|name| (*name).to_owned()).collect());
        let mut found = Vec::new();
        for (at, name) in names.iter().enumerate() {
            if let Some(position) = list.find(name) {
                found.push(position);
            } else if known.find(name).is_none() {
                let near = list.near(name);
                let hint = if !near.is_empty() {
                    format!("did you mean {}?", near.join(", "))
                } else if list.names().is_empty() {
                    format!("this catalogue has no {what}s")
                } else {
                    let some: Vec<&str> = list.names().iter().take(25).map(|it| &**it).collect();
                    format!("there are {}", some.join(", "))
                };
                let message = format!("unknown {what} `{}`; {hint}", excerpt(name));
                self.fail(format!("{field}[{at}]"), message);
            }
        }
        found
    }
}
