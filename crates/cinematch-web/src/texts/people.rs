//! Text for the page where a household chooses a profile.

pub const TITLE: &str = "Who’s watching?";
pub const ADD_PROFILE: &str = "Add a profile";
pub const NAME: &str = "Name";
pub const NAME_INVISIBLE: &str = "must include at least one letter, number or emoji";
pub const NAME_INVALID: &str = "can’t be used for a profile; try another name";
pub const USES_ACCOUNTS: &str = "You need an account on this server: sign in at /sign-in";
pub const PROFILE_GONE: &str = "This profile no longer exists";

pub fn name_taken(name: &str) -> String {
    format!("{name} is taken; choose another name")
}
