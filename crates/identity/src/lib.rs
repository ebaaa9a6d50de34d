//! A local identity provider.
