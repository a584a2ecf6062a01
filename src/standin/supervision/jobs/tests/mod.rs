//! Stories of jobs.

mod failures;
mod logs;
mod rubbish;
mod shards;
mod whole_servers;
