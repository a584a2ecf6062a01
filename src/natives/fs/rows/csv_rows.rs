//! Rows of CSV files.

use csv::{ByteRecord, ReaderBuilder};
use rhai::{Array, Dynamic, Map};

use super::Taker;
use super::bounded::{Bounded, Count};
use crate::natives::callback::Raised;
use crate::natives::fs::at;
use crate::natives::fs::disk::{Source, error, failed};
use crate::natives::{ErrorName, NativeContext, NativeError, NativeResult, Options};

/// How much is read at once, in bytes.
const BUFFER: usize = 64 * 1024;

pub(super) fn each(
    run: &NativeContext,
    path: &str,
    options: &Map,
    mut taker: Taker<'_>,
) -> Result<(), Raised> {
    let builder = builder(&Options::new(options, &["separator", "quote"])?)?;
    let path = &at(run, path)?;
    let count = Count::default();
    let source = Bounded::new(Source::open(path, &run.deadline)?, &count);
    let mut reader = builder.from_reader(source);
    let bad = |cause: csv::Error| {
        let text = cause.to_string();
        match cause.into_kind() {
            csv::ErrorKind::Io(cause) => failed("reading", path)(cause),
            _ => error("failed", 2, "reading", path, &text),
        }
    };
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(bad)? {
        run.deadline.check_run().map_err(NativeError::from)?;
        count.start_over();
        let fields = record.iter().map(|field| String::from_utf8_lossy(field).into_owned());
        let row: Array = fields.map(Dynamic::from).collect();
        taker.give(row.into())?;
    }
    Ok(())
}

fn builder(options: &Options<'_>) -> NativeResult<ReaderBuilder> {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).buffer_capacity(BUFFER);
    if let Some(separator) = options.string("separator")? {
        builder.delimiter(character("separator", &separator)?);
    }
    match options.string("quote")?.as_deref() {
        None => {}
        Some("") => {
            builder.quoting(false);
        }
        Some(quote) => {
            builder.quote(character("quote", quote)?);
        }
    }
    Ok(builder)
}

/// The one character that an option may be.
fn character(option: &str, text: &str) -> NativeResult<u8> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\r' | b'\n') => Ok(*byte),
        _ => Err(NativeError::plain(
            "fs.bad_separator",
            ErrorName::TypeError,
            format!("option '{option}' must be one ASCII character, not '{text}'"),
        )
        .with("option", option.to_owned())),
    }
}
