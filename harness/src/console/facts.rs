//! What of a blocked fetch decides which line a browser prints, beside the cause.

use std::collections::BTreeSet;

use corspec_fetch::cause::Cause;
use corspec_fetch::origin::Origin;
use corspec_fetch::request::Mode;
use url::Url;

use super::Blocked;
use super::values::has;

impl Blocked<'_> {
    /// The cause's slug; that of the CORS check where a preflight fails it.
    pub(super) fn slug(&self) -> &'static str {
        match self.cause {
            Cause::PreflightCorsCheck(refusal) => refusal.slug(),
            cause => cause.slug(),
        }
    }

    /// The facts, by the words that `messages.toml` has for them.
    pub(super) fn facts(&self) -> BTreeSet<&'static str> {
        let mut facts = BTreeSet::new();
        facts.extend(self.of_request());
        facts.extend(self.of_answer());
        facts.extend(self.of_scheme());
        facts
    }

    fn of_request(&self) -> impl Iterator<Item = &'static str> + use<> {
        let mode = (self.init.mode == Mode::NoCors).then_some("no-cors");
        let own = self.is_own().then_some("own");
        let home = self.location().is_some_and(|url| self.is_home(&url)).then_some("leads-home");
        let redirected =
            (self.location().is_some() || self.was_redirected()).then_some("redirected");
        [mode, own, home, redirected].into_iter().flatten()
    }

    /// What the lines and the status of the answer are to browsers.
    fn of_answer(&self) -> impl Iterator<Item = &'static str> + use<> {
        let origins = self.lines("access-control-allow-origin");
        let value = self.sent("access-control-allow-origin");
        let is_origin = value == "null" || Url::parse(&value).is_ok_and(|url| url.has_host());
        let refused = self.status().is_some_and(|status| !(200..300).contains(&status));
        let failed = |words: &str| match self.cause {
            Cause::ConnectionFailed { message } | Cause::PreflightConnectionFailed { message } => {
                message.contains(words)
            }
            _ => false,
        };
        let facts = [
            ("preflight", matches!(self.cause, Cause::PreflightCorsCheck(_))),
            ("not-ok", refused),
            ("without-allow-origin", origins == 0),
            // Several values in one line are one value to Firefox, and several without a comma to WebKit.
            ("one-line", origins == 1),
            ("without-comma", !value.contains(',')),
            // Chromium tells a wrong origin from nonsense.
            ("nonsense", !is_origin),
            // Browsers let it stand for Authorization, which the standard does not.
            ("star-listed", has(&self.sent("access-control-allow-headers"), "*")),
            ("two-locations", self.lines("location") > 1),
            ("same-site", self.sent("cross-origin-resource-policy") == "same-site"),
            // In the words of the transport, which `tests/fetch.rs` has it say.
            ("closed", failed("connection closed before message completed")),
            ("refused", failed("Connection refused")),
            ("reset", failed("Connection reset by peer")),
        ];
        facts.into_iter().filter_map(|(fact, holds)| holds.then_some(fact))
    }

    /// The scheme, where browsers have words of their own for it.
    fn of_scheme(&self) -> Option<&'static str> {
        let (Cause::RedirectScheme { scheme } | Cause::UnsupportedScheme { scheme }) = self.cause
        else {
            return None;
        };
        let own = ["about", "blob", "data", "file", "ftp", "javascript"];
        own.into_iter().find(|it| it == scheme)
    }

    /// Whether nothing but the page's own origin was asked.
    fn is_own(&self) -> bool {
        self.is_home(self.first_url) && self.last.is_none_or(|last| self.is_home(last.url))
    }

    /// Whether a URL is of the page's own origin.
    fn is_home(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| Origin::of(&url).to_string() == self.origin)
    }
}
