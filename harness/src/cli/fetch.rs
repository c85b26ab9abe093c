//! `corspec fetch`: what one page would see of one server, and why.

mod story;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use corspec_fetch::agent::UserAgent;
use corspec_fetch::origin::Origin;
use corspec_fetch::outcome::Outcome;
use corspec_fetch::page::Page;
use corspec_fetch::profile::Profile;
use corspec_fetch::request::{Body, RequestInit};
use url::Url;

use super::prepare::named_framework;
use super::version::VersionArgs;
use crate::batch::{Batch, answer};
use crate::console::{self, Console};
use crate::driver::{Clock, Driven, Ending, FollowPolicy, drive};
use crate::escape::{for_terminal, from_latin1, json_line};
use crate::exit::Exit;
use crate::redact;
use crate::remedy::{self, Framework, Remedy};
use crate::transport::{Transport, TransportOptions};
use crate::words;

/// Fetch a URL as a browser would for a page, and tell what the page sees.
///
/// With `--batch`: a JSON object a line on standard input, one a line on standard output.
/// A batch is exact: unlike all other output, it shows secrets as they are.
#[derive(Args, Debug)]
pub(super) struct FetchArgs {
    /// The URL to fetch.
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    url: Option<String>,
    /// The origin of the page, such as `https://app.example`, or `null`.
    #[arg(long, conflicts_with = "batch")]
    origin: Option<String>,
    /// The URL of the page: gives the referrer and, without `--origin`, the origin.
    #[arg(long, conflicts_with = "batch")]
    page: Option<String>,
    /// The method.
    #[arg(short = 'X', long, conflicts_with = "batch")]
    method: Option<String>,
    /// A header that the page's script sets: `name: value`.
    #[arg(short = 'H', long = "header", conflicts_with = "batch")]
    headers: Vec<String>,
    /// The body, a string.
    #[arg(short = 'd', long = "data", conflicts_with = "batch")]
    body: Option<String>,
    /// The request's mode: cors, no-cors or same-origin.
    #[arg(long, conflicts_with = "batch")]
    mode: Option<String>,
    /// The request's credentials mode: omit, same-origin or include.
    #[arg(long, conflicts_with = "batch")]
    credentials: Option<String>,
    /// The request's redirect mode: follow, error or manual.
    #[arg(long, conflicts_with = "batch")]
    redirect: Option<String>,
    /// A `Set-Cookie` line that the server set when the user visited it.
    #[arg(long = "cookie", conflicts_with = "batch")]
    cookies: Vec<String>,
    /// The framework or library of the server, as `express` or `nginx`: names its setting that lets a
    /// page in that was blocked.
    #[arg(long, value_name = "NAME", conflicts_with = "batch")]
    framework: Option<String>,
    /// How to print what happened.
    #[arg(long, value_enum, default_value = "text", conflicts_with = "batch")]
    format: Format,
    /// The browser to be: spec, chromium, firefox or webkit.
    #[arg(long, default_value = "spec")]
    browser: String,
    /// Seconds that an exchange may take until the response's headers are there.
    #[arg(long, default_value = "10", value_parser = super::seconds)]
    timeout: Duration,
    /// Seconds that a body may take after the headers.
    #[arg(long, default_value = "10", value_parser = super::seconds)]
    body_timeout: Duration,
    /// How many bytes of a body are read.
    #[arg(long, default_value = "8388608")]
    max_body: usize,
    /// A PEM file with further certificates to trust.
    #[arg(long)]
    cacert: Option<PathBuf>,
    /// Accept any certificate.
    #[arg(long)]
    insecure: bool,
    #[command(flatten)]
    version: VersionArgs,
    /// Follow redirects to other origins as well.
    #[arg(long)]
    follow_elsewhere: bool,
    /// Read fetches from standard input, a JSON object a line; exact and unredacted.
    #[arg(long)]
    batch: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Runs the command and says how it ended.
pub(super) async fn run(args: FetchArgs) -> Exit {
    let (profile, transport, framework) = match set_up(&args) {
        Ok(set_up) => set_up,
        Err(message) => return refused(&message),
    };
    let written = if args.batch {
        let batch = Batch { transport, profile, elsewhere: args.follow_elsewhere };
        batch.run(io::stdin().lock(), io::stdout().lock()).await
    } else {
        match fetched(&args, profile, &transport).await {
            Ok((driven, console)) => {
                let mend = mend(&driven, framework);
                print(&driven, console, mend, args.format).map(|()| exit(&driven))
            }
            Err(message) => return refused(&message),
        }
    };
    written.unwrap_or_else(|error| {
        // Where standard error is gone as well, the exit code still says it.
        let _ = writeln!(io::stderr(), "error: the output could not be written: {error}");
        Exit::Output
    })
}

/// What a fetch goes by: the browser, the connections, and whose settings to name.
type SetUp = (&'static Profile, Transport, Option<&'static Framework>);

fn set_up(args: &FetchArgs) -> Result<SetUp, String> {
    let options = TransportOptions {
        timeout: args.timeout,
        body_timeout: args.body_timeout,
        max_body: args.max_body,
        cacert: args.cacert.clone(),
        insecure: args.insecure,
        version: args.version.version(),
        socks: None,
    };
    let transport = Transport::new(&options).map_err(|error| error.to_string())?;
    let framework = args.framework.as_deref().map(named_framework).transpose()?;
    Ok((words::profile(&args.browser)?, transport, framework))
}

async fn fetched(
    args: &FetchArgs,
    profile: &'static Profile,
    transport: &Transport,
) -> Result<(Driven, Option<Console>), String> {
    let url = target(args.url.as_deref().unwrap_or_default())?;
    let page = page(args)?;
    let mut agent = UserAgent::new(profile);
    let clock = Clock::default();
    for cookie in &args.cookies {
        agent.set_cookie(&url, cookie.as_bytes(), clock.now());
    }
    let init = init(args, &url)?;
    let request = agent.construct(&page, &init).map_err(|error| {
        format!("{error}: the script's call would be rejected; change the request")
    })?;
    let fetch = agent.fetch(&page, request);
    let follow = FollowPolicy::of(&url, args.follow_elsewhere);
    let driven = drive(&mut agent, fetch, transport, &clock, &follow).await;
    let console = console::of(&driven, &page, &init, &url);
    Ok((driven, console))
}

fn target(text: &str) -> Result<Url, String> {
    let url = absolute(text)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("`{text}` is not HTTP; give a URL with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let shown = redact::text(text);
        return Err(format!(
            "`{shown}` has userinfo; take it out, and set a header in `[requests]` of corspec.toml"
        ));
    }
    Ok(url)
}

fn absolute(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|error| {
        let shown = redact::text(text);
        format!(
            "`{shown}` is not a URL: {error}; give an absolute one, such as http://127.0.0.1:8000/"
        )
    })
}

