//! How a connection proves who asks, and that nobody is asked for a password (A12).

use agencysh::auth::{Secret, verify};
use agencysh::client::ClientAuth;
use agencysh::host::{Host, Target};
use agencysh::http::Endpoint;
use serde_json::json;

use crate::arango::{run_on, server};
use crate::server::{Reply, Seen, Server, json as json_reply};
use crate::support::Run;

/// Gives out a token at the login; answers everything else with 1.
fn with_tokens(status: u16, body: String) -> Server {
    Server::start(move |request| match request.target.as_str() {
        "/_open/auth" => json_reply(status, &body),
        _ => json_reply(200, "1"),
    })
}

fn proofs(server: &Server) -> Vec<String> {
    let proof = |seen: Seen| seen.header("authorization").unwrap_or("none").to_owned();
    server.seen().into_iter().filter(|seen| seen.target != "/_open/auth").map(proof).collect()
}

fn logins(server: &Server) -> Vec<Seen> {
    server.seen().into_iter().filter(|seen| seen.target == "/_open/auth").collect()
}

#[test]
fn a_user_is_exchanged_for_a_token_once() {
    let server = with_tokens(200, json!({"jwt": "a.b.c"}).to_string());
    let run = Run::new();
    run.exec(&format!(
        "arango::reconnect(`{}`, #{{ username: `u`, password: `p` }}); arango::get(`/x`); arango::post(`/x`, 1)",
        server.url
    ));
    assert_eq!(proofs(&server), ["bearer a.b.c"; 3]);
    let logins = logins(&server);
    assert_eq!(logins.len(), 1);
    assert_eq!((logins[0].method.as_str(), logins[0].header("authorization")), ("POST", None));
    assert_eq!(logins[0].body, r#"{"username":"u","password":"p"}"#);
}

#[test]
fn a_server_without_tokens_gets_user_and_password() {
    for status in [404, 501] {
        let server = with_tokens(status, "{}".to_owned());
        let run = run_on(&server);
        run.exec("arango::get(`/x`)");
        assert_eq!(proofs(&server), ["Basic cm9vdDo="; 2], "{status}");
        assert_eq!(logins(&server).len(), 1);
    }
}

#[test]
fn a_refused_user_ends_a_reconnect_and_is_an_answer_to_a_request() {
    let body =
        json!({"error": true, "code": 401, "errorNum": 401, "errorMessage": "wrong password"});
    let server = with_tokens(401, body.to_string());
    let error = Run::new().error(&format!("arango::reconnect(`{}`)", server.url));
    assert_eq!((error["error_num"].as_int(), error["code"].as_int()), (Ok(10), Ok(401)));
    assert_eq!(
        (error["kind"].to_string(), error["message"].to_string()),
        ("arango.refused".to_owned(), "wrong password".to_owned())
    );
    let auth = ClientAuth::Basic { username: "u".to_owned(), password: "p".to_owned() };
    let target = Target::agency(vec![Endpoint::parse(&server.url).unwrap()], auth);
    let host = Host::builder().target(target).build().unwrap();
    let found =
        host.eval("let r = arango::get_raw(`/x`); [r.code, r.error_message, arango::user()]");
    assert_eq!(found.unwrap().to_json().unwrap(), json!([401, "wrong password", "u"]));
    assert!(proofs(&server).is_empty(), "nothing is asked without credentials");
}

#[test]
fn a_login_without_a_token_is_a_failure_of_its_own() {
    let server = with_tokens(200, "{}".to_owned());
    let error = Run::new().error(&format!("arango::reconnect(`{}`)", server.url));
    assert_eq!(error["kind"].to_string(), "arango.transport");
    assert!(error["message"].to_string().contains("without a token"), "{error:?}");
}

#[test]
fn after_a_401_the_next_request_logs_in_again() {
    let server = Server::start(|request| match request.target.as_str() {
        "/_open/auth" => json_reply(200, r#"{"jwt":"a.b.c"}"#),
        "/_db/_system/forgotten" => json_reply(401, "{}"),
        _ => json_reply(200, "1"),
    });
    let run = run_on(&server);
    run.is_true("arango::get_raw(`/forgotten`).code == 401 && arango::get(`/x`) == 1");
    assert_eq!(logins(&server).len(), 2);
}

#[test]
fn a_secret_signs_tokens_in_the_name_of_arangosh() {
    let server = server(|_| json_reply(200, "1"));
    let run = Run::new();
    run.exec(&format!(
        "arango::reconnect(`{}`, #{{ jwt_secret: \"s3cret\\n\", username: `u` }}); arango::get(`/x`)",
        server.url
    ));
    let target = Target::agency(
        vec![Endpoint::parse(&server.url).unwrap()],
        ClientAuth::secret(Secret::new(b"s3cret").unwrap()),
    );
    drop(Host::builder().target(target).build().unwrap().eval("arango::get(`/y`)").unwrap());
    assert!(logins(&server).is_empty());
    assert_eq!(proofs(&server).len(), 3);
    for proof in proofs(&server) {
        let token = proof.strip_prefix("bearer ").unwrap();
        let claims = verify(token, &[Secret::new(b"s3cret").unwrap()]).unwrap();
        assert_eq!(claims.server_id, "arangosh");
    }
    assert_eq!(run.text("arango::user()"), "");
    let long = "x".repeat(65);
    assert_eq!(
        run.number(&format!("arango::reconnect(`tcp://h:1`, #{{ jwt_secret: `{long}` }})")),
        10
    );
}

#[test]
fn a_token_wins_over_a_secret_and_credentials_of_the_request_over_all() {
    let server = server(|_| json_reply(200, "1"));
    let run = Run::new();
    run.exec(&format!(
        "arango::reconnect(`{}`, #{{ jwt: `T`, jwt_secret: `s`, username: `u` }});
         arango::get(`/x`, #{{ Authorization: `own` }})",
        server.url
    ));
    assert_eq!(proofs(&server), ["bearer T", "own"]);
}

#[test]
fn a12_a_missing_password_is_an_empty_one() {
    let server = with_tokens(200, json!({"jwt": "a.b.c"}).to_string());
    run_on(&server).exec("arango::get(`/x`)");
    assert_eq!(logins(&server)[0].body, r#"{"username":"root","password":""}"#);
}

#[test]
fn a_server_that_hangs_at_the_login_is_left_within_the_limit_of_the_request() {
    let server = Server::start(|_| Reply::Hang);
    let auth = ClientAuth::Basic { username: "u".to_owned(), password: String::new() };
    let target = Target::agency(vec![Endpoint::parse(&server.url).unwrap()], auth);
    let host = Host::builder().target(target).build().unwrap();
    let begin = std::time::Instant::now();
    let found = host.eval("arango::set_timeout(0.2); arango::get_raw(`/x`).error_num");
    assert_eq!(found.unwrap().to_json().unwrap(), json!(408));
    assert!(begin.elapsed() < std::time::Duration::from_secs(1), "{:?}", begin.elapsed());
}
