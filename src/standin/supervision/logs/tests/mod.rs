//! Tests of the rules, one by one, and of whole stories.
