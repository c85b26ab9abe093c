//! Where redirects lead, and what they do to a request.

use corspec_fetch::fetch::HttpRequest;
use corspec_fetch::request::{Body, CredentialsMode, Mode, RedirectMode, RequestInit};
use test_case::test_case;

use crate::browser::{API, Browser, CDN, PAGE, allowing, answer, chain, init, open, text};

#[test]
fn five_statuses_redirect() {
    let location = [("Location", "/next")];
    let followed = |status: &u16| {
        let mut first = true;
        let answer = |it: &HttpRequest| {
            let status = if core::mem::take(&mut first) { *status } else { 200 };
            allowing(it, status, &location)
        };
        Browser::new().fetch(&init("GET", API, &[]), answer).sent.len() == 2
    };
    let statuses: Vec<u16> = (200..=999).filter(followed).collect();
    assert_eq!(statuses, [301, 302, 303, 307, 308]);
}

#[test_case(20 => ("cors", 21); "twenty redirects are followed")]
#[test_case(21 => ("too-many-redirects", 21); "the next is one too many")]
fn redirects_are_counted(redirects: usize) -> (&'static str, usize) {
    let urls: Vec<_> = (0..=redirects).map(|hop| format!("{API}/{hop}")).collect();
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    let fetched = Browser::new().fetch(&init("GET", urls[0], &[]), chain(302, &urls));
    (fetched.end(), fetched.sent.len())
}

/// Where a redirect from `https://api.test/a/b?c#d` leads, or why nowhere.
#[test_case(&[] => "cors 302 https://api.test/a/b?c"; "no location is a response")]
#[test_case(&["https://"] => "redirect-location-unparsable"; "no URL")]
#[test_case(&["//:80"] => "redirect-location-unparsable"; "no host")]
#[test_case(&["data:,x"] => "redirect-scheme"; "data")]
#[test_case(&["blob:https://api.test/x"] => "redirect-scheme"; "blob")]
#[test_case(&["file:///x"] => "redirect-scheme"; "file")]
#[test_case(&["mailto:a@b"] => "redirect-scheme"; "mailto")]
#[test_case(&[""] => "too-many-redirects"; "empty is the same URL, for ever")]
#[test_case(&["x"] => "cors 200 https://api.test/a/x"; "relative")]
#[test_case(&["/x", "/x"] => "cors 200 https://api.test/x"; "the same twice")]
#[test_case(&["/x", "/y"] => "redirect-location-unparsable"; "two that differ")]
#[test_case(&["/\u{e4}?\u{e4}"] => "cors 200 https://api.test/%E4?%E4"; "a byte above ASCII")]
#[test_case(&["/%E4%"] => "cors 200 https://api.test/%E4%"; "nothing is encoded twice")]
#[test_case(&["/x#y"] => "cors 200 https://api.test/x"; "a fragment is not shown")]
fn locations(lines: &[&str]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| ("Location", *line)).collect();
    let again = lines.first().is_some_and(|(_, value)| value.is_empty());
    let mut first = true;
    let fetched = Browser::new().fetch(&init("GET", "https://api.test/a/b?c#d", &[]), |it| {
        if core::mem::take(&mut first) || again {
            let mut response = allowing(it, 302, &[]);
            for (name, value) in &lines {
                response.headers.append(name, crate::browser::latin1(value));
            }
            return response;
        }
        open(it)
    });
    match &fetched.seen {
        Ok(seen) => format!("{} {} {}", seen.kind.name(), seen.status, seen.url),
        Err(cause) => (*cause).to_owned(),
    }
}

/// Method, body and headers after a redirect within the origin.
#[test_case(301, "POST" => "GET -"; "301 makes a GET of a POST")]
#[test_case(302, "POST" => "GET -"; "302 does")]
#[test_case(303, "POST" => "GET -"; "303 does")]
#[test_case(307, "POST" => "POST x content-encoding content-language content-location content-type"; "307 does not")]
#[test_case(308, "POST" => "POST x content-encoding content-language content-location content-type"; "308 does not")]
#[test_case(301, "PUT" => "PUT x content-encoding content-language content-location content-type"; "301 leaves a PUT")]
#[test_case(302, "DELETE" => "DELETE x content-encoding content-language content-location content-type"; "302 leaves a DELETE")]
#[test_case(303, "PUT" => "GET -"; "303 makes a GET of a PUT")]
#[test_case(303, "NEW" => "GET -"; "and of anything")]
#[test_case(303, "HEAD" => "HEAD - content-encoding content-language content-location content-type"; "but of a HEAD")]
#[test_case(303, "GET" => "GET - content-encoding content-language content-location content-type"; "a GET keeps its headers")]
fn a_redirect_changes_the_request(status: u16, method: &str) -> String {
    let names = ["content-encoding", "content-language", "content-location", "content-type"];
    let headers = names.map(|name| (name, "text/plain"));
    let urls = ["https://page.example/0", "https://page.example/1"];
    let mut init = init(method, urls[0], &headers);
    init.headers.push((b"X-A".to_vec(), b"1".to_vec()));
    init.body = (!matches!(method, "GET" | "HEAD")).then(|| Body::text("x"));
    let fetched = Browser::new().fetch(&init, chain(status, &urls));
    let after = &fetched.sent[1];
    assert_eq!(fetched.header(1, "x-a").unwrap(), "1");
    let body = after.body.as_ref().map_or("-".to_owned(), |body| text(body));
    let kept = names.into_iter().filter(|name| after.headers.contains(name));
    let words = [text(&after.method), body].into_iter().chain(kept.map(str::to_owned));
    words.collect::<Vec<_>>().join(" ")
}

