//! Values of the documented type, or none: one odd field costs itself and nothing else.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A value, or none if it is of another kind.
pub fn value<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    input: D,
) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(input)?).ok())
}

/// The elements of a list that are what they should be.
pub fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(input: D) -> Result<Vec<T>, D::Error> {
    let Value::Array(values) = Value::deserialize(input)? else { return Ok(Vec::new()) };
    Ok(values.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect())
}

/// The values of an object that are what they should be, by their names.
pub fn map<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    input: D,
) -> Result<BTreeMap<String, T>, D::Error> {
    let Value::Object(values) = Value::deserialize(input)? else { return Ok(BTreeMap::new()) };
    let good = |(name, value)| Some((name, serde_json::from_value(value).ok()?));
    Ok(values.into_iter().filter_map(good).collect())
}
