//! N1-N3, Z1-Z2, V1-V5, T1-T5.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use agencysh::natives::{Gate, Invocation, Permissions};

use crate::support::Run;

#[test]
fn n1_a_port_is_free_once_its_listener_closes() {
    let run = Run::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    run.is_true(&format!("!net::port_free({port}) && !net::port_free(\"tcp://127.0.0.1:{port}\") && net::can_connect({port})"));
    drop(listener);
    run.is_true(&format!("net::port_free({port}) && !net::can_connect({port}, 1)"));
    for bad in ["\"x\"", "\"tcp://:1\"", "\"a:99999\"", "0", "70000", "()"] {
        assert_eq!(run.number(&format!("net::port_free({bad})")), 10, "{bad}");
    }
    assert_eq!(
        Run::with(|builder| builder.permissions(Permissions::all().deny(Gate::Ports)))
            .number("net::port_free(8529)"),
        11
    );
}

#[test]
fn n1_a_socket_in_the_file_system_is_free_and_stays_so() {
    let run = Run::new();
    run.is_true("net::port_free(`unix://${dir}/s`) && net::port_free(`unix://${dir}/s`) && fs::list(dir) == []");
    let listener = UnixListener::bind(run.directory.path().join("s")).unwrap();
    run.is_true("!net::port_free(`unix://${dir}/s`) && !net::port_free(`unix://${dir}/no/s`) && fs::list(dir) == [\"s\"]");
    drop(listener);
    let closed = Run::with(|builder| builder.permissions(Permissions::all().deny(Gate::Files)));
    assert_eq!(closed.number("net::port_free(`unix://${dir}/s`)"), 11);
}

#[test]
fn n2_a_found_port_is_not_excluded() {
    let run = Run::new();
    run.is_true("let p = net::find_free_port(30000, 40000, [30001]); p >= 30000 && p <= 40000 && net::port_free(p)");
    assert_eq!(run.number("net::find_free_port(30000, 30000, [30000])"), 4);
    assert_eq!(run.number("net::find_free_port(5, 1)"), 10);
}

#[test]
fn n3_ip_versions() {
    let run = Run::new();
    for (text, version) in
        [("1.2.3.4", 4), ("01.2.3.4", 0), ("::1", 6), ("::ffff:1.2.3.4", 6), ("x", 0)]
    {
        run.is_true(&format!("net::ip_version(\"{text}\") == {version}"));
    }
}

#[test]
fn z1_a_set_variable_stays_in_its_run() {
    let run = Run::new();
    run.is_true("env::set(\"AGENCYSH_TEST_Z1\", 5); env::get(\"AGENCYSH_TEST_Z1\") == \"5\" && \"AGENCYSH_TEST_Z1\" in env::all()");
    Run::new().is_true("env::get(\"AGENCYSH_TEST_Z1\") == ()");
    run.is_true("env::set(\"AGENCYSH_TEST_Z1\", ()); env::get(\"AGENCYSH_TEST_Z1\", 7) == 7 && !env::has(\"AGENCYSH_TEST_Z1\")");
    for bad in ["\"\"", "\"a=b\"", "\"a\\x00\""] {
        assert_eq!(run.number(&format!("env::set({bad}, \"x\")")), 10);
    }
    assert_eq!(run.number("env::set(\"A\", [])"), 10);
    assert_eq!(
        Run::with(|builder| builder.permissions(Permissions::all().deny(Gate::Environment)))
            .number("env::get(\"PATH\")"),
        11
    );
}

#[test]
fn z2_arguments_keep_their_dashes() {
    let words = vec!["-x".to_owned(), "--y".to_owned(), "3".to_owned()];
    Run::with(|builder| {
        builder.invocation(Invocation { arguments: words, ..Invocation::default() })
    })
    .is_true("env::args() == [\"-x\", \"--y\", \"3\"]");
}

