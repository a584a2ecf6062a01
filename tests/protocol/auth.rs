//! §11: who gets in.

use std::time::Duration;

use agencysh::auth::{Secret, sign};
use agencysh::standin::agent::Authentication;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::{Agency, Reply, send, try_send, wait_for};

const ACTIVE: &[u8] = b"s3cret";
const PASSIVE: &[u8] = b"older";

fn secret(bytes: &[u8]) -> Secret {
    Secret::new(bytes).unwrap()
}

/// An agency that accepts two secrets.
fn guarded(agents: usize) -> Agency {
    Agency::configured(agents, |config| {
        let secrets = vec![secret(ACTIVE), secret(PASSIVE)];
        config.authentication = Some(Authentication::new(secrets));
    })
}

fn token_of(key: &[u8], claims: &Value) -> String {
    let header = Header::new(Algorithm::HS256);
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(key)).unwrap()
}

fn get(url: &str, authorization: &str) -> Reply {
    send("GET", url, &[("authorization", authorization)], b"")
}

#[test]
fn a1_superuser_tokens_open_the_agency_whatever_the_case_of_the_scheme() {
    let agency = guarded(3);
    let token = sign(&secret(ACTIVE), "test", Some(Duration::from_secs(60))).unwrap();
    for (url, _) in agency.members() {
        for scheme in ["bearer", "Bearer", "BEARER"] {
            let reply = get(&format!("{url}/_api/agency/config"), &format!("{scheme} {token}"));
            assert_eq!(reply.status, 200);
        }
    }
    let claims = json!({"iss": "arangodb", "server_id": 7, "iat": "whatever", "exp": 4e9});
    let (url, _) = &agency.members()[0];
    let token = token_of(ACTIVE, &claims);
    assert_eq!(get(&format!("{url}/_api/version"), &format!("bearer {token}")).status, 200);
    // the agents got a leader although each asks the others for tokens
    wait_for("a write", || {
        let authorization = format!("bearer {}", sign(&secret(ACTIVE), "test", None).unwrap());
        agency.members().iter().find_map(|(url, _)| {
            let url = format!("{url}/_api/agency/write");
            let reply = send("POST", &url, &[("authorization", &authorization)], br#"[[{"a":1}]]"#);
            (reply.status == 200 && reply.results()[0] > 0).then_some(())
        })
    });
}

#[test]
fn a2_all_others_are_told_401() {
    let agency = guarded(1);
    let (url, _) = &agency.members()[0];
    let read = format!("{url}/_api/agency/read");
    let good = json!({"iss": "arangodb", "server_id": "x"});
    let with = |key: &str, value: Value| {
        let mut claims = good.clone();
        claims[key] = value;
        format!("bearer {}", token_of(ACTIVE, &claims))
    };
    let other_algorithm = jsonwebtoken::encode(
        &Header::new(Algorithm::HS512),
        &good,
        &EncodingKey::from_secret(ACTIVE),
    );
    let untyped = Header { typ: None, ..Header::new(Algorithm::HS256) };
    let untyped = jsonwebtoken::encode(&untyped, &good, &EncodingKey::from_secret(ACTIVE));
    for authorization in [
        String::new(),
        "bearer".to_owned(),
        "bearer a.b.c".to_owned(),
        "basic cm9vdDo=".to_owned(),
        format!("bearer {}", token_of(b"wrong", &good)),
        format!("bearer {}", other_algorithm.unwrap()),
        format!("bearer {}", untyped.unwrap()),
        format!("bearer {}", token_of(ACTIVE, &json!({"iss": "arangodb"}))),
        with("iss", json!("arango")),
        with("exp", json!(1)),
        with("exp", json!(0)),
        with("exp", json!("soon")),
        with("preferred_username", json!("root")),
    ] {
        let reply = send("POST", &read, &[("authorization", &authorization)], b"[[\"/\"]]");
        reply.is_error(401, 11);
        assert_eq!(reply.json()["errorMessage"], "not authorized to execute this request");
        let ways: Vec<&str> =
            reply.headers.get_all("www-authenticate").iter().map(|v| v.to_str().unwrap()).collect();
        let expected =
            [r#"Basic, realm="ArangoDB""#, r#"Bearer, token_type="JWT", realm="ArangoDB""#];
        assert_eq!(ways, expected);
    }
    send("POST", &read, &[], b"[[\"/\"]]").is_error(401, 11);
    let silent = send("GET", &read, &[("x-omit-www-authenticate", "1")], b"");
    silent.is_error(401, 11);
    assert!(silent.headers.get("www-authenticate").is_none());
}

#[test]
fn a2_the_check_comes_before_all_others() {
    let agency = guarded(1);
    let (url, _) = &agency.members()[0];
    for (method, path) in [
        ("GET", "/_api/agency/nope"),
        ("DELETE", "/_api/agency/read"),
        ("GET", "/_nothing"),
        ("GET", "//_api///version"),
        ("GET", "/_db/nope/_api/version"),
        ("POST", "/_api/agency_priv/raft-vote"),
        ("PUT", "/_api/job/1"),
    ] {
        send(method, &format!("{url}{path}"), &[], b"").is_error(401, 11);
    }
    // a deferred request without a token is answered at once, and not run
    let deferred = [("x-arango-async", "store")];
    send("POST", &format!("{url}/_api/agency/write"), &deferred, br#"[[{"a":1}]]"#)
        .is_error(401, 11);
    assert_eq!(send("HEAD", &format!("{url}/_api/version"), &[], b"").body, b"");
}

#[test]
fn a3_allowed_paths_restrict_and_passive_secrets_open() {
    let agency = guarded(1);
    let (url, _) = &agency.members()[0];
    let claims = json!({"iss": "arangodb", "server_id": "x", "allowed_paths": ["/_api/version"]});
    let authorization = format!("bearer {}", token_of(PASSIVE, &claims));
    assert_eq!(get(&format!("{url}/_api/version"), &authorization).status, 200);
    get(&format!("{url}/_admin/status"), &authorization).is_error(401, 11);
    get(&format!("{url}/_api/version/"), &authorization).is_error(401, 11);
}

#[test]
fn a4_options_and_open_paths_need_no_token() {
    let agency = guarded(1);
    let (url, _) = &agency.members()[0];
    assert_eq!(send("OPTIONS", &format!("{url}/_api/agency/read"), &[], b"").status, 200);
    assert_eq!(send("GET", &format!("{url}/_admin/server/availability"), &[], b"").status, 200);
    send("GET", &format!("{url}/nothing"), &[], b"").is_error(501, 9);
}

#[test]
fn secrets_are_shown_nowhere() {
    let agency = guarded(1);
    let (url, _) = &agency.members()[0];
    let authorization = format!("bearer {}", sign(&secret(ACTIVE), "x", None).unwrap());
    for path in ["config", "state", "stores"] {
        let reply = get(&format!("{url}/_api/agency/{path}"), &authorization);
        assert!(!String::from_utf8_lossy(&reply.body).contains("s3cret"), "{path}");
    }
    let authentication = Authentication::new(vec![secret(ACTIVE)]);
    assert!(!format!("{authentication:?}").contains("s3cret"));
}

#[test]
fn without_a_secret_nobody_gets_in() {
    let agency =
        Agency::configured(1, |config| config.authentication = Some(Authentication::new(vec![])));
    let (url, _) = &agency.members()[0];
    let authorization = format!("bearer {}", sign(&secret(b"x"), "x", None).unwrap());
    let reply =
        try_send("GET", &format!("{url}/_api/version"), &[("authorization", &authorization)], b"");
    reply.unwrap().is_error(401, 11);
}
