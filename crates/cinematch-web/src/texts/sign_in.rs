//! Text for the sign-in and sign-out pages.

pub const TITLE: &str = "Sign in";
pub const EMAIL: &str = "Email address";
pub const PASSWORD: &str = "Password";
pub const HELP: &str = "To get an account or a new password, ask the operator of this server.";
pub const SIGNED_IN: &str = "You are signed in";
/// Text before the user's name and email address.
pub const SIGNED_IN_AS: &str = "Signed in as ";
pub const SIGN_OUT: &str = "Sign out";
pub const STAY: &str = "Stay signed in";
