//! A token for many requests: signed once, renewed before it expires.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Secret, TokenError, sign};

/// How long a signed token is valid.
const LIFETIME: Duration = Duration::from_secs(3600);
/// A token with less time left than this is replaced.
const RENEW_BEFORE: Duration = Duration::from_secs(600);

/// Signs tokens with one secret and hands the same one out until it is nearly over.
#[derive(Debug)]
pub struct TokenSource {
    secret: Secret,
    server_id: String,
    lifetime: Duration,
    current: Mutex<Option<(String, Instant)>>,
}

impl TokenSource {
    /// Tokens signed with `secret` in the name of `server_id`.
    pub fn new(secret: Secret, server_id: impl Into<String>) -> Self {
        Self::with_lifetime(secret, server_id, LIFETIME)
    }

    fn with_lifetime(secret: Secret, server_id: impl Into<String>, lifetime: Duration) -> Self {
        Self { secret, server_id: server_id.into(), lifetime, current: Mutex::new(None) }
    }

    /// Tokens of the same secret in another name.
    #[must_use]
    pub fn in_the_name_of(&self, server_id: impl Into<String>) -> Self {
        Self::with_lifetime(self.secret.clone(), server_id, self.lifetime)
    }

    /// Bytes that tell this secret from every other.
    pub(crate) fn identity(&self) -> &[u8] {
        self.secret.identity()
    }

    /// A token that is valid for some minutes at least.
    ///
    /// # Errors
    /// [`TokenError::NotSigned`].
    pub fn token(&self) -> Result<String, TokenError> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((token, end)) = current.as_ref()
            && end.saturating_duration_since(Instant::now()) > RENEW_BEFORE
        {
            return Ok(token.clone());
        }
        let token = sign(&self.secret, &self.server_id, Some(self.lifetime))?;
        *current = Some((token.clone(), Instant::now() + self.lifetime));
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_token_is_handed_out_again() {
        let source = TokenSource::new(Secret::new(b"k").unwrap(), "me");
        assert_eq!(source.token().unwrap(), source.token().unwrap());
    }

    #[test]
    fn a_token_near_its_end_is_replaced() {
        let source =
            TokenSource::with_lifetime(Secret::new(b"k").unwrap(), "me", Duration::from_secs(60));
        source.token().unwrap();
        *source.current.lock().unwrap() = Some(("old".to_owned(), Instant::now()));
        assert_ne!(source.token().unwrap(), "old");
    }
}
