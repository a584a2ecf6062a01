//! What a server keeps of its logs.
