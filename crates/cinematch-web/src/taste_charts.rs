//! Charts of a user's taste: genres, decades, ratings, and popularity of the liked movies. Every chart has a table
//! or a sentence with its numbers.

use std::collections::BTreeMap;

use cinematch::catalog::Movie;
use cinematch::ranking::Recommender;
use cinematch_store::{MovieFeedback, Reaction, UserHistory};
use maud::{Markup, html};

use super::texts::numbers::title_case;
use super::texts::{self as common, charts as texts};

/// Minimum rating of a liked movie and maximum rating of a disliked one, in half stars.
const MIN_LIKED_HALVES: u8 = 7;
const MAX_DISLIKED_HALVES: u8 = 5;
/// Maximum number of genres shown.
const MAX_GENRES: usize = 12;
/// Minimum number of liked movies for the popularity chart.
const MIN_LIKED: usize = 5;

/// The numbers behind the charts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TasteCharts {
    /// Genres with the number of liked and disliked movies, in descending order of their sum.
    pub genres: Vec<(String, u32, u32)>,
    /// Number of movies by the first year of their decade, without gaps.
    pub decades: Vec<(u16, u32)>,
    /// Number of movies by rating, from 1 to 10 half stars.
    pub stars: [u32; 10],
    /// Popularity of the median liked movie.
    pub popularity: Option<Popularity>,
}

/// Popularity of the movies that a user likes.
#[derive(Clone, Debug, PartialEq)]
pub struct Popularity {
    /// Number of liked movies with votes.
    pub n_liked: usize,
    /// Title of the liked movie with the median number of votes.
    pub median: String,
    /// Rank of that movie in the catalog by votes, from 1.
    pub rank: usize,
    /// Number of movies in the catalog.
    pub n_movies: usize,
}

/// Returns true for liked, false for disliked, `None` for neutral feedback.
fn is_liked(feedback: &MovieFeedback) -> Option<bool> {
    match (feedback.stars, feedback.reaction) {
        (Some(stars), _) if stars.halves() >= MIN_LIKED_HALVES => Some(true),
        (Some(stars), _) if stars.halves() <= MAX_DISLIKED_HALVES => Some(false),
        (_, Some(Reaction::Like)) => Some(true),
        (_, Some(Reaction::Dislike | Reaction::NotInterested)) => Some(false),
        (_, None) => None,
    }
}

impl TasteCharts {
    /// Counts a user's movies that are in the catalog. Takes O(n) time for n movies in the catalog.
    pub fn new(history: &UserHistory, recommender: &Recommender) -> Self {
        let movies = history.movies.iter().filter_map(|feedback| {
            let movie = recommender.vocabulary().index_of(feedback.movie_id)?;
            Some((feedback, recommender.movie(movie)))
        });
        let movies: Vec<(&MovieFeedback, &Movie)> = movies.collect();
        Self::from_movies(&movies, recommender.movies())
    }

    fn from_movies(movies: &[(&MovieFeedback, &Movie)], catalog: &[Movie]) -> Self {
        let mut genres: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
        let mut decades: BTreeMap<u16, u32> = BTreeMap::new();
        let mut stars = [0; 10];
        let mut liked: Vec<(u32, &Movie)> = Vec::new();
        for (feedback, movie) in movies {
            if let Some(rating) = feedback.stars {
                stars[usize::from(rating.halves()) - 1] += 1;
            }
            let opinion = is_liked(feedback);
            // Decades count watched and liked movies only.
            if let Some(year) = movie.year
                && (feedback.watched || feedback.stars.is_some() || opinion == Some(true))
            {
                *decades.entry(year / 10 * 10).or_default() += 1;
            }
            let Some(is_liked) = opinion else { continue };
            for genre in &movie.genres {
                let (with, n_disliked) = genres.entry(genre).or_default();
                if is_liked { *with += 1 } else { *n_disliked += 1 }
            }
            if let Some(votes) = movie.vote_count.filter(|_| is_liked) {
                liked.push((votes, movie));
            }
        }
        let mut genres: Vec<(String, u32, u32)> = genres
            .into_iter()
            .map(|(name, (liked, disliked))| (name.to_owned(), liked, disliked))
            .collect();
        genres.sort_by_key(|(_, liked, disliked)| std::cmp::Reverse(liked + disliked));
        genres.truncate(MAX_GENRES);
        Self { genres, decades: fill_gaps(&decades), stars, popularity: popularity(liked, catalog) }
    }

