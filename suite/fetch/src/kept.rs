//! Answers that a browser keeps for good without being told to: the one part
//! of an HTTP cache that servers meet without asking for it.
//!
//! RFC 9111 lets a cache choose how long a few statuses stay fresh. Chromium
//! takes a 301 without `Cache-Control` for true until the cache is cleared.
//! Everything else of an HTTP cache is left out.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::construct::split_value;
use crate::fetch::{HttpRequest, HttpResponse};
use crate::header_list::HeaderList;
use crate::request::CacheMode;

/// What a user agent keeps.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeptAnswers {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    site: String,
    url: String,
    /// What the request said of the names in the answer's `Vary`.
    varied: Vec<(String, Option<Vec<u8>>)>,
    response: HttpResponse,
}

impl KeptAnswers {
    /// The answer that spares the request, if one does. `site`: the site of the tab.
    pub(crate) fn answer(
        &self,
        site: &str,
        request: &HttpRequest,
        mode: CacheMode,
    ) -> Option<HttpResponse> {
        let through = matches!(mode, CacheMode::Default | CacheMode::ForceCache);
        let asks_anew = ["cache-control", "pragma"].into_iter().any(|name| {
            directives(&request.headers, name)
                .iter()
                .any(|it| it == "no-cache" || it == "max-age=0")
        });
        if !through || asks_anew || !matches!(request.method.as_slice(), b"GET" | b"HEAD") {
            return None;
        }
        let fits = |entry: &&Entry| {
            entry.is_of(site, request)
                && entry.varied.iter().all(|(name, value)| request.headers.get(name) == *value)
        };
        self.entries.iter().find(fits).map(|entry| entry.response.clone())
    }

    /// Keeps the answer to a request, or forgets one, where the statuses are those that a browser keeps.
    pub(crate) fn learn(
        &mut self,
        site: &str,
        request: &HttpRequest,
        mode: CacheMode,
        response: &HttpResponse,
        statuses: &[u16],
    ) {
        let stored = request.method == b"GET" && mode != CacheMode::NoStore;
        if stored || request.method == b"POST" {
            self.entries.retain(|entry| !entry.is_of(site, request));
        }
        let varied = directives(&response.headers, "vary");
        if !stored
            || !statuses.contains(&response.status)
            || says_how_long(&response.headers)
            || varied.iter().any(|name| name == "*")
        {
            return;
        }
        let varied = varied.into_iter().map(|name| {
            let value = request.headers.get(&name);
            (name, value)
        });
        let mut response = response.clone();
        response.headers.delete("set-cookie");
        self.entries.push(Entry {
            site: site.to_string(),
            url: request.url.to_string(),
            varied: varied.collect(),
            response,
        });
    }
}

impl Entry {
    fn is_of(&self, site: &str, request: &HttpRequest) -> bool {
        self.site == site && self.url == request.url.as_str()
    }
}

/// Whether an answer itself says how long it stays fresh, or that it never is.
fn says_how_long(response: &HeaderList) -> bool {
    let says = |directive: &String| {
        matches!(directive.as_str(), "no-store" | "no-cache") || directive.starts_with("max-age")
    };
    response.contains("expires")
        || response.contains("pragma")
        || directives(response, "cache-control").iter().any(says)
}

