//! Errors as text for people, without colours.

use std::fmt::Write;

use serde_json::Value;

use super::error::{HostError, Location, ScriptError};

impl HostError {
    /// The error over several lines, with all that is known of it; see [`ScriptError::report`].
    pub fn report(&self) -> String {
        self.as_script_error().report()
    }
}

impl ScriptError {
    /// The error over several lines, each but the last with its end: kind and message, the line where it arose with a
    /// caret below the column, its causes, the calls that led there, what the native added, a hint.
    ///
    /// ```
    /// let host = agencysh::Host::builder().build()?;
    /// let error = host.eval("let a = 1;\nb + 1").unwrap_err();
    /// assert!(error.report().starts_with(
    ///     "script.unknown_variable: no variable 'b' is known here\n  --> <eval>:2:1\n  | b + 1\n  | ^"
    /// ), "{}", error.report());
    /// # Ok::<(), agencysh::HostError>(())
    /// ```
    pub fn report(&self) -> String {
        let mut text = format!("{}: {}", self.kind, self.message);
        if let Some(number) = self.error_num {
            add(&mut text, format_args!(" (error {number})"));
        }
        if let Some(place) = &self.location {
            add(&mut text, format_args!("\n  --> {place}"));
            add_line(&mut text, place);
        }
        for cause in self.causes() {
            add(&mut text, format_args!("\n  caused by: {cause}"));
        }
        for frame in self.trace.iter().rev() {
            add(&mut text, format_args!("\n  in {}", frame.function));
            if let Some(place) = &frame.location {
                add(&mut text, format_args!(", called at {place}"));
            }
        }
        for (key, value) in &self.context {
            let value = match value {
                Value::String(value) => value.clone(),
                value => value.to_string(),
            };
            if key != "func" && !self.message.contains(&value) {
                add(&mut text, format_args!("\n  {key}: {value}"));
            }
        }
        if let Some(hint) = &self.hint {
            add(&mut text, format_args!("\n  hint: {hint}"));
        }
        text
    }
}

fn add(text: &mut String, what: std::fmt::Arguments<'_>) {
    // a string takes whatever is written
    let _ = text.write_fmt(what);
}

fn add_line(text: &mut String, place: &Location) {
    let Some(line) = &place.text else { return };
    add(text, format_args!("\n  | {line}"));
    if let Some(column) = place.column {
        let blank = |letter: char| if letter == '\t' { '\t' } else { ' ' };
        let before: String = line.chars().take(column.saturating_sub(1)).map(blank).collect();
        add(text, format_args!("\n  | {before}^"));
    }
}
