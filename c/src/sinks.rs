//! Where output and log lines go.

use std::ffi::{c_char, c_void};
use std::time::UNIX_EPOCH;

use agencysh_rs::natives::log::LogRecord;
use agencysh_rs::natives::log_levels::Level;

use crate::callback::User;
use crate::text::to_c;

/// Takes text: `length` bytes of UTF-8, which a NUL byte follows, and which are gone after the call. They may hold NUL bytes.
pub type TextFunction =
    Option<unsafe extern "C" fn(text: *const c_char, length: usize, user: *mut c_void)>;

/// Takes a line of a script's log, which is gone after the call.
pub type LogFunction = Option<unsafe extern "C" fn(record: *const Record, user: *mut c_void)>;

/// How severe a line of a log is.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub enum LogLevel {
    /// Cannot be mended.
    Fatal = 0,
    /// Failed.
    Error = 1,
    /// May fail.
    Warning = 2,
    /// Worth knowing.
    Info = 3,
    /// Helps to find a fault.
    Debug = 4,
    /// Each single step.
    Trace = 5,
}

/// A line of a script's log. Later versions may add members at its end.
#[repr(C)]
#[derive(Debug)]
pub struct Record {
    /// When it was logged, in seconds since 1970.
    pub time: f64,
    /// How severe it is.
    pub level: LogLevel,
    /// What it is about, such as "agency".
    pub topic: *const c_char,
    /// The text, as for agencysh_text_function.
    pub message: *const c_char,
    /// The bytes of the text.
    pub message_length: usize,
}

/// A sink for text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextSink {
    pub(crate) function: unsafe extern "C" fn(*const c_char, usize, *mut c_void),
    pub(crate) user: User,
}

impl TextSink {
    pub(crate) fn take(&self, text: &str) {
        let bytes = Terminated::new(text);
        // SAFETY: the program has given the function for such arguments, and the text stays during the call
        unsafe { (self.function)(bytes.pointer(), text.len(), self.user.pointer()) }
    }
}

/// A sink for log lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordSink {
    pub(crate) function: unsafe extern "C" fn(*const Record, *mut c_void),
    pub(crate) user: User,
}

impl RecordSink {
    pub(crate) fn take(&self, line: &LogRecord) {
        let (topic, message) = (to_c(&line.topic), Terminated::new(&line.message));
        let since = line.time.duration_since(UNIX_EPOCH);
        let record = Record {
            time: since.map_or(0.0, |since| since.as_secs_f64()),
            level: line.level.into(),
            topic: topic.as_ptr(),
            message: message.pointer(),
            message_length: line.message.len(),
        };
        // SAFETY: the program has given the function for such arguments, and the record stays during the call
        unsafe { (self.function)(&raw const record, self.user.pointer()) }
    }
}

/// A text with a NUL byte behind it, as it is.
struct Terminated(Vec<u8>);

impl Terminated {
    fn new(text: &str) -> Self {
        let mut bytes = Vec::with_capacity(text.len() + 1);
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(0);
        Self(bytes)
    }

    fn pointer(&self) -> *const c_char {
        self.0.as_ptr().cast()
    }
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Fatal => Self::Fatal,
            Level::Error => Self::Error,
            Level::Warning => Self::Warning,
            Level::Info => Self::Info,
            Level::Debug => Self::Debug,
            Level::Trace => Self::Trace,
        }
    }
}
