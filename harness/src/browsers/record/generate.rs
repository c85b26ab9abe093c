//! Makes random vectors: the same from the same seed.
//!
//! Most servers allow most of what is asked, so that a fetch gets as far as the step that decides;
//! here and there one says something else.

use corspec_vectors::place::Place;
use corspec_vectors::vector::{Answer, Hop, Init, PageAt, Vector};

use super::dice::Dice;
use super::vocabulary as words;

/// The vector of this number from this seed.
#[must_use]
pub fn vector(seed: u64, number: u32) -> Vector {
    let mut dice = Dice::new(seed, number);
    let page = page(&mut dice);
    let steps = steps(&mut dice, &page);
    // How often a server says something odd.
    let odd = *dice.weighted(&[(25, 0), (45, 4), (30, 18)]);
    let mut server = Server { dice, odd, cookies: false };
    server.cookies = server.dice.chance(25);
    let hops = server.hops(&page);
    Vector { id: number, page, hops, steps }
}

fn page(dice: &mut Dice) -> PageAt {
    let at = *dice.weighted(&[(60, Place::A), (22, Place::E), (18, Place::S)]);
    let page = PageAt { at, ..PageAt::default() };
    let policy = |dice: &mut Dice| Some((*dice.one(words::POLICIES)).to_owned());
    match *dice.weighted(&[(70, 0), (9, 1), (7, 2), (6, 3), (8, 4)]) {
        1 => PageAt { opaque: true, ..page },
        // No encrypted page shows one that is not.
        2 => {
            let encrypted: &[Place] = &[Place::C, Place::B];
            let plain: &[Place] = &[Place::F, Place::D];
            let tops = if at == Place::A && dice.chance(80) { encrypted } else { plain };
            PageAt { top: Some(*dice.one(tops)), ..page }
        }
        // A page that may embed as it likes is a secure one.
        3 if at != Place::E => {
            let embedder = *dice.one(&["require-corp", "credentialless"]);
            PageAt { embedder: Some(embedder.to_owned()), ..page }
        }
        4 => PageAt { referrer: policy(dice), ..page },
        _ => page,
    }
}

fn steps(dice: &mut Dice, page: &PageAt) -> Vec<Init> {
    let count = *dice.weighted(&[(50, 1), (30, 2), (14, 3), (6, 4)]);
    let mut steps: Vec<Init> = Vec::new();
    for _ in 0..count {
        let next = match steps.last() {
            // A cache shows where the same is asked again, or nearly so.
            Some(last) if dice.chance(75) => varied(last.clone(), dice),
            _ => step(dice, page),
        };
        steps.push(next);
    }
    if steps.len() > 1 && dice.chance(3) {
        let wait = *dice.one(&[1_500, 6_000]);
        if let Some(last) = steps.last_mut() {
            last.wait = wait;
        }
    }
    steps
}

fn step(dice: &mut Dice, page: &PageAt) -> Init {
    let method = (*dice.weighted(words::METHODS)).to_owned();
    let lines = *dice.weighted(&[(35, 0), (32, 1), (20, 2), (9, 3), (4, 4)]);
    let mut headers: Vec<_> = (0..lines).map(|_| header(dice)).collect();
    if dice.chance(4) && !headers.is_empty() {
        let again = dice.one(&headers).0.clone();
        headers.push((again, "again".to_owned()));
    }
    let bodiless = ["GET", "HEAD"].iter().any(|it| method.eq_ignore_ascii_case(it));
    let body = (!bodiless && dice.chance(55)).then(|| "hello".to_owned());
    let typed = body.is_some() && dice.chance(40);
    let mut init = Init {
        method,
        headers,
        mode: (*dice.weighted(words::MODES)).to_owned(),
        credentials: (*dice.weighted(words::CREDENTIALS)).to_owned(),
        redirect: (*dice.weighted(words::REDIRECTS)).to_owned(),
        body_type: typed.then(|| (*dice.one(words::BODY_TYPES)).to_owned()),
        body,
        cache: dice.chance(7).then(|| (*dice.weighted(words::CACHES)).to_owned()),
        referrer: None,
        referrer_policy: dice.chance(9).then(|| (*dice.one(words::POLICIES)).to_owned()),
        upload: false,
        keepalive: dice.chance(5),
        integrity: dice.chance(4).then(|| (*dice.one(words::INTEGRITIES)).to_owned()),
        wait: 0,
    };
    if init.mode == "cors" && dice.chance(8) {
        return uploaded(init);
    }
    if dice.chance(4) && !page.opaque {
        let own = format!("{{{}}}/some/where?q=1#f", page.at);
        init.referrer = Some(if dice.chance(40) { String::new() } else { own });
    }
    init
}

