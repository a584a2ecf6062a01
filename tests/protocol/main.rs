//! The numbered statements of the agency protocol that concern a live agency,
//! each tested over HTTP under its own name.
#![cfg(feature = "standin")]

mod support;

mod endpoints;
