//! A single-threaded event loop, and one of them per core.
