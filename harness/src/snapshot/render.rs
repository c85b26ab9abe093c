//! From results to the text of a snapshot.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::escape::for_terminal;
use crate::event::{CaseResult, ExchangeReport};

/// Response headers that a policy is made of, or that caches and redirects read.
const KEPT: [&str; 7] = [
    "allow",
    "cache-control",
    "cross-origin-resource-policy",
    "location",
    "set-cookie",
    "timing-allow-origin",
    "vary",
];

/// The snapshots of one target, by area: what went over the wire in `results`,
/// which may come in any order.
///
/// Policies whose exchanges are the same share a block. A case without
/// exchanges has no place in a snapshot.
#[must_use]
pub fn render<'a>(results: impl IntoIterator<Item = &'a CaseResult>) -> BTreeMap<String, String> {
    let mut areas: BTreeMap<&str, BTreeMap<&str, Vec<Block<'_>>>> = BTreeMap::new();
    for result in results.into_iter().filter(|result| !result.exchanges.is_empty()) {
        let scenarios = areas.entry(area(result)).or_default();
        let blocks = scenarios.entry(&result.scenario).or_default();
        blocks.push(Block { policy: &result.policy, wire: wire(&result.exchanges) });
    }
    let text = |(area, scenarios): (&str, BTreeMap<_, _>)| {
        let parts: Vec<_> = scenarios.into_iter().map(|(id, blocks)| part(id, blocks)).collect();
        (area.to_owned(), parts.join("\n"))
    };
    areas.into_iter().map(text).collect()
}

/// The area of a result's scenario.
pub(super) fn area(result: &CaseResult) -> &str {
    result.scenario.split('/').next().unwrap_or_default()
}

/// What went over the wire for one scenario under one policy.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
struct Block<'a> {
    policy: &'a str,
    wire: String,
}

/// One scenario: each different wire once, with the policies that gave it.
fn part(id: &str, mut blocks: Vec<Block<'_>>) -> String {
    blocks.sort();
    let mut distinct: Vec<(String, Vec<&str>)> = Vec::new();
    for Block { policy, wire } in blocks {
        match distinct.iter_mut().find(|(known, _)| *known == wire) {
            Some((_, policies)) => policies.push(policy),
            None => distinct.push((wire, vec![policy])),
        }
    }
    let mut text = format!("{id}\n");
    for (wire, policies) in distinct {
        let _ = write!(text, "  under {}\n{wire}", policies.join(", "));
    }
    text
}

fn wire(exchanges: &[ExchangeReport]) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        let _ = writeln!(text, "    {}", for_terminal(&line));
    };
    for exchange in exchanges {
        line(format!("> {} {}", exchange.method, path(&exchange.url)));
        for (name, value) in asked(&exchange.request_headers) {
            line(format!("> {name}: {value}"));
        }
        match exchange.status {
            Some(status) => line(format!("< {status}")),
            None => line("! no answer".to_owned()),
        }
        for (name, value) in answered(&exchange.response_headers) {
            line(format!("< {name}: {value}"));
        }
    }
    text
}

/// A URL from its path on: which server answers is the snapshot's name.
fn path(url: &str) -> &str {
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    after.find('/').map_or("/", |at| &after[at..])
}

fn asked(headers: &[(String, String)]) -> Vec<(&str, String)> {
    let sent = |name: &str| {
        matches!(name, "origin" | "cookie" | "authorization") || name.starts_with("access-control-")
    };
    kept(headers, sent)
}

fn answered(headers: &[(String, String)]) -> Vec<(&str, String)> {
    kept(headers, |name| KEPT.contains(&name) || name.starts_with("access-control-"))
}

/// The headers that `keep` names, sorted; several lines of one name keep their
/// order. Of cookies only the names are left.
fn kept(headers: &[(String, String)], keep: impl Fn(&str) -> bool) -> Vec<(&str, String)> {
    let mut lines: Vec<_> = headers
        .iter()
        .filter(|(name, _)| keep(name))
        .map(|(name, value)| match name.as_str() {
            "set-cookie" => (name.as_str(), cookie_name(value).to_owned()),
            "cookie" => {
                let names: Vec<_> = value.split(';').map(cookie_name).collect();
                (name.as_str(), names.join("; "))
            }
            name => (name, value.clone()),
        })
        .collect();
    lines.sort_by_key(|(name, _)| *name);
    lines
}

/// The name of a cookie from its pair, whatever follows.
fn cookie_name(pair: &str) -> &str {
    pair.split(['=', ';']).next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::{Block, cookie_name, part, path};

    #[test_case("sid=secret; Path=/; SameSite=None; Secure", "sid"; "a set cookie")]
    #[test_case(" b=2", "b"; "the second of several")]
    #[test_case("", ""; "nothing")]
    fn cookies_leave_their_names_only(pair: &str, name: &str) {
        assert_eq!(cookie_name(pair), name);
    }

    #[test_case("http://127.0.0.1:8000/a?b=c", "/a?b=c"; "path and query")]
    #[test_case("http://127.0.0.1:8000", "/"; "no path")]
    fn the_server_is_out(url: &str, want: &str) {
        assert_eq!(path(url), want);
    }

    #[test]
    fn policies_of_one_wire_share_a_block_in_any_order() {
        let block = |policy, wire: &str| Block { policy, wire: format!("    {wire}\n") };
        let want = "a/b\n  under p, r\n    1\n  under q\n    2\n";
        assert_eq!(part("a/b", vec![block("p", "1"), block("q", "2"), block("r", "1")]), want);
        assert_eq!(part("a/b", vec![block("r", "1"), block("q", "2"), block("p", "1")]), want);
    }
}
