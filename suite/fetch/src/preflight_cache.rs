//! The CORS-preflight cache: what was allowed before, and for how long.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

use url::Url;

use crate::origin::{Origin, registrable_domain};
use crate::preflight::Permission;
use crate::profile::{CachedWildcard, Profile};
use crate::safelist::is_cors_non_wildcard_request_header_name;

/// A user agent's [CORS-preflight cache](https://fetch.spec.whatwg.org/#concept-cache).
#[derive(Clone, Debug, Default)]
pub(crate) struct PreflightCache {
    entries: Vec<Entry>,
}

/// Whose entries are meant: the part of an entry that a request must match.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Key {
    partition: String,
    origin: Vec<u8>,
    url: String,
}

impl Key {
    /// The key of a request: its [network partition key](https://fetch.spec.whatwg.org/#determine-the-network-partition-key)
    /// by the site of the tab, its serialised origin and its URL.
    pub(crate) fn new(top_level: &Origin, origin: &[u8], url: &Url) -> Self {
        // Step 6: the site of the tab; this model has no second part.
        Self { partition: site(top_level), origin: origin.to_vec(), url: url.to_string() }
    }
}

/// The site of a tab, which caches are partitioned by.
pub(crate) fn site(origin: &Origin) -> String {
    match origin {
        Origin::Opaque => origin.to_string(),
        Origin::Tuple { scheme, host, .. } => {
            let host = registrable_domain(host).map_or_else(|| host.to_string(), String::from);
            alloc::format!("{scheme}://{host}")
        }
    }
}

/// A [cache entry](https://fetch.spec.whatwg.org/#cache-entry).
#[derive(Clone, Debug)]
struct Entry {
    key: Key,
    credentials: bool,
    expires: Duration,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Method(Vec<u8>),
    HeaderName(Vec<u8>),
    /// That there was an answer, whatever it allows.
    Answer,
}

impl Entry {
    fn star_is_wild(&self, include: bool, profile: &Profile) -> bool {
        match profile.cached_wildcard {
            CachedWildcard::Anything => true,
            CachedWildcard::AskedWithoutCredentials => !self.credentials,
            CachedWildcard::WithoutCredentials => !include,
            CachedWildcard::Itself => false,
        }
    }
}

impl PreflightCache {
    /// Whether there is a [method cache entry match](https://fetch.spec.whatwg.org/#concept-cache-match-method).
    pub(crate) fn allows_method(
        &self,
        key: &Key,
        include: bool,
        method: &[u8],
        now: Duration,
        profile: &Profile,
    ) -> bool {
        self.matching(key, include, now, profile).any(|entry| match &entry.what {
            What::Method(known) => {
                known == method || known == b"*" && entry.star_is_wild(include, profile)
            }
            What::HeaderName(_) | What::Answer => false,
        })
    }

    /// Whether there is a [header-name cache entry match](https://fetch.spec.whatwg.org/#concept-cache-match-header).
    pub(crate) fn allows_header_name(
        &self,
        key: &Key,
        include: bool,
        name: &[u8],
        now: Duration,
        profile: &Profile,
    ) -> bool {
        let by_name = is_cors_non_wildcard_request_header_name(name)
            && !profile.cached_wildcard_covers_authorization;
        self.matching(key, include, now, profile).any(|entry| match &entry.what {
            What::Method(_) | What::Answer => false,
            What::HeaderName(known) => {
                known.eq_ignore_ascii_case(name)
                    || known == b"*" && !by_name && entry.star_is_wild(include, profile)
            }
        })
    }

    /// Whether any answer is remembered: what a browser asks for that preflights
    /// a request which needs no permission.
    pub(crate) fn knows_an_answer(
        &self,
        key: &Key,
        include: bool,
        now: Duration,
        profile: &Profile,
    ) -> bool {
        self.matching(key, include, now, profile).any(|entry| matches!(entry.what, What::Answer))
    }

    /// The entries that [match](https://fetch.spec.whatwg.org/#concept-cache-match)
    /// and have not expired.
    fn matching<'a>(
        &'a self,
        key: &'a Key,
        include: bool,
        now: Duration,
        profile: &Profile,
    ) -> impl Iterator<Item = &'a Entry> {
        let serves_all = profile.credentialed_entry_serves_all;
        self.entries.iter().filter(move |entry| {
            let credentials = entry.credentials == include || (entry.credentials && serves_all);
            entry.key == *key && credentials && entry.expires > now
        })
    }

    /// Remembers what a preflight's answer allowed: the last steps of the
    /// [CORS-preflight fetch](https://fetch.spec.whatwg.org/#cors-preflight-fetch).
    pub(crate) fn store(
        &mut self,
        key: &Key,
        include: bool,
        permission: &Permission,
        now: Duration,
        profile: &Profile,
    ) {
        let Some(max_age) = permission.max_age else { return };
        let expires = now.saturating_add(Duration::from_secs(max_age));
        let methods = permission.methods.iter().cloned().map(What::Method);
        let names = permission.header_names.iter().cloned().map(What::HeaderName);
        if profile.keeps_one_preflight_answer {
            self.clear(key);
        }
        for what in methods.chain(names).chain([What::Answer]) {
            // Steps 7.12 and 7.14: an entry that is there gets the new age.
            self.entries.retain(|entry| {
                !(entry.key == *key && entry.credentials == include && entry.what.is(&what))
            });
            // Steps 7.13 and 7.15: one that is not is created.
            self.entries.push(Entry { key: key.clone(), credentials: include, expires, what });
        }
        self.entries.retain(|entry| entry.expires > now);
    }

    /// [Clears the entries](https://fetch.spec.whatwg.org/#concept-cache-clear) of a request.
    pub(crate) fn clear(&mut self, key: &Key) {
        self.entries.retain(|entry| entry.key != *key);
    }
}

impl What {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Method(one), Self::Method(other)) => one == other,
            (Self::HeaderName(one), Self::HeaderName(other)) => one.eq_ignore_ascii_case(other),
            (Self::Answer, Self::Answer) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use core::time::Duration;

    use url::Url;

    use super::{Key, PreflightCache};
    use crate::origin::Origin;
    use crate::preflight::Permission;
    use crate::profile::Profile;

    #[test]
    fn the_last_answer_says_how_long_any_is_known() {
        let url = Url::parse("https://api.test/").unwrap();
        let key = Key::new(&Origin::of(&url), b"null", &url);
        let mut cache = PreflightCache::default();
        for age in [60, 1] {
            let (methods, header_names) = (Vec::new(), Vec::new());
            let permission = Permission { methods, header_names, max_age: Some(age) };
            cache.store(&key, false, &permission, Duration::ZERO, &Profile::SPEC);
        }
        let knows = |seconds| {
            cache.knows_an_answer(&key, false, Duration::from_secs(seconds), &Profile::SPEC)
        };
        assert_eq!([0, 1].map(knows), [true, false]);
    }
}
