//! What several users ask one after another, and which of the origin's answers each of them is given by the standard.

use std::time::{Duration, SystemTime};

use corspec_suite::exchange::{SeenResponse, SentRequest};

use super::origin::Answer;

type Headers = &'static [(&'static str, &'static str)];

/// Requests for one path, one after another.
pub(crate) struct Sequence {
    /// Its name, which is the path.
    pub(crate) name: &'static str,
    /// What the origin answers.
    pub(crate) answer: Answer,
    /// Method and headers of each request.
    asked: &'static [(&'static str, Headers)],
    /// The number of the origin's answer that each gets from a cache that does what the standard says.
    pub(crate) by_the_standard: &'static [&'static str],
}

impl Sequence {
    /// The requests; their URLs are paths.
    pub(crate) fn requests(&self) -> Vec<SentRequest> {
        let request = |(method, headers): &(&str, Headers)| SentRequest {
            method: (*method).into(),
            url: format!("/{}", self.name),
            headers: headers.iter().copied().collect(),
            body: None,
        };
        self.asked.iter().map(request).collect()
    }
}

const NOBODY: (&str, Headers) = ("GET", &[]);
const A: (&str, Headers) = ("GET", &[("origin", "https://a.example")]);
const B: (&str, Headers) = ("GET", &[("origin", "https://b.example")]);
const HEAD: (&str, Headers) = ("HEAD", &[]);
const POST: (&str, Headers) = ("POST", &[("content-length", "0")]);
const PREFLIGHT: (&str, Headers) =
    ("OPTIONS", &[("origin", "https://a.example"), ("access-control-request-method", "PUT")]);
const SIGNED_IN: (&str, Headers) = ("GET", &[("authorization", "Bearer one")]);
const WITH_COOKIE: (&str, Headers) = ("GET", &[("cookie", "id=1")]);
const ANEW: (&str, Headers) = ("GET", &[("cache-control", "no-cache")]);

/// An answer with these headers.
fn plain(status: u16, headers: &[(&str, &str)]) -> SeenResponse {
    let body = if status == 204 { Vec::new() } else { b"body".to_vec() };
    SeenResponse {
        status,
        status_text: Vec::new(),
        headers: headers.iter().copied().collect(),
        body,
    }
}

/// An answer that repeats the origin of the request, as servers with a list of origins do.
fn echo(request: &SentRequest, headers: &[(&str, &str)]) -> SeenResponse {
    let mut answer = plain(200, headers);
    if let Some(origin) = request.headers.get("origin") {
        answer.headers.append("access-control-allow-origin", origin);
    }
    answer
}

/// A date in a minute.
fn soon() -> String {
    httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(60))
}

macro_rules! sequence {
    ($name:literal, [$($asked:expr),*] => [$($number:literal),*], $answer:expr) => {
        Sequence {
            name: $name,
            answer: $answer,
            asked: &[$($asked),*],
            by_the_standard: &[$($number),*],
        }
    };
}

/// Every sequence.
pub(crate) fn sequences() -> Vec<Sequence> {
    [vary(), stored(), statuses(), credentials(), methods()].into_iter().flatten().collect()
}

