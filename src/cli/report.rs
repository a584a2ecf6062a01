//! Shows errors: what, where with the line and a caret, how it came to it, and a hint.

use std::fmt::Display;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::output;
use crate::host::{Frame, HostError, Location, ScriptError};
use crate::natives::with_causes;

/// How many calls are shown of a long chain, at either end.
const SHOWN_FRAMES: usize = 8;

/// The only place that shows errors to people.
pub(super) struct Reporter {
    renderer: Renderer,
}

impl Reporter {
    pub(super) fn new(colored: bool) -> Self {
        let renderer = if colored { Renderer::styled() } else { Renderer::plain() };
        Self { renderer: renderer.decor_style(DecorStyle::Ascii) }
    }

    /// A run without a result.
    pub(super) fn host_error(&self, error: &HostError) {
        match error {
            HostError::Script(error) => self.script_error(error),
            other => self.without_place(other, None),
        }
    }

    /// A run without a result that failed at no place of a script, with what may help.
    pub(super) fn without_place(&self, error: &HostError, hint: Option<&str>) {
        let help = hint.map(|hint| Level::HELP.message(hint));
        self.show(&[Level::ERROR
            .primary_title(with_causes(error))
            .id(error.kind().to_owned())
            .elements(help)]);
    }

    /// An error of a script, or a finding in one.
    pub(super) fn script_error(&self, error: &ScriptError) {
        output::note(&self.rendered(error));
    }

    /// What is shown of an error of a script.
    pub(super) fn rendered(&self, error: &ScriptError) -> String {
        let title = match error.error_num {
            Some(number) => format!("{} (error {number})", error.message),
            None => error.message.clone(),
        };
        let mut group: Group<'_> =
            Level::ERROR.primary_title(title).id(error.kind.as_str()).elements(excerpt(error));
        for cause in error.causes() {
            group = group.element(Level::NOTE.message(format!("caused by: {cause}")));
        }
        for line in calls(&error.trace) {
            group = group.element(Level::NOTE.message(line));
        }
        for (key, value) in &error.context {
            if key != "func" && !error.message.contains(&bare(value)) {
                group = group.element(Level::NOTE.message(format!("{key}: {}", bare(value))));
            }
        }
        if let Some(hint) = &error.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        self.renderer.render(&[group])
    }

    /// An error of a script whose text does not matter to who reads it.
    pub(super) fn script_error_without_place(&self, error: &ScriptError) {
        self.script_error(&ScriptError { location: None, trace: Vec::new(), ..error.clone() });
    }

    /// A command line that cannot be carried out.
    pub(super) fn usage(&self, error: &dyn Display) {
        let group = Level::ERROR
            .primary_title(error.to_string())
            .element(Level::HELP.message("`agencysh --help` lists the options"));
        self.show(&[group]);
    }

    /// An error in a sentence, with what may help.
    pub(super) fn plain(&self, message: &str, hint: Option<&str>) {
        let help = hint.map(|hint| Level::HELP.message(hint));
        self.show(&[Level::ERROR.primary_title(message).elements(help)]);
    }

    fn show(&self, groups: &[Group<'_>]) {
        output::note(&self.renderer.render(groups));
    }
}

/// The line where it happened, with a caret below the column.
fn excerpt(error: &ScriptError) -> Option<Snippet<'_, Annotation<'_>>> {
    let location = error.location.as_ref()?;
    let Location { source, line, column, text } = location;
    let text = text.as_deref().unwrap_or_default();
    let start = byte_offset(text, column.unwrap_or(1));
    let end = text[start..].chars().next().map_or(start, |letter| start + letter.len_utf8());
    Some(
        Snippet::source(text)
            .line_start(*line)
            .path(source.as_str())
            .annotation(AnnotationKind::Primary.span(start..end)),
    )
}

/// Where the character in a column, counted from 1, begins.
fn byte_offset(text: &str, column: usize) -> usize {
    text.char_indices().nth(column.saturating_sub(1)).map_or(text.len(), |(offset, _)| offset)
}

/// A line for each call that led there, the innermost first.
fn calls(trace: &[Frame]) -> Vec<String> {
    let line = |frame: &Frame| match &frame.location {
        Some(location) => format!("in {}, called at {location}", frame.function),
        None => format!("in {}", frame.function),
    };
    let all: Vec<String> = trace.iter().rev().map(line).collect();
    if all.len() <= 2 * SHOWN_FRAMES {
        return all;
    }
    let (first, last) = (&all[..SHOWN_FRAMES], &all[all.len() - SHOWN_FRAMES..]);
    let left_out = format!("… {} more calls …", all.len() - 2 * SHOWN_FRAMES);
    first.iter().cloned().chain([left_out]).chain(last.iter().cloned()).collect()
}

/// A value without the quotes of JSON.
fn bare(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
