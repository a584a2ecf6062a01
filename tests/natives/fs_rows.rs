//! `fs::each_csv_row`, `fs::each_json_line`.

use crate::support::Run;

/// The rows of a CSV text, as `term::compact` shows them.
fn rows(content: &str, options: &str) -> String {
    let run = Run::new();
    std::fs::write(run.directory.path().join("c"), content).unwrap();
    run.text(&format!("let seen = []; fs::each_csv_row(dir + \"/c\", |row, n| {{ if n != seen.len() {{ throw n; }} seen.push(row); }}, {options}); json::stringify(seen)"))
}

#[test]
fn csv_rows_have_quoted_fields_of_any_content() {
    assert_eq!(rows("a,b\n1,2", "#{}"), r#"[["a","b"],["1","2"]]"#);
    assert_eq!(
        rows("\"a,\"\"b\"\"\nc\",\r\n\n,ü\r\n1\n", "#{}"),
        r#"[["a,\"b\"\nc",""],["","ü"],["1"]]"#
    );
    assert_eq!(rows("", "#{}"), "[]");
}

#[test]
fn csv_separator_and_quote_can_be_chosen() {
    assert_eq!(
        rows("a;'b;c';\"d\"", "#{ separator: \";\", quote: \"'\" }"),
        r#"[["a","b;c","\"d\""]]"#
    );
    assert_eq!(rows("a\t\"b\n", "#{ separator: \"\\t\", quote: \"\" }"), r#"[["a","\"b"]]"#);
    let run = Run::new();
    run.exec("fs::write(dir + \"/c\", \"a\")");
    for options in [
        "separator: \"\"",
        "separator: \";;\"",
        "separator: \"ü\"",
        "quote: \"''\"",
        "separator: \"\\n\"",
    ] {
        let error = run.error(&format!("fs::each_csv_row(dir + \"/c\", |r| (), #{{ {options} }})"));
        assert_eq!(error["name"].to_string(), "TypeError", "{options}");
    }
    assert_eq!(run.number("fs::each_csv_row(dir + \"/c\", |r| (), #{ separator: 5 })"), 10);
    assert_eq!(run.number("fs::each_csv_row(dir + \"/c\", |r| (), #{ seperator: \";\" })"), 10);
}

#[test]
fn json_lines_are_any_values_and_blank_lines_are_left_out() {
    Run::new().is_true(
        "fs::write(dir + \"/j\", \"{\\\"a\\\":1}\\r\\n\\n  \\n3\\nnull\\n\\\"x\\\"\"); let seen = []; fs::each_json_line(dir + \"/j\", |v, n| seen.push([n, v]));
         seen == [[0, #{ a: 1 }], [1, 3], [2, ()], [3, \"x\"]]",
    );
}

#[test]
fn json_lines_that_are_malformed_raise_37_with_their_line() {
    let run = Run::new();
    run.exec("fs::write(dir + \"/j\", \"1\\n\\n{\\n2\\n\")");
    let error = run.error("fs::each_json_line(dir + \"/j\", |v| ())");
    assert_eq!(error["error_num"].as_int(), Ok(37));
    assert!(error["message"].to_string().contains("in line 3 of"), "{error:?}");
    assert_eq!(error["context"].as_map_ref().unwrap()["line"].as_int(), Ok(3));
    run.exec("fs::write(dir + \"/j\", blob(2, 0xff))");
    assert_eq!(run.number("fs::each_json_line(dir + \"/j\", |v| ())"), 37);
}

#[test]
fn the_function_may_leave_the_number_out_and_does_not_stop_by_what_it_returns() {
    let run = Run::new();
    run.exec("fs::write(dir + \"/f\", \"1\\n2\\n3\\n\")");
    run.is_true("let seen = 0; fs::each_csv_row(dir + \"/f\", |row| { seen += 1; false }); fs::each_json_line(dir + \"/f\", |v, n| { seen += v; false }); seen == 9");
    run.is_true("let seen = []; let f = |word, v| seen.push(word); fs::each_json_line(dir + \"/f\", f.curry(\"w\")); seen == [\"w\", \"w\", \"w\"]");
}

#[test]
fn errors_of_the_function_come_through_unchanged_and_end_the_reading() {
    let run = Run::new();
    run.exec("fs::write(dir + \"/f\", \"1\\n2\\n3\\n\")");
    for native in ["each_csv_row", "each_json_line"] {
        run.is_true(&format!("let seen = 0; let caught = (); try {{ fs::{native}(dir + \"/f\", |v, n| {{ seen += 1; if n == 1 {{ throw #{{ mine: n }}; }} }}); }} catch (e) {{ caught = e; }} seen == 2 && caught == #{{ mine: 1 }}"));
        assert_eq!(run.number(&format!("fs::{native}(dir + \"/none\", |v| ())")), 14);
        assert_eq!(run.number(&format!("fs::{native}(dir, |v| ())")), 2);
        run.is_true(&format!("let number = 0; try {{ fs::{native}(dir + \"/f\", |v| fs::read(\"/\")); }} catch (e) {{ number = e.error_num; }} number == 2"));
        assert!(run.try_eval(&format!("fs::{native}(dir + \"/f\", || ())")).is_err());
    }
}

#[test]
fn the_function_may_use_files_and_read_the_same_one() {
    Run::new().is_true(
        "fs::write(dir + \"/f\", \"1\\n2\\n\"); let sum = 0; let path = dir + \"/f\";
         fs::each_json_line(path, |a| fs::each_json_line(path, |b| sum += a * b)); sum == 9",
    );
}
