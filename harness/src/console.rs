//! What browsers print in their consoles for a fetch that a page may not read.
//!
//! The texts are data, in `console/messages.toml`, each under the cause that it belongs to and the
//! facts that it takes: browsers look at an answer in different orders, and say different
//! things of one cause.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use corspec_fetch::cause::Cause;
use corspec_fetch::fetch::{HttpRequest, HttpResponse};
use corspec_fetch::header_list::HeaderList;
use corspec_fetch::outcome::Outcome;
use corspec_fetch::page::Page;
use corspec_fetch::request::RequestInit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::browsers::engine::Engine;
use crate::driver::{Driven, Ending};

mod facts;
mod values;

/// A blocked fetch, as far as consoles speak of it.
#[derive(Clone, Copy, Debug)]
pub struct Blocked<'a> {
    /// Why it was blocked.
    pub cause: &'a Cause,
    /// The origin of the page, serialised.
    pub origin: &'a str,
    /// The page's URL, where it has one.
    pub page: Option<&'a Url>,
    /// What the script handed to `fetch()`.
    pub init: &'a RequestInit,
    /// The URL that the page asked for.
    pub first_url: &'a str,
    /// The last exchange, if there was one.
    pub last: Option<Last<'a>>,
}

/// The last exchange of a fetch.
#[derive(Clone, Copy, Debug)]
pub struct Last<'a> {
    /// The URL that was asked.
    pub url: &'a str,
    /// The request's header lines.
    pub sent: &'a HeaderList,
    /// The status, header lines and body that were answered, if anything was.
    pub answer: Option<(u16, &'a HeaderList, &'a [u8])>,
}

impl<'a> Last<'a> {
    /// A request, and its response if it got one.
    #[must_use]
    pub fn of(request: &'a HttpRequest, response: Option<&'a HttpResponse>) -> Self {
        let answer = response.map(|it| (it.status, &it.headers, it.body.as_slice()));
        Self { url: request.url.as_str(), sent: &request.headers, answer }
    }
}

/// What each browser prints; absent where it prints nothing, or that is not known.
#[derive(Clone, Debug, Default, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Console {
    /// Chromium's line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chromium: Option<String>,
    /// Firefox's line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firefox: Option<String>,
    /// WebKit's line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webkit: Option<String>,
}

/// The texts of one browser.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    /// What several lines have in common, by the placeholder that stands for it.
    #[serde(default)]
    frames: BTreeMap<String, String>,
    /// The lines: under a cause, or a cause and facts, with slashes between; empty for nothing.
    lines: BTreeMap<String, String>,
}

/// What stands in `messages.toml`.
#[derive(Deserialize)]
struct Messages {
    /// The facts that lines take, in words.
    facts: BTreeMap<String, String>,
    #[serde(flatten)]
    texts: BTreeMap<Engine, Texts>,
}

static MESSAGES: LazyLock<Messages> = LazyLock::new(|| {
    toml::from_str(include_str!("console/messages.toml"))
        .expect("the messages are part of this crate, and a test reads them")
});

/// What browsers print of a fetch by `page` with `init`, which asked for `asked`; `None` where the page
/// got a response.
#[must_use]
pub fn of(driven: &Driven, page: &Page, init: &RequestInit, asked: &Url) -> Option<Console> {
    let Ending::Outcome(Outcome::NetworkError(error)) = &driven.ending else { return None };
    let last = driven.exchanges.last();
    let last = last.map(|it| Last::of(&it.request, it.response.as_ref().ok()));
    let blocked = Blocked {
        cause: error.cause(),
        origin: &page.origin.to_string(),
        page: page.url.as_ref(),
        init,
        first_url: asked.as_str(),
        last,
    };
    Some(blocked.console())
}

impl Console {
    /// Each browser's name, and what it prints.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        Engine::ALL.into_iter().filter_map(|it| Some((it.title(), self.of(it)?)))
    }

    /// What the browser of this engine prints.
    #[must_use]
    pub fn of(&self, engine: Engine) -> Option<&str> {
        match engine {
            Engine::Chromium => self.chromium.as_deref(),
            Engine::Firefox => self.firefox.as_deref(),
            Engine::WebKit => self.webkit.as_deref(),
        }
    }

    /// The same, each text as `change` makes it.
    #[must_use]
    pub fn map(self, change: impl Fn(&str) -> String) -> Self {
        let each = |text: Option<String>| text.map(|text| change(&text));
        Self {
            chromium: each(self.chromium),
            firefox: each(self.firefox),
            webkit: each(self.webkit),
        }
    }
}

