//! The store against a plain model of it, on random trees and transactions.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};

use super::super::transaction::{Transaction, run};
use super::model;
use super::{store, verdict};
use crate::agency::value::Value;

/// Few keys, so that paths collide; some are hidden, some sort around the slash.
fn key() -> impl Strategy<Value = &'static str> {
    select(vec!["a", "b", "a", "b", "c", ".h", "a-b", "é"])
}

/// A path in one of its many spellings.
fn path() -> impl Strategy<Value = String> {
    (
        select(vec!["", "/", "/", "//"]),
        vec((key(), select(vec!["/", "/", "/", "//"])), 0..4),
        any::<bool>(),
    )
        .prop_map(|(root, segments, trailing)| {
            let mut path: String = root.to_owned();
            for (key, slashes) in segments {
                path.push_str(key);
                path.push_str(slashes);
            }
            if trailing { path } else { path.trim_end_matches('/').to_owned() }
        })
}

fn scalar() -> impl Strategy<Value = Json> {
    select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(-2),
        json!(1.0),
        json!(2.5),
        json!(-0.0),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(9_007_199_254_740_993_i64),
        json!(9_007_199_254_740_992.0),
        json!(1e300),
        json!(""),
        json!("a"),
        json!("b"),
        json!("1"),
    ])
}

fn object(value: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    vec((key(), value), 0..4).prop_map(|members| {
        Json::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    })
}

fn array(value: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    vec(value, 0..4).prop_map(Json::Array)
}

fn readers() -> impl Strategy<Value = Json> {
    array(select(vec![json!("a"), json!("b"), json!("c")]))
}

fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![4 => scalar(), 1 => readers()];
    leaf.prop_recursive(
        3,
        16,
        4,
        |inner| prop_oneof![2 => object(inner.clone()), 1 => array(inner)],
    )
}

/// A tree: usually an object, with one that is about as wide as objects become
/// trees of their own.
fn tree() -> impl Strategy<Value = Json> {
    let wide = (object(value()), 60..68_usize).prop_map(|(mut tree, width)| {
        tree["a"] =
            (0..width).map(|i| (format!("k{i:02}"), json!(i))).collect::<Map<_, _>>().into();
        tree
    });
    prop_oneof![8 => object(value()), 1 => wide, 1 => value()]
}

/// A value, now and then with a key that has no place in a node.
fn stored() -> impl Strategy<Value = Json> {
    prop_oneof![
        9 => value(),
        1 => (value(), value()).prop_map(|(inner, mut outer)| {
            if let Some(members) = outer.as_object_mut() {
                members.insert("a/b".to_owned(), inner);
            }
            outer
        }),
    ]
}

fn operation() -> impl Strategy<Value = Json> {
    let op = select(vec![
        json!("set"),
        json!("delete"),
        json!("increment"),
        json!("decrement"),
        json!("push"),
        json!("prepend"),
        json!("pop"),
        json!("shift"),
        json!("push-queue"),
        json!("erase"),
        json!("replace"),
        json!("read-lock"),
        json!("read-unlock"),
        json!("write-lock"),
        json!("write-unlock"),
        json!("observe"),
        json!("nonsense"),
        json!(7),
    ]);
    let usually = |strategy| prop::option::weighted(0.8, strategy);
    let operator = (
        op,
        usually(stored().boxed()),
        prop::option::weighted(0.6, value()),
        prop::option::weighted(0.4, count()),
        usually(count().boxed()),
        prop::option::weighted(0.5, count()),
        usually(prop_oneof![4 => select(vec![json!("a"), json!("b")]), 1 => scalar()].boxed()),
    )
        .prop_map(|(op, new, val, pos, len, step, by)| {
            let mut operation = json!({ "op": op });
            let arguments = [
                ("new", new),
                ("val", val),
                ("pos", pos),
                ("len", len),
                ("step", step),
                ("by", by),
            ];
            for (name, argument) in arguments {
                if let Some(argument) = argument {
                    operation[name] = argument;
                }
            }
            operation
        });
    prop_oneof![1 => stored(), 3 => operator]
}

/// Arguments that count something, and such that do not.
fn count() -> impl Strategy<Value = Json> {
    prop_oneof![
        6 => (0..4_i64).prop_map(Json::from),
        1 => select(vec![json!(-1), json!(-7), json!(1.9), json!(-0.5), json!(-2.9)]),
        1 => scalar(),
    ]
}

