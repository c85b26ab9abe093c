//! Rows of the jar: what is stored, and what is sent back.

use alloc::string::{String, ToString as _};
use core::time::Duration;

use test_case::test_case;
use url::Url;

use super::{CookieJar, Distance};
use crate::profile::{CookieRules, Profile};

const CROSS_SITE: Distance<'_> = Distance {
    first_party: false,
    same_site: false,
    sends_restricted: false,
    tab: "https://b.example",
};
/// A frame of the tab's site that was reached over another.
const REDIRECTED: Distance<'_> =
    Distance { first_party: true, same_site: false, sends_restricted: false, tab: "" };
const NOW: Duration = Duration::from_secs(1_000);

/// What goes to `to` after `from` set `line`.
fn sent(from: &str, line: &str, to: &str, distance: Distance<'_>, later: u64) -> Option<String> {
    let rules = &Profile::SPEC.cookies;
    let mut jar = CookieJar::default();
    jar.set(&Url::parse(from).unwrap(), line.as_bytes(), Distance::VISIT, NOW, rules);
    let now = NOW + Duration::from_secs(later);
    let header = jar.header(&Url::parse(to).unwrap(), distance, now, rules)?;
    Some(String::from_utf8(header).unwrap())
}

#[test_case("https://a.example/", "a=1", "https://a.example/x" => true; "the same host")]
#[test_case("https://a.example/", "a=1", "https://a.example:8443/" => true; "another port")]
#[test_case("https://a.example/", "a=1", "https://b.a.example/" => false; "a sub-domain, by default")]
#[test_case("https://a.example/", "a=1; Domain=a.example", "https://b.a.example/" => true; "a sub-domain, by Domain")]
#[test_case("https://b.a.example/", "a=1; Domain=.a.example", "https://a.example/" => true; "the parent")]
#[test_case("https://a.example/", "a=1; Domain=evil.example", "https://evil.example/" => false; "another's domain")]
#[test_case("https://a.co.uk/", "a=1; Domain=co.uk", "https://b.co.uk/" => false; "a public suffix")]
#[test_case("https://a.example/x/y", "a=1", "https://a.example/x/z" => true; "the same folder")]
#[test_case("https://a.example/x/y", "a=1", "https://a.example/xx" => false; "a name that begins alike")]
#[test_case("https://a.example/", "a=1; Path=/x", "https://a.example/x/y" => true; "below the path")]
#[test_case("https://a.example/", "a=1; Path=/x", "https://a.example/y" => false; "beside the path")]
#[test_case("https://a.example/", "a=1; Secure", "http://a.example/" => false; "secure, and not encrypted")]
#[test_case("http://a.example/", "a=1; Secure", "https://a.example/" => false; "secure, set without encryption")]
#[test_case("http://127.0.0.1:1/", "a=1; Secure", "http://127.0.0.1:2/" => true; "secure, on this machine")]
#[test_case("https://a.example/", "__Host-a=1; Secure", "https://a.example/" => false; "a prefix whose path is missing")]
#[test_case("https://a.example/", "__Host-a=1; Secure; Path=/", "https://a.example/" => true; "a prefix that holds")]
#[test_case("https://a.example/", "__Secure-a=1", "https://a.example/" => false; "a prefix without Secure")]
#[test_case("https://a.example/", "a=1; SameSite=None", "https://a.example/" => false; "None without Secure")]
#[test_case("https://a.example/", "", "https://a.example/" => false; "nothing")]
#[test_case("https://a.example/", "a=1; Max-Age=0", "https://a.example/" => false; "expired at once")]
fn same_site_requests(from: &str, line: &str, to: &str) -> bool {
    sent(from, line, to, Distance::VISIT, 0).is_some()
}

#[test_case("a=1; SameSite=None; Secure" => true; "None")]
#[test_case("a=1; SameSite=Lax" => false; "Lax")]
#[test_case("a=1; SameSite=Strict" => false; "Strict")]
#[test_case("a=1" => false; "Lax by default")]
fn cross_site_requests(line: &str) -> bool {
    sent("https://a.example/", line, "https://a.example/", CROSS_SITE, 0).is_some()
}

#[test_case("a=1; Max-Age=10", 9 => true; "not yet")]
#[test_case("a=1; Max-Age=10", 10 => false; "now")]
#[test_case("a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 9 => true; "Max-Age goes before Expires")]
#[test_case("a=1; Expires=Thu, 01 Jan 1970 00:16:50 GMT", 9 => true; "before the date")]
#[test_case("a=1; Expires=Thu, 01 Jan 1970 00:16:50 GMT", 10 => false; "at the date")]
fn cookies_expire(line: &str, later: u64) -> bool {
    sent("https://a.example/", line, "https://a.example/", Distance::VISIT, later).is_some()
}

