//! The agency client: blocking, usable without Rhai.
