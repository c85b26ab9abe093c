//! Wrong ways to look up an origin.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};
use corspec_suite::policy::{OriginPattern, Policy};
use serde::Deserialize;

use crate::reference::cors::Lookup;

/// A wrong way to look up an origin: who is allowed, beside those that the policy allows unless it says otherwise.
///
/// The first group reads the list's entries too loosely, the second lets others in, the third shuts out, the fourth
/// reads the header wrongly, and the last remembers what it should not.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Matching {
    /// What begins with an entry.
    StartsWith,
    /// What ends with an entry's host and port, under its scheme.
    EndsWith,
    /// What contains an entry's host and port.
    Contains,
    /// What fits an entry whose dots stand for any character.
    DotIsAny,
    /// What begins with an entry, where no letter or digit follows.
    WordBoundary,
    /// What contains an entry's host as whole labels.
    LabelsWithin,
    /// An entry under any scheme.
    SchemeIgnored,
    /// An entry on any port.
    PortIgnored,
    /// An entry's host under any scheme and on any port.
    HostOnly,
    /// An entry over plain HTTP.
    HttpToo,
    /// An entry in any case.
    CaseIgnored,
    /// An entry with another last label.
    LastLabelIgnored,
    /// Hosts below an entry's.
    Subdomains,
    /// The hosts above an entry's.
    Parents,
    /// Hosts beside an entry's: another first label.
    Siblings,
    /// Hosts beside an entry's whose first label continues its own after a hyphen.
    HyphenSuffix,
    /// An entry's host with `www.` in front.
    Www,
    /// An entry's host with a dot at its end.
    TrailingDot,
    /// An entry with a slash at its end.
    TrailingSlash,
    /// An entry with a path.
    Path,
    /// An entry as the user part of another host.
    UserPart,
    /// An entry's first 16 characters.
    FirstCharacters,
    /// A site whose subdomains are allowed.
    Apex,

    /// Anything that is sent as `Origin`.
    Anything,
    /// The origin `null`.
    Null,
    /// `null` in any case.
    NullInAnyCase,
    /// Every origin of the machine itself.
    Localhost,
    /// What begins with the machine's own names.
    StartsWithLocalhost,
    /// Origins of browser extensions and app shells.
    OtherSchemes,
    /// Origins whose host is an address.
    Addresses,
    /// Origins with punycode in their host.
    Punycode,
    /// Anything, where a cookie is sent along.
    AnythingWithCookie,
    /// Anything, where an `Authorization` is sent along.
    AnythingWithAuthorization,
    /// Origins of services that give a name to anybody.
    Hosting,
    /// Origins on the server's own host, whatever their scheme and port.
    OwnHost,
    /// Anything over HTTPS.
    AnythingOverHttps,
    /// Anything longer than 256 characters, which the lookup gives up on.
    Overlong,
    /// An empty `Origin`.
    Empty,

    /// Nobody.
    Nobody,
    /// Only the list's first entry.
    FirstEntry,
    /// Only the list's last entry.
    LastEntry,
    /// No entry that has a port.
    NoPort,
    /// No entry over plain HTTP.
    NoHttp,
    /// No subdomain of a pattern.
    NoPattern,
    /// Only one label below a site whose subdomains are allowed.
    OneLabel,
    /// Below a site whose subdomains are allowed no label with a digit.
    NoDigit,
    /// Below a site whose subdomains are allowed no label with a hyphen.
    NoHyphen,
    /// Nobody who is allowed by `*`, but over HTTPS.
    StarIsHttps,
    /// Nobody who is allowed by `*`, but with a host name.
    StarIsNames,

    /// Whoever stands in a list of origins with one that is allowed, separated by spaces.
    ListWithSpaces,
    /// Whoever stands in a list of origins with one that is allowed, separated by commas.
    ListWithCommas,
    /// The first of several `Origin` lines.
    FirstLine,
    /// The last of several `Origin` lines.
    LastLine,
    /// All `Origin` lines, if one of them is allowed, joined as they came.
    JoinedLines,

    /// Every second request of an allowed origin alone: a regular expression that remembers where it stopped.
    EverySecond,
    /// Each allowed origin once.
    Once,
    /// Whoever comes after an allowed origin.
    AfterAllowed,
    /// Nobody any more, once a stranger has asked.
    UntilDenied,
    /// For each path what the first who asked got.
    FirstDecisionOfPath,
    /// The origin of the request before, whoever asks.
    PreviousOrigin,
    /// The first allowed origin that ever asked, whoever asks.
    FirstSeen,
}

