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

#[test]
fn c1_published_vectors_hold_for_every_algorithm() {
    let run = Run::new();
    for (call, wanted) in [
        // RFC 4231, test case 2
        (
            "crypto::hmac(\"Jefe\", \"what do ya want for nothing?\", \"sha224\")",
            "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44",
        ),
        (
            "crypto::hmac(\"Jefe\", \"what do ya want for nothing?\", \"sha384\")",
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        ),
        (
            "crypto::hmac(\"Jefe\", \"what do ya want for nothing?\", \"sha512\")",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
        // RFC 2202, test case 2
        (
            "crypto::hmac(\"Jefe\", \"what do ya want for nothing?\", \"sha1\")",
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        ),
        // RFC 6070: more than one block, and NUL characters
        (
            "crypto::pbkdf2(\"saltSALTsaltSALTsaltSALTsaltSALTsalt\", \"passwordPASSWORDpassword\", 4096, 25)",
            "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038",
        ),
        (
            "crypto::pbkdf2(\"sa\\x00lt\", \"pass\\x00word\", 4096, 16)",
            "56fa6aa75548099dcc37d7f03425e0c3",
        ),
        // RFC 7914, section 11: the first block
        (
            "crypto::pbkdf2(\"salt\", \"passwd\", 1, 32, \"sha256\")",
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc",
        ),
        ("crypto::hotp(\"12345678901234567890\", 9)", "520489"),
        (
            "crypto::sha384(\"\")",
            "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
        ),
    ] {
        assert_eq!(run.text(call), wanted, "{call}");
    }
}

#[test]
fn c1_a_long_derivation_ends_with_the_run() {
    let limit = std::time::Duration::from_millis(100);
    let deadline = agencysh::deadline::Deadline::after(Some(limit));
    let run = Run::with(|builder| builder.deadline(deadline));
    let begin = std::time::Instant::now();
    let error = run.try_eval("crypto::pbkdf2(\"s\", \"p\", 100000000, 65536)").unwrap_err();
    assert!(matches!(*error, rhai::EvalAltResult::ErrorTerminated(..)), "{error}");
    assert!(begin.elapsed() < limit + std::time::Duration::from_millis(200));
    for bad in ["0, 1", "1, 0", "-1, 1", "100000001, 1", "1, 65537"] {
        assert_eq!(Run::new().number(&format!("crypto::pbkdf2(\"s\", \"p\", {bad})")), 10, "{bad}");
    }
}

#[test]
fn r1_bytes_and_alphabets_hold() {
    let run = Run::new();
    run.is_true("random::bytes(0).len == 0 && random::bytes(65536).len == 65536");
    for length in ["-1", "65537", "9223372036854775807"] {
        assert_eq!(run.number(&format!("random::bytes({length})")), 10);
    }
    let salt = run.text("random::salt(65536)");
    let seen: std::collections::BTreeSet<char> = salt.chars().collect();
    let punctuation = "!@#$%^&*(){}[]:;<>,.?/|";
    assert!(seen.iter().all(|c| c.is_ascii_alphanumeric() || punctuation.contains(*c)));
    assert_eq!(seen.len(), 62 + punctuation.len());
}

#[test]
fn r2_int32_is_never_zero_nor_wider() {
    Run::new().is_true(
        "for i in 0..2000 { let n = random::int32(); if n == 0 || n < -2147483648 || n > 2147483647 { return false; } } true",
    );
}

#[test]
fn r3_ten_thousand_uuids_differ() {
    let seen = Run::new()
        .eval("let seen = #{}; for i in 0..10000 { seen[random::uuid_v4()] = (); } seen.keys()");
    let seen: Vec<String> = seen.into_typed_array().unwrap();
    assert_eq!(seen.len(), 10_000);
    assert!(seen.iter().all(|one| {
        one.len() == 36 && one.as_bytes()[14] == b'4' && b"89ab".contains(&one.as_bytes()[19])
    }));
}

#[test]
fn r4_a_nonce_begins_with_the_time() {
    let run = Run::new();
    run.is_true(
        "let n = random::nonce(); n.replace(\"-\", \"+\"); n.replace(\"_\", \"/\");
         let b = crypto::base64_decode(n); let t = 0; for i in 0..4 { t = t * 256 + b[i]; }
         (time::now() - t).abs() < 10.0",
    );
}

#[test]
fn r5_a_seed_leaves_secrets_unguessable_and_arguments_unchanged() {
    let run = Run::new();
    for secret in ["bytes(16)", "uuid_v4()", "salt(16)", "nonce()"] {
        run.is_true(&format!(
            "random::seed(7); let a = random::{secret}; random::seed(7); a != random::{secret}"
        ));
    }
    run.is_true("let l = [1, 2, 3, 4, 5]; random::shuffle(l); random::sample(l, 2); random::choose(l); l == [1, 2, 3, 4, 5]");
    run.is_true("let l = random::shuffle([3, 1, 2]); l.sort(); l == [1, 2, 3] && random::sample([], 5) == [] && random::sample([1], 0) == []");
    for bad in ["random::choose([])", "random::sample([1], -1)"] {
        assert_eq!(run.number(bad), 10, "{bad}");
    }
}

#[test]
fn c5_a_token_says_what_it_was_given() {
    let run = Run::new();
    // the token of another library, with the claims in the same order
    let wanted =
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhcmFuZ29kYiIsInNlcnZlcl9pZCI6Im5vbmUifQ";
    let token =
        run.text("jwt::encode(\"s\", #{ server_id: \"none\", iss: \"arangodb\" }, \"hs256\")");
    assert_eq!(&token[..wanted.len()], wanted);
    run.is_true("jwt::encode(\"\", #{}, \"none\").ends_with(\".\")");
    assert_eq!(
        run.error("jwt::encode(\"k\", #{}, \"RS256\")")["kind"].to_string(),
        "jwt.unknown_algorithm"
    );
    assert_eq!(run.number("jwt::encode(\"k\", #{ f: |x| x })"), 10);
    assert_eq!(run.number("jwt::encode(5, #{})"), 10);
}

#[test]
fn c6_every_changed_byte_and_every_odd_token_is_refused() {
    let run = Run::new();
    let token = run.text("jwt::encode(\"k\", #{ a: 1 })");
    for at in 0..token.len() {
        let other = if &token[at..=at] == "A" { "B" } else { "A" };
        let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        // the last character of a segment may hold bits that say nothing
        if let Ok(claims) = run.try_eval(&format!("jwt::decode(\"k\", `{changed}`)")) {
            panic!("{changed}: {claims}");
        }
    }
    let odd =
        ["", ".", "..", "a.b.c", "....", "W10.W10.", "bnVsbA.bnVsbA.", "ImEi.ImEi.x", "e30.e30."];
    for token in odd {
        let error = run.error(&format!("jwt::decode(\"\", \"{token}\")"));
        assert!(error["kind"].to_string().starts_with("jwt."), "{token}: {error:?}");
    }
}

#[test]
fn c9_an_agents_check_accepts_a_server_token() {
    let token = Run::new().text("jwt::server_token(\" s\\n\")");
    let secret = agencysh::auth::Secret::new(b"s").unwrap();
    let claims = agencysh::auth::verify(&token, &[secret]).unwrap();
    assert_eq!(claims.server_id, "none");
}

#[test]
fn c1_rsa_signatures_verify_and_other_keys_are_refused() {
    use base64::Engine as _;
    let run = Run::new();
    let private = include_str!("../../src/auth/tests/rsa.pem");
    let public = include_bytes!("../../src/auth/tests/rsa-public.pem");
    let signature = run.text(&format!("crypto::rsa_sign(`{private}`, \"message\")"));
    let bytes = base64::engine::general_purpose::STANDARD.decode(signature).unwrap();
    let signature = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let key = jsonwebtoken::DecodingKey::from_rsa_pem(public).unwrap();
    let verified = |message: &[u8]| {
        jsonwebtoken::crypto::verify(&signature, message, &key, jsonwebtoken::Algorithm::RS256)
    };
    assert!(verified(b"message").unwrap());
    assert!(!verified(b"massage").unwrap_or(false));
    for bad in ["", "text", include_str!("../../src/auth/tests/ec.pem")] {
        assert_eq!(run.number(&format!("crypto::rsa_sign(`{bad}`, \"message\")")), 1);
    }
}

#[test]
fn c1_a_password_of_the_time_is_that_of_its_step() {
    let run = Run::new();
    // one step since 1970
    run.is_true("crypto::totp(\"key\", 1000000000000) == crypto::hotp(\"key\", 0)");
    run.is_true("crypto::totp(\"key\").len == 6");
    assert_eq!(run.number("crypto::totp(\"key\", 0)"), 10);
}
