//! Runs Rhai scripts; knows no terminal.
