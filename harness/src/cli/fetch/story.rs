//! The text form: a fetch as a short story.

use corspec_fetch::header_list::HeaderList;
use corspec_fetch::outcome::Outcome;

use crate::console::Console;
use crate::driver::{Driven, Ending, Exchange};
use crate::escape::{bytes_for_terminal, for_terminal};
use crate::redact;
use crate::remedy::{Remedy, Setting};

/// The headers that decide something, beside `access-control-*` and `sec-fetch-*`.
const TELLING: [&str; 11] = [
    "origin",
    "authorization",
    "cookie",
    "content-type",
    "location",
    "vary",
    "allow",
    "set-cookie",
    "cache-control",
    "www-authenticate",
    "cross-origin-resource-policy",
];

/// The story of a fetch, with what browsers print of it and what mends it, safe for a terminal.
pub(super) fn told(driven: &Driven, console: &Console, mend: Option<Remedy>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (at, exchange) in driven.exchanges.iter().enumerate() {
        exchanged(at + 1, exchange, &mut lines);
    }
    ended(driven, &mut lines);
    for (browser, text) in console.iter() {
        lines.push(format!("   {browser} prints: {}", for_terminal(text)));
    }
    if let Some(Remedy { text, setting }) = mend {
        lines.push(format!("   to mend it: {text}"));
        if let Some(Setting { framework, line, note, docs }) = setting {
            lines.push(format!("   with {framework}: {line}"));
            lines.push(format!("      {note} {docs}"));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn exchanged(number: usize, exchange: &Exchange, lines: &mut Vec<String>) {
    let request = &exchange.request;
    let kind = if request.preflight { "preflight" } else { "request" };
    let method = bytes_for_terminal(&request.method);
    lines.push(format!("{number}. {kind}: {method} {}", for_terminal(request.url.as_str())));
    telling('>', &request.headers, lines);
    match &exchange.response {
        Ok(response) => {
            let reason = bytes_for_terminal(&response.status_text);
            lines.push(format!("   < {} {reason}", response.status).trim_end().to_owned());
            telling('<', &response.headers, lines);
        }
        Err(failure) => lines.push(format!("   ! {}", for_terminal(&failure.message))),
    }
    lines.push(String::new());
}

fn telling(arrow: char, headers: &HeaderList, lines: &mut Vec<String>) {
    for (name, value) in headers.iter() {
        let name = bytes_for_terminal(name).to_ascii_lowercase();
        let tells = TELLING.contains(&name.as_str())
            || name.starts_with("access-control-")
            || name.starts_with("sec-fetch-");
        if tells {
            lines.push(format!("   {arrow} {name}: {}", bytes_for_terminal(value)));
        }
    }
}

fn ended(driven: &Driven, lines: &mut Vec<String>) {
    match &driven.ending {
        Ending::Outcome(Outcome::Response(response)) => {
            let kind = response.kind.name();
            lines.push(format!("the page sees a response: {kind}, status {}", response.status));
            for (name, value) in response.headers.iter() {
                let (name, value) = (bytes_for_terminal(name), bytes_for_terminal(value));
                lines.push(format!("   {name}: {value}"));
            }
            lines.push(format!("   {} bytes of body", response.body.len()));
            if let Some(error) = &response.body_error {
                lines.push(format!("   the body ended early: {}", for_terminal(error)));
            }
        }
        Ending::Outcome(Outcome::NetworkError(error)) => {
            let message = for_terminal(&redact::text(&error.to_string()));
            lines.push(format!("the page sees a TypeError: {message}"));
            lines.push(format!("   cause: {}", error.cause().slug()));
            lines.push(format!("   decided by: {} (fetch#{})", error.step(), error.anchor()));
        }
        Ending::NotFollowed { location } => {
            let location = for_terminal(&redact::text(location.as_str()));
            lines.push(format!("the redirect to {location} was not followed"));
            lines.push(String::from("   it is another origin; --follow-elsewhere follows it"));
        }
    }
}
