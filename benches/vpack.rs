//! What VelocyPack costs, compared with JSON.
//!
//! `cargo bench --bench vpack` prints medians over rounds on one thread, for a
//! tree of about a megabyte of JSON.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails by panicking"
)]

use std::hint::black_box;
use std::time::Instant;

use agencysh::agency::json;
use agencysh::agency::value::Value;
use agencysh::vpack;
use serde_json::json;

const ROUNDS: usize = 51;

fn main() {
    let tree = tree();
    let text = json::to_string(&tree).into_bytes();
    let bytes = vpack::encode(&tree);
    let other: serde_json::Value = serde_json::from_slice(&text).unwrap();
    println!("JSON {} bytes, VelocyPack {} bytes", text.len(), bytes.len());
    let mib = |seconds: f64| text.len() as f64 / seconds / f64::from(1 << 20);
    let report = |name: &str, seconds: f64| {
        println!("{name:32} {:7.2} ms  {:6.0} MiB/s of JSON", seconds * 1e3, mib(seconds));
    };
    report("encode, VelocyPack", median(|| vpack::encode(&tree)));
    report("encode, the agency's JSON", median(|| json::to_string(&tree)));
    report("encode, serde_json from values", median(|| serde_json::to_vec(&tree).unwrap()));
    report("encode, serde_json from its own", median(|| serde_json::to_vec(&other).unwrap()));
    report("decode, VelocyPack", median(|| vpack::decode(&bytes).unwrap()));
    report("decode, the agency's JSON", median(|| json::parse(&text).unwrap()));
    let own = || serde_json::from_slice::<serde_json::Value>(&text).unwrap();
    report("decode, serde_json to its own", median(own));
}

/// A tree as an agency has it: collections with shards.
fn tree() -> Value {
    let collection = |i: usize| {
        let shards: serde_json::Map<String, serde_json::Value> = (0..9)
            .map(|shard| (format!("s{}", 100_000 + i * 9 + shard), json!(["PRMR-1", "PRMR-2"])))
            .collect();
        let body = json!({
            "id": (1_000_000 + i).to_string(),
            "name": format!("collection-{i}"),
            "numberOfShards": 9,
            "replicationFactor": 2,
            "waitForSync": false,
            "keyOptions": { "type": "traditional", "allowUserKeys": true, "lastValue": i },
            "indexes": [{ "fields": ["_key"], "id": "0", "type": "primary", "unique": true }],
            "selectivity": i as f64 / 7.0,
            "shards": shards,
        });
        ((1_000_000 + i).to_string(), body)
    };
    let collections: serde_json::Map<String, serde_json::Value> =
        (0..1750).map(collection).collect();
    json!({ "arango": { "Plan": { "Collections": { "_system": collections } } } }).into()
}

fn median<T>(mut work: impl FnMut() -> T) -> f64 {
    let mut seconds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            black_box(work());
            begin.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[ROUNDS / 2]
}
