//! E1-E8.

use crate::support::Run;

#[test]
fn e1_a_caught_error_is_a_map_that_names_the_native() {
    let run = Run::new();
    let error = run.error(r#"fs::read("/no/such")"#);
    assert_eq!(error["name"].to_string(), "ArangoError");
    assert_eq!(error["error_num"].as_int(), Ok(14));
    assert_eq!(error["kind"].to_string(), "fs.not_found");
    let context = error["context"].read_lock::<rhai::Map>().unwrap();
    assert_eq!(context["func"].to_string(), "fs::read");
    assert_eq!(context["path"].to_string(), "/no/such");
}

#[test]
fn e2_normalize_takes_anything() {
    let run = Run::new();
    for thrown in [r#""text""#, "5", "()", "[1][7]", r#"fs::read("/no")"#, "#{ a: 1 }"] {
        let script = format!(
            "let seen = (); try {{ throw {thrown}; }} catch (e) {{ seen = errors::normalize(e); }}
             [\"name\", \"error_num\", \"code\", \"message\", \"context\"].all(|k| k in seen)"
        );
        run.is_true(&script);
    }
}

#[test]
fn e3_an_engine_error_keeps_text_and_line() {
    let run = Run::new();
    run.is_true(
        "try { [1][7] } catch (e) { return errors::normalize(e).context.engine.line == 1; }",
    );
}

#[test]
fn e4_rethrowing_leaves_an_error_unchanged() {
    let run = Run::new();
    let error = run.error(r#"try { fs::read("/no") } catch (e) { throw e; }"#);
    assert_eq!(error["kind"].to_string(), "fs.not_found");
    assert_eq!(error["error_num"].as_int(), Ok(14));
}

#[test]
fn e6_a_string_where_a_number_is_needed_raises_10() {
    let run = Run::new();
    for script in [r#"time::sleep("1")"#, r#"sleep("1")"#, r#"random::digits("5")"#, "fs::read(5)"]
    {
        assert_eq!(run.number(script), 10, "{script}");
    }
    assert!(
        run.error("fs::read(5)")["message"]
            .to_string()
            .contains("must be a string, not an integer")
    );
}

#[test]
fn e7_an_unknown_option_is_named_with_the_near_miss() {
    let run = Run::new();
    let error = run.error("fs::list(dir, #{ mising_ok: true })");
    assert_eq!(error["error_num"].as_int(), Ok(10));
    let message = error["message"].to_string();
    assert!(message.contains("mising_ok") && message.contains("'missing_ok'"), "{message}");
}

#[test]
fn e8_names_and_numbers_are_looked_up() {
    let run = Run::new();
    run.is_true(r#"errors::number_of("HTTP_PRECONDITION_FAILED") == 412"#);
    run.is_true(r#"errors::message_of(36) == "disabled" && errors::message_of(98765) == ()"#);
    run.is_true("errors::BAD_PARAMETER == 10 && errors::DISABLED == 36");
    for (name, number) in [
        ("HTTP_NOT_FOUND", 404),
        ("ARANGO_DATABASE_NOT_FOUND", 1228),
        ("SIMPLE_CLIENT_COULD_NOT_READ", 2003),
        ("AGENCY_MALFORMED_GOSSIP_MESSAGE", 20001),
        ("AGENCY_MALFORMED_TRANSACTION", 20030),
        ("SUPERVISION_GENERAL_FAILURE", 20501),
        ("QUEUE_FULL", 21003),
    ] {
        run.is_true(&format!(
            "errors::{name} == {number} && errors::number_of(\"{name}\") == {number}"
        ));
        run.is_true(&format!("errors::message_of({number}) != ()"));
    }
}

#[test]
fn e1_every_error_of_a_native_has_all_members_and_a_position() {
    let run = Run::new();
    for (script, func) in [
        ("fs::read(5)", "fs::read"),
        ("random::digits(0)", "random::digits"),
        ("json::parse(\"{\")", "json::parse"),
        ("jwt::decode(\"k\", \"x\")", "jwt::decode"),
        ("sleep(\"x\")", "sleep"),
        ("blob(1 << 62)", "blob"),
        ("cluster::agents()", "cluster::agents"),
        ("agency::current()", "agency::current"),
        ("arango::get(\"/x\")", "arango::get"),
        ("arango::check(())", "arango::check"),
        ("agency::connect(#{ endpoints: \"h\" }).get(5)", "agency::get"),
        ("http::get(\"/x\")", "http::get"),
        ("http::endpoint_to_url(5)", "http::endpoint_to_url"),
        ("term::color(\"pink\")", "term::color"),
        ("log::info(\"nowhere\", 1)", "log::info"),
        ("errors::make(\"x\", \"y\")", "errors::make"),
        ("net::port_free(0)", "net::port_free"),
        ("env::set(\"\", 1)", "env::set"),
        ("time::iso8601(1e300)", "time::iso8601"),
        ("crypto::hex_decode(\"x\")", "crypto::hex_decode"),
    ] {
        let error = run.error(script);
        for key in ["kind", "name", "error_num", "code", "message", "context"] {
            assert!(error.contains_key(key), "{script}: no {key}");
        }
        let context = error["context"].read_lock::<rhai::Map>().unwrap();
        assert_eq!(context["func"].to_string(), func, "{script}");
    }
}

#[test]
fn e6_wrong_types_have_one_kind_and_whole_floats_are_integers() {
    let run = Run::new();
    for script in [
        "time::set_deadline(())",
        "fs::write(dir + \"/x\", 5)",
        "crypto::md5(1)",
        "json::stringify(1, \"2\")",
        "json::get(#{}, 5)",
        "random::digits(5.5)",
        "random::range(0.0/0.0, 5)",
        "random::digits(1e19)",
        "net::find_free_port(1, 65535, [\"a\"])",
        "env::set(\"A\", [])",
        "fs::list(dir, #{ missing_ok: 1 })",
        "http::get(\"http://127.0.0.1:1/\", #{ timeout: \"1\" })",
        "http::get(\"http://127.0.0.1:1/\", #{ max_redirects: 1.5 })",
        "http::post(\"http://127.0.0.1:1/\", #{})",
        "agency::connect(#{ endpoints: \"h\" }).poll(\"x\", 1)",
        "agency::connect(#{ endpoints: \"h\" }).poll(1, \"x\")",
        "agency::connect(#{ endpoints: \"h\" }).set(1, 2)",
        "agency::connect(#{ endpoints: \"h\" }).watch(\"x\", 1, 1)",
        "agency::connect(#{ endpoints: \"h\", timeout: \"1\" })",
    ] {
        let error = run.error(script);
        assert_eq!(error["error_num"].as_int(), Ok(10), "{script}");
        assert_eq!(error["kind"].to_string(), "argument.type", "{script}: {error:?}");
    }
    run.is_true("random::digits(5.0).len == 5 && random::range(2.0, 2) == 2");
    run.is_true("json::stringify([1], 2.0) == json::stringify([1], 2) && errors::message_of(36.0) == \"disabled\"");
    run.is_true(
        "let n = 3.0; let text = random::digits(n); type_of(n) == \"f64\" && text.len == 3",
    );
    run.is_true("fs::write(dir + \"/m\", \"\"); fs::set_mode(dir + \"/m\", 384.0); true");
}

#[test]
fn e2_e3_normalize_always_yields_the_keys_and_keeps_engine_errors() {
    let run = Run::new();
    run.is_true("let e = errors::normalize(\"oops\"); e.name == \"Error\" && e.message == \"oops\" && e.error_num == ()");
    run.is_true("let e = errors::normalize(5); e.context.value == 5 && e.name == \"Error\"");
    run.is_true("let e = errors::normalize(()); e.context.value == () && \"value\" in e.context");
    run.is_true(
        "let e = (); try {\n nowhere_to_be_found(); \n} catch (x) { e = errors::normalize(x); }
         e.context.engine.line == 2 && \"nowhere_to_be_found\" in e.context.engine.message && e.name == \"Error\"",
    );
    run.is_true("let a = errors::make(10, \"no\", #{ x: 1 }); let b = errors::normalize(a); a == b && b.context.x == 1");
    run.is_true("errors::is_error(errors::make(10, \"x\")) && !errors::is_error(errors::make(10, \"x\"), 11) && !errors::is_error(5)");
    run.is_true("errors::text(\"t\") == \"Error: t\" && errors::number_of(\"ERROR_DISABLED\") == 36 && errors::number_of(\"NO\") == ()");
}
