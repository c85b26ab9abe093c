//! What a script may not ask for, and what becomes of methods and header values.

use corspec_fetch::blocked::bad_port;
use corspec_fetch::byte::is_token;
use test_case::test_case;
use url::Url;

use crate::browser::{API, Browser, PAGE, init, latin1, open, text};

const FORBIDDEN: [&str; 25] = [
    "Accept-Charset",
    "Accept-Encoding",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Method",
    "Connection",
    "Content-Length",
    "Cookie",
    "Cookie2",
    "Date",
    "DNT",
    "Expect",
    "Host",
    "Keep-Alive",
    "Origin",
    "Referer",
    "Set-Cookie",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Via",
    "Proxy-",
    "Proxy-Authorization",
    "Sec-",
    "Sec-Fetch-Site",
];

const ALLOWED: [&str; 9] = [
    "User-Agent",
    "Set-Cookie2",
    "proxy",
    "sec",
    "Potato",
    "Access-Control-Request-Private-Network",
    "Accept-Charset-2",
    "Content-Encoding",
    "X-Cookie",
];

/// What is sent of a header that a script sets.
fn sent(name: &str, value: &str) -> Option<String> {
    let fetched = Browser::new().fetch(&init("GET", PAGE, &[(name, value)]), open);
    fetched.header(0, name)
}

#[test]
fn forbidden_headers_are_left_out_in_any_case() {
    let kept = |name: &&str| {
        [name.to_string(), name.to_lowercase(), name.to_uppercase()]
            .iter()
            .any(|name| sent(name, "mine").as_deref() == Some("mine"))
    };
    assert_eq!(FORBIDDEN.iter().filter(|name| kept(name)).count(), 0);
    assert_eq!(ALLOWED.iter().filter(|name| !kept(name)).count(), 0);
}

#[test_case("TRACE" => false)]
#[test_case("connect" => false)]
#[test_case("GET, track" => false; "among others")]
#[test_case("\tTrace ,GET" => false; "with space around")]
#[test_case("\",TRACE\"," => true; "within quotes")]
#[test_case("\"a\\\",TRACE" => true; "behind an escaped quote")]
#[test_case("\"a\",TRACE" => false; "behind quotes")]
#[test_case("TRACES" => true; "a longer word")]
#[test_case("PUT" => true)]
fn a_method_in_disguise_is_sent(value: &str) -> bool {
    let sent = ["X-HTTP-Method", "x-http-method-override", "X-Method-Override"]
        .map(|name| sent(name, value).is_some());
    assert!(sent[0] == sent[1] && sent[1] == sent[2]);
    sent[0]
}

#[test_case("CONNECT")]
#[test_case("trace")]
#[test_case("Track")]
#[test_case("a b"; "a space")]
#[test_case("G\u{e4}T"; "a letter above ASCII")]
#[test_case("GET:"; "a colon")]
#[test_case(""; "nothing")]
fn a_method_is_rejected(method: &str) {
    let fetched = Browser::new().fetch(&init(method, API, &[]), open);
    assert_eq!((fetched.end(), fetched.sent.len()), ("type-error", 0));
}

#[test_case("delete" => "DELETE")]
#[test_case("gEt" => "GET")]
#[test_case("head" => "HEAD")]
#[test_case("options" => "OPTIONS")]
#[test_case("post" => "POST")]
#[test_case("Put" => "PUT")]
#[test_case("patch" => "patch")]
#[test_case("Patch" => "Patch")]
#[test_case("propfind" => "propfind")]
fn a_method_goes_out_as(method: &str) -> String {
    text(&Browser::new().fetch(&init(method, PAGE, &[]), open).sent[0].method)
}

#[test_case("\t\n\r a \t\n\r" => Some("a".into()); "white space around")]
#[test_case("a b\tc" => Some("a b\tc".into()); "space and tab within")]
#[test_case("a\u{1}\u{b}\u{c}\u{7f}\u{80}\u{ff}" => Some("a\u{1}\u{b}\u{c}\u{7f}\u{80}\u{ff}".into()); "other bytes as they are")]
#[test_case("\u{b}a\u{c}" => Some("\u{b}a\u{c}".into()); "a vertical tab is not space")]
#[test_case("" => Some(String::new()); "nothing")]
#[test_case("a\rb" => None; "a carriage return")]
#[test_case("a\nb" => None; "a line feed")]
#[test_case("a\0" => None; "a NUL")]
fn a_value_is_normalised(value: &str) -> Option<String> {
    let mut init = init("GET", PAGE, &[]);
    init.headers.push((b"X-A".to_vec(), latin1(value)));
    let fetched = Browser::new().fetch(&init, open);
    if fetched.end() == "type-error" { None } else { fetched.header(0, "x-a") }
}

