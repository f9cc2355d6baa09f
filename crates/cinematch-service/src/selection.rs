//! Parameters that select a kind of recommendation list: mode, years and runtime.

use serde::{Deserialize, Serialize};

/// Kind of recommendation list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Movies ranked by the user's likes, ratings and preferences.
    #[default]
    BecauseLiked,
    /// Movies that are popular now, by TMDB's popularity if it was fetched within the last 30 days. Otherwise, movies
    /// with the most likes in the last year of the training data. The reasons name the `source`.
    Trending,
    /// Movies of the genre in `genre`; without it, of the preferred genres, or of any genre.
    Genre,
    /// Movies on the service in `service`; without it, on the user's services, or on any service.
    Service,
    /// Movies released in `year_bucket`; without it, in any year.
    Year,
    /// Movies with a runtime in `runtime_bucket`; without it, in the preferred range, or of any length.
    Runtime,
}

/// A range of release years that clients can request by name.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
pub enum YearBucket {
    /// 2018 and later.
    #[serde(rename = "recent")]
    Recent,
    /// 2010 to 2019.
    #[serde(rename = "2010s")]
    TwentyTens,
    /// 2000 to 2009.
    #[serde(rename = "2000s")]
    TwoThousands,
    /// 1990 to 1999.
    #[serde(rename = "90s")]
    Nineties,
    /// 1989 and earlier.
    #[serde(rename = "classic")]
    Classic,
}

/// A range of runtimes that clients can request by name.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuntimeBucket {
    /// Less than 90 minutes.
    Short,
    /// 90 to 150 minutes.
    Medium,
    /// More than 150 minutes.
    Long,
}

impl YearBucket {
    /// Returns the first and last year, inclusive; `None` is unbounded.
    pub fn range(self) -> (Option<u16>, Option<u16>) {
        match self {
            Self::Recent => (Some(2018), None),
            Self::TwentyTens => (Some(2010), Some(2019)),
            Self::TwoThousands => (Some(2000), Some(2009)),
            Self::Nineties => (Some(1990), Some(1999)),
            Self::Classic => (None, Some(1989)),
        }
    }
}

impl RuntimeBucket {
    /// Returns the minimum and maximum in minutes, inclusive; `None` is unbounded.
    pub fn range(self) -> (Option<u32>, Option<u32>) {
        match self {
            Self::Short => (None, Some(89)),
            Self::Medium => (Some(90), Some(150)),
            Self::Long => (Some(151), None),
        }
    }
}
