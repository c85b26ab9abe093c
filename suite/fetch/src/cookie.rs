//! The cookie jar: what a server may store, and what goes back to it.
//!
//! As [Fetch](https://fetch.spec.whatwg.org/#cookies) and RFC 6265bis have it,
//! for the cookies that a `fetch()` can meet.

use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

use url::{Host, Url};

use crate::cookie::parse::{SetCookie, parse};
use crate::origin::{Origin, registrable_domain};
use crate::profile::{CookieRules, EightBit, ThirdParty};

mod date;
mod parse;

/// How far a request is from the site of the page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Distance<'a> {
    /// Whether the URL, the page and its tab are of one site: otherwise its
    /// cookies are third-party ones.
    pub(crate) first_party: bool,
    /// Whether the request counts as same-site, which `SameSite` asks.
    pub(crate) same_site: bool,
    /// Whether cookies with `SameSite` go along.
    pub(crate) sends_restricted: bool,
    /// The site of the tab, which third-party cookies may be kept apart by.
    pub(crate) tab: &'a str,
}

impl Distance<'_> {
    /// A visit by the user.
    pub(crate) const VISIT: Self =
        Self { first_party: true, same_site: true, sends_restricted: true, tab: "" };
}

/// What `SameSite` says. For a fetch `Strict` and `Lax` are alike: only navigations tell them apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum SameSite {
    Restricted,
    None,
}

#[derive(Clone, Debug)]
struct Cookie {
    name: Vec<u8>,
    value: Vec<u8>,
    /// The domain, without a leading dot.
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    same_site: SameSite,
    expires: Option<Duration>,
    /// The site of the tab in which it was set by a third party.
    partition: Option<String>,
}

/// A user agent's cookies.
#[derive(Clone, Debug, Default)]
pub(crate) struct CookieJar {
    cookies: Vec<Cookie>,
}

impl CookieJar {
    /// Stores what a `Set-Cookie` of a response from `url` says, if it may.
    pub(crate) fn set(
        &mut self,
        url: &Url,
        line: &[u8],
        distance: Distance<'_>,
        now: Duration,
        rules: &CookieRules,
    ) {
        let Some(cookie) = accept(url, line, distance, now, rules) else { return };
        let same = |known: &Cookie| {
            known.name == cookie.name
                && known.domain == cookie.domain
                && known.path == cookie.path
                && known.partition == cookie.partition
        };
        let place = self.cookies.iter().position(same);
        let gone = cookie.expires.is_some_and(|expires| expires <= now);
        match (place, gone) {
            (Some(place), true) => {
                self.cookies.remove(place);
            }
            // An old cookie keeps its place: the order of creation is the order sent.
            (Some(place), false) => self.cookies[place] = cookie,
            (None, true) => {}
            (None, false) => self.cookies.push(cookie),
        }
    }

    /// The value of the `Cookie` header of a request to `url`; `None` for no header.
    pub(crate) fn header(
        &self,
        url: &Url,
        distance: Distance<'_>,
        now: Duration,
        rules: &CookieRules,
    ) -> Option<Vec<u8>> {
        let mut sent: Vec<&Cookie> = self
            .cookies
            .iter()
            .filter(|cookie| cookie.goes_to(url, distance, now, rules))
            .collect();
        // Longer paths first; among equals, the older first.
        let wide = |cookie: &Cookie| rules.host_only_first && !cookie.host_only;
        sent.sort_by_key(|cookie| (core::cmp::Reverse(cookie.path.len()), wide(cookie)));
        let pairs: Vec<Vec<u8>> = sent.into_iter().map(Cookie::pair).collect();
        (!pairs.is_empty()).then(|| pairs.join(&b"; "[..]))
    }
}

impl Cookie {
    fn goes_to(
        &self,
        url: &Url,
        distance: Distance<'_>,
        now: Duration,
        rules: &CookieRules,
    ) -> bool {
        let Some(host) = url.host_str() else { return false };
        // What a third party may have is its own in this tab, or what it has everywhere.
        let partition = match rules.third_party {
            _ if distance.first_party => None,
            ThirdParty::Allowed => None,
            ThirdParty::Blocked => return false,
            ThirdParty::Partitioned | ThirdParty::WhereAsked => Some(distance.tab),
        };
        let domain =
            if self.host_only { host == self.domain } else { domain_matches(host, &self.domain) };
        domain
            && self.partition.as_deref() == partition
            && path_matches(url.path(), &self.path)
            && (!self.secure || is_secure(url, rules))
            && self.expires.is_none_or(|expires| expires > now)
            && (distance.sends_restricted || self.same_site == SameSite::None)
    }

    fn pair(&self) -> Vec<u8> {
        let mut pair = self.name.clone();
        if !self.name.is_empty() {
            pair.push(b'=');
        }
        pair.extend_from_slice(&self.value);
        pair
    }
}

