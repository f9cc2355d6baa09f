//! Release of movies: when they can be watched.

use super::Movie;
use crate::date::Date;

/// When a movie can be watched, in chronological order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    /// It has been released, or nothing is known about its release.
    Released,
    /// It is or will be released on this date.
    On(Date),
    /// It is planned or in production without a date, or it was canceled.
    Unscheduled,
}

impl Release {
    /// Returns true if the movie can be watched on the date `today`. Without `today`, a movie with a date counts as
    /// released.
    pub fn is_released(self, today: Option<Date>) -> bool {
        match self {
            Self::Released => true,
            Self::On(date) => today.is_none_or(|today| date <= today),
            Self::Unscheduled => false,
        }
    }
}

impl Movie {
    /// Returns when the movie can be watched, by its date of release or else by the status of its production. The date
    /// takes precedence, because the status may be outdated.
    pub fn release(&self) -> Release {
        match (self.status.as_deref(), self.release_date) {
            (Some("Canceled"), _) => Release::Unscheduled,
            (_, Some(date)) => Release::On(date),
            (Some("Rumored" | "Planned" | "In Production" | "Post Production"), None) => {
                Release::Unscheduled
            }
            _ => Release::Released,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::movie;

    fn check(status: Option<&str>, date: Option<&str>, expected: bool) {
        let release_date = date.map(|date| date.parse().unwrap());
        let movie = Movie { status: status.map(str::to_owned), release_date, ..movie(1, "Film") };
        let today = "2026-11-29".parse().ok();
        assert_eq!(movie.release().is_released(today), expected, "{movie:?}");
    }

    #[test]
    fn the_date_decides_and_then_the_status() {
        check(None, None, true);
        check(Some("Released"), None, true);
        check(Some("Planned"), None, false);
        check(Some("Post Production"), Some("2026-11-29"), true);
        check(Some("Released"), Some("2026-11-30"), false);
        check(Some("Canceled"), Some("1999-10-15"), false);
    }
}
