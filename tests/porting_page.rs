//! What docs/porting.md tells of the new ways works as it stands there.
#![cfg(feature = "standin")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use agencysh::host::{Host, Permissions, Target, stdlib};
use agencysh::natives::reference::{NativeDoc, reference};

const PAGE: &str = include_str!("../docs/porting.md");

/// The examples in Rhai, each with the number of its first line.
fn examples() -> Vec<(usize, String)> {
    let mut all = Vec::new();
    let mut begun: Option<(usize, String)> = None;
    for (at, line) in PAGE.lines().enumerate() {
        match (&mut begun, line) {
            (None, "```rhai") => begun = Some((at + 2, String::new())),
            (Some(_), "```") => all.extend(begun.take()),
            (Some((_, text)), _) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, _) => {}
        }
    }
    all
}

/// Runs the tests of an example that is a test file.
fn with_its_tests(text: &str) -> String {
    let tests = text.lines().filter_map(|line| line.strip_prefix("fn test_")?.split('(').next());
    let calls = tests.map(|name| format!("set_up(\"test_{name}\"); test_{name}();\n"));
    format!("{text}{}", calls.collect::<String>())
}

#[test]
fn every_example_runs() {
    let target = Target::Embedded { agents: 1, dbservers: 3, coordinators: 1 };
    let host = Host::builder().permissions(Permissions::all()).target(target).build().unwrap();
    let database = r#"arango::post("/_api/database", #{ name: "shop", options: #{ replicationVersion: "2" } }); ()"#;
    assert!(host.eval(database).is_ok());
    let examples = examples();
    assert!(examples.len() > 8, "only {} examples", examples.len());
    for (line, text) in examples {
        let name = format!("docs/porting.md:{line}");
        if let Err(error) = host.run_str(&name, &with_its_tests(&text), &[] as &[&str]) {
            panic!("the example at line {line} fails: {error}");
        }
    }
}

/// The functions and methods that the tables name, such as `wait::wait_for` or `cluster.instances`.
fn named(separator: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in PAGE.lines().filter(|line| line.starts_with('|')) {
        // what stands in the last column is ours
        let Some(column) = line.rsplit(" | ").next() else { continue };
        for code in column.split('`').skip(1).step_by(2) {
            let called = code.split('(').next().unwrap();
            let is_name = |part: &str| {
                !part.is_empty()
                    && part.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
            };
            let parts: Vec<&str> = called.split(separator).collect();
            if let [namespace, name] = parts[..]
                && is_name(namespace)
                && is_name(name)
                && code.contains('(')
            {
                names.insert(called.to_owned());
            }
        }
    }
    names
}

#[test]
fn everything_that_the_tables_name_exists() {
    let mut docs = reference();
    docs.extend(stdlib::reference());
    let functions: BTreeSet<String> = docs.iter().map(NativeDoc::full_name).collect();
    let named_functions = named("::");
    assert!(named_functions.len() > 70, "only {}", named_functions.len());
    let unknown: Vec<_> = named_functions.difference(&functions).collect();
    assert!(unknown.is_empty(), "there are no {unknown:?}");
    let methods: BTreeSet<String> = docs
        .iter()
        .filter(|doc| doc.is_method)
        .filter_map(|doc| Some(doc.signature.split('(').next()?.to_owned()))
        .collect();
    let of_clusters =
        |name: &&String| name.starts_with("cluster.") || name.starts_with("instance.");
    let named_methods = named(".");
    let unknown: Vec<_> =
        named_methods.iter().filter(of_clusters).filter(|name| !methods.contains(*name)).collect();
    assert!(unknown.is_empty(), "there are no methods {unknown:?}");
}
