//! Keeps what a user has sent with every request out of what the run says.
//!
//! Exchanges tell only what was asked and not what the transport added, so that what is left to
//! hide is what the server itself sends back or writes.

use reqwest::header::HeaderMap;

use crate::event::{CaseResult, TargetReport};
use crate::redact::REDACTED;
use crate::runner::stable::each_text;

/// A shorter value is hidden where it is a header's by name, but not wherever its characters occur.
const SHORTEST: usize = 4;

/// What must not be shown.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    names: Vec<String>,
    values: Vec<String>,
}

impl Secrets {
    /// The names and the values of `headers`. Of a value such as `Bearer TOKEN` the token too.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let texts = headers.values().filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
        let parts = texts.flat_map(|text| {
            [text, text.rsplit(' ').next().unwrap_or_default()]
                .map(|it| it.trim_end_matches('=').to_owned())
        });
        let mut values: Vec<_> = parts.filter(|it| it.len() >= SHORTEST).collect();
        // The longest first, so that no part of it is left.
        values.sort_by_key(|it| std::cmp::Reverse(it.len()));
        values.dedup();
        Self { names: headers.keys().map(|it| it.as_str().to_owned()).collect(), values }
    }

    /// Hides them in a text.
    pub(super) fn hide(&self, text: &mut String) {
        for value in self.values.iter().filter(|value| !value.is_empty()) {
            if text.contains(value.as_str()) {
                *text = text.replace(value.as_str(), REDACTED);
            }
        }
    }

    /// Hides them in everything that a result says.
    pub(super) fn hide_in(&self, result: &mut CaseResult) {
        if self.names.is_empty() {
            return;
        }
        for exchange in &mut result.exchanges {
            for (name, value) in &mut exchange.response_headers {
                if self.names.contains(name) {
                    *value = REDACTED.to_owned();
                }
            }
        }
        each_text(result, &mut |text| self.hide(text));
    }

    /// Hides them in what is said of a target.
    pub(super) fn hide_in_report(&self, report: &mut TargetReport) {
        report.reason.iter_mut().for_each(|reason| self.hide(reason));
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
    use test_case::test_case;

    use super::Secrets;

    #[test_case("k3y-of-mine", "it got k3y-of-mine twice: k3y-of-mine" => "it got <redacted> twice: <redacted>"; "a value")]
    #[test_case("Bearer t0ken", "Bearer t0ken is t0ken" => "<redacted> is <redacted>"; "a token after its scheme")]
    #[test_case("dTpw==", "dTpw" => "<redacted>"; "without its padding")]
    #[test_case("1", "1 of 100" => "1 of 100"; "what is too short to be told apart")]
    fn a_value_is_hidden_wherever_it_stands(value: &str, text: &str) -> String {
        let headers =
            [(HeaderName::from_static("x-api-key"), HeaderValue::from_str(value).unwrap())];
        let mut text = text.to_owned();
        Secrets::of(&HeaderMap::from_iter(headers)).hide(&mut text);
        text
    }
}
