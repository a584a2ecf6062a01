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
    let innermost = sources.location(&source, error.position());
    let in_eval = trace.last().is_some_and(|frame| frame.function == "eval");
    let mut explained = finding(error, in_eval, known);
    explained.location = own_location(innermost, &trace).or_else(|| match error {
        // the engine does not tell where
        EvalAltResult::ErrorDataRace(what, _) => {
            sources.only_call(&source, what.split('\'').nth(1).unwrap_or_default())
        }
        _ => None,
    });
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

fn finding(
    error: &EvalAltResult,
    in_eval: bool,
    known: impl FnOnce() -> Vec<String>,
) -> ScriptError {
    use EvalAltResult as E;
    match error {
        E::ErrorRuntime(value, _) => thrown(value),
        E::ErrorTerminated(token, _) => match token.clone().try_cast::<Stop>() {
            Some(stop) => stopped(stop),
            None => plain(Finding::new("run.ended", "the run was ended")),
        },
        E::ErrorParsing(ParseErrorType::VariableUndefined(name), _)
        | E::ErrorVariableNotFound(name, _) => plain(unknown_variable(name, in_eval)),
        E::ErrorParsing(ParseErrorType::ModuleUndefined(name), _) => {
            plain(unknown_module(name, &known()))
        }
        E::ErrorParsing(problem, _) => plain(syntax(problem)),
        E::ErrorFunctionNotFound(signature, _) => plain(unknown_function(signature, known())),
        E::ErrorModuleNotFound(name, _) => plain(unknown_module(name, &known())),
        E::ErrorStackOverflow(_) => plain(Finding::new(
            "script.stack_overflow",
            format!("functions call each other more than {} levels deep", super::MAX_CALL_LEVELS),
        )),
        E::ErrorDataRace(what, _) => plain(
            Finding::new("script.data_race", format!("{what} is in use already"))
                .hint("a closure uses the very variable that this function is called on; inside it take another one, or agency::current() anew"),
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
        return plain(Finding::new("script.thrown", thrown_text(value)));
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

/// The text of a thrown value that is no map.
fn thrown_text(value: &Dynamic) -> String {
    if value.is_unit() {
        return "something was thrown without saying what".to_owned();
    }
    if value.is_fnptr() {
        return "a function was thrown".to_owned();
    }
    match value.to_string() {
        text if text.trim().is_empty() => "an empty text was thrown".to_owned(),
        text => text,
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
        "agency.operation_failed" => {
            "does the operation fit what stands at the path? an object's key must not contain '/'"
        }
        "agency.conflict" => "other clients write the same path; try again, or write less often",
        "http.tls" => {
            "name the authority to trust with --ca-file, or accept any certificate with --insecure; agency::connect takes ca_file and insecure"
        }
        "http.no_tls" => "the endpoint of a server without TLS begins with http:// or tcp://",
        "http.tls_only" => "the endpoint of a server with TLS begins with https:// or ssl://",
        "deadline.script" => "the script's own deadline: time::clear_deadline() takes it away",
        _ => return None,
    })
}

fn syntax(problem: &ParseErrorType) -> Finding {
    let finding = Finding::new("script.syntax", problem.to_string());
    match problem {
        ParseErrorType::Reserved(word) => finding.hint(format!(
            "'{word}' is a reserved word of the language: take another name; as a key write #{{ \"{word}\": … }} and map[\"{word}\"]"
        )),
        ParseErrorType::ExprTooDeep => finding.hint("expressions and blocks nest at most 256 levels deep: use a variable or a function for a part of it"),
        ParseErrorType::BadInput(LexError::ImproperSymbol(..)) => {
            finding.hint("this is no operator of the language; see https://rhai.rs/book")
        }
        _ => finding,
    }
}

fn unknown_variable(name: &str, in_eval: bool) -> Finding {
    let finding =
        Finding::new("script.unknown_variable", format!("no variable '{name}' is known here"));
    if in_eval {
        return finding.hint(
            "the text given to eval sees no variables of the script; write the values into it",
        );
    }
    match name.rsplit_once("::") {
        Some((module, own)) => finding.hint(format!(
            "a function is called with parentheses: {name}(); modules show variables that they export: export const {own} = … in '{module}'"
        )),
        None => {
            finding.hint("functions see their parameters, not the variables outside; closures do")
        }
    }
}

fn unknown_module(name: &str, known: &[String]) -> Finding {
    let finding =
        Finding::new("script.unknown_module", format!("no module '{name}' is known here"));
    let mut modules: Vec<String> =
        known.iter().filter_map(|function| Some(function.split_once("::")?.0.to_owned())).collect();
    modules.dedup();
    match nearest(name, &modules) {
        Some(near) => finding.hint(format!("did you mean '{near}'?")),
        None => finding.hint(format!("import it first: import \"{name}\" as {name};")),
    }
}

fn unknown_function(signature: &str, known: Vec<String>) -> Finding {
    let signature = signature.replace("&str | ImmutableString | String", "string");
    let name = signature.split(" (").next().unwrap_or(&signature);
    if !name.starts_with(|first: char| first.is_alphabetic() || first == '_') {
        let operands =
            signature.split_once(" (").map_or("", |(_, rest)| rest.trim_end_matches(')'));
        return Finding::new(
            "script.unknown_function",
            format!("the operator {name} does not take these values: {operands}"),
        );
    }
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
