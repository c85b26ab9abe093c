//! The classic victim, end to end: the React app of `targets/react-django`, built by Vite, is a page
//! at `http://localhost:3000` in Chromium and calls Django at another port. What the app shows of
//! each call is held against what `corspec fetch` says of it: much is blocked where Django's headers
//! are set by hand, and nothing where django-cors-headers sets them.
//!
//! Node, Python, Chromium or a network namespace that is missing is said, and skips; it fails under
//! `CORSPEC_REQUIRE_TARGETS` or `CORSPEC_REQUIRE_BROWSERS`.

use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use corspec::browsers::engine::Engine;
use corspec::browsers::namespace;
use corspec::browsers::session::Session;
use corspec::browsers::world::World;
use corspec_targets::guardian::Guardian;
use corspec_targets::install::install;
use corspec_targets::launch::{Launch, launch};
use corspec_targets::registry::{Availability, Registry, Target};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use miette::IntoDiagnostic as _;
use serde_json::{Value, json};
use url::Url;

#[path = "react_django/app.rs"]
mod app;

use app::App;

/// Where the app's users find it.
const PAGE: &str = "http://localhost:3000";

/// What Django is meant to allow.
const POLICY: &str = r#"{"allow-origins": ["http://localhost:3000"], "allow-credentials": true,
    "allow-methods": ["GET", "POST", "PUT", "DELETE"], "max-age": 600,
    "allow-headers": ["authorization", "content-type", "x-csrf-token"]}"#;

/// The calls of which the app sees nothing where headers are set by hand: those that take a
/// preflight, and those that no view answers.
const BLOCKED_BY_HAND: [&str; 8] =
    ["save", "save-signed-in", "remove", "bearer", "unauthorized", "throws", "missing", "slash"];

/// Reads what the app shows, once it shows all of it.
const READ: &str = "const done = arguments[arguments.length - 1];
const text = (call, what) => call.querySelector(what)?.textContent ?? null;
const shown = () => Array.from(document.querySelectorAll('[data-call]'), (call) => ({
  name: call.dataset.call,
  error: text(call, '.error'),
  status: text(call, '.status'),
  type: text(call, '.type'),
  redirected: text(call, '.redirected') !== null,
  body: text(call, '.body'),
}));
const look = () =>
  document.querySelector('main')?.dataset.state === 'done' && done({ origin, calls: shown() });
new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
look();";

/// Django, and the calls of which the app sees nothing.
struct Situation {
    target: Target,
    blocked: &'static [&'static str],
}

