//! N: transient.

use serde_json::json;

use crate::support::{Agency, shared, unique};

#[test]
fn n1_booleans_and_objects_always_200() {
    let agency = shared();
    let key = unique("n1");
    let reply = agency.post(
        "transient",
        &json!([
            [{ format!("/{key}/x"): { "op": "set", "new": 1 } }],
            [{ format!("/{key}/x"): 2 }, { format!("/{key}/x"): 9 }],
            [format!("/{key}")],
            [{ format!("/{key}/x"): { "op": "set" } }],
        ]),
    );
    reply.is(200, json!([true, false, { &key: { "x": 1 } }, false]));
}

#[test]
fn n2_invisible_to_read_and_unlogged() {
    let agency = Agency::of(1);
    let before = agency.commit_index();
    agency.post("transient", &json!([[{ "/n2": 1 }, {}, "n2-id"]])).is(200, json!([true]));
    assert_eq!(agency.read("/n2"), json!({}));
    assert_eq!(agency.commit_index(), before);
    assert_eq!(agency.post("inquire", &json!(["n2-id"])).results(), [0]);
    let stores = agency.get("/_api/agency/stores").json();
    assert_eq!(stores["transient"], json!([{ "n2": 1 }]));
}

#[test]
fn n3_empty_after_a_leadership_change() {
    let agency = Agency::of(3);
    agency.post("transient", &json!([[{ "/n3": 1 }]])).is(200, json!([true]));
    let old = agency.leader_id();
    agency.agents.stop_agent(&old).unwrap();
    agency.post("transient", &json!([["/"]])).is(200, json!([{}]));
    assert_ne!(agency.leader_id(), old);
}
