//! The requests of the caching oracle: one URL, asked by several users.

use super::WireStep;
use super::template::Template;
use crate::exchange::Exchange;
use crate::role;
use crate::scenario::{DifferentialAction, VariedHeader};

/// What stands for the cookie of a visitor where no answer set one.
const SOME_COOKIE: &str = "corspec=1";

/// What stands for the credentials of a visitor; no server need know them.
const SOME_AUTHORIZATION: &str = "Bearer corspec-visitor";

/// One of the caching oracle's requests.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Its `Origin`; absent: none.
    pub origin: Option<String>,
    /// Whether it is of a visitor with the cookies that the answers before it set.
    pub with_cookies: bool,
    /// The request, without cookies.
    pub request: WireStep,
}

impl Probe {
    /// The request as it is sent after these `earlier` exchanges of its step.
    #[must_use]
    pub fn request_after(&self, earlier: &[Exchange]) -> WireStep {
        let mut request = self.request.clone();
        if self.with_cookies {
            request.headers.push(("Cookie".to_owned(), cookies(earlier)));
        }
        request
    }
}

/// The name and value of each cookie that the answers set, the last of each name.
fn cookies(earlier: &[Exchange]) -> String {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for response in earlier.iter().filter_map(|exchange| exchange.response.as_ref().ok()) {
        for line in response.headers.get_all("set-cookie").map(String::from_utf8_lossy) {
            let pair = line.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else { continue };
            pairs.retain(|(known, _)| known != name.trim());
            pairs.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if pairs.is_empty() { SOME_COOKIE.to_owned() } else { pairs.join("; ") }
}

/// What a probe asks with beside the URL and the method.
#[derive(Clone, Default)]
struct Visitor {
    origin: Option<String>,
    authorization: bool,
    cookies: bool,
    request_method: Option<String>,
    request_headers: Option<String>,
}

/// The requests of a step; roles that the policy has no value for are left out.
///
/// All differ in one header from one of them: a page of the first allowed origin.
pub(super) fn probes(
    differential: &DifferentialAction,
    template: &Template<'_>,
) -> Result<Vec<Probe>, String> {
    let policy = template.policy;
    let asked = role::method(&differential.method, policy)?;
    let method = if differential.preflight { "OPTIONS" } else { &asked };
    let to = differential.to.as_deref();
    let request = WireStep {
        method: method.to_owned(),
        url: template.url(&differential.route, differential.code, to, None)?,
        headers: Vec::new(),
        body: None,
    };
    let base = Visitor {
        origin: template.origin("allowed").ok(),
        request_method: differential.preflight.then(|| asked.clone()),
        ..Visitor::default()
    };
    let varied = differential.varied();
    let mut visitors = match varied.contains(&VariedHeader::Origin) {
        true => origins(&base, template),
        false => vec![base.clone()],
    };
    visitors.extend(varied.iter().flat_map(|header| others(*header, &base, template)));
    if varied.iter().any(|header| header.is_credential()) {
        // Asked again, it shows which differences come of themselves.
        visitors.push(base);
    }
    Ok(visitors.iter().map(|visitor| visitor.probe(&request)).collect())
}

/// `base` and visitors that differ from it in `Origin`.
fn origins(base: &Visitor, template: &Template<'_>) -> Vec<Visitor> {
    let roles = ["allowed", "other-allowed", "denied", "null"];
    let origins = roles.iter().filter_map(|role| template.origin(role).ok());
    let origins = [None].into_iter().chain(origins.map(Some));
    origins.map(|origin| Visitor { origin, ..base.clone() }).collect()
}

/// Visitors that differ from `base` in another header than `Origin`.
fn others(header: VariedHeader, base: &Visitor, template: &Template<'_>) -> Vec<Visitor> {
    let policy = template.policy;
    match header {
        VariedHeader::Origin => Vec::new(),
        VariedHeader::Authorization => vec![Visitor { authorization: true, ..base.clone() }],
        VariedHeader::Cookie => vec![Visitor { cookies: true, ..base.clone() }],
        VariedHeader::RequestMethod => {
            let roles = ["allowed-unsafe", "other-allowed-unsafe", "denied"];
            let methods = roles.iter().filter_map(|role| role::method(role, policy).ok()).map(Some);
            let methods = methods.filter(|it| *it != base.request_method);
            methods.map(|request_method| Visitor { request_method, ..base.clone() }).collect()
        }
        VariedHeader::RequestHeaders => {
            let headers =
                ["allowed", "denied"].iter().filter_map(|it| role::header(it, policy).ok());
            let names = headers.filter_map(|lines| Some(lines.first()?.0.to_ascii_lowercase()));
            let names = names.map(Some);
            names.map(|request_headers| Visitor { request_headers, ..base.clone() }).collect()
        }
    }
}

impl Visitor {
    fn probe(&self, request: &WireStep) -> Probe {
        let authorization = self.authorization.then(|| SOME_AUTHORIZATION.to_owned());
        let lines = [
            ("Origin", &self.origin),
            ("Access-Control-Request-Method", &self.request_method),
            ("Access-Control-Request-Headers", &self.request_headers),
            ("Authorization", &authorization),
        ];
        let lines = lines.into_iter().filter_map(|(name, it)| Some((name.to_owned(), it.clone()?)));
        Probe {
            origin: self.origin.clone(),
            with_cookies: self.cookies,
            request: WireStep { headers: lines.collect(), ..request.clone() },
        }
    }
}
