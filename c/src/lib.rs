//! agencysh as a C library.
