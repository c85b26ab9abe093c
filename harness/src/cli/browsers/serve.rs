//! `corspec browsers --serve`: the page for people.

use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use clap::Args;
use corspec_suite::case::Abilities;
use corspec_suite::load::Suite;
use corspec_targets::registry::REFERENCE;

use super::BrowsersArgs;
use crate::browsers::Known;
use crate::browsers::serve::{Offer, Page, ServeError};
use crate::cli::prepare::{Refused, chosen, complain, named_policies, registry};
use crate::cli::serve::{Signals, cannot_listen};
use crate::exit::Exit;

/// How the page is served.
#[derive(Args, Debug)]
pub(super) struct ServeArgs {
    /// Serve a page that compares the browser that opens it, against the reference. Prints the
    /// page's URL, and serves until Ctrl-C or TERM.
    #[arg(long, conflicts_with_all = ["names", "format", "output", "require", "record"])]
    pub(super) serve: bool,
    /// With `--serve`: the address to listen on. Whoever can reach it can open the page.
    #[arg(long, value_name = "ADDR", requires = "serve", default_value_t = Ipv4Addr::LOCALHOST.into())]
    host: IpAddr,
    /// With `--serve`: the page's port; 0 picks a free one. The cases' ports are always free ones.
    #[arg(long, value_name = "N", requires = "serve", default_value = "0")]
    port: u16,
}

/// Serves the page until it is asked to end.
pub(super) async fn command(args: &BrowsersArgs) -> Exit {
    served(args).await.unwrap_or_else(|Refused(exit, message)| {
        complain(&message);
        exit
    })
}

async fn served(args: &BrowsersArgs) -> Result<Exit, Refused> {
    let fault = |error: io::Error| Refused(Exit::Fault, format!("cannot await signals: {error}"));
    let mut signals = Signals::new().map_err(fault)?;
    let ServeArgs { host, port, .. } = args.serve;
    let address = SocketAddr::new(host, port);
    let page = Page::serve(offer(args)?, address).await.map_err(|error| match error {
        ServeError::Io(error) => cannot_listen(address, &error),
        other => Refused(Exit::Target, other.to_string()),
    })?;
    let mut here = page.address;
    if !host.is_loopback() {
        let warning = "whoever in the network reaches this machine can open the page, by its address, \
                       and ask the reference server behind it";
        // Where standard error is gone, nobody is there to be warned.
        let _ = writeln!(io::stderr(), "warning: {warning}");
    }
    if host.is_unspecified() {
        here.set_ip(if host.is_ipv6() {
            Ipv6Addr::LOCALHOST.into()
        } else {
            Ipv4Addr::LOCALHOST.into()
        });
    }
    let mut output = io::stdout().lock();
    writeln!(output, "http://{here}/")
        .and_then(|()| output.flush())
        .map_err(|error| Refused(Exit::Output, format!("the URL could not be written: {error}")))?;
    drop(output);
    Ok(signals.any().await)
}

fn offer(args: &BrowsersArgs) -> Result<Offer, Refused> {
    let fault = |error: String| Refused(Exit::Fault, error);
    let suite = Suite::embedded().map_err(|error| fault(error.to_string()))?;
    let registry = registry()?;
    let reference = registry.target(REFERENCE).map_err(|error| fault(error.to_string()))?;
    let abilities = Abilities {
        routes: reference.routes(),
        other: reference.other_abilities().clone(),
        origin: None,
    };
    let scenarios = chosen(&suite, &args.scenario, &args.exclude)?;
    let scenarios = scenarios.into_iter().map(|scenario| scenario.id.clone()).collect();
    let policies: Vec<String> = match args.policy.as_slice() {
        [] => suite.policies().keys().cloned().collect(),
        names => named_policies(&suite, names)?.into_keys().map(str::to_owned).collect(),
    };
    let known = Known::embedded().map_err(|error| fault(error.to_string()))?;
    Ok(Offer { suite, scenarios, policies, abilities, known })
}
