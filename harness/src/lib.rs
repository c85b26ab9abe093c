//! corspec plays the browser against a server: this crate asks.
//!
//! The model of Fetch's client side is [`corspec_fetch`], what is asked is
//! [`corspec_suite`], who is asked is [`corspec_targets`]. Here are the parts
//! that touch the world: the transport, the runner, the reports, the snapshots
//! and the command line.

pub mod batch;
pub mod browsers;
pub mod cli;
pub mod config;
pub mod console;
pub mod driver;
pub mod escape;
pub mod event;
pub mod exit;
pub mod mutants;
pub mod own;
pub mod redact;
pub mod remedy;
pub mod report;
pub mod reproduce;
pub mod runner;
pub mod selection;
pub mod snapshot;
pub mod transport;
mod whole_file;
mod words;
