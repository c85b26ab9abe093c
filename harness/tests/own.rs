//! Your own server, handed over in Rust: what `corspec::own` promises.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    HeaderMap, HeaderName, HeaderValue, VARY,
};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use corspec::event::ResultKind;
use corspec::exit::Exit;
use corspec::own::{Check, Policy};
use corspec::remedy::Remedy;
use corspec_suite::case::Abilities;
use corspec_suite::load::Suite;
use corspec_targets::reference;
use test_case::test_case;

const SHARED: [(HeaderName, &str); 1] = [(ACCESS_CONTROL_ALLOW_ORIGIN, "*")];

fn policy(text: &str) -> Policy {
    Policy::from_toml(text).unwrap()
}

/// A service that shares `/item` with everyone, as some do by hand.
fn shared() -> Router {
    Router::new().route("/item", get(async || (SHARED, "{}")))
}

/// The reference as it is to GET alone, and to preflights; writes are answered with `refusal`.
async fn get_only(refusal: StatusCode, request: Request, next: Next) -> Response {
    let allowed = [Method::GET, Method::OPTIONS].contains(request.method());
    let is_safe = request.method().is_safe();
    let mut response = next.run(request).await;
    for bare in ["x-exposed", "x-hidden"] {
        response.headers_mut().remove(bare);
    }
    if !allowed {
        *response.status_mut() = if is_safe { StatusCode::METHOD_NOT_ALLOWED } else { refusal };
    }
    response
}

#[tokio::test]
async fn a_right_service_passes_with_one_route_under_every_policy() {
    for (name, policy) in Suite::embedded().unwrap().policies() {
        let check = Check::of(policy.clone()).route("resource", "/resource");
        let report = check.service(reference::router(policy)).await.unwrap();
        assert_eq!(report.exit, Exit::Expected, "{name}\n{report}");
    }
}

/// Every route of the reference, and what it can do beyond them.
fn whole(policy: &Policy) -> Check {
    let all = Abilities::all();
    let check = all.routes.into_iter().fold(Check::of(policy.clone()), |it, (n, p)| it.route(n, p));
    all.other.into_iter().fold(check, Check::ability)
}

#[test_case("allow-origins = ['https://app.example']\nallow-methods = ['GET', 'POST', 'OPTIONS']" ; "options beside safelisted methods")]
#[test_case("allow-origins = ['*']\nallow-methods = ['OPTIONS', 'PUT']\nexpose-headers = ['x-exposed']" ; "options before another")]
#[test_case("allow-origins = ['https://app.example']\nallow-null-origin = true\nallow-methods = ['OPTIONS']\nexpose-headers = ['X-Exposed']" ; "options alone, and null")]
#[test_case("allow-origins = ['https://xn--bcher-kva.example']\nallow-methods = ['PUT']" ; "an internationalised name")]
#[test_case("allow-origins = ['https://app.xn--p1ai']\nallow-credentials = true" ; "an internationalised top level")]
#[test_case("allow-origins = ['https://*.xn--bcher-kva.example']\nallow-headers = ['x-a']" ; "what is below an internationalised name")]
#[test_case("allow-origins = ['https://app.example']\nallow-methods = ['PUT']\nmax-age = 31536000" ; "a year")]
#[test_case("allow-origins = ['https://a.example', 'https://b.example']\nallow-methods = ['PUT']\nmax-age = 4294967295" ; "the longest age, and two origins")]
#[test_case("allow-origins = ['https://evil.test']\nallow-methods = ['PATCH']" ; "the name of a stranger")]
#[test_case("allow-origins = ['http://evil.test', 'https://evil1.test']\nallow-headers = ['authorization']" ; "the names of strangers")]
#[tokio::test]
async fn a_right_service_passes_under_any_policy(text: &str) {
    let policy = policy(text);
    let report = whole(&policy).service(reference::router(&policy)).await.unwrap();
    assert_eq!(report.exit, Exit::Expected, "{report}");
}

#[test_case(StatusCode::METHOD_NOT_ALLOWED ; "a read-only resource")]
#[test_case(StatusCode::FORBIDDEN ; "protection against forged requests")]
#[tokio::test]
async fn nothing_but_a_route_that_answers_get_is_taken_for_granted(refusal: StatusCode) {
    for (name, policy) in Suite::embedded().unwrap().policies() {
        let refused = move |request: Request, next: Next| get_only(refusal, request, next);
        let app = reference::router(policy).layer(middleware::from_fn(refused));
        let check = Check::of(policy.clone()).route("resource", "/resource");
        let report = check.service(app).await.unwrap();
        assert_eq!(report.exit, Exit::Expected, "{name}\n{report}");
    }
}

