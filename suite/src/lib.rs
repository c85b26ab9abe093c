//! Scenarios and policies.
pub mod policy;
