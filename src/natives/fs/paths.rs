//! Paths as text, without a look at the disk.

use rhai::{Dynamic, ImmutableString};

use crate::natives::argument::whole;
use crate::natives::dispatch::type_word;
use crate::natives::{ErrorName, NativeError, NativeResult};

/// `path` without `.`, `..` and doubled slashes; a slash at the end stays.
pub(super) fn normalize(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => {
                kept.pop();
            }
            ".." if absolute => {}
            part => kept.push(part),
        }
    }
    let mut text = format!("{}{}", if absolute { "/" } else { "" }, kept.join("/"));
    if text.is_empty() {
        text.push('.');
    }
    if path.ends_with('/') && !text.ends_with('/') {
        text.push('/');
    }
    text
}

/// The parts as one path.
///
/// # Errors
/// `TypeError` for a part that is no string.
pub(super) fn join(parts: &[Dynamic]) -> NativeResult<String> {
    let mut kept = Vec::new();
    for part in parts {
        let text = part.read_lock::<ImmutableString>().ok_or_else(|| {
            let message = format!("a part of a path must be a string, not {}", type_word(part));
            NativeError::plain("argument.type", ErrorName::TypeError, message)
        })?;
        if !text.is_empty() {
            kept.push(text.to_string());
        }
    }
    Ok(normalize(&kept.join("/")))
}

/// `relative` below `base`, which it cannot leave.
///
/// # Errors
/// Number 10 when it would.
pub(super) fn safe_join(base: &str, relative: &str) -> NativeResult<String> {
    let inside = normalize(relative.trim_start_matches('/'));
    if inside == ".." || inside.starts_with("../") || inside.contains('\0') {
        return Err(NativeError::arango(
            "fs.outside_base",
            10,
            format!("'{relative}' leads out of '{base}'"),
        )
        .with("path", relative.to_owned()));
    }
    Ok(normalize(&if base.is_empty() { inside } else { format!("{base}/{inside}") }))
}

/// `path` after the working directory, unless it is absolute.
///
/// # Errors
/// Number 2 when the working directory is gone.
pub(super) fn absolute(path: &str) -> NativeResult<String> {
    if path.starts_with('/') {
        return Ok(path.to_owned());
    }
    let directory = std::env::current_dir().map_err(|error| {
        NativeError::arango("fs.failed", 2, format!("no working directory: {error}"))
    })?;
    let directory = directory.to_string_lossy().into_owned();
    Ok(if path.is_empty() {
        directory
    } else {
        format!("{}/{path}", directory.trim_end_matches('/'))
    })
}

/// `path` without its last part.
pub(super) fn dir_name(path: &str) -> String {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some((directory, _)) if directory.bytes().all(|byte| byte == b'/') => "/".to_owned(),
        Some((directory, _)) => directory.trim_end_matches('/').to_owned(),
        None if path.starts_with('/') => "/".to_owned(),
        None => ".".to_owned(),
    }
}

/// The permission bits of a mode: octal digits, or the number itself.
///
/// # Errors
/// `TypeError` for anything else.
pub(super) fn mode(mode: &Dynamic) -> NativeResult<u32> {
    let bits = match (whole(mode), mode.read_lock::<ImmutableString>()) {
        (Some(number), _) => u32::try_from(number).ok(),
        (_, Some(digits)) if (1..=5).contains(&digits.len()) && !digits.starts_with('+') => {
            u32::from_str_radix(&digits, 8).ok()
        }
        _ => None,
    };
    bits.filter(|bits| *bits <= 0o7777).ok_or_else(|| {
        NativeError::plain(
            "fs.bad_mode",
            ErrorName::TypeError,
            format!("'{mode}' is no mode: 1 to 5 octal digits"),
        )
    })
}
