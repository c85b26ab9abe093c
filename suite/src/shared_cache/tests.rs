//! Rows for the model: what is stored, for how long, and for whom.

use test_case::test_case;

use super::*;

type Lines = &'static [(&'static str, &'static str)];

fn request(method: &str, headers: Lines) -> SentRequest {
    SentRequest {
        method: method.into(),
        url: "http://127.0.0.1/".to_owned(),
        headers: headers.iter().copied().collect(),
        body: None,
    }
}

fn answer(status: u16, headers: Lines) -> SeenResponse {
    SeenResponse {
        status,
        status_text: Vec::new(),
        headers: headers.iter().copied().collect(),
        body: b"body".to_vec(),
    }
}

/// Midnight of 1 January 2026.
const NOW: Duration = Duration::from_secs(1_767_225_600);

fn stored(options: CacheOptions, asked: &SentRequest, answer: &SeenResponse) -> SharedCache {
    let mut cache = SharedCache::new(options);
    assert_eq!(cache.store(asked, answer, NOW), Ok(()));
    cache
}

#[test_case("GET", &[], 200, &[] => Ok(()) ; "get")]
#[test_case("HEAD", &[], 200, &[] => Ok(()) ; "head")]
#[test_case("OPTIONS", &[], 200, &[("cache-control", "public, max-age=60")] => Err(NotStored::Method) ; "options never")]
#[test_case("POST", &[], 200, &[("cache-control", "max-age=60")] => Err(NotStored::Method) ; "post")]
#[test_case("GET", &[], 103, &[("cache-control", "max-age=60")] => Err(NotStored::Status) ; "not final")]
#[test_case("GET", &[], 304, &[("cache-control", "max-age=60")] => Err(NotStored::Status) ; "not modified")]
#[test_case("GET", &[("range", "bytes=0-1")], 206, &[("cache-control", "max-age=60")] => Err(NotStored::Status) ; "a part")]
#[test_case("GET", &[], 200, &[("cache-control", "max-age=60, No-Store")] => Err(NotStored::NoStore) ; "no store")]
#[test_case("GET", &[("cache-control", "no-store")], 200, &[] => Err(NotStored::NoStore) ; "the request forbids it")]
#[test_case("GET", &[], 200, &[("cache-control", "private, max-age=60")] => Err(NotStored::Private) ; "private")]
#[test_case("GET", &[], 200, &[("cache-control", "private=\"set-cookie\"")] => Err(NotStored::Private) ; "private with names")]
#[test_case("GET", &[("authorization", "b")], 200, &[("cache-control", "max-age=60")] => Err(NotStored::Authorization) ; "authorization")]
#[test_case("GET", &[("authorization", "b")], 200, &[("cache-control", "public")] => Ok(()) ; "authorization and public")]
#[test_case("GET", &[("authorization", "b")], 200, &[("cache-control", "s-maxage=1")] => Ok(()) ; "authorization and s-maxage")]
#[test_case("GET", &[("authorization", "b")], 200, &[("cache-control", "must-revalidate")] => Ok(()) ; "authorization and must-revalidate")]
#[test_case("GET", &[], 200, &[("set-cookie", "a=1")] => Ok(()) ; "a cookie forbids nothing")]
#[test_case("GET", &[], 404, &[] => Ok(()) ; "a status for which a lifetime may be guessed")]
#[test_case("GET", &[], 302, &[] => Err(NotStored::Unstated) ; "a status for which none may")]
#[test_case("GET", &[], 500, &[("cache-control", "max-age=1")] => Ok(()) ; "any status with a lifetime")]
#[test_case("GET", &[], 302, &[("expires", "0")] => Ok(()) ; "expires is a lifetime")]
#[test_case("GET", &[], 302, &[("cache-control", "public")] => Ok(()) ; "public is enough to store")]
fn what_may_be_stored(
    method: &str,
    asked: Lines,
    status: u16,
    headers: Lines,
) -> Result<(), NotStored> {
    let mut cache = SharedCache::new(CacheOptions::STANDARD);
    cache.store(&request(method, asked), &answer(status, headers), NOW)
}

#[test_case("OPTIONS", 204, &[] => Ok(()) ; "options")]
#[test_case("GET", 500, &[] => Ok(()) ; "every status")]
#[test_case("GET", 500, &[("cache-control", "no-store")] => Err(NotStored::NoStore) ; "but not what forbids it")]
#[test_case("POST", 200, &[] => Err(NotStored::Method) ; "nor other methods")]
fn what_is_stored_when_told(method: &str, status: u16, headers: Lines) -> Result<(), NotStored> {
    let mut cache = SharedCache::new(CacheOptions::TOLD);
    cache.store(&request(method, &[]), &answer(status, headers), NOW)
}

