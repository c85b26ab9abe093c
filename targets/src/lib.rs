//! The servers that corspec tests: who they are, and how they are started and stopped.
//!
//! A target is a folder with a [manifest], found by the [registry]. Before its first use it is
//! [installed](install); for each policy it is [launched](launch) anew on a free port, and stopped.
//! One [guardian] process a run clears what is left when the run itself cannot, and a keeper for
//! each server what that has started. The
//! [reference](mod@reference) is part of this crate and served in-process, also as a [mutant].
//!
//! A target that crashes, hangs or answers garbage is a value, [`launch::Launch::Failed`]. This
//! crate's own trouble is an error.

pub mod guardian;
pub mod install;
mod keeper;
pub mod known;
pub mod launch;
pub mod manifest;
pub mod mutant;
mod need;
mod probe;
pub mod process;
pub mod reference;
pub mod registry;
pub mod route;