/// The cookie that a line makes, if the browser takes it.
fn accept(
    url: &Url,
    line: &[u8],
    distance: Distance<'_>,
    now: Duration,
    rules: &CookieRules,
) -> Option<Cookie> {
    let mut parsed = parse(&as_read(line, rules))?;
    if rules.eight_bit == EightBit::Replaced {
        parsed.value = String::from_utf8_lossy(&parsed.value).into_owned().into_bytes();
    }
    if parsed.bare && !rules.allows_nameless {
        parsed.name = core::mem::take(&mut parsed.value);
    }
    let host = url.host_str()?;
    let (domain, host_only) = domain(&parsed, url, host, rules)?;
    let same_site = match parsed.same_site.as_deref() {
        Some(b"strict" | b"lax") => SameSite::Restricted,
        Some(b"none") => SameSite::None,
        _ if rules.lax_by_default => SameSite::Restricted,
        _ => SameSite::None,
    };
    let explicit_none = parsed.same_site.as_deref() == Some(b"none");
    let refused = parsed.secure && !is_secure(url, rules)
        || explicit_none && !parsed.secure && rules.none_needs_secure
        || !distance.same_site && same_site != SameSite::None
        || !distance.first_party && refused_of_third_parties(&parsed, rules)
        || parsed.partitioned && !parsed.secure && rules.third_party == ThirdParty::WhereAsked
        || parsed.name.is_empty() && (parsed.value.is_empty() || !rules.allows_nameless)
        || rules.enforces_prefixes && !prefix_holds(&parsed, url, host_only, rules);
    if refused {
        return None;
    }
    let expires = match (parsed.max_age, parsed.expires) {
        (Some(seconds), _) if seconds <= 0 => Some(Duration::ZERO),
        (Some(seconds), _) => Some(now.saturating_add(Duration::from_secs(seconds.unsigned_abs()))),
        (None, expires) => expires,
    };
    Some(Cookie {
        path: parsed.path.clone().unwrap_or_else(|| default_path(url)),
        name: parsed.name,
        value: parsed.value,
        domain,
        host_only,
        secure: parsed.secure,
        same_site,
        expires,
        partition: partition(distance, rules),
    })
}

/// The line without what the browser cuts off from its name and value.
fn as_read<'a>(line: &'a [u8], rules: &CookieRules) -> Cow<'a, [u8]> {
    let end = line.iter().position(|&byte| byte == b';').unwrap_or(line.len());
    match line[..end].iter().position(|byte| !byte.is_ascii()) {
        Some(at) if rules.eight_bit == EightBit::CutOff => {
            Cow::Owned([&line[..at], &line[end..]].concat())
        }
        _ => Cow::Borrowed(line),
    }
}

/// Whether a third party may not store this cookie.
fn refused_of_third_parties(parsed: &SetCookie, rules: &CookieRules) -> bool {
    match rules.third_party {
        ThirdParty::Allowed | ThirdParty::Partitioned => false,
        ThirdParty::WhereAsked => !parsed.partitioned,
        ThirdParty::Blocked => true,
    }
}

fn partition(distance: Distance<'_>, rules: &CookieRules) -> Option<String> {
    let apart = matches!(rules.third_party, ThirdParty::Partitioned | ThirdParty::WhereAsked);
    (apart && !distance.first_party).then(|| distance.tab.to_string())
}

/// The domain that a cookie is for, and whether for this host alone.
fn domain(
    parsed: &SetCookie,
    url: &Url,
    host: &str,
    rules: &CookieRules,
) -> Option<(String, bool)> {
    let Some(domain) = parsed.domain.as_deref().filter(|domain| !domain.is_empty()) else {
        return Some((host.to_string(), true));
    };
    if domain == host {
        let suffix = url.host().is_none_or(|host| registrable_domain(&host.to_owned()).is_none());
        let refused = suffix && rules.refuses_domain_of_suffix;
        return (!refused).then(|| (host.to_string(), suffix));
    }
    let parent: Host<String> = Host::Domain(domain.to_string());
    let public = registrable_domain(&parent).is_none();
    (!public && domain_matches(host, domain)).then(|| (domain.to_string(), false))
}

fn prefix_holds(parsed: &SetCookie, url: &Url, host_only: bool, rules: &CookieRules) -> bool {
    let name = parsed.name.to_ascii_lowercase();
    if name.starts_with(b"__host-") {
        return parsed.secure
            && is_secure(url, rules)
            && host_only
            && parsed.path.as_deref() == Some("/");
    }
    !name.starts_with(b"__secure-") || parsed.secure && is_secure(url, rules)
}

fn is_secure(url: &Url, rules: &CookieRules) -> bool {
    url.scheme() == "https"
        || !rules.secure_is_https && Origin::of(url).is_potentially_trustworthy()
}

fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain
        || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
            && host.parse::<core::net::IpAddr>().is_err()
}

fn path_matches(path: &str, cookie: &str) -> bool {
    path == cookie
        || path
            .strip_prefix(cookie)
            .is_some_and(|rest| cookie.ends_with('/') || rest.starts_with('/'))
}

fn default_path(url: &Url) -> String {
    match url.path().rfind('/') {
        None | Some(0) => "/".to_string(),
        Some(end) => url.path()[..end].to_string(),
    }
}

#[cfg(test)]
mod tests;
