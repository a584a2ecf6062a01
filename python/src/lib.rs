//! agencysh as a Python module.
