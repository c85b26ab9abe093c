//! The browser's side of the [Fetch standard](https://fetch.spec.whatwg.org/), without input or output.
//!
//! A [`UserAgent`](agent::UserAgent) holds what outlives a fetch: the preflight
//! cache, the cookies, and the [`Profile`](profile::Profile) of the browser. It
//! starts a [`Fetch`](fetch::Fetch), a state machine that is driven from outside:
//!
//! ```text
//!            step(agent, now)                       respond(answer)
//!   driver ───────────────────▶ Step::Send(request) ───────────────▶ step …
//!                               Step::Done(outcome)
//! ```
//!
//! Nothing here opens a socket or reads a clock: answers and `now` are
//! arguments. No response, whatever its bytes, makes it panic. Every decision
//! goes into a [`Trace`](trace::Trace) with the standard's anchor and step.
//!
//! The standard is the one of commit `586cd2a` ([`STANDARD`]); beside the code
//! stands each step's number with what it does in our own words. Browsers that
//! depart from it are data: see [`profile`].

#![no_std]

extern crate alloc;

pub mod agent;
pub mod blocked;
pub mod byte;
pub mod cause;
pub mod construct;
mod cookie;
mod corp;
pub mod cors_check;
pub mod fetch;
pub mod filter;
pub mod header_list;
pub mod integrity;
mod kept;
mod network;
pub mod origin;
pub mod outcome;
pub mod page;
mod preflight;
mod preflight_cache;
pub mod profile;
pub mod redirect;
pub mod referrer;
pub mod request;
pub mod safelist;
mod sec_fetch;
pub mod trace;

/// The commit of the standard that the model follows.
pub const STANDARD: &str = "586cd2a";

/// The anchors of the Fetch standard, as of commit 586cd2a, in order: what can follow `https://fetch.spec.whatwg.org/#`.
pub fn anchors() -> impl Iterator<Item = &'static str> {
    include_str!("../spec/anchors.txt").lines()
}