#[test]
fn v1_integers_stay_exact_and_greater_ones_become_floats() {
    let run = Run::new();
    for number in ["-9223372036854775808", "9223372036854775807", "9007199254740993"] {
        assert_eq!(run.text(&format!("json::stringify(json::parse(\"{number}\"))")), number);
    }
    run.is_true("type_of(json::parse(\"18446744073709551615\")) == \"f64\"");
}

#[test]
fn v1_every_json_value_survives_velocypack() {
    let run = Run::new();
    let texts = [
        "null",
        "true",
        "false",
        "0",
        "-1",
        "9007199254740993",
        "-9223372036854775808",
        "9223372036854775807",
        "1.0",
        "-0.5",
        "1e300",
        r#""""#,
        r#""ü\n""#,
        "[]",
        "{}",
        r#"[1,[2,{"":[null]}],"x"]"#,
        r#"{"a":{"b":{"c":[1.0,1]}},"new":1,"z":"é"}"#,
    ];
    for text in texts {
        run.is_true(&format!(
            "let value = json::parse(`{text}`); let found = vpack::decode(vpack::encode(value)); \
             type_of(found) == type_of(value) && json::stringify(found) == json::stringify(value)"
        ));
    }
    // 2^64 - 1
    run.is_true("type_of(vpack::decode(blob(1, 0x2f) + blob(8, 0xff))) == \"f64\"");
    run.is_true("type_of(vpack::encode(1)) == \"blob\"");
}

#[test]
fn v2_velocypack_has_null_for_what_json_has_not() {
    let run = Run::new();
    run.is_true("vpack::encode([0.0/0.0, 1.0/0.0, ()]) == vpack::encode([(), (), ()])");
    run.is_true("vpack::decode(vpack::encode(())) == ()");
    for value in ["|x| x", "[|x| x]", "#{ f: Fn(\"f\") }"] {
        assert_eq!(run.number(&format!("vpack::encode({value})")), 10, "{value}");
    }
}

#[test]
fn v3_rubbish_raises_10_and_tells_the_place() {
    let run = Run::new();
    // Every part of a value, and every value of two bytes that begins an array or object.
    run.is_true(
        "let whole = vpack::encode(#{ a: [1, \"x\", 2.5], b: #{ c: () } }); \
         for length in 0..whole.len { \
             let raised = false; \
             try { vpack::decode(whole.extract(0, length)) } catch (e) { raised = e.error_num == 10; } \
             if !raised { return false; } \
         } \
         for head in 0..256 { \
             try { vpack::decode(blob(1, head) + blob(9, 7)) } catch (e) { if e.error_num != 10 { return false; } } \
         } \
         true",
    );
    let error = run.error("vpack::decode(blob(1, 0x31) + blob(1, 0x1d))");
    assert_eq!(error["kind"].to_string(), "vpack.trailing");
    let error = run.error("vpack::decode(blob(1, 0x13) + blob(1, 4) + blob(1, 0xc0) + blob(1, 1))");
    assert_eq!(error["kind"].to_string(), "vpack.no_json_form");
    let message = error["message"].to_string();
    assert!(message.contains("binary data (type 0xc0) at offset 2"), "{message}");
    assert_eq!(run.error("vpack::decode(\"x\")")["kind"].to_string(), "argument.type");
}

#[test]
fn v2_nan_becomes_null_and_functions_raise_10() {
    let run = Run::new();
    assert_eq!(run.text("json::stringify([0.0 / 0.0, (), 2.0])"), "[null,null,2.0]");
    assert_eq!(run.number("json::stringify(|x| x)"), 10);
}

#[test]
fn v4_any_top_level_value_parses_and_bad_text_raises_37_with_its_place() {
    let run = Run::new();
    run.is_true("json::parse(\"3\") == 3 && json::parse(\"null\") == () && json::parse(\"\\\"x\\\"\") == \"x\"");
    let error = run.error("json::parse(\"{\\n  x\")");
    assert_eq!(error["error_num"].as_int(), Ok(37));
    let message = error["message"].to_string();
    assert!(message.contains("line 2") && message.contains("column"), "{message}");
    let deep = "[".repeat(100_000);
    assert_eq!(run.number(&format!("json::parse(`{deep}`)")), 37);
}

