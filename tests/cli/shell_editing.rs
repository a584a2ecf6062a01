//! What the shell offers while a line is typed, and its prompt; in a real pseudo-terminal.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::shell::{READS, Shell};
use crate::support::Folder;
use crate::wait::wait_for;

fn leave(mut shell: Shell) {
    shell.enter("exit");
    shell.ended();
}

#[test]
fn tab_completes_natives_and_lists_several() {
    let mut shell = Shell::start();
    assert!(shell.run("type_of(time::mono\t))").contains("f64"));
    assert!(shell.run("type_of(rand\tflo\t))").contains("f64"));
    shell.press("fs::re\t");
    shell.expect("read_gzip(");
    shell.press_control('u');
    assert!(shell.run("6 * 7").contains("42"));
    leave(shell);
}

#[test]
fn tab_completes_variables_functions_imports_and_keys_along_a_path() {
    let mut shell = Shell::start();
    shell.run("let settings = #{ alpha: #{ beta: 1000 }, \"two words\": #{ gamma: 2000 } };");
    assert!(shell.run("sett\t.al\t.be\t + 1").contains("1001"));
    assert!(shell.run("settings[\"two words\"].ga\t + 1").contains("2001"));
    shell.run("fn tripled(x) { x * 3 }");
    assert!(shell.run("trip\t1001)").contains("3003"));
    shell.run("import \"ass\t\" as claims;");
    assert!(shell.run("cla\tequ\t1, 2)").contains("1 is not 2"));
    assert!(shell.run("\"abc\".starts_w\t\"ab\")").contains("true"));
    leave(shell);
}

#[test]
fn tab_completes_files_topics_of_help_constants_and_words() {
    let folder = Folder::new();
    let file = folder.file("a_script.rhai", "let loaded = 40 + 2;");
    let begin = &file[..file.len() - 9];
    let home = Folder::new();
    home.file("two words.rhai", "let spaced = 50 + 2;");
    let mut shell = Shell::at_home(home, |_| {});
    shell.run(":load ~/two\t");
    assert!(shell.run("spaced").contains("52"));
    shell.run(&format!(":lo\t {begin}\t"));
    assert!(shell.run("loaded").contains("42"));
    assert!(shell.run(&format!("fs::si\t\"{begin}\t\")")).contains("20"));
    assert!(shell.run("help vpa\t").contains("vpack::decode("));
    assert!(shell.run("fs::SEP\t.len() + 1000").contains("1001"));
    leave(shell);
}

#[test]
fn tab_completes_methods_and_live_paths_of_the_agency() {
    let mut shell = Shell::start();
    shell.run("let a = agency::current(); a.set(\"Plan/Deep/Value\", 40 + 2); ()");
    assert!(shell.run("a.get(\"Plan/De\tVal\t\")").contains("42\r\n"));
    assert!(shell.run("agency::current().exi\t\"/arango/Plan/Dee\tVa\t\")").contains("true"));
    shell.run("a.set(\"Quotes/Quo\\\"ted/In\", 50 + 2); ()");
    assert!(shell.run("a.get(\"Quotes/Quo\tIn\t\")").contains("52\r\n"));
    // what was written meanwhile is there a moment later
    shell.run("a.set(\"Plan/Deep/Velvet\", 1); ()");
    wait_for("the new path", || {
        let shown = shell.run("a.get(\"Plan/Deep/Ve\t\") ?? 0");
        shown.contains("1\r\n").then_some(())
    });
    leave(shell);
}

#[test]
fn s10_tab_starts_no_agency_and_asks_none_without_a_path() {
    let mut shell = Shell::start();
    shell.press("agency::current().get(\"Pl\t");
    shell.press_control('u');
    assert!(shell.run(":target").contains("not started yet"));
    leave(shell);
}

#[cfg(feature = "standin")]
#[test]
fn a_target_that_exists_is_asked_by_the_first_tab_and_named_by_its_address() {
    let agency = agencysh::standin::EmbeddedAgency::start(1).unwrap();
    let url = agency.endpoints().remove(0);
    let mut shell = Shell::start_with(&["--endpoint", &url]);
    // through another connection: the shell has none of its own yet
    shell.run("agency::connect(#{ endpoints: env::options().endpoint }).set(\"Plan/Sub/Leaf\", 40 + 2); ()");
    assert!(shell.run("agency::current().get(\"Plan/Su\tL\t\")").contains("42\r\n"));
    let address = url.trim_start_matches("http://");
    wait_for("the leader in the prompt", || {
        shell.run("").contains(&format!("agencysh {address} t")).then_some(())
    });
    leave(shell);
}

