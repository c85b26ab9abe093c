//! The browser side of Fetch.
#![no_std]
extern crate alloc;
