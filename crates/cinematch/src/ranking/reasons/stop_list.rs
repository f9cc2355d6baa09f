//! Features that rank movies but are never named in a reason.

use crate::features::ranking::BlockKind;
use crate::models::content::SharedFeature;

/// Keywords, tags and genres (MovieLens lists IMAX as one) about the release, the production, the user's own lists or the user's opinion of a movie,
/// none of which describe the movie, in ascending order.
const STOP_LIST: [&str; 44] = [
    "3d",
    "aftercreditsstinger",
    "animal in cast credits",
    "animated credits",
    "bad",
    "based on novel",
    "based on novel or book",
    "beautiful",
    "beforecreditsstinger",
    "boring",
    "brother",
    "clever",
    "death",
    "disappointing",
    "duringcreditsstinger",
    "dvd",
    "dvd extra",
    "father",
    "female nudity",
    "fight",
    "friends",
    "future",
    "good",
    "imax",
    "imdb top 250",
    "in netflix queue",
    "independent film",
    "intelligent",
    "love",
    "male nudity",
    "man",
    "money",
    "new bluray",
    "new dvd releases",
    "no ending credits",
    "no opening credits",
    "nudity",
    "overrated",
    "predictable",
    "relationship",
    "secret",
    "sex",
    "woman",
    "woman director",
];

/// Returns true if a reason may name the feature. Single words from overviews and titles are evidence of
/// similarity, but without their context they mean little: "andy" for Toy Story, "various", "unravel".
pub(super) fn is_meaningful(feature: &SharedFeature<'_>) -> bool {
    match feature.block {
        BlockKind::Overview | BlockKind::Title | BlockKind::Era | BlockKind::Numeric => false,
        BlockKind::Keyword | BlockKind::Tag | BlockKind::Genre => {
            let name = feature.name.to_ascii_lowercase();
            STOP_LIST.binary_search(&name.as_str()).is_err()
        }
        BlockKind::Cast | BlockKind::Director => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_people_genres_and_descriptive_keywords_only() {
        assert!(STOP_LIST.is_sorted());
        let is_named =
            |block, name| is_meaningful(&SharedFeature { block, name, contribution: 1.0 });
        assert!(is_named(BlockKind::Keyword, "film noir"));
        assert!(is_named(BlockKind::Tag, "time travel"));
        assert!(is_named(BlockKind::Director, "Akira Kurosawa"));
        assert!(!is_named(BlockKind::Keyword, "duringcreditsstinger"));
        assert!(!is_named(BlockKind::Tag, "In Netflix queue"));
        assert!(!is_named(BlockKind::Overview, "andy"));
        assert!(!is_named(BlockKind::Title, "princess"));
    }
}
