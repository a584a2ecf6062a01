//! Every native documents all parts of the template, and every example runs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use agencysh::host::{Host, Permissions, Target, stdlib};
use agencysh::natives::reference::{NativeDoc, find, reference};
use axum::Router;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{any, get};

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

/// Runs an example in a host of its own; natives of the agency and the cluster get an agency.
fn run_example(doc: &NativeDoc, url: &str) -> Result<(), String> {
    let directory = tempfile::tempdir().unwrap();
    let target = match &*doc.namespace {
        "cluster" | "instance" => Target::Embedded { agents: 3, dbservers: 1, coordinators: 1 },
        _ => Target::embedded(1),
    };
    let host = Host::builder().permissions(Permissions::all()).target(target).build().unwrap();
    let script = format!(
        "let fixture_dir = {:?}; let fixture_url = {url:?};\n{}\n\n\
         fn assert(condition) {{ if !condition {{ throw \"assertion failed\"; }} }}\n\
         fn assert_eq(a, b) {{ if a != b {{ throw `${{term::compact(a)}} is not ${{term::compact(b)}}`; }} }}\n",
        directory.path().to_string_lossy(),
        doc.example,
    );
    match host.run_str("example", &script, &[] as &[&str]) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{}: {error}", doc.full_name())),
    }
}

#[test]
fn every_native_has_all_parts_of_the_template() {
    let mut missing = Vec::new();
    for doc in everything() {
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

/// Natives and library functions, each tested in the same way.
fn everything() -> Vec<NativeDoc> {
    let mut docs = reference();
    docs.extend(stdlib::reference());
    docs
}

#[test]
fn every_example_runs() {
    let url = start_fixture_server();
    let docs = everything();
    let failures = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(doc) = docs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    failures.lock().unwrap().extend(run_example(doc, &url).err());
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "examples that fail:\n{}", failures.join("\n"));
    assert!(docs.len() > 100, "only {} functions are documented", docs.len());
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
