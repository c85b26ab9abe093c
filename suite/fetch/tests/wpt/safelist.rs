//! Which methods and headers need no permission, byte by byte.

use corspec_fetch::profile::Profile;
use corspec_fetch::request::{Body, RequestInit};
use corspec_fetch::safelist::is_cors_safelisted_request_header;
use test_case::test_case;

use crate::browser::{API, Browser, init, latin1, open};

fn is_safe(name: &str, value: &[u8]) -> bool {
    is_cors_safelisted_request_header(name.as_bytes(), value, &Profile::SPEC)
}

#[test_case("get" => false)]
#[test_case("GeT" => false; "GET in mixed case")]
#[test_case("Post" => false)]
#[test_case("hEAD" => false)]
#[test_case("put" => true)]
#[test_case("Delete" => true)]
#[test_case("patch" => true)]
#[test_case("options" => true)]
#[test_case("NEW" => true)]
fn a_method_needs_a_preflight(method: &str) -> bool {
    Browser::new().fetch(&init(method, API, &[]), open).preflighted()
}

/// The bytes that a value of the header may not hold, beside a good beginning and end.
fn unsafe_bytes(name: &str, start: &str, end: &str) -> Vec<u8> {
    let value = |byte| [start.as_bytes(), &[byte], end.as_bytes()].concat();
    (0..=255).filter(|&byte| !is_safe(name, &value(byte))).collect()
}

/// Control characters but the tab, delimiters and DEL.
fn cors_unsafe() -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..0x20).filter(|&byte| byte != b'\t').collect();
    bytes.extend(b"\"():<>?@[\\]{}\x7f");
    bytes
}

#[test_case("accept", "a", "b"; "accept")]
#[test_case("Accept", "", ""; "accept alone")]
#[test_case("content-type", "text/plain;a", "b"; "a parameter of content-type")]
fn a_byte_is_unsafe(name: &str, start: &str, end: &str) {
    assert_eq!(unsafe_bytes(name, start, end), cors_unsafe());
}

#[test_case("accept-language")]
#[test_case("Content-Language")]
fn a_language_has_few_bytes(name: &str) {
    let safe = |byte: &u8| byte.is_ascii_alphanumeric() || b" *,-.;=".contains(byte);
    let others: Vec<u8> = (0..=255).filter(|byte| !safe(byte)).collect();
    assert_eq!(unsafe_bytes(name, "en", "x"), others);
}

#[test_case("text/plain" => true; "plain text")]
#[test_case("TEXT/PLAIN" => true; "in upper case")]
#[test_case("application/x-www-form-urlencoded" => true; "a form")]
#[test_case("multipart/form-data" => true; "a multipart form")]
#[test_case("text/plain;" => true; "an empty parameter")]
#[test_case("text/plain;garbage" => true; "a garbage parameter")]
#[test_case("text/plain;charset=utf-8;x=\u{e4}" => true; "a parameter above ASCII")]
#[test_case(" text/plain " => true; "space around")]
#[test_case("text/plain\t;a=b" => true; "a tab before the semicolon")]
#[test_case("text /plain" => false; "space before the slash")]
#[test_case("text/ plain" => false; "space after the slash")]
#[test_case("text\t/\tplain" => false; "tabs around the slash")]
#[test_case("text/plain," => false; "a comma after")]
#[test_case(",text/plain" => false; "a comma before")]
#[test_case("text/plain,text/plain" => false; "twice")]
#[test_case("text/plain,x/x" => false; "two types")]
#[test_case("text/plain\u{b}" => false; "a vertical tab after")]
#[test_case("text/plain\u{c}" => false; "a form feed after")]
#[test_case("text/plain; a=\"b\"" => false; "a quoted parameter")]
#[test_case("text/plain; a=\u{7f}" => false; "DEL in a parameter")]
#[test_case("application/www-form-urlencoded" => false; "not quite a form")]
#[test_case("application/json" => false; "JSON")]
#[test_case("text" => false; "half a type")]
#[test_case("" => false; "nothing")]
fn a_content_type_is_safe(value: &str) -> bool {
    is_safe("content-type", &latin1(value))
}

