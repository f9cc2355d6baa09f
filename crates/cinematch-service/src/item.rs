//! Representation of a movie in replies.

use std::borrow::Cow;
use std::sync::OnceLock;

use cinematch::catalog::{Movie, ServicesSource};
use cinematch::date::Date;
use cinematch::ids::{MovieId, MovieIdx, TmdbId};
use cinematch::models::biased_mf::Prediction;
use cinematch::ranking::{Counterfactual, Feedback, Reason, Recommender};
use serde::Serialize;

/// A movie. Unknown values are `null`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Item<'a> {
    /// MovieLens ID.
    #[schema(value_type = u32, example = 6)]
    pub movie_id: MovieId,
    /// TMDB ID.
    #[schema(value_type = Option<u32>)]
    pub tmdb_id: Option<TmdbId>,
    /// IMDb ID with its leading zeros.
    pub imdb_id: Option<&'a str>,
    /// Title without the release year.
    #[schema(example = "Heat")]
    pub title: &'a str,
    /// Year of release.
    pub year: Option<u16>,
    /// Runtime in minutes.
    pub runtime: Option<u32>,
    /// Plot summary.
    pub overview: Option<&'a str>,
    /// Genres, in lower case.
    pub genres: &'a [String],
    /// Streaming services in the requested region, or in the operator's region if none is requested.
    pub services: Vec<&'a str>,
    /// Source of the services; `mock` services are generated.
    #[schema(value_type = Option<String>, example = "mock")]
    pub services_source: Option<ServicesSource>,
    /// URL of the poster on TMDB's image host.
    pub poster_url: Option<String>,
    /// Path of the poster on TMDB's image host.
    pub poster_path: Option<&'a str>,
    /// Original language, ISO 639-1.
    pub original_language: Option<&'a str>,
    /// Average TMDB rating, 0 to 10.
    pub vote_average: Option<f32>,
    /// Number of TMDB votes.
    pub vote_count: Option<u32>,
    /// TMDB popularity score.
    pub popularity: Option<f32>,
    /// Directors, separated by `, `.
    pub director: Option<Cow<'a, str>>,
    /// Actors in billing order.
    pub cast: &'a [String],
    /// TMDB keywords.
    pub keywords: &'a [String],
    /// True for movies that TMDB marks as adult. Recommendations leave them out unless the request includes them.
    #[serde(rename = "adult")]
    pub is_adult: bool,
    /// Status of the production on TMDB, such as `Released` or `Planned`. Recommendations leave out movies that have not
    /// been released unless the request includes them.
    pub status: Option<&'a str>,
    /// Date of the first release.
    #[schema(value_type = Option<String>, format = Date, example = "1995-12-15")]
    pub release_date: Option<Date>,
}

impl<'a> Item<'a> {
    /// Returns a movie with its streaming services in `region`, or in the operator's region if it is `None`.
    pub fn from_movie(
        recommender: &'a Recommender,
        movie: MovieIdx,
        region: Option<usize>,
    ) -> Self {
        let item = Self::new(recommender.movie(movie), recommender.services_of(movie, region));
        // Services of a region always come from TMDB, even if those of the operator's region are generated.
        let is_regional = region.is_some() && !item.services.is_empty();
        let source = if is_regional { Some(ServicesSource::Tmdb) } else { item.services_source };
        Self { services_source: source, ..item }
    }

    /// Converts a movie of the catalog to an item with the given services.
    fn new(movie: &'a Movie, services: Vec<&'a str>) -> Self {
        let source = movie.services_source.filter(|_| !services.is_empty());
        Self {
            movie_id: movie.movie_id,
            tmdb_id: movie.tmdb_id,
            imdb_id: movie.imdb_id.as_deref(),
            title: &movie.title,
            year: movie.year,
            runtime: movie.runtime,
            overview: movie.overview.as_deref(),
            genres: &movie.genres,
            services,
            services_source: source,
            poster_url: poster_url(movie),
            poster_path: movie.poster_path.as_deref(),
            original_language: movie.original_language.as_deref(),
            vote_average: movie.vote_average,
            vote_count: movie.vote_count,
            popularity: movie.popularity,
            director: match movie.directors.as_slice() {
                [] => None,
                [one] => Some(Cow::Borrowed(one)),
                several => Some(Cow::Owned(several.join(", "))),
            },
            cast: &movie.cast,
            keywords: &movie.keywords,
            is_adult: movie.is_adult,
            status: movie.status.as_deref(),
            release_date: movie.release_date,
        }
    }
}

/// Returns the URL of a movie's poster on TMDB's image host, 500 pixels wide.
pub fn poster_url(movie: &Movie) -> Option<String> {
    movie.poster_path.as_deref().map(|path| poster_url_of_width(path, 500))
}

