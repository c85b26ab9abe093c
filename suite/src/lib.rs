//! Scenarios and policies.
