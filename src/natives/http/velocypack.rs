//! Bodies in VelocyPack, which scripts receive as JSON text in any form.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::time::Duration;

use crate::agency::value::Value;
use crate::apart::apart;
use crate::deadline::{Deadline, SLICE};
use crate::http::{HttpError, Phase, Response};
use crate::vpack;

/// A body of that size is converted apart, since the deadline may pass meanwhile.
const LARGE: u64 = 1 << 20;

/// Why a body cannot be converted.
enum Failure {
    /// It is no VelocyPack.
    Malformed(String),
    /// The file with it cannot be read or written.
    File(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

/// Whether the answer says that its body is VelocyPack.
fn is_velocypack(response: &Response) -> bool {
    let media_type = response.header("content-type").and_then(|value| value.split(';').next());
    media_type.is_some_and(|name| name.trim().eq_ignore_ascii_case("application/x-velocypack"))
}

/// The body of an answer, as JSON if it is VelocyPack.
///
/// # Errors
/// [`HttpError::Protocol`] when it should be VelocyPack and is not; the run has to end.
pub(super) fn to_json(
    response: &Response,
    body: Vec<u8>,
    deadline: &Deadline,
) -> Result<Vec<u8>, HttpError> {
    if body.is_empty() || !is_velocypack(response) {
        return Ok(body);
    }
    in_time(response, body.len() as u64, deadline, move || {
        let value = decoded(&body)?;
        drop(body);
        serde_json::to_vec(&value).map_err(|error| Failure::File(error.into()))
    })
}

/// The same for a body that is in a file.
///
/// # Errors
/// [`HttpError::Sink`] when the file cannot be read or written; as [`to_json`].
pub(super) fn file_to_json(
    response: &Response,
    file: &File,
    deadline: &Deadline,
) -> Result<(), HttpError> {
    if !is_velocypack(response) {
        return Ok(());
    }
    let opened = file.metadata().and_then(|found| Ok((found.len(), file.try_clone()?)));
    let (size, mut file) = opened.map_err(|error| failed(response, Failure::File(error)))?;
    if size == 0 {
        return Ok(());
    }
    in_time(response, size, deadline, move || {
        let mut body = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut body)?;
        let value = decoded(&body)?;
        drop(body);
        file.rewind()?;
        file.set_len(0)?;
        let mut text = BufWriter::new(file);
        serde_json::to_writer(&mut text, &value).map_err(|error| Failure::File(error.into()))?;
        Ok(text.flush()?)
    })
}

fn decoded(body: &[u8]) -> Result<Value, Failure> {
    vpack::decode(body).map_err(|error| Failure::Malformed(error.to_string()))
}

fn failed(response: &Response, failure: Failure) -> HttpError {
    let endpoint = response.url.clone();
    match failure {
        Failure::Malformed(reason) => HttpError::Protocol { endpoint, reason },
        Failure::File(source) => HttpError::Sink { endpoint, source },
    }
}

/// Does the work on a body of `size` bytes, which ends with the run at the latest.
fn in_time<T: Send + 'static>(
    response: &Response,
    size: u64,
    deadline: &Deadline,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, HttpError> {
    let left = || match deadline.check() {
        Ok(()) => Ok(SLICE),
        Err(stop) if stop.ends_run() => Err(HttpError::Stopped(stop)),
        Err(_) => Err(HttpError::Timeout {
            endpoint: response.url.clone(),
            after: Duration::ZERO,
            phase: Phase::Read,
        }),
    };
    let done = if size < LARGE {
        work()
    } else {
        apart("velocypack", work, left, |error| failed(response, Failure::File(error)))?
    };
    done.map_err(|failure| failed(response, failure))
}
