//! Which options natives take, read from their documentation.

use std::collections::{BTreeMap, BTreeSet};

use crate::natives::reference::{self, NativeDoc};

/// The option map of one native.
pub(super) struct OptionMap {
    /// Which argument it is.
    pub(super) argument: usize,
    /// The keys that it may have.
    pub(super) keys: BTreeSet<String>,
}

/// The option maps of all natives that have one, by full name; methods too.
pub(super) fn of_natives() -> BTreeMap<String, OptionMap> {
    let docs = reference::reference();
    docs.iter().filter_map(|doc| Some((doc.full_name(), of(doc, &docs)?))).collect()
}

fn of(doc: &NativeDoc, docs: &[NativeDoc]) -> Option<OptionMap> {
    let (_, rest) = doc.signature.split_once('(')?;
    let (parameters, _) = rest.rsplit_once(')')?;
    let argument = parameters.split(", ").position(|one| one.starts_with("options"))?;
    let mut keys = quoted_words(&doc.arguments);
    // some refer to another native for what they have in common
    for other in docs.iter().filter(|other| doc.arguments.contains(&other.full_name())) {
        keys.extend(quoted_words(&other.arguments));
    }
    (!keys.is_empty()).then_some(OptionMap { argument, keys })
}

/// The names in back-quotes.
fn quoted_words(text: &str) -> BTreeSet<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let is_name = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    quoted.filter(is_name).map(str::to_owned).collect()
}