/// A wrong lookup at work in one server.
pub(in crate::reference) struct Wrong {
    matching: Matching,
    memory: Mutex<Memory>,
}

/// What a lookup keeps from one request to the next, and should not.
#[derive(Default)]
struct Memory {
    calls: HashMap<String, usize>,
    decisions: HashMap<String, bool>,
    allowed_seen: Option<HeaderValue>,
    denied_seen: bool,
    previous: Option<HeaderValue>,
}

impl Wrong {
    pub(in crate::reference) fn new(matching: Matching) -> Self {
        Self { matching, memory: Mutex::default() }
    }

    /// The lookups that remember.
    fn remembering(
        &self,
        policy: &Policy,
        origin: &HeaderValue,
        path: &str,
    ) -> Option<HeaderValue> {
        let right = origin.to_str().is_ok_and(|it| policy.allows_origin(it));
        let granted = |is: bool| is.then(|| origin.clone());
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let key = format!("{origin:?}");
        let calls = memory.calls.entry(key).or_default();
        *calls += 1;
        let calls = *calls;
        let answer = match self.matching {
            Matching::EverySecond => granted(right && calls % 2 == 1),
            Matching::Once => granted(right && calls == 1),
            Matching::AfterAllowed => granted(right || memory.allowed_seen.is_some()),
            Matching::UntilDenied => granted(right && !memory.denied_seen),
            Matching::FirstDecisionOfPath => {
                granted(*memory.decisions.entry(path.to_owned()).or_insert(right))
            }
            Matching::PreviousOrigin => memory.previous.clone().or_else(|| granted(right)),
            Matching::FirstSeen => memory.allowed_seen.clone().or_else(|| granted(right)),
            _ => granted(self.matching.allows(policy, origin.to_str().unwrap_or_default())),
        };
        if right {
            memory.allowed_seen.get_or_insert_with(|| origin.clone());
        }
        memory.denied_seen |= !right;
        memory.previous = Some(origin.clone());
        answer
    }
}

impl Lookup for Wrong {
    fn granted(&self, policy: &Policy, headers: &HeaderMap, path: &str) -> Option<HeaderValue> {
        if self.matching == Matching::JoinedLines {
            let (joined, lines) = joined(headers)?;
            return lines.iter().any(|it| policy.allows_origin(it)).then_some(joined);
        }
        let mut lines = headers.get_all(ORIGIN).iter();
        let origin = match self.matching {
            Matching::LastLine => lines.next_back()?,
            Matching::FirstLine => lines.next()?,
            _ => lines.next().filter(|_| lines.next().is_none())?,
        };
        let anything = match self.matching {
            Matching::Anything => true,
            Matching::AnythingWithCookie => headers.contains_key(COOKIE),
            Matching::AnythingWithAuthorization => headers.contains_key(AUTHORIZATION),
            Matching::OwnHost => {
                let own = headers.get(HOST).and_then(|it| it.to_str().ok()).unwrap_or_default();
                let host = own.split(':').next().unwrap_or_default();
                Parts::of(origin.to_str().ok()?).is_some_and(|it| it.host == host)
            }
            _ => false,
        };
        if anything {
            return Some(origin.clone());
        }
        self.remembering(policy, origin, path)
    }

    fn echoes(&self) -> bool {
        matches!(
            self.matching,
            Matching::Anything
                | Matching::AnythingWithCookie
                | Matching::Nobody
                | Matching::StarIsHttps
                | Matching::StarIsNames
                | Matching::EverySecond
                | Matching::Once
                | Matching::UntilDenied
                | Matching::FirstDecisionOfPath
                | Matching::PreviousOrigin
                | Matching::FirstSeen
        )
    }
}

impl Matching {
    /// Whether the lookup keeps something from one request to the next.
    pub(super) fn remembers(self) -> bool {
        matches!(
            self,
            Self::EverySecond
                | Self::Once
                | Self::AfterAllowed
                | Self::UntilDenied
                | Self::FirstDecisionOfPath
                | Self::PreviousOrigin
                | Self::FirstSeen
        )
    }

