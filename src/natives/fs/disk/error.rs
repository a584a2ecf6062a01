//! Errors of the system, as scripts see them.

use std::io::{self, ErrorKind};
use std::path::Path;

use nix::errno::Errno;
use rhai::INT;

use crate::deadline::Stop;
use crate::natives::NativeError;

/// The error `fs.<kind>` with what was done to which path.
pub(in crate::natives::fs) fn error(
    kind: &str,
    number: INT,
    doing: &str,
    path: &Path,
    text: &str,
) -> NativeError {
    NativeError::arango(
        format!("fs.{kind}"),
        number,
        format!("{text}: while {doing} {}", path.display()),
    )
    .with("path", path.to_string_lossy().into_owned())
}

/// Turns an error of the system into one that names what was done to which path.
pub(in crate::natives) fn failed<'a>(
    doing: &'a str,
    path: &'a Path,
) -> impl Fn(io::Error) -> NativeError + 'a {
    move |cause| {
        if let Some(stop) = cause.get_ref().and_then(|inner| inner.downcast_ref::<Stop>()) {
            return stop.clone().into();
        }
        let (kind, number) = match cause.kind() {
            ErrorKind::NotFound => ("not_found", 14),
            ErrorKind::AlreadyExists => ("exists", 27),
            ErrorKind::PermissionDenied if cause.raw_os_error() == Some(Errno::EPERM as i32) => {
                ("forbidden", 11)
            }
            _ => ("failed", 2),
        };
        let failed = error(kind, number, doing, path, &cause.to_string());
        match cause.raw_os_error() {
            Some(errno) => failed.with("errno", INT::from(errno)),
            None => failed,
        }
    }
}
