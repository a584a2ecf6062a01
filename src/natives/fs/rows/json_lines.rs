//! Lines of JSON.

use std::io::{BufRead, BufReader};

use rhai::INT;

use super::Taker;
use super::bounded::{Bounded, Count};
use crate::natives::callback::Raised;
use crate::natives::fs::at;
use crate::natives::fs::disk::{Source, failed};
use crate::natives::{NativeContext, NativeError, json};

/// How much is read at once, in bytes.
const BUFFER: usize = 64 * 1024;

pub(super) fn each(run: &NativeContext, path: &str, mut taker: Taker<'_>) -> Result<(), Raised> {
    let path = &at(run, path)?;
    let count = Count::default();
    let source = Bounded::new(Source::open(path, &run.deadline)?, &count);
    let mut reader = BufReader::with_capacity(BUFFER, source);
    let mut line = Vec::new();
    let mut number: INT = 0;
    loop {
        line.clear();
        count.start_over();
        if reader.read_until(b'\n', &mut line).map_err(failed("reading", path))? == 0 {
            return Ok(());
        }
        number += 1;
        run.deadline.check_run().map_err(NativeError::from)?;
        let malformed = |text: &str| {
            let message = format!("{text}: in line {number} of {}", path.display());
            NativeError::arango("json.malformed", 37, message)
                .with("path", path.to_string_lossy().into_owned())
                .with("line", number)
        };
        if line.trim_ascii().is_empty() {
            continue;
        }
        let text = str::from_utf8(&line).map_err(|error| malformed(&error.to_string()))?;
        let value = json::parse(text.trim_end()).map_err(|error| malformed(error.message()))?;
        taker.give(value)?;
    }
}