impl Blocked<'_> {
    /// What each browser prints of it.
    #[must_use]
    pub fn console(&self) -> Console {
        let of = |engine| {
            let texts = MESSAGES.texts.get(&engine)?;
            let line = self.filled(&texts.lines[self.line(engine)?], texts)?;
            Some(line).filter(|line| !line.is_empty())
        };
        Console {
            chromium: of(Engine::Chromium),
            firefox: of(Engine::Firefox),
            webkit: of(Engine::WebKit),
        }
    }

    /// The one of the [`lines`] of a browser that it prints.
    #[must_use]
    pub fn line(&self, engine: Engine) -> Option<&'static str> {
        most_special(lines(engine), self.slug(), &self.facts())
    }
}

/// The lines that a browser may print, as the causes and facts under which they stand.
pub fn lines(engine: Engine) -> impl Iterator<Item = &'static str> {
    MESSAGES.texts.get(&engine).into_iter().flat_map(|texts| texts.lines.keys()).map(String::as_str)
}

/// What a browser may print of a cause, in words about when.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Template {
    /// The browser.
    pub engine: Engine,
    /// When, beside the cause; empty where nothing else is asked for.
    pub when: String,
    /// The line, with names in braces for what differs; empty where nothing is printed.
    pub line: String,
}

/// What browsers may print of the cause with this slug.
#[must_use]
pub fn templates(slug: &str) -> Vec<Template> {
    let check = slug.strip_prefix("preflight-").filter(|it| it.starts_with("allow-"));
    let of = |engine| {
        let own = lines(engine).filter(move |line| {
            let (cause, facts) = line.split_once('/').unwrap_or((line, ""));
            let for_preflights = facts.split('/').any(|fact| fact == "preflight");
            cause == check.unwrap_or(slug) && (check.is_some() || !for_preflights)
        });
        own.filter_map(move |line| template(engine, line, check.is_some()))
    };
    Engine::ALL.into_iter().flat_map(of).collect()
}

fn template(engine: Engine, line: &str, of_preflight: bool) -> Option<Template> {
    let texts = MESSAGES.texts.get(&engine)?;
    let facts = line.split('/').skip(1).filter(|fact| *fact != "preflight");
    let when: Vec<_> = facts.map(|fact| MESSAGES.facts[fact].as_str()).collect();
    let frame = |name: &str| texts.frames.get(name).map_or("", String::as_str);
    let preflight = if of_preflight { frame("of-preflight") } else { "" };
    // That the answer is a redirect is a matter of course for these causes alone.
    let redirect = if line.starts_with("redirect-") { frame("of-redirect") } else { "" };
    let line = texts.lines[line]
        .replace("{blocked}", frame("blocked"))
        .replace("{of-preflight}", preflight)
        .replace("{of-redirect}", redirect);
    Some(Template { engine, when: when.join(", "), line })
}

/// The line of a cause whose facts all hold: of several, that which takes most.
fn most_special<'t>(
    lines: impl Iterator<Item = &'t str>,
    slug: &str,
    facts: &BTreeSet<&str>,
) -> Option<&'t str> {
    let candidates = lines.filter_map(|line| {
        let mut parts = line.split('/');
        let takes = (parts.next() == Some(slug)).then(|| parts.collect::<Vec<_>>())?;
        takes.iter().all(|it| facts.contains(it)).then_some((takes.len(), line))
    });
    candidates.max_by_key(|(count, _)| *count).map(|(_, line)| line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line<'t>(lines: &[&'t str], facts: &[&str]) -> Option<&'t str> {
        most_special(lines.iter().copied(), "a", &facts.iter().copied().collect())
    }

    #[test]
    fn the_line_that_takes_most_facts_is_printed_and_one_that_does_not_hold_is_not() {
        let lines = ["a", "a/x", "a/x/y", "a/z", "ab/x/y/w"];
        assert_eq!(line(&lines, &[]), Some("a"));
        assert_eq!(line(&lines, &["x", "w"]), Some("a/x"));
        assert_eq!(line(&lines, &["x", "y", "w"]), Some("a/x/y"));
        assert_eq!(line(&["a/z"], &["x"]), None);
    }

    #[test]
    fn every_fact_that_a_line_takes_has_words_and_no_other_has() {
        let all = Engine::ALL.into_iter().flat_map(lines);
        let taken: BTreeSet<_> = all.flat_map(|line| line.split('/').skip(1)).collect();
        assert!(MESSAGES.facts.keys().map(String::as_str).eq(taken));
    }

    #[test]
    fn a_template_is_whole_but_for_what_differs() {
        let all = templates("preflight-allow-origin-missing");
        let told: Vec<_> = all.iter().map(|it| (it.engine, it.when.as_str(), &*it.line)).collect();
        let [chromium, .., refused] = told.as_slice() else { panic!("{told:?}") };
        assert!(chromium.2.contains("'{url}' from origin '{origin}' has been blocked"));
        assert!(chromium.2.contains("Response to preflight request doesn't pass"));
        assert_eq!((refused.0, refused.1), (Engine::WebKit, "with a status that is no success"));
        let own = templates("allow-origin-missing");
        assert!(own.len() < all.len() && !own[0].line.contains("preflight"), "{own:?}");
    }
}
