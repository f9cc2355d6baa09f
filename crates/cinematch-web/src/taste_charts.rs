//! Charts of a user's taste. Every chart has a table or a sentence with its numbers.

use maud::{Markup, html};

use super::texts::numbers::title_case;
use super::texts::{self as common, charts as texts};
use cinematch_service::taste_summary::{Popularity, TasteSummary};

/// Renders the charts, each under its heading.
pub fn charts(taste: &TasteSummary) -> Markup {
    html! {
        @if !taste.genres.is_empty() {
            section aria-labelledby="genres" {
                h2 #genres { (common::GENRES) }
                (genre_table(&taste.genres))
            }
        }
        @if !taste.decades.is_empty() {
            section aria-labelledby="decades" {
                h2 #decades { (texts::DECADES) }
                (columns(texts::BY_DECADE, texts::DECADE, &decade_bars(&taste.decades)))
            }
        }
        @if taste.stars.iter().any(|count| *count > 0) {
            section aria-labelledby="stars" {
                h2 #stars { (texts::RATINGS) }
                (columns(texts::BY_RATING, texts::STARS, &star_bars(&taste.stars)))
            }
        }
        @if let Some(popularity) = &taste.popularity {
            section aria-labelledby="adventurous" {
                h2 #adventurous { (texts::POPULARITY) }
                (popularity_scale(popularity))
            }
        }
    }
}

/// Renders the position of the median liked movie on a scale from well known to little known.
fn popularity_scale(popularity: &Popularity) -> Markup {
    let x = 10.0 + 300.0 * popularity.position();
    let (before, after) = texts::median(popularity.n_liked, popularity.rank, popularity.n_movies);
    html! {
        p { (texts::popularity(popularity.position())) }
        svg .scale viewBox="0 0 320 48" aria-hidden="true" focusable="false" {
            rect .track x="10" y="12" width="300" height="8" rx="4" {}
            circle .dot cx=(format!("{x:.1}")) cy="16" r="10" {}
            text x="10" y="44" { (texts::WELL_KNOWN) }
            text x="310" y="44" text-anchor="end" { (texts::LITTLE_KNOWN) }
        }
        p .small { (before) cite { (popularity.median) } (after) }
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
    use super::*;

    #[test]
    fn charts_have_captions_and_no_inline_styles() {
        let popularity =
            Popularity { n_liked: 5, median: "Film 4".to_owned(), rank: 4, n_movies: 20 };
        let taste = TasteSummary {
            genres: vec![("comedy".to_owned(), 3, 1)],
            decades: vec![(1970, 2), (1980, 2)],
            stars: [0, 1, 0, 0, 0, 1, 1, 1, 1, 1],
            popularity: Some(popularity),
        };
        let html = charts(&taste).into_string();
        assert!(html.contains("<caption") && html.contains("1980s"), "{html}");
        assert!(html.contains("Film 4"), "{html}");
        assert!(!html.contains("style="), "the policy forbids inline styles");
    }
}
