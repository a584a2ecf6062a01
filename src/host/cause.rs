//! What caused an error, in words.

use std::error::Error;
use std::fmt;

/// What caused an error, in words; its [`source`](Error::source) is what caused that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    message: String,
    cause: Option<Box<Cause>>,
}

impl Cause {
    /// The nearest of these causes, with the others behind it; `None` if there are none.
    pub(crate) fn chain<I>(messages: I) -> Option<Box<Self>>
    where
        I: IntoIterator<Item = String, IntoIter: DoubleEndedIterator>,
    {
        let behind = |cause, message| Some(Box::new(Self { message, cause }));
        messages.into_iter().rev().fold(None, behind)
    }

    /// Its text.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What caused it in turn.
    pub fn cause(&self) -> Option<&Self> {
        self.cause.as_deref()
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause().map(|cause| cause as &(dyn Error + 'static))
    }
}

/// Takes the causes out of what a native added to its error, and off the end of its text: scripts get one text,
/// people a line for each cause.
pub(super) fn take_causes(
    message: String,
    context: &mut serde_json::Map<String, serde_json::Value>,
) -> (String, Option<Box<Cause>>) {
    let Some(serde_json::Value::Array(causes)) = context.remove("causes") else {
        return (message, None);
    };
    let causes: Vec<String> =
        causes.iter().filter_map(|cause| cause.as_str().map(str::to_owned)).collect();
    let all = format!(": {}", causes.join(": "));
    let message = message.strip_suffix(&all).map(str::to_owned).unwrap_or(message);
    (message, Cause::chain(causes))
}
