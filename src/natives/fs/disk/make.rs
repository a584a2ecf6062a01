//! Directories, links and modes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::failed;
use crate::natives::NativeResult;

/// Makes a directory.
pub(in crate::natives::fs) fn create_dir(path: &Path) -> NativeResult<()> {
    fs::create_dir(path).map_err(failed("making directory", path))
}

/// Makes a directory and those above it.
pub(in crate::natives::fs) fn create_dir_all(path: &Path) -> NativeResult<()> {
    fs::create_dir_all(path).map_err(failed("making directory", path))
}

/// Makes a symbolic link.
pub(in crate::natives::fs) fn symlink(target: &str, link: &Path) -> NativeResult<()> {
    std::os::unix::fs::symlink(target, link).map_err(failed("linking", link))
}

/// Sets the permission bits.
pub(in crate::natives::fs) fn set_mode(path: &Path, mode: u32) -> NativeResult<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(failed("setting the mode of", path))
}
