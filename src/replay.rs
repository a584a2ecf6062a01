//! Re-applies the recorded log of an agency dump.
