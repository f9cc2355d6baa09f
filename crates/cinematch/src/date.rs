//! Calendar dates.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// A date in the Gregorian calendar, written as `1999-10-15`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Date(NaiveDate);

/// Error returned when a date cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a date such as 1999-10-15")]
pub struct DateError;

impl Date {
    /// Returns the date in UTC at a time given in seconds since 1970. Times before 1970 count as 1970-01-01.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        let time = DateTime::from_timestamp(seconds.max(0), 0);
        Self(time.unwrap_or(DateTime::UNIX_EPOCH).date_naive())
    }

    /// Returns the year, which is negative before the year 0.
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// Returns the number of days from `earlier` to this date: negative if `earlier` is later.
    pub fn days_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).num_days()
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        // Chrono also accepts signs and months of one digit.
        let is_complete =
            text.len() == 10 && text.starts_with(|first: char| first.is_ascii_digit());
        let date = text.parse().ok().filter(|_| is_complete);
        date.map(Self).ok_or(DateError)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

impl TryFrom<String> for Date {
    type Error = DateError;

    fn try_from(text: String) -> Result<Self, DateError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_parsed_printed_and_ordered() {
        let date = |text: &str| text.parse::<Date>().unwrap();
        assert_eq!(date("1999-10-15").to_string(), "1999-10-15");
        assert!(date("1999-10-15") < date("2000-01-01") && date("1999-09-30") < date("1999-10-01"));
        assert_eq!(date("2000-03-01").days_since(date("2000-02-28")), 2);
        assert_eq!(date("2000-02-28").days_since(date("2000-03-01")), -2);
        for invalid in
            ["", "1999", "1999-1-1", "1999-13-01", "1999-02-30", "99-10-15", "+999-10-15"]
        {
            assert_eq!(invalid.parse::<Date>(), Err(DateError), "{invalid}");
        }
    }

    #[test]
    fn unix_times_are_converted_to_dates() {
        for (seconds, expected) in [
            (-1, "1970-01-01"),
            (86_399, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_798_761_599, "2026-12-31"),
            (1_798_761_600, "2027-01-01"),
        ] {
            assert_eq!(Date::from_unix_seconds(seconds).to_string(), expected);
        }
    }
}
