use super::*;

fn map(text: &str) -> Map {
    rhai::Engine::new().parse_json(text, true).unwrap()
}

fn parsed(declaration: &str, words: &[&str]) -> Result<serde_json::Value, String> {
    let run = NativeContext::builder().build();
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    match parse(&run, &map(declaration), &words) {
        Ok(Parsed::Given(map)) => Ok(crate::natives::to_json(&map.into()).unwrap()),
        Ok(Parsed::Help(text)) => Ok(text.into()),
        Err(error) => Err(format!("{}: {}", error.kind(), error.message())),
    }
}

const WHOLE: &str = r#"{
    "about": "Does something.",
    "arguments": [{"name": "path", "required": true}, {"name": "more", "repeated": true}, {"name": "words", "trailing": true}],
    "options": [{"name": "all", "short": "a"}, {"name": "sort_by", "value": "KEY", "values": ["id", "name"], "default": "id"},
        {"name": "limit", "value": "N", "kind": "integer"}, {"name": "with", "value": "X", "repeated": true}],
    "examples": ["Plan"], "exit_codes": {"6": "refused", "0": "done"}}"#;

#[test]
fn each_parameter_has_a_member() {
    let given = parsed(WHOLE, &["Plan"]).unwrap();
    let expected = serde_json::json!({"path": "Plan", "more": [], "words": [], "all": false, "sort_by": "id", "limit": null, "with": []});
    assert_eq!(given, expected);
    let words = "-a Plan -3 x --limit -4 --sort-by name --with 1 --with 2 -- run --all".split(' ');
    let given = parsed(WHOLE, &words.collect::<Vec<_>>()).unwrap();
    let expected = serde_json::json!({"path": "Plan", "more": ["-3", "x"], "words": ["run", "--all"], "all": true, "sort_by": "name", "limit": -4, "with": ["1", "2"]});
    assert_eq!(given, expected);
}

#[test]
fn help_lists_examples_and_exit_codes() {
    let help = parsed(WHOLE, &["--help"]).unwrap();
    let help = help.as_str().unwrap();
    for part in ["Does something.", "PATH", "--sort-by <KEY>", "agencysh run script Plan"] {
        assert!(help.contains(part), "{part}: {help}");
    }
    assert!(help.contains("    0  done\n    6  refused"), "{help}");
}

#[test]
fn words_that_do_not_fit_are_told() {
    for (words, part) in [
        (&[][..], "<PATH>"),
        (&["Plan", "--al"], "--all"),
        (&["Plan", "--limit", "x"], "invalid digit"),
        (&["Plan", "--sort-by", "age"], "possible values: id, name"),
    ] {
        let error = parsed(WHOLE, words).unwrap_err();
        assert!(error.starts_with("usage.arguments: ") && error.contains(part), "{error}");
    }
}

#[test]
fn a_declaration_that_cannot_be_is_refused() {
    for (declaration, part) in [
        (r#"{"abuot": "x"}"#, "did you mean 'about'?"),
        (r#"{"arguments": [3]}"#, "array of maps"),
        (r#"{"arguments": [{"name": "Path"}]}"#, "'Path' names no argument"),
        (r#"{"arguments": [{"name": "a"}, {"name": "a"}]}"#, "'a' is taken"),
        (r#"{"options": [{"name": "help"}]}"#, "'help' is taken"),
        (r#"{"arguments": [{"name": "a"}, {"name": "b", "required": true}]}"#, "cannot come here"),
        (r#"{"arguments": [{"name": "a", "repeated": true}, {"name": "b"}]}"#, "cannot come here"),
        (r#"{"arguments": [{"name": "a", "trailing": true}, {"name": "b"}]}"#, "cannot come here"),
        (r#"{"options": [{"name": "a", "short": "ab"}]}"#, "'ab' of option 'a'"),
        (r#"{"options": [{"name": "a", "short": "h"}]}"#, "letter 'h'"),
        (r#"{"options": [{"name": "a", "default": "x"}]}"#, "needs `value`"),
        (r#"{"options": [{"name": "a", "value": "A", "kind": "date"}]}"#, "'date' is none"),
        (
            r#"{"options": [{"name": "a", "value": "A", "values": ["x"], "default": "y"}]}"#,
            "default 'y'",
        ),
        (
            r#"{"options": [{"name": "a", "value": "A", "kind": "integer", "default": "y"}]}"#,
            "default 'y'",
        ),
    ] {
        let error = parsed(declaration, &["x"]).unwrap_err();
        assert!(error.contains(part), "{declaration}: {error}");
    }
}
