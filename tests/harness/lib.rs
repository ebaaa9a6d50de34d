//! What every story stands on.
