//! The key-value tree: pure, no I/O, no clock, no randomness.
