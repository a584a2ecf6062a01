//! Where a closure reaches the variable that it is called on: the engine tells only the function.

use rhai::Position;

/// The call of `method` in a text, or in a function of it, that most likely met itself.
pub(super) fn call(text: &str, function: Option<&str>, method: &str) -> Option<Position> {
    let (start, end) = function.and_then(|name| body(text, name)).unwrap_or((0, text.len()));
    let part = text.get(start..end)?;
    // a closure that is called on a variable has no name
    let method = if method.starts_with("anon$") { "call" } else { method };
    let pattern = format!(".{method}(");
    let calls: Vec<usize> = part.match_indices(&pattern).map(|(at, _)| at).collect();
    // of equals the first one
    let at = calls.into_iter().rev().max_by_key(|at| likelihood(part, *at, pattern.len()))?;
    let before = &text[..=start + at];
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let line = before.matches('\n').count() + 1;
    Some(Position::new(u16::try_from(line).ok()?, u16::try_from(column).ok()?))
}

/// How likely the call at `at` is the one: a closure among its arguments uses the variable before
/// the dot, or one made earlier does.
fn likelihood(text: &str, at: usize, length: usize) -> u8 {
    let variable = text[..at].rsplit(|c: char| !is_word(c)).next().unwrap_or_default();
    if variable.is_empty() {
        return 0;
    }
    let inside = |code: &str| {
        code.split_once('|').is_some_and(|(_, closure)| {
            closure.split(|c: char| !is_word(c)).any(|word| word == variable)
        })
    };
    let from = at + length;
    let arguments = &text[from..from + matching(&text[from..], '(', ')')];
    match (inside(arguments), inside(&text[..at - variable.len()])) {
        (true, _) => 2,
        (false, true) => 1,
        _ => 0,
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Where the body of a function begins and ends.
fn body(text: &str, function: &str) -> Option<(usize, usize)> {
    let start = text.find(&format!("fn {function}("))?;
    let open = start + text[start..].find('{')? + 1;
    Some((start, open + matching(&text[open..], '{', '}')))
}

/// How far it is to the bracket that closes one which is open already.
fn matching(text: &str, open: char, close: char) -> usize {
    let mut depth = 1;
    for (at, letter) in text.char_indices() {
        if letter == open {
            depth += 1;
        } else if letter == close {
            depth -= 1;
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, function: Option<&str>, method: &str) -> Option<(usize, usize)> {
        let position = call(text, function, method)?;
        position.line().zip(position.position())
    }

    #[test]
    fn the_call_whose_closure_uses_its_own_variable_is_found() {
        let text = "let a = x();\na.map(|v| v);\na.map(|v| a.get(v));\n";
        assert_eq!(place(text, None, "map"), Some((3, 3)));
        assert_eq!(place(text, None, "filter"), None);
        let text = "let f = |x| { a += x };\nb.call(f);\na.call(f);";
        assert_eq!(place(text, None, "anon$1"), Some((3, 3)));
    }

    #[test]
    fn only_the_function_is_searched_in_which_it_happened() {
        let text = "fn f(l) {\n  l.map(|x| l.len());\n}\nfn g(l) { l.map(|x| l.len()); }";
        assert_eq!(place(text, Some("f"), "map"), Some((2, 5)));
        assert_eq!(place(text, Some("g"), "map"), Some((4, 13)));
        assert_eq!(place(text, Some("h"), "map"), Some((2, 5)));
    }
}
