//! What `corspec browsers` found, as text, JSON and Markdown.

use std::fmt::Write as _;

use crate::browsers::{Agreement, Disagreement, Findings};
use crate::escape::{for_terminal, json_line};

/// What stands above the table in the documentation.
const INTRODUCTION: &str = "\
# The model and real browsers

Made by `corspec browsers --format markdown`, for the targets and policies that stand below the table.

Every `fetch` step of every case is performed twice against the same server: by a page in the browser, served from the
case's own origin (an opaque one is a sandboxed frame's), and by the model under that browser's profile.
Compared are the page's view (rejected, an error, or a response's type, status, URL, visible headers and body) and the
wire: which requests reach a server, in which order, and of each the origin, what a preflight asks for, the credentials,
the content type, the referrer, `Sec-Fetch-*`, and whatever the page's script sets.
The targets stand at `https://target.test`, in front of which a SOCKS server makes every origin real to the browser.
A case that differs is performed again, twice at most: what a browser does only by chance does not count.
Safari is not WebKitGTK, and Edge is not Chromium: the table speaks of the engines that it names.
";

/// What stands below it all.
const IN_YOUR_OWN: &str = "\
## In your own browser

`corspec browsers --serve` prints the URL of a page. Whoever opens it and presses Run has the cases performed in their own
browser, against the reference, and sees the table of agreement, each difference in full, and what the page cannot do;
a button saves it all as JSON. No driver, proxy or network namespace is needed, so that any browser will do.
With `--host 0.0.0.0` a phone in the same network can open it, by this machine's address; so can everybody else there.
Each case gets ports of its own, which are origins of their own: the page's own port is the origin that policies allow first,
and two more stand for another allowed one and for a stranger. Names under a domain and encryption are not to be had at an
address, so that the cases that need them are counted and left out. Safari and all browsers on iOS are held against WebKit's
profile, and everything else against that of its engine; the page lets you choose another.";

/// For people: a table, and a block for each disagreement.
#[must_use]
pub fn text(findings: &Findings) -> String {
    let mut out = String::new();
    let targets = findings.targets.join(", ");
    line(
        &mut out,
        format_args!("corspec {} · {targets} · the model and real browsers\n", findings.version),
    );
    for refused in &findings.refused {
        line(&mut out, format_args!("refused  {}", for_terminal(refused)));
    }
    line(
        &mut out,
        format_args!(
            "{:<10}{:<16}{:>7}{:>18}{:>18}",
            "browser", "version", "cases", "page's view", "wire"
        ),
    );
    for it in &findings.engines {
        let name = it.engine.name();
        match (&it.version, &it.unavailable) {
            (Some(version), _) => line(
                &mut out,
                format_args!(
                    "{name:<10}{:<16}{:>7}{:>18}{:>18}",
                    for_terminal(version),
                    it.cases,
                    share(it.view, it.cases),
                    share(it.wire, it.cases)
                ),
            ),
            (None, why) => {
                let why = why.as_deref().unwrap_or_default();
                line(&mut out, format_args!("{name:<10}unavailable: {why}"));
            }
        }
    }
    for agreement in &findings.engines {
        details(agreement, &mut out);
    }
    out
}

/// One document, pretty.
#[must_use]
pub fn json(findings: &Findings) -> String {
    // Strings, numbers and lists of them serialise.
    let value = serde_json::to_value(findings).unwrap_or_default();
    json_line(&value) + "\n"
}

