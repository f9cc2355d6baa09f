//! Deserialization of optional fields.

use serde::{Deserialize, Deserializer};

/// Deserializes `null` as the default value. Clients may send `null` for empty fields.
pub fn or_default<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
