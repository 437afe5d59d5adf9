//! A path to value map with parameters, and URLs back from names.
