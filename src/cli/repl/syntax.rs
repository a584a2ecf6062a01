//! Takes a line apart for the editor: unlike the language's own lexer, it takes unfinished text and
//! tells where each piece ends.

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    /// A text or a part of one, with its quotes.
    Text,
    Comment,
    Open,
    Close,
    Blank,
    /// An operator or a separator.
    Sign,
}

/// A piece of a text, as a range of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether a text, or a comment between marks, has its end.
    pub(super) closed: bool,
}

impl Piece {
    pub(super) fn of<'a>(&self, text: &'a str) -> &'a str {
        &text[self.start..self.end]
    }
}

/// The words that the language keeps for itself.
const KEYWORDS: &[&str] = &[
    "as", "break", "catch", "const", "continue", "do", "else", "export", "false", "fn", "for",
    "if", "import", "in", "let", "loop", "private", "return", "switch", "this", "throw", "true",
    "try", "until", "while",
];

/// The keywords, for completion.
pub(super) fn keywords() -> &'static [&'static str] {
    KEYWORDS
}

/// Takes a whole text apart.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut scanner = Scanner { text, at: 0, pieces: Vec::new(), interpolations: Vec::new() };
    while scanner.at < text.len() {
        scanner.next();
    }
    scanner.pieces
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    pieces: Vec<Piece>,
    /// How many braces are open in each interpolation that goes on.
    interpolations: Vec<usize>,
}

impl Scanner<'_> {
    fn next(&mut self) {
        let start = self.at;
        let rest = &self.text[start..];
        let Some(first) = rest.chars().next() else { return };
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let (kind, end, closed) = match first {
            _ if rest.starts_with("//") => (Kind::Comment, find(rest, "\n"), true),
            _ if rest.starts_with("/*") => match rest.find("*/") {
                Some(end) => (Kind::Comment, end + 2, true),
                None => (Kind::Comment, rest.len(), false),
            },
            '"' | '\'' => {
                let (end, closed) = quoted(rest, first);
                (Kind::Text, end, closed)
            }
            '`' => return self.template(1),
            '}' if self.interpolations.last() == Some(&0) => {
                self.interpolations.pop();
                return self.template(1);
            }
            '(' | '[' | '{' => {
                if let (Some(open), '{') = (self.interpolations.last_mut(), first) {
                    *open += 1;
                }
                (Kind::Open, 1, true)
            }
            ')' | ']' | '}' => {
                if let (Some(open), '}') = (self.interpolations.last_mut(), first) {
                    *open -= 1;
                }
                (Kind::Close, 1, true)
            }
            _ if first.is_ascii_digit() => (Kind::Number, number(rest), true),
            _ if is_word(first) => {
                (Kind::Word, rest.find(|letter| !is_word(letter)).unwrap_or(rest.len()), true)
            }
            _ if first.is_whitespace() => {
                let end = rest.find(|letter: char| !letter.is_whitespace());
                (Kind::Blank, end.unwrap_or(rest.len()), true)
            }
            _ if rest.starts_with("::") || rest.starts_with("?.") => (Kind::Sign, 2, true),
            _ => (Kind::Sign, first.len_utf8(), true),
        };
        self.push(kind, end, closed);
    }

    /// A text in back-quotes, up to its end or to code inside it; `skip` bytes begin it.
    fn template(&mut self, skip: usize) {
        let rest = &self.text[self.at + skip..];
        let quote = rest.find('`');
        match rest.find("${") {
            Some(code) if quote.is_none_or(|quote| code < quote) => {
                self.push(Kind::Text, skip + code + 2, true);
                self.interpolations.push(0);
            }
            _ => match quote {
                Some(quote) => self.push(Kind::Text, skip + quote + 1, true),
                None => self.push(Kind::Text, skip + rest.len(), false),
            },
        }
    }

    fn push(&mut self, kind: Kind, length: usize, closed: bool) {
        let (start, end) = (self.at, self.at + length);
        self.pieces.push(Piece { kind, start, end, closed });
        self.at = end;
    }
}

fn find(text: &str, what: &str) -> usize {
    text.find(what).unwrap_or(text.len())
}

/// Where a text in quotes ends, and whether it does.
fn quoted(text: &str, quote: char) -> (usize, bool) {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return (at + 1, true),
            _ => {}
        }
    }
    (text.len(), false)
}

/// Where a number ends: `1..5` is a range, `1.5` is none.
fn number(text: &str) -> usize {
    let part = |from: usize| {
        let rest = &text[from..];
        from + rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
    };
    let whole = part(0);
    let rest = &text[whole..];
    match rest.starts_with('.') && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
        true => part(whole + 1),
        false => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken_apart(text: &str) -> Vec<(Kind, &str)> {
        let pieces = pieces(text);
        pieces
            .iter()
            .filter(|piece| piece.kind != Kind::Blank)
            .map(|one| (one.kind, one.of(text)))
            .collect()
    }

    #[test]
    fn words_numbers_texts_and_signs_are_told_apart() {
        use Kind::*;
        let found = taken_apart("let a_1 = 1.5 + fs::read(\"x\\\"y\")[0..2]; // end");
        let expected = [
            (Word, "let"),
            (Word, "a_1"),
            (Sign, "="),
            (Number, "1.5"),
            (Sign, "+"),
            (Word, "fs"),
            (Sign, "::"),
            (Word, "read"),
            (Open, "("),
            (Text, "\"x\\\"y\""),
            (Close, ")"),
            (Open, "["),
            (Number, "0"),
            (Sign, "."),
            (Sign, "."),
            (Number, "2"),
            (Close, "]"),
            (Sign, ";"),
            (Comment, "// end"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn code_inside_texts_is_code() {
        use Kind::*;
        let found = taken_apart("`a${#{x: `b${1}`}}c` + 2");
        let expected = [
            (Text, "`a${"),
            (Sign, "#"),
            (Open, "{"),
            (Word, "x"),
            (Sign, ":"),
            (Text, "`b${"),
            (Number, "1"),
            (Text, "}`"),
            (Close, "}"),
            (Text, "}c`"),
            (Sign, "+"),
            (Number, "2"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn whatever_is_typed_is_taken_apart_without_a_gap() {
        for text in ["\"ab", "`x${", "}}}", "é\"ü\\", "/* x", "1.", "'", "::", "\\", "a\n\tb"] {
            let pieces = pieces(text);
            let mut end = 0;
            for piece in &pieces {
                assert_eq!(piece.start, end, "{text}");
                end = piece.end;
            }
            assert_eq!(end, text.len(), "{text}");
        }
        assert!(!pieces("\"ab").last().unwrap_or_else(|| panic!()).closed);
    }
}
