//! The reference server, asked over loopback: what every route answers, and how each kind of policy shares it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{Ipv4Addr, SocketAddr};

use corspec_suite::policy::Policy;
use corspec_targets::reference::{Server, serve};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Method, Response, redirect};
use rstest::rstest;

const PUBLIC: &str = "allow-origins = ['*']
    allow-methods = ['PUT']
    allow-headers = ['x-a']
    expose-headers = ['X-Exposed']";
const LIST: &str = "allow-origins = ['https://a.example', 'https://b.example:8443', 'app://shell']
    allow-methods = ['GET', 'PUT', 'BREW']
    allow-headers = ['x-a', 'X-B']
    expose-headers = ['X-Exposed']
    max-age = 600";
const CREDENTIALED: &str = "allow-origins = ['https://a.example']
    allow-credentials = true
    allow-methods = ['PUT']
    expose-headers = ['X-Exposed', 'X-Other']
    max-age = 0";
const SUBDOMAINS: &str = "allow-origins = ['https://*.example.com']";
const ANYBODY_WITH_COOKIES: &str = "allow-origins = ['*']
    allow-credentials = true";
const NULL: &str = "allow-null-origin = true";
const WILDCARDS: &str = "allow-origins = ['*']
    allow-methods = ['*']
    allow-headers = ['*', 'authorization']
    expose-headers = ['*']";
const CLOSED: &str = "allow-methods = ['PUT']
    allow-headers = ['x-a']
    max-age = 600";

const A: &str = "https://a.example";

/// A reference server and the client that asks it.
struct Asked {
    server: Server,
    client: Client,
}

impl Asked {
    async fn under(policy: &str) -> Self {
        // Another test of this process may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let policy = Policy::from_toml(policy).unwrap();
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none());
        Self { server: serve(&policy, free).await.unwrap(), client: client.build().unwrap() }
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&'static str, &str)]) -> Response {
        let mut lines = HeaderMap::new();
        for (name, value) in headers {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            lines.append(*name, value);
        }
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let url = self.server.base_url().join(path).unwrap();
        let request = self.client.request(method, url).headers(lines);
        request.send().await.unwrap()
    }

    async fn preflight(&self, path: &str, origin: &str) -> Response {
        let headers = [("origin", origin), ("access-control-request-method", "PUT")];
        self.ask("OPTIONS", path, &headers).await
    }
}

