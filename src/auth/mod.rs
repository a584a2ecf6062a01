//! JSON Web Tokens and secrets.
