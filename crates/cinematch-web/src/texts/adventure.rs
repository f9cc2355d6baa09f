//! Text for the dial "How adventurous".

pub const LEGEND: &str = "How adventurous";
pub const HELP: &str =
    "Familiar shows more well-known films, and Adventurous shows more films that few people know.";
pub const FAMILIAR: &str = "Familiar";
pub const RATHER_FAMILIAR: &str = "Rather familiar";
pub const BALANCED: &str = "Balanced";
pub const RATHER_ADVENTUROUS: &str = "Rather adventurous";
pub const ADVENTUROUS: &str = "Adventurous";
pub const SAVED: &str = "Saved. Your recommendations use this setting.";
