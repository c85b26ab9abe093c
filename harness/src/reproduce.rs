//! How to see a failure by hand: a `curl` line and a JavaScript `fetch()`.

use serde_json::{Map, Value};

use crate::transport::Version;

/// The `curl` line that repeats one request in a version of HTTP.
///
/// Every argument is quoted for a POSIX shell; what a shell cannot show is
/// written in `$'…'` escapes.
#[must_use]
pub fn curl(
    version: Version,
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: Option<&str>,
) -> String {
    let mut words = vec!["curl".to_owned(), "-i".to_owned()];
    match version {
        Version::Negotiated => {}
        Version::Http1 => words.push("--http1.1".to_owned()),
        Version::Http2 => words.push("--http2-prior-knowledge".to_owned()),
    }
    match method {
        "GET" => {}
        "HEAD" => words.push("-I".to_owned()),
        method => words.extend(["-X".to_owned(), quote(method)]),
    }
    for (name, value) in headers {
        // Its own list of codings, which it then reads as well.
        if name.eq_ignore_ascii_case("accept-encoding") && value != "identity" {
            words.push("--compressed".to_owned());
            continue;
        }
        // curl drops a header that has no value unless its name ends with a semicolon.
        let line = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        words.extend(["-H".to_owned(), quote(&line)]);
    }
    if let Some(body) = body {
        words.extend(["--data-binary".to_owned(), quote(body)]);
    }
    words.push(quote(url));
    words.join(" ")
}

/// What a page's script calls `fetch` with.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Call {
    /// The URL.
    pub url: String,
    /// The method, unless it is GET.
    pub method: Option<String>,
    /// The headers that the script sets.
    pub headers: Vec<(String, String)>,
    /// The credentials mode, unless it is Fetch's default.
    pub credentials: Option<String>,
    /// The mode, unless it is Fetch's default.
    pub mode: Option<String>,
    /// The redirect mode, unless it is Fetch's default.
    pub redirect: Option<String>,
    /// The body, as text.
    pub body: Option<String>,
}

/// The JavaScript that makes the same request from a page.
#[must_use]
pub fn javascript(call: &Call) -> String {
    let mut init = Map::new();
    let mut set = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            init.insert(name.to_owned(), Value::from(value.as_str()));
        }
    };
    set("method", &call.method);
    set("mode", &call.mode);
    set("credentials", &call.credentials);
    set("redirect", &call.redirect);
    set("body", &call.body);
    if !call.headers.is_empty() {
        let headers = call.headers.iter().map(|(name, value)| Value::from(vec![&**name, value]));
        init.insert("headers".to_owned(), headers.collect());
    }
    let url = Value::from(call.url.as_str());
    if init.is_empty() {
        format!("await fetch({url})")
    } else {
        format!("await fetch({url}, {})", Value::Object(init))
    }
}

fn quote(word: &str) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./:=@%+,".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else if word.chars().any(char::is_control) {
        let escaped: String = word.chars().map(ansi_c).collect();
        format!("$'{escaped}'")
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A character as it stands within the shell's `$'…'`.
fn ansi_c(character: char) -> String {
    match character {
        '\'' => r"\'".to_owned(),
        '\\' => r"\\".to_owned(),
        character if character.is_control() => {
            let mut bytes = [0; 4];
            character.encode_utf8(&mut bytes).bytes().map(|byte| format!("\\x{byte:02x}")).collect()
        }
        character => character.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use test_case::test_case;

    use super::{Call, Version, curl, javascript, quote};

    #[test]
    fn a_preflight_is_repeated_whole() {
        let headers = [("Origin".to_owned(), "https://app.example".to_owned())];
        let line = |version| curl(version, "OPTIONS", "http://127.0.0.1:1/a?b=c", &headers, None);
        let rest = "-X OPTIONS -H 'Origin: https://app.example' 'http://127.0.0.1:1/a?b=c'";
        assert_eq!(line(Version::Negotiated), format!("curl -i {rest}"));
        assert_eq!(line(Version::Http1), format!("curl -i --http1.1 {rest}"));
        assert_eq!(line(Version::Http2), format!("curl -i --http2-prior-knowledge {rest}"));
    }

    #[test]
    fn an_empty_header_is_still_sent() {
        let empty = [("X-Empty".to_owned(), String::new())];
        let line = curl(Version::Negotiated, "GET", "http://a/", &empty, Some("b"));
        assert_eq!(line, "curl -i -H 'X-Empty;' --data-binary b http://a/");
    }

    #[test_case("it's"; "a quote")]
    #[test_case("a\n$(date) `b` \\ \"c\""; "a line feed and everything a shell expands")]
    #[test_case(""; "nothing")]
    #[test_case("\u{1b}[31m'\\"; "an escape sequence with a quote and a backslash")]
    fn a_shell_reads_back_what_was_quoted(word: &str) {
        // `$'…'` is Bash's; a machine without Bash has no other shell to ask.
        let Ok(output) =
            Command::new("bash").args(["-c", &format!("printf %s {}", quote(word))]).output()
        else {
            return;
        };
        assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
    }

    #[test]
    fn only_what_differs_from_the_default_is_written() {
        let call = Call {
            url: "http://a/</script>".to_owned(),
            method: Some("PUT".to_owned()),
            headers: vec![("X-A".to_owned(), "\"1\"".to_owned())],
            ..Call::default()
        };
        let want =
            r#"await fetch("http://a/</script>", {"method":"PUT","headers":[["X-A","\"1\""]]})"#;
        assert_eq!(javascript(&call), want);
        let plain = Call { url: "http://a/".to_owned(), ..Call::default() };
        assert_eq!(javascript(&plain), r#"await fetch("http://a/")"#);
    }
}
