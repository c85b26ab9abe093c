//! `Sec-Fetch-*`: what the browser tells a server of where a request comes from.

use alloc::vec::Vec;

use url::Url;

use crate::header_list::HeaderList;
use crate::origin::{Origin, registrable_domain};
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
    let redirected = url_list.len() > 1;
    let far = |url: &Url| {
        let other = Origin::of(url);
        if origin.same_origin(&other) {
            0
        } else if same_site(origin, &other, redirected, profile) {
            1
        } else {
            2
        }
    };
    let distances: Vec<_> = url_list.iter().map(far).collect();
    match distances.into_iter().max() {
        Some(0) => "same-origin",
        Some(1) => "same-site",
        _ => "cross-site",
    }
}

fn same_site(one: &Origin, other: &Origin, redirected: bool, profile: &Profile) -> bool {
    if redirected && profile.redirect_site_needs_domain {
        let Origin::Tuple { host, .. } = one else { return false };
        if registrable_domain(host).is_none() {
            return false;
        }
    }
    if profile.sec_fetch_site_schemeful {
        one.same_site(other)
    } else {
        one.schemelessly_same_site(other)
    }
}