#[tokio::test]
async fn abilities_and_routes_make_more_applicable() {
    let policy = policy("allow-origins = ['https://app.example']\nallow-methods = ['PUT']");
    let app = reference::router(&policy);
    let ran = async |check: Check| check.service(app.clone()).await.unwrap().summary.ran();
    let bare = Check::of(policy.clone()).route("resource", "/resource");
    let able = bare.clone().ability("all-methods");
    let wide = able.clone().route("status", "/status/{code}").route("missing", "/nothing");
    let (bare, able, wide) = (ran(bare).await, ran(able).await, ran(wide).await);
    assert!(bare < able && able < wide, "{bare} {able} {wide}");
}

#[tokio::test]
async fn a_failure_is_no_error_but_a_report() {
    let report = Check::of(policy("allow-origins = ['https://app.example']"))
        .route("resource", "/item")
        .scenario("simple/*")
        .service(shared())
        .await
        .unwrap();
    assert_eq!(report.exit, Exit::Unexpected);
    assert!(report.results.iter().any(|it| it.result == ResultKind::Fail));
    let text = report.to_string();
    assert!(text.contains("fail-open") && text.contains("under policy"), "{text}");
    assert!(text.contains("http://127.0.0.1:8000/item"), "{text}");
    assert!(!text.contains("corspec serve"), "{text}");
    let panic = std::panic::catch_unwind(|| report.assert_expected()).unwrap_err();
    assert!(panic.downcast_ref::<String>().unwrap().contains("fail-open"));
}

/// The reference, each answer as `spoil` makes it.
fn spoilt(policy: &Policy, spoil: fn(&mut HeaderMap)) -> Router {
    let layer = middleware::from_fn(move |request: Request, next: Next| async move {
        let mut response = next.run(request).await;
        spoil(response.headers_mut());
        response
    });
    reference::router(policy).layer(layer)
}

const WITHOUT_VARY: fn(&mut HeaderMap) = |headers| drop(headers.remove(VARY));
const REFLECTING: fn(&mut HeaderMap) = |headers| {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("https://evil.test"));
};