#[test_case("bytes=100-200" => true; "a range")]
#[test_case("bytes=200-" => true; "an open range")]
#[test_case("bytes=0-10" => true; "from the start")]
#[test_case("bytes=10-10" => true; "one byte")]
#[test_case("bytes=-200" => false; "a suffix")]
#[test_case("bytes=-0" => false; "an empty suffix")]
#[test_case("bytes=-" => false; "only a dash")]
#[test_case("bytes=200-100" => false; "backwards")]
#[test_case("bytes=10-9" => false; "backwards, of other lengths")]
#[test_case("bytes =0-10" => false; "space before the equals sign")]
#[test_case("bytes=\t0-10" => false; "a tab after the equals sign")]
#[test_case("bytes=0 -10" => false; "space before the dash")]
#[test_case("bytes=0- 10" => false; "space after the dash")]
#[test_case("bytes=0-10\t" => false; "a tab after")]
#[test_case("MB=0-10" => false; "another unit")]
#[test_case("BYTES=0-10" => false; "the unit in upper case")]
#[test_case("=0-10" => false; "no unit")]
#[test_case("0-10" => false; "numbers only")]
#[test_case("bytes 0-" => false; "space for the equals sign")]
#[test_case("bytes=0-10,20-30" => false; "two ranges")]
#[test_case(",bytes=0-10" => false; "a leading comma")]
#[test_case("bytes=a-10" => false; "a letter in the start")]
#[test_case("bytes=0-1a" => false; "a letter in the end")]
#[test_case("bytes=10" => false; "no dash")]
fn a_range_is_safe(value: &str) -> bool {
    is_safe("range", &latin1(value))
}

#[test_case("accept", ""; "accept")]
#[test_case("accept-language", ""; "a language")]
#[test_case("content-language", ""; "the language of the content")]
#[test_case("content-type", "text/plain;"; "a content type")]
#[test_case("range", "bytes=1-"; "a range")]
fn a_value_has_at_most_128_bytes(name: &str, start: &str) {
    let value = |length: usize| format!("{start}{}", "1".repeat(length - start.len()));
    let safe: Vec<_> =
        (127..=130).filter(|&length| is_safe(name, value(length).as_bytes())).collect();
    assert_eq!(safe, [127, 128]);
}

/// Safe values of that many bytes each, on lines that are judged one by one.
#[test_case(&[128; 8] => None; "1024 bytes")]
#[test_case(&[128, 128, 128, 128, 128, 128, 128, 128, 1] => Some("accept".into()); "1025 bytes")]
fn all_values_have_at_most_1024_bytes(lengths: &[usize]) -> Option<String> {
    let mut init = init("GET", API, &[]);
    init.headers = lengths.iter().map(|&it| (b"Accept".to_vec(), vec![b'a'; it])).collect();
    Browser::new().fetch(&init, open).header(0, "access-control-request-headers")
}

fn body(kind: Option<&str>) -> RequestInit {
    let body = Body { bytes: b"x".to_vec(), content_type: kind.map(Into::into) };
    RequestInit { body: Some(body), ..init("POST", API, &[]) }
}

#[test_case(Some("text/plain;charset=UTF-8") => (false, Some("text/plain;charset=UTF-8".into())); "a string")]
#[test_case(Some("application/x-www-form-urlencoded;charset=UTF-8") => (false, Some("application/x-www-form-urlencoded;charset=UTF-8".into())); "search parameters")]
#[test_case(Some("multipart/form-data; boundary=x") => (false, Some("multipart/form-data; boundary=x".into())); "a form")]
#[test_case(Some("application/json") => (true, Some("application/json".into())); "a blob with a type")]
#[test_case(None => (false, None); "an array buffer")]
fn a_body_counts_by_its_type(kind: Option<&str>) -> (bool, Option<String>) {
    let fetched = Browser::new().fetch(&body(kind), open);
    let last = fetched.sent.len() - 1;
    (fetched.preflighted(), fetched.header(last, "content-type"))
}

#[test_case("Authorization", "x")]
#[test_case("X-Anything", "")]
#[test_case("If-None-Match", "\"a\"")]
#[test_case("DPR", "2.0")]
#[test_case("Width", "100")]
#[test_case("Save-Data", "on")]
#[test_case("Last-Event-ID", "7")]
#[test_case("User-Agent", "x")]
fn no_other_header_is_safe(name: &str, value: &str) {
    let fetched = Browser::new().fetch(&init("GET", API, &[(name, value)]), open);
    let asked = fetched.header(0, "access-control-request-headers");
    assert_eq!(asked, Some(name.to_ascii_lowercase()));
}
