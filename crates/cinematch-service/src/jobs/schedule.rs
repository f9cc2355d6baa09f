//! Job schedules: names such as `weekly`, or cron expressions, in UTC.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

/// Named schedules and their cron expressions. All but `hourly` run at night, when load is low.
const NAMED: [(&str, &str); 4] = [
    ("hourly", "17 * * * *"),
    ("daily", "17 3 * * *"),
    ("weekly", "17 3 * * 1"),
    ("monthly", "17 3 1 * *"),
];

/// A cron schedule in UTC.
#[derive(Clone, Debug)]
pub struct Schedule {
    text: String,
    cron: Cron,
}

impl Schedule {
    /// Returns the latest due time at or before `now`, both in milliseconds since 1970.
    pub fn last(&self, now: i64) -> Option<i64> {
        let now = DateTime::<Utc>::from_timestamp_millis(now)?;
        let last = self.cron.find_previous_occurrence(&now, true).ok()?;
        Some(last.timestamp_millis())
    }

    /// Returns the first due time after `now`, both in milliseconds since 1970.
    pub fn next(&self, now: i64) -> Option<i64> {
        let now = DateTime::<Utc>::from_timestamp_millis(now)?;
        let next = self.cron.find_next_occurrence(&now, false).ok()?;
        Some(next.timestamp_millis())
    }
}

impl std::fmt::Display for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = NAMED.iter().find(|(name, _)| *name == text.trim());
        let pattern = named.map_or(text.trim(), |(_, pattern)| *pattern);
        let parser =
            CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(pattern).map_err(|_| {
            format!(
                "`{text}` is not a valid schedule; expected hourly, daily, weekly, monthly, never, or \
                 a five-field cron expression: minute, hour, day of the month, month, day of the week"
            )
        })?;
        if cron.find_next_occurrence(&DateTime::<Utc>::UNIX_EPOCH, false).is_err() {
            return Err(format!(
                "`{text}` is never due; the five fields are minute, hour, day of the month, month and day of the \
                 week, as in `17 3 * * 1`, and the day must exist in the month"
            ));
        }
        Ok(Self { text: text.trim().to_owned(), cron })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
    }

    #[test]
    fn last_and_next_return_due_times_in_utc() {
        for (schedule, now, last, next) in [
            ("weekly", "2026-11-26T00:00:00Z", "2026-11-23T03:17:00Z", "2026-11-30T03:17:00Z"),
            ("daily", "2026-11-26T03:17:00Z", "2026-11-26T03:17:00Z", "2026-11-27T03:17:00Z"),
            ("hourly", "2026-11-26T03:16:59Z", "2026-11-26T02:17:00Z", "2026-11-26T03:17:00Z"),
            ("monthly", "2026-11-26T00:00:00Z", "2026-11-01T03:17:00Z", "2026-12-01T03:17:00Z"),
            ("0 4 * * 6", "2026-11-26T00:00:00Z", "2026-11-21T04:00:00Z", "2026-11-28T04:00:00Z"),
        ] {
            let parsed: Schedule = schedule.parse().unwrap();
            assert_eq!(parsed.last(at(now)), Some(at(last)), "{schedule}");
            assert_eq!(parsed.next(at(now)), Some(at(next)), "{schedule}");
        }
    }

    #[test]
    fn rejects_a_schedule_that_is_never_due() {
        let error = "0 0 31 2 *".parse::<Schedule>().unwrap_err();
        assert!(error.contains("never due"), "{error}");
        assert!("0 0 29 2 *".parse::<Schedule>().is_ok());
    }

    #[test]
    fn rejects_an_invalid_schedule_and_describes_the_syntax() {
        for text in ["", "fortnightly", "61 * * * *", "* * * *", "0 0 0 1 1 1 2027"] {
            let error = text.parse::<Schedule>().unwrap_err();
            assert!(error.contains("five-field cron expression"), "{error}");
        }
    }
}
