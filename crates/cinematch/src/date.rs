//! Calendar dates.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A date in the Gregorian calendar, written as `1999-10-15`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// Error returned when a date cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a date such as 1999-10-15")]
pub struct DateError;

impl Date {
    /// Returns the date in UTC at a time given in seconds since 1970. Times before 1970 count as 1970-01-01.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        // Algorithm by Howard Hinnant (`civil_from_days`): years start in March, so that leap days come last.
        let days = seconds.max(0) / 86_400 + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = (month_from_march + 2) % 12 + 1;
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self { year: year as u16, month: month as u8, day: day as u8 }
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let number = |part: &str, digits: usize| -> Result<u16, DateError> {
            let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse().ok().filter(|_| is_number).ok_or(DateError)
        };
        let (year, rest) = text.split_once('-').ok_or(DateError)?;
        let (month, day) = rest.split_once('-').ok_or(DateError)?;
        let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return Err(DateError);
        }
        Ok(Self { year, month: month as u8, day: day as u8 })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
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
        for invalid in
            ["", "1999", "1999-1-1", "1999-13-01", "1999-00-10", "99-10-15", "+999-10-15"]
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
