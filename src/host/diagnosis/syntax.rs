//! Texts that cannot be compiled.

use rhai::{LexError, ParseErrorType};

use super::finding::{Clues, Finding};
use super::{foreign, unknown};

pub(super) fn finding(problem: &ParseErrorType, clues: &Clues) -> Finding {
    let finding = Finding::new("script.syntax", problem.to_string());
    match problem {
        ParseErrorType::VariableUndefined(name) => unknown::variable(name, clues),
        ParseErrorType::ModuleUndefined(name) => unknown::module(name, clues),
        ParseErrorType::Reserved(word) => match foreign::word(word) {
            Some(way) => finding.hint(way),
            None => finding.hint(format!(
                "'{word}' is a reserved word of the language: take another name; as a key write #{{ \"{word}\": … }} and map[\"{word}\"]"
            )),
        },
        ParseErrorType::ExprTooDeep => finding.hint("expressions and blocks nest at most 256 levels deep: use a variable or a function for a part of it"),
        ParseErrorType::UnknownOperator(symbol) => finding.maybe(foreign::operator(symbol)),
        ParseErrorType::BadInput(LexError::MalformedChar(_)) => {
            finding.hint("texts stand in double quotes; single quotes hold one character")
        }
        ParseErrorType::BadInput(LexError::ImproperSymbol(symbol, _)) => {
            finding.hint(foreign::operator(symbol).unwrap_or("this is no operator of the language; see https://rhai.rs/book"))
        }
        ParseErrorType::MissingToken(token, _) if token == ";" => missing_end(finding, clues),
        _ => finding,
    }
}

/// A statement without its end.
fn missing_end(finding: Finding, clues: &Clues) -> Finding {
    if clues.unended_line().is_some() {
        return finding;
    }
    let (before, after) = clues.around().unwrap_or_default();
    let last = before.split_whitespace().last().unwrap_or_default();
    finding.maybe(
        foreign::word(last)
            .or_else(|| after.starts_with("=>").then_some("closures are written |x| …")),
    )
}
