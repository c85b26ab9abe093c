//! Whatever a server sends, the model ends in an outcome and never panics.

use std::time::Duration;

use corspec_fetch::agent::UserAgent;
use corspec_fetch::fetch::{HttpResponse, Step};
use corspec_fetch::header_list::HeaderList;
use corspec_fetch::origin::Origin;
use corspec_fetch::outcome::{Outcome, Response};
use corspec_fetch::page::Page;
use corspec_fetch::profile::Profile;
use corspec_fetch::request::{Body, CredentialsMode, Mode, RedirectMode, RequestInit};
use proptest::prelude::*;
use url::Url;

/// Redirects of a fetch, each with its preflight, and the first request: no fetch sends more.
const EXCHANGES: usize = 2 * (20 + 1);

/// Names that some algorithm reads.
const NAMES: [&str; 11] = [
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Cross-Origin-Resource-Policy",
    "Location",
    "Referrer-Policy",
    "Set-Cookie",
    "Timing-Allow-Origin",
];

fn header_value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        prop::sample::select(vec![
            "*",
            "true",
            "null",
            "https://page.example",
            "PUT, *",
            "x-a, authorization",
            "/again",
            "https://other.example/",
            "https://u:p@page.example/",
            "99999999999999999999",
            "-1",
            "a=b; SameSite=None; Secure; Max-Age=99999999999999999999",
            "a=b; Expires=Fri, 31 Dec 9999 23:59:59 GMT; Domain=.page.example",
            "same-site",
            "no-referrer",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ]
}

fn response() -> impl Strategy<Value = HttpResponse> {
    let status = prop_oneof![
        any::<u16>(),
        prop::sample::select(vec![200, 204, 206, 301, 302, 303, 304, 307, 308, 401, 407, 416, 421]),
    ];
    let headers = prop::collection::vec((prop::sample::select(&NAMES[..]), header_value()), 0..10);
    (status, headers, prop::collection::vec(any::<u8>(), 0..8)).prop_map(
        |(status, headers, body)| HttpResponse {
            status,
            headers: headers.into_iter().collect(),
            body,
            ..HttpResponse::default()
        },
    )
}

fn request_init() -> impl Strategy<Value = RequestInit> {
    (
        prop::sample::select(vec!["GET", "POST", "PUT", "patch", "HEAD"]),
        prop::collection::vec(
            (
                prop::sample::select(vec![
                    "Accept",
                    "Content-Type",
                    "Range",
                    "X-A",
                    "Authorization",
                ]),
                header_value(),
            ),
            0..4,
        ),
        prop::sample::select(vec![Mode::Cors, Mode::NoCors, Mode::SameOrigin]),
        prop::sample::select(vec![
            CredentialsMode::Omit,
            CredentialsMode::SameOrigin,
            CredentialsMode::Include,
        ]),
        prop::sample::select(vec![RedirectMode::Follow, RedirectMode::Error, RedirectMode::Manual]),
        any::<bool>(),
        prop::sample::select(vec!["https://page.example/x", "https://api.example/x"]),
    )
        .prop_map(|(method, headers, mode, credentials, redirect, body, url)| RequestInit {
            url: url.into(),
            method: method.into(),
            headers: headers.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            mode,
            credentials,
            redirect,
            body: (body && !matches!(method, "GET" | "HEAD")).then(|| Body::text("hello")),
            ..RequestInit::default()
        })
}

fn page() -> Page {
    let url = Url::parse("https://page.example/app?q#f").expect("a URL");
    Page { url: Some(url.clone()), ..Page::at(Origin::of(&url)) }
}

/// Runs a fetch against answers that come in turn; `None` where the constructor rejects it.
fn outcome_of(
    profile: &'static Profile,
    init: &RequestInit,
    answers: &[HttpResponse],
) -> Option<Outcome> {
    let mut agent = UserAgent::new(profile);
    let request = agent.construct(&page(), init).ok()?;
    let mut fetch = agent.fetch(&page(), request);
    let mut answers = answers.iter().cycle();
    for sent in 0.. {
        assert!(sent <= EXCHANGES, "the fetch does not end");
        match fetch.step(&mut agent, Duration::from_secs(1_800_000_000)) {
            Step::Done(outcome) => return Some(outcome),
            Step::Send(_) => fetch.respond(Ok(answers.next().cloned().unwrap_or_default())),
        }
    }
    None
}

fn profiles() -> impl Strategy<Value = &'static Profile> {
    prop::sample::select(vec!["spec", "chromium", "firefox", "webkit"])
        .prop_map(|name| Profile::named(name).expect("a profile"))
}

fn names(response: &Response) -> Vec<&[u8]> {
    response.headers.iter().map(|(name, _)| name).collect()
}

proptest! {
    #[test]
    fn every_fetch_ends_and_shows_nothing_it_must_not(
        profile in profiles(),
        init in request_init(),
        answers in prop::collection::vec(response(), 1..6),
    ) {
        match outcome_of(profile, &init, &answers) {
            Some(Outcome::Response(response)) => {
                prop_assert!(!names(&response).contains(&&b"set-cookie"[..]));
                prop_assert!(names(&response).is_sorted());
            }
            Some(Outcome::NetworkError(error)) => {
                let text = error.to_string();
                prop_assert!(!text.chars().any(char::is_control), "{text:?}");
                let slug = error.cause().slug();
                prop_assert!(corspec_fetch::cause::describe(slug).is_some(), "{slug}");
            }
            None => {}
        }
    }

    #[test]
    fn without_permission_no_cross_origin_byte_is_readable(
        init in request_init(),
        mut answers in prop::collection::vec(response(), 1..4),
    ) {
        let init = RequestInit { url: "https://api.example/x".into(), ..init };
        for answer in &mut answers {
            answer.headers = HeaderList::new();
        }
        if let Some(Outcome::Response(response)) = outcome_of(&Profile::SPEC, &init, &answers) {
            prop_assert!(response.body.is_empty() && response.headers.is_empty());
            prop_assert_eq!(response.status, 0);
        }
    }

    #[test]
    fn any_text_parses_as_an_origin_or_does_not(text in ".{0,40}") {
        if let Ok(origin) = Origin::parse(&text) {
            let again = Origin::parse(&origin.to_string()).map(|again| again.to_string());
            prop_assert_eq!(again.ok(), Some(origin.to_string()));
        }
    }
}
