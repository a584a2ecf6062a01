//! Keys in PEM. The files beside this one were made for these tests and open nothing else.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;

use super::{KeyError, Secret, SecretError, TokenError, sign, verify};

const EC: &[u8] = include_bytes!("ec.pem");
const EC_SEC1: &[u8] = include_bytes!("ec-sec1.pem");
const EC_PUBLIC: &[u8] = include_bytes!("ec-public.pem");
const RSA: &[u8] = include_bytes!("rsa.pem");
const RSA_PKCS1: &[u8] = include_bytes!("rsa-pkcs1.pem");
const RSA_PUBLIC: &[u8] = include_bytes!("rsa-public.pem");

fn secret(pem: &[u8]) -> Secret {
    Secret::new(pem).unwrap()
}

fn algorithm(token: &str) -> Algorithm {
    jsonwebtoken::decode_header(token).unwrap().alg
}

#[test]
fn a_private_key_signs_and_its_public_key_verifies() {
    for (private, public, expected) in [
        (EC, EC_PUBLIC, Algorithm::ES256),
        (EC_SEC1, EC_PUBLIC, Algorithm::ES256),
        (RSA, RSA_PUBLIC, Algorithm::RS256),
    ] {
        let token = sign(&secret(private), "me", None).unwrap();
        assert_eq!(algorithm(&token), expected);
        for key in [private, public] {
            let claims = verify(&token, &[secret(b"shared"), secret(key)]).unwrap();
            assert_eq!(claims.server_id, "me");
        }
        let others = [secret(EC_PUBLIC), secret(RSA_PUBLIC), secret(RSA_PKCS1), secret(b"shared")];
        let others: Vec<Secret> =
            others.into_iter().filter(|other| other.algorithm() != expected).collect();
        assert_eq!(verify(&token, &others), Err(TokenError::Invalid));
    }
}

#[test]
fn a_key_of_another_pair_verifies_nothing() {
    let token = sign(&secret(RSA_PKCS1), "me", None).unwrap();
    assert!(verify(&token, &[secret(RSA_PKCS1)]).is_ok());
    assert_eq!(verify(&token, &[secret(RSA_PUBLIC)]), Err(TokenError::Invalid));
}

/// Whoever knows the public key may try to use it as if it were a shared secret.
#[test]
fn a_public_key_is_never_a_shared_secret() {
    let claims = json!({"iss": "arangodb", "server_id": "mallory"});
    for pem in [EC_PUBLIC, RSA_PUBLIC] {
        let text = String::from_utf8(pem.to_vec()).unwrap();
        let der = rustls_pemfile::read_one(&mut &pem[..]).unwrap();
        let Some(rustls_pemfile::Item::SubjectPublicKeyInfo(der)) = der else { panic!("{text}") };
        for bytes in [pem, text.trim().as_bytes(), der.as_ref(), b""] {
            for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
                let key = EncodingKey::from_secret(bytes);
                let token = jsonwebtoken::encode(&Header::new(algorithm), &claims, &key).unwrap();
                let refused = verify(&token, &[secret(pem)]);
                assert_eq!(refused, Err(TokenError::Invalid), "{algorithm:?}");
                // nor does it help to say that it is the other one
                let (_, rest) = token.split_once('.').unwrap();
                for name in ["ES256", "RS256", "PS256", "none", "HS256"] {
                    let header = json!({"alg": name, "typ": "JWT"}).to_string();
                    let token = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
                    let refused = verify(&token, &[secret(pem)]);
                    assert_eq!(refused, Err(TokenError::Invalid), "{name}");
                }
            }
        }
    }
}

#[test]
fn a_token_without_a_signature_is_refused() {
    let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let claims = part(json!({"iss": "arangodb", "server_id": "mallory"}));
    for name in ["none", "None", "ES256", "RS256", "HS256"] {
        let token = format!("{}.{claims}.", part(json!({"alg": name, "typ": "JWT"})));
        let secrets = [secret(EC_PUBLIC), secret(RSA_PUBLIC), secret(b"shared")];
        assert_eq!(verify(&token, &secrets), Err(TokenError::Invalid), "{name}");
    }
}

#[test]
fn a_public_key_cannot_sign() {
    for pem in [EC_PUBLIC, RSA_PUBLIC] {
        assert!(!secret(pem).can_sign());
        assert_eq!(sign(&secret(pem), "me", None), Err(TokenError::NotSigned));
    }
    assert!(secret(EC).can_sign() && secret(RSA).can_sign() && secret(b"shared").can_sign());
}

#[test]
fn other_keys_are_refused_and_never_taken_for_a_shared_secret() {
    let refusal = |pem: &[u8]| match Secret::new(pem) {
        Err(SecretError::Key(error)) => error,
        other => panic!("{other:?}"),
    };
    for pem in [
        include_bytes!("ec-p384.pem").as_slice(),
        include_bytes!("ed25519.pem"),
        &[EC, RSA].concat(),
        b"-----BEGIN PUBLIC KEY-----",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        &[b" \n-----BEGIN".as_slice(), &[b'x'; 1 << 20]].concat(),
    ] {
        assert_eq!(refusal(pem), KeyError::Unknown);
    }
    assert_eq!(refusal(include_bytes!("rsa-1024.pem")), KeyError::Weak);
    assert!(!format!("{:?}", secret(EC)).contains("BEGIN"));
}
