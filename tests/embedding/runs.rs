//! What a run is made of: words, seeds, clocks, sinks, deadlines.

use std::time::{Duration, Instant};

use agencysh::Host;
use agencysh::clock::Clock;
use agencysh::host::Stop;
use serde_json::json;

use crate::{Texts, eval_json};

const NUMBERS: &str = "[random::int32(), random::digits(9), random::choose([1, 2, 3, 4, 5, 6])]";

#[test]
fn words_of_the_host_are_those_of_runs_without_words() {
    let host = Host::builder().arguments(["-v", "shop"]).build().unwrap();
    assert_eq!(eval_json(&host, "env::args()"), json!(["-v", "shop"]));
    let outcome = host.run_str("a", "env::args()", &["other"]).unwrap();
    assert_eq!(outcome.to_json().unwrap(), json!(["other"]));
    assert_eq!(eval_json(&host, "env::args()"), json!(["-v", "shop"]));
}

#[test]
fn a_file_gets_its_words_and_its_functions_can_be_called() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("a.rhai");
    std::fs::write(&script, "fn twice(x) { x * 2 }\ntwice(parse_int(env::args()[0]))").unwrap();
    let host = Host::builder().build().unwrap();
    assert_eq!(host.run_file(&script, &["21"]).unwrap().to_json().unwrap(), 42);
    assert_eq!(host.call("twice", json!([1.5])).unwrap(), 3.0);
    assert_eq!(host.call("twice", json!(4)).unwrap(), 8, "one value is the only argument");
    assert_eq!(host.call("twice", json!([])).unwrap_err().kind(), "script.unknown_function");
    let missing = host.run_file(folder.path().join("b.rhai"), &[] as &[&str]).unwrap_err();
    assert!(missing.message().contains("b.rhai"), "{missing}");
}

#[test]
fn hosts_of_one_seed_have_the_same_numbers() {
    let host = |seed| Host::builder().seed(seed).build().unwrap();
    let (one, other, third) = (host(7), host(7), host(8));
    let numbers = eval_json(&one, NUMBERS);
    assert_eq!(numbers, eval_json(&other, NUMBERS));
    assert_ne!(numbers, eval_json(&third, NUMBERS));
    assert_ne!(numbers, eval_json(&one, NUMBERS), "the numbers go on from run to run");
    let unseeded = || Host::builder().build().unwrap();
    assert_ne!(eval_json(&unseeded(), NUMBERS), eval_json(&unseeded(), NUMBERS));
}

#[test]
fn a_pause_by_a_manual_clock_takes_no_time() {
    let clock = Clock::manual();
    let host = Host::builder()
        .clock(clock.clone())
        .deadline(Duration::from_secs(10 * 3600))
        .build()
        .unwrap();
    let (before, began) = (clock.now(), Instant::now());
    let waited = "let began = time::now(); sleep(3 * 3600); time::now() - began";
    let seconds = host.eval(waited).unwrap().value.as_float().unwrap();
    assert!((seconds - 10_800.0).abs() < 1.0, "{seconds}");
    assert_eq!(clock.now() - before, Duration::from_secs(10_800));
    // its deadline goes by the same clock
    let error = host.eval("sleep(11 * 3600)").unwrap_err();
    assert_eq!(error.stop(), Some(&Stop::Deadline));
    assert!(began.elapsed() < Duration::from_secs(3600));
}

#[test]
fn what_is_printed_noted_and_logged_goes_to_the_sinks() {
    let (printed, noted, logged) = (Texts::default(), Texts::default(), Texts::default());
    let (print, note, log) = (printed.clone(), noted.clone(), logged.clone());
    let host = Host::builder()
        .output(move |text| print.take(text))
        .notes(move |line| note.take(line))
        .log_sink(move |record| {
            log.take(&format!("{} {}", record.topic, record.message));
        })
        .build()
        .unwrap();
    host.eval("print(1, [2]); log::warn(\"agency\", \"careful\")").unwrap();
    assert_eq!(printed.all(), ["1 [ 2 ]\n"]);
    assert_eq!(logged.all(), ["agency careful"]);
    assert_eq!(noted.all(), [] as [&str; 0]);
}

#[test]
fn a_deadline_is_an_error_of_its_own_and_counts_for_each_run() {
    let host = Host::builder().deadline(Duration::from_millis(50)).build().unwrap();
    for code in ["loop { }", "sleep(600)", "loop { try { sleep(600) } catch { } }"] {
        let error = host.eval(code).unwrap_err();
        assert!(error.is_deadline() && !error.is_interrupted(), "{code}: {error}");
        assert_eq!(error.to_json()["stop"], "deadline");
    }
    let own = Host::builder().build().unwrap();
    let error = own.eval("time::set_deadline(0.01); loop { sleep(0.01) }").unwrap_err();
    assert!(error.is_deadline(), "a script's own deadline is one, too: {error}");
    assert_eq!(error.stop(), None);
}

#[test]
fn exit_gives_its_code_and_no_value() {
    let host = Host::builder().build().unwrap();
    let outcome = host.eval("exit(3); 7").unwrap();
    assert_eq!((outcome.exit_code, outcome.to_json().unwrap()), (Some(3), json!(null)));
}

#[test]
fn a_value_without_json_form_is_an_error() {
    let host = Host::builder().build().unwrap();
    assert!(host.eval("|x| x + 1").unwrap().to_json().is_err());
    host.run_str("a.rhai", "fn f() { |x| x }", &[] as &[&str]).unwrap();
    let error = host.call("f", json!([])).unwrap_err();
    assert_eq!(error.script().map(|error| error.error_num), Some(Some(10)), "{error}");
}