#[test]
fn v5_reserved_words_survive_as_keys() {
    let run = Run::new();
    let text = r#"{"default":3,"in":2,"new":1}"#;
    assert_eq!(run.text(&format!("json::stringify(json::parse(`{text}`))")), text);
    run.is_true(&format!("json::parse(`{text}`)[\"new\"] == 1"));
}

#[test]
fn parts_of_values_are_read_and_replaced_by_path() {
    let run = Run::new();
    run.is_true("json::get([#{ a: 5 }], [0, \"a\"]) == 5 && json::get(5, \"/x\") == ()");
    run.is_true("json::equal(json::set([1], [1], 2), [1, 2]) && json::equal(json::set((), \"/a/b\", 1), #{ a: #{ b: 1 } })");
    assert_eq!(run.number("json::set([1], [5], 2)"), 10);
    assert_eq!(run.number("json::get(#{}, 5)"), 10);
}

#[test]
fn t1_t2_compact_and_pretty_have_the_same_tokens() {
    let run = Run::new();
    assert_eq!(
        run.text("term::compact(#{a: 1, b: [1, \"x\"]})"),
        r#"{ "a" : 1, "b" : [ 1, "x" ] }"#
    );
    assert_eq!(run.text("term::compact([]) + term::compact(#{})"), "[ ]{ }");
    let pretty = run.text("term::pretty(#{a: 1, b: [1, \"x\"], c: []})");
    let joined: String = pretty.lines().map(str::trim_start).collect();
    assert_eq!(joined, run.text("term::compact(#{a: 1, b: [1, \"x\"], c: []})"));
}

#[test]
fn t3_print_joins_with_blanks_and_keeps_strings_raw() {
    let run = Run::new();
    run.exec("print(\"a\", 1, [2]); print(); print([\"x\"]); print(1.5)");
    assert_eq!(*run.printed.lock().unwrap(), "a 1 [ 2 ]\n\n[ \"x\" ]\n1.5\n");
}

#[test]
fn t4_escape_sequences_appear_only_when_colours_are_on() {
    let run = Run::new();
    run.is_true("term::color(\"bold_red\") == \"\"");
    run.is_true("term::set_color(true); term::color(\"bold_red\") == \"\\x1b[1;31m\" && term::color(\"reset\") == \"\\x1b[0m\"");
    assert_eq!(run.number("term::color(\"pink\")"), 10);
}

#[test]
fn t5_capture_restores_the_output_after_an_error() {
    let run = Run::new();
    run.is_true("term::capture(|| { print(1); term::write(\"x\"); }) == \"1\\nx\"");
    run.exec("try { term::capture(|| { print(\"lost\"); throw 1; }) } catch { } print(\"seen\")");
    assert_eq!(*run.printed.lock().unwrap(), "seen\n");
}

#[test]
fn v4_json_takes_the_extremes_and_refuses_the_rest() {
    let run = Run::new();
    run.is_true("json::parse(`{\"a\":1,\"a\":2}`).a == 2");
    run.is_true("json::parse(\"-0\") == 0 && json::parse(\" [ ] \") == []");
    for bad in
        ["", "1e400", "01", "[1,]", "{\"a\":1", "\\\"\\\\ud800\\\"", "NaN", "1 2", "\\ufeff1"]
    {
        let error = run.error(&format!("json::parse(\"{}\")", bad.replace("{\"a\"", "{\\\"a\\\"")));
        assert_eq!(error["error_num"].as_int(), Ok(37), "{bad}");
        assert!(error["message"].to_string().contains("line 1 column"), "{bad}: {error:?}");
    }
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    run.is_true(&format!("json::stringify(json::parse(`{0}`)) == `{0}`", nested(200)));
    assert_eq!(run.number(&format!("json::parse(`{}`)", nested(201))), 37);
}

