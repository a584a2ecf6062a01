//! R1-R5, C1-C9.

use crate::support::Run;

#[test]
fn r1_lengths_are_bounded() {
    let run = Run::new();
    for name in ["digits", "alphanumeric", "salt"] {
        for length in ["0", "65537", "-1"] {
            assert_eq!(run.number(&format!("random::{name}({length})")), 10);
        }
        run.is_true(&format!("random::{name}(1).len == 1 && random::{name}(65536).len == 65536"));
    }
    assert!(run.text("random::digits(1000)").bytes().all(|byte| byte.is_ascii_digit()));
    assert!(
        run.text("random::alphanumeric(1000)").bytes().all(|byte| byte.is_ascii_alphanumeric())
    );
}

#[test]
fn r2_range_yields_exactly_its_numbers() {
    let run = Run::new();
    run.is_true("let s = #{}; for i in 0..500 { s[`${random::range(1, 3)}`] = true; } s.keys() == [\"1\", \"2\", \"3\"]");
    run.is_true("let p = 0; let n = 0; for i in 0..200 { let x = random::int32(); if x > 0 { p += 1; } else { n += 1; } } p > 0 && n > 0");
    run.is_true("random::range(-9223372036854775807 - 1, 9223372036854775807) != ()");
    assert_eq!(run.number("random::range(3, 1)"), 10);
}

#[test]
fn r3_uuids_are_of_version_4_and_differ() {
    let run = Run::new();
    let a = uuid::Uuid::parse_str(&run.text("random::uuid_v4()")).unwrap();
    assert_eq!(a.get_version_num(), 4);
    run.is_true("random::uuid_v4() != random::uuid_v4()");
}

#[test]
fn r4_a_nonce_is_fresh_once() {
    let run = Run::new();
    run.is_true(
        "let n = random::nonce(); n.len == 16 && random::check_nonce(n) && !random::check_nonce(n)",
    );
    assert_eq!(run.number("random::check_nonce(\"short\")"), 10);
}

#[test]
fn r5_a_seed_makes_choices_repeatable() {
    let run = Run::new();
    let script = "random::seed(7); let l = [1, 2, 3, 4]; [random::range(1, 1000000), random::float(), random::sample(l, 2), random::shuffle(l), random::digits(9), l]";
    assert_eq!(run.eval(script).to_string(), run.eval(script).to_string());
    run.is_true("random::sample([1, 2], 99).len == 2");
}

#[test]
fn c1_published_vectors_hold() {
    let run = Run::new();
    for (call, wanted) in [
        ("crypto::md5(\"\")", "d41d8cd98f00b204e9800998ecf8427e"),
        ("crypto::sha1(\"abc\")", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "crypto::hmac(\"Jefe\", \"what do ya want for nothing?\")",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            "crypto::pbkdf2(\"salt\", \"password\", 1, 20)",
            "0c60c80f961f0e71f3a9b524af6012062fe037a6",
        ),
        (
            "crypto::pbkdf2(\"salt\", \"password\", 4096, 20, \"SHA1\")",
            "4b007901b765489abead49d926f721d065a429c1",
        ),
    ] {
        assert_eq!(run.text(call), wanted, "{call}");
    }
}

#[test]
fn c2_algorithm_names_ignore_case() {
    let run = Run::new();
    run.is_true("crypto::hmac(\"k\", \"m\") == crypto::hmac(\"k\", \"m\", \"sHa256\")");
    assert_eq!(run.number("crypto::hmac(\"k\", \"m\", \"sha3\")"), 10);
}

#[test]
fn c3_strings_and_their_blobs_hash_alike() {
    Run::new().is_true("crypto::sha256(\"Å\") == crypto::sha256(\"Å\".to_blob())");
}

#[test]
fn c4_encodings_round_trip_all_bytes_and_refuse_others() {
    let run = Run::new();
    run.is_true("let b = blob(256); for i in 0..256 { b[i] = i; } crypto::base64_decode(crypto::base64_encode(b)) == b && crypto::hex_decode(crypto::hex_encode(b)) == b");
    for script in
        ["crypto::base64_decode(\"?\")", "crypto::hex_decode(\"abc\")", "crypto::base64_encode(5)"]
    {
        assert_eq!(run.number(script), 10, "{script}");
    }
}

#[test]
fn c5_the_header_is_exactly_typ_and_alg() {
    Run::new().is_true(
        "let t = jwt::encode(\"k\", #{ a: 1 }); crypto::base64_decode(t.split(\".\")[0]).as_string() == `{\"typ\":\"JWT\",\"alg\":\"HS256\"}` && !(\"=\" in t)",
    );
}

#[test]
fn c6_own_and_foreign_tokens_are_accepted_and_changed_ones_refused() {
    let run = Run::new();
    for (algorithm, name) in [
        (jsonwebtoken::Algorithm::HS256, "HS256"),
        (jsonwebtoken::Algorithm::HS384, "HS384"),
        (jsonwebtoken::Algorithm::HS512, "HS512"),
    ] {
        run.is_true(&format!(
            "jwt::decode(\"k\", jwt::encode(\"k\", #{{ a: 1 }}, \"{name}\")).a == 1"
        ));
        let key = jsonwebtoken::EncodingKey::from_secret(b"k");
        let claims = serde_json::json!({"a": 1});
        let foreign =
            jsonwebtoken::encode(&jsonwebtoken::Header::new(algorithm), &claims, &key).unwrap();
        run.is_true(&format!("jwt::decode(\"k\", \"{foreign}\").a == 1"));
        for bad in [
            format!("\"other\", \"{foreign}\""),
            format!("\"k\", \"{foreign}x\""),
            "\"k\", \"a.b\"".into(),
        ] {
            let error = run.error(&format!("jwt::decode({bad})"));
            assert_eq!(error["name"].to_string(), "Error", "{bad}");
            assert!(!error["message"].to_string().contains("other"));
        }
    }
}

#[test]
fn c7_none_is_refused_unless_named() {
    let run = Run::new();
    assert_eq!(
        run.error("jwt::encode(\"key\", #{}, \"none\")")["kind"].to_string(),
        "jwt.key_unused"
    );
    assert_eq!(
        run.error("jwt::decode(\"\", jwt::encode(\"\", #{}, \"none\"))")["kind"].to_string(),
        "jwt.wrong_algorithm"
    );
    run.is_true("jwt::decode(\"\", jwt::encode(\"\", #{ a: 1 }, \"NONE\"), \"none\").a == 1");
}

#[test]
fn c8_an_expected_algorithm_is_the_only_one() {
    let run = Run::new();
    assert_eq!(
        run.error("jwt::decode(\"k\", jwt::encode(\"k\", #{}, \"HS512\"), \"HS256\")")["kind"]
            .to_string(),
        "jwt.wrong_algorithm"
    );
    run.is_true("jwt::decode_unverified(jwt::encode(\"k\", #{ a: 1 }, \"HS512\")).claims.a == 1");
}

#[test]
fn c9_server_tokens_trim_the_secret_and_carry_two_claims() {
    let run = Run::new();
    run.is_true("jwt::server_token(\"s\\n\") == jwt::server_token(\"s\")");
    run.is_true("let c = jwt::decode(\"s\", jwt::server_token(\"s\")); c.server_id == \"none\" && c.iss == \"arangodb\" && c.len() == 2");
}