/// Who gets whose answer by `Vary`.
fn vary() -> Vec<Sequence> {
    vec![
        // The poisoned pairs: an origin that forgets `Vary`.
        sequence!("poisoned-by-nobody", [NOBODY, A] => ["1", "1"], |r| echo(r, &[("cache-control", "public, max-age=60")])),
        sequence!("poisoned-by-another", [A, B, A] => ["1", "1", "1"], |r| echo(r, &[("cache-control", "max-age=60")])),
        sequence!("poisoned-by-a-guess", [A, B] => ["1", "1"], |r| echo(r, &[])),
        sequence!("poisoned-beside-another-vary", [A, B] => ["1", "1"], |r| echo(r, &[("vary", "X-Other"), ("cache-control", "max-age=60")])),
        // And the right ones.
        sequence!("vary-origin", [A, B, NOBODY, A, B, NOBODY] => ["1", "2", "3", "1", "2", "3"], |r| echo(r, &[("vary", "Origin"), ("cache-control", "max-age=60")])),
        sequence!("vary-in-a-list", [A, B, A] => ["1", "2", "1"], |r| echo(r, &[("vary", "x-other, ORIGIN"), ("cache-control", "max-age=60")])),
        sequence!("vary-on-two-lines", [A, B, A] => ["1", "2", "1"], |r| echo(r, &[("vary", "x-other"), ("vary", "origin"), ("cache-control", "max-age=60")])),
        sequence!("vary-asterisk", [A, A] => ["1", "2"], |r| echo(r, &[("vary", "*"), ("cache-control", "max-age=60")])),
        sequence!("static-asterisk", [A, B] => ["1", "1"], |_| plain(200, &[("access-control-allow-origin", "*"), ("cache-control", "max-age=60")])),
        sequence!("vary-by-bytes", [("GET", &[("x-list", "1,2")]), ("GET", &[("x-list", "1,2")]), ("GET", &[("x-list", "1,3")])] => ["1", "1", "2"], |_| plain(200, &[("vary", "x-list"), ("cache-control", "max-age=60")])),
        sequence!("vary-by-spacing", [("GET", &[("x-list", "1,2")]), ("GET", &[("x-list", "1, 2")])] => ["1", "1"], |_| plain(200, &[("vary", "x-list"), ("cache-control", "max-age=60")])),
        sequence!("vary-forgotten-without-origin", [NOBODY, A] => ["1", "1"], |r| match r.headers.contains("origin") {
            true => echo(r, &[("vary", "Origin"), ("cache-control", "max-age=60")]),
            false => echo(r, &[("cache-control", "max-age=60")]),
        }),
    ]
}

/// What is stored, and how long it is fresh.
fn stored() -> Vec<Sequence> {
    vec![
        sequence!("no-store", [A, A] => ["1", "2"], |r| echo(r, &[("cache-control", "no-store, max-age=60")])),
        sequence!("private", [A, B] => ["1", "2"], |r| echo(r, &[("cache-control", "private, max-age=60")])),
        sequence!("private-in-capitals", [A, B] => ["1", "2"], |r| echo(r, &[("cache-control", "Private")])),
        sequence!("no-cache", [A, B] => ["1", "2"], |r| echo(r, &[("cache-control", "no-cache, max-age=60")])),
        sequence!("max-age-0", [A, B] => ["1", "2"], |r| echo(r, &[("cache-control", "max-age=0")])),
        sequence!("s-maxage", [A, B] => ["1", "1"], |r| echo(r, &[("cache-control", "max-age=0, s-maxage=60")])),
        sequence!("s-maxage-0", [A, B] => ["1", "2"], |r| echo(r, &[("cache-control", "s-maxage=0, max-age=60")])),
        sequence!("expires-soon", [A, B] => ["1", "1"], |r| echo(r, &[("expires", &soon())])),
        sequence!("expires-never-was-a-date", [A, B] => ["1", "2"], |r| echo(r, &[("expires", "0")])),
        // In this order: nginx 1.22 stores nothing once it has met an `Expires` in the past.
        sequence!("max-age-before-expires", [A, B] => ["1", "1"], |r| echo(r, &[("cache-control", "max-age=60"), ("expires", "0")])),
        sequence!("old-already", [A, B] => ["1", "2"], |r| echo(r, &[("age", "100"), ("cache-control", "max-age=60")])),
        sequence!("still-young", [A, B] => ["1", "1"], |r| echo(r, &[("age", "10"), ("cache-control", "max-age=60")])),
        sequence!("asked-anew", [A, ANEW] => ["1", "2"], |r| echo(r, &[("cache-control", "max-age=60")])),
        sequence!("not-to-be-stored", [("GET", &[("cache-control", "no-store")]), NOBODY] => ["1", "2"], |r| echo(r, &[("cache-control", "max-age=60")])),
    ]
}

