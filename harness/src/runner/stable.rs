//! What makes two runs of the same inputs report the same bytes: no port that
//! was free by chance, no time of day, and no count of a cache's.

use url::Url;

use crate::console::Console;
use crate::event::{CaseResult, ExchangeReport, Reproduce};

/// What stands for the address of a server that the run itself started.
pub(super) const STAND_IN: &str = "127.0.0.1:8000";

/// What stands for the address of the server that redirects to it.
pub(super) const STAND_IN_ELSEWHERE: &str = "127.0.0.1:8001";

/// Puts `stand_in` wherever `base`, a URL without a slash at its end, shows its host and port.
pub(super) fn hide_address(result: &mut CaseResult, base: &str, stand_in: &str) {
    let Some((_, authority)) = base.split_once("://") else { return };
    each_text(result, &mut |text| {
        if text.contains(authority) {
            *text = text.replace(authority, stand_in);
        }
    });
}

/// Does something to everything that a result says of what the server did.
pub(super) fn each_text(result: &mut CaseResult, put: &mut impl FnMut(&mut String)) {
    for text in [&mut result.reason, &mut result.decision].into_iter().flatten() {
        put(text);
    }
    if let Some(Console { chromium, firefox, webkit }) = &mut result.console {
        [chromium, firefox, webkit].into_iter().flatten().for_each(&mut *put);
    }
    for failure in &mut result.failures {
        put(&mut failure.expected);
        put(&mut failure.seen);
    }
    for exchange in &mut result.exchanges {
        put(&mut exchange.url);
        let headers = exchange.request_headers.iter_mut().chain(&mut exchange.response_headers);
        headers.for_each(|(_, value)| put(value));
        exchange.failure.iter_mut().for_each(&mut *put);
    }
    if let Some(Reproduce { curl, javascript, from, .. }) = &mut result.reproduce {
        put(curl);
        javascript.iter_mut().chain(from).for_each(put);
    }
}

/// The text with [`STAND_IN`] wherever it shows the host and port of `base`.
pub(super) fn without_address(text: &str, base: &Url) -> String {
    text.replace(&base[url::Position::BeforeHost..url::Position::AfterPort], STAND_IN)
}

/// Response headers that say when and from where an answer came: the time of day, how long a cache
/// had it and the machine's name, the number of the request, and whether it was stored.
const PASSING: [&str; 6] = ["age", "date", "via", "x-cache", "x-cache-hits", "x-varnish"];

/// Takes out the time of day, when a cookie expires, and what caches note of each request.
pub(super) fn hide_time(exchange: &mut ExchangeReport) {
    exchange.response_headers.retain(|(name, _)| !PASSING.contains(&name.as_str()));
    for (_, value) in exchange.response_headers.iter_mut().filter(|(name, _)| name == "set-cookie")
    {
        let parts: Vec<_> = value.split(';').map(without_date).collect();
        *value = parts.join(";");
    }
}

fn without_date(attribute: &str) -> &str {
    let name = attribute.split('=').next().unwrap_or_default();
    if name.trim().eq_ignore_ascii_case("expires") { " Expires=<date>" } else { attribute }
}

#[cfg(test)]
mod tests {
    use super::hide_time;
    use crate::event::ExchangeReport;

    #[test]
    fn no_time_of_day_is_reported() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut exchange = ExchangeReport {
            step: "1".to_owned(),
            preflight: false,
            method: "GET".to_owned(),
            url: "http://127.0.0.1:8000/".to_owned(),
            request_headers: Vec::new(),
            status: Some(200),
            response_headers: vec![
                header("date", "Tue, 24 Nov 2026 05:14:06 GMT"),
                header("age", "1"),
                header("via", "1.1 here (Varnish/7.1)"),
                header("x-varnish", "32770 3"),
                header("set-cookie", "a=1; expires=Tue, 08 Dec 2026 05:14:06 GMT; Path=/"),
                header("set-cookie", "b=2; Path=/"),
            ],
            failure: None,
        };
        hide_time(&mut exchange);
        let want = [
            header("set-cookie", "a=1; Expires=<date>; Path=/"),
            header("set-cookie", "b=2; Path=/"),
        ];
        assert_eq!(exchange.response_headers, want);
    }
}