#[test_case(&[("cache-control", "max-age=5")], 4, true ; "before its max age")]
#[test_case(&[("cache-control", "max-age=5")], 5, false ; "at its max age")]
#[test_case(&[("cache-control", "max-age=5, s-maxage=9")], 8, true ; "s-maxage before max age")]
#[test_case(&[("cache-control", "s-maxage=0, max-age=9")], 0, false ; "s-maxage of nothing")]
#[test_case(&[("cache-control", "max-age=5"), ("expires", "Thu, 01 Jan 2037 00:00:00 GMT")], 6, false ; "max age before expires")]
#[test_case(&[("expires", "Thu, 01 Jan 2026 00:00:09 GMT")], 8, true ; "expires without a date counts from now")]
#[test_case(&[("expires", "Thu, 01 Jan 2026 00:00:09 GMT"), ("date", "Thu, 01 Jan 2026 00:00:05 GMT")], 4, false ; "expires counts from the date")]
#[test_case(&[("expires", "0")], 0, false ; "expires that is no date")]
#[test_case(&[("cache-control", "max-age=5"), ("age", "3")], 1, true ; "age counts")]
#[test_case(&[("cache-control", "max-age=5"), ("age", "3")], 2, false ; "age uses up the lifetime")]
#[test_case(&[("cache-control", "max-age=5"), ("date", "Wed, 31 Dec 2025 23:59:57 GMT")], 2, false ; "so does an old date")]
#[test_case(&[("cache-control", "no-cache, max-age=5")], 0, false ; "no cache")]
#[test_case(&[], 59, true ; "a guessed lifetime")]
#[test_case(&[], 60, false ; "and its end")]
fn how_long_it_is_used(headers: Lines, after: u64, expected: bool) {
    let asked = request("GET", &[]);
    let cache = stored(CacheOptions::STANDARD, &asked, &answer(200, headers));
    let later = NOW + Duration::from_secs(after);
    assert_eq!(cache.stored(&asked, later).is_some(), expected);
}

#[test]
fn public_lets_a_lifetime_be_guessed_for_any_status() {
    let asked = request("GET", &[]);
    let public = answer(302, &[("cache-control", "public")]);
    let cache = stored(CacheOptions::STANDARD, &asked, &public);
    assert!(cache.stored(&asked, NOW + Duration::from_secs(59)).is_some());
    assert!(cache.stored(&asked, NOW + Duration::from_secs(60)).is_none());
}

#[test]
fn a_stored_answer_says_its_age() {
    let asked = request("GET", &[]);
    let cache = stored(CacheOptions::STANDARD, &asked, &answer(200, &[("age", "3")]));
    let used = cache.stored(&asked, NOW + Duration::from_secs(4)).unwrap();
    assert_eq!(used.headers.get("age").as_deref(), Some(&b"7"[..]));
}

const A: Lines = &[("origin", "https://a.example")];
const B: Lines = &[("origin", "https://b.example")];

#[test_case(&[], A, B, true ; "no vary")]
#[test_case(&[("vary", "Origin")], A, A, true ; "the same origin")]
#[test_case(&[("vary", "Origin")], A, B, false ; "another origin")]
#[test_case(&[("vary", "Origin")], A, &[], false ; "no origin")]
#[test_case(&[("vary", "Origin")], &[], &[], true ; "none in both")]
#[test_case(&[("vary", "accept"), ("vary", "x, oRIGIN")], A, B, false ; "in a list on a second line")]
#[test_case(&[("vary", "*")], A, A, false ; "asterisk never matches")]
#[test_case(&[("vary", "accept, *")], A, A, false ; "asterisk among others")]
#[test_case(&[("vary", "x")], &[("x", "1 ,2")], &[("x", "1"), ("x", "2")], true ; "spacing and lines are no difference")]
#[test_case(&[("vary", "x")], &[("x", "1")], &[("x", "1"), ("x", "1")], false ; "a member more is")]
#[test_case(&[("vary", "x")], &[("x", "a")], &[("x", "A")], false ; "case is")]
#[test_case(&[("vary", "x")], &[("x", "")], &[], false ; "an empty one is not none")]
fn for_whom_it_is_used(headers: Lines, first: Lines, second: Lines, expected: bool) {
    let cache = stored(CacheOptions::STANDARD, &request("GET", first), &answer(200, headers));
    assert_eq!(cache.stored(&request("GET", second), NOW).is_some(), expected);
}

#[test]
fn spacing_is_a_difference_to_a_cache_that_compares_bytes() {
    let options = CacheOptions { normalises: false, ..CacheOptions::STANDARD };
    let cache = stored(options, &request("GET", &[("x", "1,2")]), &answer(200, &[("vary", "x")]));
    assert!(cache.stored(&request("GET", &[("x", "1,2")]), NOW).is_some());
    assert!(cache.stored(&request("GET", &[("x", "1, 2")]), NOW).is_none());
}

