//! Values as the shell shows them: in colours, and not longer than a screen.

use std::io::Write;
use std::process::{Command, Stdio};

use rhai::Dynamic;

use super::syntax::{Kind, pieces};
use crate::cli::output;
use crate::natives;

/// How many lines of a value are shown, when the terminal does not say how many it has.
const USUAL_LINES: usize = 40;

/// How many lines are left free for the prompt and what stands above.
const MARGIN: usize = 4;

/// How much of a line is shown.
const LONGEST_LINE: usize = 2000;

const KEY: &str = "\x1b[1;34m";
const TEXT: &str = "\x1b[1;35m";
const NUMBER: &str = "\x1b[1;32m";
const WORD: &str = "\x1b[33m";
const RESET: &str = "\x1b[0m";

/// Shows a value; of a long one the beginning.
pub(super) fn value(value: &Dynamic, color: bool) {
    let whole = natives::pretty(value);
    let (text, left_out) = beginning(&whole, lines_on_screen());
    let text = if color { colored(&text) } else { text };
    output::write(&format!("{text}\n"));
    if let Some(left_out) = left_out {
        output::note(&format!("… {left_out}; `:page` shows all"));
    }
}

/// Shows a whole value through the user's pager, or as it is without one.
pub(super) fn paged(value: &Dynamic, color: bool) {
    let text = natives::pretty(value);
    let text = format!("{}\n", if color { colored(&text) } else { text });
    let pager = std::env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty());
    let pager = pager.unwrap_or_else(|| "less -R".to_owned());
    let child = Command::new("sh").args(["-c", &pager]).stdin(Stdio::piped()).spawn();
    let Ok(mut child) = child else { return output::write(&text) };
    if let Some(mut input) = child.stdin.take() {
        // whoever leaves the pager early does not want the rest
        let _ = input.write_all(text.as_bytes());
    }
    // a shell answers 127 when there is no such program
    if child.wait().is_ok_and(|status| status.code() == Some(127)) {
        output::write(&text);
    }
}

/// The first lines of a text, and what is missing.
fn beginning(text: &str, most_lines: usize) -> (String, Option<String>) {
    let count = text.lines().count();
    let mut cut = 0;
    let shorter = |line: &str| match line.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => (format!("{}…", &line[..end]), line.len() - end),
        None => (line.to_owned(), 0),
    };
    let lines: Vec<String> = text
        .lines()
        .take(most_lines)
        .map(|line| {
            let (line, bytes) = shorter(line);
            cut += bytes;
            line
        })
        .collect();
    let left_out = match (count.saturating_sub(most_lines), cut) {
        (0, 0) => None,
        (0, bytes) => Some(format!("{bytes} more bytes")),
        (1, _) => Some("1 more line".to_owned()),
        (more, _) => Some(format!("{more} more lines")),
    };
    (lines.join("\n"), left_out)
}

fn lines_on_screen() -> usize {
    let rows = terminal_size::terminal_size().map(|(_, rows)| usize::from(rows.0));
    // a terminal that does not know its size says 0
    rows.filter(|rows| *rows > 2 * MARGIN).map_or(USUAL_LINES, |rows| rows - MARGIN)
}

/// A printed value in the colours that arangosh had.
pub(super) fn colored(text: &str) -> String {
    let all = pieces(text);
    let mut colored = String::with_capacity(text.len() * 2);
    for (at, piece) in all.iter().enumerate() {
        let word = piece.of(text);
        let is_key = || {
            let mut next = all[at + 1..].iter().filter(|piece| piece.kind != Kind::Blank);
            next.next().is_some_and(|next| next.of(text) == ":")
        };
        let color = match piece.kind {
            Kind::Text if is_key() => KEY,
            Kind::Text => TEXT,
            Kind::Number => NUMBER,
            Kind::Sign if word == "-" => NUMBER,
            Kind::Word if matches!(word, "true" | "false" | "null") => WORD,
            _ => {
                colored.push_str(word);
                continue;
            }
        };
        colored.push_str(&format!("{color}{word}{RESET}"));
    }
    colored
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_texts_numbers_and_words_have_their_colours() {
        let text = "{ \n  \"a\" : [ -1.5, \"x : y\", true, null ] \n}";
        let shown = colored(text);
        for part in [
            "\x1b[1;34m\"a\"",
            "\x1b[1;32m1.5",
            "\x1b[1;35m\"x : y\"",
            "\x1b[33mtrue",
            "\x1b[33mnull",
        ] {
            assert!(shown.contains(part), "{part:?}: {shown:?}");
        }
        let mut plain = shown;
        for code in [KEY, TEXT, NUMBER, WORD, RESET] {
            plain = plain.replace(code, "");
        }
        assert_eq!(plain, text);
    }

    #[test]
    fn long_values_are_cut_and_say_so() {
        assert_eq!(beginning("a\nb", 2), ("a\nb".to_owned(), None));
        assert_eq!(beginning("a\nb\nc", 1), ("a".to_owned(), Some("2 more lines".to_owned())));
        let (line, left_out) = beginning(&"x".repeat(LONGEST_LINE + 5), 3);
        assert_eq!(line.chars().count(), LONGEST_LINE + 1);
        assert_eq!(left_out.as_deref(), Some("5 more bytes"));
    }
}
