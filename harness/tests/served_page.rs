//! `corspec browsers --serve`, from what it refuses to Chromium opening the page as anyone would:
//! without a proxy, at this machine's own ports.
//!
//! A machine without Chromium, or without a way to make a network namespace, performs only the
//! former, and says so; `CORSPEC_REQUIRE_BROWSERS` makes that a failure.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use corspec::browsers::engine::Engine;
use corspec::browsers::namespace;
use corspec_targets::guardian::Guardian;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

#[path = "served_page/driver.rs"]
mod driver;

use driver::Chromium;

/// The trial that takes a browser.
const WITH_CHROMIUM: &str = "chromium-and-the-model-agree-on-the-page";

/// Another address of this machine, which the namespace has.
const ELSEWHERE: &str = "192.0.2.1";

/// How long the page may take.
const PATIENCE: Duration = Duration::from_secs(100);

/// Chooses a browser's model, runs, and waits for what comes of it.
const RUN: &str = "const [engine, done] = arguments;
const shown = () => ({
  result,
  cases: document.querySelector('#cases').textContent,
  view: document.querySelector('#view').textContent,
  wire: document.querySelector('#wire').textContent,
  status: document.querySelector('#status').textContent,
  areas: document.querySelectorAll('#areas tbody tr').length,
  differences: document.querySelectorAll('#disagreements details').length,
  impossible: document.querySelectorAll('#impossible tbody tr').length,
});
let clicked = false;
const look = () => {
  const { state } = document.body.dataset;
  if (state === 'done' && clicked) done(shown());
  if (state === 'stopped') done({ status: document.querySelector('#status').textContent });
  if (clicked || state === 'running' || state === undefined) return;
  clicked = true;
  if (engine) document.querySelector('#engine').value = engine;
  document.querySelector('#run').click();
};
new MutationObserver(look).observe(document.body, { attributes: true });
look();";

fn main() -> miette::Result<()> {
    let arguments = Arguments::from_args();
    // The clients take one, though nothing here is encrypted; an error is one that is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let filter = arguments.filter.as_deref().unwrap_or_default();
    let missing = missing();
    if WITH_CHROMIUM.contains(filter) && !arguments.list && missing.is_none() {
        namespace::enter().map_err(|error| miette::miette!("{error}"))?;
    }
    let trials = vec![
        Trial::test("what-makes-no-sense-is-refused", refused),
        Trial::test("a-name-is-no-way-in-and-ctrl-c-ends-it", by_a_name),
        Trial::test("who-listens-beyond-loopback-is-warned", warned),
        Trial::ignorable_test(WITH_CHROMIUM, move || match &missing {
            Some(what) if env::var_os("CORSPEC_REQUIRE_BROWSERS").is_some() => Err(what.into()),
            Some(what) => Ok(Completion::ignored_with(what)),
            None => with_chromium().map(|()| Completion::Completed),
        }),
    ];
    libtest_mimic::run(&arguments, trials).exit()
}

fn missing() -> Option<String> {
    if let Err(programs) = Engine::Chromium.programs() {
        return Some(format!("{} is missing", programs.join(", ")));
    }
    let made = || Command::new("unshare").args(["--net", "true"]).output();
    let here = namespace::check().is_ok() || made().is_ok_and(|it| it.status.success());
    (!here).then(|| "the right to make a network namespace is missing".to_owned())
}

fn corspec(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_corspec"));
    command.args(["browsers", "--serve"]).args(arguments).stdin(Stdio::null());
    command
}

/// The page, served; killed when it is dropped.
struct Served {
    url: String,
    process: Child,
}

