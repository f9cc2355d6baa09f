//! The kinds of lists that a user can ask for.

use serde::{Deserialize, Serialize};

/// What a list is made by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// By what the person liked, rated and prefers.
    #[default]
    BecauseLiked,
    /// What is popular now.
    Trending,
    /// Films of a genre: `genre`, or those of the preferences, or any.
    Genre,
    /// Films on a service: `service`, or those of the preferences, or any.
    Service,
    /// Films of a time: `year_bucket`, or any.
    Year,
    /// Films of a length: `runtime_bucket`, or that of the preferences, or any.
    Runtime,
}

/// A time.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
pub enum YearBucket {
    /// From 2018 on.
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
    /// Before 1990.
    #[serde(rename = "classic")]
    Classic,
}

/// A length.
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
    /// Returns the inclusive bounds.
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
    /// Returns the inclusive bounds.
    pub fn range(self) -> (Option<u32>, Option<u32>) {
        match self {
            Self::Short => (None, Some(89)),
            Self::Medium => (Some(90), Some(150)),
            Self::Long => (Some(151), None),
        }
    }
}
