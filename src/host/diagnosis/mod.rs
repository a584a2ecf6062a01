//! From an engine's error to one that says where, what and how to go on.

//!
//! * `finding`: what an error says, and what is known when it is explained
//! * `syntax`, `unknown`, `race`, `thrown`: the kinds of errors
//! * `foreign`: words of other languages

mod finding;
mod foreign;
mod race;
mod syntax;
mod thrown;
mod unknown;

use rhai::{EvalAltResult, ParseErrorType};

use super::error::{Frame, Location, ScriptError};
use super::sources::Sources;
use super::stdlib;
use crate::deadline::Stop;

use finding::{Clues, Finding};

pub(super) use finding::Known;
pub(super) use unknown::likely;

/// Explains an error of the script called `script`; `deepest` is how deep functions may
/// call each other, `known` gives what can be called.
pub(super) fn explain(
    error: &EvalAltResult,
    script: &str,
    sources: &Sources,
    deepest: usize,
    known: impl FnOnce() -> Vec<Known>,
) -> ScriptError {
    let mut trace: Vec<Frame> = Vec::new();
    let mut source = script.to_owned();
    let mut error = error;
    loop {
        let (function, inner, position, next) = match error {
            EvalAltResult::ErrorInFunctionCall(name, from, inner, position) => {
                let closure = name.starts_with("anon$");
                let told = if from.is_empty() { source.clone() } else { from.clone() };
                let defined_in = match closure {
                    true => sources.of_closure(name),
                    false => sources.of_entered_function(&told, name),
                };
                let next = defined_in.unwrap_or(told);
                let name = if closure { "a closure".to_owned() } else { name.clone() };
                (name, inner, *position, next)
            }
            EvalAltResult::ErrorInModule(name, inner, position) => {
                (format!("import of {name}"), inner, *position, name.clone())
            }
            _ => break,
        };
        trace.push(Frame { function, location: sources.location(&source, position) });
        source = next;
        error = inner;
    }
    let text = sources.text(&source);
    let function = trace.last().map(|frame| frame.function.as_str());
    let position = match error {
        // the engine does not tell where
        EvalAltResult::ErrorDataRace(what, position) if position.is_none() => {
            let method = what.split('\'').nth(1).unwrap_or_default();
            let found = text.as_deref().and_then(|text| race::call(text, function, method));
            found.unwrap_or(*position)
        }
        other => other.position(),
    };
    let in_eval = function == Some("eval");
    // looking for names takes longer than the rest
    let wants_names = matches!(
        error,
        EvalAltResult::ErrorParsing(..)
            | EvalAltResult::ErrorVariableNotFound(..)
            | EvalAltResult::ErrorFunctionNotFound(..)
            | EvalAltResult::ErrorModuleNotFound(..)
            | EvalAltResult::ErrorDotExpr(..)
    );
    let known = if wants_names { known() } else { Vec::new() };
    let clues = Clues { text, position, in_eval, deepest, known };
    let mut explained = finding(error, &clues);
    let position = match error {
        // the engine tells where the next statement begins
        EvalAltResult::ErrorParsing(ParseErrorType::MissingToken(token, _), _) if token == ";" => {
            clues.unended_line().unwrap_or(position)
        }
        _ => position,
    };
    explained.location = own_location(sources.location(&source, position), &trace);
    explained.trace = trace;
    explained
}

/// The innermost place outside the standard library.
fn own_location(innermost: Option<Location>, trace: &[Frame]) -> Option<Location> {
    let places =
        || innermost.iter().chain(trace.iter().rev().filter_map(|frame| frame.location.as_ref()));
    let own = |place: &&Location| !place.source.starts_with(stdlib::PREFIX);
    places().find(own).or_else(|| places().next()).cloned()
}

fn finding(error: &EvalAltResult, clues: &Clues) -> ScriptError {
    use EvalAltResult as E;
    let finding = match error {
        E::ErrorRuntime(value, _) => return thrown::explained(value),
        E::ErrorTerminated(token, _) => match token.clone().try_cast::<Stop>() {
            Some(stop) => return stopped(stop),
            None => Finding::new("run.ended", "the run was ended"),
        },
        E::ErrorParsing(problem, _) => syntax::finding(problem, clues),
        E::ErrorVariableNotFound(name, _) => unknown::variable(name, clues),
        E::ErrorFunctionNotFound(signature, _) => unknown::function(signature, clues),
        E::ErrorModuleNotFound(name, _) => unknown::module(name, clues),
        E::ErrorStackOverflow(_) => Finding::new(
            "script.stack_overflow",
            format!("functions call each other more than {} levels deep", clues.deepest),
        )
        .hint("does a function call itself without end?"),
        E::ErrorDataRace(what, _) => data_race(what),
        E::ErrorDataTooLarge(what, _) => Finding::new(
            "limit.size",
            format!("a value became too large: {}", what.to_lowercase()),
        )
        .hint("--max-string, --max-array and --max-map, or the limits of the host, can be raised"),
        E::ErrorUnboundThis(_) => Finding::new("script.unbound_this", "'this' has no value here")
            .hint("call the function as a method: value.function()"),
        E::ErrorMismatchDataType(..) => {
            let text = text_of(error);
            let condition = text.contains("expecting bool");
            Finding::new("script.failed", text).maybe(
                condition
                    .then_some("conditions are true or false: write x != 0, x != () or x != \"\""),
            )
        }
        E::ErrorDotExpr(..) => unknown::property(text_of(error), clues),
        other => Finding::new("script.failed", text_of(other)),
    };
    finding.into()
}

/// A value that is used while it is changed.
fn data_race(what: &str) -> Finding {
    let name = what.split('\'').nth(1).unwrap_or_default();
    let message = match name.starts_with("anon$") {
        true => "a variable that a closure is called on is in use already".to_owned(),
        false if what.is_empty() => "a variable is in use already".to_owned(),
        false => format!("{what} is in use already"),
    };
    Finding::new("script.data_race", message)
        .hint("a closure uses the very variable that this function is called on; inside it take another one, or agency::current() anew")
}

/// The error of a run that a deadline or an interrupt has ended.
pub(super) fn stopped(stop: Stop) -> ScriptError {
    let finding = match &stop {
        Stop::Interrupted => Finding::new("run.interrupted", stop.to_string()),
        Stop::TooManyOperations { .. } => Finding::new("limit.operations", stop.to_string())
            .hint("is there a loop without end? --max-operations, or the limits of the host, can be raised"),
        Stop::TooMuchOutput { .. } => Finding::new("limit.output", stop.to_string())
            .hint("print less, or raise --max-output or the limits of the host"),
        _ => Finding::new("deadline.reached", stop.to_string())
            .hint("give it more time with --deadline, or find what it waits for"),
    };
    ScriptError { stop: Some(stop), ..finding.into() }
}

/// The name most like `name`, if one is like it at all.
pub(crate) fn nearest<'a, T: AsRef<str> + ?Sized + 'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a T>,
) -> Option<&'a str> {
    let most = name.chars().count() / 3;
    known
        .into_iter()
        .map(AsRef::as_ref)
        .map(|candidate| (strsim::damerau_levenshtein(candidate, name), candidate))
        .filter(|(distance, _)| (1..=most).contains(distance))
        .min()
        .map(|(_, candidate)| candidate)
}

/// The engine's own text, without the position that it ends with.
fn text_of(error: &EvalAltResult) -> String {
    let text = error.to_string();
    let position = error.position();
    if position.is_none() {
        return text;
    }
    match text.rsplit_once(" (line ") {
        Some((message, _)) => message.to_owned(),
        None => text,
    }
}
