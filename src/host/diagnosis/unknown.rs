//! Names that mean nothing: variables, modules, functions, operators.

use super::finding::{Clues, Finding, Known};
use super::{foreign, nearest};
use crate::natives::reference;

/// Functions that change the value before the dot and give nothing.
const IN_PLACE: &[&str] = &[
    "trim",
    "replace",
    "sort",
    "reverse",
    "push",
    "append",
    "insert",
    "clear",
    "truncate",
    "chop",
    "pad",
    "make_upper",
    "make_lower",
    "fill_with",
    "mixin",
];

pub(super) fn variable(name: &str, clues: &Clues) -> Finding {
    let finding =
        Finding::new("script.unknown_variable", format!("no variable '{name}' is known here"));
    if clues.in_eval {
        return finding.hint(
            "the text given to eval sees no variables of the script; write the values into it",
        );
    }
    if let Some((module, own)) = name.rsplit_once("::") {
        return finding.hint(format!(
            "a function is called with parentheses: {name}(); modules show variables that they export: export const {own} = … in '{module}'"
        ));
    }
    let (before, after) = clues.around().unwrap_or_default();
    let here = after.strip_prefix(name).unwrap_or(after).trim_start();
    if let Some(way) = foreign::word(name) {
        return finding.hint(way);
    }
    if here.starts_with('.') && modules(&clues.known).contains(&name) {
        return finding.hint(format!("'{name}' is a namespace: write {name}::"));
    }
    if before.trim_end().ends_with('(') && closing(here).is_some_and(|rest| rest.starts_with("=>"))
    {
        return finding.hint("closures are written |x| …");
    }
    let declared = clues.declared();
    let line = clues.position.line().unwrap_or_default();
    if let Some((_, at)) = declared.iter().rev().find(|(one, at)| *one == name && *at <= line) {
        return finding.hint(format!(
            "'{name}' of line {at} is not seen here: functions see their parameters alone (hand it over as one), and a variable ends with the block that declares it"
        ));
    }
    if let Some((_, at)) = declared.iter().find(|(one, _)| *one == name) {
        return finding.hint(format!("it is declared later, in line {at}"));
    }
    match nearest(name, declared.iter().map(|(one, _)| *one)) {
        Some(near) => finding.hint(format!("did you mean '{near}'?")),
        None => finding.hint(format!("declare it first: let {name} = …;")),
    }
}

/// What follows the parenthesis that closes a list of names.
fn closing(text: &str) -> Option<&str> {
    let (list, rest) = text.split_once(')')?;
    list.chars().all(|c| c.is_alphanumeric() || " _,".contains(c)).then(|| rest.trim_start())
}

pub(super) fn module(name: &str, clues: &Clues) -> Finding {
    let finding =
        Finding::new("script.unknown_module", format!("no module '{name}' is known here"));
    match nearest(name, modules(&clues.known)) {
        Some(near) => finding.hint(format!("did you mean '{near}'?")),
        None => finding.hint(foreign::word(name).map_or_else(
            || format!("import it first: import \"{name}\" as {name};"),
            str::to_owned,
        )),
    }
}

fn modules(known: &[Known]) -> Vec<&str> {
    let mut modules: Vec<&str> =
        known.iter().filter_map(|one| Some(one.name.split_once("::")?.0)).collect();
    modules.dedup();
    modules
}

pub(super) fn function(signature: &str, clues: &Clues) -> Finding {
    let signature = signature.replace("&str | ImmutableString | String", "string");
    let name = signature.split(" (").next().unwrap_or(&signature);
    let types = signature.split_once(" (").map_or("", |(_, rest)| rest);
    let types = types.strip_suffix(')').unwrap_or(types);
    if !name.starts_with(|first: char| first.is_alphabetic() || first == '_') {
        return Finding::new(
            "script.unknown_function",
            format!("the operator {name} does not take these values: {types}"),
        )
        .maybe(operands(types, clues));
    }
    let finding = Finding::new(
        "script.unknown_function",
        format!("no function takes this call: {signature}"),
    );
    if types == "()" || types.starts_with("(),") {
        return finding.hint(nothing(clues));
    }
    let same: Vec<&Known> = clues.known.iter().filter(|one| called(one, name)).collect();
    finding.maybe(match same.is_empty() {
        true => likely(name, &clues.known),
        false => Some(takes(name, &same, types)),
    })
}

