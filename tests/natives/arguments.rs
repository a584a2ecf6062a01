//! Natives called with arguments of any type: an error is fine, a panic or a hang is not.

use agencysh::natives::NAMESPACES;
use agencysh::natives::reference::reference;
use proptest::prelude::*;

use crate::support::Run;

/// Values of every type, with the extreme ones.
const VALUES: &[&str] = &[
    "()",
    "true",
    "0",
    "-1",
    "7",
    "9223372036854775807",
    "-9223372036854775807 - 1",
    "0.5",
    "-1e300",
    "0.0/0.0",
    "\"\"",
    "\"x\"",
    "\"a/../b\"",
    "\"\\x00\"",
    "'c'",
    "[]",
    "[1, \"a\"]",
    "#{}",
    "#{ a: 1 }",
    "blob(3, 1)",
    "|x| x",
];

/// Natives that wait, read the terminal, or act outside the test's directory.
const LEFT_OUT: &[&str] = &[
    "sleep",
    "read_line",
    "read_password",
    "poll_input",
    "pbkdf2",
    "can_connect",
    "launch",
    "add_dbserver",
];

fn calls() -> Vec<(String, usize)> {
    let mut calls = Vec::new();
    let reference = reference();
    let is_method = |namespace: &str, name: &str| {
        reference.iter().any(|doc| doc.namespace == namespace && doc.name == name && doc.is_method)
    };
    for (namespace, manifest) in NAMESPACES {
        for native in manifest.functions() {
            if LEFT_OUT.contains(&native.name()) || ["fs", "http", "agency"].contains(namespace) {
                continue;
            }
            // methods have receivers of one type
            if *namespace != "document" && is_method(namespace, native.name()) {
                continue;
            }
            // the methods of a document
            let (receiver, arity) = match *namespace {
                "document" => {
                    ("json::parse_doc(`[1, {\"a\": 1}]`).".to_owned(), native.num_params() - 1)
                }
                namespace => (format!("{namespace}::"), native.num_params()),
            };
            calls.push((format!("{receiver}{}", native.name()), arity));
        }
    }
    calls
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn no_argument_makes_a_native_panic(
        at in any::<prop::sample::Index>(),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 8),
    ) {
        let calls = calls();
        let (name, arity) = at.get(&calls);
        let arguments: Vec<&str> = picks.iter().take(*arity).map(|pick| *pick.get(VALUES)).collect();
        let script = format!("{name}({})", arguments.join(", "));
        if let Err(error) = Run::new().try_eval(&script) {
            prop_assert!(!error.to_string().contains(&format!("Function not found: {name}")), "{script}: {error}");
        }
    }
}