    /// Whether `origin` is let in, where nothing else than the policy decides.
    fn allows(self, policy: &Policy, origin: &str) -> bool {
        let right = policy.allows_origin(origin);
        let entries = &policy.allow_origins;
        let is_exactly = |pattern: Option<&OriginPattern>| {
            pattern.is_some_and(|pattern| pattern.matches(origin))
        };
        let parts = Parts::of(origin);
        match self {
            Self::Nobody => false,
            Self::FirstEntry => is_exactly(entries.first()),
            Self::LastEntry => is_exactly(entries.last()),
            Self::NoPort => right && parts.is_none_or(|it| it.port.is_none()),
            Self::NoHttp => right && !origin.starts_with("http:"),
            Self::NoPattern => entries.contains(&OriginPattern::Exact(origin.to_owned())),
            Self::OneLabel | Self::NoDigit | Self::NoHyphen => {
                entries.iter().any(|it| it.matches(origin) && self.takes_labels(it, origin))
            }
            Self::CaseIgnored => policy.allows_origin(&origin.to_ascii_lowercase()),
            Self::StarIsHttps => right && origin.starts_with("https:"),
            Self::StarIsNames => right && parts.is_some_and(|it| !it.is_address()),
            _ => right || self.stranger(origin) || entries.iter().any(|it| self.fits(it, origin)),
        }
    }

    /// Whether a stranger is let in, whatever the list says.
    fn stranger(self, origin: &str) -> bool {
        let parts = Parts::of(origin);
        let own_names = ["http://localhost", "http://127.0.0.1"];
        match self {
            Self::Null => origin == "null",
            Self::NullInAnyCase => origin.eq_ignore_ascii_case("null"),
            Self::Localhost => {
                parts.is_some_and(|it| ["localhost", "127.0.0.1", "[::1]"].contains(&it.host))
            }
            Self::StartsWithLocalhost => own_names.iter().any(|it| origin.starts_with(it)),
            Self::OtherSchemes => parts.is_some_and(|it| !it.scheme.starts_with("http")),
            Self::Addresses => parts.is_some_and(|it| it.is_address()),
            Self::Punycode => origin.contains("xn--"),
            Self::AnythingOverHttps => origin.starts_with("https://"),
            Self::Hosting => parts.is_some_and(|it| {
                let services = [".vercel.app", ".netlify.app", ".ngrok.io"];
                services.iter().any(|service| it.host.ends_with(service))
            }),
            Self::Overlong => origin.len() > 256,
            Self::Empty => origin.is_empty(),
            _ => false,
        }
    }

    /// Whether the labels that `entry` leaves open may be those of `origin`, which it lets in.
    fn takes_labels(self, entry: &OriginPattern, origin: &str) -> bool {
        let OriginPattern::Subdomains { suffix, .. } = entry else { return true };
        let host = origin.split_once("://").map_or(origin, |(_, authority)| authority);
        let labels = host.strip_suffix(suffix).unwrap_or(host).trim_end_matches('.');
        match self {
            Self::OneLabel => !labels.contains('.'),
            Self::NoDigit => !labels.bytes().any(|it| it.is_ascii_digit()),
            Self::NoHyphen => !labels.contains('-'),
            _ => true,
        }
    }

