//! Parser for the lists in public dumps, which are written as JSON or Python literals.

use serde_json::{Map, Number, Value};

/// Maximum nesting depth of a Python literal.
const MAX_DEPTH: u32 = 32;

/// Parses JSON or a Python literal made up of lists, dictionaries, strings, numbers, None, True and
/// False. Returns `None` if `text` is neither.
pub(crate) fn parse(text: &str) -> Option<Value> {
    if let Ok(value) = serde_json::from_str(text) {
        return Some(value);
    }
    let mut reader = Reader { text, position: 0 };
    let value = reader.value(0)?;
    reader.skip_whitespace();
    (reader.position == text.len()).then_some(value)
}

struct Reader<'a> {
    text: &'a str,
    position: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.position..].chars().next()
    }

    fn skip_whitespace(&mut self) {
        let rest = &self.text[self.position..];
        self.position += rest.len() - rest.trim_start().len();
    }

    /// Skips whitespace, then consumes `token` if it comes next. Returns true if it did.
    fn eat(&mut self, token: &str) -> bool {
        self.skip_whitespace();
        let found = self.text[self.position..].starts_with(token);
        if found {
            self.position += token.len();
        }
        found
    }

    fn value(&mut self, depth: u32) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.skip_whitespace();
        match self.peek()? {
            '[' => self.list(depth),
            '{' => self.dictionary(depth),
            quote @ ('\'' | '"') => self.string(quote).map(Value::String),
            _ => self.word(),
        }
    }

    fn list(&mut self, depth: u32) -> Option<Value> {
        self.position += 1;
        let mut values = Vec::new();
        while !self.eat("]") {
            values.push(self.value(depth + 1)?);
            if !self.eat(",") {
                return self.eat("]").then_some(Value::Array(values));
            }
        }
        Some(Value::Array(values))
    }

    fn dictionary(&mut self, depth: u32) -> Option<Value> {
        self.position += 1;
        let mut values = Map::new();
        while !self.eat("}") {
            let Value::String(key) = self.value(depth + 1)? else { return None };
            if !self.eat(":") {
                return None;
            }
            values.insert(key, self.value(depth + 1)?);
            if !self.eat(",") {
                return self.eat("}").then_some(Value::Object(values));
            }
        }
        Some(Value::Object(values))
    }

    fn string(&mut self, quote: char) -> Option<String> {
        self.position += 1;
        let mut string = String::new();
        loop {
            let character = self.peek()?;
            self.position += character.len_utf8();
            match character {
                _ if character == quote => return Some(string),
                '\\' => string.push(self.escaped()?),
                _ => string.push(character),
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.position += character.len_utf8();
        let digits = match character {
            'n' => return Some('\n'),
            't' => return Some('\t'),
            'r' => return Some('\r'),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            other => return Some(other),
        };
        let code = self.text.get(self.position..self.position + digits)?;
        self.position += digits;
        char::from_u32(u32::from_str_radix(code, 16).ok()?)
    }

    fn word(&mut self) -> Option<Value> {
        let rest = &self.text[self.position..];
        let end = rest.find([',', ']', '}', ':']).unwrap_or(rest.len());
        self.position += end;
        match rest[..end].trim() {
            "None" | "nan" => Some(Value::Null),
            "True" => Some(Value::Bool(true)),
            "False" => Some(Value::Bool(false)),
            number => number.parse::<Number>().ok().map(Value::Number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parses_python_and_json_to_equal_values() {
        let python = r#"[{'id': 16, 'name': "L'Atalante", 'x': None}, {'name': 'It\'s \u00e9', 'y': [1.5, True]}]"#;
        let json = json!([{"id": 16, "name": "L'Atalante", "x": null},
                          {"name": "It's é", "y": [1.5, true]}]);
        assert_eq!(parse(python), Some(json.clone()));
        assert_eq!(parse(&json.to_string()), Some(json));
        assert_eq!(parse("[]"), Some(json!([])));
        assert_eq!(parse("['a',]"), Some(json!(["a"])));
    }

    #[test]
    fn returns_none_for_truncated_and_invalid_literals() {
        for text in
            ["[{'a': 1", "['a", "[1] 2", "{1: 2}", "['\\u00", "system('x')", "", "[1 2]", "['é\\x"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"[".repeat(100_000)), None);
    }
}