const TWICE: fn(&mut HeaderMap) = |headers| {
    headers.append(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
};

#[test_case("simple/get-is-readable", |it| drop(it.remove(ACCESS_CONTROL_ALLOW_ORIGIN)), Some(("If the page may read", "add_header Access-Control-Allow-Origin ")); "a page that is kept out")]
#[test_case("request-headers/unusual-method-passes-a-wildcard", |it| drop(it.remove(ACCESS_CONTROL_ALLOW_METHODS)), Some(("If the method is to be allowed", "add_header Access-Control-Allow-Methods ")); "a request after its preflight that is")]
#[test_case("exposed-headers/listed-header-is-visible", |it| drop(it.remove(ACCESS_CONTROL_EXPOSE_HEADERS)), Some(("Name the header in", "add_header Access-Control-Expose-Headers ")); "a header that is hidden")]
#[test_case("exposed-headers/listed-header-is-visible", |it| drop(it.remove("x-exposed")), None; "a header that is not there")]
#[test_case("caching/vary-names-origin-for-allowed-page", WITHOUT_VARY, Some(("Send `Vary: Origin`", "add_header Vary Origin ")); "a vary that is missing")]
#[test_case("caching/answers-vary-by-what-they-depend-on", WITHOUT_VARY, Some(("Send `Vary: Origin`", "add_header Vary Origin ")); "an answer that a cache hands on")]
#[test_case("simple/get-from-denied-origin-is-blocked", REFLECTING, None; "a page that is let in")]
#[test_case("errors/not-found-allow-origin-is-sent-once", TWICE, None; "a page that may see anything")]
#[test_case("options/preflight-for-a-safelisted-method-is-answered", |it| drop(it.remove(ACCESS_CONTROL_ALLOW_ORIGIN)), None; "what no page does")]
#[tokio::test]
async fn what_mends_a_failure_is_said_where_it_is_sure(
    scenario: &str,
    spoil: fn(&mut HeaderMap),
    says: Option<(&str, &str)>,
) {
    let listed = policy(
        "allow-origins = ['https://app.example', 'https://b.example']\nexpose-headers = ['x-exposed']",
    );
    let everyone = policy("allow-origins = ['*']\nallow-methods = ['*']\nallow-headers = ['*']");
    let policy = if scenario.contains("wildcard") { everyone } else { listed };
    let check = whole(&policy).scenario(scenario).framework("NGINX");
    let report = check.service(spoilt(&policy, spoil)).await.unwrap();
    let [result] = report.results.as_slice() else { panic!("{report}") };
    assert_eq!(result.result, ResultKind::Fail, "{report}");
    match (result.remedy, says) {
        (None, None) => {}
        (Some(Remedy { text, setting: Some(setting) }), Some((general, line))) => {
            assert!(text.starts_with(general) && setting.line.starts_with(line), "{report}");
        }
        _ => panic!("{report}"),
    }
}

#[test_case(|check| check; "none is named")]
#[test_case(|check| check.framework("my own"); "one is named that is not known")]
#[tokio::test]
async fn a_remedy_names_no_setting_where(make: fn(Check) -> Check) {
    let policy = policy("allow-origins = ['https://app.example']");
    let check = make(Check::of(policy.clone()).route("resource", "/resource"));
    let bare = spoilt(&policy, |it| drop(it.remove(ACCESS_CONTROL_ALLOW_ORIGIN)));
    let report = check.scenario("simple/get-is-readable").service(bare).await.unwrap();
    let remedy = report.results[0].remedy.unwrap();
    assert_eq!(remedy.setting, None, "{report}");
    assert!(report.to_string().contains("\n    mend        If the page may read"), "{report}");
}

#[tokio::test]
async fn each_name_of_a_list_counts() {
    let policy = policy(
        "allow-origins = ['https://app.example']\nallow-credentials = true\nexpose-headers = ['x-exposed', 'x-hidden']",
    );
    let first_alone = |mut response: Response| async {
        let exposed = response.headers_mut().get_mut(ACCESS_CONTROL_EXPOSE_HEADERS);
        if let Some(list) = exposed {
            *list = HeaderValue::from_static("x-exposed");
        }
        response
    };
    let service = reference::router(&policy).layer(middleware::map_response(first_alone));
    let report = Check::of(policy).route("resource", "/resource").service(service).await.unwrap();
    let failed = report.results.iter().filter(|it| it.result == ResultKind::Fail);
    let failed: Vec<_> = failed.map(|it| it.scenario.as_str()).collect();
    let scenario = "exposed-headers/every-exposed-header-is-visible";
    assert_eq!(failed, [scenario, &format!("{scenario}-with-credentials")], "{report}");
}

#[tokio::test]
async fn known_failures_are_expected() {
    let folder = tempfile::tempdir().unwrap();
    let entry = "[[known]]\nscenario = 'simple/get-from-denied-origin-is-blocked'\nreason = 'shared by hand'\n";
    fs::write(folder.path().join("known.toml"), entry).unwrap();
    let check = Check::of(policy("allow-origins = ['https://app.example']"))
        .route("resource", "/item")
        .scenario("simple/get-from-denied-origin-is-blocked")
        .known_in(folder.path());
    let report = check.service(shared()).await.unwrap();
    report.assert_expected();
    assert_eq!(report.summary.of(ResultKind::KnownFailure), 1, "{report}");
}

#[tokio::test]
async fn a_configuration_gives_policy_routes_and_headers() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    let text = "url = 'http://127.0.0.1:1'\n[policy]\nallow-origins = ['*']\n\
                [routes]\nresource = '/item'\n[requests]\nheaders = { x-key = 's3cret' }\n";
    fs::write(&file, text).unwrap();
    let guarded = shared().layer(middleware::from_fn(async |request: Request, next: Next| {
        match request.headers().get("x-key").is_some_and(|it| it == "s3cret") {
            true => next.run(request).await,
            false => StatusCode::FORBIDDEN.into_response(),
        }
    }));
    let check = Check::read(&file).unwrap().scenario("simple/get-*");
    let report = check.service(guarded).await.unwrap();
    report.assert_expected();
    assert!(report.results.iter().all(|it| it.policy == "mine.toml"));
}

#[test_case(|check| check, "no route `resource`"; "no resource")]
#[test_case(|check| check.route("resource", "item"), "`item` is not a path"; "no path")]
#[test_case(|check| check.route("resource", "/item").route("a", "/"), "is not a route"; "no route")]
#[test_case(|check| check.route("resource", "/item").ability("fly"), "is not an ability"; "no ability")]
#[test_case(|check| check.route("resource", "/item").scenario("no/*"), "nothing was asked"; "no scenario")]
#[test_case(|check| check.route("resource", "/item").scenario("["), "is not a glob"; "no glob")]
#[tokio::test]
async fn a_check_that_makes_no_sense_is_an_error(make: fn(Check) -> Check, words: &str) {
    let check = make(Check::of(Policy::default()));
    let error = check.service(shared()).await.unwrap_err().to_string();
    assert!(error.contains(words), "{error}");
}
