//! What `docs/repl.md` shows is typed into the shell, and has to come out as it stands there.
//!
//! `AGENCYSH_EXPECT=write` puts in what comes out, to be read before it is committed.

use std::path::Path;

use crate::shell::{READS, Shell};
use crate::support::Folder;

/// What a terminal is told when the shell has read a line.
const HAS_READ: &str = "\u{1b}[?2004l\r\n";

const CTRL_C: &str = "<Ctrl-C>";

/// Where the code begins in a line that shows a prompt.
fn after_prompt(line: &str) -> Option<usize> {
    line.starts_with("agencysh").then(|| line.find("> ").unwrap() + 2)
}

/// Types one entry and gives what the shell says to it.
fn typed(shell: &mut Shell, entry: &str) -> String {
    let keys = entry.replace("<Tab>", "\t").replace('\n', "\r");
    if entry.ends_with("<Tab>") {
        shell.press(&keys);
        shell.press_control('c');
        return listed(&shell.expect(READS), entry);
    }
    let shown = match keys.strip_suffix(CTRL_C) {
        Some(keys) => {
            shell.enter(keys);
            let begin = shell.expect("working\r\n");
            shell.press_control('c');
            format!("{begin}working\r\n{}", shell.expect(READS))
        }
        None => shell.run(&keys),
    };
    let output = shown.rsplit_once(HAS_READ).map_or(shown.as_str(), |(_, output)| output);
    plain(output)
}

/// What Tab has listed, or what it has made of the line.
fn listed(shown: &str, entry: &str) -> String {
    // what comes after a control sequence is the line again
    let lines =
        shown.split("\r\n").skip(1).map(|line| line.split(['\r', '\u{1b}']).next().unwrap());
    let list: String = lines
        .filter(|line| !line.trim().is_empty())
        .map(|line| format!("{}\n", line.trim_end()))
        .collect();
    if !list.is_empty() {
        return list;
    }
    let (text, before) = (plain(shown), entry.split("<Tab>").next().unwrap());
    let start = text.rfind(before).unwrap_or_default();
    format!("{}\n", text[start..].lines().next().unwrap_or_default())
}

/// Without control sequences and carriage returns.
fn plain(shown: &str) -> String {
    // the terminal's bytes arrive as one character each
    let bytes: Vec<u8> = shown.chars().map(|byte| u8::try_from(byte).unwrap_or(b'?')).collect();
    let shown = String::from_utf8_lossy(&bytes);
    let mut parts = shown.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    let text = parts.fold(first, |text, part| {
        let rest = part.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        text + rest.get(1..).unwrap_or_default()
    });
    text.replace("\r\n", "\n").replace("^C", "").replace('\r', "\n")
}

/// Without what differs from time to time: ports, who leads, how long it took.
fn steady(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n']).map(|word| {
        let bare = word.trim_end();
        let end = &word[bare.len()..];
        let is_number = bare.chars().all(|c| c.is_ascii_digit() || c == '.') && bare.contains('.');
        let shown = match bare {
            _ if bare.starts_with("http://127.0.0.1:") => "http://127.0.0.1:PORT",
            "agent1" | "agent2" | "agent3" => "agentN",
            "µs" | "ms" | "s" => "UNIT",
            _ if is_number => "NUMBER",
            other => other,
        };
        format!("{shown}{end}")
    });
    words.collect()
}

#[test]
fn the_page_of_the_shell_shows_what_comes_out() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/repl.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let home = Folder::new();
    let folder = home.path().to_owned();
    let mut shell = Shell::at_home(home, |command| {
        command.current_dir(&folder);
    });
    let mut made = String::new();
    let mut lines = page.lines().peekable();
    let mut in_session = false;
    while let Some(line) = lines.next() {
        made.push_str(line);
        made.push('\n');
        if line.starts_with("```") {
            in_session = line == "```text";
        }
        let Some(start) = after_prompt(line).filter(|_| in_session) else { continue };
        let mut entry = line[start..].to_owned();
        while entry.matches('{').count() > entry.matches('}').count() {
            let more = lines.next().unwrap();
            made.push_str(&format!("{more}\n"));
            entry.push_str(&format!("\n{more}"));
        }
        made.push_str(&typed(&mut shell, &entry));
        // what the page shows of it gives way
        while lines
            .peek()
            .is_some_and(|next| !next.starts_with("```") && after_prompt(next).is_none())
        {
            lines.next();
        }
    }
    shell.enter("exit");
    shell.ended();
    if std::env::var("AGENCYSH_EXPECT").is_ok_and(|what| what == "write") {
        std::fs::write(&path, &made).unwrap();
        return;
    }
    assert_eq!(steady(&made), steady(&page));
}
