//! What needs no server: handles, bodies, and what is learnt from answers.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::answer::{Answer, Content};
use super::login::{Login, Proof};
use super::options::{ConnectionOptions, Settings};
use super::parked::Connections;
use super::question::{Body, Question};
use super::single::Connection;
use crate::auth::{Secret, sign};
use crate::client::ClientAuth;
use crate::http::{Auth, Response};

fn user(name: &str, password: &str) -> ClientAuth {
    ClientAuth::Basic { username: name.to_owned(), password: password.to_owned() }
}

fn secret(text: &str) -> ClientAuth {
    ClientAuth::secret(Secret::new(text.as_bytes()).unwrap())
}

fn to(endpoint: &str, auth: ClientAuth) -> Arc<Connection> {
    let options = ConnectionOptions::parse(endpoint).unwrap().auth(auth);
    Arc::new(Connection::new(options).unwrap())
}

fn response(status: u16, media_type: &str, body: &[u8]) -> Response {
    Response {
        status,
        message: "Words".to_owned(),
        headers: vec![("content-type".to_owned(), media_type.to_owned())],
        body: body.to_vec(),
        url: String::new(),
    }
}

#[test]
fn a7_a_handle_stands_for_server_and_credentials_however_they_are_spelled() {
    let connections = Connections::new(Settings::default());
    let handle = |endpoint, auth| connections.handle_of(&to(endpoint, auth));
    let mine = handle("tcp://h:1", user("root", "pw"));
    assert_eq!(mine.len(), 32);
    assert_eq!(mine, handle("HTTP://H:1/", user("root", "pw")));
    let others = [
        ("tcp://h:2", user("root", "pw")),
        ("ssl://h:1", user("root", "pw")),
        ("tcp://h:1", user("rootp", "w")),
        ("tcp://h:1", ClientAuth::None),
        ("tcp://h:1", ClientAuth::Token("pw".to_owned())),
        ("tcp://h:1", secret("pw")),
        ("tcp://h:1", secret("other")),
    ];
    let mut seen = vec![mine];
    for (endpoint, auth) in others {
        let handle = handle(endpoint, auth.clone());
        assert!(!seen.contains(&handle), "{endpoint} {auth:?}");
        seen.push(handle);
    }
    let elsewhere = Connections::new(Settings::default());
    let same = to("tcp://h:1", user("root", "pw"));
    assert_ne!(elsewhere.handle_of(&same), connections.handle_of(&same), "the salt differs");
}

#[test]
fn a7_the_connection_before_is_parked_and_a_dropped_one_is_gone() {
    let connections = Connections::new(Settings::default());
    let (one, two) = (to("h:1", ClientAuth::None), to("h:2", ClientAuth::None));
    let (first, second) = (connections.handle_of(&one), connections.handle_of(&two));
    let current = || connections.current().map(|current| connections.handle_of(&current));
    connections.adopt(one);
    connections.adopt(two);
    assert_eq!(current(), Some(second.clone()));
    assert!(connections.use_handle(&first) && connections.use_handle(&first));
    assert_eq!(current(), Some(first.clone()));
    assert!(connections.drop_handle(&second) && !connections.drop_handle(&second));
    assert!(!connections.use_handle(&second));
    assert!(connections.drop_handle(&first));
    assert_eq!(current(), None);
}