/// The members of a list header, in lower case; a byte above ASCII is none that is known.
fn directives(headers: &HeaderList, name: &str) -> Vec<String> {
    let value = headers.get(name).unwrap_or_default().to_ascii_lowercase();
    split_value(&value).filter_map(|it| core::str::from_utf8(it).ok().map(String::from)).collect()
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use test_case::test_case;
    use url::Url;

    use super::KeptAnswers;
    use crate::agent::UserAgent;
    use crate::fetch::{HttpRequest, HttpResponse, Step};
    use crate::origin::Origin;
    use crate::page::Page;
    use crate::profile::Profile;
    use crate::request::CacheMode::{
        self, Default as Normal, ForceCache, NoCache, NoStore, Reload,
    };
    use crate::request::RequestInit;

    fn request(method: &str, headers: &[(&str, &str)]) -> HttpRequest {
        HttpRequest {
            preflight: false,
            method: method.as_bytes().to_vec(),
            url: Url::parse("https://a.example/").unwrap(),
            headers: headers.iter().copied().collect(),
            body: None,
        }
    }

    /// Whether a second request is spared after an answer to a GET.
    fn spared(
        status: u16,
        answer: &[(&str, &str)],
        (first, asked): (CacheMode, &[(&str, &str)]),
        (method, mode, then): (&str, CacheMode, &[(&str, &str)]),
    ) -> bool {
        let mut kept = KeptAnswers::default();
        let headers = answer.iter().copied().collect();
        let response = HttpResponse { status, headers, ..HttpResponse::default() };
        kept.learn("site", &request("GET", asked), first, &response, &[301, 410]);
        kept.answer("site", &request(method, then), mode).is_some()
    }

    #[test_case(301, &[] => true; "a permanent redirect")]
    #[test_case(302, &[] => false; "a temporary one")]
    #[test_case(410, &[("Cache-Control", "private")] => true; "a directive that says no time")]
    #[test_case(410, &[("Cache-Control", "private, No-Store")] => false; "not to be stored")]
    #[test_case(410, &[("Cache-Control", "no-cache")] => false; "to be asked again")]
    #[test_case(410, &[("Cache-Control", "max-age=60")] => false; "a time of its own")]
    #[test_case(410, &[("Expires", "0")] => false; "a date")]
    #[test_case(410, &[("Pragma", "no-cache")] => false; "the old way")]
    #[test_case(410, &[("Vary", "Origin")] => true; "varying on what is alike")]
    #[test_case(410, &[("Vary", "Accept")] => false; "varying on what differs")]
    #[test_case(410, &[("Vary", "*")] => false; "varying on everything")]
    fn answers(status: u16, answer: &[(&str, &str)]) -> bool {
        let then = [("Origin", "https://a.example"), ("Accept", "x")];
        spared(status, answer, (Normal, &then[..1]), ("GET", Normal, &then))
    }

    #[test_case("GET", ForceCache, &[] => true; "through the cache")]
    #[test_case("HEAD", Normal, &[] => true; "a HEAD")]
    #[test_case("POST", Normal, &[] => false; "a POST")]
    #[test_case("GET", NoCache, &[] => false; "no-cache")]
    #[test_case("GET", NoStore, &[] => false; "no-store")]
    #[test_case("GET", Reload, &[] => false; "reload")]
    #[test_case("GET", Normal, &[("Cache-Control", "no-cache")] => false; "the script asks anew")]
    #[test_case("GET", Normal, &[("Cache-Control", "max-age=0")] => false; "the script asks for a fresh one")]
    #[test_case("GET", Normal, &[("Pragma", "no-cache")] => false; "the script asks the old way")]
    fn requests(method: &str, mode: CacheMode, then: &[(&str, &str)]) -> bool {
        spared(301, &[], (Normal, &[]), (method, mode, then))
    }

    #[test_case(Reload => true; "reload")]
    #[test_case(NoCache => true; "no-cache")]
    #[test_case(NoStore => false; "no-store")]
    fn what_is_asked_for_past_the_cache_is_kept_as_well(first: CacheMode) -> bool {
        spared(301, &[], (first, &[]), ("GET", Normal, &[]))
    }

    #[test]
    fn a_post_and_another_answer_make_it_forget() {
        let mut kept = KeptAnswers::default();
        let gone = HttpResponse { status: 410, ..HttpResponse::default() };
        let found = HttpResponse { status: 200, ..HttpResponse::default() };
        let get = request("GET", &[]);
        for (method, response) in [("POST", &gone), ("GET", &found)] {
            kept.learn("site", &get, Normal, &gone, &[410]);
            assert!(kept.answer("other", &get, Normal).is_none());
            kept.learn("site", &request("PUT", &[]), Normal, &found, &[410]);
            assert_eq!(kept.answer("site", &get, Normal).unwrap().status, 410);
            kept.learn("site", &request(method, &[]), Normal, response, &[410]);
            assert!(kept.answer("site", &get, Normal).is_none(), "{method}");
        }
    }

    /// Whether Chromium spares a request to a URL that is gone, of a page in that tab.
    #[test_case("https://page.test" => true; "in the same tab")]
    #[test_case("https://www.page.test" => true; "in a tab of the same site")]
    #[test_case("https://other.test" => false; "in a tab of another site")]
    fn answers_are_kept_for_a_site(tab: &str) -> bool {
        let now = Duration::from_secs(1);
        let mut agent = UserAgent::new(&Profile::CHROMIUM);
        let mut page = Page::at(Origin::parse("https://page.test").unwrap());
        let mut asks = |page: &Page| {
            let request = agent.construct(page, &RequestInit::get("https://page.test/")).unwrap();
            let mut fetch = agent.fetch(page, request);
            let asks = matches!(fetch.step(&mut agent, now), Step::Send(_));
            fetch.respond(Ok(HttpResponse { status: 410, ..HttpResponse::default() }));
            fetch.step(&mut agent, now);
            asks
        };
        assert!(asks(&page));
        page.top_level = Some(Origin::parse(tab).unwrap());
        !asks(&page)
    }

    #[test]
    fn cookies_are_not_set_twice() {
        let mut kept = KeptAnswers::default();
        let headers = [("Set-Cookie", "a=1"), ("X", "1")].into_iter().collect();
        let response = HttpResponse { status: 301, headers, ..HttpResponse::default() };
        let get = request("GET", &[]);
        kept.learn("site", &get, Normal, &response, &[301]);
        let headers = kept.answer("site", &get, Normal).unwrap().headers;
        assert!(headers.contains("x") && !headers.contains("set-cookie"));
    }
}
