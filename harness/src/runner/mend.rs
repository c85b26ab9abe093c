//! What mends a failure: said where the failure alone makes sure of it, since a wrong word is worse
//! than none.

use corspec_fetch::outcome::{Outcome, ResponseType};
use corspec_suite::case::Case;
use corspec_suite::exchange::StepRecord;
use corspec_suite::judge::Failure;
use corspec_suite::scenario::{Expect, PageSees, Sent};

use crate::remedy::{self, Framework, HEADER_NOT_EXPOSED, Remedy, VARY_LACKS_ORIGIN};

/// The expectations that hold once `Vary` names `Origin`, as the judge writes them.
const VARY_CLAUSES: [&str; 2] = ["vary vary-names origin", "differential Origin"];

/// What mends the first failure of a case, with the framework's setting where one is known.
///
/// A page that was kept out and was not to be is let in by what its cause asks for. One that was
/// let in and was not to be may owe it to anything.
pub(super) fn remedy(
    case: &Case,
    records: &[StepRecord],
    first: &Failure,
    framework: Option<&'static Framework>,
) -> Option<Remedy> {
    let at = case.steps.iter().position(|it| it.name == first.step)?;
    let record = records.get(at)?;
    let last = record.exchanges.last().and_then(|it| it.response.as_ref().ok());
    let answered = record.exchanges.iter().all(|it| it.response.is_ok());
    let slug = match &record.outcome {
        _ if VARY_CLAUSES.contains(&first.clause.as_str()) => {
            answered.then_some(VARY_LACKS_ORIGIN)?
        }
        Some(Outcome::NetworkError(error)) => {
            is_kept_out(&case.steps[at].expect, first).then(|| error.cause().slug())?
        }
        Some(Outcome::Response(response)) if response.kind == ResponseType::Cors => {
            let name = first.clause.strip_prefix("visible = ")?;
            last?.headers.contains(name).then_some(HEADER_NOT_EXPOSED)?
        }
        _ => return None,
    };
    remedy::remedy(slug, last.map(|it| it.status), framework)
}

/// Whether what failed is that the page, or the request after its preflight, did not get through.
fn is_kept_out(expect: &Expect, first: &Failure) -> bool {
    match first.clause.as_str() {
        "actual" => expect.actual == Some(Sent::Sent),
        clause => clause.starts_with("page = ") && expect.page != Some(PageSees::Blocked),
    }
}
