//! The cache mode that asks no server.

use corspec_fetch::agent::UserAgent;
use corspec_fetch::profile::Profile;
use corspec_fetch::request::{CacheMode, Mode, RequestInit};
use test_case::test_case;

use crate::browser::{Browser, PAGE, answer, init};

#[test_case(&Profile::SPEC => ("only-if-cached", 0); "in the standard")]
#[test_case(&Profile::WEBKIT => ("basic", 1); "in WebKit, which asks all the same")]
fn what_is_not_kept(profile: &'static Profile) -> (&'static str, usize) {
    let cache = CacheMode::OnlyIfCached;
    let init = RequestInit { cache, mode: Mode::SameOrigin, ..init("GET", PAGE, &[]) };
    let mut browser = Browser { agent: UserAgent::new(profile), ..Browser::new() };
    let fetched = browser.fetch(&init, |_| answer(200, &[]));
    (fetched.end(), fetched.sent.len())
}
