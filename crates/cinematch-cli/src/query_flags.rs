//! Errors about a query, with the flags of `cinematch recommend` in place of the fields of the API.

use anyhow::{Error, anyhow};
use cinematch::ranking::QueryError;

/// Fields of a query, and the flags that set them.
const FLAGS: [(&str, &str); 20] = [
    ("liked_movie_ids", "--liked"),
    ("disliked_movie_ids", "--disliked"),
    ("ratings", "--ratings"),
    ("preferred_genres", "--genres"),
    ("exclude_movie_ids", "--exclude"),
    ("limit", "--limit"),
    ("diversity", "--diversity"),
    ("novelty", "--novelty"),
    ("model", "--model"),
    ("region", "--region"),
    ("services", "--services"),
    ("filters.genres.any", "--only-genres"),
    ("filters.genres.none", "--without-genres"),
    ("filters.year_min", "--year-min"),
    ("year_max", "--year-max"),
    ("runtime_min", "--runtime-min"),
    ("runtime_max", "--runtime-max"),
    ("filters.min_votes", "--min-votes"),
    ("filters.rating_min", "--rating-min"),
    ("filters.max_age", "--max-age"),
];

/// Converts an error about fields of a query to an error about flags.
pub fn with_flags(error: &QueryError) -> Error {
    let errors = error.errors.iter().map(|error| {
        // The position in a list, as in `preferred_genres[0]`, adds nothing: the message quotes the element.
        let field = error.field.split('[').next().unwrap_or_default();
        let flag = FLAGS.iter().find(|(name, _)| *name == field).map_or(field, |(_, flag)| flag);
        format!("{flag}: {}", message_with_flags(&error.message))
    });
    anyhow!(errors.collect::<Vec<_>>().join("; "))
}

/// Replaces the names of fields in a message. Quoted names were typed by the user and are kept.
fn message_with_flags(message: &str) -> String {
    let words = message.split(' ').map(|word| {
        FLAGS.iter().find(|(name, _)| *name == word && word.contains('_')).map_or(word, |it| it.1)
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use cinematch::ranking::FieldError;

    use super::*;

    fn check(errors: &[(&str, &str)], expected: &str) {
        let errors = errors.iter().map(|(field, message)| FieldError {
            field: (*field).to_owned(),
            message: (*message).to_owned(),
        });
        let error = with_flags(&QueryError { errors: errors.collect() });
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn errors_about_a_query_name_flags() {
        check(
            &[("filters.year_min", "2000 is after year_max 1990"), ("limit", "expected 1 to 100")],
            "--year-min: 2000 is after --year-max 1990; --limit: expected 1 to 100",
        );
        check(
            &[("runtime_min", "100 is more than runtime_max 90")],
            "--runtime-min: 100 is more than --runtime-max 90",
        );
        check(
            &[("filters.genres.any[2]", "unknown genre `ratings`; did you mean drama?")],
            "--only-genres: unknown genre `ratings`; did you mean drama?",
        );
        check(&[("ratings[0].rating", "expected 0.5 to 5.0")], "--ratings: expected 0.5 to 5.0");
    }
}