/// What a transaction wants of a node.
#[derive(Clone, Debug)]
enum Condition {
    /// This very condition.
    Given(Json),
    /// An operator with what is there at the moment, or an element of it.
    Present { operator: &'static str, element: bool },
}

const OPERATORS: [&str; 12] = [
    "old",
    "oldNot",
    "oldEmpty",
    "isArray",
    "in",
    "notin",
    "intersectionEmpty",
    "is-write-locked",
    "is-read-locked",
    "can-write-lock",
    "can-read-lock",
    "rev",
];

fn condition() -> impl Strategy<Value = Condition> {
    let flag = (select(vec!["oldEmpty", "isArray"]), any::<bool>())
        .prop_map(|(operator, flag)| json!({ operator: flag }));
    let holder = (select(OPERATORS[7..11].to_vec()), select(vec!["a", "b", "c"]))
        .prop_map(|(operator, holder)| json!({ operator: holder }));
    let several = vec((select(OPERATORS.to_vec()), prop_oneof![value(), readers()]), 0..3)
        .prop_map(|all| {
            Json::Object(all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        });
    let given = prop_oneof![1 => scalar(), 2 => flag, 2 => holder, 3 => several];
    prop_oneof![
        1 => given.prop_map(Condition::Given),
        1 => (select(vec!["", "old", "oldNot", "in", "notin", "intersectionEmpty"]), any::<bool>())
            .prop_map(|(operator, element)| Condition::Present { operator, element }),
    ]
}

impl Condition {
    fn on(&self, tree: &Json, path: &str) -> Json {
        match self {
            Self::Given(condition) => condition.clone(),
            Self::Present { operator, element } => {
                let node = model::node(tree, path).unwrap_or(json!({}));
                let first = node.get(0).filter(|_| *element).cloned();
                let argument = first.unwrap_or_else(|| model::visible(&node));
                if operator.is_empty() { argument } else { json!({ *operator: argument }) }
            }
        }
    }
}

/// Operations by path, conditions by path.
type Draft = (Vec<(String, Json)>, Vec<(String, Condition)>);

fn draft() -> impl Strategy<Value = Draft> {
    let conditions = prop_oneof![1 => Just(0), 1 => 0..3_usize]
        .prop_flat_map(|length| vec((path(), condition()), length));
    (vec((path(), operation()), 1..4), conditions)
}

/// The transaction of a draft. Of two spellings of one key only the first is
/// taken, because their order is nobody's business.
fn transaction((operations, conditions): &Draft, tree: &Json) -> Json {
    let mut taken = Map::new();
    for (path, operation) in operations {
        if !taken.keys().any(|other| model::absolute(other) == model::absolute(path)) {
            taken.insert(path.clone(), operation.clone());
        }
    }
    let conditions: Map<String, Json> = conditions
        .iter()
        .map(|(path, condition)| (path.clone(), condition.on(tree, path)))
        .collect();
    json!([taken, conditions])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn transactions_do_what_the_model_does(tree in tree(), drafts in vec(draft(), 1..6)) {
        let original = store(&tree);
        let (mut store, mut model) = (original.clone(), tree);
        let mut log = Vec::new();
        let mut copies = Vec::new();
        for draft in &drafts {
            let transaction = transaction(draft, &model);
            copies.push((store.clone(), model.clone()));
            let outcome = run(&mut store, &transaction.clone().into());
            let (expected, after) = model::run(&model, &transaction);
            prop_assert_eq!(verdict(&outcome), expected, "{} on {}", transaction, model);
            prop_assert_eq!(&Json::from(store.root()), &after, "{} on {}", transaction, model);
            if let Transaction::Applied { operations, .. } = outcome {
                prop_assert_eq!(&operations, &Value::from(transaction[0].clone()));
                log.push(operations);
            } else {
                prop_assert_eq!(&after, &model);
            }
            model = after;
        }
        for (copy, before) in copies {
            prop_assert_eq!(Json::from(copy.root()), before);
        }
        // what is logged makes the same tree again
        let mut again = original;
        for operations in &log {
            prop_assert_eq!(again.apply(operations.as_object().unwrap()), Ok(()));
        }
        prop_assert_eq!(again, store);
    }

    #[test]
    fn queries_see_what_the_model_sees(tree in tree(), queries in vec(vec(path(), 0..4), 1..6)) {
        let store = store(&tree);
        for query in queries {
            let paths: Vec<&str> = query.iter().map(String::as_str).collect();
            let seen = Json::from(store.read(&paths));
            prop_assert_eq!(seen, model::read(&tree, &query), "{:?} of {}", query, tree);
        }
        prop_assert_eq!(Json::from(store.root()), tree);
    }

    #[test]
    fn nodes_are_found_where_the_model_finds_them(tree in tree(), path in path()) {
        let store = store(&tree);
        prop_assert_eq!(store.get(&path).map(Json::from), model::node(&tree, &path));
    }

    #[test]
    fn both_dialects_agree_on_what_line_3_12_accepts(tree in tree(), draft in draft()) {
        let operations = Value::from(transaction(&draft, &tree)[0].clone());
        let (mut current, mut legacy) = (store(&tree), store(&tree));
        let operations = operations.as_object().unwrap();
        if current.apply(operations).is_ok() {
            prop_assert_eq!(legacy.apply_lenient(operations), Ok(()));
            prop_assert_eq!(current, legacy);
        }
    }
}
