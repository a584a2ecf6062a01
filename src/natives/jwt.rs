//! `jwt`: tokens signed with a shared secret; keys never appear in an error.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use rhai::plugin::*;
use rhai::{Dynamic, Map};
use serde_json::Value;

use super::options::bytes;
use super::{ErrorName, NativeError, NativeResult, Raw, call, from_json, to_json};

/// The algorithms, by the name that a token's header carries; `none` means unsigned.
const ALGORITHMS: &[(&str, Option<Algorithm>)] = &[
    ("HS256", Some(Algorithm::HS256)),
    ("HS384", Some(Algorithm::HS384)),
    ("HS512", Some(Algorithm::HS512)),
    ("none", None),
];

type Named = (&'static str, Option<Algorithm>);

fn error(kind: &str, message: impl Into<String>) -> NativeError {
    NativeError::plain(format!("jwt.{kind}"), ErrorName::Error, message)
}

fn algorithm(name: &str) -> NativeResult<Named> {
    ALGORITHMS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).copied().ok_or_else(
        || {
            error(
                "unknown_algorithm",
                format!("unknown algorithm '{name}': known are HS256, HS384, HS512, none"),
            )
        },
    )
}

fn encode(key: &Dynamic, claims: &Value, (name, algorithm): Named) -> NativeResult<String> {
    let key = bytes(key, "the key")?;
    let header = format!(r#"{{"typ":"JWT","alg":"{name}"}}"#);
    let content = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let signature = match algorithm {
        None if key.is_empty() => String::new(),
        None => {
            return Err(error("key_unused", "algorithm none signs nothing: the key must be empty"));
        }
        Some(algorithm) => jsonwebtoken::crypto::sign(
            content.as_bytes(),
            &EncodingKey::from_secret(&key),
            algorithm,
        )
        .map_err(|_| error("not_signed", format!("the key cannot sign with {name}")))?,
    };
    Ok(format!("{content}.{signature}"))
}

struct Token<'a> {
    header: Value,
    claims: Value,
    content: &'a str,
    signature: &'a str,
}

fn split(token: &str) -> NativeResult<Token<'_>> {
    let malformed =
        || error("malformed", "the token does not have three segments of base64url JSON");
    let segment = |text: &str| -> NativeResult<Value> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed())?;
        serde_json::from_slice(&bytes).map_err(|_| malformed())
    };
    let segments: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = segments[..] else { return Err(malformed()) };
    let content = &token[..header.len() + 1 + claims.len()];
    Ok(Token { header: segment(header)?, claims: segment(claims)?, content, signature })
}

fn decode(key: &Dynamic, token: &str, expected: Option<&str>) -> NativeResult<Dynamic> {
    let key = bytes(key, "the key")?;
    let token = split(token)?;
    let (named, algorithm) = algorithm(token.header["alg"].as_str().unwrap_or_default())?;
    let allowed = match expected {
        Some(expected) => self::algorithm(expected)?.0 == named,
        None => algorithm.is_some(),
    };
    if !allowed {
        return Err(error(
            "wrong_algorithm",
            format!("the token says {named}, which this call does not accept"),
        ));
    }
    let genuine = match algorithm {
        None => token.signature.is_empty(),
        Some(algorithm) => jsonwebtoken::crypto::verify(
            token.signature,
            token.content.as_bytes(),
            &DecodingKey::from_secret(&key),
            algorithm,
        )
        .unwrap_or(false),
    };
    if !genuine {
        return Err(error("bad_signature", "the token is not signed with this key"));
    }
    Ok(from_json(token.claims))
}

