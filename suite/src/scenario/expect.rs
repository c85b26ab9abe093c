//! What must come of a step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::StatusMatch;

/// What must come of a step; what is absent is not asked.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Expect {
    /// What the page sees.
    pub page: Option<PageSees>,
    /// Causes, any of which is right where the page is blocked.
    #[serde(default)]
    pub cause: Vec<String>,
    /// The status that the page sees, or a `wire` step's answer has.
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
    /// Whether another request than a preflight reaches the server.
    pub actual: Option<Sent>,
    /// What header values must be.
    #[serde(default)]
    pub header: Vec<HeaderExpect>,
    /// Line on which the expectation stands, from 1; 0 where unknown.
    #[serde(skip)]
    pub line: usize,
}

impl Expect {
    /// Whether it holds whatever comes of the step.
    #[must_use]
    pub fn is_of_anything(&self) -> bool {
        matches!(self.page, None | Some(PageSees::Any))
            && self.status.is_none()
            && self.preflight.is_none()
            && self.actual.is_none()
            && [&self.cause, &self.visible, &self.visible_where_sent, &self.hidden]
                .iter()
                .all(|names| names.is_empty())
            && self.header.is_empty()
    }
}

/// What a page sees of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PageSees {
    /// A `cors` or `basic` response.
    Readable,
    /// A network error.
    Blocked,
    /// An opaque response.
    Opaque,
    /// An opaque-redirect response.
    OpaqueRedirect,
    /// Whatever.
    Any,
}

/// Whether a request reaches the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sent {
    /// At least one does.
    Sent,
    /// None does.
    NotSent,
}

/// What the value of a header must be.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HeaderExpect {
    /// On which answers.
    #[serde(default)]
    pub on: On,
    /// The header's name.
    pub name: String,
    /// The operator.
    pub is: Operator,
    /// The operator's value; templates allowed.
    pub value: Option<String>,
    /// The operator's values; templates allowed.
    #[serde(default)]
    pub values: Vec<String>,
    /// For `same-as` and `differs-from`: the other step.
    pub step: Option<String>,
}

/// Which answers a header expectation is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// The preflight's.
    Preflight,
    /// The first that is no preflight's.
    First,
    /// The last that is no preflight's.
    Actual,
    /// All.
    Every,
    /// A `wire` step's.
    #[default]
    Response,
}

/// How a header's value is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operator {
    /// There is no such line.
    Absent,
    /// There is such a line.
    Present,
    /// There is exactly one such line.
    Once,
    /// The value is one of those given, byte for byte.
    Equals,
    /// The value is none of those given; absent is right.
    NotEquals,
    /// The value is the request's `Origin`.
    Origin,
    /// The list has each of the values (methods by case, names without).
    ListContains,
    /// The list has none of the values; absent is right.
    ListLacks,
    /// The list has nothing but what the values, each a list itself, have (methods by case, names without; `sec-*` stands for every name that begins so); absent is right.
    ListWithin,
    /// Each line is `#token`, empty members allowed; absent is right.
    TokenList,
    /// One line of digits; absent is right.
    DeltaSeconds,
    /// The number on each line is no greater than the value; absent is right, and what is no number is not looked at.
    AtMost,
    /// Each line has each of the values among its attributes, as cookies have them; names without case.
    HasAttributes,
    /// The list of names in `Vary` has each of the values, or `*`.
    VaryNames,
    /// The lines equal those of another step.
    SameAs,
    /// The lines differ from those of another step.
    DiffersFrom,
}
