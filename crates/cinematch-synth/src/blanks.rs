//! Patterns of missing values in `tmdb_metadata.csv`.

/// Each pattern says which of the ten columns starting with `release_date` have a value (1 = present),
/// and is followed by the number of real rows with that pattern, out of 33,229. Patterns of the
/// best-known movies come first.
pub(crate) const BLANKS: [(&str, u32); 22] = [
    ("1111111111", 5759),
    ("1111111110", 1418),
    ("1111111011", 418),
    ("1111101110", 2453),
    ("1101111111", 2324),
    ("1111111100", 391),
    ("1111101010", 540),
    ("1111111010", 104),
    ("1111111000", 140),
    ("1101111011", 6022),
    ("1101101011", 99),
    ("1101111001", 328),
    ("1100111100", 183),
    ("1000111100", 1163),
    ("0100101000", 1925),
    ("1000111000", 8625),
    ("1000101000", 346),
    ("0000111000", 168),
    ("0000101000", 172),
    ("1000110000", 107),
    ("0000110000", 42),
    ("0000100000", 39),
];