    /// Returns true if there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.genres.is_empty() && self.decades.is_empty()
    }

    /// Renders the charts, each under its heading.
    pub fn show(&self) -> Markup {
        html! {
            @if !self.genres.is_empty() {
                section aria-labelledby="genres" {
                    h2 #genres { (common::GENRES) }
                    (genre_table(&self.genres))
                }
            }
            @if !self.decades.is_empty() {
                section aria-labelledby="decades" {
                    h2 #decades { (texts::DECADES) }
                    (columns(texts::BY_DECADE, texts::DECADE, &decade_bars(&self.decades)))
                }
            }
            @if self.stars.iter().any(|count| *count > 0) {
                section aria-labelledby="stars" {
                    h2 #stars { (texts::RATINGS) }
                    (columns(texts::BY_RATING, texts::STARS, &star_bars(&self.stars)))
                }
            }
            @if let Some(popularity) = &self.popularity {
                section aria-labelledby="adventurous" {
                    h2 #adventurous { (texts::POPULARITY) }
                    (popularity.show())
                }
            }
        }
    }
}

/// Returns all decades from the first to the last, including decades without movies.
fn fill_gaps(decades: &BTreeMap<u16, u32>) -> Vec<(u16, u32)> {
    let (Some((first, _)), Some((last, _))) = (decades.first_key_value(), decades.last_key_value())
    else {
        return Vec::new();
    };
    let all = (*first..=*last).step_by(10);
    all.map(|decade| (decade, decades.get(&decade).copied().unwrap_or(0))).collect()
}

/// Ranks the median liked movie by votes in the whole catalog.
fn popularity(mut liked: Vec<(u32, &Movie)>, catalog: &[Movie]) -> Option<Popularity> {
    if liked.len() < MIN_LIKED {
        return None;
    }
    liked.sort_by_key(|(votes, movie)| (std::cmp::Reverse(*votes), movie.movie_id));
    let (votes, median) = liked[liked.len() / 2];
    let better_known = catalog.iter().filter(|movie| movie.vote_count > Some(votes)).count();
    Some(Popularity {
        n_liked: liked.len(),
        median: median.title.clone(),
        rank: better_known + 1,
        n_movies: catalog.len(),
    })
}

impl Popularity {
    /// Returns a position from 0 (best known) to 1 (least known), logarithmic in the rank.
    fn position(&self) -> f32 {
        let all = (self.n_movies.max(2) as f32).ln();
        ((self.rank as f32).ln() / all).clamp(0.0, 1.0)
    }

    fn show(&self) -> Markup {
        let x = 10.0 + 300.0 * self.position();
        let (before, after) = texts::median(self.n_liked, self.rank, self.n_movies);
        html! {
            p { (texts::popularity(self.position())) }
            svg .scale viewBox="0 0 320 48" aria-hidden="true" focusable="false" {
                rect .track x="10" y="12" width="300" height="8" rx="4" {}
                circle .dot cx=(format!("{x:.1}")) cy="16" r="10" {}
                text x="10" y="44" { (texts::WELL_KNOWN) }
                text x="310" y="44" text-anchor="end" { (texts::LITTLE_KNOWN) }
            }
            p .small { (before) cite { (self.median) } (after) }
        }
    }
}

/// Renders the genres, with bars for disliked movies on the left and for liked movies on the right.
fn genre_table(genres: &[(String, u32, u32)]) -> Markup {
    let max_count =
        genres.iter().map(|(_, liked, disliked)| *liked.max(disliked)).max().unwrap_or(1);
    let share = |count: u32| format!("{:.1}", 100.0 * count as f32 / max_count.max(1) as f32);
    let bar = |count: u32, class: &str, is_left: bool| {
        let width = share(count);
        let x = if is_left {
            format!("{:.1}", 100.0 - 100.0 * count as f32 / max_count.max(1) as f32)
        } else {
            "0".to_owned()
        };
        html! {
            svg .bar viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
                rect .{ (class) } x=(x) y="0" width=(width) height="10" {}
            }
        }
    };
    html! {
        table .genres {
            thead {
                tr {
                    th scope="col" { (texts::GENRE) }
                    th scope="col" .left { (texts::DISLIKED) }
                    th scope="col" { (texts::LIKED) }
                }
            }
            tbody {
                @for (name, liked, disliked) in genres {
                    tr {
                        th scope="row" { (title_case(name)) }
                        td .left { span .count { (disliked) } (bar(*disliked, "bad", true)) }
                        td { (bar(*liked, "good", false)) span .count { (liked) } }
                    }
                }
            }
        }
    }
}

fn decade_bars(decades: &[(u16, u32)]) -> Vec<(String, u32)> {
    decades.iter().map(|(decade, count)| (format!("{decade}s"), *count)).collect()
}

fn star_bars(stars: &[u32; 10]) -> Vec<(String, u32)> {
    let label = |halves: usize| match (halves / 2, halves % 2) {
        (0, _) => "½".to_owned(),
        (whole, 0) => whole.to_string(),
        (whole, _) => format!("{whole}½"),
    };
    stars.iter().enumerate().map(|(at, count)| (label(at + 1), *count)).collect()
}

