//! Request, Response, and the traits that turn one into the other.