fn main() -> miette::Result<()> {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../targets");
    let registry = Registry::discover(Some(&folder))?;
    let situations =
        [("django-manual-headers", &BLOCKED_BY_HAND[..]), ("django-cors-headers", &[])];
    let situations = situations.map(|(id, blocked)| {
        let target = registry.target(id).cloned();
        target.map(|target| Situation { target, blocked })
    });
    let situations = situations.into_iter().collect::<Result<Vec<_>, _>>()?;
    let filter = arguments.filter.as_deref().unwrap_or_default();
    let chosen = situations.iter().any(|it| it.target.id.contains(filter));
    let missing = missing(&situations)?;
    if chosen && !arguments.list && missing.is_none() {
        // What needs a network is done before there is none, where this process begins again.
        prepared(&situations)?;
        namespace::enter().map_err(|error| miette::miette!("{error}"))?;
    }
    let trials = situations.into_iter().map(|situation| {
        let missing = missing.clone();
        let id = situation.target.id.clone();
        Trial::ignorable_test(id, move || match &missing {
            Some(Missing { what, required: true }) => Err(what.into()),
            Some(Missing { what, .. }) => Ok(Completion::ignored_with(what)),
            None => tokio::runtime::Runtime::new()?.block_on(shown_is_said(&situation)),
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit()
}

/// What keeps this machine from performing it, and whether somebody has asked that nothing does.
#[derive(Clone)]
struct Missing {
    what: String,
    required: bool,
}

fn missing(situations: &[Situation]) -> miette::Result<Option<Missing>> {
    let required = |name| env::var_os(name).is_some();
    for situation in situations {
        if let Availability::Unavailable { missing, how } = situation.target.availability(None)? {
            let what = format!("{} is missing: {how}", missing.join(", "));
            return Ok(Some(Missing { what, required: required("CORSPEC_REQUIRE_TARGETS") }));
        }
    }
    if let Some(what) = app::missing() {
        return Ok(Some(Missing { what, required: required("CORSPEC_REQUIRE_TARGETS") }));
    }
    let browser = match Engine::Chromium.programs() {
        Err(programs) => Some(format!("{} is missing", programs.join(", "))),
        Ok(_) if namespace::check().is_ok() => None,
        Ok(_) => {
            let made = Command::new("unshare").args(["--net", "true"]).output();
            let made = made.is_ok_and(|it| it.status.success());
            (!made).then(|| "the right to make a network namespace is missing".to_owned())
        }
    };
    let required = required("CORSPEC_REQUIRE_BROWSERS");
    Ok(browser.map(|what| Missing { what, required }))
}

/// Installs Django and builds the app, unless that has been done.
fn prepared(situations: &[Situation]) -> miette::Result<()> {
    app::build().map_err(|error| miette::miette!("{error}"))?;
    let runtime = tokio::runtime::Runtime::new().into_diagnostic()?;
    let guardian = guardian().into_diagnostic()?;
    for situation in situations {
        runtime.block_on(install(&situation.target, &guardian)).into_diagnostic()?;
    }
    Ok(())
}

fn guardian() -> io::Result<Guardian> {
    Guardian::start(PathBuf::from(env!("CARGO_BIN_EXE_corspec")))
}

/// Has the app call Django, and compares all it shows with what corspec says.
async fn shown_is_said(situation: &Situation) -> Result<Completion, Failed> {
    let guardian = guardian()?;
    let django = match launch(&situation.target, None, POLICY, &guardian).await {
        Launch::Running(running) => running,
        other => return Err(format!("it does not start: {other:?}").into()),
    };
    let api = django.base_url.as_str().trim_end_matches('/').replace("127.0.0.1", "localhost");
    let shown = shown(&api, &django.base_url, &guardian).await?;
    let said = said(&api)?;
    django.stop().await;
    let calls = app::calls()?;
    assert_eq!((calls.len(), calls.len()), (shown.len(), said.len()), "of each call something");
    for ((call, shown), said) in calls.iter().zip(&shown).zip(&said) {
        assert_eq!(shown, said, "what is shown and what is said of {call}");
    }
    let errors = shown.iter().filter(|it| !it["error"].is_null());
    let blocked: Vec<_> = errors.filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(blocked, situation.blocked, "what the app sees nothing of");
    Ok(Completion::Completed)
}

/// What the app shows of each call.
async fn shown(api: &str, django: &Url, guardian: &Guardian) -> Result<Vec<Value>, Failed> {
    let app = App::serve().await?;
    let world = World::start().await?;
    let _page = world.record(&[("localhost:3000", app.url())]);
    let at_api = api.trim_start_matches("http://");
    let received = world.record(&[(at_api, django)]);
    let programs = Engine::Chromium.programs().map_err(|missing| missing.join(", "))?;
    let mut session =
        Session::start(Engine::Chromium, &programs, world.entrance(), guardian).await?;
    session.visit(&format!("{PAGE}/?api={api}")).await?;
    let answer = session.run(READ, Value::Null).await?;
    session.stop().await;
    assert_eq!(answer["origin"], PAGE, "the origin of the page");
    assert!(!received.take().is_empty(), "it was Django that was called");
    Ok(answer["calls"].as_array().cloned().unwrap_or_default())
}

/// What corspec says that Chromium would make of each call, in the form in which the app shows it.
fn said(api: &str) -> Result<Vec<Value>, Failed> {
    let calls = app::calls()?;
    let lines = calls.iter().map(|call| {
        let mut line = json!({
            "agent": "the app's user",
            "url": format!("{api}{}", call["path"].as_str().unwrap_or_default()),
            "page": format!("{PAGE}/"),
        });
        let same = ["method", "headers", "body", "credentials"].into_iter();
        for key in same.filter(|key| !call[*key].is_null()) {
            line[key] = call[key].clone();
        }
        line.to_string() + "\n"
    });
    let input: String = lines.collect();
    let mut corspec = Command::new(env!("CARGO_BIN_EXE_corspec"))
        .args(["fetch", "--batch", "--browser", "chromium"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    corspec.stdin.take().ok_or("no input")?.write_all(input.as_bytes())?;
    let output = corspec.wait_with_output()?;
    let answers = String::from_utf8(output.stdout)?;
    let answers = answers.lines().map(serde_json::from_str::<Value>);
    let answers = answers.collect::<Result<Vec<_>, _>>()?;
    Ok(calls.iter().zip(answers).map(|(call, answer)| as_shown(&call["name"], &answer)).collect())
}

fn as_shown(name: &Value, answer: &Value) -> Value {
    let nothing = json!({"name": name, "error": null, "status": null, "type": null,
                         "redirected": false, "body": null});
    let mut shown = nothing;
    if answer["outcome"] == "network-error" {
        // Chromium tells a page no more, whatever the cause is.
        shown["error"] = "TypeError: Failed to fetch".into();
        return shown;
    }
    shown["status"] = answer["status"].to_string().into();
    for key in ["type", "redirected", "body"] {
        shown[key] = answer[key].clone();
    }
    shown
}
