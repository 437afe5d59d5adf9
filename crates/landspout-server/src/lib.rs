//! An HTTP server that feeds a handler, with safe limits and deadlines.
