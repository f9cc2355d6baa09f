//! Prints lists of movies on the terminal.

use cinematch::catalog::{Movie, title_with_year};
use cinematch::ids::MovieIdx;
use cinematch::ranking::{Ranked, Recommender, explanation};

use crate::output::{DIM, Output, STRONG, SUCCESS};
use crate::runtime::today;

/// Returns a movie's title and year: `Heat (1995)`.
pub fn title_of(movie: &Movie) -> String {
    title_with_year(&movie.title, movie.year)
}

/// Returns the marks of a movie that recommendations leave out by default, each after two spaces.
pub fn marks(movie: &Movie) -> String {
    let adult = if movie.is_adult { "  adult" } else { "" };
    let is_released = movie.release().is_released(Some(today()));
    format!("{adult}{}", if is_released { "" } else { "  not released" })
}

/// Prints a ranked list with the reasons for each movie. `services_of` returns the streaming
/// services to print below a movie; if there are none, it prints no line.
pub fn print_list<'a>(
    recommender: &'a Recommender,
    ranked: &Ranked<'_>,
    services_of: impl Fn(MovieIdx) -> Vec<&'a str>,
    output: &Output,
) {
    for (at, item) in ranked.items.iter().enumerate() {
        let movie = recommender.movie(item.movie);
        let match_percent =
            item.match_probability.map(|share| format!("  {:.0} % match", 100.0 * share));
        output.line(format_args!(
            "{:>3}  {STRONG}{}{STRONG:#}  {DIM}{}{}{DIM:#}  {SUCCESS}{:.3}{SUCCESS:#}{}",
            at + 1,
            title_of(movie),
            movie.genres.join(", "),
            marks(movie),
            item.score,
            match_percent.unwrap_or_default()
        ));
        output.line(format_args!("     {}", explanation(&item.reasons)));
        let services = services_of(item.movie);
        if !services.is_empty() {
            output.line(format_args!("     {DIM}on {}{DIM:#}", services.join(", ")));
        }
    }
}