/// The same as an XMLHttpRequest would do it, as far as it can.
fn uploaded(init: Init) -> Init {
    let include = init.credentials == "include";
    Init {
        method: init.method,
        headers: init.headers,
        mode: init.mode,
        credentials: if include { "include" } else { "same-origin" }.to_owned(),
        redirect: "follow".to_owned(),
        // It rewrites the charset of what the script says of a string.
        body_type: init.body.as_ref().map(|_| init.body_type.unwrap_or_default()),
        body: init.body,
        upload: true,
        ..Init::default()
    }
}

fn header(dice: &mut Dice) -> (String, String) {
    let (name, value) = *dice.weighted(words::REQUEST_HEADERS);
    let value = match value {
        words::LONG => "a".repeat(128),
        words::LONGER => "a".repeat(129),
        other => other.to_owned(),
    };
    (name.to_owned(), value)
}

/// The same fetch again, or one that differs in one thing.
fn varied(mut init: Init, dice: &mut Dice) -> Init {
    match *dice.weighted(&[(45, 0), (15, 1), (20, 2), (10, 3), (5, 4), (5, 5)]) {
        1 => {
            init.method = (*dice.weighted(words::METHODS)).to_owned();
            let bodiless = ["GET", "HEAD"].iter().any(|it| init.method.eq_ignore_ascii_case(it));
            if bodiless {
                init.body = None;
                init.body_type = None;
            }
        }
        2 => init.credentials = (*dice.weighted(words::CREDENTIALS)).to_owned(),
        3 => init.headers.push(header(dice)),
        4 => drop(init.headers.pop()),
        5 => init.cache = Some((*dice.weighted(words::CACHES)).to_owned()),
        _ => {}
    }
    if init.upload { uploaded(init) } else { init }
}

/// Makes what servers answer.
struct Server {
    dice: Dice,
    odd: u32,
    cookies: bool,
}

type Lines = Vec<(String, String)>;

impl Server {
    fn hops(&mut self, page: &PageAt) -> Vec<Hop> {
        let count = *self.dice.weighted(&[(550, 1), (250, 2), (130, 3), (60, 4), (5, 21), (5, 22)]);
        let places = match page.at {
            Place::A => words::FROM_ENCRYPTED,
            Place::E => words::FROM_PLAIN,
            _ => words::FROM_LOCALHOST,
        };
        let hosts: Vec<Place> = (0..count).map(|_| *self.dice.weighted(places)).collect();
        let hop = |(index, host): (usize, &Place)| Hop {
            host: *host,
            preflight: self.preflight(),
            actual: self.actual(*host, hosts.get(index + 1).copied(), index + 1),
        };
        hosts.iter().enumerate().map(hop).collect()
    }

    fn preflight(&mut self) -> Answer {
        let mut headers = self.shared(true);
        self.put(&mut headers, "Access-Control-Allow-Methods", &["{RM}"], words::ALLOWED_METHODS);
        self.put(&mut headers, "Access-Control-Allow-Headers", &["{RH}"], words::ALLOWED_HEADERS);
        if self.dice.chance(60) {
            let odd = self.odd.max(40);
            let lines = self.dice.chance(odd).then(|| *self.dice.weighted(words::MAX_AGES));
            add(&mut headers, "Access-Control-Max-Age", lines.unwrap_or(&["600"]));
        }
        if self.cookies && self.dice.chance(10) {
            add(&mut headers, "Set-Cookie", &["pre=1; Path={P}"]);
        }
        let usual = *self.dice.one(&[200, 204]);
        let odd = self.dice.chance(self.odd);
        let status = if odd { *self.dice.weighted(words::PREFLIGHT_STATUSES) } else { usual };
        if matches!(status, 301..=308) {
            add(&mut headers, "Location", &["{P}/0"]);
        }
        Answer { status, headers }
    }

