//! P15, P16: maps and the words of command lines.

use crate::support::Run;

#[test]
fn p15_to_argv_makes_words() {
    let run = Run::new();
    run.is_true(
        "process::to_argv(#{ a: true, b: [\"x\", \"y\"], c: 5, \"d=1\": () }) \
         == [\"--a\", \"true\", \"--b\", \"x\", \"--b\", \"y\", \"--c\", \"5\", \"--d=1\"]",
    );
    run.is_true(
        "process::to_argv(#{ a: false, b: [1, ()], c: \"x y\", d: () }, true) \
         == [\"--a=false\", \"--b=1\", \"--b\", \"--c=x y\", \"--d\"]",
    );
    run.is_true(
        "process::to_argv(#{ a: 1, commandSwitches: [\"x\", \"long\", \"y\"], flatCommands: [\"f\", 2] }) \
         == [\"--a\", \"1\", \"long\", \"xy\", \"f\", \"2\"]",
    );
    for bad in
        ["#{ a: #{} }", "#{ a: [[]] }", "#{ flatCommands: 5 }", "#{ commandSwitches: [()] }", "5"]
    {
        assert_eq!(run.number(&format!("process::to_argv({bad})")), 10, "{bad}");
    }
}

#[test]
fn p16_parse_argv_makes_a_map() {
    let run = Run::new();
    run.is_true(
        "let m = process::parse_argv([\"s\", \"--n\", \"5\", \"--f\", \"--x:y\", \"z\", \"-ab\", \"--\", \"-q\"]); \
         m == #{ n: 5, x: #{ y: \"z\" }, commandSwitches: [\"f\", \"a\", \"b\"], flatCommands: [\"s\", \"-q\"] }",
    );
    run.is_true("process::parse_argv([\"--opt\"]) == #{ commandSwitches: [\"opt\"] }");
    run.is_true(
        "process::parse_argv([\"--a\", \"x\", \"--a\", \"y\", \"--a\", \"z\", \"--t\", \"true\", \"--u\", \"false\", \"--v\", \"1.5\", \"-\"]) \
         == #{ a: [\"x\", \"y\", \"z\"], t: true, u: false, v: \"1.5\", flatCommands: [\"-\"] }",
    );
    run.is_true("process::parse_argv([\"--a:b:c\", \"1\", \"--a:b:d\", \"2\"]) == #{ a: #{ b: #{ c: 1, d: 2 } } }");
    run.is_true("process::parse_argv([]) == #{}");
    for bad in ["[\"--a\", \"1\", \"--a:b\", \"2\"]", "[[]]", "[()]", "5"] {
        assert_eq!(run.number(&format!("process::parse_argv({bad})")), 10, "{bad}");
    }
    run.is_true("let deep = \"--a\"; deep.pad(200000, \":a\"); \
                 try { process::parse_argv([deep, \"1\"]); false } catch (e) { if e.error_num != 10 { throw e; } } true");
}

#[test]
fn argv_round_trips() {
    Run::new().is_true(
        "let m = #{ n: 5, s: \"x\", list: [\"a\", \"b\"], yes: true, flatCommands: [\"f\"] }; \
         process::parse_argv(process::to_argv(m)) == #{ n: 5, s: \"x\", list: [\"a\", \"b\"], yes: true, flatCommands: [\"f\"] }",
    );
}
