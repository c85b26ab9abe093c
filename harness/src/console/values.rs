//! What the placeholders of a line stand for.

use corspec_fetch::cause::Cause;
use corspec_fetch::integrity;
use corspec_fetch::profile::Profile;
use url::Url;

use super::{Blocked, Texts};
use crate::escape::latin1;

impl Blocked<'_> {
    /// The template with each placeholder in its place; `None` where one has no value.
    pub(super) fn filled(&self, template: &str, texts: &Texts) -> Option<String> {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, next) = after.split_once('}')?;
            filled.push_str(before);
            filled.push_str(&match self.frame(name) {
                Some("") => String::new(),
                Some(frame) => self.filled(texts.frames.get(frame)?, texts)?,
                None => self.value(name)?,
            });
            rest = next;
        }
        Some(filled + rest)
    }

    /// The frame that a placeholder stands for; empty for none, `None` where it stands for a value.
    fn frame(&self, name: &str) -> Option<&'static str> {
        let preflight = matches!(self.cause, Cause::PreflightCorsCheck(_));
        Some(match name {
            "blocked" if self.was_redirected() => "blocked-after-redirect",
            "blocked" => "blocked",
            "of-preflight" if preflight => "of-preflight",
            "of-redirect" if self.location().is_some() && !self.is_preflights() => "of-redirect",
            "of-preflight" | "of-redirect" => "",
            _ => return None,
        })
    }

    fn value(&self, name: &str) -> Option<String> {
        match name {
            "url" => Some(self.url()),
            "host" => Some(Url::parse(&self.url()).ok()?.host()?.to_string()),
            "first-url" => Some(self.first_url.to_owned()),
            "next-url" => self.next_url(),
            "next-url-without-userinfo" => self.next_url().map(|url| without_userinfo(&url)),
            "origin" => Some(self.origin.to_owned()),
            "sent-origin" => Some(self.sent_origin()),
            "page" => Some(self.page?.to_string()),
            "status" => Some(self.status()?.to_string()),
            "content-length" => Some(self.sent("content-length")),
            "integrity" => Some(self.init.integrity.clone()),
            "algorithm" => Some(self.digest()?.0.to_owned()),
            "ALGORITHM" => Some(self.digest()?.0.to_ascii_uppercase().replace("SHA", "SHA-")),
            "digest" => Some(self.digest()?.1),
            "first-header" => self.first_header().or_else(|| self.of_cause("header")),
            "allow-origin" | "allow-credentials" | "allow-methods" | "allow-headers" => {
                Some(self.sent(&format!("access-control-{name}")))
            }
            _ => self.of_cause(name),
        }
    }

    /// What the cause itself says.
    fn of_cause(&self, name: &str) -> Option<String> {
        match (name, self.cause) {
            ("method", Cause::PreflightMethodNotAllowed { method, .. })
            | ("method", Cause::PreflightMethodWildcardWithCredentials { method }) => {
                Some(latin1(&method.0))
            }
            ("header", Cause::PreflightHeaderNotAllowed { name, .. })
            | ("header", Cause::PreflightHeaderWildcardWithCredentials { name }) => {
                Some(latin1(&name.0).to_ascii_lowercase())
            }
            ("header", Cause::PreflightAuthorizationNotListed { .. }) => {
                Some("authorization".to_owned())
            }
            ("scheme", Cause::UnsupportedScheme { scheme }) => Some(scheme.clone()),
            ("port", Cause::BadPort { port }) => Some(port.to_string()),
            ("token", Cause::PreflightMethodsUnparsable { sent })
            | ("token", Cause::PreflightHeadersUnparsable { sent }) => Some(first_bad(&sent.0)),
            _ => None,
        }
    }

    /// The URL at which the fetch failed: with its fragment, where it is the one that was asked for.
    pub(super) fn url(&self) -> String {
        match self.last {
            Some(last) if self.was_redirected() => last.url.to_owned(),
            _ => self.first_url.to_owned(),
        }
    }

    /// The URL that was to be asked and was not; that which was, where it is the one.
    fn next_url(&self) -> Option<String> {
        match self.cause {
            Cause::MixedContent { url } | Cause::SameOriginMode { url } => Some(url.clone()),
            _ => Some(self.location().unwrap_or_else(|| self.url())),
        }
    }

    /// Whether an answer led elsewhere, and that was asked.
    pub(super) fn was_redirected(&self) -> bool {
        let without_fragment = self.first_url.split('#').next().unwrap_or_default();
        self.last.is_some_and(|last| last.url != without_fragment)
    }

    /// Where the last answer leads to: as it is sent, where that is no URL.
    pub(super) fn location(&self) -> Option<String> {
        let status = self.status()?;
        let sent = self.sent("location");
        if !(300..400).contains(&status) || sent.is_empty() {
            return None;
        }
        let base = Url::parse(self.last?.url).ok();
        let parsed = Url::options().base_url(base.as_ref()).parse(&sent);
        Some(parsed.map_or(sent, String::from))
    }

    /// Whether the last answer is that to a preflight.
    fn is_preflights(&self) -> bool {
        let asks = |last: super::Last<'_>| last.sent.contains("access-control-request-method");
        self.last.is_some_and(asks)
    }

    /// The origin as it went over the wire; that of the page, where none did.
    fn sent_origin(&self) -> String {
        let sent = self.last.and_then(|last| last.sent.get("origin"));
        sent.map_or_else(|| self.origin.to_owned(), |value| latin1(&value))
    }

    /// The first header that a preflight asked for and was not allowed, in the order and the spelling
    /// of the script.
    fn first_header(&self) -> Option<String> {
        let asked = self.last?.sent.get("access-control-request-headers")?;
        let (asked, allowed) = (latin1(&asked), self.sent("access-control-allow-headers"));
        let mut names = self.init.headers.iter().map(|(name, _)| latin1(name));
        names.find(|name| has(&asked, name) && !has(&allowed, name))
    }

    fn digest(&self) -> Option<(&'static str, String)> {
        let (_, _, body) = self.last?.answer?;
        integrity::computed(body, &self.init.integrity, &Profile::SPEC)
    }

    pub(super) fn status(&self) -> Option<u16> {
        self.last?.answer.map(|(status, _, _)| status)
    }

    /// The value of a header of the answer; empty where there is none.
    pub(super) fn sent(&self, name: &str) -> String {
        let value = self.last.and_then(|last| last.answer?.1.get(name));
        value.map_or(String::new(), |value| latin1(&value))
    }

    /// How many lines of the answer have this name.
    pub(super) fn lines(&self, name: &str) -> usize {
        let answer = self.last.and_then(|last| last.answer);
        answer.map_or(0, |(_, headers, _)| headers.get_all(name).count())
    }
}

/// Whether a list with commas has this member, whatever the case of its letters.
pub(super) fn has(list: &str, member: &str) -> bool {
    list.split(',').any(|it| it.trim_matches([' ', '\t']).eq_ignore_ascii_case(member))
}

fn without_userinfo(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else { return url.to_owned() };
    let cleared = parsed.set_username("").and_then(|()| parsed.set_password(None));
    // A URL without a host has no userinfo either.
    cleared.map_or_else(|()| url.to_owned(), |()| parsed.to_string())
}

/// The first member of a list that is no token.
fn first_bad(list: &[u8]) -> String {
    let token = |member: &[u8]| {
        member.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
    };
    let mut members = list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    members.find(|member| !token(member)).map_or(String::new(), latin1)
}
