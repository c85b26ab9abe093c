//! A handler that panics costs its own request only.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Answers 500 where the application panics, so that the layers outside see an ordinary response.
pub(super) async fn answer_panics(request: Request, next: Next) -> Response {
    let mut response = pin!(next.run(request));
    // Unwind safety: after a panic the future is never polled again, and the application keeps no state.
    let outcome: Result<Response, Box<dyn Any + Send>> = poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| response.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await;
    outcome.unwrap_or_else(|_| {
        (StatusCode::INTERNAL_SERVER_ERROR, "the handler panicked\n").into_response()
    })
}
