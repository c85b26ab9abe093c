//! The scenario format: what stands in a file of `suite/scenarios/`, as types.
//!
//! The types take every key that the format has and refuse every other; what the keys must say beyond that is checked
//! by [`crate::load`]. `suite/README.md` describes each key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::grammar::GrammarRule;
use crate::throughout::ThroughoutRule;

mod differential;
mod expect;
mod status;

pub use differential::{DifferentialAction, VariedHeader};
pub use expect::{Expect, HeaderExpect, On, Operator, PageSees, Sent};
pub use status::{StatusMatch, StatusPattern};

/// One file of scenarios.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AreaFile {
    /// The area's name, which begins every id in it.
    pub area: String,
    /// What the area asks, in a sentence.
    pub about: String,
    /// The scenarios, in teaching order.
    pub scenario: Vec<Scenario>,
}

/// One thing that a page or a raw client does, and what must come of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scenario {
    /// `area/slug`: states the fact; permanent.
    pub id: String,
    /// A sentence that is true when the scenario passes.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// What users see when it fails.
    pub impact: String,
    /// `standard#anchor step`.
    pub spec: String,
    /// What the expectation rests on.
    pub basis: Basis,
    /// How binding it is.
    pub level: Level,
    /// What a failure means; absent only for `observe`.
    pub direction: Option<Direction>,
    /// Facts of the policy, routes and abilities that it needs.
    #[serde(default)]
    pub requires: Vec<String>,
    /// Names of the only policies it is for; empty: any.
    #[serde(default)]
    pub policies: Vec<String>,
    /// Earlier ids.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Links to where the field disagrees.
    #[serde(default)]
    pub debate: Vec<String>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// A rule of grammar that every answer of the run must keep.
    pub grammar: Option<GrammarRule>,
    /// A rule of the policy that every answer of the run must keep.
    pub throughout: Option<ThroughoutRule>,
    /// What is done, in order.
    pub step: Vec<Step>,
    /// Named variants that pass too.
    #[serde(default)]
    pub accept: Vec<Accept>,
    /// File that it stands in.
    #[serde(skip)]
    pub file: String,
    /// Line on which it begins, from 1.
    #[serde(skip)]
    pub line: usize,
}

/// What an expectation rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The browser's verdict contradicts the policy.
    Outcome,
    /// The answer violates the ABNF.
    Grammar,
    /// A cache between may hand the answer to another.
    Cache,
    /// HTTP itself asks for it.
    Http,
    /// Not in a standard, but safer.
    Hardening,
    /// How implementations get along.
    Interop,
}

/// How binding an expectation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Only for `outcome` and `grammar`.
    Must,
    /// For `cache`, `http`, `hardening` and `interop`.
    Should,
    /// Never fails; records.
    Observe,
}

/// What a failure means.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Shared although the policy forbids: a hole.
    FailOpen,
    /// Blocked although the policy allows: an outage.
    FailClosed,
    /// Not what the grammar allows.
    Malformed,
    /// A cache may break or leak to others.
    CacheHazard,
}

/// One step; exactly one of `fetch`, `wire` and `differential` is there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Step {
    /// Its name; absent: its number, from 1.
    pub name: Option<String>,
    /// Seconds that the agent's clock moves before the step.
    #[serde(default)]
    pub advance: u64,
    /// Whether it is done at the same time as the step before it, each by a visitor with a browser of its own.
    #[serde(default)]
    pub alongside: bool,
    /// Whether it is left out where the target does not serve its route; without it the whole case is not applicable.
    #[serde(default)]
    pub where_served: bool,
    /// What a page does.
    pub fetch: Option<FetchAction>,
    /// A raw request, for what no browser sends.
    pub wire: Option<WireAction>,
    /// The caching oracle: one URL, asked by several visitors.
    pub differential: Option<DifferentialAction>,
    /// What must come of it.
    #[serde(default)]
    pub expect: Expect,
}

