//! What a scenario may not say, though it is well-formed.

use std::collections::BTreeSet;

use corspec_fetch::anchors;
use corspec_fetch::cause::{self, CAUSES};
use corspec_fetch::construct::is_forbidden_method;

use super::nearest;
use crate::case::{references, unknown_word};
use crate::policy::is_token;
use crate::requirement::{ABILITIES, FACTS, Fact, ROUTES};
use crate::role::{HEADER_ROLES, LOOKALIKES, ORIGIN_ROLES, is_origin_role, is_wire_only};
use crate::run::RunRule;
use crate::scenario::{
    Basis, DifferentialAction, Expect, FetchAction, HeaderExpect, Level, Operator, Scenario, Step,
    WireAction,
};

/// What is wrong with a scenario, and the quoted word that shows it.
pub(super) struct Fault {
    pub(super) word: String,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

fn fault(word: &str, message: impl Into<String>) -> Fault {
    Fault { word: word.to_owned(), message: message.into(), hint: None }
}

fn unknown<'a>(kind: &str, word: &str, names: impl IntoIterator<Item = &'a str>) -> Fault {
    Fault {
        word: word.to_owned(),
        message: format!("there is no {kind} `{word}`"),
        hint: Some(match nearest(word, names) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "the names are listed in suite/README.md".to_owned(),
        }),
    }
}

/// What a scenario of the file of `area` may not say; its ids are put to `ids`, and must be new there.
pub(super) fn lint(
    scenario: &Scenario,
    area: &str,
    ids: &mut BTreeSet<String>,
) -> Result<(), Fault> {
    let id = &scenario.id;
    let slug = id.strip_prefix(area).and_then(|rest| rest.strip_prefix('/'));
    let is_slug = |slug: &str| {
        !slug.is_empty()
            && slug
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-/".contains(&b))
    };
    if !slug.is_some_and(is_slug) {
        return Err(fault(
            id,
            format!("an id is `{area}/` and a slug of small letters, digits and hyphens"),
        ));
    }
    for name in [id].into_iter().chain(&scenario.aliases) {
        if !ids.insert(name.clone()) {
            return Err(fault(name, "this id is taken"));
        }
    }
    let level_fits = match scenario.level {
        Level::Must => matches!(scenario.basis, Basis::Outcome | Basis::Grammar),
        Level::Should => !matches!(scenario.basis, Basis::Outcome | Basis::Grammar),
        Level::Observe => true,
    };
    if !level_fits {
        return Err(fault(
            id,
            "`must` is for `outcome` and `grammar`, `should` for the other bases",
        ));
    }
    if scenario.direction.is_none() && scenario.level != Level::Observe {
        return Err(fault(id, "`direction` may be absent only where the level is `observe`"));
    }
    let standard = scenario.spec.split_once('#').map(|(standard, _)| standard);
    if !standard.is_some_and(|s| s == "fetch" || s == "html" || s.starts_with("rfc")) {
        return Err(fault(
            &scenario.spec,
            "`spec` is `standard#anchor step`, the standard `fetch`, `html` or `rfc…`",
        ));
    }
    lint_anchor(&scenario.spec)?;
    for requirement in &scenario.requires {
        lint_requirement(requirement)?;
    }
    let names: Vec<String> = scenario.step.iter().enumerate().map(|(i, s)| s.name_at(i)).collect();
    for (index, step) in scenario.step.iter().enumerate() {
        lint_step(scenario, step, &names)?;
        lint_order(id, &scenario.step, index, &names)?;
    }
    let expects = |step: &Step| step.differential.is_some() || !step.expect.is_of_anything();
    if scenario.grammar.is_some() && scenario.throughout.is_some() {
        return Err(fault(id, "a scenario has one rule, `grammar` or `throughout`"));
    }
    if RunRule::of(scenario).is_none() && !scenario.step.iter().any(expects) {
        return Err(fault(
            id,
            "it passes whatever is answered: none of its steps expects anything",
        ));
    }
    for expect in scenario.accept.iter().flat_map(|accept| &accept.expect) {
        if !names.contains(&expect.step) {
            return Err(unknown("step", &expect.step, names.iter().map(String::as_str)));
        }
        lint_expect(&expect.expect(), &names)?;
    }
    Ok(())
}