#[test]
fn a_name_is_a_token() {
    let valid = |byte: &u8| {
        let mut init = init("GET", PAGE, &[]);
        init.headers.push((vec![b'x', *byte], b"1".to_vec()));
        Browser::new().fetch(&init, open).end() != "type-error"
    };
    let names: Vec<u8> = (0..=255).filter(valid).collect();
    let tokens: Vec<u8> = (0..=255).filter(|byte| is_token(&[*byte])).collect();
    assert_eq!(names, tokens);
    assert_eq!(names.len(), 10 + 26 + 26 + 15);
}

#[test]
fn the_first_spelling_of_a_name_is_kept() {
    let headers = [("x-Mixed", "1"), ("X-MIXED", "2")];
    let fetched = Browser::new().fetch(&init("GET", PAGE, &headers), open);
    let lines = fetched.sent[0].headers.iter().filter(|(name, _)| name.starts_with(b"x"));
    let lines: Vec<_> = lines.map(|(name, value)| (text(name), text(value))).collect();
    assert_eq!(lines, [("x-Mixed", "1"), ("x-Mixed", "2")].map(|(n, v)| (n.into(), v.into())));
}

#[test]
fn eighty_three_ports_are_blocked() {
    let blocked = |port: &u16| {
        let url = Url::parse(&format!("http://a.test:{port}/")).unwrap();
        bad_port(&url).is_some()
    };
    let ports: Vec<u16> = (0..=u16::MAX).filter(blocked).collect();
    assert_eq!(ports.len(), 83);
    for port in [0, 1, 22, 25, 110, 143, 587, 6000, 6667, 10080] {
        assert!(ports.contains(&port), "{port}");
    }
    for port in [80, 443, 3000, 8000, 8080, 8443] {
        assert!(!ports.contains(&port), "{port}");
    }
}

#[test_case("https://api.test:22/" => ("bad-port", 0); "a blocked port")]
#[test_case("ftp://api.test:22/" => ("unsupported-scheme", 0); "of another scheme it is the scheme")]
#[test_case("http://api.test/" => ("mixed-content", 0); "not secure, from a secure page")]
#[test_case("http://127.0.0.1/" => ("cors", 1); "this machine is secure enough")]
#[test_case("http://[::1]:8000/" => ("cors", 1); "and its IPv6 address")]
#[test_case("http://x.localhost/" => ("cors", 1); "and what ends with its name")]
#[test_case("file:///etc/passwd" => ("unsupported-scheme", 0); "a file")]
#[test_case("mailto:a@b.test" => ("unsupported-scheme", 0); "no place at all")]
#[test_case("app" => ("type-error", 0); "a URL without a base")]
#[test_case("https://" => ("type-error", 0); "no host")]
fn a_url_is_fetched(url: &str) -> (&'static str, usize) {
    let fetched = Browser::new().fetch(&init("GET", url, &[]), open);
    (fetched.end(), fetched.sent.len())
}

#[test_case("http://page.test/", None, "http://api.test/" => "cors"; "a page that is not secure may")]
#[test_case("http://page.test/", Some("https://tab.test/"), "http://api.test/" => "mixed-content"; "not in a secure tab")]
#[test_case("http://page.test/", Some("http://tab.test/"), "http://api.test/" => "cors"; "in any other tab it may")]
#[test_case("https://page.test/", Some("http://tab.test/"), "http://api.test/" => "mixed-content"; "a secure frame may not")]
#[test_case("https://page.test/", None, "https://api.test/" => "cors"; "secure from secure")]
fn mixed_content(page: &str, tab: Option<&str>, url: &str) -> &'static str {
    let mut browser = Browser::at(page);
    browser.page.top_level =
        tab.map(|tab| corspec_fetch::origin::Origin::of(&Url::parse(tab).unwrap()));
    browser.fetch(&init("GET", url, &[]), open).end()
}

#[test]
fn a_redirect_to_a_blocked_port_is_not_followed() {
    let urls = [API, "https://api.test:25/"];
    let fetched = Browser::new().fetch(&init("GET", API, &[]), crate::browser::chain(302, &urls));
    assert_eq!((fetched.end(), fetched.sent.len()), ("bad-port", 1));
}