#[test]
fn a9_bodies_go_out_as_they_are_or_as_velocypack_or_as_json() {
    let settings = |force_json| Settings { force_json, ..Settings::default() };
    let sent = |body: Body, force_json| {
        let (headers, bytes) = Question::new("POST", "/").body(body).message(settings(force_json));
        let header = |name: &str| {
            headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        (header("content-type"), header("accept").unwrap(), bytes)
    };
    let (json_type, packed_type) = ("application/json", "application/x-velocypack");
    let value = json!({"a": 1});
    let (content, accept, bytes) = sent(Body::Value(value.clone()), false);
    assert_eq!((content.as_deref(), accept.as_str()), (Some(packed_type), packed_type));
    assert_eq!(crate::vpack::decode(&bytes).unwrap(), value.clone().into());
    let (content, accept, bytes) = sent(Body::Value(value), true);
    assert_eq!((content.as_deref(), accept.as_str()), (Some(json_type), json_type));
    assert_eq!(bytes, b"{\"a\":1}");
    let (content, _, bytes) = sent(Body::Text("{ }".to_owned()), false);
    assert_eq!((content.as_deref(), bytes.as_slice()), (Some(json_type), b"{ }".as_slice()));
    let (content, _, bytes) = sent(Body::Bytes(vec![0, 255]), false);
    assert_eq!((content, bytes.as_slice()), (None, [0, 255].as_slice()));
}

#[test]
fn headers_of_the_asker_win_whatever_their_case() {
    let question = Question::new("POST", "/")
        .header("Content-Type", "text/x")
        .header("ACCEPT", "a/b")
        .header("accept", "c/d")
        .body(Body::Text("x".to_owned()));
    let (headers, _) = question.message(Settings::default());
    let expected = [("content-type", "text/x"), ("accept", "c/d"), ("accept-encoding", "identity")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(headers, expected);
}

#[test]
fn a1_bodies_are_taken_apart_by_their_type_and_rubbish_is_left_as_it_was() {
    let packed = crate::vpack::encode(&json!([1]).into());
    let text = |text: &str| Content::Text(text.to_owned());
    for (media_type, body, parsed, content) in [
        ("application/json; charset=utf-8", b"[1]".as_slice(), Some(json!([1])), text("[1]")),
        ("application/problem+json", b"1", Some(json!(1)), text("1")),
        ("application/x-velocypack", &packed, Some(json!([1])), Content::Bytes(packed.clone())),
        ("application/json", b"[1", None, text("[1")),
        ("application/x-velocypack", b"\x13\x04", None, Content::Bytes(b"\x13\x04".to_vec())),
        ("text/html", b"<p>", None, text("<p>")),
        ("image/png", b"1", None, Content::Bytes(b"1".to_vec())),
        ("", b"1", None, Content::Bytes(b"1".to_vec())),
        ("application/json", b"", None, Content::Empty),
    ] {
        let answer = Answer::new(response(200, media_type, body));
        assert_eq!((answer.parsed, answer.content), (parsed, content), "{media_type}");
    }
    let deep = "[".repeat(1_000_000);
    assert_eq!(Answer::new(response(200, "application/json", deep.as_bytes())).parsed, None);
}

#[test]
fn a2_the_number_of_an_error_is_that_of_the_body_else_the_status() {
    let answer = Answer::new(response(
        412,
        "application/json",
        br#"{"error":true,"code":412,"errorNum":1200,"errorMessage":"conflict"}"#,
    ));
    assert_eq!((answer.error_num(), answer.error_message()), (1200, "conflict"));
    let answer = Answer::new(response(503, "text/plain", b"no"));
    assert_eq!((answer.error_num(), answer.error_message()), (503, "Words"));
}

#[test]
fn a_login_keeps_a_token_until_shortly_before_its_end() {
    let auth = user("root", "pw");
    let login = Login::default();
    let learn = |status, body: &str| {
        let answer = Answer::new(response(status, "application/json", body.as_bytes()));
        login.learn(&answer, "h".to_owned())
    };
    let sent = || match login.proof(&auth).unwrap() {
        Proof::Ready(Some(Auth::Bearer(token))) => token,
        Proof::Ready(Some(Auth::Basic { .. })) => "basic".to_owned(),
        Proof::Ready(None) => "nothing".to_owned(),
        Proof::Ask(body) => body,
    };
    let asked = r#"{"username":"root","password":"pw"}"#;
    assert_eq!(sent(), asked);
    assert!(!learn(401, "{}").unwrap());
    assert_eq!(sent(), asked);
    for (seconds, kept) in [(600, true), (200, false)] {
        let secret = Secret::new(b"k").unwrap();
        let token = sign(&secret, "x", Some(Duration::from_secs(seconds))).unwrap();
        assert!(learn(200, &json!({ "jwt": token }).to_string()).unwrap());
        assert_eq!(sent() == token, kept);
    }
    assert!(learn(200, "{}").is_err(), "no token");
    for status in [404, 501] {
        assert!(learn(status, "").unwrap());
        assert_eq!(sent(), "basic");
        login.forget();
        assert_eq!(sent(), asked);
    }
}
