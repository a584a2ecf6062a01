//! R: queries.

use serde_json::{Value as Json, json};

use super::store;

#[track_caller]
fn reads(tree: &Json, paths: &[&str], expected: &Json) {
    assert_eq!(Json::from(store(tree).read(paths)), *expected, "{paths:?} of {tree}");
}

#[test]
fn r1_values_stand_at_their_full_paths() {
    let tree = json!({"a": {"b": 1, "c": 2}, "x": "s", "y": {"z": [1]}});
    reads(&tree, &["/a/b"], &json!({"a": {"b": 1}}));
    reads(&tree, &["/x", "/y/z"], &json!({"x": "s", "y": {"z": [1]}}));
    reads(&tree, &["/y"], &json!({"y": {"z": [1]}}));
}

#[test]
fn r2_slashes_in_excess_are_irrelevant() {
    let tree = json!({"a": {"b": 1, "c": 2}});
    for path in ["a/b", "/a/b", "//a//b/", "a/b///"] {
        reads(&tree, &[path], &json!({"a": {"b": 1}}));
    }
}

#[test]
fn r3_a_missing_top_level_key_gives_an_empty_object() {
    reads(&json!({"a": 1}), &["/nope"], &json!({}));
    reads(&json!({}), &["/nope/deeper"], &json!({}));
}

#[test]
fn r4_the_existing_prefix_of_a_missing_path_appears() {
    reads(&json!({"a": {"b": {"c": 1}}}), &["/a/b/zz"], &json!({"a": {"b": {}}}));
}

#[test]
fn r5_a_path_through_a_scalar_or_array_shows_an_empty_object() {
    reads(&json!({"a": {"b": {"c": 1}}}), &["/a/b/c/d"], &json!({"a": {"b": {"c": {}}}}));
    reads(&json!({"x": 12}), &["/x/y"], &json!({"x": {}}));
    reads(&json!({"x": [{"y": 1}]}), &["/x/y", "/x/0"], &json!({"x": {}}));
}

#[test]
fn r6_overlapping_paths_merge_in_any_order() {
    reads(&json!({"x": 12}), &["/x", "/x/y"], &json!({"x": 12}));
    reads(&json!({"x": 12}), &["x", "/x/y"], &json!({"x": 12}));
    let tree = json!({"a": {"b": 1, "e": 2, "f": 3}});
    for paths in [["a/e", "/a/b"], ["/a/b", "a/e"]] {
        reads(&tree, &paths, &json!({"a": {"b": 1, "e": 2}}));
    }
    reads(&tree, &["/a/b", "a", "/a/b"], &tree);
}

#[test]
fn r7_a_query_without_paths_gives_an_empty_object() {
    reads(&json!({"a": 1}), &[], &json!({}));
}

#[test]
fn r8_the_empty_path_is_ignored_and_the_slash_is_the_whole_tree() {
    let tree = json!({"a": 1, "b": {}});
    reads(&tree, &[""], &json!({}));
    reads(&tree, &["/"], &tree);
    reads(&tree, &["", "/b"], &json!({"b": {}}));
}

#[test]
fn r9_a_root_that_is_an_array_is_given_as_it_is() {
    reads(&json!([1, 2]), &["/"], &json!([1, 2]));
    reads(&json!([1, 2]), &["/a"], &json!({}));
    reads(&json!("s"), &["/"], &json!("s"));
}

#[test]
fn r12_hidden_keys_are_omitted_unless_a_path_names_one() {
    let tree = json!({".agency": {"term": 1}, "a": {".h": 1, "b": {".i": 2, "c": 3}}});
    reads(&tree, &["/"], &json!({"a": {"b": {"c": 3}}}));
    reads(&tree, &["/a/b"], &json!({"a": {"b": {"c": 3}}}));
    reads(&tree, &["/.agency"], &json!({".agency": {"term": 1}}));
    reads(&tree, &[".agency", "a"], &tree);
    reads(&tree, &["/a", "/a/.nope"], &json!({"a": {".h": 1, "b": {".i": 2, "c": 3}}}));
    reads(&json!({"a": {".h": 1}}), &["a"], &json!({"a": {}}));
}

#[test]
fn r13_keys_inside_array_elements_are_never_hidden() {
    let tree = json!({"a": [{".h": 1}]});
    reads(&tree, &["/a"], &tree);
}
