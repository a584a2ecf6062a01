//! `http::download`: the body of an answer in a file.

use std::fmt::Display;
use std::io::{ErrorKind, Write};

use rhai::Map;

use super::calls::{Clients, checked, failure, response_map};
use super::velocypack;
use crate::http::HttpError;
use crate::natives::fs::{Staged, to_write};
use crate::natives::{NativeContext, NativeError, NativeResult, Options};

/// The options of `http::download`.
const DOWNLOAD_OPTIONS: [&str; 15] = [
    "headers",
    "query",
    "timeout",
    "follow_redirects",
    "max_redirects",
    "body_on_error",
    "jwt",
    "username",
    "password",
    "verify_certificates",
    "verify_depth",
    "min_tls",
    "ca_file",
    "user_agent",
    "overwrite",
];

pub(super) fn download(
    run: &NativeContext,
    url: &str,
    path: &str,
    options: &Map,
) -> NativeResult<Map> {
    let hosts = run.hosts()?;
    if path.is_empty() {
        return Err(NativeError::bad_parameter("the path of the file must not be empty"));
    }
    let target = to_write(run, path)?;
    let options = Options::new(options, &DOWNLOAD_OPTIONS)?;
    let asked = checked(run, "GET", url, None, &options, false)?;
    let overwrite = options.bool("overwrite", false)?;
    if !overwrite && target.symlink_metadata().is_ok() {
        return Err(exists(path));
    }
    let mut staged = Staged::beside(&target).map_err(|error| cannot_write(path, &error))?;
    let keep_errors = asked.body_on_error;
    let mut keep = false;
    let client = run.extension::<Clients>().get(asked.tls, hosts)?;
    let url = asked.request.url.clone();
    let sent = client.send_to(asked.request, &run.deadline, |status| {
        keep = keep_errors || (200..300).contains(&status);
        keep.then_some(staged.file() as &mut dyn Write)
    });
    let sent = sent.and_then(|response| {
        if keep {
            velocypack::file_to_json(&response, staged.file(), &run.deadline)?;
        }
        Ok(response)
    });
    let response = match sent {
        Err(HttpError::Sink { source, .. }) => return Err(cannot_write(path, &source)),
        Err(error) => return failure(error, &url),
        Ok(response) => response,
    };
    if keep {
        let placed = if overwrite { staged.replace() } else { staged.put_new() };
        placed.map_err(|error| match error.kind() {
            // somebody else made one while this one was on its way
            ErrorKind::AlreadyExists => exists(path),
            _ => cannot_write(path, &error),
        })?;
    }
    Ok(response_map(&response))
}

fn exists(path: &str) -> NativeError {
    NativeError::arango("fs.exists", 16, format!("the file '{path}' exists already"))
        .with("path", path.to_owned())
}

fn cannot_write(path: &str, error: &dyn Display) -> NativeError {
    NativeError::arango("fs.cannot_write", 15, format!("cannot write the file '{path}': {error}"))
        .with("path", path.to_owned())
}
