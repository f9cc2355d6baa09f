//! Numbers, counts, durations and title case.

pub use cinematch::digits::thousands;

/// Formats a count with a singular or plural noun: `1 row`, `2,000 rows`.
pub fn count(number: usize, singular: &str, plural: &str) -> String {
    format!("{} {}", thousands(number as u64), if number == 1 { singular } else { plural })
}

/// Formats a number of films: `0 films`, `1 film`, `87,585 films`.
pub fn films(number: usize) -> String {
    count(number, "film", "films")
}

/// Formats a TMDB average with its vote count.
pub fn tmdb_votes(average: f32, votes: usize) -> String {
    format!("TMDB {average:.1} ({})", count(votes, "vote", "votes"))
}

/// Formats a share as a percentage: `82 %`.
pub fn percent(share: f32) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// Formats minutes as hours and minutes: `2 h 50 min`.
pub fn duration(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, rest) => format!("{rest} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, rest) => format!("{hours} h {rest} min"),
    }
}

/// Formats a size in bytes as megabytes.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Capitalizes every word of a genre: `science fiction` → `Science Fiction`, `sci-fi` → `Sci-Fi`.
pub fn title_case(name: &str) -> String {
    let mut cased = String::with_capacity(name.len());
    for word in name.split_inclusive([' ', '-']) {
        match word.trim_end() {
            "tv" | "imax" => cased.push_str(&word.to_uppercase()),
            _ => cased.push_str(&sentence_case(word)),
        }
    }
    cased
}

/// Capitalizes the first letter.
pub fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_group_thousands_and_pick_the_plural() {
        assert_eq!([0, 1, 2_000].map(films), ["0 films", "1 film", "2,000 films"]);
        assert_eq!(tmdb_votes(7.66, 12_198), "TMDB 7.7 (12,198 votes)");
        assert_eq!(tmdb_votes(5.0, 1), "TMDB 5.0 (1 vote)");
    }

    #[test]
    fn formats_durations_and_sizes() {
        assert_eq!([45, 60, 170].map(duration), ["45 min", "1 h", "2 h 50 min"]);
        assert_eq!(megabytes(1_250_000), "1.2 MB");
    }

    #[test]
    fn capitalizes_every_word_of_a_genre() {
        let genres = ["science fiction", "sci-fi", "tv movie", "Épique", "IMAX", ""];
        let cased = ["Science Fiction", "Sci-Fi", "TV Movie", "Épique", "IMAX", ""];
        assert_eq!(genres.map(title_case), cased);
    }
}
