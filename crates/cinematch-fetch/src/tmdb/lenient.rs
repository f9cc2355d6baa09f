//! Lenient deserializers that drop a value of an unexpected type instead of failing the whole response.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Deserializes a value, or returns `None` if it has an unexpected type.
pub fn value<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    input: D,
) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(input)?).ok())
}

/// Deserializes a list, skipping elements of an unexpected type.
pub fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(input: D) -> Result<Vec<T>, D::Error> {
    let Value::Array(values) = Value::deserialize(input)? else { return Ok(Vec::new()) };
    Ok(values.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect())
}

/// Deserializes an object, skipping values of an unexpected type.
pub fn map<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    input: D,
) -> Result<BTreeMap<String, T>, D::Error> {
    let Value::Object(values) = Value::deserialize(input)? else { return Ok(BTreeMap::new()) };
    let parse_entry = |(name, value)| Some((name, serde_json::from_value(value).ok()?));
    Ok(values.into_iter().filter_map(parse_entry).collect())
}