/// Renders a column chart, and a table with its numbers.
fn columns(caption: &str, of: &str, bars: &[(String, u32)]) -> Markup {
    const HEIGHT: f32 = 110.0;
    const STEP: usize = 36;
    let max_count = bars.iter().map(|bar| bar.1).max().unwrap_or(1).max(1);
    let width = bars.len() * STEP;
    let height = |count: u32| HEIGHT * count as f32 / max_count as f32;
    // Abbreviates decades, since the labels of many columns would overlap.
    let short = |label: &str| {
        label.strip_suffix("0s").map_or(label.to_owned(), |_| format!("’{}", &label[2..]))
    };
    html! {
        svg .columns viewBox={ "0 0 " (width) " 156" } preserveAspectRatio="xMinYMax" aria-hidden="true"
            focusable="false" {
            @for (at, (label, count)) in bars.iter().enumerate() {
                @let middle = at * STEP + STEP / 2;
                @let top = 20.0 + HEIGHT - height(*count);
                rect .column x=(at * STEP + 4) y=(format!("{top:.1}")) width=(STEP - 8)
                    height=(format!("{:.1}", height(*count))) rx="2" {}
                @if *count > 0 {
                    text x=(middle) y=(format!("{:.1}", top - 5.0)) text-anchor="middle" { (count) }
                }
                text .label x=(middle) y="148" text-anchor="middle" { (short(label)) }
            }
        }
        details .numbers {
            summary { (texts::SHOW_NUMBERS) span .unseen { ": " (caption) } }
            table {
                caption .unseen { (caption) }
                thead { tr { th scope="col" { (of) } th scope="col" { (texts::FILMS) } } }
                tbody {
                    @for (label, count) in bars { tr { th scope="row" { (label) } td { (count) } } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cinematch::ids::MovieId;
    use cinematch::rating::Stars;

    use super::*;

    fn feedback(id: u32, halves: Option<u8>, reaction: Option<Reaction>) -> MovieFeedback {
        MovieFeedback {
            movie_id: MovieId(id),
            reaction,
            stars: halves.and_then(Stars::from_halves),
            watched: halves.is_some(),
            updated_at: 0,
            import_id: None,
        }
    }

    fn movie(id: u32, year: u16, votes: u32, genres: &[&str]) -> Movie {
        Movie {
            movie_id: MovieId(id),
            title: format!("Film {id}"),
            year: Some(year),
            vote_count: Some(votes),
            genres: genres.iter().map(|name| (*name).to_owned()).collect(),
            tmdb_id: None,
            imdb_id: None,
            alt_titles: Vec::new(),
            overview: None,
            runtime: None,
            popularity: None,
            vote_average: None,
            keywords: Vec::new(),
            cast: Vec::new(),
            directors: Vec::new(),
            services: Vec::new(),
            services_source: None,
            original_language: None,
            poster_path: None,
        }
    }

    #[test]
    fn charts_count_the_users_feedback() {
        let catalog: Vec<Movie> = (1..=20)
            .map(|id| {
                movie(
                    id,
                    1960 + 3 * id as u16,
                    1000 / id,
                    if id < 4 { &["crime", "drama"] } else { &["comedy"] },
                )
            })
            .collect();
        let all_feedback = [
            feedback(1, Some(10), None),
            feedback(2, Some(7), None),
            feedback(3, Some(2), None),
            feedback(4, None, Some(Reaction::Like)),
            feedback(5, None, Some(Reaction::NotInterested)),
            // Three stars are neutral.
            feedback(6, Some(6), None),
            feedback(7, Some(8), None),
            feedback(8, Some(9), None),
        ];
        let movies: Vec<(&MovieFeedback, &Movie)> = all_feedback
            .iter()
            .map(|feedback| (feedback, &catalog[feedback.movie_id.0 as usize - 1]))
            .collect();
        let charts = TasteCharts::from_movies(&movies, &catalog);
        let genres: Vec<(&str, u32, u32)> =
            charts.genres.iter().map(|(name, a, b)| (name.as_str(), *a, *b)).collect();
        assert_eq!(genres, [("comedy", 3, 1), ("crime", 2, 1), ("drama", 2, 1)]);
        assert_eq!(charts.decades, [(1960, 3), (1970, 2), (1980, 2)]);
        assert_eq!(charts.stars, [0, 1, 0, 0, 0, 1, 1, 1, 1, 1]);
        let popularity = charts.popularity.as_ref().unwrap();
        // The liked movies are 1, 2, 4, 7 and 8; their median number of votes is 250, that of movie 4.
        assert_eq!(
            (popularity.n_liked, popularity.median.as_str(), popularity.rank),
            (5, "Film 4", 4)
        );
        let html = charts.show().into_string();
        assert!(html.contains("<caption") && html.contains("1980s"), "{html}");
        assert!(!html.contains("style="), "the policy forbids inline styles");
        assert!(TasteCharts::from_movies(&[], &catalog).is_empty());
    }

    #[test]
    fn decades_have_no_gaps() {
        let decades = BTreeMap::from([(1950, 2), (1980, 1)]);
        assert_eq!(fill_gaps(&decades), [(1950, 2), (1960, 0), (1970, 0), (1980, 1)]);
    }
}
