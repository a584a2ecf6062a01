//! The words that the shell obeys itself, its history and its init file; in a real pseudo-terminal.

use crate::shell::Shell;
use crate::support::Folder;

fn leave(mut shell: Shell) -> Folder {
    shell.enter("exit");
    shell.ended().1
}

#[test]
fn help_shows_the_words_a_namespace_and_natives_by_either_name() {
    let mut shell = Shell::start();
    assert!(shell.run(":help").contains(":save FILE"));
    assert!(shell.run("help http").contains("http::post("));
    assert!(shell.run("help http::get").contains("Legacy: "));
    assert!(shell.run("help SYS_DOWNLOAD").contains("http::request("));
    assert!(shell.run("help nothing_like_it").contains("nothing is known"));
    assert!(shell.run("help fs::raed").contains("did you mean 'fs::read'?"));
    assert!(!shell.run(":load /no/such").contains("help"));
    leave(shell);
}

#[test]
fn an_unknown_word_names_the_nearest() {
    let mut shell = Shell::start();
    let shown = shell.run(":tmie 1 + 1");
    assert!(shown.contains("no word of the shell: ':tmie'"), "{shown}");
    assert!(shown.contains("did you mean `:time`?"), "{shown}");
    assert!(shell.run(":time").contains("`:time` needs something after it: :time CODE"));
    shell.enter("exit");
    assert_eq!(shell.ended().0, 1);
}

#[test]
fn time_type_and_vars_tell_of_values() {
    let mut shell = Shell::start();
    let shown = shell.run(":time time::sleep(0.2); 6 * 7");
    assert!(shown.contains("42\r\n"), "{shown}");
    let took = shown.split("took ").nth(1).unwrap().split_whitespace().next().unwrap();
    assert!(took.parse::<f64>().unwrap() >= 200.0, "{shown}");
    assert!(shell.run(":type [1].len() + 0.5").contains("f64\r\n"));
    shell.run("let number = 7; let list = [1, \"x\"]; let agency = agency::current;");
    shell.run("let a = 1; let a = \"shadowed\";");
    let shown = shell.run(":vars");
    for line in
        ["number: i64 = 7\r\n", "list: array = [ 1, \"x\" ]\r\n", "a: string = \"shadowed\""]
    {
        assert!(shown.contains(line), "{line:?}: {shown}");
    }
    leave(shell);
}

#[test]
fn what_was_entered_can_be_saved_and_loaded() {
    let folder = Folder::new();
    let file = folder.path().join("saved.rhai");
    let path = file.to_str().unwrap();
    let mut shell = Shell::start();
    shell.run("import \"assert\" as assert");
    shell.run("let map = #{ a: 1 }");
    shell.run("throw \"not kept\"");
    shell.run("fn twice(x) { x * 2 } // a comment");
    shell.run("map.a = twice(21)");
    assert!(shell.run(&format!(":save {path}")).contains("4 entries are in"));
    shell.run("_ ?? 1");
    let shown = shell.run(&format!(":save {path}.2"));
    assert!(shown.contains("1 of them use `_`"), "{shown}");
    assert!(shell.run(&format!(":save {path}")).contains("cannot write"));
    leave(shell);
    let script = std::fs::read_to_string(&file).unwrap();
    assert!(!script.contains("not kept"), "{script}");
    let mut other = Shell::start();
    other.run(&format!(":load {path}"));
    assert!(other.run("assert::equal(map.a, 43)").contains("42 is not 43"));
    assert!(other.run("twice(500) + map.a").contains("1042"));
    assert!(other.run(":load /no/such/file.rhai").contains("script.missing"));
    leave(other);
}

#[test]
fn errors_in_functions_that_were_entered_before_show_their_own_lines() {
    let mut shell = Shell::start();
    shell.run("fn broken(x) { x.no_such_thing() }");
    shell.run("let value = 5;");
    let shown = shell.run("broken(value)");
    assert!(shown.contains("1 | fn broken(x) { x.no_such_thing() }"), "{shown}");
    assert!(shown.contains("in broken, called at <input 3>:1:1"), "{shown}");
    leave(shell);
}

