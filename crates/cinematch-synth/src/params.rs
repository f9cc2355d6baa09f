//! Parameters for the generator.

/// Maximum number of movies. Movie IDs stay far below 2³².
const MAX_MOVIES: u32 = 2_000_000;
/// Maximum number of users. User IDs stay far below 2³².
const MAX_USERS: u32 = 100_000_000;
/// Maximum number of tags per user, as a multiple of their number of ratings.
pub(crate) const MAX_TAGS_PER_RATING: u32 = 4;

/// Size and seed of the dataset to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntheticParams {
    /// Number of movies. MovieLens 32M has 87,585.
    pub movies: u32,
    /// Number of users. MovieLens 32M has 200,948.
    pub users: u32,
    /// Number of ratings. MovieLens 32M has 32,000,204.
    pub ratings: u64,
    /// Number of tags. MovieLens 32M has 2,000,072.
    pub tags: u64,
    /// Random seed. Equal parameters, including the seed, give equal files.
    pub seed: u64,
}

impl Default for SyntheticParams {
    /// Returns one hundredth of the users, ratings and tags in MovieLens 32M, but a larger share of its
    /// movies, because one hundredth of its users would rate about a fifth of them.
    fn default() -> Self {
        Self { movies: 20_000, users: 2_009, ratings: 320_002, tags: 20_001, seed: 1 }
    }
}

/// Validated parameters, created by [`SyntheticParams::check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedSyntheticParams(SyntheticParams);

impl CheckedSyntheticParams {
    /// Returns the parameters.
    pub fn get(&self) -> &SyntheticParams {
        &self.0
    }
}

/// Error returned for invalid parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntheticError {
    /// The number of movies is zero or too large.
    #[error("movies must be from 1 to {MAX_MOVIES}, got {0}")]
    Movies(u32),
    /// The number of users is zero or too large.
    #[error("users must be from 1 to {MAX_USERS}, got {0}")]
    Users(u32),
    /// There are fewer ratings than users, or more than half of all user–movie pairs.
    #[error(
        "{users} users and {movies} movies allow between {users} (one per user) and {max} ratings \
         (half of all pairs), got {ratings}"
    )]
    Ratings {
        /// Requested number of users.
        users: u32,
        /// Requested number of movies.
        movies: u32,
        /// Maximum number of ratings for this many users and movies.
        max: u64,
        /// Requested number of ratings.
        ratings: u64,
    },
    /// There are more than four tags per rating.
    #[error("{ratings} ratings allow at most {max} tags ({MAX_TAGS_PER_RATING} each), got {tags}")]
    Tags {
        /// Requested number of ratings.
        ratings: u64,
        /// Maximum number of tags for `ratings` ratings.
        max: u64,
        /// Requested number of tags.
        tags: u64,
    },
}

impl SyntheticParams {
    /// Validates the parameters. If a size is impossible, returns an error that gives the allowed range.
    pub fn check(&self) -> Result<CheckedSyntheticParams, SyntheticError> {
        let Self { movies, users, ratings, tags, .. } = *self;
        if !(1..=MAX_MOVIES).contains(&movies) {
            return Err(SyntheticError::Movies(movies));
        }
        if !(1..=MAX_USERS).contains(&users) {
            return Err(SyntheticError::Users(users));
        }
        // Even if there is only one movie, every user can rate it once.
        let max = (u64::from(users) * u64::from(movies) / 2).max(users.into());
        if !(u64::from(users)..=max).contains(&ratings) {
            return Err(SyntheticError::Ratings { users, movies, max, ratings });
        }
        let max = ratings * u64::from(MAX_TAGS_PER_RATING);
        if tags > max {
            return Err(SyntheticError::Tags { ratings, max, tags });
        }
        Ok(CheckedSyntheticParams(*self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(movies: u32, users: u32, ratings: u64, tags: u64, expect: &str) {
        let params = SyntheticParams { movies, users, ratings, tags, seed: 0 };
        let got = params.check().map_or_else(|error| error.to_string(), |_| "valid".to_owned());
        assert_eq!(got, expect);
    }

    #[test]
    fn rejects_impossible_sizes_with_the_allowed_range() {
        check(1, 1, 1, 4, "valid");
        check(1, 9, 9, 0, "valid");
        check(87_585, 200_948, 32_000_204, 2_000_072, "valid");
        check(0, 1, 1, 0, "movies must be from 1 to 2000000, got 0");
        check(1, 0, 0, 0, "users must be from 1 to 100000000, got 0");
        let pairs = "10 users and 4 movies allow between 10 (one per user) and 20 ratings (half \
                     of all pairs), got ";
        check(4, 10, 9, 0, &format!("{pairs}9"));
        check(4, 10, 21, 0, &format!("{pairs}21"));
        check(4, 10, 20, 81, "20 ratings allow at most 80 tags (4 each), got 81");
        assert!(SyntheticParams::default().check().is_ok());
    }
}
