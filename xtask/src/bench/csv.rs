//! Minimal CSV parser for well-formed files: quotes, doubled quotes, and line breaks in fields.

/// Returns the records in `text`.
pub fn records(text: &str) -> impl Iterator<Item = Vec<String>> + '_ {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (record, after) = record(rest)?;
        rest = after;
        Some(record)
    })
}

/// Splits off the first record. Returns `None` at the end of `text`.
fn record(text: &str) -> Option<(Vec<String>, &str)> {
    if text.is_empty() {
        return None;
    }
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let (field, after) = field(rest);
        fields.push(field);
        let Some(next) = after.strip_prefix(',') else {
            let after = after.strip_prefix('\r').unwrap_or(after);
            return Some((fields, after.strip_prefix('\n').unwrap_or(after)));
        };
        rest = next;
    }
}

/// Splits off the first field. The rest starts with a comma or a line break.
fn field(text: &str) -> (String, &str) {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find([',', '\r', '\n']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut field = String::new();
    loop {
        let end = rest.find('"').unwrap_or(rest.len());
        field.push_str(&rest[..end]);
        rest = rest.get(end + 1..).unwrap_or("");
        match rest.strip_prefix('"') {
            Some(next) => {
                field.push('"');
                rest = next;
            }
            None => return (field, rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::records;

    fn check(text: &str, expected: &[&[&str]]) {
        assert_eq!(records(text).collect::<Vec<_>>(), expected, "{text:?}");
    }

    #[test]
    fn parses_commas_quotes_and_line_breaks_in_fields() {
        check("", &[]);
        check("a,b\n1,2\n", &[&["a", "b"], &["1", "2"]]);
        check("a,b\r\n1,2", &[&["a", "b"], &["1", "2"]]);
        check(",\n", &[&["", ""]]);
        check("\"x, \"\"y\"\"\r\nz\",\"\",w\n5\n", &[&["x, \"y\"\r\nz", "", "w"], &["5"]]);
    }
}
