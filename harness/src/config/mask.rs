//! Hides the secrets of a configuration's text, so that an error can show the rest.

use std::ops::Range;

/// The tables that hold no secret and end one that does.
const SHOWN: [&str; 3] = ["[policy]", "[routes]", "[start]"];

/// `text` with everything that `[requests]` gives values to replaced by `*`, byte for byte, so
/// that places keep their lines and columns; and which bytes those are. Userinfo in URLs is
/// replaced as well.
///
/// It works on lines and not on parsed TOML, for the text may not parse.
pub(super) fn masked(text: &str) -> (String, Vec<Range<usize>>) {
    let mut shown = String::with_capacity(text.len());
    let mut hidden = Vec::new();
    let mut within = false;
    for line in text.split_inclusive('\n') {
        let start = line.trim_start();
        within = is_requests(start) || within && !SHOWN.iter().any(|it| start.starts_with(it));
        let to = line.trim_end().len();
        // A name may be shown, what stands after it not.
        let header = start.starts_with('[') && is_requests(start);
        let name_ends = line.find(if header { ']' } else { '=' });
        let secret = match name_ends {
            _ if !within => userinfo(line),
            Some(at) => (at + 1).min(to)..to,
            None => 0..to,
        };
        shown.push_str(&line[..secret.start]);
        shown.push_str(&"*".repeat(secret.len()));
        shown.push_str(&line[secret.end..]);
        if within {
            hidden.push(shown.len() - line.len()..shown.len());
        }
    }
    (shown, hidden)
}

/// Whether a table's header or a key belongs to `requests`.
fn is_requests(start: &str) -> bool {
    start.trim_start_matches(['[', ' ', '"', '\'']).starts_with("requests")
}

/// Where the userinfo of a URL stands in the line.
fn userinfo(line: &str) -> Range<usize> {
    let found = line.find("://").and_then(|at| {
        let from = at + 3;
        let end = line[from..].find(['/', '"', '\'', '?', '#']).unwrap_or(line.len() - from);
        Some(from..from + line[from..from + end].rfind('@')?)
    });
    found.unwrap_or(0..0)
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::masked;

    #[test_case("[requests]\nheaders = { x = \"s3cret\" }\n"; "an inline table")]
    #[test_case("[requests.headers]\nx = \"s3cret\"\ny = 's3cret' # s3cret\n"; "a table")]
    #[test_case("requests = { headers = { x = \"s3cret\" } }\n"; "all inline")]
    #[test_case("requests.headers.x = \"s3cret\"\n"; "a dotted key")]
    #[test_case("[ requests ]\nheaders.x = \"\"\"\ns3cret\"\"\"\n"; "lines of a string")]
    #[test_case("[requests]\n# x = \"s3cret\"\nheaders = { x = \"s3cret\n"; "a comment and no end")]
    #[test_case("[[requests]]\nheaders = \"s3cret\"\n"; "a list of tables")]
    #[test_case("proxy = \"http://user:s3cret@host/\"\n"; "userinfo")]
    #[test_case("[\"requests\"]\nheaders = { x = [\n[\"s3cret\"] } s3cret\n"; "no table at all")]
    fn no_secret_is_left(text: &str) {
        let whole = format!("url = \"http://a\"\n{text}[policy]\nmax-age = 5\n");
        let (shown, _) = masked(&whole);
        assert!(!shown.contains("s3cret"), "{shown}");
        assert_eq!(shown.len(), whole.len());
        assert!(shown.starts_with("url = \"http://a\"\n"), "{shown}");
        assert!(shown.ends_with("[policy]\nmax-age = 5\n"), "{shown}");
    }
}
