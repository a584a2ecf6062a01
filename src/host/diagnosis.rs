//! From an engine's error to one that says where, what and how to go on.

use rhai::{Dynamic, EvalAltResult, LexError, Map as RhaiMap, ParseErrorType};
use serde_json::{Map, Value};

use super::error::{Frame, Location, ScriptError};
use super::sources::Sources;
use super::stdlib;
use crate::deadline::Stop;
use crate::natives::to_json;

/// What an error says, without the place.
struct Finding {
    kind: String,
    message: String,
    hint: Option<String>,
}

impl Finding {
    fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into(), hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Explains an error of the script called `script`; `known` gives the names that functions have.
pub(super) fn explain(
    error: &EvalAltResult,
    script: &str,
    sources: &Sources,
    known: impl FnOnce() -> Vec<String>,
) -> ScriptError {
    let mut trace: Vec<Frame> = Vec::new();
    let mut source = script.to_owned();
    let mut error = error;
    loop {
        let (function, inner, position, next) = match error {
            EvalAltResult::ErrorInFunctionCall(name, from, inner, position) => {
                let closure = name.starts_with("anon$");
                let next = match (closure.then(|| sources.of_closure(name)).flatten(), from) {
                    (Some(defined_in), _) => defined_in,
                    (None, from) if from.is_empty() => source.clone(),
                    (None, from) => from.clone(),
                };
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
    let innermost = sources.location(&source, error.position());
    let mut explained = finding(error, known);
    explained.location = own_location(innermost, &trace);
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

fn finding(error: &EvalAltResult, known: impl FnOnce() -> Vec<String>) -> ScriptError {
    use EvalAltResult as E;
    match error {
        E::ErrorRuntime(value, _) => thrown(value),
        E::ErrorTerminated(token, _) => match token.clone().try_cast::<Stop>() {
            Some(stop) => stopped(stop),
            None => plain(Finding::new("run.ended", "the run was ended")),
        },
        E::ErrorParsing(ParseErrorType::VariableUndefined(name), _)
        | E::ErrorVariableNotFound(name, _) => plain(
            Finding::new("script.unknown_variable", format!("no variable '{name}' is known here"))
                .hint("functions see their parameters, not the variables outside; closures do"),
        ),
        E::ErrorParsing(ParseErrorType::ModuleUndefined(name), _) => plain(unknown_module(name)),
        E::ErrorParsing(problem, _) => plain(syntax(problem)),
        E::ErrorFunctionNotFound(signature, _) => plain(unknown_function(signature, known())),
        E::ErrorModuleNotFound(name, _) => plain(unknown_module(name)),
        E::ErrorStackOverflow(_) => plain(Finding::new(
            "script.stack_overflow",
            format!("functions call each other more than {} levels deep", super::MAX_CALL_LEVELS),
        )),
        E::ErrorDataRace(what, _) => plain(
            Finding::new("script.data_race", format!("{what} is in use already"))
                .hint("a closure captured the very variable that it is called with or on; pass the value as an argument"),
        ),
        E::ErrorUnboundThis(_) => plain(
            Finding::new("script.unbound_this", "'this' has no value here")
                .hint("call the function as a method: value.function()"),
        ),
        other => plain(Finding::new("script.failed", text_of(other))),
    }
}

fn plain(finding: Finding) -> ScriptError {
    ScriptError {
        kind: finding.kind,
        message: finding.message,
        hint: finding.hint,
        ..ScriptError::default()
    }
}

/// The error of a run that a deadline or an interrupt has ended.
pub(super) fn stopped(stop: Stop) -> ScriptError {
    let finding = match &stop {
        Stop::Interrupted => Finding::new("run.interrupted", stop.to_string()),
        _ => Finding::new("deadline.reached", stop.to_string())
            .hint("give it more time with --deadline, or find what it waits for"),
    };
    ScriptError { stop: Some(stop), ..plain(finding) }
}

/// What a script or a native threw.
fn thrown(value: &Dynamic) -> ScriptError {
    let Some(map) = value.read_lock::<RhaiMap>().map(|map| map.clone()) else {
        return plain(Finding::new("script.thrown", value.to_string()));
    };
    let text = |key: &str| map.get(key).and_then(|text| text.clone().into_string().ok());
    let number = |key: &str| map.get(key).and_then(|number| number.as_int().ok());
    let json = to_json(value).unwrap_or_default();
    let kind = text("kind").unwrap_or_else(|| "script.thrown".to_owned());
    let message = text("message").unwrap_or_else(|| json.to_string());
    let mut context = match json {
        Value::Object(mut whole) if whole.contains_key("kind") => match whole.remove("context") {
            Some(Value::Object(context)) => context,
            _ => Map::new(),
        },
        Value::Object(whole) => whole,
        _ => Map::new(),
    };
    let causes = causes(&mut context);
    // scripts get one text, people a line for each cause
    let with_causes = format!(": {}", causes.join(": "));
    let message = message.strip_suffix(&with_causes).unwrap_or(&message).to_owned();
    let hint = text("hint").or_else(|| remedy(&kind).map(str::to_owned));
    ScriptError {
        error_num: number("error_num"),
        code: number("code"),
        causes,
        context,
        ..plain(Finding { kind, message, hint })
    }
}

/// Takes the causes out of what a native added.
fn causes(context: &mut Map<String, Value>) -> Vec<String> {
    match context.remove("causes") {
        Some(Value::Array(causes)) => {
            causes.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// What helps against errors of this kind.
fn remedy(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "agency.unreachable" => {
            "does an agent listen there? --embedded brings an agency of its own"
        }
        "agency.no_leader" => "do enough agents run for a majority? agency.health() tells of each",
        "agency.unauthorized" => "give the agents' secret with --jwt-secret-file",
        "agency.not_an_agent" => {
            "agents are asked directly, not through a coordinator or DB-server"
        }
        "agency.unknown_outcome" => "agency.inquire(ids) tells it once the agency answers again",
        "agency.operation_failed" => "does the operation fit what stands at the path?",
        "agency.conflict" => "other clients write the same path; try again, or write less often",
        "deadline.script" => "the script's own deadline: time::clear_deadline() takes it away",
        _ => return None,
    })
}

fn syntax(problem: &ParseErrorType) -> Finding {
    let finding = Finding::new("script.syntax", problem.to_string());
    match problem {
        ParseErrorType::Reserved(word) => finding.hint(format!(
            "'{word}' is a reserved word of the language: as a key write #{{ \"{word}\": … }} and map[\"{word}\"]"
        )),
        ParseErrorType::BadInput(LexError::ImproperSymbol(..)) => {
            finding.hint("this is no operator of the language; see https://rhai.rs/book")
        }
        _ => finding,
    }
}

fn unknown_module(name: &str) -> Finding {
    let finding =
        Finding::new("script.unknown_module", format!("no module '{name}' is known here"));
    finding.hint(format!("import it first: import \"{name}\" as {name};"))
}

fn unknown_function(signature: &str, known: Vec<String>) -> Finding {
    let name = signature.split(" (").next().unwrap_or(signature);
    let same = known.iter().any(|one| one == name);
    let finding = Finding::new(
        "script.unknown_function",
        format!("no function takes this call: {signature}"),
    );
    if same {
        return finding.hint(format!(
            "there is a function '{name}', but not for these arguments: see `agencysh doc {name}`"
        ));
    }
    match nearest(name, &known) {
        Some(near) => finding.hint(format!("did you mean '{near}'?")),
        None => finding,
    }
}

/// The name most like `name`, if one is like it at all.
pub(super) fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let most = name.chars().count() / 3;
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(candidate, name), candidate))
        .filter(|(distance, _)| (1..=most).contains(distance))
        .min()
        .map(|(_, candidate)| candidate.as_str())
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