/// Whether a response that is so far away may set a cookie.
#[test_case(Distance::VISIT, "a=1; SameSite=Strict", &Profile::SPEC.cookies => true; "Strict, near")]
#[test_case(REDIRECTED, "a=1; SameSite=Strict", &Profile::SPEC.cookies => false; "Strict, over another site")]
#[test_case(REDIRECTED, "a=1; SameSite=Lax", &Profile::FIREFOX.cookies => false; "Lax, over another site")]
#[test_case(REDIRECTED, "a=1; SameSite=Strict", &Profile::FIREFOX.cookies => false; "Strict, where Lax is no default")]
#[test_case(REDIRECTED, "a=1", &Profile::SPEC.cookies => false; "Lax by default, over another site")]
#[test_case(REDIRECTED, "a=1", &Profile::FIREFOX.cookies => true; "None by default, over another site")]
#[test_case(REDIRECTED, "a=1; SameSite=None; Secure", &Profile::SPEC.cookies => true; "None, over another site")]
#[test_case(CROSS_SITE, "a=1; SameSite=None; Secure", &Profile::SPEC.cookies => true; "None, on another site")]
#[test_case(CROSS_SITE, "a=1; SameSite=None; Secure", &Profile::WEBKIT.cookies => false; "a third party, blocked")]
#[test_case(CROSS_SITE, "a=1; SameSite=None; Secure", &Profile::FIREFOX.cookies => false; "a third party, kept apart")]
#[test_case(Distance::VISIT, "a=1; SameSite=None", &Profile::SPEC.cookies => false; "None without Secure")]
#[test_case(Distance::VISIT, "a=1; SameSite=None", &Profile::WEBKIT.cookies => true; "which WebKit takes")]
#[test_case(Distance::VISIT, "a", &Profile::SPEC.cookies => true; "without a name")]
#[test_case(Distance::VISIT, "a", &Profile::FIREFOX.cookies => true; "which is a name for Firefox")]
#[test_case(Distance::VISIT, "=a", &Profile::FIREFOX.cookies => false; "an empty name, which Firefox does not take")]
#[test_case(Distance::VISIT, "=", &Profile::SPEC.cookies => false; "neither name nor value")]
fn responses_set(distance: Distance<'_>, line: &str, rules: &CookieRules) -> bool {
    let url = Url::parse("https://a.example/").unwrap();
    let mut jar = CookieJar::default();
    jar.set(&url, line.as_bytes(), distance, NOW, rules);
    jar.header(&url, Distance::VISIT, NOW, rules).is_some()
}

/// What a third party gets back of a cookie that it set in the same tab, or in another.
#[test_case("a=1; Secure; Partitioned", "https://b.example", &Profile::FIREFOX.cookies => true; "Firefox, the same tab")]
#[test_case("a=1; Secure; Partitioned", "https://c.example", &Profile::FIREFOX.cookies => false; "Firefox, another tab")]
#[test_case("a=1; SameSite=None; Secure; Partitioned", "https://b.example", &Profile::CHROMIUM.cookies => true; "Chromium, where asked")]
#[test_case("a=1; SameSite=None; Secure; Partitioned", "https://c.example", &Profile::CHROMIUM.cookies => false; "Chromium, another tab")]
#[test_case("a=1; SameSite=None; Secure", "https://b.example", &Profile::CHROMIUM.cookies => false; "Chromium, not asked")]
#[test_case("a=1; SameSite=None; Secure; Partitioned", "https://b.example", &Profile::WEBKIT.cookies => false; "WebKit")]
#[test_case("a=1; SameSite=None; Secure", "https://c.example", &Profile::SPEC.cookies => true; "the standard, anywhere")]
fn third_parties_get_back(line: &str, tab: &str, rules: &CookieRules) -> bool {
    let url = Url::parse("https://a.example/").unwrap();
    let mut jar = CookieJar::default();
    jar.set(&url, line.as_bytes(), Distance { same_site: true, ..CROSS_SITE }, NOW, rules);
    jar.header(&url, Distance { tab, same_site: true, ..CROSS_SITE }, NOW, rules).is_some()
}

#[test_case("a=1; Max-Age=-1" => None; "a negative age")]
#[test_case("a=1; Max-Age=-" => Some("a=1".to_string()); "no age")]
#[test_case("a=1; Max-Age=" => Some("a=1".to_string()); "an empty age")]
#[test_case("a=1; Max-Age=1x" => Some("a=1".to_string()); "half an age")]
#[test_case("a=1; Max-Age=-1; Max-Age=5" => Some("a=1".to_string()); "the last age counts")]
#[test_case("a=b\tc" => Some("a=b\tc".to_string()); "a tab within")]
#[test_case("a=b\u{1}c" => None; "a control character")]
#[test_case("a=b\u{7f}c" => None; "DEL")]
fn lines(line: &str) -> Option<String> {
    sent("https://a.example/", line, "https://a.example/", Distance::VISIT, 0)
}

#[test_case(1, 4095 => true; "4096 bytes")]
#[test_case(1, 4096 => false; "a byte more in the value")]
#[test_case(2, 4095 => false; "a byte more in the name")]
#[test_case(65, 65 => true; "a product that is more")]
fn a_cookie_has_at_most_4096_bytes(name: usize, value: usize) -> bool {
    let line = alloc::format!("{}={}", "n".repeat(name), "v".repeat(value));
    sent("https://a.example/", &line, "https://a.example/", Distance::VISIT, 0).is_some()
}

#[test]
fn longer_paths_come_first_and_a_cookie_keeps_its_place() {
    let rules = &Profile::SPEC.cookies;
    let url = Url::parse("https://a.example/x/y").unwrap();
    let mut jar = CookieJar::default();
    for line in ["a=1; Path=/", "b=2; Path=/", "c=3; Path=/x", "a=4; Path=/"] {
        jar.set(&url, line.as_bytes(), Distance::VISIT, NOW, rules);
    }
    let header = jar.header(&url, Distance::VISIT, NOW, rules).unwrap();
    assert_eq!(String::from_utf8(header).unwrap(), "c=3; a=4; b=2".to_string());
}
