//! What the agency's tree costs: writes, reads, conditions, copies.
//!
//! `cargo bench --bench store` prints medians over rounds on one thread. The
//! inputs are made beforehand, so that only the store is measured.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails by panicking"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use agencysh::agency::json;
use agencysh::agency::value::{Object, Value};
use agencysh::standin::agent::store::Store;
use agencysh::standin::agent::store::transaction::{Transaction, run};

const ROUNDS: usize = 9;
const OPERATIONS: usize = 50_000;
/// Transactions that a leader runs on one copy of the tree.
const CHUNK: usize = 250;

fn main() {
    for (name, widths) in [("three levels", &[100, 100, 10][..]), ("one flat object", &[100_000])] {
        println!("tree of 100 000 values, {name}");
        let store = Store::from_value(tree(widths, ""));
        throughput(&store, &paths(widths));
        println!();
    }
    println!(
        "copies, by size of the tree: one copy, first write to it, next write to the same place"
    );
    for values in [10, 100, 1000] {
        copies(&[values, 100, 10]);
    }
}

/// A tree with so many keys on each level and long strings as values.
fn tree(widths: &[usize], prefix: &str) -> Value {
    let Some((width, rest)) = widths.split_first() else {
        return Value::from(format!("{prefix:-<80}").as_str());
    };
    let child = |i: usize| (Arc::from(key(i)), tree(rest, &format!("{prefix}/{}", key(i))));
    Value::Object((0..*width).map(child).collect())
}

fn key(i: usize) -> String {
    format!("key{i:06}")
}

/// Paths of values, spread over the whole tree.
fn paths(widths: &[usize]) -> Vec<String> {
    let mut state = 1_usize;
    let mut next = |width: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % width
    };
    let mut path = || widths.iter().map(|width| format!("/{}", key(next(*width)))).collect();
    (0..OPERATIONS).map(|_| path()).collect()
}

fn object(members: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Object(members.into_iter().map(|(key, value)| (Arc::from(key), value)).collect())
}

fn set(i: usize) -> Value {
    object([("op".to_owned(), "set".into()), ("new".to_owned(), Value::Int(i as i64))])
}

fn throughput(store: &Store, paths: &[String]) {
    let operations: Vec<Value> =
        paths.iter().enumerate().map(|(i, path)| object([(path.clone(), set(i))])).collect();
    let bare: Vec<Value> =
        operations.iter().map(|operations| vec![operations.clone()].into()).collect();
    let oldest = || object([("oldEmpty".to_owned(), Value::Bool(false))]);
    let whole: Vec<Value> = operations
        .iter()
        .zip(paths)
        .map(|(operations, path)| {
            let conditions = object([(path.clone(), oldest())]);
            vec![operations.clone(), conditions, "AGNT-1:5f0c".into()].into()
        })
        .collect();
    let three: Vec<Value> = paths
        .chunks(3)
        .map(|paths| {
            let operations = paths.iter().enumerate().map(|(i, path)| (path.clone(), set(i)));
            vec![object(operations)].into()
        })
        .collect();
    let texts: Vec<String> = whole.iter().map(json::to_string).collect();
    let conditions: Vec<Value> =
        paths.iter().map(|path| object([(path.clone(), oldest())])).collect();

    rate("apply, set", paths.len(), |_| {
        let mut store = unshared(store);
        timed(|| {
            for operations in &operations {
                store.apply(operations.as_object().unwrap()).unwrap();
            }
        })
    });
    let transactions = |name: &str, transactions: &[Value]| {
        rate(name, transactions.len(), |_| {
            let mut store = unshared(store);
            timed(|| transactions.iter().for_each(|transaction| accept(&mut store, transaction)))
        });
    };
    transactions("transaction, set", &bare);
    transactions("transaction, set with condition and client id", &whole);
    transactions("transaction, three sets", &three);
    rate("transaction, set, on a copy for every 250", bare.len(), |_| {
        let mut store = unshared(store);
        timed(|| {
            for chunk in bare.chunks(CHUNK) {
                let mut ahead = store.clone();
                chunk.iter().for_each(|transaction| accept(&mut ahead, transaction));
                store = ahead;
            }
        })
    });
    rate("parse and run the transaction with condition", texts.len(), |_| {
        let mut store = unshared(store);
        timed(|| {
            for text in &texts {
                accept(&mut store, &json::parse(text.as_bytes()).unwrap());
            }
        })
    });
    rate("get one path", paths.len(), |_| {
        timed(|| {
            for path in paths {
                black_box(store.get(path));
            }
        })
    });
    rate("query of one path", paths.len(), |_| {
        timed(|| {
            for path in paths {
                black_box(store.read(&[path]));
            }
        })
    });
    rate("check one condition", paths.len(), |_| {
        timed(|| {
            for condition in &conditions {
                black_box(store.check(condition.as_object().unwrap()).unwrap());
            }
        })
    });
}

#[track_caller]
fn accept(store: &mut Store, transaction: &Value) {
    assert!(matches!(run(store, transaction), Transaction::Applied { .. }));
}

/// A store that shares nothing with the original.
fn unshared(store: &Store) -> Store {
    fn copy(value: &Value) -> Value {
        match value.as_object() {
            Some(object) => {
                let children = object.iter().map(|(key, child)| (Arc::clone(key), copy(child)));
                Value::Object(children.collect::<Object>())
            }
            None => value.clone(),
        }
    }
    Store::from_value(copy(store.root()))
}

fn timed(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn median(mut measure: impl FnMut(usize) -> f64) -> f64 {
    let mut seconds: Vec<f64> = (0..ROUNDS).map(&mut measure).collect();
    seconds.sort_by(f64::total_cmp);
    seconds[ROUNDS / 2]
}

fn rate(name: &str, count: usize, measure: impl FnMut(usize) -> f64) {
    let seconds = median(measure);
    println!(
        "  {name:48}{:>12.0} /s {:>9.0} ns each",
        count as f64 / seconds,
        seconds * 1e9 / count as f64
    );
}

fn copies(widths: &[usize]) {
    let mut store = Store::from_value(tree(widths, ""));
    let mut text = Vec::new();
    json::write(store.root(), &mut text);
    let megabytes = text.len() as f64 / 1e6;
    drop(text);
    let values: usize = widths.iter().product();
    let writes: Vec<Value> = paths(widths)
        .into_iter()
        .take(ROUNDS + 1)
        .enumerate()
        .map(|(i, path)| object([(path, set(i))]))
        .collect();
    let operations = |i: usize| writes[i].as_object().unwrap();
    // the first of all writes makes caches warm
    store.apply(operations(0)).unwrap();
    let copy = median(|_| timed(|| drop(black_box(store.clone())))) * 1e6;
    let (mut first, mut next) = (Vec::new(), Vec::new());
    for i in 0..ROUNDS {
        let mut copy = store.clone();
        first.push(timed(|| copy.apply(operations(i + 1)).unwrap()));
        next.push(timed(|| copy.apply(operations(i + 1)).unwrap()));
        assert!(copy != store, "the write changes the copy alone");
    }
    let (first, next) = (median(|i| first[i]) * 1e6, median(|i| next[i]) * 1e6);
    println!(
        "  {megabytes:6.1} MB of JSON, {values:8} values: copy {copy:.3} µs, \
         first write {first:.2} µs, next {next:.2} µs"
    );
}
