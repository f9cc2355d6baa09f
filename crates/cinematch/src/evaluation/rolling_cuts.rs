//! Rolling cuts: a temporal split at each of many cutoffs, so that a user who returns several times is tested
//! several times.
//!
//! A single cutoff leaves few users with a past and a future in a small dataset: 25 in MovieLens latest-small,
//! where 80 quarterly cuts have 143. Every model is fitted again at each cutoff. Tashman, "Out-of-sample
//! tests of forecasting accuracy", 2000, calls this a rolling-origin evaluation.

use serde::Serialize;

use super::split::{Part, Split, SplitError};
use super::time_cut::{times, window_split};
use crate::catalog::Interactions;

const SECONDS_PER_DAY: f64 = 86_400.0;

/// One of a series of cutoffs at equal distances, counted back from the newest rating.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RollingCuts {
    /// Number of days from one cutoff to the next, which is also the length of the test window.
    pub days: f64,
    /// Number of the cutoff: 1 for the latest.
    pub cut: u64,
}

impl Default for RollingCuts {
    /// Returns the latest of quarterly cutoffs.
    fn default() -> Self {
        Self { days: 365.25 / 4.0, cut: 1 }
    }
}

impl RollingCuts {
    /// Default number of cutoffs: 20 years of quarters.
    pub const N_CUTS: u16 = 80;

    /// Splits at the cutoff. The test window contains the ratings up to the next cutoff. There is no
    /// validation part, because the window before a cutoff is the test window of another one.
    pub(crate) fn split<'a>(
        &self,
        interactions: &'a Interactions,
        part: Part,
    ) -> Result<Split<'a>, SplitError> {
        if part == Part::Validation {
            return Err(SplitError::NoValidation);
        }
        let newest = times(interactions).into_iter().max().unwrap_or(0);
        // A timestamp before 1970 saturates at 0, where no user has a history.
        let boundary = |cut: u64| {
            (f64::from(newest) + 1.0 - cut as f64 * self.days * SECONDS_PER_DAY).round() as u32
        };
        let end = boundary(self.cut.saturating_sub(1));
        window_split(interactions, boundary(self.cut)..=end.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::ratings;
    use super::*;

    #[test]
    fn windows_are_adjacent_and_the_last_one_ends_with_the_newest_rating() {
        let interactions = ratings();
        let of = |cut| {
            let cuts = RollingCuts { days: 0.5, cut };
            cuts.split(&interactions, Part::Test).unwrap()
        };
        let newest = times(&interactions).into_iter().max().unwrap();
        let mut end = newest + 1;
        for cut in 1..=3 {
            let split = of(cut);
            let cutoff = split.tags.before.unwrap();
            assert_eq!(end - cutoff, 43_200);
            assert!(times(&split.interactions).into_iter().all(|time| time < cutoff));
            for held_out in &split.held_out {
                let mut relevant = held_out.relevant.iter();
                assert!(relevant.all(|rated| (cutoff..end).contains(&rated.time)));
                assert!(!held_out.history.is_empty());
            }
            end = cutoff;
        }
        assert!(of(1).held_out.iter().flat_map(|user| &user.relevant).any(|of| of.time == newest));
    }

    #[test]
    fn split_is_refused_before_the_first_rating_and_for_validation() {
        let interactions = ratings();
        let early = RollingCuts { days: 365.0, cut: 90 };
        let error = early.split(&interactions, Part::Test).unwrap_err();
        assert!(matches!(error, SplitError::NoHeldOutUsers { .. }), "{error}");
        let error = RollingCuts::default().split(&interactions, Part::Validation).unwrap_err();
        assert_eq!(error, SplitError::NoValidation);
    }
}