#[test]
fn values_nested_a_thousand_levels_are_refused_or_cut_but_never_end_the_process() {
    let run = Run::new();
    run.is_true(
        "let a = []; for i in 0..1000 { a = [a]; }
         let m = #{}; for i in 0..1000 { m = #{ m: m }; }
         let refused = 0;
         for value in [a, m] {
             try { json::stringify(value); } catch (e) { refused += e.error_num; }
             try { json::equal(value, 1); } catch (e) { refused += e.error_num; }
             try { http::post(\"http://h/\", \"\", #{ json: value }); } catch (e) { refused += e.error_num; }
             try { jwt::encode(\"k\", #{ value: value }); } catch (e) { refused += e.error_num; }
             if !(\"...\" in term::compact(value)) { return false; }
             print(value); errors::normalize(value); term::pretty(value);
         }
         refused == 80",
    );
    let path = "let p = \"/a\"; for i in 0..20 { p += p; }";
    assert_eq!(run.number(&format!("{path} json::set(#{{}}, p, 1)")), 10);
    run.is_true(&format!("{path} json::get(#{{}}, p) == ()"));
}

#[test]
fn n1_addresses_are_not_confused() {
    let run = Run::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // 192.0.2.0 is for documentation: nobody is there
    run.is_true(&format!("net::can_connect(\"0.0.0.0:{port}\") && net::can_connect({port}.0)"));
    run.is_true(&format!("!net::can_connect(\"110.0.0.0:{port}\", 0.05)"));
    run.is_true(&format!(
        "net::can_connect(\"localhost:{port}\") && !net::port_free(\"localhost:{port}\")"
    ));
    run.is_true("!net::can_connect(\"no-such-host.invalid:80\") && !net::can_connect(1, 0) && !net::can_connect(1, -5)");
    assert_eq!(run.number("net::port_free(\"no-such-host.invalid:80\")"), 10);
    assert_eq!(run.number("time::set_deadline(0.001); sleep(1); net::can_connect(1)"), 36);
}

#[test]
fn n2_the_whole_range_is_used_and_all_tries_can_fail() {
    let run = Run::new();
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_eq!(run.number(&format!("net::find_free_port({port}, {port})")), 4);
    for bad in ["0, 5", "5, 70000", "-1, 5", "5, 4"] {
        assert_eq!(run.number(&format!("net::find_free_port({bad})")), 10, "{bad}");
    }
    run.is_true(&format!("net::udp_port_free({port})"));
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    run.is_true(&format!("!net::udp_port_free(\"127.0.0.1:{port}\")"));
}

#[test]
fn t2_empty_values_and_functions_and_errors_are_printed_in_short() {
    let run = Run::new();
    assert_eq!(run.text("term::pretty([])"), "[ ]");
    assert_eq!(run.text("term::compact(errors::make(10, \"text\"))"), "[ArangoError 10: text]");
    assert_eq!(
        run.text("term::compact([(), true, 'c', 0.0 / 0.0, blob(2)])"),
        "[ null, true, c, null, [blob of 2 bytes] ]"
    );
    run.is_true("term::compact([|x| x]).starts_with(\"[ [function anon$\")");
}

#[test]
fn t3_print_cuts_long_texts_inside_values_and_only_there() {
    let run = Run::new();
    run.exec("let long = \"\"; long.pad(300, 'ü'); print([long]); print(long); term::write(term::compact([long]))");
    let printed = run.printed.lock().unwrap().clone();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0], format!("[ \"{}...\" ]", "ü".repeat(256)));
    assert_eq!(lines[1], "ü".repeat(300));
    assert_eq!(lines[2], format!("[ \"{}\" ]", "ü".repeat(300)));
}

#[test]
fn t3_print_takes_up_to_eight_values_of_any_type() {
    let run = Run::new();
    run.exec("print((), true, 'c', 1, 1.0, \"s\", [1], #{})");
    assert_eq!(*run.printed.lock().unwrap(), "null true c 1 1.0 s [ 1 ] { }\n");
    run.exec("let x = 1; let f = || x += 1; f.call(); print(x, [x])");
    assert!(run.printed.lock().unwrap().ends_with("2 [ 2 ]\n"));
}
