//! What stands beside CORS: `Cross-Origin-Resource-Policy`, `Timing-Allow-Origin` and `Sec-Fetch-*`.

use corspec_fetch::agent::UserAgent;
use corspec_fetch::page::EmbedderPolicy::{self, Credentialless, RequireCorp, UnsafeNone};
use corspec_fetch::profile::Profile;
use corspec_fetch::request::CredentialsMode::{self, Include, Omit};
use corspec_fetch::request::{Mode, RequestInit};
use test_case::test_case;

use crate::browser::{API, Browser, CDN, PAGE, allowing, answer, chain, init, open};

/// Another origin of the page's site.
const WWW: &str = "https://www.page.example";
const BLOCKED: &str = "cross-origin-resource-policy";

/// What the row shows, the page, the URL, the lines of the header, and how it ends.
type Row<'a> = (&'a str, &'a str, &'a str, &'a [&'a str], &'a str);

#[rustfmt::skip]
const ROWS: &[Row<'static>] = &[
    ("nothing allows",                      PAGE,                   API,                      &[],                           "opaque"),
    ("cross-origin allows",                 PAGE,                   API,                      &["cross-origin"],             "opaque"),
    ("same-origin keeps another out",       PAGE,                   API,                      &["same-origin"],              BLOCKED),
    ("and another port",                    PAGE,                   "https://page.example:1234", &["same-origin"],           BLOCKED),
    ("same-site keeps another out",         PAGE,                   API,                      &["same-site"],                BLOCKED),
    ("same-site lets a sub-domain in",      PAGE,                   WWW,                      &["same-site"],                "opaque"),
    ("same-origin does not",                PAGE,                   WWW,                      &["same-origin"],              BLOCKED),
    ("same-site: http page, https answer",  "http://page.example",  WWW,                      &["same-site"],                BLOCKED),
    ("same-site: http page, http answer",   "http://page.example",  "http://www.page.example", &["same-site"],               "opaque"),
    ("same-site: https page, http answer",  "https://localhost",    "http://localhost:8000",  &["same-site"],                "opaque"),
    ("upper case is no value",              PAGE,                   API,                      &["SAME-ORIGIN"],              "opaque"),
    ("a list is no value",                  PAGE,                   API,                      &["same-site, same-origin"],   "opaque"),
    ("two lines are no value",              PAGE,                   API,                      &["same-origin", "same-origin"], "opaque"),
    ("a parameter is no value",             PAGE,                   API,                      &["same-origin;x"],            "opaque"),
    ("at home it does not matter",          PAGE,                   PAGE,                     &["same-site"],                "basic"),
];

