//! The N-API border of maskloss.
