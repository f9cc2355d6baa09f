//! Messages for values of the wrong type. Converts the texts of serde and of Rust's parsers, which name Rust types,
//! to plain English.

use std::borrow::Cow;

/// A field's name, if the text names it, and the message for it.
#[derive(Debug, PartialEq, Eq)]
pub struct ValueError {
    /// Name of a missing or duplicate field; `None` if the caller knows the field.
    pub field: Option<String>,
    /// Message that gives the expected and the actual value.
    pub message: String,
}

impl ValueError {
    fn of(field: &str, message: &str) -> Self {
        Self { field: Some(field.to_owned()), message: message.to_owned() }
    }
}

/// Converts a text of serde: `invalid type: string "x", expected u32`.
pub fn from_serde(text: &str) -> ValueError {
    if let Some(field) = text.strip_prefix("missing field ") {
        return ValueError::of(field.trim_matches('`'), "is missing");
    }
    if let Some(field) = text.strip_prefix("duplicate field ") {
        return ValueError::of(field.trim_matches('`'), "is given more than once");
    }
    let message = match text.rsplit_once(", expected ") {
        Some((got, expected)) => expected_and_got(got, expected),
        None => text.to_owned(),
    };
    ValueError { field: None, message }
}

fn expected_and_got(got: &str, expected: &str) -> String {
    let expected = expected_value(expected);
    if let Some(variant) = got.strip_prefix("unknown variant ") {
        return format!("expected {expected}, got \"{}\"", shortened(variant.trim_matches('`')));
    }
    let kinds = ["invalid type: ", "invalid value: "];
    let Some(value) = kinds.iter().find_map(|kind| got.strip_prefix(kind)) else {
        return format!("{got}, expected {expected}");
    };
    let is_too_large = |number: &str| {
        number.trim_matches('`').parse().is_ok_and(|number: f64| number.abs() >= 2_f64.powi(63))
    };
    let quoted = |prefix| value.strip_prefix(prefix).map(|value: &str| value.trim_matches('`'));
    if let Some(number) = value.strip_prefix("floating point ")
        && is_too_large(number)
        && expected.contains("whole number")
    {
        return format!("expected {expected}; the number is too large");
    }
    let number = quoted("integer ").or_else(|| quoted("floating point "));
    let string = value.strip_prefix("string \"").and_then(|rest| rest.strip_suffix('"'));
    if let Some(string) = string {
        return format!("expected {expected}, got \"{}\"", shortened(string));
    }
    let got = match value {
        "sequence" => "a list",
        "map" => "an object",
        "null" | "unit value" | "Option value" => "null",
        other => number.or_else(|| quoted("boolean ")).unwrap_or(other),
    };
    format!("expected {expected}, got {}", shortened(got))
}

/// Shortens a value to 60 characters, and marks the cut with an ellipsis.
pub(crate) fn shortened(value: &str) -> Cow<'_, str> {
    const MAX_CHARS: usize = 60;
    match value.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => Cow::Owned(format!("{}…", &value[..end])),
        None => Cow::Borrowed(value),
    }
}

fn expected_value(text: &str) -> &str {
    match text {
        "i64" => "a whole number",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, 0 or more",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        other if other.starts_with("struct") => "an object",
        other => other,
    }
}

/// Describes a value in a path that cannot be parsed as `expected_type`, a type of Rust.
pub(crate) fn from_path(expected_type: &str, value: &str) -> String {
    let expected = expected_value(expected_type);
    // Parsers of whole numbers reject digits only if the number is too large.
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("expected {expected}; the number is too large");
    }
    format!("expected {expected}, got `{}`", shortened(value))
}

/// Converts a text about a parameter, which is always sent as text. `value` is the parameter's value: `invalid digit
/// found in string` for the value `abc`.
pub fn from_parameter(text: &str, value: Option<&str>) -> ValueError {
    let expected = match text {
        "invalid digit found in string" => {
            match value.and_then(|value| value.parse::<i64>().ok()) {
                Some(..0) => "a whole number, 0 or more",
                _ => "a whole number",
            }
        }
        "cannot parse integer from empty string" => "a whole number",
        "number too large to fit in target type" => "a smaller whole number",
        "number too small to fit in target type" => "a larger whole number",
        "invalid float literal" | "cannot parse float from empty string" => "a number",
        "provided string was not `true` or `false`" => "true or false",
        _ => return from_serde(text),
    };
    let message = match value {
        Some(value) if !value.is_empty() => {
            format!("expected {expected}, got \"{}\"", shortened(value))
        }
        _ => format!("expected {expected}"),
    };
    ValueError { field: None, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_serde_become_plain_english() {
        for (text, message) in [
            (
                "invalid type: string \"a, b\", expected u64",
                "expected a whole number, 0 or more, got \"a, b\"",
            ),
            (
                "invalid value: integer `-1`, expected u16",
                "expected a whole number from 0 to 65535, got -1",
            ),
            (
                "invalid type: floating point `1.5`, expected i64",
                "expected a whole number, got 1.5",
            ),
            (
                "invalid type: floating point `1e+20`, expected u32",
                "expected a whole number from 0 to 4294967295; the number is too large",
            ),
            ("invalid type: sequence, expected struct Body", "expected an object, got a list"),
            ("invalid type: map, expected a sequence", "expected a list, got an object"),
            ("invalid type: null, expected a boolean", "expected true or false, got null"),
            ("invalid type: boolean `true`, expected a string", "expected a string, got true"),
            ("unknown variant `x`, expected `a` or `b`", "expected `a` or `b`, got \"x\""),
            ("something else", "something else"),
            (
                &format!("invalid type: string \"{}\", expected u64", "x".repeat(61)),
                &format!("expected a whole number, 0 or more, got \"{}…\"", "x".repeat(60)),
            ),
        ] {
            assert_eq!(from_serde(text), ValueError { field: None, message: message.to_owned() });
        }
        assert_eq!(from_serde("missing field `q`"), ValueError::of("q", "is missing"));
        assert_eq!(
            from_serde("duplicate field `q`"),
            ValueError::of("q", "is given more than once")
        );
    }

    #[test]
    fn invalid_values_in_a_path_are_described_without_rust_types() {
        assert_eq!(from_path("u64", "abc"), "expected a whole number, 0 or more, got `abc`");
        assert_eq!(from_path("i64", "x"), "expected a whole number, got `x`");
        let too_large = "expected a whole number; the number is too large";
        assert_eq!(from_path("i64", "99999999999999999999"), too_large);
    }

    #[test]
    fn texts_about_parameters_name_the_value() {
        fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(value: &str) -> String {
            let text = value.parse::<T>().map(|_| ()).unwrap_err().to_string();
            from_parameter(&text, Some(value)).message
        }
        assert_eq!(parse::<u32>("abc"), "expected a whole number, got \"abc\"");
        assert_eq!(parse::<u32>("-1"), "expected a whole number, 0 or more, got \"-1\"");
        assert_eq!(parse::<u32>(""), "expected a whole number");
        assert_eq!(parse::<u16>("70000"), "expected a smaller whole number, got \"70000\"");
        assert_eq!(parse::<f32>("x"), "expected a number, got \"x\"");
        assert_eq!(parse::<bool>("yes"), "expected true or false, got \"yes\"");
        assert_eq!(from_parameter("missing field `q`", None), ValueError::of("q", "is missing"));
    }
}
