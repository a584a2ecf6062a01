//! The signature of the function whose arguments are being typed.

use super::completion;
use super::cursor::{Chain, Place, open_call};
use crate::cli::doc;
use crate::client::AgencyClient;
use crate::host::Session;

/// What is still to be typed of the call that is open at the end of `line`.
pub(super) fn hint(line: &str, session: &Session) -> Option<String> {
    let at_argument = line.trim_end().ends_with(['(', ',']);
    let (place, function, given) = open_call(line).filter(|_| at_argument)?;
    let (parameters, result) = signature(&place, function, session)?;
    let left: Vec<&str> = parameters.iter().skip(given).map(String::as_str).collect();
    if left.is_empty() && given > 0 {
        return None;
    }
    let space = if line.ends_with(',') { " " } else { "" };
    Some(format!("{space}{}){result}", left.join(", ")))
}

/// The parameters of a function, and what follows them.
fn signature(
    place: &Place<'_>,
    function: &str,
    session: &Session,
) -> Option<(Vec<String>, String)> {
    let module = match place {
        Place::Item { module } => Some(*module),
        _ => None,
    };
    let entered = session
        .callables()
        .into_iter()
        .find(|one| one.name == function && one.module.as_deref() == module);
    if let Some(entered) = entered {
        return Some((entered.parameters, String::new()));
    }
    let is_method = match place {
        Place::Member { of: Chain::CurrentAgency } => true,
        // methods of other values are the language's own
        Place::Member { of } => completion::value(session, of)?.is::<AgencyClient>(),
        _ => false,
    };
    let native = doc::natives().iter().find(|doc| {
        doc.name == function && doc.is_method == is_method
            && module.is_none_or(|module| doc.namespace == module)
            // a function is called with its namespace, a method without
            && module.is_some() != is_method
    })?;
    let (_, rest) = native.signature.split_once('(')?;
    let (parameters, result) = rest.rsplit_once(')')?;
    let parameters = parameters.split(", ").filter(|one| !one.is_empty());
    Some((parameters.map(str::to_owned).collect(), result.to_owned()))
}
