//! JSON Web Tokens and secrets.
//!
//! * [`Secret`]: bytes that never show up in logs
//! * [`Claims`], [`sign`], [`verify`]: the superuser tokens of an agency (protocol §11)
//! * [`TokenSource`]: a signed token that is renewed before it expires

mod secret;
mod source;
mod token;

pub use secret::{Secret, SecretError};
pub use source::TokenSource;
pub use token::{Claims, TokenError, sign, verify};
