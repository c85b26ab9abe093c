//! The caching oracle's step.

use schemars::JsonSchema;
use serde::Deserialize;

/// The caching oracle: one URL asked by visitors that differ in one request header.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DifferentialAction {
    /// Name of the target's route.
    pub route: String,
    /// For the route `status`: the status.
    pub code: Option<u16>,
    /// For the route `redirect`: where it leads.
    pub to: Option<String>,
    /// The method; with `preflight`, the one asked for.
    #[serde(default = "super::get")]
    pub method: String,
    /// Whether the preflight for `method` is asked instead.
    #[serde(default)]
    pub preflight: bool,
    /// The request headers in which visitors differ; absent: `origin`, of preflights the two `request-` ones too.
    #[serde(default)]
    pub by: Vec<VariedHeader>,
}

/// A request header in which visitors differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VariedHeader {
    /// `Origin`: none, an allowed, another allowed, a denied one and `null`.
    Origin,
    /// `Access-Control-Request-Method`: an allowed, another allowed and a denied one.
    RequestMethod,
    /// `Access-Control-Request-Headers`: none, an allowed and a denied one.
    RequestHeaders,
    /// `Cookie`: none, and what the server set.
    Cookie,
    /// `Authorization`: none and one.
    Authorization,
}

impl DifferentialAction {
    /// The request headers in which visitors differ.
    #[must_use]
    pub fn varied(&self) -> Vec<VariedHeader> {
        match (self.by.is_empty(), self.preflight) {
            (false, _) => self.by.clone(),
            (true, false) => vec![VariedHeader::Origin],
            (true, true) => vec![
                VariedHeader::Origin,
                VariedHeader::RequestMethod,
                VariedHeader::RequestHeaders,
            ],
        }
    }

    /// Whether a shared cache may store what is answered: nothing but GET and HEAD (RFC 9111, section 3).
    #[must_use]
    pub fn is_of_storable_method(&self) -> bool {
        !self.preflight && matches!(self.method.as_str(), "GET" | "HEAD")
    }
}

impl VariedHeader {
    /// Each of them.
    pub const ALL: [Self; 5] = [
        Self::Origin,
        Self::RequestMethod,
        Self::RequestHeaders,
        Self::Cookie,
        Self::Authorization,
    ];

    /// The header's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Origin => "Origin",
            Self::RequestMethod => "Access-Control-Request-Method",
            Self::RequestHeaders => "Access-Control-Request-Headers",
            Self::Cookie => "Cookie",
            Self::Authorization => "Authorization",
        }
    }

    /// Whether it says who the visitor is, so that the answer's body may depend on it.
    #[must_use]
    pub fn is_credential(self) -> bool {
        matches!(self, Self::Cookie | Self::Authorization)
    }

    /// Whether only preflights carry it.
    #[must_use]
    pub fn is_of_preflights(self) -> bool {
        matches!(self, Self::RequestMethod | Self::RequestHeaders)
    }
}