#[test]
fn a_target_that_does_not_answer_costs_tab_a_moment_and_shows_no_error() {
    // accepts connections, as far as the system goes, and says nothing
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", silent.local_addr().unwrap());
    for endpoint in [endpoint.as_str(), "tcp://127.0.0.1:1"] {
        let mut shell = Shell::start_with(&["--endpoint", endpoint]);
        let begin = Instant::now();
        shell.press("agency::current().get(\"Pl\t\t\t");
        shell.press_control('u');
        let shown = shell.run("6 * 7");
        assert!(shown.contains("42") && !shown.contains("error"), "{shown}");
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
        assert!(shell.run(":target").contains("no answer"));
        leave(shell);
    }
}

#[test]
fn the_parameters_of_a_function_are_shown_behind_the_cursor() {
    let mut shell = Shell::start();
    shell.press("fs::read(");
    shell.expect("path: string");
    shell.press_control('u');
    shell.press("agency::current().cas(");
    shell.expect("path: string, old: any, new_value: any) -> boolean");
    shell.press_control('u');
    // a text has a function of the same name as an agency
    let shown = shell.run("let text = \"a\"; text.replace(\"a\", \"b\"); text");
    assert!(shown.contains("\"b\"") && !shown.contains("path: string"), "{shown}");
    shell.run("fn area(width, height) { width * height }");
    shell.press("area(4,");
    shell.expect(" height)");
    shell.press(" 250)\r");
    shell.expect("1000\r\n");
    leave(shell);
}

#[test]
fn what_is_typed_and_what_is_shown_have_colours() {
    let mut shell = Shell::at_home(Folder::new(), |command| {
        command.env_remove("NO_COLOR");
    });
    shell.press("let text = \"abc\"; time::now() + 5; ");
    for colored in ["\u{1b}[1;33mlet", "\u{1b}[35m\"abc\"", "\u{1b}[36mtime", "\u{1b}[32m5"] {
        shell.expect(colored);
    }
    shell.press("#{ key: [-1, \"x\", true, ()] }\r");
    for colored in [
        "\u{1b}[1;34m\"key\"",
        "\u{1b}[1;32m1",
        "\u{1b}[1;35m\"x\"",
        "\u{1b}[33mtrue",
        "\u{1b}[33mnull",
    ] {
        shell.expect(colored);
    }
    // green after success, red after an error
    shell.expect("\u{1b}[1;32magencysh embedded> ");
    shell.press("throw 1\r");
    shell.expect("\u{1b}[1;31magencysh embedded> ");
    shell.enter("exit");
    assert_eq!(shell.ended().0, 1);
}

#[test]
fn t4_no_colours_with_no_color_and_for_a_dumb_terminal() {
    let mut shell = Shell::start();
    let shown = shell.run("let a = #{ b: \"text\" }; a");
    // the editor moves the cursor; colours end in `m`
    let colors = shown.split("\u{1b}[").skip(1).filter(|rest| {
        rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m')
    });
    assert_eq!(colors.count(), 0, "{shown:?}");
    leave(shell);
    let mut dumb = Shell::spawn(Folder::new(), |command| {
        command.env("TERM", "dumb").env_remove("NO_COLOR");
    });
    dumb.expect("agencysh embedded> ");
    dumb.enter("[6 * 7]");
    let shown = dumb.expect("agencysh embedded> ");
    assert!(shown.contains("42") && !shown.contains('\u{1b}'), "{shown:?}");
    dumb.enter("exit(3)");
    assert_eq!(dumb.ended().0, 3);
}

#[test]
fn the_prompt_tells_who_leads_in_which_term_and_that_nobody_does() {
    let mut shell = Shell::start();
    shell.run("let a = agency::current(); a.leader(); ()");
    wait_for("the leader in the prompt", || {
        let prompt = shell.run("");
        let words: Vec<&str> = prompt.split_whitespace().collect();
        let term = words.iter().any(|word| word.starts_with('t') && word.ends_with('>'));
        (prompt.contains("agencysh embedded agent") && term).then_some(())
    });
    shell.run("let leader = a.leader();");
    shell.run("for id in cluster::agents() { if id != leader { cluster::stop(id); } }");
    wait_for("no leader in the prompt", || {
        shell.run("").contains("agencysh embedded no leader> ").then_some(())
    });
    leave(shell);
}

#[test]
fn the_prompt_is_the_users() {
    let mut shell = Shell::at_home(Folder::new(), |command| {
        command.args(["--endpoint", "tcp://127.0.0.1:1", "--username", "eve"]);
        command.env("AGENCYSH_PROMPT", "%u@%E %e 100%% %x [%a] ");
    });
    assert!(shell.run("1").contains("eve@127.0.0.1:1 tcp://127.0.0.1:1 100% %x ["));
    leave(shell);
}

#[test]
fn ctrl_c_clears_the_line() {
    let mut shell = Shell::start();
    shell.press("throw \"never run");
    shell.expect("never run");
    shell.press_control('c');
    shell.expect(READS);
    assert!(shell.run("6 * 7").contains("42"));
    shell.press_control('d');
    assert_eq!(shell.ended().0, 0);
}