#[test_case("GET", "GET", true ; "get for get")]
#[test_case("GET", "HEAD", true ; "get for head")]
#[test_case("HEAD", "HEAD", true ; "head for head")]
#[test_case("HEAD", "GET", false ; "head for get")]
#[test_case("GET", "POST", false ; "get for post")]
fn methods_that_share_an_answer(first: &str, second: &str, expected: bool) {
    let cache = stored(CacheOptions::STANDARD, &request(first, &[]), &answer(200, &[]));
    let used = cache.stored(&request(second, &[]), NOW);
    assert_eq!(used.is_some(), expected);
    assert!(used.is_none_or(|it| it.body.is_empty() == (second == "HEAD" && first == "GET")));
}

#[test]
fn another_url_has_another_answer() {
    let cache = stored(CacheOptions::STANDARD, &request("GET", &[]), &answer(200, &[]));
    let other = SentRequest { url: "http://127.0.0.1/?".to_owned(), ..request("GET", &[]) };
    assert!(cache.stored(&other, NOW).is_none());
}

#[test]
fn a_client_can_ask_anew_where_requests_are_read() {
    let anew = request("GET", &[("cache-control", "no-cache")]);
    for reads_requests in [true, false] {
        let options = CacheOptions { reads_requests, ..CacheOptions::STANDARD };
        let cache = stored(options, &request("GET", &[]), &answer(200, &[]));
        assert_eq!(cache.stored(&anew, NOW).is_none(), reads_requests);
    }
}

#[test]
fn what_is_passed_is_neither_stored_nor_answered_from_the_store() {
    let options = CacheOptions { passes: &["cookie"], ..CacheOptions::STANDARD };
    let mut cache = stored(options, &request("GET", &[]), &answer(200, &[]));
    let cookie = request("GET", &[("cookie", "a=1")]);
    assert!(cache.stored(&cookie, NOW).is_none());
    assert_eq!(cache.store(&cookie, &answer(200, &[]), NOW), Err(NotStored::Passed("cookie")));
}

#[test_case(CacheOptions { keeps_set_cookie: false, ..CacheOptions::STANDARD }, &[("set-cookie", "a=1")] => Err(NotStored::SetCookie) ; "set cookie")]
#[test_case(CacheOptions { stated: &[404], ..CacheOptions::STANDARD }, &[("expires", "0")] => Err(NotStored::Status) ; "a status that is not on the list")]
#[test_case(CacheOptions { reads_age: false, ..CacheOptions::STANDARD }, &[("cache-control", "max-age=1"), ("age", "9")] => Ok(true) ; "age unread")]
#[test_case(CacheOptions { expires_without_date: false, ..CacheOptions::STANDARD }, &[("expires", "0")] => Ok(true) ; "expires that is no date")]
#[test_case(CacheOptions { reads_requests: false, ..CacheOptions::STANDARD }, &[] => Ok(true) ; "requests unread")]
fn caches_that_depart_from_the_standard(
    options: CacheOptions,
    headers: Lines,
) -> Result<bool, NotStored> {
    let mut cache = SharedCache::new(options);
    let asked = request("GET", &[]);
    cache.store(&asked, &answer(200, headers), NOW)?;
    Ok(cache.stored(&asked, NOW).is_some())
}

#[test]
fn the_origin_is_asked_once() {
    let mut cache = SharedCache::new(CacheOptions::STANDARD);
    let mut asked = 0;
    for headers in [A, B] {
        let given = cache.ask(&request("GET", headers), NOW, |_| {
            asked += 1;
            answer(200, &[("access-control-allow-origin", "https://a.example")])
        });
        assert_eq!(
            given.headers.get("access-control-allow-origin").as_deref(),
            Some(&b"https://a.example"[..])
        );
    }
    assert_eq!(asked, 1);
}

#[test]
fn head_fills_the_store_for_get_where_it_is_asked_as_get() {
    let options = CacheOptions { head_as_get: true, ..CacheOptions::STANDARD };
    let mut cache = SharedCache::new(options);
    let given = cache.ask(&request("HEAD", &[]), NOW, |upstream| {
        assert_eq!(upstream.method, b"GET");
        answer(200, &[])
    });
    assert!(given.body.is_empty());
    assert!(cache.stored(&request("GET", &[]), NOW).is_some());
}

#[test_case(true, "HEAD", &[] => "GET" ; "head as get")]
#[test_case(false, "HEAD", &[] => "HEAD" ; "head as it is")]
#[test_case(true, "HEAD", &[("cookie", "a=1")] => "HEAD" ; "what is passed is passed as it is")]
#[test_case(true, "POST", &[] => "POST" ; "another method")]
fn the_origin_is_asked_with(head_as_get: bool, method: &str, headers: Lines) -> String {
    let options = CacheOptions { head_as_get, passes: &["cookie"], ..CacheOptions::STANDARD };
    let mut asked = Vec::new();
    SharedCache::new(options).ask(&request(method, headers), NOW, |upstream| {
        asked = upstream.method.clone();
        answer(200, &[])
    });
    String::from_utf8(asked).unwrap()
}
