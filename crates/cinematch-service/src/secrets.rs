//! Passwords, session tokens and API keys.
//!
//! Only hashes are stored. Tokens and keys are shown once; hashes of keys are compared in constant time.

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use cinematch::digits::hex;
use cinematch::ids::sha256_hex;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// Maximum length of a password in characters, which bounds the cost of hashing.
pub const MAX_PASSWORD_LENGTH: usize = 1024;

/// Hash of an unknown password. If an account has no hash, the password is verified against this one.
const UNKNOWN_PASSWORD_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                      h9lAtjB5kQYvWTpIrTmX0u7ESFuNBl9lVzYYGdF5Rjg";

/// Hashes a password with Argon2id and a random salt, and returns a PHC string. Uses 19 MiB and two passes, as
/// recommended by OWASP and set by the crate's default. Takes tens of milliseconds.
pub fn hash_password(password: &SecretString) -> Option<String> {
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
    hash.ok().map(|hash| hash.to_string())
}

/// Returns true if a password matches a hash. Takes the same time if there is no hash, so that timing does not
/// reveal which accounts exist.
pub fn check_password(password: &SecretString, hash: Option<&str>) -> bool {
    let bytes = password.expose_secret().as_bytes();
    let matches =
        Argon2::default().verify_password(bytes, hash.unwrap_or(UNKNOWN_PASSWORD_HASH)).is_ok();
    matches && hash.is_some()
}

/// Returns cryptographically random bytes as hexadecimal digits.
fn random<const BYTES: usize>() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(hex(&bytes))
}

/// Returns an unguessable name: 128 random bits as hexadecimal digits.
pub fn random_name() -> Result<String, getrandom::Error> {
    random::<16>()
}

/// The token in a session cookie.
pub struct SessionToken(SecretString);

impl SessionToken {
    /// Generates a token of 256 random bits.
    pub fn generate() -> Result<Self, getrandom::Error> {
        Ok(Self(random::<32>()?.into()))
    }

    /// Parses a cookie's value. Returns `None` if it is not a valid token.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| Self(text.into()))
    }

    /// Returns the SHA-256 hash of the token, under which the database stores the session.
    pub fn hash(&self) -> String {
        sha256_hex(self.0.expose_secret().as_bytes())
    }

    /// Returns the token in plain text, for the cookie.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// An API key of the form `cm_<id>_<secret>`. The ID is public.
pub struct ApiToken {
    id: String,
    secret: SecretString,
}

impl ApiToken {
    /// Generates a key with a secret of 256 random bits.
    pub fn generate() -> Result<Self, getrandom::Error> {
        Ok(Self { id: random::<6>()?, secret: random::<32>()?.into() })
    }

    /// Parses a header's value. Returns `None` if it is not a valid key.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix("cm_")?.split_once('_')?;
        let matches = id.len() == 12 && secret.len() == 64;
        matches.then(|| Self { id: id.to_owned(), secret: secret.into() })
    }

    /// Returns the public ID, by which the database finds the key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the SHA-256 hash of the secret, which the database stores.
    pub fn hash(&self) -> String {
        sha256_hex(self.secret.expose_secret().as_bytes())
    }

    /// Returns true if the secret matches a stored hash. Compares in constant time.
    pub fn matches(&self, stored_hash: &str) -> bool {
        self.hash().as_bytes().ct_eq(stored_hash.as_bytes()).into()
    }

    /// Returns the whole key in plain text, to be shown once.
    pub fn expose(&self) -> String {
        format!("cm_{}_{}", self.id, self.secret.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_password_accepts_only_the_hashed_password() {
        let password = SecretString::from("correct horse");
        let hash = hash_password(&password).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, hash_password(&password).unwrap(), "every hash has its own salt");
        assert!(check_password(&password, Some(&hash)));
        assert!(!check_password(&SecretString::from("correct horsf"), Some(&hash)));
        // Without a hash, the password is verified against a dummy hash.
        assert!(argon2::PasswordHash::new(UNKNOWN_PASSWORD_HASH).is_ok());
        assert!(!check_password(&password, None));
        assert!(!check_password(&password, Some("")));
        assert!(!format!("{password:?}").contains("horse"));
    }

    #[test]
    fn tokens_round_trip_and_malformed_tokens_are_rejected() {
        let token = ApiToken::generate().unwrap();
        let read = ApiToken::parse(&token.expose()).unwrap();
        assert_eq!(read.id(), token.id());
        assert!(
            read.matches(&token.hash()) && !read.matches(&ApiToken::generate().unwrap().hash())
        );
        assert!(!read.matches(""));
        for wrong in ["", "cm_", "cm_abc_def", "cm_abcdefabcdef", "Bearer x"] {
            assert!(ApiToken::parse(wrong).is_none(), "{wrong}");
        }
        let session = SessionToken::generate().unwrap();
        assert_eq!(SessionToken::parse(session.expose()).unwrap().hash(), session.hash());
        assert!(SessionToken::parse("x").is_none());
    }
}
