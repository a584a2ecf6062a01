//! T: transact.

use serde_json::json;

use crate::support::{shared, unique};

#[test]
fn t1_mixed_items_in_order() {
    let agency = shared();
    let key = unique("t1");
    let reply = agency.post(
        "transact",
        &json!([
            [{ &key: { "op": "set", "new": 6 } }],
            [&key],
            [7],
            [{ &key: { "op": "increment" } }, {}, unique("t1-id")],
            ["/nothing-here"],
        ]),
    );
    assert_eq!(reply.status, 200);
    let results = reply.json();
    let results = results.as_array().unwrap();
    assert_eq!(results.len(), 4, "an item that is neither leaves no result");
    let (first, second) = (results[0].as_u64().unwrap(), results[2].as_u64().unwrap());
    assert!(0 < first && first < second);
    assert_eq!(results[1], json!({ &key: 6 }));
    assert_eq!(results[3], json!({}));
    assert_eq!(agency.read(&key), json!({ &key: 7 }));
}

#[test]
fn t2_reads_see_preceding_writes() {
    let agency = shared();
    let key = unique("t2");
    let increment = json!([{ &key: { "op": "increment" } }]);
    let read = json!([&key]);
    let reply = agency.post("transact", &json!([increment, read, increment, read]));
    let results = reply.json();
    assert_eq!(results[1], json!({ &key: 1 }));
    assert_eq!(results[3], json!({ &key: 2 }));
}

#[test]
fn t3_failed_precondition_shows_what_is_there() {
    let agency = shared();
    let (key, other) = (unique("t3-a"), unique("t3-b"));
    agency.written(json!([[{ &key: 6 }]]));
    let reply = agency.post(
        "transact",
        &json!([
            [{ &key: { "op": "increment" } }],
            [&key],
            [{ &other: 1 }, { &key: 99, &other: 1, "/": { "oldEmpty": false } }],
            [{ &key: { "op": "set" } }, {}],
            [{ &other: 2 }],
        ]),
    );
    assert_eq!(reply.status, 412);
    let results = reply.json();
    assert_eq!(results[1], json!({ &key: 7 }));
    assert_eq!(results[2], json!({ &key: 7 }), "all failing paths and only these");
    assert_eq!(results[3], json!({}), "a failed operation");
    assert!(results[4].as_u64().unwrap() > 0, "later items still run");
    assert_eq!(agency.read(&other), json!({ &other: 2 }));
}

#[test]
fn t4_malformed_items() {
    let agency = shared();
    let key = unique("t4");
    let cases = [
        (json!([7]), "Expecting type Array"),
        (json!([{ &key: 1 }]), "Expecting type Array"),
        (json!([[]]), "Index out of bounds"),
        (json!([[&key, 7]]), "Expecting type String"),
        (json!([[{ &key: 1 }, 7]]), "Expecting Object slice"),
        (json!([[{ &key: 1 }, null]]), "Expecting Object slice"),
    ];
    for (body, message) in cases {
        agency.post("transact", &body).is_message(400, message);
        agency.post("transient", &body).is_message(400, message);
    }
    assert_eq!(agency.post("transact", &json!([[{}]])).status, 400);
    let surplus = agency.post("transact", &json!([[{ &key: 1 }, {}, "id", 0]]));
    assert_eq!(surplus.status, 400);
    agency
        .post("transact", &json!({}))
        .is_message(400, "Expecting array of arrays as body for writes");
    agency.post("transact", &json!([])).is_message(400, "Empty request");
    assert_eq!(agency.read(&key), json!({}));

    let forbidden = agency.post("transact", &json!([[{ &key: 1 }], [{ "/.agency": 1 }]]));
    forbidden.is_error(403, 403);
    assert_eq!(agency.read(&key), json!({}));

    // A third element that is no string is ignored; what ran before stays.
    let reply = agency.post("transact", &json!([[{ &key: 1 }, {}, 7], []]));
    assert_eq!(reply.status, 400);
    assert_eq!(agency.post("transact", &json!([[&key]])).json(), json!([{ &key: 1 }]));
}
