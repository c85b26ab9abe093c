//! Targets.
pub mod reference;
