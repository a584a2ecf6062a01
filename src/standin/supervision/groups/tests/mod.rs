//! Tests of the supervision of groups.
//!
//! * `cluster`: an agency with servers and logs that do what they are asked
//! * `rows`: each row of the table of decisions by itself
//! * `rubbish`: what nobody can read
//! * `stories`: what happens one after the other

mod cluster;
mod rows;
mod rubbish;
mod stories;
