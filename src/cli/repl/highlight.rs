//! Colours of the line that is typed.

use std::fmt::Write;

use super::syntax::{Kind, keywords, pieces};

const KEYWORD: &str = "\x1b[1;33m";
const TEXT: &str = "\x1b[35m";
const NUMBER: &str = "\x1b[32m";
const NATIVE: &str = "\x1b[36m";
const FAINT: &str = "\x1b[90m";
const BRACKET: &str = "\x1b[1;34m";
const RESET: &str = "\x1b[0m";

/// The line with its parts in colours; the brackets at the cursor and their counterparts stand out.
pub(super) fn line(text: &str, brackets: Option<(usize, usize)>, modules: &[&str]) -> String {
    let all = pieces(text);
    let mut colored = String::with_capacity(text.len() * 2);
    for (at, piece) in all.iter().enumerate() {
        let word = piece.of(text);
        let next = all.get(at + 1).map(|next| next.of(text));
        let after_module = at >= 2 && all[at - 1].of(text) == "::";
        let color = match piece.kind {
            Kind::Word if keywords().contains(&word) => KEYWORD,
            Kind::Word if next == Some("::") && modules.contains(&word) => NATIVE,
            Kind::Word if after_module && modules.contains(&all[at - 2].of(text)) => NATIVE,
            Kind::Number => NUMBER,
            Kind::Text => TEXT,
            Kind::Comment => FAINT,
            Kind::Open | Kind::Close
                if brackets.is_some_and(|(a, b)| [a, b].contains(&piece.start)) =>
            {
                BRACKET
            }
            _ => {
                colored.push_str(word);
                continue;
            }
        };
        // writing to a string does not fail
        let _ = write!(colored, "{color}{word}{RESET}");
    }
    colored
}

/// A hint, less visible than what is typed.
pub(super) fn hint(text: &str) -> String {
    format!("{FAINT}{text}{RESET}")
}

/// The bracket at or before the cursor, and the one that belongs to it.
pub(super) fn brackets(text: &str, cursor: usize) -> Option<(usize, usize)> {
    let all = pieces(text);
    let at = all.iter().position(|piece| {
        matches!(piece.kind, Kind::Open | Kind::Close)
            && (piece.start == cursor || piece.end == cursor)
    })?;
    let opens = all[at].kind == Kind::Open;
    let mut depth = 0_i32;
    let mut look = |piece: &super::syntax::Piece| {
        match piece.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth -= 1,
            _ => {}
        }
        depth == 0
    };
    let counterpart = match opens {
        true => all[at..].iter().find(|piece| look(piece)),
        false => all[..=at].iter().rev().find(|piece| look(piece)),
    };
    Some((all[at].start, counterpart?.start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_its_text_under_the_colours() {
        let text = "let a = fs::read(\"x\") + 1; // why";
        let colored = line(text, Some((16, 20)), &["fs"]);
        for part in ["\x1b[1;33mlet", "\x1b[36mread", "\x1b[35m\"x\"", "\x1b[32m1", "\x1b[90m//"] {
            assert!(colored.contains(part), "{part:?}: {colored:?}");
        }
        let mut plain = colored;
        for code in [KEYWORD, TEXT, NUMBER, NATIVE, FAINT, BRACKET, RESET] {
            plain = plain.replace(code, "");
        }
        assert_eq!(plain, text);
    }

    #[test]
    fn brackets_find_each_other() {
        assert_eq!(brackets("f(a[1], \")\")", 1), Some((1, 11)));
        assert_eq!(brackets("f(a[1], \")\")", 12), Some((11, 1)));
        assert_eq!(brackets("f(a", 1), None);
        assert_eq!(brackets("abc", 1), None);
    }
}
