//! Vectors: fetches of a page with the scripted answers of its servers, in the form in which they
//! are recorded in real browsers and replayed in the model.
//!
//! A [`Vector`](vector::Vector) says what a page does and what the servers answer.
//! [`scripted`] is those servers, for a recorder as for a replay; [`replay`] is what the model of a
//! profile makes of it, and [`compare`] tells both apart. [`corpus`] is the file of recordings.

pub mod compare;
pub mod corpus;
pub mod place;
pub mod replay;
pub mod scripted;
pub mod vector;
