//! How much to generate.

use super::tags::MOST_PER_RATING;

/// Film and viewer numbers stay far below 2³².
const MOST_MOVIES: u32 = 2_000_000;
const MOST_USERS: u32 = 100_000_000;

/// How much data to make up, and from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntheticParams {
    /// Films; MovieLens 32M has 87,585.
    pub movies: u32,
    /// Viewers; MovieLens 32M has 200,948.
    pub users: u32,
    /// Ratings; MovieLens 32M has 32,000,204.
    pub ratings: u64,
    /// Tags; MovieLens 32M has 2,000,072.
    pub tags: u64,
    /// Equal seeds give equal files.
    pub seed: u64,
}

impl Default for SyntheticParams {
    /// A hundredth of MovieLens 32M's viewers, ratings and tags. Films do not thin out as viewers
    /// do: a hundredth of the viewers still sees about a fifth of them.
    fn default() -> Self {
        Self { movies: 20_000, users: 2_009, ratings: 320_002, tags: 20_001, seed: 1 }
    }
}

/// Parameters that can be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedSyntheticParams(SyntheticParams);

impl CheckedSyntheticParams {
    /// The parameters.
    pub fn get(&self) -> &SyntheticParams {
        &self.0
    }
}

/// Parameters that cannot be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntheticError {
    /// No film, or too many.
    #[error("movies must be from 1 to {MOST_MOVIES}, got {0}")]
    Movies(u32),
    /// No viewer, or too many.
    #[error("users must be from 1 to {MOST_USERS}, got {0}")]
    Users(u32),
    /// Fewer than one a viewer, or more than half of all pairs.
    #[error(
        "{users} users and {movies} movies can have from {users} (one a user) to {most} ratings \
         (half of all pairs), got {ratings}"
    )]
    Ratings {
        /// The viewers asked for.
        users: u32,
        /// The films asked for.
        movies: u32,
        /// The most ratings they allow.
        most: u64,
        /// The ratings asked for.
        ratings: u64,
    },
    /// More than viewers write.
    #[error("{ratings} ratings can have at most {most} tags ({MOST_PER_RATING} each), got {tags}")]
    Tags {
        /// The ratings asked for.
        ratings: u64,
        /// The most tags they allow.
        most: u64,
        /// The tags asked for.
        tags: u64,
    },
}

impl SyntheticParams {
    /// Checks that there is data of this size.
    pub fn check(&self) -> Result<CheckedSyntheticParams, SyntheticError> {
        let Self { movies, users, ratings, tags, .. } = *self;
        if !(1..=MOST_MOVIES).contains(&movies) {
            return Err(SyntheticError::Movies(movies));
        }
        if !(1..=MOST_USERS).contains(&users) {
            return Err(SyntheticError::Users(users));
        }
        // One film can still be rated once by everybody.
        let most = (u64::from(users) * u64::from(movies) / 2).max(users.into());
        if !(u64::from(users)..=most).contains(&ratings) {
            return Err(SyntheticError::Ratings { users, movies, most, ratings });
        }
        let most = ratings * u64::from(MOST_PER_RATING);
        if tags > most {
            return Err(SyntheticError::Tags { ratings, most, tags });
        }
        Ok(CheckedSyntheticParams(*self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(movies: u32, users: u32, ratings: u64, tags: u64, expect: &str) {
        let params = SyntheticParams { movies, users, ratings, tags, seed: 0 };
        let got = params.check().map_or_else(|error| error.to_string(), |_| "fine".to_owned());
        assert_eq!(got, expect);
    }

    #[test]
    fn what_cannot_be_met_is_said() {
        check(1, 1, 1, 4, "fine");
        check(1, 9, 9, 0, "fine");
        check(87_585, 200_948, 32_000_204, 2_000_072, "fine");
        check(0, 1, 1, 0, "movies must be from 1 to 2000000, got 0");
        check(1, 0, 0, 0, "users must be from 1 to 100000000, got 0");
        let pairs = "10 users and 4 movies can have from 10 (one a user) to 20 ratings (half of \
                     all pairs), got ";
        check(4, 10, 9, 0, &format!("{pairs}9"));
        check(4, 10, 21, 0, &format!("{pairs}21"));
        check(4, 10, 20, 81, "20 ratings can have at most 80 tags (4 each), got 81");
        assert!(SyntheticParams::default().check().is_ok());
    }
}
