//! The words that Fetch has for what a page can ask for.

use corspec_fetch::profile::Profile;
use corspec_fetch::request::{CacheMode, CredentialsMode, Mode, RedirectMode, ReferrerPolicy};

/// The value that `word` stands for, among the `known`; the default where there is none.
fn chosen<T: Copy + Default>(
    key: &str,
    word: Option<&str>,
    known: &[(&str, T)],
) -> Result<T, String> {
    let Some(word) = word else {
        return Ok(T::default());
    };
    known.iter().find(|(name, _)| *name == word).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        format!("`{key}` is `{word}`; use one of {}", names.join(", "))
    })
}

/// The browser of that name.
pub(crate) fn profile(name: &str) -> Result<&'static Profile, String> {
    Profile::named(name).ok_or_else(|| {
        let names = Profile::ALL.map(|profile| profile.name);
        format!("no browser `{name}`; use one of {}", names.join(", "))
    })
}

/// The [mode](https://fetch.spec.whatwg.org/#requestmode) that a script can ask for.
pub(crate) fn mode(word: Option<&str>) -> Result<Mode, String> {
    let known =
        [("cors", Mode::Cors), ("no-cors", Mode::NoCors), ("same-origin", Mode::SameOrigin)];
    chosen("mode", word, &known)
}

/// The [credentials mode](https://fetch.spec.whatwg.org/#requestcredentials).
pub(crate) fn credentials(word: Option<&str>) -> Result<CredentialsMode, String> {
    let known = [
        ("omit", CredentialsMode::Omit),
        ("same-origin", CredentialsMode::SameOrigin),
        ("include", CredentialsMode::Include),
    ];
    chosen("credentials", word, &known)
}

/// The [redirect mode](https://fetch.spec.whatwg.org/#requestredirect).
pub(crate) fn redirect(word: Option<&str>) -> Result<RedirectMode, String> {
    let known = [
        ("follow", RedirectMode::Follow),
        ("error", RedirectMode::Error),
        ("manual", RedirectMode::Manual),
    ];
    chosen("redirect", word, &known)
}

/// The [cache mode](https://fetch.spec.whatwg.org/#requestcache).
pub(crate) fn cache(word: Option<&str>) -> Result<CacheMode, String> {
    let known = [
        ("default", CacheMode::Default),
        ("no-store", CacheMode::NoStore),
        ("reload", CacheMode::Reload),
        ("no-cache", CacheMode::NoCache),
        ("force-cache", CacheMode::ForceCache),
        ("only-if-cached", CacheMode::OnlyIfCached),
    ];
    chosen("cache", word, &known)
}

/// The [referrer policy](https://w3c.github.io/webappsec-referrer-policy/#enumdef-referrerpolicy).
pub(crate) fn referrer_policy(word: Option<&str>) -> Result<ReferrerPolicy, String> {
    let known = [
        ("", ReferrerPolicy::Default),
        ("no-referrer", ReferrerPolicy::NoReferrer),
        ("no-referrer-when-downgrade", ReferrerPolicy::NoReferrerWhenDowngrade),
        ("same-origin", ReferrerPolicy::SameOrigin),
        ("origin", ReferrerPolicy::Origin),
        ("strict-origin", ReferrerPolicy::StrictOrigin),
        ("origin-when-cross-origin", ReferrerPolicy::OriginWhenCrossOrigin),
        ("strict-origin-when-cross-origin", ReferrerPolicy::StrictOriginWhenCrossOrigin),
        ("unsafe-url", ReferrerPolicy::UnsafeUrl),
    ];
    chosen("referrer-policy", word, &known)
}
