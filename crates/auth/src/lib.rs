//! From "Sign in" to a fresh token.
