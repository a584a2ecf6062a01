//! What can be had without any script: a cluster, a client of its agency, and the agency's tree alone.
//!
//! ```sh
//! cargo run --example agency_client
//! ```

#![allow(clippy::print_stdout, reason = "a program talks to people")]

use std::time::Duration;

use agencysh::agency::{json, value::Value as AgencyValue};
use agencysh::client::{ClientError, Outcome, Transaction};
use agencysh::deadline::Deadline;
use agencysh::http::Endpoint;
use agencysh::standin::agent::store::Store;
use agencysh::{AgencyClient, Cluster};
use serde_json::json;

type Failure = Box<dyn std::error::Error>;

/// A client of agents that exist: endpoints, credentials, limits.
fn connect(endpoints: &[String]) -> Result<AgencyClient, Failure> {
    let mut options = AgencyClient::builder().timeout(Duration::from_secs(10));
    for endpoint in endpoints {
        options = options.endpoint(Endpoint::parse(endpoint)?);
    }
    // it goes on until the time is over, or somebody calls `interrupt` on the deadline
    Ok(options.build(Deadline::after(Some(Duration::from_secs(60))))?)
}

/// Reads, writes, conditions, and waiting for a value.
fn use_client(agency: &AgencyClient) -> Result<i64, Failure> {
    agency.set("Jobs/Next", 1.into())?;
    agency.increment("Jobs/Next", 2)?;
    assert!(agency.cas("Jobs/Owner", None, "me".into())?, "nobody has it");
    assert!(!agency.cas("Jobs/Owner", None, "you".into())?, "somebody has it");

    // an operation that has to find what it expects
    let done = Transaction::new(json!({"/arango/Jobs/Done": {"op": "push", "new": 7}}));
    let outcome = agency.write(&[done.when("/arango/Jobs/Owner", json!({"old": "you"}))])?;
    assert!(matches!(outcome.outcome(0), Outcome::PreconditionFailed));

    // read, decide, write, again if somebody else was faster
    agency.update("Jobs/Next", |next| {
        Ok::<_, ClientError>(Some(json!(next.and_then(|next| next.as_i64()).unwrap_or(0) * 2)))
    })?;
    Ok(agency.get("Jobs/Next")?.and_then(|next| next.as_i64()).unwrap_or_default())
}

/// The tree that every agent keeps: no server, no clock, no thread.
fn use_store() -> Result<AgencyValue, Failure> {
    let mut store = Store::default();
    let operations =
        json::parse(br#"{"/a/b": {"op": "set", "new": 1}, "/a/c": {"op": "push", "new": "x"}}"#)?;
    let Some(operations) = operations.as_object() else { return Err("no operations".into()) };
    store.apply(operations)?;
    // a copy costs nothing, and later writes do not change it
    let before = store.clone();
    let increment = json::parse(br#"{"/a/b": {"op": "increment"}}"#)?;
    increment.as_object().map(|operations| store.apply(operations)).transpose()?;
    assert_ne!(before, store);
    Ok(store.get("/a/b").cloned().ok_or("nothing there")?)
}

fn main() -> Result<(), Failure> {
    let cluster = Cluster::embedded(1)?;
    let endpoints: Vec<String> =
        cluster.instances()?.into_iter().map(|agent| agent.endpoint).collect();
    let agency = connect(&endpoints)?;
    let next = use_client(&agency)?;
    println!("the next job is {next}; the store has {:?}", use_store()?);
    assert_eq!(next, 6);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_runs() {
        main().unwrap();
    }

    #[test]
    fn the_store_increments() {
        assert_eq!(use_store().unwrap(), AgencyValue::from(2));
    }
}