fn server_token(secret: &str) -> NativeResult<String> {
    let claims = serde_json::json!({"server_id": "none", "iss": "arangodb"});
    encode(&secret.trim().into(), &claims, ("HS256", Some(Algorithm::HS256)))
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    /// Signs claims into a compact token.
    ///
    /// `jwt::encode(key: string | blob, claims: map, algorithm?: string) -> string`
    ///
    /// Arguments: `algorithm` is `HS256` (default), `HS384`, `HS512` or `none`, in any case; `none` wants an empty key.
    /// Units: three segments of base64url without padding.
    /// Errors: `jwt.unknown_algorithm`; `jwt.key_unused` for `none` with a key; `argument.invalid` for claims without a JSON form.
    /// Legacy: `crypto.jwtEncode(key, claims, algorithm)`.
    ///
    /// ```rhai
    /// let token = jwt::encode("secret", #{ user: "root" });
    /// assert_eq(token.split(".").len, 3);
    /// assert_eq(jwt::decode("secret", token).user, "root");
    /// ```
    #[rhai_fn(name = "encode", return_raw)]
    pub fn encode_native(
        ctx: NativeCallContext,
        key: Dynamic,
        claims: Map,
        algorithm: &str,
    ) -> Raw<String> {
        call(&ctx, "jwt::encode", |_| {
            encode(&key, &to_json(&claims.into())?, self::algorithm(algorithm)?)
        })
    }

    #[rhai_fn(name = "encode", return_raw)]
    pub fn encode_hs256(ctx: NativeCallContext, key: Dynamic, claims: Map) -> Raw<String> {
        call(&ctx, "jwt::encode", |_| {
            encode(&key, &to_json(&claims.into())?, self::algorithm("HS256")?)
        })
    }

    /// Verifies a token and gives its claims.
    ///
    /// `jwt::decode(key: string | blob, token: string, algorithm?: string) -> any`
    ///
    /// Arguments: `algorithm`, the only one to accept; any HS one unless given, `none` only when named.
    /// Units: claims such as `exp` are not compared with the clock.
    /// Errors: `jwt.malformed`, `jwt.unknown_algorithm`, `jwt.wrong_algorithm`, `jwt.bad_signature`.
    /// Legacy: `crypto.jwtDecode(key, token)`.
    ///
    /// ```rhai
    /// let token = jwt::encode("secret", #{ a: 1 }, "HS512");
    /// assert_eq(jwt::decode("secret", token, "HS512").a, 1);
    /// let refused = "";
    /// try { jwt::decode("secret", token, "HS256"); } catch (e) { refused = e.kind; }
    /// assert_eq(refused, "jwt.wrong_algorithm");
    /// ```
    #[rhai_fn(name = "decode", return_raw)]
    pub fn decode_native(ctx: NativeCallContext, key: Dynamic, token: &str) -> Raw<Dynamic> {
        call(&ctx, "jwt::decode", |_| decode(&key, token, None))
    }

    #[rhai_fn(name = "decode", return_raw)]
    pub fn decode_expecting(
        ctx: NativeCallContext,
        key: Dynamic,
        token: &str,
        algorithm: &str,
    ) -> Raw<Dynamic> {
        call(&ctx, "jwt::decode", |_| decode(&key, token, Some(algorithm)))
    }

    /// Reads a token without a key: nothing in it can be trusted.
    ///
    /// `jwt::decode_unverified(token: string) -> map`
    ///
    /// Arguments: `token` of any algorithm.
    /// Units: the result has `header` and `claims`.
    /// Errors: `jwt.malformed`.
    /// Legacy: `crypto.jwtDecode(key, token, true)`.
    ///
    /// ```rhai
    /// let token = jwt::encode("secret", #{ a: 1 });
    /// assert_eq(jwt::decode_unverified(token).header.alg, "HS256");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn decode_unverified(ctx: NativeCallContext, token: &str) -> Raw<Map> {
        call(&ctx, "jwt::decode_unverified", |_| {
            let token = split(token)?;
            Ok([
                ("header".into(), from_json(token.header)),
                ("claims".into(), from_json(token.claims)),
            ]
            .into())
        })
    }

    /// Makes the superuser token that servers of a cluster accept.
    ///
    /// `jwt::server_token(secret: string) -> string`
    ///
    /// Arguments: `secret`, the shared secret; blanks and newlines around it are dropped.
    /// Units: HS256 with the claims `server_id` `none` and `iss` `arangodb`; it does not expire.
    /// Errors: none.
    /// Legacy: `crypto.jwtEncode(secret, {"server_id": "none", "iss": "arangodb"}, "HS256")`.
    ///
    /// ```rhai
    /// assert_eq(jwt::server_token("s\n"), jwt::server_token("s"));
    /// assert_eq(jwt::decode("s", jwt::server_token("s")).iss, "arangodb");
    /// ```
    #[rhai_fn(name = "server_token", return_raw)]
    pub fn server_token_native(ctx: NativeCallContext, secret: &str) -> Raw<String> {
        call(&ctx, "jwt::server_token", |_| server_token(secret))
    }

    /// Gives the name of an algorithm as tokens spell it.
    ///
    /// `jwt::algorithm_name(name: string) -> string`
    ///
    /// Arguments: `name`, in any case.
    /// Units: `HS256`, `HS384`, `HS512` or `none`.
    /// Errors: `jwt.unknown_algorithm`.
    /// Legacy: `crypto.jwtCanonicalAlgorithmName(name)`, `crypto.jwtAlgorithms`.
    ///
    /// ```rhai
    /// assert_eq(jwt::algorithm_name("hs256"), "HS256");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn algorithm_name(ctx: NativeCallContext, name: &str) -> Raw<String> {
        call(&ctx, "jwt::algorithm_name", |_| Ok(algorithm(name)?.0.to_owned()))
    }
}
