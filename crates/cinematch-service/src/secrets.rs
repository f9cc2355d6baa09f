//! Passwords, session tokens, API keys. Only their hashes are kept; they are shown once and compared in
//! constant time.

use std::fmt::Write;

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Longer passwords are no passwords, and hashing them costs.
pub const LONGEST_PASSWORD: usize = 1024;

/// Of a password that nobody knows.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                      h9lAtjB5kQYvWTpIrTmX0u7ESFuNBl9lVzYYGdF5Rjg";

/// Hashes a password with Argon2id and a salt of its own (19 MiB, two passes: OWASP's and the crate's
/// choice); a PHC string. Takes tens of milliseconds.
pub fn hash_password(password: &SecretString) -> Option<String> {
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
    hash.ok().map(|hash| hash.to_string())
}

/// Whether a password is that of a hash. Where there is none, as much time goes by.
pub fn check_password(password: &SecretString, hash: Option<&str>) -> bool {
    let bytes = password.expose_secret().as_bytes();
    let fits = Argon2::default().verify_password(bytes, hash.unwrap_or(NOBODY)).is_ok();
    fits && hash.is_some()
}

/// Bytes that nobody can guess, as hexadecimal digits.
fn random<const BYTES: usize>() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(hex(&bytes))
}

/// A name for what is to be found again by who has it, and guessed by nobody.
pub fn random_name() -> Result<String, getrandom::Error> {
    random::<16>()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut digits, byte| {
        // Writing into memory cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// What a session's cookie holds.
pub struct SessionToken(SecretString);

impl SessionToken {
    /// A new one: 256 bits.
    pub fn generate() -> Result<Self, getrandom::Error> {
        Ok(Self(random::<32>()?.into()))
    }

    /// The one of a cookie; `None` where it cannot be one.
    pub fn read(text: &str) -> Option<Self> {
        let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| Self(text.into()))
    }

    /// What the database keeps: being found by it takes knowing the token.
    pub fn hash(&self) -> String {
        hash(self.0.expose_secret())
    }

    /// For the cookie.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// An API key: `cm_`, the part that may be shown, `_`, the secret.
pub struct ApiToken {
    id: String,
    secret: SecretString,
}

impl ApiToken {
    /// A new one: 256 bits of secret.
    pub fn generate() -> Result<Self, getrandom::Error> {
        Ok(Self { id: random::<6>()?, secret: random::<32>()?.into() })
    }

    /// The one of a header; `None` where it cannot be one.
    pub fn read(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix("cm_")?.split_once('_')?;
        let fits = id.len() == 12 && secret.len() == 64;
        fits.then(|| Self { id: id.to_owned(), secret: secret.into() })
    }

    /// The part that may be shown.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the database keeps of the secret.
    pub fn hash(&self) -> String {
        hash(self.secret.expose_secret())
    }

    /// Whether it is the key whose hash this is, in constant time.
    pub fn fits(&self, kept: &str) -> bool {
        self.hash().as_bytes().ct_eq(kept.as_bytes()).into()
    }

    /// All of it, to be shown once.
    pub fn expose(&self) -> String {
        format!("cm_{}_{}", self.id, self.secret.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_checked_against_its_hash_alone() {
        let password = SecretString::from("correct horse");
        let hash = hash_password(&password).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, hash_password(&password).unwrap(), "every hash has a salt of its own");
        assert!(check_password(&password, Some(&hash)));
        assert!(!check_password(&SecretString::from("correct horsf"), Some(&hash)));
        // Where there is no hash, one is computed all the same.
        assert!(argon2::PasswordHash::new(NOBODY).is_ok());
        assert!(!check_password(&password, None));
        assert!(!check_password(&password, Some("")));
        assert!(!format!("{password:?}").contains("horse"));
    }

    #[test]
    fn tokens_are_read_back_and_nothing_else_is() {
        let token = ApiToken::generate().unwrap();
        let read = ApiToken::read(&token.expose()).unwrap();
        assert_eq!(read.id(), token.id());
        assert!(read.fits(&token.hash()) && !read.fits(&ApiToken::generate().unwrap().hash()));
        assert!(!read.fits(""));
        for wrong in ["", "cm_", "cm_abc_def", "cm_abcdefabcdef", "Bearer x"] {
            assert!(ApiToken::read(wrong).is_none(), "{wrong}");
        }
        let session = SessionToken::generate().unwrap();
        assert_eq!(SessionToken::read(session.expose()).unwrap().hash(), session.hash());
        assert!(SessionToken::read("x").is_none());
    }
}
