//! Text for the page that picks movies for a group.

pub const TITLE: &str = "Tonight";
pub const HINT: &str =
    "Choose who’s watching and how much time you have to get five films for everyone.";
pub const WHO: &str = "Who’s watching?";
pub const CHILDREN: &str = "Children are watching";
pub const CHILDREN_HELP: &str = "Picks only films rated for age 8 or younger, such as G, U, PG, or 0 and 6 in Germany. Films without a \
     rating count only if they are children’s films.";
pub const HOW_LONG: &str = "How much time do you have?";
pub const ANY_LENGTH: &str = "Any length";
pub const MOOD: &str = "In the mood for";
pub const SERVICES: &str = "Streaming services";
pub const STRATEGY: &str = "How to choose";
pub const PICK: &str = "Pick five films";
pub const NO_PICKS: &str = "Allow more time, or choose more services or genres.";
pub const OTHERS: &str = "Show five others";
pub const NO_MORE: &str = "No more films match. These are the first ones again.";
pub const NO_MEMBER: &str = "This profile no longer exists, or you can’t act for it";
pub const TOO_FEW_RATINGS: &str = "not enough ratings yet";

/// Time limits in minutes.
pub const TIMES: [(u32, &str); 4] =
    [(90, "1½ hours"), (120, "2 hours"), (150, "2½ hours"), (180, "3 hours")];

pub const LEAST_MISERY: (&str, &str) = (
    "Leave nobody out",
    "Ranks each film by how much the person who likes it least would enjoy it.",
);
pub const VETO: (&str, &str) =
    ("No vetoes", "Ranks by average, leaving out films that someone is likely to turn down.");
pub const AVERAGE: (&str, &str) =
    ("Best average", "Ranks by average; someone may like a film much less than the others.");

pub fn heading(n_picks: usize) -> String {
    match n_picks {
        0 => "No films match".to_owned(),
        1 => "One film for tonight".to_owned(),
        5 => "Five films for tonight".to_owned(),
        number => format!("{number} films for tonight"),
    }
}

/// Returns the label of the button that marks a pick as watched by a member.
pub fn has_seen_it(name: &str) -> String {
    format!("{name} has seen it")
}

/// Reports that a pick is marked as watched by a member.
pub fn seen(name: &str, title: &str) -> String {
    format!("Marked {title} as watched by {name}. Another film takes its place.")
}

/// Describes the age limit of the picks.
pub fn age_limit(age: u8) -> String {
    if age == 0 {
        "Only films rated for all ages.".to_owned()
    } else {
        format!("Only films rated for age {age} or younger.")
    }
}

/// Describes how much a member is expected to enjoy a movie with this match.
pub fn enjoyment(share: f32) -> &'static str {
    match share {
        share if share >= 0.75 => "would love it",
        share if share >= 0.6 => "would like it",
        share if share >= 0.45 => "would be fine with it",
        share if share >= 0.3 => "would put up with it",
        _ => "would rather skip it",
    }
}

/// Formats the mean match of the picks for a member.
pub fn group_match(share: f32) -> String {
    format!("{:.0} % match on average", 100.0 * share)
}