/// Returns the URL of the poster at `path` on TMDB's image host, `width` pixels wide.
pub fn poster_url_of_width(path: &str, width: u16) -> String {
    format!("https://image.tmdb.org/t/p/w{width}{path}")
}

/// A recommended movie with the reasons for the recommendation. [`ItemJsonCache::write`] produces the same JSON from
/// cached parts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RecommendedItem<'a> {
    /// Facts about the movie.
    #[serde(flatten)]
    pub item: Item<'a>,
    /// Score and reasons of the recommendation.
    #[serde(flatten)]
    pub details: RecommendationDetails<'a>,
}

/// Score and reasons of a recommendation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Why)]
pub struct RecommendationDetails<'a> {
    /// Score: the sum of the reasons' contributions.
    pub score: f32,
    /// Sentence that names the most specific reason; `null` if no reasons were requested.
    #[schema(example = "About heists and Los Angeles, like Heat and Collateral.")]
    pub explanation: Option<String>,
    /// Contributions to the score, largest first.
    #[schema(value_type = Vec<Object>)]
    pub reasons: Vec<Reason<'a>>,
    /// Kinds of reasons with a positive contribution: `collaborative` (ratings of other users), `content`
    /// (similar movies in the history), `genres` (preferred genres), `popularity`, `quality` (votes and
    /// novelty).
    pub sources: Vec<&'static str>,
    /// Match: probability from 0 to 1 that the user gives the movie at least 4 stars if they watch and rate it. `train`
    /// measured how reliable it is. Absent if the user has no history, if the model was trained without a holdout, or
    /// if a single model was requested.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f32>, minimum = 0, maximum = 1, example = 0.82)]
    pub match_probability: Option<f32>,
    /// Predicted rating, 0.5 to 5 stars, with a prediction interval whose coverage `train` measured; absent if
    /// the model predicts no ratings.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, example = json!({"stars": 4.1, "low": 3.2, "high": 5.0}))]
    pub predicted_rating: Option<Prediction>,
    /// Rank of the movie without the history entry that contributes most to it; absent if not requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub counterfactual: Option<CounterfactualBody<'a>>,
}

/// The rank that a recommended movie would have without the feedback on one movie of the history.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = WithoutIt)]
pub struct CounterfactualBody<'a> {
    /// Movie whose feedback is left out.
    #[schema(value_type = u32)]
    movie_id: MovieId,
    title: &'a str,
    /// Feedback that is left out: `liked`, `disliked`, or a rating such as `{"rated": 4.5}`.
    #[schema(value_type = serde_json::Value)]
    feedback: Feedback,
    /// Rank in the returned list, from 1.
    place: usize,
    /// Rank without the feedback, from 1.
    would_be: usize,
    /// Sentence that describes the change of rank.
    #[schema(example = "Without your 5★ rating of Heat, this would fall from 1st to 14th")]
    reading: String,
}

impl<'a> From<Counterfactual<'a>> for CounterfactualBody<'a> {
    fn from(counterfactual: Counterfactual<'a>) -> Self {
        let reading = counterfactual.to_string();
        let Counterfactual { movie_id, title, feedback, place, counterfactual_place: would_be } =
            counterfactual;
        Self { movie_id, title, feedback, place, would_be, reading }
    }
}

/// Cache of the serialized movies of a bundle. A movie is serialized when it is first recommended. Entries never
/// expire, since a bundle is immutable.
#[derive(Debug)]
pub struct ItemJsonCache(Vec<OnceLock<Box<[u8]>>>);

impl ItemJsonCache {
    /// Creates an empty cache for `n_movies` movies.
    pub fn new(n_movies: usize) -> Self {
        Self((0..n_movies).map(|_| OnceLock::new()).collect())
    }

    /// Appends a [`RecommendedItem`] to `json`.
    pub fn write(
        &self,
        json: &mut Vec<u8>,
        index: MovieIdx,
        movie: &Movie,
        details: &RecommendationDetails<'_>,
    ) -> serde_json::Result<()> {
        let cached = &self.0[index.row()];
        let text = if let Some(text) = cached.get() {
            text
        } else {
            let services = movie.services.iter().map(String::as_str).collect();
            let text = serde_json::to_vec(&Item::new(movie, services))?;
            cached.get_or_init(|| text.into_boxed_slice())
        };
        write_recommendation(text, details, json)
    }
}

/// Appends the JSON of a movie, `text`, merged with its reasons.
pub fn write_recommendation(
    text: &[u8],
    details: &RecommendationDetails<'_>,
    json: &mut Vec<u8>,
) -> serde_json::Result<()> {
    // Merges two objects: a comma replaces the closing brace of the first and the opening brace of the second.
    json.extend_from_slice(&text[..text.len() - 1]);
    write_details(details, b',', json)
}