/// All lines of the header `name`, comma-separated; nothing if there are none.
fn header(response: &Response, name: &str) -> Option<String> {
    let lines: Vec<_> = response.headers().get_all(name).iter().collect();
    let lines: Vec<_> = lines.iter().map(|line| line.to_str().unwrap()).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

#[rstest]
#[case::anybody(PUBLIC, Some(A), Some("*"))]
#[case::anybody_without_origin(PUBLIC, None, Some("*"))]
#[case::anybody_is_null_too(PUBLIC, Some("null"), Some("*"))]
#[case::first_of_a_list(LIST, Some(A), Some(A))]
#[case::with_its_port(LIST, Some("https://b.example:8443"), Some("https://b.example:8443"))]
#[case::of_an_app_shell(LIST, Some("app://shell"), Some("app://shell"))]
#[case::none(LIST, None, None)]
#[case::denied(LIST, Some("https://c.example"), None)]
#[case::other_port(LIST, Some("https://b.example"), None)]
#[case::other_scheme(LIST, Some("http://a.example"), None)]
#[case::upper_case(LIST, Some("https://A.example"), None)]
#[case::slash(LIST, Some("https://a.example/"), None)]
#[case::longer_at_the_end(LIST, Some("https://a.example.evil.test"), None)]
#[case::longer_at_the_start(LIST, Some("https://evila.example"), None)]
#[case::a_list_of_the_allowed(LIST, Some("https://a.example, https://b.example:8443"), None)]
#[case::null_unasked(LIST, Some("null"), None)]
#[case::null(NULL, Some("null"), Some("null"))]
#[case::null_alone(NULL, Some(A), None)]
#[case::subdomain(SUBDOMAINS, Some("https://x.y.example.com"), Some("https://x.y.example.com"))]
#[case::parent_domain(SUBDOMAINS, Some("https://example.com"), None)]
#[case::subdomain_lookalike(SUBDOMAINS, Some("https://xexample.com"), None)]
#[case::subdomain_with_port(SUBDOMAINS, Some("https://x.example.com:444"), None)]
#[case::anybody_with_cookies(ANYBODY_WITH_COOKIES, Some(A), Some(A))]
#[case::anybody_with_cookies_null(ANYBODY_WITH_COOKIES, Some("null"), Some("null"))]
#[case::star_is_no_origin(ANYBODY_WITH_COOKIES, Some("*"), None)]
#[case::pattern_is_no_origin(ANYBODY_WITH_COOKIES, Some("https://*.a.example"), None)]
#[case::words_are_no_origin(ANYBODY_WITH_COOKIES, Some("hello, world"), None)]
#[case::odd_bytes_are_no_origin(ANYBODY_WITH_COOKIES, Some("https://\u{e9}.example"), None)]
#[case::empty_is_no_origin(ANYBODY_WITH_COOKIES, Some(""), None)]
#[case::nobody(CLOSED, Some(A), None)]
#[tokio::test]
async fn an_origin_gets_what_the_policy_says(
    #[case] policy: &str,
    #[case] origin: Option<&str>,
    #[case] expected: Option<&str>,
    #[values(false, true)] preflight: bool,
) {
    let asked = Asked::under(policy).await;
    let mut headers: Vec<_> = origin.map(|origin| ("origin", origin)).into_iter().collect();
    headers.extend(preflight.then_some(("access-control-request-method", "PUT")));
    let method = if preflight { "OPTIONS" } else { "GET" };
    let answer = asked.ask(method, "/resource", &headers).await;
    assert_eq!(header(&answer, "access-control-allow-origin").as_deref(), expected);
    let is_credentialed = policy.contains("allow-credentials") && expected.is_some();
    let credentials = is_credentialed.then_some("true");
    assert_eq!(header(&answer, "access-control-allow-credentials").as_deref(), credentials);
    let is_exposed = policy.contains("expose-headers") && expected.is_some();
    let is_preflight = preflight && origin.is_some();
    let exposed = header(&answer, "access-control-expose-headers");
    assert_eq!(exposed.is_some(), is_exposed && !is_preflight);
}

#[tokio::test]
async fn two_origin_lines_are_no_origin() {
    let asked = Asked::under(LIST).await;
    let answer = asked.ask("GET", "/resource", &[("origin", A), ("origin", A)]).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(header(&answer, "access-control-allow-origin"), None);
}

#[rstest]
#[case::list(LIST, A, Some("GET, PUT, BREW"), Some("x-a, X-B"), Some("600"))]
#[case::credentialed(CREDENTIALED, A, Some("PUT"), None, Some("0"))]
#[case::wildcards(WILDCARDS, A, Some("*"), Some("*, authorization"), None)]
#[case::denied(LIST, "https://c.example", None, None, None)]
#[case::closed(CLOSED, A, None, None, None)]
#[tokio::test]
async fn a_preflight_is_told_the_lists(
    #[case] policy: &str,
    #[case] origin: &str,
    #[case] methods: Option<&str>,
    #[case] names: Option<&str>,
    #[case] max_age: Option<&str>,
    #[values("/resource", "/private", "/throws", "/nowhere", "/slash", "/options", "/status/500")]
    path: &str,
) {
    let answer = Asked::under(policy).await.preflight(path, origin).await;
    assert_eq!(answer.status(), 204);
    assert_eq!(header(&answer, "access-control-allow-methods").as_deref(), methods);
    assert_eq!(header(&answer, "access-control-allow-headers").as_deref(), names);
    assert_eq!(header(&answer, "access-control-max-age").as_deref(), max_age);
}

#[rstest]
#[case::resource("GET", "/resource", 200)]
#[case::head("HEAD", "/resource", 200)]
#[case::post("POST", "/resource", 200)]
#[case::put("PUT", "/resource", 200)]
#[case::patch("PATCH", "/resource", 200)]
#[case::delete("DELETE", "/resource", 200)]
#[case::custom_method_of_the_policy("BREW", "/resource", 200)]
#[case::custom_method_in_lower_case("brew", "/resource", 405)]
#[case::plain_options_of_a_resource("OPTIONS", "/resource", 405)]
#[case::trace("TRACE", "/resource", 405)]
#[case::method_of_no_route("PUT", "/vary", 405)]
#[case::no_content("GET", "/status/204", 204)]
#[case::not_modified("GET", "/status/304", 304)]
#[case::teapot("POST", "/status/418", 418)]
#[case::failure("GET", "/status/503", 503)]
#[case::odd_status("GET", "/status/101", 400)]
#[case::no_status("GET", "/status/ok", 400)]
#[case::private("GET", "/private", 401)]
#[case::session("GET", "/session", 401)]
#[case::throws("GET", "/throws", 500)]
#[case::redirect("GET", "/redirect?to=/resource", 302)]
#[case::redirect_nowhere("GET", "/redirect", 400)]
#[case::slash("GET", "/slash", 308)]
#[case::behind_the_slash("GET", "/slash/", 200)]
#[case::vary("GET", "/vary", 200)]
#[case::cacheable("GET", "/cacheable", 200)]
#[case::options("OPTIONS", "/options", 200)]
#[case::nowhere("GET", "/nowhere", 404)]
#[case::about("GET", "/.corspec", 200)]
#[tokio::test]
async fn every_answer_is_shared(#[case] method: &str, #[case] path: &str, #[case] status: u16) {
    let asked = Asked::under(LIST).await;
    let answer = asked.ask(method, path, &[("origin", A)]).await;
    assert_eq!(answer.status(), status);
    assert_eq!(header(&answer, "access-control-allow-origin").as_deref(), Some(A));
    assert_eq!(header(&answer, "access-control-expose-headers").as_deref(), Some("X-Exposed"));
    assert_eq!(header(&answer, "access-control-allow-methods"), None, "of preflights only");
    assert_eq!(header(&answer, "allow").is_some(), status == 405 || path == "/options");
}

#[rstest]
#[case::custom("BREW", 200)]
#[case::plain_options("OPTIONS", 405)]
#[case::trace("TRACE", 405)]
#[tokio::test]
async fn any_method_does_not_mean_those_of_the_protocol(#[case] method: &str, #[case] status: u16) {
    let answer = Asked::under(WILDCARDS).await.ask(method, "/resource", &[]).await;
    assert_eq!(answer.status(), status);
}

#[rstest]
#[case::public("GET", "/resource", PUBLIC, None)]
#[case::closed("GET", "/resource", CLOSED, None)]
#[case::list("GET", "/resource", LIST, Some("Origin"))]
#[case::own_vary_is_kept("GET", "/vary", LIST, Some("Accept-Encoding, Origin"))]
#[case::own_vary_of_a_public_answer("GET", "/vary", PUBLIC, Some("Accept-Encoding"))]
#[case::error("GET", "/throws", LIST, Some("Origin"))]
#[case::options("OPTIONS", "/options", LIST, Some("Origin, Access-Control-Request-Method"))]
#[case::public_options(
    "OPTIONS",
    "/options",
    PUBLIC,
    Some("Origin, Access-Control-Request-Method")
)]
#[tokio::test]
async fn vary_names_what_the_answer_depends_on(
    #[case] method: &str,
    #[case] path: &str,
    #[case] policy: &str,
    #[case] expected: Option<&str>,
    #[values(None, Some(A), Some("https://c.example"), Some("null"))] origin: Option<&str>,
    #[values(false, true)] asks_for_a_method: bool,
) {
    let mut headers: Vec<_> = origin.map(|origin| ("origin", origin)).into_iter().collect();
    headers.extend(asks_for_a_method.then_some(("access-control-request-method", "PUT")));
    let answer = Asked::under(policy).await.ask(method, path, &headers).await;
    assert_eq!(header(&answer, "vary").as_deref(), expected);
}

