//! Every native documents all parts of the template, and every example runs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};

use agencysh::natives::reference::{NativeDoc, find, reference};
use agencysh::natives::{NativeContext, register};
use axum::Router;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{any, get};
use rhai::{Dynamic, Engine, EvalAltResult, Scope};

/// The context that examples of the `agency` namespace run in; `None` leaves them out.
fn agency_context() -> Option<Arc<NativeContext>> {
    None
}

/// Answers `/echo`, `/status/NNN` and `/json` on a loopback port for as long as the test runs.
fn start_fixture_server() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let app = Router::new()
                .route("/echo", any(echo))
                .route("/status/{code}", any(status))
                .route("/json", get(|| async { json_answer(&serde_json::json!({"answer": 42})) }));
            axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), app).await.unwrap();
        });
    });
    url
}

fn json_answer(value: &serde_json::Value) -> impl IntoResponse + use<> {
    ([("content-type", "application/json")], value.to_string())
}

async fn echo(request: Request) -> impl IntoResponse {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
    let headers: serde_json::Map<String, serde_json::Value> = parts
        .headers
        .iter()
        .map(|(name, value)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned().into())
        })
        .collect();
    json_answer(&serde_json::json!({
        "method": parts.method.as_str(),
        "path": parts.uri.path(),
        "query": parts.uri.query(),
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    }))
}

async fn status(Path(code): Path<u16>) -> impl IntoResponse {
    (StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST), format!("status {code}"))
}

fn fails(message: String) -> Box<EvalAltResult> {
    message.into()
}

fn run_example(doc: &NativeDoc, context: Arc<NativeContext>, url: &str) -> Result<(), String> {
    let directory = tempfile::tempdir().unwrap();
    let mut engine = Engine::new();
    engine.set_max_call_levels(64);
    register(&mut engine, context);
    engine.register_fn("assert", |condition: bool| {
        if condition { Ok(()) } else { Err(fails("assertion failed".to_owned())) }
    });
    engine.register_fn("assert_eq", |left: Dynamic, right: Dynamic| {
        let (a, b) = (format!("{left:?}"), format!("{right:?}"));
        if a == b { Ok(()) } else { Err(fails(format!("{a} is not {b}"))) }
    });
    let mut scope = Scope::new();
    scope.push("fixture_dir", directory.path().to_string_lossy().into_owned());
    scope.push("fixture_url", url.to_owned());
    engine
        .run_with_scope(&mut scope, &doc.example)
        .map_err(|error| format!("{}: {error}", doc.full_name()))
}

#[test]
fn every_native_has_all_parts_of_the_template() {
    let mut missing = Vec::new();
    for doc in reference() {
        let parts = [
            ("summary", &doc.summary),
            ("signature", &doc.signature),
            ("arguments", &doc.arguments),
            ("units", &doc.units),
            ("errors", &doc.errors),
            ("legacy", &doc.legacy),
            ("example", &doc.example),
        ];
        missing.extend(
            parts
                .iter()
                .filter(|(_, text)| text.is_empty())
                .map(|(part, _)| format!("{}: {part}", doc.full_name())),
        );
        if !doc.is_method && !doc.signature.starts_with(&format!("{}(", doc.full_name())) {
            missing.push(format!(
                "{}: signature {} names another function",
                doc.full_name(),
                doc.signature
            ));
        }
    }
    assert!(missing.is_empty(), "incomplete documentation:\n{}", missing.join("\n"));
}

#[test]
fn every_example_runs() {
    let url = start_fixture_server();
    let mut failures = Vec::new();
    for doc in reference() {
        let context = if doc.namespace == "agency" {
            let Some(context) = agency_context() else { continue };
            context
        } else {
            let printed = Mutex::new(String::new());
            let output = Arc::new(move |text: &str| printed.lock().unwrap().push_str(text));
            NativeContext::builder().output(output).build()
        };
        failures.extend(run_example(&doc, context, &url).err());
    }
    assert!(failures.is_empty(), "examples that fail:\n{}", failures.join("\n"));
}

#[test]
fn natives_are_found_by_their_legacy_name() {
    let docs = reference();
    let names =
        |text: &str| find(&docs, text).into_iter().map(NativeDoc::full_name).collect::<Vec<_>>();
    assert_eq!(names("SYS_RAND"), ["random::int32"]);
    assert_eq!(names("random::digits"), ["random::digits"]);
    assert!(names("no such thing").is_empty());
}