    /// Whether an entry of the list is taken for `origin`.
    fn fits(self, entry: &OriginPattern, origin: &str) -> bool {
        let (written, open) = match entry {
            OriginPattern::Any => return false,
            OriginPattern::Exact(exact) => (exact.clone(), false),
            OriginPattern::Subdomains { scheme, suffix } => (format!("{scheme}://{suffix}"), true),
        };
        let (Some(entry), Some(parts)) = (Parts::of(&written), Parts::of(origin)) else {
            return false;
        };
        // Where the entry leaves labels open, what they stand for is cut away and the rest compared.
        let cut = match open {
            false => Some(origin.to_owned()),
            true => origin
                .find(&format!(".{}", entry.authority))
                .map(|at| format!("{}://{}", parts.scheme, &origin[at + 1..])),
        };
        let is = |made: Option<String>| cut.is_some() && made == cut;
        let rest = cut.as_deref().and_then(|cut| cut.strip_prefix(&written));
        match self {
            Self::StartsWith => rest.is_some(),
            Self::WordBoundary => {
                rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
            }
            Self::EndsWith => {
                parts.scheme == entry.scheme && parts.authority.ends_with(entry.authority)
            }
            Self::Contains => origin.contains(entry.authority),
            Self::LabelsWithin => {
                format!(".{}.", parts.authority).contains(&format!(".{}.", entry.authority))
            }
            Self::DotIsAny => {
                let end = origin.len().checked_sub(written.len()).filter(|_| open);
                let tail = end.and_then(|at| origin.get(at..)).unwrap_or(origin);
                dots_fit(
                    &written[if open { entry.scheme.len() + 3 } else { 0 }..],
                    match open {
                        true => tail.get(entry.scheme.len() + 3..).unwrap_or_default(),
                        false => tail,
                    },
                )
            }
            Self::SchemeIgnored => is(Some(format!("{}://{}", parts.scheme, entry.authority))),
            Self::PortIgnored => parts.scheme == entry.scheme && entry.has_host(parts.host, open),
            Self::HostOnly => entry.has_host(parts.host, open),
            Self::HttpToo => is(Some(format!("http://{}", entry.authority))),
            Self::LastLabelIgnored => {
                let stem = |host: &str| host.rsplit_once('.').map(|(stem, _)| stem.to_owned());
                let (mine, theirs) = (stem(entry.host), stem(parts.host));
                parts.scheme == entry.scheme
                    && mine.zip(theirs).is_some_and(|(mine, theirs)| match open {
                        true => theirs.ends_with(&format!(".{mine}")),
                        false => mine == theirs,
                    })
            }
            Self::Subdomains => {
                parts.scheme == entry.scheme
                    && parts.authority.ends_with(&format!(".{}", entry.authority))
            }
            Self::Parents => entry.host.ends_with(&format!(".{}", parts.host)),
            Self::Siblings => {
                let above = |host: &str| host.split_once('.').map(|(_, above)| above.to_owned());
                !open && above(entry.host).is_some() && above(entry.host) == above(parts.host)
            }
            Self::HyphenSuffix => {
                !open && {
                    let first =
                        |host: &str| host.split_once('.').map(|(first, _)| first.to_owned());
                    let above =
                        |host: &str| host.split_once('.').map(|(_, above)| above.to_owned());
                    let (mine, theirs) = (first(entry.host), first(parts.host));
                    above(entry.host) == above(parts.host)
                        && mine.zip(theirs).is_some_and(|(mine, theirs)| {
                            theirs.strip_prefix(&mine).is_some_and(|rest| rest.starts_with('-'))
                        })
                }
            }
            Self::Www => origin == written.replacen("://", "://www.", 1),
            Self::TrailingDot => rest == Some("."),
            Self::TrailingSlash => rest == Some("/"),
            Self::Path => rest.is_some_and(|rest| rest.starts_with('/')),
            Self::UserPart => rest.is_some_and(|rest| rest.starts_with('@')),
            Self::FirstCharacters => origin.get(..16).is_some_and(|it| written.starts_with(it)),
            Self::Apex => open && origin == written,
            Self::ListWithSpaces => origin.split(' ').any(|it| it == written),
            Self::ListWithCommas => origin.split(',').any(|it| it.trim() == written),
            _ => false,
        }
    }
}

/// A serialised origin, taken apart as naive code does.
#[derive(Clone, Copy)]
struct Parts<'a> {
    scheme: &'a str,
    authority: &'a str,
    host: &'a str,
    port: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(origin: &'a str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://").filter(|(it, _)| !it.is_empty())?;
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|it| it.is_ascii_digit()) => (host, Some(port)),
            _ => (authority, None),
        };
        Some(Self { scheme, authority, host, port })
    }

    fn is_address(&self) -> bool {
        self.host.starts_with('[') || self.host.bytes().all(|it| it.is_ascii_digit() || it == b'.')
    }

    /// Whether the entry is for `host`, or for the hosts below its own.
    fn has_host(&self, host: &str, open: bool) -> bool {
        match open {
            true => host.ends_with(&format!(".{}", self.host)),
            false => host == self.host,
        }
    }
}

/// All `Origin` lines in one value, and each by itself.
fn joined(headers: &HeaderMap) -> Option<(HeaderValue, Vec<&str>)> {
    let lines = headers.get_all(ORIGIN).iter().map(|line| line.to_str());
    let lines: Vec<&str> = lines.collect::<Result<_, _>>().ok()?;
    let value = HeaderValue::from_str(&lines.join(", ")).ok()?;
    (!lines.is_empty()).then_some((value, lines))
}

/// Whether `text` fits `pattern`, in which a dot is any character.
fn dots_fit(pattern: &str, text: &str) -> bool {
    pattern.len() == text.len()
        && pattern.bytes().zip(text.bytes()).all(|(want, is)| want == b'.' || want == is)
}
