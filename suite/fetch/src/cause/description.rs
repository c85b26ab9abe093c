//! What each cause means, and where the standard decides it.

/// A cause as `corspec explain` tells it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Description {
    /// The name that reports use.
    pub slug: &'static str,
    /// The standard's anchor of the algorithm that decides.
    pub anchor: &'static str,
    /// The step that decides.
    pub step: &'static str,
    /// What it means, in a sentence.
    pub meaning: &'static str,
}

/// Every cause, in the order of the algorithms that decide.
pub const CAUSES: [Description; 42] = [
    Description {
        slug: "bad-port",
        anchor: "concept-main-fetch",
        step: "7",
        meaning: "The URL's port is one that browsers never fetch from.",
    },
    Description {
        slug: "mixed-content",
        anchor: "concept-main-fetch",
        step: "7",
        meaning: "A page that was loaded securely asks for a URL that is not secure.",
    },
    Description {
        slug: "same-origin-mode",
        anchor: "concept-main-fetch",
        step: "12",
        meaning: "The script asked for mode same-origin, and the URL is of another origin.",
    },
    Description {
        slug: "no-cors-redirect-mode",
        anchor: "concept-main-fetch",
        step: "12",
        meaning: "In mode no-cors, another origin's redirects can only be followed.",
    },
    Description {
        slug: "unsupported-scheme",
        anchor: "concept-main-fetch",
        step: "12",
        meaning: "Only http and https URLs can be fetched across origins.",
    },
    Description {
        slug: "connection-failed",
        anchor: "concept-http-network-fetch",
        step: "8.1",
        meaning: "The server did not answer: refused, reset, timed out, or not HTTP.",
    },
    Description {
        slug: "response-header-with-nul",
        anchor: "concept-http-network-fetch",
        step: "8.5",
        meaning: "A response header's value holds a NUL byte.",
    },
    Description {
        slug: "preflight-connection-failed",
        anchor: "cors-preflight-fetch",
        step: "6",
        meaning: "The server did not answer the preflight: refused, reset, timed out, or not HTTP.",
    },
    Description {
        slug: "preflight-redirect",
        anchor: "cors-preflight-fetch",
        step: "7",
        meaning: "The preflight is answered with a redirect: to a login page, to https, or to a path with a slash.",
    },
    Description {
        slug: "preflight-status",
        anchor: "cors-preflight-fetch",
        step: "7",
        meaning: "The preflight's status is not 200 to 299: often an authentication layer or a router that does not know OPTIONS.",
    },
    Description {
        slug: "preflight-methods-unparsable",
        anchor: "cors-preflight-fetch",
        step: "7.3",
        meaning: "Access-Control-Allow-Methods is not a comma-separated list of tokens; one bad item spoils all.",
    },
    Description {
        slug: "preflight-headers-unparsable",
        anchor: "cors-preflight-fetch",
        step: "7.3",
        meaning: "Access-Control-Allow-Headers is not a comma-separated list of tokens; one bad item spoils all.",
    },
    Description {
        slug: "preflight-method-not-allowed",
        anchor: "cors-preflight-fetch",
        step: "7.5",
        meaning: "The request's method is not in Access-Control-Allow-Methods; methods are case-sensitive.",
    },
    Description {
        slug: "preflight-method-wildcard-with-credentials",
        anchor: "cors-preflight-fetch",
        step: "7.5",
        meaning: "With credentials, `*` in Access-Control-Allow-Methods is no wildcard.",
    },
    Description {
        slug: "preflight-authorization-not-listed",
        anchor: "cors-preflight-fetch",
        step: "7.6",
        meaning: "`*` does not cover Authorization: Access-Control-Allow-Headers must list it by name.",
    },
    Description {
        slug: "preflight-header-not-allowed",
        anchor: "cors-preflight-fetch",
        step: "7.7",
        meaning: "A header of the request is not in Access-Control-Allow-Headers.",
    },
    Description {
        slug: "preflight-header-wildcard-with-credentials",
        anchor: "cors-preflight-fetch",
        step: "7.7",
        meaning: "With credentials, `*` in Access-Control-Allow-Headers is no wildcard.",
    },
    Description {
        slug: "cross-origin-resource-policy",
        anchor: "concept-http-fetch",
        step: "5",
        meaning: "Cross-Origin-Resource-Policy forbids other origins to embed the response.",
    },
    Description {
        slug: "embedder-policy",
        anchor: "concept-http-fetch",
        step: "5",
        meaning: "The page's Cross-Origin-Embedder-Policy asks for a Cross-Origin-Resource-Policy that the response lacks.",
    },
    Description {
        slug: "redirect-mode-error",
        anchor: "concept-http-fetch",
        step: "6",
        meaning: "The script asked for redirect mode error, and the response is a redirect.",
    },
    Description {
        slug: "redirect-location-unparsable",
        anchor: "http-redirect-fetch",
        step: "5",
        meaning: "The redirect's Location cannot be parsed as a URL.",
    },
    Description {
        slug: "redirect-scheme",
        anchor: "http-redirect-fetch",
        step: "6",
        meaning: "The redirect leads to a URL that is neither http nor https.",
    },
    Description {
        slug: "too-many-redirects",
        anchor: "http-redirect-fetch",
        step: "7",
        meaning: "The 21st redirect is an error.",
    },
    Description {
        slug: "redirect-credentials-cross-origin",
        anchor: "http-redirect-fetch",
        step: "9",
        meaning: "A redirect of a cors request to another origin may not carry userinfo in its URL.",
    },
    Description {
        slug: "redirect-credentials",
        anchor: "http-redirect-fetch",
        step: "10",
        meaning: "Once a request has left its origin, no redirect may carry userinfo in its URL.",
    },
    Description {
        slug: "keepalive-quota",
        anchor: "concept-http-network-or-cache-fetch",
        step: "8.10",
        meaning: "The bodies of keepalive requests are limited to 64 KiB.",
    },
    Description {
        slug: "only-if-cached",
        anchor: "concept-http-network-or-cache-fetch",
        step: "11.1",
        meaning: "The script asked for what is cached, and nothing is.",
    },
    Description {
        slug: "proxy-authentication",
        anchor: "concept-http-network-or-cache-fetch",
        step: "16.1",
        meaning: "A 407 comes from a server that is not a proxy.",
    },
    Description {
        slug: "integrity-opaque",
        anchor: "concept-main-fetch",
        step: "23",
        meaning: "Integrity metadata needs a response that the page may read.",
    },
    Description {
        slug: "integrity-mismatch",
        anchor: "concept-main-fetch",
        step: "23",
        meaning: "The body's digest is not one that the integrity metadata names.",
    },
    Description {
        slug: "allow-origin-missing",
        anchor: "concept-cors-check",
        step: "2",
        meaning: "No Access-Control-Allow-Origin: the server does not take part in CORS for this response.",
    },
    Description {
        slug: "allow-origin-multiple",
        anchor: "concept-cors-check",
        step: "4",
        meaning: "Access-Control-Allow-Origin has several values; often two layers add it.",
    },
    Description {
        slug: "allow-origin-wildcard-with-credentials",
        anchor: "concept-cors-check",
        step: "4",
        meaning: "`*` allows nobody when credentials are included.",
    },
    Description {
        slug: "allow-origin-mismatch",
        anchor: "concept-cors-check",
        step: "4",
        meaning: "Access-Control-Allow-Origin is another origin than the page's; they are compared byte for byte.",
    },
    Description {
        slug: "allow-credentials-missing",
        anchor: "concept-cors-check",
        step: "8",
        meaning: "Credentials are included, and Access-Control-Allow-Credentials is missing.",
    },
    Description {
        slug: "allow-credentials-not-true",
        anchor: "concept-cors-check",
        step: "8",
        meaning: "Access-Control-Allow-Credentials must be exactly `true`.",
    },
    Description {
        slug: "preflight-allow-origin-missing",
        anchor: "concept-cors-check",
        step: "2",
        meaning: "Of the preflight: no Access-Control-Allow-Origin: the server does not take part in CORS for this response.",
    },
    Description {
        slug: "preflight-allow-origin-multiple",
        anchor: "concept-cors-check",
        step: "4",
        meaning: "Of the preflight: Access-Control-Allow-Origin has several values; often two layers add it.",
    },
    Description {
        slug: "preflight-allow-origin-wildcard-with-credentials",
        anchor: "concept-cors-check",
        step: "4",
        meaning: "Of the preflight: `*` allows nobody when credentials are included.",
    },
    Description {
        slug: "preflight-allow-origin-mismatch",
        anchor: "concept-cors-check",
        step: "4",
        meaning: "Of the preflight: Access-Control-Allow-Origin is another origin than the page's; they are compared byte for byte.",
    },
    Description {
        slug: "preflight-allow-credentials-missing",
        anchor: "concept-cors-check",
        step: "8",
        meaning: "Of the preflight: credentials are included, and Access-Control-Allow-Credentials is missing.",
    },
    Description {
        slug: "preflight-allow-credentials-not-true",
        anchor: "concept-cors-check",
        step: "8",
        meaning: "Of the preflight: Access-Control-Allow-Credentials must be exactly `true`.",
    },
];

/// The cause of that slug.
#[must_use]
pub fn describe(slug: &str) -> Option<&'static Description> {
    CAUSES.iter().find(|cause| cause.slug == slug)
}
