//! The library as a program uses it that embeds it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
