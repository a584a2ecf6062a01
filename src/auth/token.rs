//! Superuser tokens: `iss`, `server_id`, and a signature of HS256, ES256 or RS256 (protocol §11;
//! the last two are an extension).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Header, Validation};
use serde_json::{Map, Value, json};

use super::Secret;

/// The issuer that every token of an ArangoDB deployment names.
const ISSUER: &str = "arangodb";

/// What a valid superuser token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Who made the token.
    pub server_id: String,
    /// The only request paths that the token opens; `None` opens all.
    pub allowed_paths: Option<Vec<String>>,
}

impl Claims {
    /// Whether the token opens this request path.
    pub fn allows(&self, path: &str) -> bool {
        self.allowed_paths.as_ref().is_none_or(|paths| paths.iter().any(|allowed| allowed == path))
    }
}

/// Why a token is refused, or cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Not three parts of base64url JSON, or the wrong algorithm, type or signature.
    #[error("the token is malformed or its signature does not match")]
    Invalid,
    /// A claim is missing or has a value that agents refuse.
    #[error("the claim '{claim}' is missing or not acceptable")]
    Claim {
        /// Its name.
        claim: &'static str,
    },
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// The signature cannot be computed.
    #[error("the token cannot be signed")]
    NotSigned,
}

/// A superuser token in the name of `server_id`, valid for `lifetime` from now; `None` means for ever.
///
/// # Errors
/// [`TokenError::NotSigned`] when the cryptography refuses the key, or the key is a public one.
pub fn sign(
    secret: &Secret,
    server_id: &str,
    lifetime: Option<Duration>,
) -> Result<String, TokenError> {
    let now = unix_now();
    let mut claims = json!({"iss": ISSUER, "server_id": server_id, "iat": now});
    if let Some(lifetime) = lifetime {
        claims["exp"] = now.saturating_add(lifetime.as_secs()).into();
    }
    let key = secret.signing_key().ok_or(TokenError::NotSigned)?;
    jsonwebtoken::encode(&Header::new(secret.algorithm()), &claims, &key)
        .map_err(|_| TokenError::NotSigned)
}

/// How long a token is valid from now, as it says itself; `None` when it names no end. Whether it is
/// genuine is for its reader to find out.
pub fn time_left(token: &str) -> Option<Duration> {
    let claims: Map<String, Value> = jsonwebtoken::dangerous::insecure_decode_claims(token).ok()?;
    let end = claims.get("exp")?.as_f64()?;
    Some(Duration::try_from_secs_f64(end - unix_now_exact()).unwrap_or_default())
}

/// Checks a token against every accepted secret, as an agent does. A secret verifies only tokens
/// of its own algorithm: what a token says of itself selects no way of using a key.
///
/// # Errors
/// [`TokenError`].
pub fn verify(token: &str, secrets: &[Secret]) -> Result<Claims, TokenError> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
    if header.typ.as_deref() != Some("JWT") {
        return Err(TokenError::Invalid);
    }
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let claims = secrets
        .iter()
        .filter(|secret| secret.algorithm() == header.alg)
        .find_map(|secret| {
            let key = secret.verifying_key();
            jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation).ok()
        })
        .ok_or(TokenError::Invalid)?
        .claims;
    check_claims(&claims)
}

fn check_claims(claims: &Map<String, Value>) -> Result<Claims, TokenError> {
    if claims.get("iss").and_then(Value::as_str) != Some(ISSUER) {
        return Err(TokenError::Claim { claim: "iss" });
    }
    if claims.contains_key("preferred_username") {
        return Err(TokenError::Claim { claim: "preferred_username" });
    }
    let server_id = claims.get("server_id").ok_or(TokenError::Claim { claim: "server_id" })?;
    if let Some(end) = claims.get("exp") {
        let end = end.as_f64().ok_or(TokenError::Claim { claim: "exp" })?;
        if end <= unix_now_exact() {
            return Err(TokenError::Expired);
        }
    }
    let allowed_paths = match claims.get("allowed_paths") {
        None => None,
        Some(paths) => Some(path_list(paths).ok_or(TokenError::Claim { claim: "allowed_paths" })?),
    };
    let server_id = server_id.as_str().map_or_else(|| server_id.to_string(), str::to_owned);
    Ok(Claims { server_id, allowed_paths })
}

fn path_list(paths: &Value) -> Option<Vec<String>> {
    let paths = paths.as_array().filter(|paths| !paths.is_empty())?;
    paths.iter().map(|path| path.as_str().map(str::to_owned)).collect()
}

fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn unix_now_exact() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, EncodingKey};

    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes()).unwrap()
    }

    fn signed(claims: &Value) -> String {
        let key = EncodingKey::from_secret(b"s3cret");
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
    }

    #[test]
    fn a1_a_signed_token_is_accepted_and_names_its_maker() {
        let token = sign(&secret("s3cret"), "agencysh", Some(Duration::from_secs(60))).unwrap();
        let claims = verify(&token, &[secret("s3cret")]).unwrap();
        assert_eq!(claims.server_id, "agencysh");
        assert!(claims.allows("/_api/agency/read"));
    }

    #[test]
    fn a_token_tells_how_long_it_is_valid() {
        let token = sign(&secret("s3cret"), "x", Some(Duration::from_secs(60))).unwrap();
        let left = time_left(&token).unwrap();
        assert!(left <= Duration::from_secs(60) && left > Duration::from_secs(50), "{left:?}");
        assert_eq!(time_left(&signed(&json!({"exp": 1}))), Some(Duration::ZERO));
        for endless in [signed(&json!({})), signed(&json!({"exp": "soon"})), "a.b".to_owned()] {
            assert_eq!(time_left(&endless), None);
        }
    }

    #[test]
    fn a2_wrong_secret_issuer_expiry_and_user_tokens_are_refused() {
        let token = sign(&secret("other"), "x", None).unwrap();
        assert_eq!(verify(&token, &[secret("s3cret")]), Err(TokenError::Invalid));
        let known = [secret("s3cret")];
        for (claims, claim) in [
            (json!({"iss": "arango", "server_id": "x"}), "iss"),
            (json!({"iss": "arangodb"}), "server_id"),
            (json!({"iss": "arangodb", "server_id": "x", "exp": "soon"}), "exp"),
            (
                json!({"iss": "arangodb", "server_id": "x", "preferred_username": "root"}),
                "preferred_username",
            ),
            (json!({"iss": "arangodb", "server_id": "x", "allowed_paths": []}), "allowed_paths"),
        ] {
            assert_eq!(
                verify(&signed(&claims), &known),
                Err(TokenError::Claim { claim }),
                "{claims}"
            );
        }
        let expired = signed(&json!({"iss": "arangodb", "server_id": "x", "exp": 0}));
        assert_eq!(verify(&expired, &known), Err(TokenError::Expired));
        assert_eq!(verify("a.b", &known), Err(TokenError::Invalid));
    }

    #[test]
    fn a3_allowed_paths_restrict_and_passive_secrets_are_accepted() {
        let token = signed(
            &json!({"iss": "arangodb", "server_id": "x", "allowed_paths": ["/_api/version"]}),
        );
        let claims = verify(&token, &[secret("newer"), secret("s3cret")]).unwrap();
        assert!(claims.allows("/_api/version"));
        assert!(!claims.allows("/_api/agency/read"));
    }
}
