//! The command line of agencysh.

fn main() {}