/// Appends the JSON of a [`RecommendationDetails`], with `open` in place of the opening brace.
///
/// Shared features make up most of a reply. This handwritten serializer copies their keys verbatim instead of
/// escaping them each time.
fn write_details(
    details: &RecommendationDetails<'_>,
    open: u8,
    json: &mut Vec<u8>,
) -> serde_json::Result<()> {
    let RecommendationDetails {
        score,
        explanation,
        reasons,
        sources,
        match_probability,
        predicted_rating,
        counterfactual,
    } = details;
    json.push(open);
    write_field(json, b"\"score\":", score)?;
    write_field(json, b",\"explanation\":", explanation)?;
    json.extend_from_slice(b",\"reasons\":[");
    for (place, reason) in reasons.iter().enumerate() {
        if place > 0 {
            json.push(b',');
        }
        write_reason(reason, json)?;
    }
    write_field(json, b"],\"sources\":", sources)?;
    if let Some(probability) = match_probability {
        write_field(json, b",\"match\":", probability)?;
    }
    if let Some(predicted) = predicted_rating {
        write_field(json, b",\"predicted_rating\":", predicted)?;
    }
    if let Some(counterfactual) = counterfactual {
        write_field(json, b",\"counterfactual\":", counterfactual)?;
    }
    json.push(b'}');
    Ok(())
}

fn write_reason(reason: &Reason<'_>, json: &mut Vec<u8>) -> serde_json::Result<()> {
    let Reason::Movie { movie_id, title, feedback, contribution, from_users, shared } = reason
    else {
        return write_field(json, b"", reason);
    };
    write_field(json, b"{\"kind\":\"film\",\"movie_id\":", movie_id)?;
    write_field(json, b",\"title\":", title)?;
    write_field(json, b",\"feedback\":", feedback)?;
    write_field(json, b",\"contribution\":", contribution)?;
    write_field(json, b",\"from_viewers\":", from_users)?;
    json.extend_from_slice(b",\"shared\":[");
    for (place, feature) in shared.iter().enumerate() {
        if place > 0 {
            json.push(b',');
        }
        write_field(json, b"{\"block\":", &feature.block)?;
        write_field(json, b",\"name\":", feature.name)?;
        write_field(json, b",\"contribution\":", &feature.contribution)?;
        json.push(b'}');
    }
    json.extend_from_slice(b"]}");
    Ok(())
}

/// Appends `prefix` verbatim, then the JSON of `value`.
fn write_field<T: Serialize + ?Sized>(
    json: &mut Vec<u8>,
    prefix: &[u8],
    value: &T,
) -> serde_json::Result<()> {
    json.extend_from_slice(prefix);
    serde_json::to_writer(json, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cinematch::features::ranking::BlockKind;
    use cinematch::models::content::SharedFeature;
    use cinematch::models::taste::TasteTerms;

    #[test]
    fn handwritten_json_equals_derived_serialization() {
        let shared = |name| SharedFeature { block: BlockKind::Keyword, name, contribution: 0.25 };
        let movie = |feedback, shared| Reason::Movie {
            movie_id: MovieId(6),
            title: "\"Heat\"",
            feedback,
            contribution: 0.1,
            from_users: 0.05,
            shared,
        };
        let reasons = vec![
            movie(Feedback::Liked, vec![shared("heist"), shared("a\\b\nc")]),
            movie(Feedback::Rated(4.5), Vec::new()),
            Reason::OtherMovies { movies: 2, contribution: -0.5, from_users: 0.0 },
            Reason::Popularity { contribution: 0.5 },
            Reason::Trend { contribution: 0.25 },
            Reason::Taste {
                terms: TasteTerms { genres: 0.1, decades: 0.05, popularity: -0.2 },
                contribution: -0.05,
            },
            Reason::Genre { name: "crime", contribution: 1e-7 },
            Reason::Quality { vote_average: Some(7.9), vote_count: None, contribution: 0.0 },
            Reason::Novelty { contribution: -0.25 },
        ];
        let predicted = Some(Prediction { stars: 4.25, low: 3.0, high: 5.0 });
        for (reasons, predicted) in [(reasons, None), (Vec::new(), predicted)] {
            let details = RecommendationDetails {
                score: 0.5,
                explanation: Some("Because \"so\"".to_owned()),
                reasons,
                sources: vec!["content", "quality"],
                match_probability: predicted.map(|_| 0.75),
                predicted_rating: predicted,
                counterfactual: predicted.map(|_| {
                    Counterfactual {
                        movie_id: MovieId(6),
                        title: "Heat",
                        feedback: Feedback::Liked,
                        place: 1,
                        counterfactual_place: 14,
                    }
                    .into()
                }),
            };
            let mut json = Vec::new();
            write_details(&details, b'{', &mut json).unwrap();
            assert_eq!(String::from_utf8(json).unwrap(), serde_json::to_string(&details).unwrap());
        }
    }
}
