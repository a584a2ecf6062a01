//! Paths as text: put together and taken apart.

use std::path::Path;

use rhai::plugin::*;
use rhai::{Array, Dynamic};

use super::paths;
use crate::natives::{Raw, call};

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
#[allow(clippy::too_many_arguments, reason = "`join` takes up to eight parts")]
pub(in crate::natives) mod natives {
    /// What separates the parts of a path.
    pub const SEPARATOR: &str = "/";

    /// Joins parts of a path and resolves `.` and `..` in it.
    ///
    /// `fs::join(a: string, b?: string, …) -> string`
    ///
    /// Arguments: one to eight parts, or one array of them; empty parts are dropped.
    /// Units: a slash at the end stays; nothing at all gives `.`.
    /// Errors: `argument.type` (TypeError) for a part that is no string.
    /// Legacy: `fs.join(a, b, …)`.
    ///
    /// ```rhai
    /// assert_eq(fs::join("a", "", "./b", "../c"), "a/c");
    /// assert_eq(fs::join(["/", "x/"]), "/x/");
    /// ```
    #[rhai_fn(name = "join", return_raw)]
    pub fn join_list(ctx: NativeCallContext, parts: Dynamic) -> Raw<String> {
        call(&ctx, "fs::join", |_| match parts.read_lock::<Array>() {
            Some(parts) => paths::join(&parts),
            None => paths::join(std::slice::from_ref(&parts)),
        })
    }

    #[rhai_fn(name = "join", return_raw)]
    pub fn join2(ctx: NativeCallContext, a: Dynamic, b: Dynamic) -> Raw<String> {
        call(&ctx, "fs::join", |_| paths::join(&[a, b]))
    }

    #[rhai_fn(name = "join", return_raw)]
    pub fn join3(ctx: NativeCallContext, a: Dynamic, b: Dynamic, c: Dynamic) -> Raw<String> {
        call(&ctx, "fs::join", |_| paths::join(&[a, b, c]))
    }

    #[rhai_fn(name = "join", return_raw)]
    pub fn join4(
        ctx: NativeCallContext,
        a: Dynamic,
        b: Dynamic,
        c: Dynamic,
        d: Dynamic,
    ) -> Raw<String> {
        call(&ctx, "fs::join", |_| paths::join(&[a, b, c, d]))
    }

    #[rhai_fn(name = "join", return_raw)]
    pub fn join5(
        ctx: NativeCallContext,
        a: Dynamic,
        b: Dynamic,
        c: Dynamic,
        d: Dynamic,
        e: Dynamic,
    ) -> Raw<String> {
        call(&ctx, "fs::join", |_| paths::join(&[a, b, c, d, e]))
    }

    #[rhai_fn(name = "join", return_raw)]
    pub fn join6(
        ctx: NativeCallContext,
        a: Dynamic,
        b: Dynamic,
        c: Dynamic,
        d: Dynamic,
        e: Dynamic,
        f: Dynamic,
    ) -> Raw<String> {
        call(&ctx, "fs::join", |_| paths::join(&[a, b, c, d, e, f]))
    }

    #[rhai_fn(name = "join", return_raw)]
    pub fn join7(
        ctx: NativeCallContext,
        a: Dynamic,
        b: Dynamic,
        c: Dynamic,
        d: Dynamic,
        e: Dynamic,
        f: Dynamic,
        g: Dynamic,
    ) -> Raw<String> {
        call(&ctx, "fs::join", |_| paths::join(&[a, b, c, d, e, f, g]))
    }

    #[rhai_fn(name = "join", return_raw)]
    pub fn join8(
        ctx: NativeCallContext,
        a: Dynamic,
        b: Dynamic,
        c: Dynamic,
        d: Dynamic,
        e: Dynamic,
        f: Dynamic,
        g: Dynamic,
        h: Dynamic,
    ) -> Raw<String> {
        call(&ctx, "fs::join", |_| paths::join(&[a, b, c, d, e, f, g, h]))
    }

    /// Resolves `.`, `..` and doubled slashes in a path, without looking at the disk.
    ///
    /// `fs::normalize(path: string) -> string`
    ///
    /// Arguments: `path`.
    /// Units: a slash at the end stays; nothing at all gives `.`.
    /// Errors: none.
    /// Legacy: `fs.normalize(path)`.
    ///
    /// ```rhai
    /// assert_eq(fs::normalize("/a//b/../c"), "/a/c");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn normalize(ctx: NativeCallContext, path: &str) -> Raw<String> {
        call(&ctx, "fs::normalize", |_| Ok(paths::normalize(path)))
    }

    /// Joins a path to a base that it cannot leave.
    ///
    /// `fs::safe_join(base: string, relative: string) -> string`
    ///
    /// Arguments: `base`; `relative`.
    /// Units: none.
    /// Errors: `fs.outside_base` (number 10) when `relative` leads out of `base`.
    /// Legacy: `fs.safeJoin(base, relative)`.
    ///
    /// ```rhai
    /// assert_eq(fs::safe_join("/a", "b/../c"), "/a/c");
    /// let kind = "";
    /// try { fs::safe_join("/a", "../b"); } catch (e) { kind = e.kind; }
    /// assert_eq(kind, "fs.outside_base");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn safe_join(ctx: NativeCallContext, base: &str, relative: &str) -> Raw<String> {
        call(&ctx, "fs::safe_join", |_| paths::safe_join(base, relative))
    }

    /// Puts the working directory before a relative path.
    ///
    /// `fs::absolute(path: string) -> string`
    ///
    /// Arguments: `path`; an empty one gives the working directory.
    /// Units: none; `.` and `..` stay.
    /// Errors: `fs.failed` (number 2) when the working directory is gone.
    /// Legacy: `FS_MAKE_ABSOLUTE`, `fs.makeAbsolute(path)`.
    ///
    /// ```rhai
    /// assert_eq(fs::absolute("x"), fs::current_dir() + "/x");
    /// assert_eq(fs::absolute("/x"), "/x");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn absolute(ctx: NativeCallContext, path: &str) -> Raw<String> {
        call(&ctx, "fs::absolute", |_| paths::absolute(path))
    }

    /// Gives the last part of a path.
    ///
    /// `fs::base_name(path: string) -> string`
    ///
    /// Arguments: `path`.
    /// Units: `""` when there is none.
    /// Errors: none.
    /// Legacy: none.
    ///
    /// ```rhai
    /// assert_eq(fs::base_name("/a/b.txt"), "b.txt");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn base_name(ctx: NativeCallContext, path: &str) -> Raw<String> {
        call(&ctx, "fs::base_name", |_| {
            Ok(Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned())
        })
    }

    /// Gives a path without its last part.
    ///
    /// `fs::dir_name(path: string) -> string`
    ///
    /// Arguments: `path`.
    /// Units: `.` when there is no directory in it.
    /// Errors: none.
    /// Legacy: none.
    ///
    /// ```rhai
    /// assert_eq(fs::dir_name("/a/b.txt"), "/a");
    /// assert_eq(fs::dir_name("b"), ".");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn dir_name(ctx: NativeCallContext, path: &str) -> Raw<String> {
        call(&ctx, "fs::dir_name", |_| Ok(paths::dir_name(path)))
    }
}
