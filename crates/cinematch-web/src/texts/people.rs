//! Text for the page where a household chooses a profile.

pub const TITLE: &str = "Who’s watching?";
pub const ADD_PROFILE: &str = "Add a profile";
pub const NAME: &str = "Name";
pub const USES_ACCOUNTS: &str = "You need an account on this server: sign in at /sign-in";
pub const PROFILE_GONE: &str = "This profile no longer exists";
