//! The model of a shared cache against real ones: nginx and Varnish, as the targets `nginx-cache` and `varnish-cache` set
//! them up, in front of an origin that is right or faulty. Each sequence of requests gets the same answers from both.
//!
//! A cache that is not installed is skipped, unless `CORSPEC_REQUIRE_TARGETS` is set.

#![expect(clippy::unwrap_used, reason = "a test that cannot do its work has failed")]

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use corspec::driver;
use corspec::transport::{Transport, TransportOptions};
use corspec_suite::exchange::{SeenResponse, SentRequest};
use corspec_suite::shared_cache::{CacheOptions, Lifetime, SharedCache};
use corspec_targets::guardian::Guardian;
use corspec_targets::launch::{Launch, launch};
use corspec_targets::registry::{Availability, Registry, Target};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use url::Url;

#[path = "support/origin.rs"]
mod origin;
#[path = "shared_caches/sequences.rs"]
mod sequences;

use origin::{Origin, Script};
use sequences::{Sequence, sequences};

/// nginx with the configuration of `targets/nginx-cache`.
const NGINX: CacheOptions = CacheOptions {
    unstated: &[
        Lifetime { statuses: &[200, 302], keep: Duration::from_secs(600) },
        Lifetime { statuses: &[404], keep: Duration::from_secs(60) },
    ],
    marked_public: Duration::ZERO,
    reads_age: false,
    reads_requests: false,
    keeps_set_cookie: false,
    passes: &["authorization"],
    head_as_get: true,
    // It looks past white space only in three headers that this test does not name.
    normalises: false,
    ..CacheOptions::STANDARD
};

/// Varnish with its built-in VCL.
const VARNISH: CacheOptions = CacheOptions {
    unstated: &[Lifetime {
        statuses: &[200, 203, 204, 300, 301, 304, 404, 410, 414],
        keep: Duration::from_secs(120),
    }],
    marked_public: Duration::ZERO,
    stated: &[200, 203, 204, 300, 301, 302, 304, 307, 404, 410, 414],
    expires_without_date: false,
    reads_requests: false,
    keeps_set_cookie: false,
    passes: &["authorization", "cookie"],
    head_as_get: true,
    normalises: false,
    ..CacheOptions::STANDARD
};

fn main() -> miette::Result<()> {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../targets");
    let registry = Registry::discover(Some(&folder))?;
    let mut trials = vec![Trial::test("the-standard-is-what-the-sequences-say", standard)];
    for (id, options) in [("nginx-cache", NGINX), ("varnish-cache", VARNISH)] {
        let target = registry.target(id)?.clone();
        trials.push(Trial::ignorable_test(id, move || against(&target, &options)));
    }
    libtest_mimic::run(&arguments, trials).exit()
}

/// Each sequence ends, by the standard, as it says: the model of the targets departs from something known.
fn standard() -> Result<(), Failed> {
    let wrong: Vec<_> = sequences()
        .iter()
        .filter_map(|sequence| {
            let given = by_model(sequence, &CacheOptions::STANDARD);
            let numbers: Vec<_> = given.iter().map(|it| it.number.as_str()).collect();
            (numbers != sequence.by_the_standard).then(|| {
                format!("{}: {numbers:?}, not {:?}", sequence.name, sequence.by_the_standard)
            })
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn against(target: &Target, options: &CacheOptions) -> Result<Completion, Failed> {
    if let Availability::Unavailable { missing, how } = target.availability(None)? {
        let reason = format!("{} is missing: {how}", missing.join(", "));
        return match std::env::var_os("CORSPEC_REQUIRE_TARGETS") {
            Some(_) => Err(reason.into()),
            None => Ok(Completion::ignored_with(reason)),
        };
    }
    let sequences = sequences();
    let script = Script::new(sequences.iter().map(|it| (it.name.to_owned(), it.answer)));
    let origin = Origin::start(script)?;
    let mut target = target.clone();
    let start = target.manifest.start.as_mut().ok_or("it has no start command")?;
    start.env.insert("CORSPEC_ORIGIN".to_owned(), origin.url());
    let runtime = tokio::runtime::Runtime::new()?;
    let real = runtime.block_on(through(&target, &sequences))?;
    let model = sequences.iter().map(|sequence| by_model(sequence, options));
    let wrong: Vec<_> = sequences
        .iter()
        .zip(real.iter().zip(model))
        .filter(|(_, (real, model))| *real != model)
        .map(|(sequence, (real, model))| {
            format!("{}:\n  {}: {real:?}\n  the model: {model:?}", sequence.name, target.id)
        })
        .collect();
    if wrong.is_empty() { Ok(Completion::Completed) } else { Err(wrong.join("\n").into()) }
}

/// What a user is given, as far as it depends on the cache.
#[derive(Debug, PartialEq, Eq)]
struct Given {
    status: u16,
    /// Which of the origin's answers it is.
    number: String,
    allow_origin: Option<String>,
    set_cookie: Option<String>,
    body: String,
}

impl Given {
    fn of(answer: &SeenResponse) -> Self {
        let header = |name: &str| {
            answer.headers.get(name).map(|value| String::from_utf8_lossy(&value).into_owned())
        };
        Self {
            status: answer.status,
            number: header("x-answer").unwrap_or_default(),
            allow_origin: header("access-control-allow-origin"),
            set_cookie: header("set-cookie"),
            body: String::from_utf8_lossy(&answer.body).into_owned(),
        }
    }
}

/// Sends every sequence through a cache.
async fn through(target: &Target, sequences: &[Sequence]) -> Result<Vec<Vec<Given>>, Failed> {
    let guardian = Guardian::start(PathBuf::from(env!("CARGO_BIN_EXE_corspec")))?;
    let running = match launch(target, None, "{}", &guardian).await {
        Launch::Running(running) => running,
        other => return Err(format!("it does not start: {other:?}").into()),
    };
    let transport = Transport::new(&TransportOptions::default())?;
    let mut given = Vec::new();
    for sequence in sequences {
        given.push(by_cache(sequence, &running.base_url, &transport).await?);
    }
    running.stop().await;
    Ok(given)
}

async fn by_cache(
    sequence: &Sequence,
    base: &Url,
    transport: &Transport,
) -> Result<Vec<Given>, Failed> {
    let mut given = Vec::new();
    for request in sequence.requests() {
        let SentRequest { method, url, headers, body } = request;
        let exchange = driver::wire(transport, &method, base.join(&url)?, headers, body).await;
        let answer =
            exchange.response.map_err(|it| format!("{}: {}", sequence.name, it.message))?;
        given.push(Given::of(&SeenResponse {
            status: answer.status,
            status_text: answer.status_text,
            headers: answer.headers,
            body: answer.body,
        }));
    }
    Ok(given)
}

/// What the model hands out.
fn by_model(sequence: &Sequence, options: &CacheOptions) -> Vec<Given> {
    let script = Script::new([(sequence.name.to_owned(), sequence.answer)]);
    let mut cache = SharedCache::new(options.clone());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut ask = |request: SentRequest| {
        let mut answer = cache.ask(&request, now, |upstream| script.answer(upstream));
        if request.method == b"HEAD" || answer.status == 204 {
            answer.body.clear();
        }
        Given::of(&answer)
    };
    sequence.requests().into_iter().map(&mut ask).collect()
}