#[rstest]
#[case::no_method_asked_for("OPTIONS", &[("origin", A)], 200)]
#[case::no_origin("OPTIONS", &[("access-control-request-method", "PUT")], 200)]
#[case::another_method("GET", &[("origin", A), ("access-control-request-method", "PUT")], 200)]
#[case::a_preflight("OPTIONS", &[("origin", A), ("access-control-request-method", "PUT")], 204)]
#[case::an_empty_method("OPTIONS", &[("origin", A), ("access-control-request-method", "")], 204)]
#[tokio::test]
async fn only_preflights_are_kept_from_the_application(
    #[case] method: &str,
    #[case] headers: &[(&'static str, &str)],
    #[case] status: u16,
) {
    let answer = Asked::under(LIST).await.ask(method, "/options", headers).await;
    assert_eq!(answer.status(), status);
    let max_age = header(&answer, "access-control-max-age");
    assert_eq!(max_age.is_some(), status == 204);
}

#[rstest]
#[case::authorization("/private", "authorization", "Bearer x", 200)]
#[case::cookie("/session", "cookie", "a=1; session=reference", 200)]
#[case::other_cookie("/session", "cookie", "session=other", 401)]
#[tokio::test]
async fn credentials_open_what_needs_them(
    #[case] path: &str,
    #[case] name: &'static str,
    #[case] value: &str,
    #[case] status: u16,
) {
    let answer = Asked::under(CREDENTIALED).await.ask("GET", path, &[(name, value)]).await;
    assert_eq!(answer.status(), status);
    assert_eq!(header(&answer, "www-authenticate").is_some(), status == 401);
}

