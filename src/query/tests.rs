//! jq programs over documents.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::*;

fn document(text: &str) -> Document {
    Document::parse(text.to_owned(), &|| ControlFlow::Continue(())).unwrap()
}

fn results(input: &str, program: &str, deadline: &Deadline) -> Result<Vec<Value>, QueryError> {
    let mut found = Vec::new();
    query(&document(input), program, deadline, &mut |item| {
        found.push(serde_json::to_value(item).unwrap());
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

fn run(input: &str, program: &str) -> Result<Vec<Value>, QueryError> {
    results(input, program, &Deadline::default())
}

/// Each program, with its input and all its results in one array.
fn check(cases: &[(&str, &str, Value)]) {
    for (input, program, expected) in cases {
        let found = run(input, program).map(Value::from);
        assert_eq!(found.as_ref(), Ok(expected), "{input} | {program}");
    }
}

#[test]
fn values_are_reached_as_in_jq() {
    check(&[
        (r#"{"a":{"b":[1,2]}}"#, ".a.b[1]", json!([2])),
        (r#"{"a":1}"#, ".b, .a, .b.c", json!([null, 1, null])),
        ("[1,2,3]", ".[-1], .[1:], .[:-1], .[7]", json!([3, [2, 3], [1, 2], null])),
        ("[[1],[2]]", ".[][]", json!([1, 2])),
        (
            r#"{"b":1,"a":2}"#,
            "keys, [.[]], length, (to_entries|.[0])",
            json!([["a", "b"], [2, 1], 2, {"key": "a", "value": 2}]),
        ),
        (r#""aüb""#, ".[1:], length, utf8bytelength", json!(["üb", 3, 4])),
        (r#"{"a":[{"b":1}]}"#, "[paths]", json!([[["a"], ["a", 0], ["a", 0, "b"]]])),
        (r#"[3,{"a":1}]"#, "[..]", json!([[[3, {"a": 1}], 3, {"a": 1}, 1]])),
        (
            r#"{"a":1}"#,
            "has(\"a\"), has(\"b\"), (.a as $x | $x + 1), \"\\(.a)-\\(.)\"",
            json!([true, false, 2, "1-{\"a\":1}"]),
        ),
        ("null", ".a, .[0], .[1:], length", json!([null, null, null, 0])),
        ("5", "try .a catch \"no\", (.a? // \"none\")", json!(["no", "none"])),
    ]);
}

#[test]
fn values_are_computed_as_in_jq() {
    check(&[
        ("null", "1+2, 7/2, 6/2, 7%3, -(3), 2*2.5", json!([3, 3.5, 3, 1, -3, 5.0])),
        (
            "null",
            "9223372036854775807 + 1, -9223372036854775808 - 1",
            json!([9223372036854775808.0, -9223372036854775809.0]),
        ),
        (
            "null",
            "\"a\"+\"b\", \"ab\"*2, (\"a,b\"/\",\"), (\"x\" * 0)",
            json!(["ab", "abab", ["a", "b"], null]),
        ),
        (
            "[1,2,1]",
            ". - [1], . + [9], index(2), indices(1)",
            json!([[2], [1, 2, 1, 9], 1, [0, 2]]),
        ),
        (
            r#"{"a":{"x":1},"b":2}"#,
            ". + {b:3}, . * {a:{y:2}}",
            json!([{"a": {"x": 1}, "b": 3}, {"a": {"x": 1, "y": 2}, "b": 2}]),
        ),
        (
            "[3,1,2]",
            "sort, add, min, max, (map(.*2)), reverse, unique",
            json!([[1, 2, 3], 6, 1, 3, [6, 2, 4], [2, 1, 3], [1, 2, 3]]),
        ),
        (
            r#"[{"g":1,"v":2},{"g":0,"v":3},{"g":1,"v":4}]"#,
            "group_by(.g) | map(map(.v))",
            json!([[[3], [2, 4]]]),
        ),
        (
            r#"[null,true,false,0,1.5,"a",[1],{"a":1},[]]"#,
            "sort",
            json!([[null, false, true, 0, 1.5, "a", [], [1], {"a": 1}]]),
        ),
        (
            r#"["1.5","x"]"#,
            "(.[0]|tonumber), (try (.[1]|tonumber) catch \"no\")",
            json!([1.5, "no"]),
        ),
        (r#"{"a":"[1,2]"}"#, "(.a|fromjson|add), tojson", json!([3, r#"{"a":"[1,2]"}"#])),
        (
            r#"["ab12","x"]"#,
            "map(test(\"[0-9]+\")), (.[0]|sub(\"[0-9]+\";\"#\")), (.[0]|[match(\"b\").offset])",
            json!([[true, false], "ab#", [1]]),
        ),
        (
            r#"{"a":[1,{"b":2}]}"#,
            "contains({a:[{b:2}]}), (.a|inside([1,{b:2,c:3}])), (.a|contains([7]))",
            json!([true, true, false]),
        ),
        (
            "[0,1]",
            "nan < nan, (nan == nan), ([nan]|sort|length), infinite > 1",
            json!([true, false, 1, true]),
        ),
        (
            "null",
            "[limit(3; repeat(1))], first(range(5;9)), [range(0;10;4)], ([range(3;0;-1)])",
            json!([[1, 1, 1], 5, [0, 4, 8], [3, 2, 1]]),
        ),
        (
            "[1,[2,[3]]]",
            "flatten, (tostring), @base64 \"\\(\"x\")\", ([.[]|type])",
            json!([[1, 2, 3], "[1,[2,[3]]]", "eA==", ["number", "array"]]),
        ),
    ]);
}

#[test]
fn values_are_changed_as_in_jq_and_the_document_stays() {
    check(&[
        (
            r#"{"a":{"b":1},"c":2}"#,
            ".a.b = 5, .a.b |= .+1, del(.a), .",
            json!([{"a": {"b": 5}, "c": 2}, {"a": {"b": 2}, "c": 2}, {"c": 2}, {"a": {"b": 1}, "c": 2}]),
        ),
        (
            "[1,2,3]",
            ".[1] = 9, .[] += 1, map(select(. != 2)), .[4] = 0, .[1:] = [7], del(.[0])",
            json!([[1, 9, 3], [2, 3, 4], [1, 3], [1, 2, 3, null, 0], [1, 7], [2, 3]]),
        ),
        ("null", ".a.b = 1, (.[1] = 2)", json!([{"a": {"b": 1}}, [null, 2]])),
        (
            r#"{"a":1,"b":2}"#,
            "with_entries(.value += 1), map_values(select(. > 1)), (to_entries|from_entries)",
            json!([{"a": 2, "b": 3}, {"b": 2}, {"a": 1, "b": 2}]),
        ),
        (
            r#"{"a":[{"b":1}]}"#,
            "setpath([\"a\",0,\"b\"]; 7), getpath([\"a\",0,\"b\"]), (walk(if type == \"number\" then .+1 else . end))",
            json!([{"a": [{"b": 7}]}, 1, {"a": [{"b": 2}]}]),
        ),
    ]);
}

#[test]
fn errors_say_what_went_wrong() {
    let failed = |input: &str, program: &str| match run(input, program).unwrap_err() {
        QueryError::Failed { reason } => reason,
        other => panic!("{program}: {other:?}"),
    };
    assert_eq!(failed("[1]", ".a"), "cannot index [1] with \"a\"");
    assert_eq!(failed("3", ".[]"), "cannot use 3 as iterable (array or object)");
    assert_eq!(failed("3", "error(\"mine\")"), "\"mine\"");
    assert!(failed("[1]", "{(.): 1}").contains("key of an object"));
    let long = format!("[{}1]", "1,".repeat(1000));
    assert!(failed(&long, ".a").len() < 200, "{}", failed(&long, ".a"));
    assert!(failed("null", "\"x\" * 1e12").contains("longer than 67108864 bytes"));
    let doubled = failed("[1]", "reduce range(40) as $i (.; . + .)");
    assert!(doubled.contains("more than 16777216 elements"), "{doubled}");
}

#[test]
fn texts_that_are_no_programs_are_syntax_errors_with_a_place() {
    let reason = |program: &str| match run("null", program).unwrap_err() {
        QueryError::Syntax { reason } => reason,
        other => panic!("{program}: {other:?}"),
    };
    assert!(reason(".a |\n  )").contains("line 2"), "{}", reason(".a |\n  )"));
    assert_eq!(reason("1 | nosuch(2)"), "there is no filter nosuch at line 1 column 5");
    assert_eq!(reason("$x"), "there is no variable $x at line 1 column 1");
    for program in
        ["", "(", "[1,", "if 1", "\"a", "import \"a\" as a; 1", "env", "$ENV", "input", "💣"]
    {
        assert!(!reason(program).is_empty(), "{program}");
    }
    assert!(reason(&"[".repeat(100_000)).contains("at most 8192 bytes"));
}

#[test]
fn programs_at_the_limits_of_size_and_nesting_do_no_harm() {
    let pieces = [
        "(",
        "-",
        "- ",
        ".|",
        "try ",
        ".,",
        "1+",
        "if ",
        "def f: ",
        "\"\\(",
        ". as $x|",
        ".a",
        "[]",
        "{a:",
        "reduce . as $x (",
        "..",
        "?",
        "label $x|",
        "$__loc__",
        "@base64 \"\\(",
    ];
    for piece in pieces {
        let program = piece.repeat(super::program::LONGEST / piece.len());
        drop(run("null", &program));
        drop(run("null", &format!("{}.", piece.repeat(4000 / piece.len()))));
    }
}

#[test]
fn patterns_that_would_be_endless_end() {
    for program in [
        r#"test("((a{1000}){1000}){1000}")"#,
        r#"("a" * 20000) | test("(a*)*b")"#,
        r#"[("ab" * 2000) | match("(a|b)*?c"; "g")]"#,
    ] {
        let begin = Instant::now();
        drop(run("\"aaa\"", program));
        assert!(begin.elapsed() < Duration::from_secs(5), "{program}: {:?}", begin.elapsed());
    }
}

#[test]
fn halt_ends_the_results() {
    check(&[("null", "1, halt, 2", json!([1]))]);
}

/// How long a program goes on after the deadline; it must not end by itself.
fn overtime(input: &str, program: &str) -> Duration {
    let limit = Duration::from_millis(60);
    let begin = Instant::now();
    let deadline = Deadline::after(Some(limit));
    let ended = query(&document(input), program, &deadline, &mut |_| ControlFlow::Continue(()));
    assert_eq!(ended, Err(QueryError::Stopped), "{program}");
    begin.elapsed().saturating_sub(limit)
}

#[test]
fn every_way_to_never_end_ends_with_the_run() {
    let wide = format!("[{}1]", "1,".repeat(300));
    for program in [
        "def f: f; f",
        "def f: def g: f; g; f",
        "def f(x): x | f(x); f(.)",
        "[range(1e15)]",
        "range(0; 1; 0)",
        "reduce range(1e15) as $x (0; .)",
        "last(range(1e15))",
        "[repeat(1)]",
        "repeat(try error(1) catch 2)",
        "last(repeat(empty, 1))",
        "[recurse(.)] | length",
        "1 | until(false; .)",
        "[1 | while(true; .)]",
        "[.[] as $a | .[] as $b | .[] as $c | .[] as $d | 1] | length",
        "[.[] + .[] + .[] + .[]] | length",
        "[.[]? | . as $x | [range(1e15)]?]",
        "isempty(range(1e15) | empty)",
        "path(repeat(.))",
        "[paths(range(1e15) < 0)]",
        "(.[0] | repeat(.)) |= 1",
        "limit(1e15; repeat(1)) | empty",
        "label $out | repeat(1) | if . == 2 then break $out else empty end",
    ] {
        let late = overtime(&wide, program);
        assert!(late < Duration::from_millis(300), "{program}: {late:?} late");
    }
}

#[test]
fn an_interrupt_ends_a_program() {
    let deadline = Deadline::default();
    let interrupter = deadline.clone();
    let ended = query(&document("null"), "1, range(1e15)", &deadline, &mut |_| {
        interrupter.interrupt();
        ControlFlow::Continue(())
    });
    assert_eq!(ended, Err(QueryError::Stopped));
}

#[test]
fn calls_and_values_that_nest_without_end_are_errors() {
    for (program, message) in [
        ("def f: 1 + f; f", "calls itself too deep"),
        ("def f: [f]; f", "calls itself too deep"),
        // that cannot be caught
        ("def f: try f catch f; f", "calls itself too deep"),
        ("def f: try (1 + f) catch 1; f", "calls itself too deep"),
        ("def f: f | f; f", "calls itself too deep"),
        ("def f: {a: f}; [limit(1; f)]", "calls itself too deep"),
        ("reduce range(100000) as $x (0; [.])", "nests values deeper than 400 levels"),
        ("reduce range(100000) as $x (0; {a: .})", "nests values deeper than 400 levels"),
        ("[range(1000)] as $p | try setpath($p; 1) catch 2", "nests values deeper than 400 levels"),
    ] {
        match run("null", program) {
            Err(QueryError::Failed { reason }) => {
                assert!(reason.contains(message), "{program}: {reason}")
            }
            other => panic!("{program}: {other:?}"),
        }
    }
}

#[test]
fn groups_may_be_found_in_any_order() {
    for (program, expected) in [
        (r#"match("(?:(a)|(b))*") | [.captures[] | [.offset, .string]]"#, r#"[[1,"a"],[0,"b"]]"#),
        (r#"[match("[aé]"; "g") | [.offset, .length, .string]]"#, r#"[[1,1,"a"],[2,1,"é"]]"#),
        (r#"capture("(?<x>b)(?<y>a)")"#, r#"{"x":"b","y":"a"}"#),
        (r#"sub("(?<x>a)"; .x + .x)"#, r#""baaéc""#),
        (r#"gsub("[ab]"; "-")"#, r#""--éc""#),
        (r#"[splits("a|é")]"#, r#"["b","","c"]"#),
        (r#"test("A"; "i"), test("A")"#, "true,false"),
        (r#"[match(""; "g").offset]"#, "[0,1,2,3,4]"),
        (r#"[match("x*"; "gn").offset]"#, "[]"),
    ] {
        let results = run(r#""baéc""#, program).unwrap();
        let results: Vec<String> = results.iter().map(Value::to_string).collect();
        assert_eq!(results.join(","), expected, "{program}");
    }
    let failed = |input: &str, program: &str| run(input, program).unwrap_err().to_string();
    assert!(failed("\"a\"", "test(\"(\")").contains("invalid regex"));
    assert!(failed("\"a\"", "test(\"a\"; \"q\")").contains("invalid regex flag: q"));
    assert!(failed("1", "test(\"a\")").contains("string"));
}
