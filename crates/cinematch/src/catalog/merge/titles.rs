//! Titles of a film: those of its MovieLens entries and those on TMDB.

use crate::catalog::matching::fold_title;
use crate::sources::title::ParsedTitle;
use crate::sources::tmdb::TmdbRow;
use crate::sources::values::list;

/// The display title of a film, and its other titles.
pub(super) struct Titles {
    pub title: String,
    pub alternative: Vec<String>,
    /// True if TMDB's title replaces a working title of MovieLens.
    pub is_replaced: bool,
}

impl Titles {
    /// Combines the titles of a film's entries, its main entry first, with those on TMDB. MovieLens has “Star
    /// Wars: Episode IV”, but TMDB and most services have “Star Wars”.
    pub(super) fn new(entries: &[ParsedTitle], facts: Option<&TmdbRow<'_>>) -> Self {
        let from_movielens =
            entries.iter().flat_map(|entry| std::iter::once(&entry.title).chain(&entry.alt_titles));
        let mut titles: Vec<String> = from_movielens.cloned().collect();
        let mut is_replaced = false;
        if let Some(facts) = facts {
            let tmdb_title = facts.title.trim();
            is_replaced = titles.first().is_some_and(|title| is_working_title(title, tmdb_title));
            let position = if is_replaced { 0 } else { titles.len() };
            titles.insert(position, tmdb_title.to_owned());
            titles.push(facts.original_title.trim().to_owned());
            titles.extend(list(&facts.alternative_titles));
        }
        // Most titles are identical byte for byte, so compare them before the more expensive folding.
        let mut distinct: Vec<String> = Vec::new();
        let mut folded: Vec<String> = Vec::new();
        for title in titles {
            if title.is_empty() || distinct.contains(&title) {
                continue;
            }
            if !distinct.is_empty() {
                folded.extend(distinct[folded.len()..].iter().map(|known| fold_title(known)));
                if folded.contains(&fold_title(&title)) {
                    continue;
                }
            }
            distinct.push(title);
        }
        let mut distinct = distinct.into_iter();
        let title = distinct.next().unwrap_or_default();
        Self { title, alternative: distinct.collect(), is_replaced }
    }

    /// Returns the other titles separated by `|`. A `|` inside a title becomes `/`.
    pub(super) fn joined_alternatives(&self) -> String {
        let titles = self.alternative.iter().map(|title| title.replace('|', "/"));
        titles.collect::<Vec<_>>().join("|")
    }
}

/// Returns true if `title` is a placeholder from before the film's release, such as “Untitled Spider-Man
/// Reboot”, and `tmdb_title` is not.
fn is_working_title(title: &str, tmdb_title: &str) -> bool {
    let is_untitled = |title: &str| fold_title(title).split(' ').any(|word| word == "untitled");
    !tmdb_title.is_empty() && is_untitled(title) && !is_untitled(tmdb_title)
}
