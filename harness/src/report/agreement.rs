//! What `corspec browsers` found, as text, JSON and Markdown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::browsers::{Agreement, Difference, Findings};
use crate::escape::{for_terminal, json_line};

/// What stands above the table in the documentation.
const INTRODUCTION: &str = "\
# The model and real browsers

Every `fetch` step of every case is performed twice against the same server: by a page in the browser, served from the
case's own origin (an opaque one is a sandboxed frame's), and by the model under that browser's profile.
What several visitors do at the same time is done in a window for each page, and each visitor has a host of their own.
Compared are the page's view (rejected, an error, or a response's type, status, URL, visible headers and body) and the
wire: which requests reach a server, in which order, and of each the origin, what a preflight asks for, the credentials,
the content type, the referrer, `Sec-Fetch-*`, and whatever the page's script sets.
The targets stand at `https://target.test`, in front of which a SOCKS server makes every origin real to the browser; under
a policy that lets pages of `http://localhost` ask, they stand at another port of it as well.
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
address, so that the cases that need them are counted and left out, as are several visitors at the same time. Safari and all
browsers on iOS are held against WebKit's profile, and everything else against that of its engine; the page lets you choose another.";

/// What is true of steps that the page and the model do sooner than the scenario says.
const HURRIED: &str = "after a shorter wait than the scenario says, by the page and the model alike: a browser's clock \
                       cannot be moved, and no page waits for more than 6 s";

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
            "{:<10}{:<16}{:<24}{:>7}{:>18}{:>18}",
            "browser", "version", "target", "cases", "page's view", "wire"
        ),
    );
    for it in &findings.engines {
        let name = it.engine.name();
        match (&it.version, &it.unavailable) {
            (Some(version), _) => {
                for (target, count) in &it.targets {
                    line(
                        &mut out,
                        format_args!(
                            "{name:<10}{:<16}{target:<24}{:>7}{:>18}{:>18}",
                            for_terminal(version),
                            count.cases,
                            share(count.view, count.cases),
                            share(count.wire, count.cases)
                        ),
                    );
                }
            }
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
    table(findings, &mut out);
    let policies = findings.policies.join(", ");
    line(&mut out, format_args!("\nPolicies: {policies}. Made by:\n"));
    line(&mut out, format_args!("```sh\n{}\n```", findings.command));
    for refused in &findings.refused {
        line(&mut out, format_args!("\nRefused: {}.", cell(refused)));
    }
    if let Some(first) = findings.engines.iter().find(|it| !it.impossible.is_empty()) {
        line(&mut out, format_args!("\n## What no page can do\n\n| steps | why |\n|---:|---|"));
        for (why, count) in &first.impossible {
            line(&mut out, format_args!("| {count} | {} |", cell(why)));
        }
    }
    if let Some(first) = findings.engines.iter().find(|it| it.hurried > 0) {
        line(&mut out, format_args!("\n{} steps are done, but {HURRIED}.", first.hurried));
    }
    for agreement in &findings.engines {
        line(&mut out, format_args!("\n## Where {} differs\n", agreement.engine.name()));
        disagreements(agreement, &mut out);
    }
    line(&mut out, format_args!("\n{IN_YOUR_OWN}"));
    out
}

fn table(findings: &Findings, out: &mut String) {
    line(out, format_args!("| browser | version | target | cases | page's view | wire |"));
    line(out, format_args!("|---|---|---|---:|---:|---:|"));
    for it in &findings.engines {
        let name = it.engine.name();
        let Some(version) = &it.version else {
            line(out, format_args!("| {name} | unavailable | - | - | - | - |"));
            continue;
        };
        for (target, count) in &it.targets {
            line(
                out,
                format_args!(
                    "| {name} | {} | {target} | {} | {} | {} |",
                    cell(version),
                    count.cases,
                    share(count.view, count.cases),
                    share(count.wire, count.cases)
                ),
            );
        }
    }
}

/// Why something differs, and where more is said.
type Cause<'a> = (Option<&'a str>, Option<&'a str>);

/// A scenario and what differs in it.
type Row<'a> = (&'a str, &'a Difference);

/// The targets and the policies that a row is of.
type Places<'a> = [BTreeSet<&'a str>; 2];

