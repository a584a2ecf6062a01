//! How many requests are answered.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::connection::Connection;

const KEYS: usize = 10_000;
const VALUE: &str = "0123456789012345678901234567890123456789012345678901234567890123456789\
    01234567890123456789012345678901234567890123456789";

/// A request's path, and its body for a key.
pub(crate) type Request = (&'static str, fn(usize) -> String);

pub(crate) const AGENCY_WRITE: Request = ("/_api/agency/write", |key| {
    format!(r#"[[{{"/bench/k{key}":{{"op":"set","new":"{VALUE}"}}}}]]"#)
});
pub(crate) const AGENCY_READ: Request =
    ("/_api/agency/read", |key| format!(r#"[["/bench/k{key}"]]"#));
pub(crate) const ETCD_WRITE: Request = ("/v3/kv/put", |key| {
    let (key, value) = (STANDARD.encode(format!("/bench/k{key}")), STANDARD.encode(VALUE));
    format!(r#"{{"key":"{key}","value":"{value}"}}"#)
});
pub(crate) const ETCD_READ: Request =
    ("/v3/kv/range", |key| format!(r#"{{"key":"{}"}}"#, STANDARD.encode(format!("/bench/k{key}"))));

/// Requests per second that so many clients get answered.
pub(crate) fn load(leader: &str, (path, body): Request, clients: usize, time: Duration) -> f64 {
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let mut connection = Connection::open(leader).unwrap();
                while begin.elapsed() < time {
                    let key = next.fetch_add(7, Ordering::Relaxed) % KEYS;
                    connection.post(path, &body(key)).unwrap();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    done.into_inner() as f64 / begin.elapsed().as_secs_f64()
}