/// An anchor of the Fetch standard must be there; those of other standards are not known here.
fn lint_anchor(spec: &str) -> Result<(), Fault> {
    let Some((anchor, _)) =
        spec.strip_prefix("fetch#").map(|rest| rest.split_once(' ').unwrap_or((rest, "")))
    else {
        return Ok(());
    };
    if anchors().any(|known| known == anchor) {
        return Ok(());
    }
    let near = nearest(anchor, anchors());
    Err(Fault {
        word: spec.to_owned(),
        message: format!("the Fetch standard has no anchor `{anchor}`"),
        hint: near.map(|name| format!("did you mean `fetch#{name}`?")),
    })
}

fn lint_requirement(requirement: &str) -> Result<(), Fault> {
    if let Some(route) = requirement.strip_prefix("route:") {
        return lint_route(route);
    }
    if let Some(ability) = requirement.strip_prefix("ability:") {
        let known = ABILITIES.iter().any(|(name, _)| *name == ability);
        return if known {
            Ok(())
        } else {
            Err(unknown("ability", ability, ABILITIES.iter().map(|(n, _)| *n)))
        };
    }
    match Fact::named(requirement) {
        Some(_) => Ok(()),
        None => Err(unknown("requirement", requirement, FACTS.iter().map(|fact| fact.name))),
    }
}

fn lint_route(route: &str) -> Result<(), Fault> {
    if ROUTES.iter().any(|(name, _)| *name == route) {
        Ok(())
    } else {
        Err(unknown("route", route, ROUTES.iter().map(|(name, _)| *name)))
    }
}

fn lint_step(scenario: &Scenario, step: &Step, names: &[String]) -> Result<(), Fault> {
    let id = &scenario.id;
    match (&step.fetch, &step.wire, &step.differential) {
        (Some(fetch), None, None) => lint_fetch(fetch)?,
        (None, Some(wire), None) => {
            lint_wire(wire)?;
            if step.expect.page.is_some() {
                return Err(fault(id, "a `wire` step has no page, remove `page`"));
            }
        }
        (None, None, Some(differential)) => lint_differential(scenario, differential)?,
        _ => return Err(fault(id, "a step has exactly one of `fetch`, `wire` and `differential`")),
    }
    lint_expect(&step.expect, names)
}

fn lint_fetch(fetch: &FetchAction) -> Result<(), Fault> {
    lint_route(&fetch.route)?;
    fetch.to.as_deref().map_or(Ok(()), lint_route)?;
    if !is_origin_role(&fetch.origin) {
        let roles = ORIGIN_ROLES.iter().map(|(n, _)| *n).chain(LOOKALIKES.iter().map(|l| l.name));
        return Err(unknown("origin role", &fetch.origin, roles));
    }
    let method = fetch.method.as_bytes();
    if is_forbidden_method(method) || !is_token(method) {
        return Err(fault(&fetch.method, "no page can send this method, use `wire`"));
    }
    if is_wire_only(&fetch.origin) {
        return Err(fault(&fetch.origin, "no browser sends this origin, use `wire`"));
    }
    let is_role = |header: &str| HEADER_ROLES.iter().any(|(name, _)| *name == header);
    match fetch.headers.iter().find(|it| !it.contains(':') && !is_role(it)) {
        Some(header) => Err(unknown("header role", header, HEADER_ROLES.iter().map(|it| it.0))),
        None => Ok(()),
    }
}

fn lint_wire(wire: &WireAction) -> Result<(), Fault> {
    lint_route(&wire.route)?;
    wire.to.as_deref().map_or(Ok(()), lint_route)?;
    lint_templates(&wire.method)?;
    wire.headers.iter().try_for_each(|(_, value)| lint_templates(value))
}