#[test]
fn each_row_ends_as_the_standard_says() {
    let mut wrong = Vec::new();
    for &(name, page, url, lines, want) in ROWS {
        let lines: Vec<_> = lines.iter().map(|it| ("Cross-Origin-Resource-Policy", *it)).collect();
        let init = RequestInit { mode: Mode::NoCors, ..init("GET", url, &[]) };
        let got = Browser::at(page).fetch(&init, |_| answer(200, &lines)).end();
        if got != want {
            wrong.push((name, got));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn with_cors_it_does_not_matter() {
    let policy = [("Cross-Origin-Resource-Policy", "same-origin")];
    let fetched = Browser::new().fetch(&init("GET", API, &[]), |it| allowing(it, 200, &policy));
    assert_eq!(fetched.end(), "cors");
}

#[test_case("same-origin" => "cross-origin-resource-policy"; "a redirect that keeps the page out")]
#[test_case("cross-origin" => "opaque"; "one that does not")]
fn redirects_are_checked(policy: &str) -> &'static str {
    let policy = [("Cross-Origin-Resource-Policy", policy), ("Location", "https://cdn.invalid/")];
    let init = RequestInit { mode: Mode::NoCors, ..init("GET", API, &[]) };
    let first = |it: &corspec_fetch::fetch::HttpRequest| it.url.as_str().starts_with(API);
    let fetched = Browser::new()
        .fetch(&init, |it| if first(it) { answer(302, &policy) } else { answer(200, &[]) });
    fetched.end()
}

/// A page's own policy, the credentials mode and the answer's policy.
#[test_case(UnsafeNone, Include, API, &[] => "opaque"; "the page asks nothing")]
#[test_case(RequireCorp, Omit, API, &[] => "embedder-policy"; "the page asks for a policy")]
#[test_case(RequireCorp, Omit, API, &["nonsense"] => "embedder-policy"; "nonsense is none")]
#[test_case(RequireCorp, Omit, API, &["cross-origin"] => "opaque"; "which allows")]
#[test_case(RequireCorp, Omit, API, &["same-origin"] => "cross-origin-resource-policy"; "which does not")]
#[test_case(RequireCorp, Omit, PAGE, &[] => "basic"; "not at home")]
#[test_case(Credentialless, Omit, API, &[] => "opaque"; "without credentials none is needed")]
#[test_case(Credentialless, Include, API, &[] => "opaque"; "with credentials, which are withheld")]
fn embedder_policies(
    policy: EmbedderPolicy,
    credentials: CredentialsMode,
    url: &str,
    lines: &[&str],
) -> &'static str {
    let mut browser = Browser::new();
    browser.page.embedder_policy = policy;
    let lines: Vec<_> = lines.iter().map(|it| ("Cross-Origin-Resource-Policy", *it)).collect();
    let init = RequestInit { mode: Mode::NoCors, credentials, ..init("GET", url, &[]) };
    browser.fetch(&init, |_| answer(200, &lines)).end()
}

/// Whether the page sees how long a chain took, where each answer has such a header.
#[test_case(&[PAGE], &[""] => true; "at home")]
#[test_case(&[API], &[""] => false; "elsewhere")]
#[test_case(&[API], &["*"] => true; "allowed to all")]
#[test_case(&[API], &[PAGE] => true; "allowed to the page")]
#[test_case(&[API], &["https://other.test, https://page.example"] => true; "among others")]
#[test_case(&[API], &["https://PAGE.example"] => false; "in another case")]
#[test_case(&[API], &["null"] => false; "allowed to null")]
#[test_case(&[API, API], &["*", ""] => false; "not by the end")]
#[test_case(&[API, API], &["", "*"] => false; "not by the redirect, and for good")]
#[test_case(&[PAGE, API], &["", "*"] => true; "by the end, from home")]
#[test_case(&[API, CDN], &["*", PAGE] => false; "a tainted origin is null")]
#[test_case(&[API, CDN], &["*", "null"] => true; "to which null allows it")]
fn timing(urls: &[&str], allowed: &[&str]) -> bool {
    let mut follow = chain(302, urls);
    let mut allowed = allowed.iter();
    let fetched = Browser::new().fetch(&init("GET", urls[0], &[]), |it| {
        let mut response = follow(it);
        response.headers.append("Timing-Allow-Origin", allowed.next().unwrap());
        response
    });
    fetched.seen.unwrap().timing_allowed
}

/// What the last request of a chain says of where it comes from.
#[test_case(Mode::Cors, &[PAGE] => "empty cors same-origin"; "at home")]
#[test_case(Mode::Cors, &[WWW] => "empty cors same-site"; "on the same site")]
#[test_case(Mode::Cors, &[API] => "empty cors cross-site"; "on another site")]
#[test_case(Mode::NoCors, &[API] => "empty no-cors cross-site"; "no-cors")]
#[test_case(Mode::SameOrigin, &[PAGE] => "empty same-origin same-origin"; "same-origin")]
#[test_case(Mode::Cors, &[PAGE, WWW] => "empty cors same-site"; "to the same site")]
#[test_case(Mode::Cors, &[WWW, PAGE] => "empty cors same-site"; "the farthest counts")]
#[test_case(Mode::Cors, &[API, PAGE] => "empty cors cross-site"; "also back home")]
#[test_case(Mode::Cors, &[PAGE, PAGE] => "empty cors same-origin"; "within the origin")]
#[test_case(Mode::Cors, &["http://127.0.0.1:8000"] => "empty cors cross-site"; "this machine is trustworthy")]
fn fetch_metadata(mode: Mode, urls: &[&str]) -> String {
    let init = RequestInit { mode, ..init("GET", urls[0], &[]) };
    let fetched = Browser::new().fetch(&init, chain(302, urls));
    let last = fetched.sent.len() - 1;
    let words = ["sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site"];
    words.map(|name| fetched.header(last, name).unwrap_or_default()).join(" ")
}

#[test_case("http://page.test", "http://api.test" => None; "not to a URL that is not secure")]
#[test_case("http://page.test", "https://api.test" => Some("cross-site".into()); "also from a page that is not")]
#[test_case("http://page.test", "https://page.test" => Some("cross-site".into()); "another scheme is another site")]
fn fetch_metadata_and_encryption(page: &str, url: &str) -> Option<String> {
    Browser::at(page).fetch(&init("GET", url, &[]), open).header(0, "sec-fetch-site")
}

#[test]
fn a_preflight_to_a_url_that_is_not_secure_has_no_metadata() {
    let fetched = Browser::at("http://page.test").fetch(&init("PUT", "http://api.test", &[]), open);
    let names = ["sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site"];
    assert_eq!(names.map(|name| fetched.header(0, name)), [None, None, None]);
}

/// What is sent where the script does not say, and where it does.
#[test_case("Accept", "a/b" => (Some("*/*".into()), Some("a/b".into())); "accept")]
#[test_case("Accept-Language", "de" => (Some("en-US,en;q=0.9".into()), Some("de".into())); "accept-language")]
fn what_a_script_may_say_itself(name: &str, value: &str) -> (Option<String>, Option<String>) {
    let sent = |headers| Browser::new().fetch(&init("GET", API, headers), open).header(0, name);
    (sent(&[]), sent(&[(name, value)]))
}

#[test]
fn a_range_is_asked_for_without_a_coding() {
    let coding = |headers: &[(&str, &str)]| {
        Browser::new().fetch(&init("GET", PAGE, headers), open).header(0, "accept-encoding")
    };
    assert_eq!(coding(&[("Range", "bytes=0-")]).unwrap(), "identity");
    assert_eq!(coding(&[]).unwrap(), "gzip, deflate, br");
}

#[test_case(&Profile::CHROMIUM => ["gzip, deflate, br, zstd", "gzip, deflate, br, zstd", "gzip, deflate"]; "chromium")]
#[test_case(&Profile::FIREFOX => ["gzip, deflate, br, zstd", "gzip, deflate, br, zstd", "gzip, deflate"]; "firefox")]
#[test_case(&Profile::WEBKIT => ["gzip, deflate, br", "gzip, deflate", "gzip, deflate"]; "webkit")]
fn the_codings_that_a_browser_reads(profile: &'static Profile) -> [String; 3] {
    ["https://api.test", "http://localhost:8000", "http://api.test"].map(|url| {
        let mut browser =
            Browser { agent: UserAgent::new(profile), ..Browser::at("http://a.test") };
        browser.fetch(&init("GET", url, &[]), open).header(0, "accept-encoding").unwrap()
    })
}
