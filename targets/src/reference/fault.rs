//! Faults: how a server may depart from the reference, as data.
//!
//! A fault is written in TOML (see `targets/mutants/`), in a closed vocabulary. It acts in three places, and nowhere
//! else: the lookup of an origin, the policy that the CORS layer holds to, and a
//! layer around the whole server that edits what comes in and what goes out. The modules of the right
//! behaviour know of the first place alone.

use axum::http::{HeaderName, Method};
use corspec_suite::policy::Policy;
use serde::Deserialize;

pub(super) mod layer;
pub(super) mod matching;
mod value;
mod when;

pub use self::matching::Matching;
pub use self::value::{Name, Template};
pub use self::when::{Nth, PolicyFact, Route, StatusPattern, When, Who};

/// What a server does otherwise than the reference. The default does nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Fault {
    /// How origins are looked up.
    pub origins: Option<Matching>,
    /// Keys of a policy that the CORS layer holds to in place of the declared ones. They need not make sense.
    pub policy: Option<PolicyKeys>,
    /// Edits of requests before the server reads them, in order.
    pub request: Vec<RequestRule>,
    /// Requests that are answered in the server's place; the first that fits.
    pub answer: Vec<Answer>,
    /// Edits of responses, in order.
    pub response: Vec<ResponseRule>,
}

impl Fault {
    /// Whether a server with this fault may answer equal requests differently.
    #[must_use]
    pub fn remembers(&self) -> bool {
        let whens = self.request.iter().map(|it| &it.when);
        let whens = whens.chain(self.answer.iter().map(|it| &it.when));
        let mut whens = whens.chain(self.response.iter().map(|it| &it.when));
        let edits = self.response.iter().flat_map(|it| it.set.iter().chain(&it.append));
        self.origins.is_some_and(Matching::remembers)
            || whens.any(|it| it.nth.is_some())
            || edits.map(|(_, value)| value).any(Template::remembers)
    }

    /// Whether a server with this fault can differ from the reference under `policy`.
    #[must_use]
    pub fn acts_under(&self, policy: &Policy) -> bool {
        let whens = self.request.iter().map(|it| &it.when);
        let whens = whens.chain(self.answer.iter().map(|it| &it.when));
        let mut whens = whens.chain(self.response.iter().map(|it| &it.when));
        self.origins.is_some()
            || self.policy.is_some()
            || whens.any(|it| it.policy.iter().all(|fact| fact.holds(policy)))
    }

    /// The policy that the CORS layer of a server with this fault holds to, where `declared` is what it should.
    pub(super) fn policy(&self, declared: &Policy) -> Policy {
        self.policy.as_ref().map_or_else(|| declared.clone(), |keys| keys.over(declared))
    }
}

/// Keys of a policy in place of those of another.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "serde_json::Map<String, serde_json::Value>")]
pub struct PolicyKeys(serde_json::Map<String, serde_json::Value>);

impl PolicyKeys {
    fn over(&self, declared: &Policy) -> Policy {
        let mut merged = match serde_json::to_value(declared) {
            Ok(serde_json::Value::Object(map)) => map,
            _ => serde_json::Map::new(),
        };
        merged.extend(self.0.clone());
        // Each of the keys was read as one of a policy, so that the whole is one too.
        serde_json::from_value(merged.into()).unwrap_or_else(|_| declared.clone())
    }
}

impl TryFrom<serde_json::Map<String, serde_json::Value>> for PolicyKeys {
    type Error = serde_json::Error;

    fn try_from(keys: serde_json::Map<String, serde_json::Value>) -> Result<Self, Self::Error> {
        serde_json::from_value::<Policy>(keys.clone().into())?;
        Ok(Self(keys))
    }
}

/// An edit of requests.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RequestRule {
    /// Which requests.
    #[serde(default)]
    pub when: When,
    /// Header lines that the server does not get to see.
    #[serde(default)]
    pub remove: Vec<Name>,
    /// Header lines that it sees in place of others of that name.
    #[serde(default)]
    pub set: Vec<(Name, Template)>,
}

/// A request that is answered in the server's place.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Answer {
    /// Which requests.
    #[serde(default)]
    pub when: When,
    /// The answer's status.
    pub status: u16,
    /// Its header lines.
    #[serde(default)]
    pub headers: Vec<(Name, Template)>,
    /// Whether the CORS layer stands around it, so that it is shared like any answer of the application.
    #[serde(default)]
    pub shared: bool,
}

/// An edit of responses. Within one rule the edits are made in the order of these keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ResponseRule {
    /// Which responses.
    #[serde(default)]
    pub when: When,
    /// The status in place of the right one.
    #[serde(default)]
    pub status: Option<u16>,
    /// Whether every CORS header goes, and `Origin` from `Vary`.
    #[serde(default)]
    pub bare: bool,
    /// Headers that go.
    #[serde(default)]
    pub remove: Vec<Name>,
    /// Headers that get another name.
    #[serde(default)]
    pub rename: Vec<(Name, Name)>,
    /// Headers that get this one line.
    #[serde(default)]
    pub set: Vec<(Name, Template)>,
    /// Further lines.
    #[serde(default)]
    pub append: Vec<(Name, Template)>,
    /// Lines whose value is decoded and written as it comes: what follows a line break in it is a header of its own.
    #[serde(default)]
    pub inject: Vec<(Name, Template)>,
    /// Texts before and behind the value of every line.
    #[serde(default)]
    pub wrap: Vec<(Name, String, String)>,
    /// Texts in values, and what stands there instead.
    #[serde(default)]
    pub replace: Vec<(Name, String, String)>,
    /// Members that lists lose, whatever their case; a list without members goes.
    #[serde(default)]
    pub drop: Vec<(Name, Template)>,
    /// Lists that keep only the members that the preflight asked for.
    #[serde(default)]
    pub keep_asked: Vec<Name>,
    /// Lists that keep only the members that the first line of names in the preflight asked for.
    #[serde(default)]
    pub keep_first_asked: Vec<Name>,
    /// Lists whose members come in the opposite order.
    #[serde(default)]
    pub reverse: Vec<Name>,
    /// Lists that come as one line a member.
    #[serde(default)]
    pub split: Vec<Name>,
    /// Headers whose lines come twice.
    #[serde(default)]
    pub double: Vec<Name>,
    /// Headers whose values come in capitals.
    #[serde(default)]
    pub upper: Vec<Name>,
    /// Headers whose values come in small letters.
    #[serde(default)]
    pub lower: Vec<Name>,
}

/// What a request is to a fault: read once, before anything is edited.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) headers: axum::http::HeaderMap,
    pub(super) path: String,
    pub(super) preflight: bool,
    /// How many requests with an `Origin` the server has had, this one included.
    pub(super) count: usize,
    /// The `Origin` of the request before this one that had any.
    pub(super) previous_origin: Option<String>,
}

impl Asked {
    /// The only or first line of the header `name`, as text.
    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// All lines of the header `name`, joined.
    pub(super) fn lines(&self, name: &HeaderName) -> Option<String> {
        let lines = self.headers.get_all(name).iter().map(|line| line.to_str());
        let lines: Vec<_> = lines.collect::<Result<_, _>>().ok()?;
        (!lines.is_empty()).then(|| lines.join(", "))
    }
}
