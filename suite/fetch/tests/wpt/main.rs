//! What web-platform-tests ask of a browser's `fetch()`, as rows against the profile `spec`.
//!
//! Where they, the standard and the engines disagree, the standard decides.
//!
//! | rows | what of web-platform-tests they cover |
//! |---|---|
//! | `safelist` | `cors/simple-requests`, `cors/cors-safelisted-request-header`, `fetch/api/cors/cors-no-preflight` |
//! | `preflight_made` | `fetch/api/cors/cors-preflight*`, `cors/redirect-preflight*`, `cors/preflight-failure` |
//! | `preflight_request` | `cors/access-control-preflight-request-*`, `cors/request-headers` |
//! | `preflight_answer` | `fetch/api/cors/cors-preflight-{status,star,response-validation}`, `cors/allow-headers` |
//! | `preflight_cache` | `fetch/api/cors/cors-preflight-cache`, `cors/preflight-cache`, `xhr/access-control-preflight-async-*` |
//! | `cors_check` | `cors/origin`, `cors/credentials-flag`, `cors/status*`, `fetch/api/cors/cors-origin` |
//! | `origin_header` | `fetch/origin`, `cors/redirect-origin`, `fetch/api/redirect/redirect-origin` |
//! | `redirects` | `fetch/api/redirect`, `cors/redirect-userinfo`, `fetch/api/credentials/authentication-redirection` |
//! | `filtering` | `fetch/api/cors/cors-{filtering,expose-star}`, `cors/access-control-expose-headers-parsing`, `fetch/api/response/response-headers-guard` |
//! | `data_urls` | `fetch/data-urls`, `fetch/api/basic/scheme-data` |
//! | `credentials` | `fetch/api/cors/cors-cookies*`, `fetch/api/credentials`, `cookies/samesite` |
//! | `keepalive` | `fetch/api/basic/keepalive*`, `fetch/api/request/request-keepalive-quota` |
//! | `only_if_cached` | `fetch/api/request/request-cache-only-if-cached` |
//! | `no_cors` | `fetch/api/basic/mode-no-cors`, `fetch/api/headers/headers-no-cors`, `fetch/range`, `fetch/api/basic/integrity` |
//! | `forbidden` | `fetch/api/request/request-bad-port`, `fetch/api/request/{request-headers,forbidden-method}`, `fetch/api/basic/request-{forbidden-headers,headers-case}`, `mixed-content` |
//! | `isolation` | `fetch/cross-origin-resource-policy`, `fetch/metadata`, `resource-timing/TAO-*` |
//! | `referrer` | `referrer-policy`, `fetch/api/policies`, `fetch/api/redirect/redirect-referrer*` |

#![expect(clippy::unwrap_used, reason = "a test that has not what it needs has failed")]

mod browser;
mod cors_check;
mod credentials;
mod data_urls;
mod filtering;
mod forbidden;
mod isolation;
mod keepalive;
mod no_cors;
mod only_if_cached;
mod origin_header;
mod preflight_answer;
mod preflight_cache;
mod preflight_made;
mod preflight_request;
mod redirects;
mod referrer;
mod safelist;
