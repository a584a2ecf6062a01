//! What the natives of one run share.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::NativeCallContext;

use super::error::NativeError;
use crate::deadline::Deadline;

/// Takes what `print` and `term::write` produce, newline included.
pub type OutputSink = Arc<dyn Fn(&str) + Send + Sync>;

/// Something a script may be forbidden to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gate {
    /// Reading and writing files.
    Files,
    /// Opening connections and testing ports.
    Network,
    /// Reading and changing environment variables.
    Environment,
}

/// Which script runs, and with which words after its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invocation {
    /// The script file, when there is one.
    pub script: Option<PathBuf>,
    /// The words after the script's name.
    pub arguments: Vec<String>,
}

/// The state that the natives of one run share: reached through [`NativeContext::of`].
pub struct NativeContext {
    /// When the run has to end.
    pub deadline: Deadline,
    /// Whether escape sequences may be used.
    pub color: bool,
    /// Whether `print` writes values over several lines, unless the script says otherwise.
    pub pretty: bool,
    invocation: Mutex<Invocation>,
    output: Mutex<OutputSink>,
    denied: Vec<Gate>,
    extensions: Mutex<Vec<Arc<dyn std::any::Any + Send + Sync>>>,
}

impl NativeContext {
    /// Starts a context that prints nothing and allows everything.
    pub fn builder() -> NativeContextBuilder {
        NativeContextBuilder::default()
    }

    /// The context of the run that makes this call.
    ///
    /// # Errors
    /// `host.no_context` when the engine was not prepared by [`super::register`].
    pub fn of(call: &NativeCallContext) -> Result<Arc<Self>, NativeError> {
        call.tag()
            .and_then(|tag| tag.read_lock::<Arc<Self>>().map(|context| Arc::clone(&context)))
            .ok_or_else(Self::missing)
    }

    pub(super) fn missing() -> NativeError {
        NativeError::internal(
            "host.no_context",
            "this engine has no run attached; build it with Host",
        )
    }

    /// Which script runs.
    pub fn invocation(&self) -> Invocation {
        self.invocation.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says which script runs from now on.
    pub fn set_invocation(&self, invocation: Invocation) {
        *self.invocation.lock().unwrap_or_else(PoisonError::into_inner) = invocation;
    }

    /// Writes to the run's output.
    pub fn write(&self, text: &str) {
        let sink = Arc::clone(&self.sink());
        sink(text);
    }

    /// Replaces the output; returns the previous one, to be put back later.
    pub fn replace_output(&self, sink: OutputSink) -> OutputSink {
        std::mem::replace(&mut *self.sink(), sink)
    }

    /// `Err` with number 11 when the run may not do this.
    pub fn require(&self, gate: Gate) -> Result<(), NativeError> {
        if self.denied.contains(&gate) {
            return Err(NativeError::forbidden(gate));
        }
        Ok(())
    }

    /// State of one namespace in this run, made when first asked for.
    ///
    /// `T` names the state: each namespace has a type of its own.
    pub fn extension<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut extensions = self.extensions.lock().unwrap_or_else(PoisonError::into_inner);
        let known = extensions.iter().find(|extension| extension.is::<T>());
        if let Some(Ok(found)) = known.map(|known| Arc::clone(known).downcast::<T>()) {
            return found;
        }
        let made = Arc::new(T::default());
        extensions.push(Arc::clone(&made) as Arc<dyn std::any::Any + Send + Sync>);
        made
    }

    fn sink(&self) -> MutexGuard<'_, OutputSink> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Collects what a [`NativeContext`] is made of.
#[derive(Default)]
pub struct NativeContextBuilder {
    deadline: Deadline,
    invocation: Invocation,
    color: bool,
    pretty: bool,
    output: Option<OutputSink>,
    denied: Vec<Gate>,
    extensions: Vec<Arc<dyn std::any::Any + Send + Sync>>,
}

impl NativeContextBuilder {
    /// The deadline that the run shares with its natives.
    pub fn deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = deadline;
        self
    }

    /// The script and its arguments; both can be changed later.
    pub fn invocation(mut self, invocation: Invocation) -> Self {
        self.invocation = invocation;
        self
    }

    /// Whether escape sequences may be used; off unless said.
    pub fn color(mut self, color: bool) -> Self {
        self.color = color;
        self
    }

    /// Whether `print` writes values over several lines; on one unless said.
    pub fn pretty(mut self, pretty: bool) -> Self {
        self.pretty = pretty;
        self
    }

    /// Where printed text goes; nowhere unless said.
    pub fn output(mut self, sink: OutputSink) -> Self {
        self.output = Some(sink);
        self
    }

    /// Forbids something.
    pub fn deny(mut self, gate: Gate) -> Self {
        self.denied.push(gate);
        self
    }

    /// Puts prepared state of a namespace in, in place of its default.
    pub fn extension<T: Send + Sync + 'static>(mut self, state: Arc<T>) -> Self {
        self.extensions.push(state);
        self
    }

    /// The finished context.
    pub fn build(self) -> Arc<NativeContext> {
        Arc::new(NativeContext {
            deadline: self.deadline,
            color: self.color,
            pretty: self.pretty,
            invocation: Mutex::new(self.invocation),
            output: Mutex::new(self.output.unwrap_or_else(|| Arc::new(|_: &str| {}))),
            denied: self.denied,
            extensions: Mutex::new(self.extensions),
        })
    }
}