fn page(args: &FetchArgs) -> Result<Page, String> {
    let url = args.page.as_deref().map(absolute).transpose()?;
    let origin = match (&args.origin, &url) {
        (Some(origin), _) => Origin::parse(origin).map_err(|error| error.to_string())?,
        (None, Some(url)) => Origin::of(url),
        (None, None) => {
            return Err(String::from(
                "no `--origin`; give the page's, such as https://app.example",
            ));
        }
    };
    Ok(Page { url, ..Page::at(origin) })
}

fn init(args: &FetchArgs, url: &Url) -> Result<RequestInit, String> {
    Ok(RequestInit {
        method: args.method.as_deref().unwrap_or("GET").into(),
        headers: args.headers.iter().map(|it| header(it)).collect::<Result<_, _>>()?,
        mode: words::mode(args.mode.as_deref())?,
        credentials: words::credentials(args.credentials.as_deref())?,
        redirect: words::redirect(args.redirect.as_deref())?,
        body: args.body.as_deref().map(Body::text),
        ..RequestInit::get(url.as_str())
    })
}

fn header(line: &str) -> Result<(Vec<u8>, Vec<u8>), String> {
    let (name, value) = line
        .split_once(':')
        .ok_or_else(|| format!("`{line}` is not a header; write 'name: value'"))?;
    // A script's characters are the bytes of a header's value.
    let value = from_latin1(value.trim_matches([' ', '\t'])).ok_or_else(|| {
        format!("`{line}` has a character that no byte stands for; a page gets a TypeError")
    })?;
    Ok((name.into(), value))
}

fn refused(message: &str) -> Exit {
    // Where standard error is gone, the exit code still says it.
    let _ = writeln!(io::stderr(), "error: {}", for_terminal(message));
    Exit::Usage
}

/// What lets the page in that was blocked.
fn mend(driven: &Driven, framework: Option<&'static Framework>) -> Option<Remedy> {
    let Ending::Outcome(Outcome::NetworkError(error)) = &driven.ending else { return None };
    let last = driven.exchanges.last().and_then(|it| it.response.as_ref().ok());
    remedy::remedy(error.cause().slug(), last.map(|it| it.status), framework)
}

fn print(
    driven: &Driven,
    console: Option<Console>,
    mend: Option<Remedy>,
    format: Format,
) -> io::Result<()> {
    let driven = redacted(driven);
    let console = console.map(|it| it.map(redact::text));
    let mut output = io::stdout().lock();
    match format {
        Format::Text => {
            let console = console.unwrap_or_default();
            output.write_all(story::told(&driven, &console, mend).as_bytes())?;
        }
        Format::Json => {
            let mut answer = answer::driven(&driven, console, redact::text);
            if let Some(mend) = mend {
                answer["remedy"] = serde_json::to_value(mend)?;
            }
            writeln!(output, "{}", json_line(&answer))?;
        }
    }
    output.flush()
}

/// The same without secrets.
fn redacted(driven: &Driven) -> Driven {
    let mut shown = driven.clone();
    for exchange in &mut shown.exchanges {
        exchange.request.headers = redact::headers(&exchange.request.headers, &[]);
        if let Ok(response) = &mut exchange.response {
            response.headers = redact::headers(&response.headers, &[]);
        }
    }
    match &mut shown.ending {
        Ending::Outcome(Outcome::Response(response)) => {
            response.headers = redact::headers(&response.headers, &[]);
        }
        Ending::Outcome(Outcome::NetworkError(_)) | Ending::NotFollowed { .. } => {}
    }
    for step in &mut shown.trace.steps {
        step.what = redact::text(&step.what);
    }
    shown
}

fn exit(driven: &Driven) -> Exit {
    let answered = driven.exchanges.iter().any(|it| it.response.is_ok());
    match &driven.ending {
        Ending::Outcome(Outcome::Response(_)) => Exit::Expected,
        _ if !answered && !driven.exchanges.is_empty() => Exit::Target,
        _ => Exit::Unexpected,
    }
}
