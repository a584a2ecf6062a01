//! JSON Web Tokens and secrets.
//!
//! * [`Secret`]: a key that never shows up in logs, shared bytes or one in PEM
//! * [`Claims`], [`sign`], [`verify`]: the superuser tokens of an agency (protocol §11)
//! * [`TokenSource`]: a signed token that is renewed before it expires

mod key;
mod secret;
mod source;
mod token;

#[cfg(test)]
mod tests;

pub use key::KeyError;
pub use secret::{Secret, SecretError};
pub use source::TokenSource;
pub use token::{Claims, TokenError, sign, time_left, verify};
