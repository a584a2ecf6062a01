//! Stories of jobs.

mod failures;
mod logs;
mod rubbish;
mod shards;
mod walk;
mod whole_servers;
