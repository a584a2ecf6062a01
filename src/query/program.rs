//! From the text of a program to its results.

use std::ops::ControlFlow;

use jaq_core::data::JustLut;
use jaq_core::load::parse::Def;
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars};

use super::item::Item;
use super::{QueryError, filters, ticks, watch};
use crate::document::Document;

/// The longest program, in bytes: the compiler calls itself for what stands inside other things.
pub(super) const LONGEST: usize = 8 << 10;

/// How deep brackets nest in a program.
const DEEPEST: usize = 200;

/// The name by which the program itself is called.
const PROGRAM: &str = "program_of_the_query";

/// Runs a program on this thread, which [`watch::begin`] has been told of.
pub(super) fn run(
    document: &Document,
    program: &str,
    take: &mut (dyn FnMut(&Item) -> ControlFlow<()> + Send),
) -> Result<(), QueryError> {
    check_size(program)?;
    check_syntax(program)?;
    let body = load::parse(program, |parser| parser.term())
        .ok_or_else(|| syntax("a query cannot import modules".to_owned()))?;
    let own = Def { name: PROGRAM, args: Vec::new(), body };
    let mut definitions: Vec<Def<&str>> = definitions();
    definitions.push(own);
    definitions.iter_mut().for_each(ticks::watch_definition);

    let arena = Arena::default();
    let modules = Loader::new(definitions)
        .load(&arena, File { code: PROGRAM, path: () })
        .map_err(|errors| syntax(load_errors(program, &errors)))?;
    let filter = Compiler::default()
        .with_funs(filters::all::<JustLut<Item>>())
        .compile(modules)
        .map_err(|errors| syntax(compile_errors(program, &errors)))?;
    let context = Ctx::<JustLut<Item>>::new(&filter.lut, Vars::new([]));
    for result in filter.id.run((context, Item::of(document.clone()))) {
        watch::verdict()?;
        match result.map_err(|exception| exception.get_err()) {
            Ok(item) => {
                if take(&item).is_break() {
                    return Err(QueryError::Stopped);
                }
            }
            Err(Ok(error)) => return Err(QueryError::Failed { reason: error.to_string() }),
            // the program called halt
            Err(Err(_)) => break,
        }
    }
    watch::verdict()
}

fn definitions() -> Vec<Def<&'static str>> {
    let own = load::parse(filters::DEFINITIONS, |parser| parser.defs()).unwrap_or_default();
    jaq_core::defs().chain(jaq_std::defs()).chain(own).collect()
}

fn syntax(reason: String) -> QueryError {
    QueryError::Syntax { reason }
}

fn check_size(program: &str) -> Result<(), QueryError> {
    if program.len() > LONGEST {
        return Err(syntax(format!(
            "a program has at most {LONGEST} bytes, not {}",
            program.len()
        )));
    }
    let mut depth = 0_usize;
    for byte in program.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err(syntax(format!("brackets nest at most {DEEPEST} deep")));
        }
    }
    Ok(())
}

/// Reads the program by itself, for the errors: those that are found later have no place in it.
fn check_syntax(program: &str) -> Result<(), QueryError> {
    let arena = Arena::default();
    let loaded = Loader::new([]).load(&arena, File { code: program, path: () });
    loaded.map(drop).map_err(|errors| syntax(load_errors(program, &errors)))
}

fn load_errors(program: &str, errors: &load::Errors<&str, ()>) -> String {
    let texts = errors.iter().flat_map(|(_, error)| match error {
        load::Error::Io(errors) => errors.iter().map(|(_, text)| text.clone()).collect(),
        load::Error::Lex(errors) => errors
            .iter()
            .map(|(expected, found)| wanted(program, expected.as_str(), found))
            .collect(),
        load::Error::Parse(errors) => errors
            .iter()
            .map(|(expected, found)| wanted(program, expected.as_str(), found))
            .collect::<Vec<String>>(),
    });
    first(texts)
}

fn compile_errors(program: &str, errors: &jaq_core::compile::Errors<&str, ()>) -> String {
    let undefined = errors.iter().flat_map(|(_, errors)| errors);
    first(undefined.map(|(name, what)| {
        let place = place(program, name);
        format!("there is no {} {name}{place}", what.as_str())
    }))
}

fn first(mut texts: impl Iterator<Item = String>) -> String {
    texts.next().unwrap_or_else(|| "the program cannot be understood".to_owned())
}

fn wanted(program: &str, expected: &str, found: &str) -> String {
    let beginning: String = found.chars().take(20).collect();
    let what = if beginning.is_empty() { "the end".to_owned() } else { format!("'{beginning}'") };
    format!("expected {expected}, found {what}{}", place(program, found))
}

/// Where a part of the program stands: line and column.
fn place(program: &str, part: &str) -> String {
    let start = part.as_ptr().addr().wrapping_sub(program.as_ptr().addr());
    match program.get(..start) {
        Some(before) if !part.is_empty() => {
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!(" at line {line} column {column}")
        }
        _ => String::new(),
    }
}
