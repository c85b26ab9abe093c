//! `Sec-Fetch-*`: what the browser tells a server of where a request comes from.

use alloc::vec::Vec;

use url::Url;

use crate::header_list::HeaderList;
use crate::origin::{Origin, is_loopback};
use crate::profile::Profile;
use crate::redirect::{just_crossed_origins, taints_origin};
use crate::request::Mode;

/// Appends the [Fetch metadata headers](https://w3c.github.io/webappsec-fetch-metadata/#abstract-opdef-append-the-fetch-metadata-headers-for-a-request).
pub(crate) fn append_metadata(
    headers: &mut HeaderList,
    origin: &Origin,
    url_list: &[Url],
    mode: Mode,
    preflight: bool,
    profile: &Profile,
) {
    let Some(current) = url_list.last() else { return };
    let mode = match mode {
        Mode::Cors => "cors",
        Mode::NoCors => "no-cors",
        Mode::SameOrigin => "same-origin",
    };
    if !Origin::of(current).is_potentially_trustworthy() {
        if preflight && profile.sec_fetch_mode_on_untrustworthy_preflight {
            headers.append("Sec-Fetch-Mode", mode);
        }
        return;
    }
    let quirk = profile.drops_sec_fetch_after_cross_origin_redirect;
    if quirk && !preflight && mode == "cors" && just_crossed_origins(url_list) {
        return;
    }
    // It takes the headers of the first request along, where there were any.
    let began = url_list.first().is_some_and(|it| Origin::of(it).is_potentially_trustworthy());
    if quirk && preflight && !began {
        return;
    }
    headers.append("Sec-Fetch-Dest", "empty");
    headers.append("Sec-Fetch-Mode", mode);
    // The preflight has the whole list in the standard.
    let current_only = preflight && profile.preflight_site_of_current_url;
    let list = if current_only { core::slice::from_ref(current) } else { url_list };
    let tainted = quirk && preflight && taints_origin(origin, url_list);
    let site = if tainted { "cross-site" } else { site(origin, list, profile) };
    headers.append("Sec-Fetch-Site", site);
}

/// The value of [`Sec-Fetch-Site`](https://w3c.github.io/webappsec-fetch-metadata/#sec-fetch-site-header):
/// how far away the farthest URL of the chain is.
fn site(origin: &Origin, url_list: &[Url], profile: &Profile) -> &'static str {
    let chain: Vec<_> = url_list.iter().map(Origin::of).collect();
    if chain.iter().all(|it| origin.same_origin(it)) {
        "same-origin"
    } else if same_site(origin, &chain, profile) {
        "same-site"
    } else {
        "cross-site"
    }
}

fn same_site(page: &Origin, chain: &[Origin], profile: &Profile) -> bool {
    if !profile.sec_fetch_site_of_askers {
        return chain.iter().all(|it| page.same_site(it));
    }
    let is_encrypted = |it: &Origin| it.scheme() == Some("https");
    let is_here = matches!(page, Origin::Tuple { host, .. } if is_loopback(host));
    let redirected = chain.split_last().is_none_or(|(_, hops)| hops.iter().all(is_encrypted));
    (is_encrypted(page) || is_here)
        && redirected
        && chain.iter().all(|it| page.schemelessly_same_site(it))
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    const HERE: &str = "http://localhost:3000";

    #[test_case("https://app.test", &["https://api.app.test"] => ["same-site", "same-site"]; "of one domain")]
    #[test_case("https://localhost", &["http://localhost:8000"] => ["cross-site", "same-site"]; "not encrypted any more")]
    #[test_case(HERE, &["https://localhost"] => ["cross-site", "same-site"]; "encrypted, of this machine")]
    #[test_case("http://app.test", &["https://app.test"] => ["cross-site", "cross-site"]; "encrypted")]
    #[test_case(HERE, &[HERE, "http://localhost:8000"] => ["same-site", "cross-site"]; "redirected by what is not encrypted")]
    #[test_case("https://app.test", &["https://app.test", "https://b.app.test"] => ["same-site", "same-site"]; "redirected")]
    #[test_case("https://app.test", &["https://b.test", "https://app.test"] => ["cross-site", "cross-site"]; "back from afar")]
    #[test_case(HERE, &[HERE, HERE] => ["same-origin", "same-origin"]; "back to itself")]
    fn how_far_it_is_in_chromium_and_firefox(page: &str, chain: &[&str]) -> [&'static str; 2] {
        let chain: Vec<_> = chain.iter().map(|it| Url::parse(it).unwrap()).collect();
        let page = Origin::parse(page).unwrap();
        [&Profile::CHROMIUM, &Profile::FIREFOX].map(|profile| site(&page, &chain, profile))
    }
}