/// Which statuses are stored, with a lifetime and without.
fn statuses() -> Vec<Sequence> {
    const FRESH: &[(&str, &str)] = &[("cache-control", "max-age=60")];
    vec![
        sequence!("200-fresh", [A, B] => ["1", "1"], |_| plain(200, FRESH)),
        sequence!("200-unstated", [A, B] => ["1", "1"], |_| plain(200, &[])),
        sequence!("204-fresh", [A, B] => ["1", "1"], |_| plain(204, FRESH)),
        sequence!("204-unstated", [A, B] => ["1", "1"], |_| plain(204, &[])),
        sequence!("301-fresh", [A, B] => ["1", "1"], |_| plain(301, FRESH)),
        sequence!("301-unstated", [A, B] => ["1", "1"], |_| plain(301, &[])),
        sequence!("302-fresh", [A, B] => ["1", "1"], |_| plain(302, FRESH)),
        sequence!("302-unstated", [A, B] => ["1", "2"], |_| plain(302, &[])),
        sequence!("302-public", [A, B] => ["1", "1"], |_| plain(302, &[("cache-control", "public")])),
        sequence!("307-fresh", [A, B] => ["1", "1"], |_| plain(307, FRESH)),
        sequence!("308-unstated", [A, B] => ["1", "1"], |_| plain(308, &[])),
        sequence!("401-fresh", [A, B] => ["1", "1"], |_| plain(401, FRESH)),
        sequence!("401-unstated", [A, B] => ["1", "2"], |_| plain(401, &[])),
        sequence!("403-unstated", [A, B] => ["1", "2"], |_| plain(403, &[])),
        sequence!("404-fresh", [A, B] => ["1", "1"], |_| plain(404, FRESH)),
        sequence!("404-unstated", [A, B] => ["1", "1"], |_| plain(404, &[])),
        sequence!("410-unstated", [A, B] => ["1", "1"], |_| plain(410, &[])),
        sequence!("500-fresh", [A, B] => ["1", "1"], |_| plain(500, FRESH)),
        sequence!("500-unstated", [A, B] => ["1", "2"], |_| plain(500, &[])),
    ]
}

/// What was for one who signed in.
fn credentials() -> Vec<Sequence> {
    vec![
        sequence!("authorization", [SIGNED_IN, NOBODY] => ["1", "2"], |_| plain(200, &[("cache-control", "max-age=60")])),
        sequence!("authorization-public", [SIGNED_IN, NOBODY] => ["1", "1"], |_| plain(200, &[("cache-control", "public, max-age=60")])),
        sequence!("authorization-s-maxage", [SIGNED_IN, NOBODY] => ["1", "1"], |_| plain(200, &[("cache-control", "s-maxage=60")])),
        sequence!("authorization-second", [NOBODY, SIGNED_IN] => ["1", "1"], |_| plain(200, &[("cache-control", "max-age=60")])),
        sequence!("cookie", [WITH_COOKIE, NOBODY] => ["1", "1"], |_| plain(200, &[("cache-control", "max-age=60")])),
        sequence!("cookie-second", [NOBODY, WITH_COOKIE] => ["1", "1"], |_| plain(200, &[("cache-control", "max-age=60")])),
        sequence!("cookie-told-apart", [WITH_COOKIE, NOBODY, WITH_COOKIE] => ["1", "2", "1"], |_| plain(200, &[("vary", "cookie"), ("cache-control", "max-age=60")])),
        sequence!("set-cookie", [NOBODY, NOBODY] => ["1", "1"], |_| plain(200, &[("set-cookie", "id=1"), ("cache-control", "max-age=60")])),
    ]
}

/// Which methods share answers.
fn methods() -> Vec<Sequence> {
    vec![
        sequence!("head-of-get", [NOBODY, HEAD] => ["1", "1"], |_| plain(200, &[("cache-control", "max-age=60")])),
        sequence!("get-after-head", [HEAD, NOBODY] => ["1", "2"], |_| plain(200, &[("cache-control", "max-age=60")])),
        sequence!("preflights", [PREFLIGHT, PREFLIGHT] => ["1", "2"], |r| echo(r, &[("cache-control", "public, max-age=60")])),
        sequence!("get-after-preflight", [PREFLIGHT, A] => ["1", "2"], |r| echo(r, &[("cache-control", "public, max-age=60")])),
        sequence!("posts", [POST, POST] => ["1", "2"], |_| plain(200, &[("cache-control", "max-age=60")])),
        sequence!("get-after-post", [POST, NOBODY] => ["1", "2"], |_| plain(200, &[("cache-control", "max-age=60")])),
    ]
}
