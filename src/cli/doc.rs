//! `doc`: the reference of natives and standard library.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::OnceLock;

use super::exit::ExitCode;
use super::options::OptionError;
use super::output;
use crate::host::{nearest, stdlib};
use crate::natives::NAMESPACES;
use crate::natives::legacy::{self, Fate};
use crate::natives::reference::{self, NativeDoc};

/// Shows one function, one namespace, or what there is.
pub(super) fn show(name: Option<&str>) -> Result<ExitCode, OptionError> {
    match text(name) {
        Some(text) => {
            output::write(&text);
            Ok(ExitCode::OK)
        }
        None => {
            let name = name.unwrap_or_default();
            let help = similar(name).map_or_else(
                || "`agencysh doc` lists all".to_owned(),
                |near| format!("did you mean '{near}'?"),
            );
            output::note(&format!("nothing is known under the name '{name}'; {help}"));
            Ok(ExitCode::FAILED)
        }
    }
}

/// Shows the text of a command or of a module.
pub(super) fn show_source(name: &str) -> Result<ExitCode, OptionError> {
    if let Some(text) = stdlib::command(name).or_else(|| stdlib::module(name)) {
        output::write(text);
        return Ok(ExitCode::OK);
    }
    let known: Vec<String> =
        stdlib::commands().into_iter().map(str::to_owned).chain(stdlib::names()).collect();
    let help = nearest(name, &known).map_or_else(
        || format!("there are {}", known.join(", ")),
        |near| format!("did you mean '{near}'?"),
    );
    output::note(&format!("no script of the standard library is called '{name}'; {help}"));
    Ok(ExitCode::FAILED)
}

/// The name most like an unknown one: of a native, a namespace, or a function of arangosh.
pub(super) fn similar(name: &str) -> Option<String> {
    let docs = natives();
    let mut known: Vec<String> = namespaces().iter().map(|&name| name.to_owned()).collect();
    for doc in docs {
        let full = doc.full_name();
        known.push(if doc.is_method { full.replacen("::", ".", 1) } else { full });
        known.extend(legacy::names_of(doc).into_iter().map(str::to_owned));
    }
    known.extend(legacy::others().iter().map(|(name, _)| (*name).to_owned()));
    nearest(name.trim(), &known).map(str::to_owned)
}

/// The reference of natives and standard library, read once.
pub(super) fn natives() -> &'static [NativeDoc] {
    static DOCS: OnceLock<Vec<NativeDoc>> = OnceLock::new();
    DOCS.get_or_init(|| {
        let mut docs = reference::reference();
        docs.extend(stdlib::reference());
        docs
    })
}

/// The namespaces of the natives.
pub(super) fn namespaces() -> &'static [&'static str] {
    static NAMES: OnceLock<Vec<&'static str>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let mut names: Vec<&str> = NAMESPACES.iter().map(|(name, _)| *name).collect();
        names.dedup();
        names
    })
}

/// The reference of a name; `None` when nothing has it.
pub(super) fn text(name: Option<&str>) -> Option<String> {
    let docs = natives();
    let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else {
        return Some(overview(docs));
    };
    let members: Vec<&NativeDoc> = docs.iter().filter(|doc| doc.namespace == name).collect();
    if !members.is_empty() {
        return Some(summaries(&members));
    }
    match reference::find(docs, name).as_slice() {
        [] => legacy::fate(name).map(|fate| without_native(name, fate)),
        [one] => Some(whole(one)),
        several => Some(summaries(several)),
    }
}

fn without_native(name: &str, fate: Fate) -> String {
    match fate {
        Fate::Otherwise(way) => format!("{name} of arangosh: here {way}\n"),
        Fate::NotProvided(reason) => {
            format!("{name} of arangosh is not provided: {reason}\n")
        }
    }
}

fn overview(docs: &[NativeDoc]) -> String {
    let mut namespaces: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for doc in docs {
        namespaces.entry(&doc.namespace).or_default().push(&doc.name);
    }
    let mut text = String::new();
    for (namespace, names) in namespaces {
        text.push_str(&format!("{namespace}\n    {}\n", names.join(" ")));
    }
    text.push_str("\n`agencysh doc NAMESPACE` and `agencysh doc NAMESPACE::NAME` tell more.\n");
    text
}

fn summaries(docs: &[&NativeDoc]) -> String {
    let mut text = String::new();
    for doc in docs {
        text.push_str(&format!("{}\n    {}\n", doc.signature, doc.summary));
    }
    text
}

fn whole(doc: &NativeDoc) -> String {
    let mut text = format!("{}\n\n{}\n\n", doc.signature, doc.summary);
    let parts = [
        ("Arguments", &doc.arguments),
        ("Units", &doc.units),
        ("Errors", &doc.errors),
        ("Legacy", &doc.legacy),
    ];
    for (label, part) in parts {
        // writing to a string does not fail
        let _ = writeln!(text, "{label}: {part}");
    }
    let example: Vec<String> = doc.example.lines().map(|line| format!("    {line}\n")).collect();
    format!("{text}\nExample:\n{}", example.concat())
}