/// For the documentation: the table, what a page cannot do, and every disagreement by its cause.
#[must_use]
pub fn markdown(findings: &Findings) -> String {
    let mut out = format!("{INTRODUCTION}\n");
    line(&mut out, format_args!("| browser | version | cases | page's view | wire |"));
    line(&mut out, format_args!("|---|---|---:|---:|---:|"));
    for it in &findings.engines {
        let version = it.version.as_deref().unwrap_or("unavailable");
        line(
            &mut out,
            format_args!(
                "| {} | {} | {} | {} | {} |",
                it.engine.name(),
                cell(version),
                it.cases,
                share(it.view, it.cases),
                share(it.wire, it.cases)
            ),
        );
    }
    let policies = findings.policies.join(", ");
    line(
        &mut out,
        format_args!("\nTargets: {}. Policies: {policies}.", findings.targets.join(", ")),
    );
    for refused in &findings.refused {
        line(&mut out, format_args!("Refused: {}.", cell(refused)));
    }
    if let Some(first) = findings.engines.iter().find(|it| !it.impossible.is_empty()) {
        line(&mut out, format_args!("\n## What no page can do\n\n| steps | why |\n|---:|---|"));
        for (why, count) in &first.impossible {
            line(&mut out, format_args!("| {count} | {} |", cell(why)));
        }
    }
    for agreement in &findings.engines {
        line(&mut out, format_args!("\n## Where {} differs\n", agreement.engine.name()));
        if agreement.disagreements.is_empty() {
            line(&mut out, format_args!("Nowhere."));
            continue;
        }
        line(
            &mut out,
            format_args!("| scenario | policy | step | what | model | browser | cause |"),
        );
        line(&mut out, format_args!("|---|---|---|---|---|---|---|"));
        for it in &agreement.disagreements {
            rows(it, &mut out);
        }
    }
    line(&mut out, format_args!("\n{IN_YOUR_OWN}"));
    out
}

fn details(agreement: &Agreement, out: &mut String) {
    let name = agreement.engine.name();
    for (why, count) in &agreement.impossible {
        line(out, format_args!("\n{name}: {count} steps not possible: {}", for_terminal(why)));
    }
    for (why, count) in &agreement.troubles {
        line(out, format_args!("\n{name}: {count} cases not performed: {}", for_terminal(why)));
    }
    if agreement.unsteady > 0 {
        line(
            out,
            format_args!("\n{name}: {} cases agreed when performed again", agreement.unsteady),
        );
    }
    for it in &agreement.disagreements {
        line(
            out,
            format_args!("\n{name} differs: {} · {} · {}", it.scenario, it.target, it.policy),
        );
        for explained in &it.differences {
            let difference = &explained.difference;
            line(
                out,
                format_args!(
                    "  step {} · {} · {}\n    model    {}\n    browser  {}",
                    for_terminal(&difference.step),
                    difference.part.words(),
                    for_terminal(&difference.field),
                    for_terminal(&difference.model),
                    for_terminal(&difference.browser)
                ),
            );
            match (&explained.cause, &explained.link) {
                (Some(cause), Some(link)) => {
                    line(out, format_args!("    known    {cause} ({link})"))
                }
                (Some(cause), None) => line(out, format_args!("    known    {cause}")),
                (None, _) => {}
            }
        }
    }
    for stale in &agreement.stale {
        line(out, format_args!("\n{name}: known.toml lists {stale}, and it agrees; take it out"));
    }
}

fn rows(disagreement: &Disagreement, out: &mut String) {
    for it in &disagreement.differences {
        let cause = match (&it.cause, &it.link) {
            (Some(cause), Some(link)) => format!("{} [more]({link})", cell(cause)),
            (Some(cause), None) => cell(cause),
            (None, _) => "**unknown**".to_owned(),
        };
        line(
            out,
            format_args!(
                "| `{}` | {} | {} | {}, {} | `{}` | `{}` | {cause} |",
                disagreement.scenario,
                disagreement.policy,
                cell(&it.difference.step),
                it.difference.part.words(),
                cell(&it.difference.field),
                cell(&it.difference.model),
                cell(&it.difference.browser)
            ),
        );
    }
}

/// A share in percent, never rounded up to all.
fn share(some: usize, all: usize) -> String {
    match all {
        0 => "-".to_owned(),
        all => format!("{some} ({}.{} %)", some * 100 / all, some * 1000 / all % 10),
    }
}

/// Text that breaks no table.
fn cell(text: &str) -> String {
    for_terminal(text).replace('|', "\\|").replace('`', "'").replace('\n', " ")
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // A string takes whatever is written.
    let _ = writeln!(out, "{text}");
}
