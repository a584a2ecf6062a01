//! Outgoing blocking HTTP: the only place that builds a client for scripts and tools.
