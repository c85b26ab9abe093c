//! `Vary`: whether a stored answer is one for this request.

use corspec_fetch::header_list::HeaderList;

use crate::exchange::SeenResponse;
use crate::judge::list;

/// Whether every request header that `answer` nominates is the same in `stored_for` and `asked`; `*` never is.
///
/// Source: RFC 9111, section 4.1.
pub(super) fn matches(
    answer: &SeenResponse,
    stored_for: &HeaderList,
    asked: &HeaderList,
    normalises: bool,
) -> bool {
    let value = |headers: &HeaderList, name: &str| match normalises {
        true => normalised(headers, name),
        false => headers.get(name),
    };
    let mut nominated = answer.headers.get_all("vary").flat_map(list).map(String::from_utf8_lossy);
    nominated.all(|name| name != "*" && value(stored_for, &name) == value(asked, &name))
}

/// The lines of a header as one, without white space around commas.
fn normalised(headers: &HeaderList, name: &str) -> Option<Vec<u8>> {
    let members: Vec<&[u8]> = headers.get_all(name).flat_map(list).collect();
    headers.contains(name).then(|| members.join(&b","[..]))
}