/// A redirect that is not followed, from a server that allows the page or does not.
#[test_case(Mode::Cors, PAGE, RedirectMode::Error, true => "redirect-mode-error, 1 sent"; "error at home")]
#[test_case(Mode::Cors, API, RedirectMode::Error, true => "redirect-mode-error, 1 sent"; "error elsewhere")]
#[test_case(Mode::Cors, PAGE, RedirectMode::Manual, false => "opaqueredirect, 1 sent"; "manual at home")]
#[test_case(Mode::Cors, API, RedirectMode::Manual, true => "opaqueredirect, 1 sent"; "manual elsewhere")]
#[test_case(Mode::Cors, API, RedirectMode::Manual, false => "allow-origin-missing, 1 sent"; "only after the CORS check")]
#[test_case(Mode::NoCors, PAGE, RedirectMode::Manual, false => "opaqueredirect, 1 sent"; "no-cors at home")]
#[test_case(Mode::NoCors, API, RedirectMode::Manual, false => "no-cors-redirect-mode, 0 sent"; "no-cors elsewhere, manual")]
#[test_case(Mode::NoCors, API, RedirectMode::Error, false => "no-cors-redirect-mode, 0 sent"; "no-cors elsewhere, error")]
fn redirect_modes(mode: Mode, url: &str, redirect: RedirectMode, allowed: bool) -> String {
    let location = [("Location", "/next")];
    let init = RequestInit { mode, redirect, ..init("GET", url, &[]) };
    let fetched = Browser::new().fetch(&init, |it| {
        if allowed { allowing(it, 302, &location) } else { answer(302, &location) }
    });
    if let Ok(seen) = &fetched.seen {
        let empty = seen.headers.is_empty() && seen.body.is_empty() && seen.status_text.is_empty();
        assert!(empty && seen.status == 0 && !seen.redirected);
        assert_eq!(seen.url, format!("{url}/"));
    }
    format!("{}, {} sent", fetched.end(), fetched.sent.len())
}

/// Userinfo in the `Location`, at the end of a chain.
#[test_case(Mode::Cors, &[PAGE, "https://u:p@page.example"] => "basic"; "at home")]
#[test_case(Mode::Cors, &[PAGE, "https://u:p@api.test"] => "redirect-credentials-cross-origin"; "away from home")]
#[test_case(Mode::Cors, &[PAGE, "https://u@api.test"] => "redirect-credentials-cross-origin"; "a name is enough")]
#[test_case(Mode::Cors, &[PAGE, "https://:p@api.test"] => "redirect-credentials-cross-origin"; "a password is enough")]
#[test_case(Mode::Cors, &[PAGE, "https://@api.test"] => "cors"; "empty userinfo is none")]
#[test_case(Mode::Cors, &[PAGE, "https://:@api.test"] => "cors"; "an empty password is none")]
#[test_case(Mode::Cors, &[API, "https://u:p@api.test"] => "redirect-credentials-cross-origin"; "within another origin")]
#[test_case(Mode::Cors, &[API, "https://u:p@page.example"] => "redirect-credentials"; "back home, once tainted")]
#[test_case(Mode::NoCors, &[API, "https://u:p@cdn.invalid"] => "opaque"; "no-cors elsewhere")]
#[test_case(Mode::NoCors, &[PAGE, "https://u:p@page.example"] => "basic"; "no-cors at home")]
fn userinfo_in_a_redirect(mode: Mode, urls: &[&str]) -> &'static str {
    let init = RequestInit { mode, ..init("GET", urls[0], &[]) };
    let fetched = Browser::new().fetch(&init, chain(302, urls));
    assert!(fetched.sent.iter().all(|it| it.url.username().is_empty()), "userinfo is not sent");
    fetched.end()
}

/// Which hops allow the page, of a chain to another origin and to yet another.
#[test_case(&[PAGE, API, CDN], &[false, true, true] => "cors"; "home needs no permission")]
#[test_case(&[PAGE, API, CDN], &[false, false, true] => "allow-origin-missing"; "a redirect does")]
#[test_case(&[PAGE, API, CDN], &[false, true, false] => "allow-origin-missing"; "the end does")]
#[test_case(&[API, PAGE], &[true, false] => "allow-origin-missing"; "and home, once tainted")]
#[test_case(&[API, PAGE], &[true, true] => "cors"; "which stays cors")]
fn each_hop_is_checked(urls: &[&str], allowed: &[bool]) -> &'static str {
    let mut follow = chain(302, urls);
    let mut allowed = allowed.iter();
    let fetched = Browser::new().fetch(&init("GET", urls[0], &[]), |it| {
        let mut response = follow(it);
        if allowed.next() == Some(&false) {
            response.headers.delete("access-control-allow-origin");
        }
        response
    });
    fetched.end()
}

