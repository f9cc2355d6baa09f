//! Profiles, identified by an email address, and sessions of accounts.

use cinematch_store::{Identified, NewProfile, Profile, is_email, rfc3339};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::error::{ServiceError, ServiceFuture};
use crate::names::{ShortText, check_text};
use crate::secrets::{SessionToken, check_password, random_name};
use crate::service::Service;

/// Maximum length of a profile's name, in characters.
pub const MAX_NAME_LENGTH: usize = 100;

/// A user's profile, as returned by the API.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ProfileBody {
    /// Profile ID.
    id: i64,
    name: String,
    email: String,
    /// Time of creation, RFC 3339 in UTC.
    #[schema(example = "2026-01-31T20:15:00Z")]
    created_at: String,
}

impl From<Profile> for ProfileBody {
    fn from(profile: Profile) -> Self {
        let Profile { id, email, name, created_at } = profile;
        Self { id, name, email, created_at: rfc3339(created_at) }
    }
}

/// A request to look up or create the profile for an email address.
#[derive(Deserialize, utoipa::ToSchema)]
pub struct Identity {
    /// Email address; compared case-insensitively.
    #[schema(
        min_length = 3,
        max_length = 254,
        pattern = r"^[^@\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f]+$",
        example = "ada@example.org"
    )]
    email: String,
    /// Name for a new profile; ignored if the profile exists. If absent, no profile is created.
    #[schema(value_type = Option<ShortText>)]
    name: Option<String>,
}

/// Returns the profile of an email address, or creates it if the request contains a name.
pub fn identify(service: &Service, identity: Identity) -> ServiceFuture<'_, Profile> {
    Box::pin(async move {
        if !is_email(&identity.email) {
            let message = "expected an email address, such as ada@example.org";
            return Err(ServiceError::field("email", message));
        }
        if let Some(name) = &identity.name {
            check_text("name", name, MAX_NAME_LENGTH)?;
        }
        let name = identity.name.as_deref().map(str::trim);
        match service.store().identify(&identity.email, name, service.now()).await? {
            Identified::Existing(profile) | Identified::New(profile) => Ok(profile),
            Identified::Unknown => Err(ServiceError::not_found(
                "No profile has this email address; send a name to create one",
            )),
        }
    })
}

/// Returns all profiles, oldest first.
pub fn list(service: &Service) -> ServiceFuture<'_, Vec<Profile>> {
    Box::pin(async move {
        let accounts = service.store().accounts().await?;
        Ok(accounts.into_iter().map(|account| account.profile).collect())
    })
}

/// Creates a profile for a member of a household, who is identified by name and not by an email address. The
/// name must be different from the names of all other profiles, compared case-insensitively.
pub fn create_household_profile<'a>(
    service: &'a Service,
    name: &'a str,
) -> ServiceFuture<'a, Profile> {
    Box::pin(async move {
        check_text("name", name, MAX_NAME_LENGTH)?;
        // Characters from U+3000 on, such as CJK and emoji, count as visible.
        if !name.chars().any(|letter| letter.is_alphanumeric() || letter > '\u{2fff}') {
            let message = "must include at least one letter, number or emoji";
            return Err(ServiceError::field("name", message));
        }
        let is_same = |profile: &Profile| profile.name.to_lowercase() == name.to_lowercase();
        if list(service).await?.iter().any(is_same) {
            let message = format!("{name} is taken; choose another name");
            return Err(ServiceError::field("name", message));
        }
        // A profile needs an email address. This one never receives mail: RFC 2606 reserves `.invalid`.
        let email = format!("{}@household.invalid", random_name()?);
        let new = NewProfile { email, name: name.to_owned(), password_hash: None };
        Ok(service.store().add_profile(new, service.now()).await?)
    })
}

/// Returns the profile of an account if the password is correct. `run_hash` runs the check, which takes tens
/// of milliseconds, on a blocking thread.
pub async fn authenticate<F>(
    service: &Service,
    email: &str,
    password: SecretString,
    run_hash: impl FnOnce(Box<dyn FnOnce() -> bool + Send>) -> F,
) -> Result<Profile, ServiceError>
where
    F: Future<Output = Option<bool>>,
{
    let account = service.store().account(email).await?;
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    let check = Box::new(move || check_password(&password, hash.as_deref()));
    let is_valid = run_hash(check).await == Some(true);
    let unauthorized =
        || ServiceError::Unauthorized("The email address or the password is wrong".to_owned());
    Ok(account.filter(|_| is_valid).ok_or_else(unauthorized)?.profile)
}

/// Ends a session. Does nothing if the session is unknown.
pub fn end_session<'a>(service: &'a Service, token: &'a SessionToken) -> ServiceFuture<'a, ()> {
    Box::pin(async move { Ok(service.store().end_session(&token.hash()).await?) })
}

/// Starts a session that expires after `seconds` and returns its token.
pub fn begin_session<'a>(
    service: &'a Service,
    profile: &'a Profile,
    seconds: i64,
) -> ServiceFuture<'a, SessionToken> {
    Box::pin(async move {
        let token = SessionToken::generate()?;
        let now = service.now();
        service.store().begin_session(token.hash(), profile.id, now, now + seconds * 1000).await?;
        Ok(token)
    })
}