/// A property that a value does not have.
pub(super) fn property(text: String, clues: &Clues) -> Finding {
    let name = text.split('\'').nth(1).unwrap_or_default().to_owned();
    let on_nothing = text.contains("type '()'");
    let finding = Finding::new("script.failed", text);
    if on_nothing {
        return finding.hint(
            "what stands before the dot is (): a map gives that for keys it does not have; `?.` goes on with (), and m.key = #{} makes the key",
        );
    }
    if let Some(way) = foreign::function(&name) {
        return finding.hint(format!("here it is {way}"));
    }
    let is_function = clues.known.iter().any(|one| one.name == name);
    finding.maybe(is_function.then(|| format!("functions are called with parentheses: {name}()")))
}

/// Whether a call of `name` may mean a function: those of modules are not known by the name of their module.
fn called(known: &Known, name: &str) -> bool {
    let own = name.rsplit("::").next().unwrap_or(name);
    known.name == name || known.scripted && known.name == own
}

/// Which arguments the functions of a name take.
fn takes(name: &str, same: &[&Known], types: &str) -> String {
    if let Some(own) = same.iter().find(|one| one.scripted) {
        let given = types.split(", ").filter(|one| !one.is_empty()).count();
        let parameters = own.parameters.join(", ");
        return format!(
            "it takes {} here, not {given}: {name}({parameters})",
            own.parameters.len()
        );
    }
    let docs = reference::reference();
    let documented: Vec<&str> = docs
        .iter()
        .filter(|doc| match name.contains("::") {
            true => doc.full_name() == name,
            // methods of agencies are called without their namespace
            false => doc.is_method && doc.name == name && types.starts_with("Agency"),
        })
        .map(|doc| doc.signature.as_str())
        .collect();
    if !documented.is_empty() {
        return format!("it is {}", documented.join(" or "));
    }
    let mut values: Vec<String> = same
        .iter()
        .filter_map(|one| one.parameters.first())
        .map(|parameter| script_type(parameter.rsplit(": ").next().unwrap_or(parameter)))
        .filter(|of| !of.contains(['<', '?']))
        .collect();
    values.sort();
    values.dedup();
    match values.is_empty() {
        true => format!("'{name}' takes other arguments"),
        false => format!("'{name}' is there for: {}", values.join(", ")),
    }
}

/// The function that an unknown name most likely means.
pub(in crate::host) fn likely(name: &str, known: &[Known]) -> Option<String> {
    if let Some(way) = foreign::function(name) {
        return Some(format!("here it is {way}"));
    }
    let (module, own) = match name.rsplit_once("::") {
        Some((module, own)) => (Some(module), own),
        None => (None, name),
    };
    let candidates: Vec<String> = known
        .iter()
        .map(|one| match module {
            // what is imported is known by its own name only
            Some(module) if one.scripted => format!("{module}::{}", one.name),
            _ => one.name.clone(),
        })
        .collect();
    let snake = foreign::snake_case(own);
    let whole = module.map_or_else(|| snake.clone(), |module| format!("{module}::{snake}"));
    let near = match whole != name && candidates.contains(&whole) {
        true => whole,
        false => nearest(name, &candidates)?.to_owned(),
    };
    Some(format!("did you mean '{near}'?"))
}

/// Why an operator does not take its values.
fn operands(types: &str, clues: &Clues) -> Option<String> {
    let of: Vec<&str> = types.split(", ").collect();
    if of.contains(&"()") {
        return Some(nothing(clues));
    }
    let has = |one: &str| of.contains(&one);
    if has("i64") && has("f64") {
        return Some("integers and floats do not mix here: x.to_int() or x.to_float() makes one of the other".to_owned());
    }
    if has("string") && (has("i64") || has("f64")) {
        return Some("`${x}` makes a text of a number; parse_int(text) and parse_float(text) make numbers of texts".to_owned());
    }
    None
}

/// Why a value may be `()`.
fn nothing(clues: &Clues) -> String {
    let changed = clues.text.as_deref().into_iter().flat_map(str::lines).enumerate().find_map(
        |(number, line)| {
            let (_, value) = line.split_once('=')?;
            let name = IN_PLACE.iter().find(|name| value.contains(&format!(".{name}(")))?;
            Some((number + 1, *name))
        },
    );
    match changed {
        Some((line, name)) => format!(
            "a value is () here: {name}() in line {line} changes the value before the dot and gives nothing; call it first, then use that value"
        ),
        None => "a value is () here: missing keys and paths give (), and so do functions that change the value before the dot; x ?? other gives something else for ()".to_owned(),
    }
}

/// The name that scripts have for a type of the engine.
fn script_type(of: &str) -> String {
    let of = of.trim_start_matches("&mut ");
    match of {
        "ImmutableString" | "&str" | "String" => "string",
        "Array" => "array",
        "Map" => "map",
        "Blob" => "blob",
        "INT" => "i64",
        "FLOAT" => "f64",
        other => other,
    }
    .to_owned()
}
