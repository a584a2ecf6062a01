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
}