#[test]
fn long_values_are_cut_and_paged_on_request() {
    let mut shell = Shell::at_home(Folder::new(), |command| {
        command.env("PAGER", "sed 's/^/paged /'");
    });
    let shown = shell.run("let list = []; list.pad(3000, 7); list");
    assert!(shown.contains("more lines; `:page` shows all"), "{shown}");
    assert!(shown.lines().count() < 200, "{shown}");
    let shown = shell.run(":page");
    assert_eq!(shown.matches("paged   7").count(), 3000);
    assert!(shell.run(":page [1]").contains("paged   1"));
    leave(shell);
    let mut shell = Shell::at_home(Folder::new(), |command| {
        command.env("PAGER", "/no/such/pager");
    });
    assert!(shell.run(":page [6 * 7]").contains("42"));
    leave(shell);
}

#[test]
fn the_history_is_the_owners_and_holds_no_secrets() {
    use std::os::unix::fs::PermissionsExt;
    let home = Folder::new();
    home.file("secret", "correct-horse");
    let secret = home.path().join("secret");
    let mut shell = Shell::at_home(home, |command| {
        command.args(["--endpoint", "tcp://127.0.0.1:1", "--jwt-secret-file"]).arg(secret);
    });
    for line in [
        "11 * 11",
        "let x = \"my correct-horse\"",
        "let Token = 1",
        "jwt::algorithm_name(\"none\")",
    ] {
        shell.run(line);
    }
    let home = leave(shell);
    let file = home.path().join(".agencysh_history");
    let history = std::fs::read_to_string(&file).unwrap();
    assert!(history.contains("11 * 11"), "{history}");
    for word in ["horse", "Token", "jwt"] {
        assert!(!history.contains(word), "{word}: {history}");
    }
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn shells_at_the_same_time_lose_none_of_their_lines() {
    let first_home = Folder::new();
    let path = first_home.path().to_owned();
    let mut first = Shell::at_home(first_home, |_| {});
    let mut second = Shell::at_home(Folder::new(), |command| {
        command.env("HOME", &path);
    });
    for number in 1..=3 {
        first.run(&format!("1000 + {number}"));
        second.run(&format!("2000 + {number}"));
    }
    leave(second);
    let home = leave(first);
    let history = std::fs::read_to_string(home.path().join(".agencysh_history")).unwrap();
    for number in 1..=3 {
        for line in [format!("1000 + {number}"), format!("2000 + {number}")] {
            assert_eq!(history.matches(&line).count(), 1, "{history}");
        }
    }
    // and the next shell begins with them
    let mut third = Shell::at_home(home, |_| {});
    third.press("\u{1b}[A");
    third.expect("000 + 3");
    third.press_control('u');
    leave(third);
}

#[test]
fn the_history_is_bounded() {
    let home = Folder::new();
    let lines: Vec<String> = (0..5000).map(|number| format!("{number}")).collect();
    home.file(".agencysh_history", format!("#V2\n{}\n", lines.join("\n")));
    let mut shell = Shell::at_home(home, |_| {});
    shell.run("1 + 1");
    let home = leave(shell);
    let history = std::fs::read_to_string(home.path().join(".agencysh_history")).unwrap();
    assert!(history.lines().count() <= 2001, "{}", history.lines().count());
    assert!(history.ends_with("4999\n1 + 1\n"), "{}", history.len());
}

#[test]
fn the_init_file_begins_each_session_and_its_errors_do_not_end_it() {
    let home = Folder::new();
    home.file(".agencyshrc", "let greeting = 40 + 2; fn twice(x) { x * 2 } throw \"rc broke\";");
    let mut shell = Shell::spawn(home, |_| {});
    let shown = shell.expect(crate::shell::READS);
    assert!(shown.contains("rc broke") && shown.contains(".agencyshrc:1:"), "{shown}");
    assert!(shell.run("twice(greeting)").contains("84"));
    shell.enter("exit");
    let (code, home) = shell.ended();
    assert_eq!(code, 0);
    let mut plain = Shell::at_home(home, |command| {
        command.arg("--no-init");
    });
    assert!(plain.run("greeting").contains("script.unknown_variable"));
    leave(plain);
}

#[test]
fn s9_ctrl_c_ends_a_request_that_nobody_answers() {
    use std::time::{Duration, Instant};
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let mut shell = Shell::start();
    shell.enter(&format!("print(`begin ${{1}}`); http::get(\"{url}\", #{{ timeout: 600 }})"));
    shell.expect("begin 1");
    let _asked = silent.accept().unwrap();
    let begin = Instant::now();
    shell.press_control('c');
    let shown = shell.expect(crate::shell::READS);
    assert!(shown.contains("run.interrupted"), "{shown}");
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    leave(shell);
}
