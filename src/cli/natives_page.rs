//! The page of all natives, as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::doc;
use crate::natives::legacy::{self, Fate};
use crate::natives::reference::{self, NativeDoc};

const BEGINNING: &str = "\
# Natives

All functions that scripts can call besides those of the language, then the functions of the standard library, which are imported first:
`import \"assert\" as assert;`. Each example is run by a test. `agencysh doc NAME` shows the same on a terminal.

Made from the program by `scripts/natives.sh`; do not edit.
";

/// The page.
pub(super) fn page() -> String {
    let mut page = BEGINNING.to_owned();
    let mut namespaces: BTreeMap<&str, Vec<&NativeDoc>> = BTreeMap::new();
    for native in doc::natives() {
        namespaces.entry(&native.namespace).or_default().push(native);
    }
    page.push_str("\n| Namespace | Functions |\n|---|---|\n");
    for (namespace, members) in &namespaces {
        let links: Vec<String> =
            members.iter().map(|one| format!("[`{}`](#{})", one.name, anchor(one))).collect();
        line(&mut page, format_args!("| `{namespace}` | {} |", links.join(" ")));
    }
    page.push_str("| names of arangosh | [with a native](#names-of-arangosh), [without one](#names-without-a-native) |\n");
    for (namespace, members) in &namespaces {
        line(&mut page, format_args!("\n## {namespace}"));
        let constants = reference::constants(namespace).unwrap_or_default();
        if !constants.is_empty() {
            let quoted: Vec<String> = constants.iter().map(|name| format!("`{name}`")).collect();
            line(&mut page, format_args!("\nConstants: {}", quoted.join(" ")));
        }
        members.iter().for_each(|native| entry(&mut page, native));
    }
    names(&mut page);
    page
}

fn entry(page: &mut String, native: &NativeDoc) {
    let NativeDoc { signature, summary, arguments, units, errors, legacy, example, .. } = native;
    line(page, format_args!("\n### {}\n", native.full_name()));
    line(page, format_args!("`{signature}`\n\n{summary}\n"));
    for (label, text) in
        [("Arguments", arguments), ("Units", units), ("Errors", errors), ("Legacy", legacy)]
    {
        line(page, format_args!("* {label}: {text}"));
    }
    line(page, format_args!("\n```rhai\n{}\n```", example.trim_end()));
}

/// Which native stands for each global name of arangosh, and what became of the others.
fn names(page: &mut String) {
    page.push_str("\n## Names of arangosh\n\n| In arangosh | Here |\n|---|---|\n");
    let globals: BTreeMap<&str, ()> = doc::natives()
        .iter()
        .flat_map(legacy::names_of)
        .filter(|name| is_global(name))
        .map(|name| (name, ()))
        .collect();
    for name in globals.keys() {
        let owners = legacy::owners(doc::natives(), name);
        let links: Vec<String> =
            owners.iter().map(|one| format!("[`{}`](#{})", one.full_name(), anchor(one))).collect();
        line(page, format_args!("| `{name}` | {} |", links.join(", ")));
    }
    page.push_str("\n## Names without a native\n\n| In arangosh | Here |\n|---|---|\n");
    for (name, fate) in legacy::others() {
        let told = match fate {
            Fate::Otherwise(way) => (*way).to_owned(),
            Fate::NotProvided(reason) => format!("not provided: {reason}"),
        };
        line(page, format_args!("| `{name}` | {told} |"));
    }
}

/// Whether a name is one of those that arangosh puts into scripts from outside.
fn is_global(name: &str) -> bool {
    name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Where a heading is found on the page.
fn anchor(native: &NativeDoc) -> String {
    native.full_name().replace(':', "")
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    // writing to a string does not fail
    let _ = writeln!(page, "{text}");
}