impl Served {
    fn start(arguments: &[&str]) -> Result<Self, Failed> {
        let mut process =
            corspec(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let mut url = String::new();
        BufReader::new(process.stdout.take().ok_or("no output")?).read_line(&mut url)?;
        Ok(Self { url: url.trim().to_owned(), process })
    }

    fn authority(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches('/')
    }

    /// Has it end by Ctrl-C; how it did.
    fn interrupted(mut self) -> Result<Option<i32>, Failed> {
        kill_process(Pid::from_child(&self.process), Signal::INT)?;
        Ok(self.process.wait()?.code())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn refused() -> Result<(), Failed> {
    for arguments in [&["chromium"][..], &["--format=json"], &["--policy=publik"]] {
        let output = corspec(arguments).output()?;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
    }
    let mut without = Command::new(env!("CARGO_BIN_EXE_corspec"));
    let without = without.args(["browsers", "--port=1"]).output()?;
    assert_eq!(without.status.code(), Some(2), "a port of nothing");
    Ok(())
}

fn by_a_name() -> Result<(), Failed> {
    let served = Served::start(&["--policy=credentialed"])?;
    let authority = served.authority().to_owned();
    let runtime = tokio::runtime::Runtime::new()?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let plan = |host: &str| {
        let request = client.post(format!("{}plan", served.url)).header("host", host).send();
        runtime.block_on(async { Ok::<_, reqwest::Error>(request.await?.status()) })
    };
    assert_eq!(plan("rebound.example")?, 421);
    assert_eq!(plan(&authority)?, 200);
    assert_eq!(served.interrupted()?, Some(130));
    assert!(TcpStream::connect(&authority).is_err(), "it listens no more");
    Ok(())
}

fn warned() -> Result<(), Failed> {
    let mut served = Served::start(&["--policy=credentialed", "--host=0.0.0.0"])?;
    let mut warning = String::new();
    let errors = served.process.stderr.take().ok_or("no standard error")?;
    BufReader::new(errors).read_line(&mut warning)?;
    assert!(warning.starts_with("warning: whoever in the network"), "{warning}");
    assert!(served.url.starts_with("http://127.0.0.1:"), "{}", served.url);
    Ok(())
}

fn with_chromium() -> Result<(), Failed> {
    let served = Served::start(&["--policy=credentialed", "--host=0.0.0.0"])?;
    let guardian = Guardian::start(PathBuf::from(env!("CARGO_BIN_EXE_corspec")))?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let mut chromium = Chromium::start(&guardian, PATIENCE).await?;
        let here = agreement(&mut chromium, &served.url, 250).await?;
        // To a phone the same server is no trustworthy one: its address is not of the phone itself.
        let from_afar = served.url.replace("127.0.0.1", ELSEWHERE);
        let from_afar = agreement(&mut chromium, &from_afar, 250).await?;
        assert_ne!(here["origin"], from_afar["origin"]);
        // The same browser is not what the model says of another.
        chromium.visit(&served.url).await?;
        let shown = chromium.run(RUN, json!("firefox")).await?;
        assert!(shown["differences"].as_u64() > Some(5), "{shown}");
        chromium.stop().await;
        Ok::<_, Failed>(())
    })?;
    assert_eq!(served.interrupted()?, Some(130));
    Ok(())
}

/// Opens the page and runs it: all must agree, in more than `least` cases.
async fn agreement(chromium: &mut Chromium, url: &str, least: u64) -> Result<Value, Failed> {
    chromium.visit(url).await?;
    let mut shown = chromium.run(RUN, Value::Null).await?;
    let result = shown["result"].take();
    assert_eq!(result["disagreements"], json!([]), "{shown}");
    assert_eq!(result["troubles"], json!({}), "{shown}");
    assert_eq!(result["engine"], "chromium");
    assert!(result["cases"].as_u64() > Some(least), "{shown}");
    assert_eq!(shown["cases"], result["cases"].to_string());
    assert_eq!([&shown["view"], &shown["wire"]], ["100 %", "100 %"]);
    assert_eq!(shown["status"], "The model and this browser agree in all cases.");
    assert!(shown["areas"].as_u64() > Some(10) && shown["impossible"].as_u64() > Some(3));
    Ok(result)
}
