//! What stands at the cursor: a name after `::` or a dot, a text in a call, a word.

use super::syntax::{Kind, Piece, pieces};

/// What is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// `module::name`
    Item { module: &'a str },
    /// `a.b.name`
    Member { of: Chain<'a> },
    /// A text that a function is given, such as `a.get("Plan/Co`.
    Argument { module: Option<&'a str>, of: Option<Chain<'a>>, function: &'a str },
    /// `import "name`
    Import,
    /// A name on its own.
    Word,
}

/// What stands before a dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Chain<'a> {
    /// A variable, and the keys that lead from it to a value.
    Value { variable: &'a str, keys: Vec<&'a str> },
    /// `agency::current()`
    CurrentAgency,
    /// A literal text.
    Text,
    /// Something that cannot be known without running code.
    Unknown,
}

/// What is being typed at the end of `line`, and where it begins.
pub(super) fn place(line: &str) -> Option<(Place<'_>, usize)> {
    let all = pieces(line);
    if let Some(last) = all.last()
        && last.kind == Kind::Text
        && !last.closed
    {
        let start = last.start + 1;
        return argument(line, &code(&all[..all.len() - 1])).map(|place| (place, start));
    }
    if all.last().is_some_and(|last| last.kind == Kind::Comment) {
        return None;
    }
    let (typed, before) = match all.split_last() {
        Some((last, before)) if last.kind == Kind::Word => (last.start, before),
        _ => (line.len(), &all[..]),
    };
    let before = code(before);
    let sign = |sign: &Piece| sign.of(line);
    let place = match before.as_slice() {
        [.., module, last] if sign(last) == "::" && module.kind == Kind::Word => {
            Place::Item { module: module.of(line) }
        }
        [of @ .., last] if matches!(sign(last), "." | "?.") => {
            Place::Member { of: chain(line, of) }
        }
        _ => Place::Word,
    };
    Some((place, typed))
}

/// The innermost call that is open at the end of `line`: what is called, and how many arguments
/// are there already.
pub(super) fn open_call(line: &str) -> Option<(Place<'_>, &str, usize)> {
    let all = code(&pieces(line));
    let mut depth = 0_usize;
    let mut commas = 0;
    for (at, piece) in all.iter().enumerate().rev() {
        match piece.kind {
            Kind::Close => depth += 1,
            Kind::Open if depth > 0 => depth -= 1,
            Kind::Open if piece.of(line) == "(" => {
                let (place, function) = called(line, &all[..at])?;
                return Some((place, function, commas));
            }
            Kind::Open => return None,
            Kind::Sign if depth == 0 && piece.of(line) == "," => commas += 1,
            Kind::Text if !piece.closed => return None,
            _ => {}
        }
    }
    None
}

/// What is called by the words that end here.
fn called<'a>(line: &'a str, before: &[Piece]) -> Option<(Place<'a>, &'a str)> {
    let (name, before) = before.split_last()?;
    if name.kind != Kind::Word {
        return None;
    }
    let place = match before {
        [.., module, sign] if sign.of(line) == "::" && module.kind == Kind::Word => {
            Place::Item { module: module.of(line) }
        }
        [of @ .., sign] if matches!(sign.of(line), "." | "?.") => {
            Place::Member { of: chain(line, of) }
        }
        _ => Place::Word,
    };
    Some((place, name.of(line)))
}

/// The call that a text is for; the text may stand in an array.
fn argument<'a>(line: &'a str, before: &[Piece]) -> Option<Place<'a>> {
    if before.last().is_some_and(|last| last.of(line) == "import") {
        return Some(Place::Import);
    }
    let mut depth = 0_usize;
    for (at, piece) in before.iter().enumerate().rev() {
        match piece.kind {
            Kind::Close => depth += 1,
            Kind::Open if depth > 0 => depth -= 1,
            Kind::Open if piece.of(line) == "(" => {
                let (place, function) = called(line, &before[..at])?;
                let (module, of) = match place {
                    Place::Item { module } => (Some(module), None),
                    Place::Member { of } => (None, Some(of)),
                    _ => (None, None),
                };
                return Some(Place::Argument { module, of, function });
            }
            Kind::Open if piece.of(line) == "{" => return None,
            _ => {}
        }
    }
    None
}

