//! Bodies in VelocyPack, which scripts receive as JSON text in any form.

use std::fs::File;
use std::io::{self, Read, Seek, Write};

use crate::http::{HttpError, Response};
use crate::vpack;

/// Whether the answer says that its body is VelocyPack.
fn is_velocypack(response: &Response) -> bool {
    let media_type = response.header("content-type").and_then(|value| value.split(';').next());
    media_type.is_some_and(|name| name.trim().eq_ignore_ascii_case("application/x-velocypack"))
}

/// The body of an answer, as JSON if it is VelocyPack.
///
/// # Errors
/// [`HttpError::Protocol`] when it should be VelocyPack and is not.
pub(super) fn to_json(response: &Response, body: Vec<u8>) -> Result<Vec<u8>, HttpError> {
    if body.is_empty() || !is_velocypack(response) {
        return Ok(body);
    }
    let unusable = |reason: String| HttpError::Protocol { endpoint: response.url.clone(), reason };
    let value = vpack::decode(&body).map_err(|error| unusable(error.to_string()))?;
    serde_json::to_vec(&value).map_err(|error| unusable(error.to_string()))
}

/// The same for a body that is in a file. The outer error is the file's.
///
/// # Errors
/// The file cannot be read or written; within, as [`to_json`].
pub(super) fn file_to_json(
    response: &Response,
    file: &mut File,
) -> io::Result<Result<(), HttpError>> {
    if !is_velocypack(response) {
        return Ok(Ok(()));
    }
    let mut body = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut body)?;
    let text = match to_json(response, body) {
        Ok(text) => text,
        Err(error) => return Ok(Err(error)),
    };
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(&text)?;
    Ok(Ok(()))
}
