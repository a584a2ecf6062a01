//! Values and wire types of the agency; no I/O.
