//! The script-facing layer.