/// A word that no template knows would leave the scenario out under every policy.
fn lint_templates(text: &str) -> Result<(), Fault> {
    let Some((kind, word, known)) = unknown_word(text) else { return Ok(()) };
    // The text is what stands in the file.
    Err(Fault { word: text.to_owned(), ..unknown(kind, word, known) })
}

fn lint_expect(expect: &Expect, names: &[String]) -> Result<(), Fault> {
    for slug in &expect.cause {
        if cause::describe(slug).is_none() {
            return Err(unknown("cause", slug, CAUSES.iter().map(|cause| cause.slug)));
        }
    }
    expect.visible_where_sent.iter().try_for_each(|names| lint_templates(names))?;
    expect.header.iter().try_for_each(|header| lint_header(header, names))
}

fn lint_header(header: &HeaderExpect, names: &[String]) -> Result<(), Fault> {
    let compares = matches!(header.is, Operator::SameAs | Operator::DiffersFrom);
    let valued = header.value.is_some() || !header.values.is_empty();
    let needs = matches!(
        header.is,
        Operator::Equals
            | Operator::NotEquals
            | Operator::ListContains
            | Operator::ListLacks
            | Operator::ListWithin
            | Operator::AtMost
            | Operator::HasAttributes
            | Operator::VaryNames
    );
    match (needs, valued) {
        (true, false) => return Err(fault(&header.name, "this operator needs a `value`")),
        (false, true) => return Err(fault(&header.name, "this operator takes no `value`")),
        _ => {}
    }
    if compares != header.step.as_ref().is_some_and(|step| names.contains(step)) {
        let message = "`step` names another step, for `same-as` and `differs-from` only";
        return Err(fault(&header.name, message));
    }
    header.value.iter().chain(&header.values).try_for_each(|value| lint_templates(value))
}

fn lint_differential(scenario: &Scenario, differential: &DifferentialAction) -> Result<(), Fault> {
    lint_route(&differential.route)?;
    differential.to.as_deref().map_or(Ok(()), lint_route)?;
    if !differential.is_of_storable_method() && scenario.level != Level::Observe {
        return Err(fault(
            &differential.method,
            "no shared cache stores answers to this, so that it can only `observe`",
        ));
    }
    let varied = differential.varied();
    if !differential.preflight && varied.iter().any(|header| header.is_of_preflights()) {
        return Err(fault(&scenario.id, "only with `preflight` are there `request-` headers"));
    }
    Ok(())
}

/// What the step at `index` says of the steps before it.
fn lint_order(id: &str, steps: &[Step], index: usize, names: &[String]) -> Result<(), Fault> {
    let step = &steps[index];
    if step.alongside && (index == 0 || step.advance != 0) {
        return Err(fault(id, "`alongside` is for a step after another, and moves no clock"));
    }
    // What other steps refer to must be there.
    let is_of_a_group = step.alongside || steps.get(index + 1).is_some_and(|next| next.alongside);
    let is_compared = |name: &String| {
        let mut headers = steps.iter().flat_map(|it| &it.expect.header);
        headers.any(|header| header.step.as_ref() == Some(name))
    };
    if step.where_served && (is_of_a_group || is_compared(&names[index])) {
        return Err(fault(id, "what another step needs cannot be `where-served`"));
    }
    // Steps that are done together know nothing of one another.
    let group = steps[..=index].iter().rposition(|it| !it.alongside).unwrap_or_default();
    let is_done = |name: &str| {
        let mut earlier = steps[..group].iter().zip(names);
        earlier.any(|(step, it)| it == name && !step.where_served)
    };
    let page = step.fetch.iter().flat_map(|fetch| &fetch.headers);
    let raw = step.wire.iter().flat_map(|wire| wire.headers.iter().map(|(_, value)| value));
    for value in page.chain(raw) {
        if let Some((earlier, _)) = references(value).find(|(it, _)| !is_done(it)) {
            return Err(Fault {
                word: value.clone(),
                message: format!("there is no earlier step `{earlier}`"),
                hint: Some(
                    "`{answer:STEP:HEADER}` names a step before this one that is always done"
                        .to_owned(),
                ),
            });
        }
    }
    Ok(())
}
