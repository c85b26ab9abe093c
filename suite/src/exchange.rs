//! What went over the wire, and what came of a step: plain data that the judge reads.

use corspec_fetch::fetch::ConnectionFailure;
use corspec_fetch::header_list::HeaderList;
use corspec_fetch::outcome::Outcome;

/// One request and its response, as sent.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Whether it is a preflight.
    pub preflight: bool,
    /// The request.
    pub request: SentRequest,
    /// The response, or why there is none.
    pub response: Result<SeenResponse, ConnectionFailure>,
}

/// A request as it was sent.
#[derive(Clone, Debug)]
pub struct SentRequest {
    /// The method's bytes.
    pub method: Vec<u8>,
    /// The URL asked for.
    pub url: String,
    /// The header lines.
    pub headers: HeaderList,
    /// The body.
    pub body: Option<Vec<u8>>,
}

/// A response as it was received.
#[derive(Clone, Debug)]
pub struct SeenResponse {
    /// The status code.
    pub status: u16,
    /// The reason phrase.
    pub status_text: Vec<u8>,
    /// The header lines.
    pub headers: HeaderList,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
}

/// What came of one step of a case.
#[derive(Clone, Debug, Default)]
pub struct StepRecord {
    /// The exchanges, in order.
    pub exchanges: Vec<Exchange>,
    /// What the page saw; absent for raw requests.
    pub outcome: Option<Outcome>,
    /// Where a redirect led that was not followed.
    pub not_followed: Option<String>,
    /// What the step needed of an earlier answer that has no such thing, in words; the step was not done.
    pub unfilled: Option<String>,
}