    fn actual(&mut self, host: Place, next: Option<Place>, number: usize) -> Answer {
        let mut headers = self.shared(false);
        if self.dice.chance(55) {
            let lines = self.dice.weighted(words::EXPOSED_HEADERS);
            add(&mut headers, "Access-Control-Expose-Headers", lines);
        }
        add(&mut headers, "X-One", &["1"]);
        add(&mut headers, "X-Two", &["2"]);
        if self.dice.chance(12) {
            let (name, value) = *self.dice.one(words::MORE_ANSWERED);
            add(&mut headers, name, &[value]);
        }
        if self.dice.chance(4) {
            add(&mut headers, "X-Double", &["a", "b"]);
        }
        // Where nothing is said of caching, browsers have ideas of their own.
        add(&mut headers, "Cache-Control", &["no-store"]);
        if self.dice.chance(10) {
            let lines = self.dice.one(words::RESOURCE_POLICIES);
            add(&mut headers, "Cross-Origin-Resource-Policy", lines);
        }
        if self.cookies && self.dice.chance(70) {
            for _ in 0..=self.dice.below(2) {
                let line = *self.dice.weighted(words::COOKIES);
                add(&mut headers, "Set-Cookie", &[line]);
            }
        }
        let status = match next {
            Some(_) => *self.dice.weighted(words::REDIRECT_STATUSES),
            None if self.dice.chance(35) => *self.dice.weighted(words::STATUSES),
            None => 200,
        };
        if let Some(next) = next {
            self.location(&mut headers, host, next, number);
        }
        Answer { status, headers }
    }

    fn location(&mut self, headers: &mut Lines, host: Place, next: Place, number: usize) {
        if self.dice.chance(6) {
            let policy = *self.dice.one(words::POLICIES);
            add(headers, "Referrer-Policy", &[policy]);
        }
        if self.dice.chance(self.odd.min(8)) {
            for line in *self.dice.weighted(words::LOCATIONS) {
                let line = line
                    .replace("{next@}", &format!("{{{next}@}}{{P}}/{number}"))
                    .replace("{next}", &number.to_string());
                headers.push(("Location".to_owned(), line));
            }
            return;
        }
        let relative = host == next && self.dice.chance(40);
        let origin = if relative { String::new() } else { format!("{{{next}}}") };
        headers.push(("Location".to_owned(), format!("{origin}{{P}}/{number}")));
    }

    /// What the CORS check reads.
    fn shared(&mut self, preflight: bool) -> Lines {
        let mut headers = Lines::new();
        let name = "Access-Control-Allow-Origin";
        self.put(&mut headers, name, &["{O}"], words::ALLOWED_ORIGINS);
        let name = "Access-Control-Allow-Credentials";
        // A page that sends no credentials needs none allowed.
        if !self.dice.chance(if preflight { 6 } else { 8 }) {
            self.put(&mut headers, name, &["true"], words::ALLOWED_CREDENTIALS);
        }
        headers
    }

    fn put(
        &mut self,
        headers: &mut Lines,
        name: &str,
        usual: &[&str],
        odd: &'static [(u32, &'static [&'static str])],
    ) {
        let lines = if self.dice.chance(self.odd) { self.dice.weighted(odd) } else { usual };
        add(headers, name, lines);
    }
}

fn add(headers: &mut Lines, name: &str, values: &[&str]) {
    headers.extend(values.iter().map(|value| (name.to_owned(), (*value).to_owned())));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_vectors() {
        let all = |seed| (0..200).map(|number| vector(seed, number)).collect::<Vec<_>>();
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
        // Each on its own: it does not matter which were made before.
        assert_eq!(vector(1, 150), all(1)[150]);
    }

    #[test]
    fn every_kind_of_thing_occurs() {
        let all: Vec<Vector> = (0..3000).map(|number| vector(7, number)).collect();
        let hosts: BTreeSet<_> = all.iter().flat_map(|it| &it.hops).map(|hop| hop.host).collect();
        assert_eq!(hosts, Place::ALL.into());
        let any = |has: &dyn Fn(&Vector) -> bool| all.iter().any(has);
        let step = |has: &dyn Fn(&Init) -> bool| any(&|it| it.steps.iter().any(has));
        let text = serde_json::to_string(&all).unwrap();
        assert!(any(&|it| it.page.opaque) && any(&|it| it.page.top.is_some()));
        assert!(any(&|it| it.page.embedder.is_some()) && any(&|it| it.page.referrer.is_some()));
        assert!(any(&|it| it.hops.len() == 21) && any(&|it| it.hops.len() == 22));
        assert!(any(&|it| it.steps.len() == 4));
        assert!(step(&|it| it.body.is_some()) && step(&|it| it.body_type.is_some()));
        assert!(step(&|it| it.cache.is_some()) && step(&|it| it.wait > 0));
        assert!(step(&|it| it.referrer.is_some()) && step(&|it| it.referrer_policy.is_some()));
        for word in ["no-cors", "same-origin", "omit", "manual", "\"error\"", "\u{e9}", "\\u000b"] {
            assert!(text.contains(word), "{word}");
        }
        for (_, (name, _)) in words::REQUEST_HEADERS {
            assert!(text.contains(name), "{name}");
        }
        for (_, cookie) in words::COOKIES {
            let escaped = serde_json::to_string(cookie).unwrap();
            assert!(text.contains(&escaped), "{cookie}");
        }
    }
}