/// What a page does: a call of `fetch()`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FetchAction {
    /// Origin role of the page.
    pub origin: String,
    /// Name of the target's route.
    pub route: String,
    /// For the route `status`: the status.
    pub code: Option<u16>,
    /// For the route `redirect`: where it leads.
    pub to: Option<String>,
    /// What is appended to the path itself.
    pub suffix: Option<String>,
    /// What is appended to the path as query, without `?`.
    pub query: Option<String>,
    /// Whether the page asks a server of another origin, which redirects (307) to the target.
    #[serde(default)]
    pub through_elsewhere: bool,
    /// Method role or literal.
    #[serde(default = "get")]
    pub method: String,
    /// Header roles, or `name: value`.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Credentials mode.
    #[serde(default)]
    pub credentials: CredentialsChoice,
    /// The body, a string's bytes.
    pub body: Option<String>,
    /// The body's own type; absent: that of a string.
    pub body_type: Option<String>,
    /// Request mode.
    #[serde(default)]
    pub mode: ModeChoice,
    /// Redirect mode.
    #[serde(default)]
    pub redirect: RedirectChoice,
    /// As XMLHttpRequest with upload listeners: asks for a preflight in any case.
    #[serde(default)]
    pub use_cors_preflight: bool,
}

fn get() -> String {
    "GET".to_owned()
}

/// A credentials mode, or what the policy allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialsChoice {
    /// Never; Fetch's own default does the same cross-origin.
    Omit,
    /// Fetch's default.
    #[default]
    SameOrigin,
    /// Always.
    Include,
    /// `include` where the policy allows credentials, else `omit`.
    AsPolicy,
}

/// A request mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ModeChoice {
    /// Fetch's default.
    #[default]
    Cors,
    /// The answer stays opaque.
    NoCors,
    /// Cross-origin is an error.
    SameOrigin,
}

/// A redirect mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RedirectChoice {
    /// Fetch's default.
    #[default]
    Follow,
    /// A redirect is an error.
    Error,
    /// A redirect is given to the page, opaque.
    Manual,
}

/// A raw request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WireAction {
    /// The method, as it goes over the wire; templates allowed.
    #[serde(default = "get")]
    pub method: String,
    /// Name of the target's route.
    pub route: String,
    /// For the route `status`: the status.
    pub code: Option<u16>,
    /// For the route `redirect`: where it leads.
    pub to: Option<String>,
    /// What is appended to the path as query, without `?`.
    pub query: Option<String>,
    /// Name and value of each header line, templates allowed in values.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
}

/// A variant that passes too, where the main expectation fails.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Accept {
    /// Its name, which reports show.
    pub name: String,
    /// Why it is right too.
    pub note: String,
    /// Expectations in place of those of the steps named; other steps keep theirs.
    pub expect: Vec<StepExpect>,
}

/// The expectation of a variant for one step.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StepExpect {
    /// The step's name.
    pub step: String,
    /// What the page sees.
    pub page: Option<PageSees>,
    /// Causes, any of which is right where the page is blocked.
    #[serde(default)]
    pub cause: Vec<String>,
    /// Statuses, any of which is right.
    pub status: Option<StatusMatch>,
    /// Header names that the page can read.
    #[serde(default)]
    pub visible: Vec<String>,
    /// Header names, or lists of them, of which the page can read those that the answer has.
    #[serde(default)]
    pub visible_where_sent: Vec<String>,
    /// Header names that the page cannot read.
    #[serde(default)]
    pub hidden: Vec<String>,
    /// Whether a preflight reaches the server.
    pub preflight: Option<Sent>,
    /// Whether another request reaches the server.
    pub actual: Option<Sent>,
    /// What header values must be.
    #[serde(default)]
    pub header: Vec<HeaderExpect>,
}

impl StepExpect {
    /// The expectation without the step's name.
    #[must_use]
    pub fn expect(&self) -> Expect {
        Expect {
            page: self.page,
            cause: self.cause.clone(),
            status: self.status.clone(),
            visible: self.visible.clone(),
            visible_where_sent: self.visible_where_sent.clone(),
            hidden: self.hidden.clone(),
            preflight: self.preflight,
            actual: self.actual,
            header: self.header.clone(),
            line: 0,
        }
    }
}

impl Step {
    /// The step's name, or its number (from 1) at `index` (from 0).
    #[must_use]
    pub fn name_at(&self, index: usize) -> String {
        self.name.clone().unwrap_or_else(|| (index + 1).to_string())
    }

    /// Names of the routes that it asks for.
    pub fn routes(&self) -> impl Iterator<Item = &str> {
        let fetch = self.fetch.as_ref().map(|it| (&it.route, &it.to));
        let wire = self.wire.as_ref().map(|it| (&it.route, &it.to));
        let differential = self.differential.as_ref().map(|it| (&it.route, &it.to));
        let asked = fetch.into_iter().chain(wire).chain(differential);
        asked.flat_map(|(route, to)| [Some(route), to.as_ref()]).flatten().map(String::as_str)
    }
}
