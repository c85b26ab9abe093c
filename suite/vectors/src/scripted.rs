//! The servers of a vector: what they answer, and the record of what reached them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::place::{Place, filled, named};
use crate::vector::{Init, Vector, bytes, latin1};

/// The headers of a request that are recorded in any case; those that a script of the vector sets
/// are recorded as well.
const HEADERS: [&str; 13] = [
    "accept",
    "access-control-request-headers",
    "access-control-request-method",
    "authorization",
    "cache-control",
    "content-type",
    "cookie",
    "origin",
    "pragma",
    "referer",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
];

/// A request as a server receives it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asked {
    /// The place that it was sent to.
    pub host: Place,
    /// Which hop it asks for.
    pub hop: usize,
    /// The method.
    pub method: String,
    /// The header lines, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The length of the body.
    pub body: usize,
}

/// An answer as it goes over the wire.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The header lines, with `Content-Length` where there is one.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The body.
    pub body: &'static [u8],
}

/// A request, as it is recorded.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// The place that it was sent to.
    pub host: Place,
    /// Which hop it asks for.
    pub hop: usize,
    /// The method.
    pub method: String,
    /// Whether it is a preflight.
    pub preflight: bool,
    /// The headers that matter, each name once, in lower case.
    pub headers: BTreeMap<String, String>,
    /// The length of the body.
    pub body: usize,
}

impl Asked {
    /// The value of a header, its lines joined.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let lines = self.headers.iter().filter(|(it, _)| it == name);
        let values: Vec<_> = lines.map(|(_, value)| value.trim_matches([' ', '\t'])).collect();
        let between = if name == "cookie" { "; " } else { ", " };
        // What a browser joined to one line is read without the space around it.
        let joined = values.join(between);
        (!values.is_empty()).then(|| joined.trim_matches([' ', '\t']).to_owned())
    }

    /// Whether it is a preflight.
    #[must_use]
    pub fn is_preflight(&self) -> bool {
        self.method == "OPTIONS" && self.header("access-control-request-method").is_some()
    }

    /// The request as it is recorded for `vector`. `own` are headers that the browser itself sends
    /// with these values.
    #[must_use]
    pub fn recorded(&self, vector: &Vector, own: &[(&str, &str)]) -> Sent {
        let scripts = vector.steps.iter().flat_map(Init::names);
        let names: BTreeSet<String> =
            scripts.chain(HEADERS.iter().map(|&it| it.to_owned())).collect();
        let headers = names.into_iter().filter_map(|name| {
            let value = self.header(&name)?;
            let is_own = own.iter().any(|(own, it)| *own == name && *it == value);
            let ignored = is_own || name == "content-length";
            (!ignored).then(|| (name, unnumbered(&value, vector)))
        });
        Sent {
            host: self.host,
            hop: self.hop,
            method: self.method.clone(),
            preflight: self.is_preflight(),
            headers: headers.collect(),
            body: self.body,
        }
    }
}

impl Init {
    /// The names of the headers that its script sets, in lower case.
    fn names(&self) -> impl Iterator<Item = String> {
        self.headers.iter().map(|(name, _)| name.to_ascii_lowercase())
    }
}

/// The vector and the hop that a path leads to.
#[must_use]
pub fn led_to(path: &str) -> (Option<u32>, usize) {
    let mut parts = path.strip_prefix("/v/").unwrap_or_default().split('/');
    let id = parts.next().and_then(|it| it.parse().ok());
    (id, parts.next().and_then(|it| it.parse().ok()).unwrap_or(usize::MAX))
}

/// Text with letters for origins and `{P}` for the path of the vector.
#[must_use]
pub fn unnumbered(text: &str, vector: &Vector) -> String {
    let path = vector.path();
    let text = named(text);
    let slash = text.replace(&format!("{path}/"), "{P}/");
    if slash.ends_with(&path) { slash.replace(&path, "{P}") } else { slash }
}

/// What the servers of `vector` answer.
#[must_use]
pub fn reply(vector: &Vector, asked: &Asked) -> Reply {
    let preflight = asked.is_preflight();
    let Some(hop) = vector.hops.get(asked.hop).filter(|hop| hop.host == asked.host) else {
        let length = (b"Content-Length".to_vec(), b"0".to_vec());
        return Reply { status: 404, headers: vec![length], body: b"" };
    };
    let answer = if preflight { &hop.preflight } else { &hop.actual };
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .map(|(name, value)| (bytes(name), bytes(&value_for(value, vector, asked))))
        .collect();
    let bodiless = matches!(answer.status, 204 | 304);
    let body: &[u8] =
        if preflight || asked.method == "HEAD" || bodiless { b"" } else { b"payload" };
    if !bodiless {
        headers.push((b"Content-Length".to_vec(), body.len().to_string().into_bytes()));
    }
    Reply { status: answer.status, headers, body }
}

fn value_for(value: &str, vector: &Vector, asked: &Asked) -> String {
    if !value.contains('{') {
        return value.to_owned();
    }
    let said = |name, none: &str| asked.header(name).unwrap_or_else(|| none.to_owned());
    let value = value
        .replace("{P}", &vector.path())
        .replace("{RM}", &said("access-control-request-method", ""))
        .replace("{RH}", &said("access-control-request-headers", ""));
    filled(&value).replace("{O}", &said("origin", "none"))
}

/// Header lines of the model as a server receives them.
pub(crate) fn lines<'a>(
    headers: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> Vec<(String, String)> {
    headers.map(|(name, value)| (latin1(name).to_ascii_lowercase(), latin1(value))).collect()
}
