//! Tests of the supervision of groups.
//!
//! * `cluster`: an agency with servers and logs that do what they are asked
//! * `sample`: a group, and what is decided about it after some edits
//! * `rows`, `log_rows`: each row of the table of decisions by itself
//! * `races`: what others write between a look at the tree and what is decided
//! * `rubbish`: what nobody can read
//! * `stories`: what happens one after the other

mod cluster;
mod log_rows;
mod races;
mod rows;
mod rubbish;
mod sample;
mod stories;
