//! `--format html`: one page that stands alone.

use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::console::Console;
use crate::escape::for_terminal;
use crate::event::{CaseResult, ExchangeReport, Reproduce, ResultKind};
use crate::remedy::{Remedy, Setting};
use crate::report::document::{Document, worst};

const STYLE: &str = include_str!("html/style.css");

/// No script, and nothing fetched from anywhere: hostile text has nothing to start.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Writes the document as a page: a census by target, the matrix of scenarios and targets, and the
/// story of every case that did not pass.
///
/// # Errors
///
/// The output cannot be written.
pub fn write(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(CONTENT_SECURITY_POLICY);
                title { "corspec report" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "corspec " (document.suite.version) }
                p {
                    (document.suite.selected) " of " (document.suite.scenarios) " scenarios, "
                    (document.summary.total) " cases" (document.suite.over()) ", Fetch at " (document.suite.fetch)
                }
                (census(document))
                (matrix(document))
                (stories(document))
            }
        }
    };
    out.write_all(page.into_string().as_bytes())
}

fn census(document: &Document) -> Markup {
    let total = document.summary;
    let kinds: Vec<_> = total.counts().filter(|it| it.1 > 0).map(|it| it.0).collect();
    let of = |target| document.summary_of(target).counts().filter(|it| kinds.contains(&it.0));
    html! {
        table {
            thead {
                tr { th { "target" } @for kind in &kinds { th.number { (kind) } } }
            }
            tbody {
                @for target in &document.targets {
                    tr {
                        th scope="row" { (shown(&target.id)) }
                        @for (_, count) in of(target) { td.number { (count) } }
                    }
                    @if let Some(reason) = &target.reason {
                        tr { td colspan=(kinds.len() + 1) { (shown(reason)) } }
                    }
                }
            }
        }
    }
}

fn matrix(document: &Document) -> Markup {
    html! {
        h2 { "What each target gave" }
        p { "The worst over all policies; a cell leads to its story." }
        table.matrix {
            thead {
                tr {
                    th { "scenario" }
                    @for target in &document.targets { th { (shown(&target.id)) } }
                }
            }
            tbody {
                @for (scenario, cells) in document.matrix() {
                    tr {
                        th scope="row" { (shown(scenario)) }
                        @for target in &document.targets {
                            (cell(cells.get(target.id.as_str()).and_then(|it| worst(it))))
                        }
                    }
                }
            }
        }
    }
}

fn cell(result: Option<&CaseResult>) -> Markup {
    let Some(result) = result else { return html! { td {} } };
    let name = result.result.name();
    html! {
        td class=(name) {
            @if has_story(result) { a href={ "#" (anchor(result)) } { (name) } } @else { (name) }
        }
    }
}

fn has_story(result: &CaseResult) -> bool {
    !matches!(result.result, ResultKind::Pass | ResultKind::NotApplicable)
}

fn anchor(result: &CaseResult) -> String {
    shown(&format!("{}/{}/{}", result.target, result.policy, result.scenario))
}

fn stories(document: &Document) -> Markup {
    let told: Vec<_> = document.results.iter().filter(|result| has_story(result)).collect();
    html! {
        @if !told.is_empty() { h2 { "What did not pass" } }
        @for result in told { (story(result)) }
    }
}

fn story(result: &CaseResult) -> Markup {
    let name = result.result.name();
    html! {
        details id=(anchor(result)) open[result.result == ResultKind::Fail] {
            summary {
                span class=(name) { (name) } " "
                code { (shown(&result.scenario)) }
                " on " (shown(&result.target)) " under " (shown(&result.policy))
                @if let Some(direction) = &result.direction { " · " (direction) }
            }
            p { (shown(&result.title)) }
            dl {
                (entry("reason", result.reason.as_deref()))
                @for failure in &result.failures {
                    (entry("expected", Some(&failure.expected)))
                    (entry("seen", Some(&failure.seen)))
                }
                (entry("decided by", result.decided_by.as_deref()))
                (entry("found", result.decision.as_deref()))
                @for (browser, text) in result.console.iter().flat_map(Console::iter) {
                    (entry(browser, Some(text)))
                }
                @if let Some(remedy) = &result.remedy { (mend(remedy)) }
                (entry("why", Some(&result.why)))
                (entry("users see", Some(&result.impact)))
                (entry("standard", Some(&result.spec)))
            }
            @for exchange in &result.exchanges { pre { (self::exchange(exchange)) } }
            @if let Some(Reproduce { serve, curl, javascript, .. }) = &result.reproduce {
                pre {
                    @for line in serve.iter().chain([curl]).chain(javascript) { (shown(line)) "\n" }
                }
            }
        }
    }
}

fn mend(remedy: &Remedy) -> Markup {
    html! {
        (entry("mend", Some(remedy.text)))
        @if let Some(Setting { framework, line, note, docs }) = remedy.setting {
            dt { "setting" }
            dd { code { (shown(line)) } " " (shown(note)) " " a href=(shown(docs)) { (shown(framework)) } }
        }
    }
}

fn entry(label: &str, text: Option<&str>) -> Markup {
    html! { @if let Some(text) = text { dt { (label) } dd { (shown(text)) } } }
}

fn exchange(exchange: &ExchangeReport) -> String {
    let mut text = shown(&format!("> {} {}", exchange.method, exchange.url));
    let mut line = |line: String| {
        text.push('\n');
        text.push_str(&shown(&line));
    };
    for (name, value) in &exchange.request_headers {
        line(format!("> {name}: {value}"));
    }
    match (exchange.status, &exchange.failure) {
        (Some(status), _) => line(format!("< {status}")),
        (None, failure) => line(format!("! {}", failure.as_deref().unwrap_or("no answer"))),
    }
    for (name, value) in &exchange.response_headers {
        line(format!("< {name}: {value}"));
    }
    text
}

/// Text without control characters; the page's template escapes what HTML gives a meaning.
fn shown(raw: &str) -> String {
    for_terminal(raw)
}
