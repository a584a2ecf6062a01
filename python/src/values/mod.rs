//! Python's objects to values of scripts and of the agency, and back, with no text in between.

mod from_python;
mod to_python;

pub(crate) use from_python::{Misfit, dynamic, json};
pub(crate) use to_python::{from_document, from_dynamic, from_json};

/// How many levels of lists and dicts a value may nest.
const DEEPEST: usize = 256;