#[rstest]
#[case::session(
    "/session",
    "set-cookie",
    "session=reference; Path=/; HttpOnly; SameSite=None; Secure"
)]
#[case::redirect(
    "/redirect?to=http%3A%2F%2Fb.example%2F%3Fx%3D1",
    "location",
    "http://b.example/?x=1"
)]
#[case::slash("/slash?x=1", "location", "/slash/?x=1")]
#[case::cacheable("/cacheable", "cache-control", "public, max-age=60")]
#[case::unauthorized("/status/401", "www-authenticate", "Bearer realm=\"reference\"")]
#[case::hidden("/resource", "x-hidden", "1")]
#[case::exposed("/resource", "x-exposed", "1")]
#[tokio::test]
async fn a_route_sets_its_header(#[case] path: &str, #[case] name: &str, #[case] value: &str) {
    let answer = Asked::under(PUBLIC).await.ask("GET", path, &[]).await;
    assert_eq!(header(&answer, name).as_deref(), Some(value));
}

#[tokio::test]
async fn a_panic_costs_one_request() {
    let asked = Asked::under(PUBLIC).await;
    assert_eq!(asked.ask("GET", "/throws", &[]).await.status(), 500);
    assert_eq!(asked.ask("GET", "/resource", &[]).await.status(), 200);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_and_shared() {
    let asked = Asked::under(LIST).await;
    let url = asked.server.base_url().join("/resource").unwrap();
    // One byte too many: the server has read all of it when it knows, so that the answer is not lost.
    let body = vec![b'x'; (1 << 20) + 1];
    let request = asked.client.put(url).header("origin", A).body(body);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 413);
    assert_eq!(header(&answer, "access-control-allow-origin").as_deref(), Some(A));
}

#[tokio::test]
async fn http_2_is_spoken_to_those_who_start_with_it() {
    let asked = Asked::under(LIST).await;
    let client = Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let url = asked.server.base_url().join("/resource").unwrap();
    let answer = client.get(url).header("origin", A).send().await.unwrap();
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert_eq!(header(&answer, "access-control-allow-origin").as_deref(), Some(A));
}

#[tokio::test]
async fn a_stopped_server_has_freed_its_port() {
    let asked = Asked::under(PUBLIC).await;
    assert_eq!(asked.ask("GET", "/resource", &[]).await.status(), 200);
    let address = asked.server.base_url().socket_addrs(|| None).unwrap()[0];
    asked.server.stop().await;
    let policy = Policy::from_toml(CLOSED).unwrap();
    let again = serve(&policy, address).await.unwrap();
    assert_eq!(again.base_url().socket_addrs(|| None).unwrap(), [address]);
    again.stop().await;
}

#[tokio::test]
async fn a_policy_without_sense_is_not_served() {
    let policy = Policy { allow_methods: vec!["P T".to_owned()], ..Policy::default() };
    let error = serve(&policy, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}
