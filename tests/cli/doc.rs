//! `doc`: the reference.

use crate::support::agencysh;

#[test]
fn a_native_is_found_by_its_name_and_by_the_name_it_had() {
    for name in ["fs::read", "SYS_READ"] {
        let said = agencysh(&["doc", name]);
        assert_eq!(said.code, Some(0));
        assert!(said.stdout.contains("fs::read("), "{name}: {}", said.stdout);
    }
    let said = agencysh(&["doc", "agency::cas"]);
    for part in ["agency.cas(", "Arguments: ", "Units: ", "Errors: ", "Legacy: ", "Example:"] {
        assert!(said.stdout.contains(part), "{part}: {}", said.stdout);
    }
}

#[test]
fn namespaces_are_listed_and_so_is_all() {
    let namespace = agencysh(&["doc", "assert"]).stdout;
    assert!(namespace.contains("assert::equal(") && !namespace.contains("fail("), "{namespace}");
    let all = agencysh(&["doc"]).stdout;
    for namespace in ["agency", "cluster", "fs", "http", "time", "assert"] {
        assert!(all.lines().any(|line| line == namespace), "{namespace}: {all}");
    }
}

#[test]
fn an_unknown_name_fails() {
    let said = agencysh(&["doc", "no_such_native"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""));
    assert!(said.stderr.contains("no_such_native"));
}
