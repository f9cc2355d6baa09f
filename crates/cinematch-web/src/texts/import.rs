//! Text for the import page and its report.

use cinematch::sources::history::{self, EntryKind};
use cinematch_store::ImportChanges;

use super::movie::stars;
use super::numbers::{count, films, thousands};

pub const TITLE: &str = "Import";
pub const HEADING: &str = "Import your ratings";
pub const FILE_HELP: &str =
    "Drop files here or choose them. Importing the same file again has no effect.";
pub const LISTS: &str = "Your own lists:";
/// Values and labels of the meanings of user-defined lists.
pub const LIST_MEANINGS: [(&str, &str); 4] = [
    ("", "show them, don’t import them"),
    ("liked", "films I like"),
    ("watchlist", "films I want to see"),
    ("ignore", "ignore them"),
];
pub const CHOOSE_LIST_MEANING: &str =
    "To import them, choose what your lists mean and import the files again.";
/// Button label while files are being sent.
pub const READING: &str = "Reading files…";
pub const HOW_TO_EXPORT: &str = "How to get your file";

/// Export steps for each supported service, in registry order.
pub const SOURCES: [(&str, &str); 9] = [
    ("Letterboxd", "Settings → Data → Export your data. Use the ZIP file as is."),
    ("IMDb", "Your ratings, watchlist or a list → ⋮ → Export. Use the CSV file in any language."),
    ("Trakt", "Settings → Data → Export. Use the ZIP file, or its JSON files."),
    ("MovieLens.org", "Your profile → Settings → Import/Export. Use the CSV file."),
    ("TMDB", "Your ratings, watchlist or favorites → Export. Use the CSV file."),
    ("Simkl", "Settings → Download backup. Use the CSV file."),
    ("TV Time", "Ask TV Time for your data. Use the ZIP file, or its tracking-prod-records.csv."),
    ("Movary", "Settings → Account → Data → Export. Use the CSV files."),
    ("Yamtrack", "Settings → Export. Use the CSV file."),
];

pub const DONE: &str = "Import complete";
pub const PICKED_NOW: &str = "Picked for you now";
pub const IMPORT_MORE: &str = "Import more files";

pub const MATCHED: &str = "matched";
pub const AMBIGUOUS: &str = "could be several films";
pub const UNMATCHED: &str = "not in the catalog";
pub const OTHER_ROWS: &str = "not films or not readable";

pub const WHICH_FILM: &str = "Which film do you mean?";
pub const NONE_OF_THESE: &str = "None of these";
pub const SAVE_CHOICES: &str = "Save choices";
pub const NOTHING_CHOSEN: &str = "You didn’t choose a film. Nothing changed.";
pub const DOWNLOAD_ROWS: &str = "Download these rows (CSV)";
pub const NO_CHANGES: &str = "Nothing changed.";

/// Returns the label for the file field.
pub fn file_label() -> String {
    format!("Files from {}", history::service_names("or"))
}

pub fn rows_matched(matched: usize, rows: usize) -> String {
    format!("{} of {} matched", thousands(matched as u64), count(rows, "row", "rows"))
}

pub fn fuzzy(rows: usize) -> String {
    format!("{} matched even though the year was missing or off by one", count(rows, "row", "rows"))
}

pub fn skipped(rows: usize) -> String {
    format!("{} skipped because they aren’t about films", count(rows, "row", "rows"))
}

pub fn lists_left_out(number: usize) -> String {
    format!("{} not imported", count(number, "list", "lists"))
}

pub fn list(name: &str, file: &str, rows: usize) -> String {
    format!("{name} ({file}): {}", films(rows))
}

pub fn problems(number: usize) -> String {
    format!("{} could not be read", count(number, "value", "values"))
}

/// Describes the first problem of a kind, with the number of further ones. `count` includes the first.
pub fn problem(file: &str, line: u64, reason: &str, count: u64) -> String {
    let more = if count > 1 { format!(" (and {} more)", count - 1) } else { String::new() };
    format!("{file}, line {line}: {reason}{more}")
}

/// Tells movies apart that share everything else.
pub fn movie_id(id: u32) -> String {
    format!("no. {id}")
}

pub fn not_found(number: usize) -> String {
    format!("{} not in the catalog", films(number))
}

pub fn more_not_found(number: usize) -> String {
    format!("And {} more. Download the rows to see them all.", thousands(number as u64))
}

/// Lists the values in the export for an ambiguous title.
pub fn in_your_file(values: &[EntryKind]) -> String {
    let values: Vec<String> = values.iter().map(|value| feedback(*value)).collect();
    format!("In your file: {}", values.join(", "))
}

fn feedback(value: EntryKind) -> String {
    match value {
        EntryKind::Rated(rating) => stars(rating.value()),
        EntryKind::Liked => "liked".to_owned(),
        EntryKind::Watched => "seen".to_owned(),
        EntryKind::Watchlist => "on your watchlist".to_owned(),
    }
}

/// Lists how many movies the import added, updated or left unchanged.
pub fn changes(changes: ImportChanges) -> String {
    let part = |number: u64, outcome: &str| {
        (number > 0).then(|| format!("{} {outcome}", films(number as usize)))
    };
    let parts = [
        part(changes.added, "added"),
        part(changes.listed, "added to your watchlist"),
        part(changes.changed, "updated"),
        part(changes.kept, "kept the rating you gave here"),
        part(changes.unchanged, "unchanged"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { NO_CHANGES.to_owned() } else { format!("{}.", parts.join(", ")) }
}

pub fn choices_saved(changed: ImportChanges) -> String {
    format!("Choices saved: {}", changes(changed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_supported_service_has_export_steps() {
        let described: Vec<&str> = SOURCES.iter().map(|(name, _)| *name).collect();
        let supported: Vec<&str> = history::services().map(history::Service::name).collect();
        assert_eq!(described, supported);
    }

    #[test]
    fn changes_are_counted_in_films() {
        let mixed = ImportChanges { added: 1, changed: 0, kept: 0, unchanged: 1200, listed: 2 };
        let text = "1 film added, 2 films added to your watchlist, 1,200 films unchanged.";
        assert_eq!(changes(mixed), text);
        assert_eq!(changes(ImportChanges::default()), NO_CHANGES);
    }
}
