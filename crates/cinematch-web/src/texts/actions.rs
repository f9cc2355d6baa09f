//! Notices shown after an action on a movie.

pub fn liked(title: &str) -> String {
    format!("You liked {title}.")
}

pub fn disliked(title: &str) -> String {
    format!("You disliked {title}.")
}

pub fn not_interested(title: &str) -> String {
    format!("{title} won’t be recommended again.")
}

pub fn reaction_removed(title: &str) -> String {
    format!("Removed your reaction to {title}.")
}

pub fn seen(title: &str) -> String {
    format!("Marked {title} as seen.")
}

pub fn not_seen(title: &str) -> String {
    format!("Marked {title} as not seen.")
}

pub fn listed(title: &str) -> String {
    format!("Added {title} to your watchlist.")
}

pub fn unlisted(title: &str) -> String {
    format!("Removed {title} from your watchlist.")
}

pub fn rated(title: &str, stars: f32) -> String {
    format!("Rated {title} {}.", super::movie::stars(stars))
}

pub fn rating_removed(title: &str) -> String {
    format!("Removed your rating for {title}.")
}

pub fn undone(title: &str) -> String {
    format!("Your change to {title} was undone.")
}

pub fn changed_since(title: &str) -> String {
    format!("You have changed your feedback on {title} since then, so nothing was undone.")
}
