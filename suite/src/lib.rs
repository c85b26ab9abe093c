//! The scenarios and policies of corspec: what is asked of a server, and what must come of it.
//!
//! A scenario and a policy make a case; pure: nothing here opens a socket or reads a clock.

mod caching;
pub mod case;
pub mod exchange;
pub mod grammar;
pub mod judge;
pub mod load;
pub mod policy;
pub mod requirement;
pub mod role;
pub mod run;
pub mod scenario;
pub mod schema;
pub mod shared_cache;
pub mod throughout;
pub mod words;
