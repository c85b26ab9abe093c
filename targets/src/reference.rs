//! The reference server: every route of the target contract, shared exactly as a policy says.
//!
//! Its CORS is written for this purpose, as one layer around an [axum] application and without any CORS crate, so that
//! a scenario which fails here is a fault of the scenario or of this layer and never of a third party.
//! [`serve()`] runs it in this process; [`router`] is the bare service for other ways of running it.
//!
//! What the layer holds to, whatever the policy:
//! - Every answer carries the CORS headers that its request earns: also 401, 404, 405, 500 and redirects.
//! - A preflight is answered before the application sees it, hence before authentication and routing.
//!   Any other `OPTIONS` request is the application's own.
//! - An origin gets a grant only if the policy names it; bytes of a request are repeated only once they are known good.
//! - `*` is said only without credentials.
//! - `Vary` names what an answer depends on, next to what the application had put there.
//!
//! [`fault`] has it depart from all that on purpose, to prove that scenarios notice.
//!
//! It refuses nothing but the sharing: a request from a denied origin is still answered, without a grant.
//! CORS protects the reading of answers, and a server behind a proxy cannot tell its own origin from a foreign one.

mod cors;
mod document;
mod elsewhere;
pub mod fault;
mod preflight;
mod recovery;
mod routes;
mod serve;
mod vary;

use std::sync::Arc;

use axum::{Router, middleware};
use corspec_suite::policy::Policy;

use self::cors::{Cors, Exactly, Lookup};
pub use self::elsewhere::serve_elsewhere;
use self::fault::Fault;
use self::fault::layer::{self, Faulty};
use self::fault::matching::Wrong;
pub use self::serve::{Server, serve, serve_router};

/// The reference application under `policy`, which must be [valid](Policy::validate): what is no token in its lists is
/// not allowed to anybody.
pub fn router(policy: &Policy) -> Router {
    layered(routes::routes(policy), policy, Box::new(Exactly))
}

/// The reference application under `policy`, which must be valid, with a fault.
pub fn faulty_router(policy: &Policy, fault: &Fault) -> Router {
    let faulty = Arc::new(Faulty::new(fault, policy));
    let lookup: Box<dyn Lookup> = match fault.origins {
        Some(matching) => Box::new(Wrong::new(matching)),
        None => Box::new(Exactly),
    };
    let inside = middleware::from_fn_with_state(Arc::clone(&faulty), layer::inside);
    layered(routes::routes(policy).layer(inside), &fault.policy(policy), lookup)
        .layer(middleware::from_fn_with_state(faulty, layer::outside))
}

/// `routes` in the CORS layer, which looks origins up with `lookup`.
fn layered(routes: Router, policy: &Policy, lookup: Box<dyn Lookup>) -> Router {
    let cors = Arc::new(Cors::new(policy, lookup));
    routes
        .layer(middleware::from_fn(recovery::answer_panics))
        .layer(middleware::from_fn_with_state(cors, cors::share))
}
