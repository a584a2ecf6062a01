//! What files hold.

use std::io::{BufReader, Read};
use std::path::Path;

use rhai::INT;

use super::{Checked, MOST, Source, error, failed};
use crate::deadline::Deadline;
use crate::natives::NativeResult;

/// Everything that `reader` gives, unless it is more than fits.
fn whole(doing: &str, path: &Path, reader: impl Read, expected: u64) -> NativeResult<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(expected.min(MOST)).unwrap_or_default());
    reader.take(MOST + 1).read_to_end(&mut bytes).map_err(failed(doing, path))?;
    if bytes.len() as u64 > MOST {
        return Err(error("too_large", 2, doing, path, "more than 1073741824 bytes"));
    }
    Ok(bytes)
}

/// The bytes of a file, of one that claims size 0 too.
pub(in crate::natives::fs) fn read(path: &Path, deadline: &Deadline) -> NativeResult<Vec<u8>> {
    let source = Source::open(path, deadline)?;
    let length = source.length();
    if length > MOST {
        return Err(error("too_large", 2, "reading", path, "more than 1073741824 bytes"));
    }
    whole("reading", path, source, length)
}

/// The text of a gzip file.
pub(in crate::natives::fs) fn read_gzip(path: &Path, deadline: &Deadline) -> NativeResult<String> {
    let packed = Source::open(path, deadline)?;
    let unpacked = Checked::new(flate2::read::MultiGzDecoder::new(packed), deadline);
    let bytes = whole("unpacking", path, unpacked, 0)?;
    Ok(text(bytes))
}

/// The Adler-32 checksum of a file.
pub(in crate::natives::fs) fn adler32(path: &Path, deadline: &Deadline) -> NativeResult<INT> {
    let source = BufReader::with_capacity(64 * 1024, Source::open(path, deadline)?);
    adler2::adler32(source).map(INT::from).map_err(failed("reading", path))
}

/// `bytes` as text; what is no UTF-8 is replaced.
pub(in crate::natives::fs) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