/// Without blanks and comments.
fn code(pieces: &[Piece]) -> Vec<Piece> {
    let spoken = |piece: &&Piece| !matches!(piece.kind, Kind::Blank | Kind::Comment);
    pieces.iter().filter(spoken).copied().collect()
}

/// What the pieces at the end amount to.
fn chain<'a>(line: &'a str, pieces: &[Piece]) -> Chain<'a> {
    let mut rest = pieces;
    let mut keys = Vec::new();
    loop {
        rest = match rest {
            [.., agency, colons, current, open, close]
                if keys.is_empty()
                    && [agency, colons, current, open, close].map(|one| one.of(line))
                        == ["agency", "::", "current", "(", ")"] =>
            {
                return Chain::CurrentAgency;
            }
            [before @ .., open, key, close]
                if open.of(line) == "[" && close.of(line) == "]" && key.kind == Kind::Text =>
            {
                let key = key.of(line);
                keys.push(key.get(1..key.len() - 1).unwrap_or_default());
                before
            }
            [.., text] if text.kind == Kind::Text && keys.is_empty() => return Chain::Text,
            [before @ .., dot, name]
                if name.kind == Kind::Word && matches!(dot.of(line), "." | "?.") =>
            {
                keys.push(name.of(line));
                before
            }
            [.., sign, name] if name.kind == Kind::Word && sign.of(line) == "::" => {
                return Chain::Unknown;
            }
            [.., name] if name.kind == Kind::Word => {
                keys.reverse();
                return Chain::Value { variable: name.of(line), keys };
            }
            _ => return Chain::Unknown,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(variable: &'a str, keys: &[&'a str]) -> Chain<'a> {
        Chain::Value { variable, keys: keys.to_vec() }
    }

    #[test]
    fn names_are_told_by_what_stands_before_them() {
        for (line, expected, typed) in [
            ("1 + fs::re", Place::Item { module: "fs" }, "re"),
            ("fs::", Place::Item { module: "fs" }, ""),
            ("x = a.b.c", Place::Member { of: value("a", &["b"]) }, "c"),
            ("a[\"x y\"].", Place::Member { of: value("a", &["x y"]) }, ""),
            ("a?.b[\"c\"].d.e", Place::Member { of: value("a", &["b", "c", "d"]) }, "e"),
            ("agency::current().ge", Place::Member { of: Chain::CurrentAgency }, "ge"),
            ("\"abc\".to", Place::Member { of: Chain::Text }, "to"),
            ("f(1).x", Place::Member { of: Chain::Unknown }, "x"),
            ("pri", Place::Word, "pri"),
            ("", Place::Word, ""),
            ("a + ", Place::Word, ""),
            ("import \"ass", Place::Import, "ass"),
        ] {
            let (found, start) = place(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((found, &line[start..]), (expected, typed), "{line}");
        }
        assert_eq!(place("// wor"), None);
        assert_eq!(place("let x = \"abc"), None);
    }

    #[test]
    fn texts_belong_to_the_call_around_them() {
        for (line, module, of, function, typed) in [
            ("a.get(\"Plan/Co", None, Some(value("a", &[])), "get", "Plan/Co"),
            ("agency::current().cas(\"x", None, Some(Chain::CurrentAgency), "cas", "x"),
            ("a.read([\"x\", \"y", None, Some(value("a", &[])), "read", "y"),
            ("fs::read(`", Some("fs"), None, "read", ""),
        ] {
            let (found, start) = place(line).unwrap_or_else(|| panic!("{line}"));
            let expected = Place::Argument { module, of, function };
            assert_eq!((found, &line[start..]), (expected, typed), "{line}");
        }
        assert_eq!(place("a.f(#{ x: \"y"), None);
    }

    #[test]
    fn the_innermost_open_call_is_found() {
        let call = |line| open_call(line).map(|(_, name, given)| (name, given));
        assert_eq!(call("fs::write(\"a\", g(1, 2), "), Some(("write", 2)));
        assert_eq!(call("fs::write(g(1, "), Some(("g", 1)));
        assert_eq!(call("f(1)"), None);
        assert_eq!(call("f([1, "), None);
        assert_eq!(call("(1 + "), None);
    }
}
