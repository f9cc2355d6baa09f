//! A [`Deserializer`] adapter that follows JSON Schema where serde doesn't: structs can only be read from objects,
//! never from arrays of their fields, and integers can be written with a decimal point (`2.0`).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Wraps a deserializer and, recursively, the visitors, seeds and accessors it passes on.
pub struct Strict<T>(pub T);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Strict(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(Strict(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Strict(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, Strict(visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, Strict(visitor))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_ignored_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Strict<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(formatter)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<V::Value, E> {
        self.0.visit_bool(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<V::Value, E> {
        self.0.visit_i64(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.0.visit_u64(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        // Values with a magnitude of 2^63 or more may have been rounded, so pass them on as floats, which integer
        // fields reject.
        let bound = -(i64::MIN as f64);
        if value.fract() == 0.0 && value.abs() < bound {
            // This is safe for float fields because serde's float visitors accept integers.
            return self.0.visit_i64(value as i64);
        }
        self.0.visit_f64(value)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<V::Value, E> {
        self.0.visit_str(value)
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<V::Value, E> {
        self.0.visit_borrowed_str(value)
    }

    fn visit_string<E: Error>(self, value: String) -> Result<V::Value, E> {
        self.0.visit_string(value)
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Strict(inner))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Strict(inner))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Strict(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Strict(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(variant)
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Strict(deserializer))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Strict(seed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        #[default]
        Like,
        Other(u8),
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(transparent)]
    struct Id(u32);

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default, deny_unknown_fields)]
    struct Outer {
        ids: Vec<Id>,
        stars: f32,
        offset: Option<usize>,
        inner: Option<Box<Outer>>,
        pair: Option<(i64, String)>,
        kind: Kind,
        text: Option<String>,
    }

    fn parse(json: &str) -> Result<Outer, String> {
        let mut reader = serde_json::Deserializer::from_slice(json.as_bytes());
        Outer::deserialize(Strict(&mut reader)).map_err(|error| error.to_string())
    }

    fn error_of(json: &str) -> String {
        parse(json).unwrap_err()
    }

    #[test]
    fn accepts_valid_json_and_integers_with_a_decimal_point() {
        let json = r#"{"ids": [1, 2.0, 4.294967295e9], "stars": 4, "offset": -0.0, "pair": [-7, "\u00e9"],
                       "inner": {"stars": 4.5, "kind": {"other": 3}, "offset": null}, "text": "a"}"#;
        let inner = Outer { stars: 4.5, kind: Kind::Other(3), ..Outer::default() };
        let outer = Outer {
            ids: vec![Id(1), Id(2), Id(u32::MAX)],
            stars: 4.0,
            offset: Some(0),
            inner: Some(Box::new(inner)),
            pair: Some((-7, "é".to_owned())),
            kind: Kind::Like,
            text: Some("a".to_owned()),
        };
        assert_eq!(parse(json).unwrap(), outer);
    }

    #[test]
    fn rejects_arrays_in_place_of_objects_at_any_depth() {
        assert!(error_of("[]").starts_with("invalid type: sequence, expected struct Outer"));
        assert!(error_of(r#"{"inner": [[], 1.0]}"#).starts_with("invalid type: sequence"));
        assert!(error_of(r#"{"inner": {"inner": []}}"#).starts_with("invalid type: sequence"));
    }

    #[test]
    fn rejects_fractional_and_out_of_range_integers() {
        assert!(error_of(r#"{"ids": [1.5]}"#).contains("floating point `1.5`, expected u32"));
        assert!(error_of(r#"{"ids": [4294967296.0]}"#).contains("integer `4294967296`"));
        assert!(error_of(r#"{"offset": -1.0}"#).contains("integer `-1`"));
        for large in ["9.3e18", "-9223372036854775809", "9223372036854775808.0"] {
            let error = error_of(&format!(r#"{{"pair": [{large}, ""]}}"#));
            assert!(error.contains("floating point"), "{error}");
        }
        assert!(error_of(r#"{"unknown": 1}"#).contains("unknown field"));
    }
}