/// The differences by their cause; those that are the same under several policies or on several
/// targets are one.
fn by_cause(agreement: &Agreement) -> BTreeMap<Cause<'_>, BTreeMap<Row<'_>, Places<'_>>> {
    let mut causes: BTreeMap<Cause<'_>, BTreeMap<Row<'_>, Places<'_>>> = BTreeMap::new();
    for it in &agreement.disagreements {
        for explained in &it.differences {
            let cause = (explained.cause.as_deref(), explained.link.as_deref());
            let rows = causes.entry(cause).or_default();
            let places = rows.entry((&it.scenario, &explained.difference)).or_default();
            places[0].insert(&it.target);
            places[1].insert(&it.policy);
        }
    }
    causes
}

fn disagreements(agreement: &Agreement, out: &mut String) {
    if agreement.disagreements.is_empty() {
        line(out, format_args!("Nowhere."));
    }
    for (index, ((cause, link), rows)) in by_cause(agreement).into_iter().enumerate() {
        let gap = if index == 0 { "" } else { "\n" };
        match (cause, link) {
            (Some(cause), Some(link)) => {
                line(out, format_args!("{gap}{} ([more]({link}))\n", cell(cause)))
            }
            (Some(cause), None) => line(out, format_args!("{gap}{}\n", cell(cause))),
            (None, _) => line(out, format_args!("{gap}**Of unknown cause:**\n")),
        }
        line(
            out,
            format_args!("| scenario | step | what | model | browser | targets | policies |"),
        );
        line(out, format_args!("|---|---|---|---|---|---|---|"));
        for ((scenario, it), places) in rows {
            let [targets, policies] = places.map(|it| Vec::from_iter(it).join(", "));
            line(
                out,
                format_args!(
                    "| `{scenario}` | {} | {}, {} | `{}` | `{}` | {targets} | {policies} |",
                    cell(&it.step),
                    it.part.words(),
                    cell(&it.field),
                    cell(&it.model),
                    cell(&it.browser)
                ),
            );
        }
    }
}

fn details(agreement: &Agreement, out: &mut String) {
    let name = agreement.engine.name();
    for (why, count) in &agreement.impossible {
        line(out, format_args!("\n{name}: {count} steps not possible: {}", for_terminal(why)));
    }
    if agreement.hurried > 0 {
        line(out, format_args!("\n{name}: {} steps done {HURRIED}", agreement.hurried));
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

#[cfg(test)]
mod tests {
    use corspec_vectors::compare::Part;

    use super::*;
    use crate::browsers::engine::Engine;
    use crate::browsers::{Disagreement, Explained};

    fn disagreement(target: &str, policy: &str, cause: Option<&str>) -> Disagreement {
        let [step, field, model, browser] = ["2", "referer", "a|b", "c"].map(str::to_owned);
        let difference = Difference { step, part: Part::Wire, field, model, browser };
        let explained = Explained { difference, cause: cause.map(str::to_owned), link: None };
        let (target, policy, scenario) = (target.to_owned(), policy.to_owned(), "s/a".to_owned());
        Disagreement { target, policy, scenario, differences: vec![explained] }
    }

    fn shown(disagreements: Vec<Disagreement>) -> String {
        let mut agreement = Agreement::new(Engine::WebKit, "1".to_owned());
        agreement.disagreements = disagreements;
        let mut out = String::new();
        super::disagreements(&agreement, &mut out);
        out
    }

    #[test]
    fn what_differs_alike_in_several_places_is_one_row() {
        let places = [("one", "public"), ("other", "public"), ("one", "closed")];
        let why = Some("A cause.");
        let all = places.map(|(target, policy)| disagreement(target, policy, why));
        let text = shown(all.into());
        let row = "| `s/a` | 2 | wire, referer | `a\\|b` | `c` | one, other | closed, public |\n";
        assert!(text.starts_with("A cause.\n\n| scenario |"), "{text}");
        assert!(text.ends_with(row), "{text}");
        assert_eq!(text.matches("`s/a`").count(), 1);
    }

    #[test]
    fn each_cause_has_a_table_of_its_own() {
        let all = [disagreement("one", "public", None), disagreement("one", "public", Some("C."))];
        let text = shown(all.into());
        assert!(text.starts_with("**Of unknown cause:**\n"), "{text}");
        assert!(text.contains("|\n\nC.\n\n| scenario |"), "{text}");
        assert_eq!(shown(Vec::new()), "Nowhere.\n");
    }
}
