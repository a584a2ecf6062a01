//! What the natives of one run share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::NativeCallContext;

use super::error::NativeError;
use super::permissions::Permissions;
use super::random;
use crate::deadline::{Deadline, Stop};

/// Takes what `print` and `term::write` produce, newline included.
pub type OutputSink = Arc<dyn Fn(&str) + Send + Sync>;

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
    notes: OutputSink,
    most_output: Option<u64>,
    written: AtomicU64,
    pub(super) permissions: Permissions,
    /// The generator of the run; a field, for it is asked often.
    pub(super) random: random::Source,
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

    /// Begins to count anew what a run prints and logs.
    pub fn begin_output(&self) {
        self.written.store(0, Ordering::Relaxed);
    }

    /// Whether so much more may be printed or logged; if not, the run ends.
    pub fn take_output(&self, bytes: usize) -> bool {
        let Some(most) = self.most_output else { return true };
        let before = self.written.fetch_add(bytes as u64, Ordering::Relaxed);
        let fits = before.saturating_add(bytes as u64) <= most;
        if !fits {
            self.deadline.end(Stop::TooMuchOutput { most });
        }
        fits
    }

    /// Writes to the run's output.
    pub fn write(&self, text: &str) {
        if !self.take_output(text.len()) {
            return;
        }
        let sink = Arc::clone(&self.sink());
        sink(text);
    }

    /// Tells people a line that is not part of the output.
    pub fn note(&self, line: &str) {
        if self.take_output(line.len() + 1) {
            (self.notes)(line);
        }
    }

    /// Replaces the output; returns the previous one, to be put back later.
    pub fn replace_output(&self, sink: OutputSink) -> OutputSink {
        std::mem::replace(&mut *self.sink(), sink)
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
    notes: Option<OutputSink>,
    most_output: Option<u64>,
    permissions: Option<Permissions>,
    seed: Option<u64>,
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

    /// Where lines for people go, which come without newline; nowhere unless said.
    pub fn notes(mut self, sink: OutputSink) -> Self {
        self.notes = Some(sink);
        self
    }

    /// How many bytes one run may print and log; any number unless said.
    pub fn most_output(mut self, most: Option<u64>) -> Self {
        self.most_output = most;
        self
    }

    /// What the run may do; everything unless said.
    pub fn permissions(mut self, permissions: Permissions) -> Self {
        self.permissions = Some(permissions);
        self
    }

    /// What all numbers of `random` follow from; nothing unless said.
    pub fn seed(mut self, seed: Option<u64>) -> Self {
        self.seed = seed;
        self
    }

    /// Puts prepared state of a namespace in, in place of its default.
    pub fn extension<T: Send + Sync + 'static>(mut self, state: Arc<T>) -> Self {
        self.extensions.push(state);
        self
    }

    /// The finished context.
    pub fn build(self) -> Arc<NativeContext> {
        let random = random::Source::default();
        if let Some(seed) = self.seed {
            random.seed(seed);
        }
        Arc::new(NativeContext {
            deadline: self.deadline,
            color: self.color,
            pretty: self.pretty,
            invocation: Mutex::new(self.invocation),
            output: Mutex::new(self.output.unwrap_or_else(|| Arc::new(|_: &str| {}))),
            notes: self.notes.unwrap_or_else(|| Arc::new(|_: &str| {})),
            most_output: self.most_output,
            written: AtomicU64::new(0),
            permissions: self.permissions.unwrap_or_else(Permissions::all),
            random,
            extensions: Mutex::new(self.extensions),
        })
    }
}