/// Whether headers of the script are still there after the redirect.
#[test_case(&[PAGE, PAGE] => (true, true); "at home")]
#[test_case(&[API, API] => (true, true); "within another origin")]
#[test_case(&[PAGE, API] => (false, true); "away from home")]
#[test_case(&[API, PAGE] => (false, true); "back home")]
#[test_case(&[PAGE, API, PAGE] => (false, true); "and it does not come back")]
#[test_case(&[PAGE, "https://page.example:8443"] => (false, true); "to another port")]
fn authorization_is_removed_across_origins(urls: &[&str]) -> (bool, bool) {
    let headers = [("Authorization", "x"), ("X-A", "1"), ("User-Agent", "mine")];
    let fetched = Browser::new().fetch(&init("GET", urls[0], &headers), chain(302, urls));
    let last = fetched.sent.len() - 1;
    assert_eq!(fetched.header(last, "user-agent").unwrap(), "mine");
    let has = |name| fetched.header(last, name).is_some();
    (has("authorization"), has("x-a"))
}

#[test_case(CredentialsMode::Include => ["a=1", "b=2", "p=3"].map(|it| Some(it.to_owned())); "include")]
#[test_case(CredentialsMode::SameOrigin => [None, None, None]; "same-origin")]
#[test_case(CredentialsMode::Omit => [None, None, None]; "omit")]
fn each_hop_gets_its_own_cookies(credentials: CredentialsMode) -> [Option<String>; 3] {
    let mut browser = Browser::new();
    for (url, line) in [(API, "a=1"), (CDN, "b=2"), (PAGE, "p=3")] {
        browser = browser.cookie(url, &format!("{line}; SameSite=None; Secure"));
    }
    let init = RequestInit { credentials, ..init("GET", API, &[]) };
    let fetched = browser.fetch(&init, chain(302, &[API, CDN, PAGE]));
    [0, 1, 2].map(|hop| fetched.header(hop, "cookie"))
}

#[test_case(Mode::SameOrigin, &[PAGE, "https://page.example/1"] => "basic"; "at home")]
#[test_case(Mode::SameOrigin, &[PAGE, API] => "same-origin-mode"; "away from home")]
#[test_case(Mode::SameOrigin, &[API] => "same-origin-mode"; "elsewhere at once")]
#[test_case(Mode::NoCors, &[PAGE, API] => "opaque"; "away, in no-cors")]
#[test_case(Mode::NoCors, &[PAGE, API, PAGE] => "opaque"; "tainting does not decrease")]
#[test_case(Mode::Cors, &[PAGE, API, PAGE] => "cors"; "nor in mode cors")]
fn modes_and_origins(mode: Mode, urls: &[&str]) -> &'static str {
    let init = RequestInit { mode, ..init("GET", urls[0], &[]) };
    Browser::new().fetch(&init, chain(302, urls)).end()
}

#[test]
fn the_trace_tells_where_it_was_decided() {
    let urls = ["https://page.example/0", "https://api.test/1"];
    let fetched = Browser::new().fetch(&init("PUT", urls[0], &[]), chain(307, &urls));
    let want = [
        "concept-main-fetch 12",
        "http-redirect-fetch 18",
        "concept-main-fetch 12",
        "concept-http-fetch 4.1",
        "cors-preflight-fetch 7",
        "concept-cors-check 7",
        "concept-main-fetch 14",
    ];
    assert_eq!(fetched.decided, want);
    let refused = Browser::new().fetch(&init("GET", API, &[]), |_| answer(200, &[]));
    assert_eq!(refused.decided, ["concept-main-fetch 12", "concept-cors-check 2"]);
}

#[test]
fn the_end_of_the_chain_is_what_is_seen() {
    let urls = ["https://api.test/0", "https://api.test/1#x"];
    let mut follow = chain(307, &urls);
    let init = init("PUT", urls[0], &[("X-A", "1")]);
    let fetched = Browser::new().fetch(&init, |it| {
        let mut response = follow(it);
        let last = it.url.path() == "/1";
        let exposed = if last { "x-last" } else { "x-first" };
        response.headers.append("Access-Control-Expose-Headers", exposed);
        response.headers.append("X-First", "1");
        response.headers.append("X-Last", "2");
        response
    });
    assert_eq!(fetched.story()[2..], ["OPTIONS https://api.test/1", "PUT https://api.test/1"]);
    let seen = fetched.seen.unwrap();
    assert_eq!((seen.url.as_str(), seen.redirected), ("https://api.test/1", true));
    let names: Vec<_> = seen.headers.iter().map(|(name, _)| text(name)).collect();
    assert_eq!(names, ["x-last"]);
}
