//! What is blocked before anything is sent: bad ports and mixed content.

use url::Url;

use crate::origin::{Origin, is_loopback};
use crate::page::Page;
use crate::profile::Profile;

/// The [bad ports](https://fetch.spec.whatwg.org/#bad-port).
const BAD_PORTS: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
    102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427,
    465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990,
    993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667,
    6668, 6669, 6679, 6697, 10080,
];

/// The port of a URL, if [fetching is blocked due to it](https://fetch.spec.whatwg.org/#block-bad-port).
#[must_use]
pub fn bad_port(url: &Url) -> Option<u16> {
    // Step 1: the URL is the request's current one.
    // Step 2: only http and https have bad ports.
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    url.port().filter(|port| BAD_PORTS.contains(port))
    // Step 3: every other port is allowed.
}

/// Whether [fetching is blocked as mixed content](https://w3c.github.io/webappsec-mixed-content/#should-block-fetch):
/// a secure page asks for a URL that is not.
#[must_use]
pub(crate) fn is_mixed_content(page: &Page, url: &Url, profile: &Profile) -> bool {
    let secure = |origin: &Origin| origin.scheme() == Some("https");
    let sandboxed = matches!(page.origin, Origin::Opaque) && profile.sandboxed_page_is_secure;
    let came_by_tls = page.url.as_ref().is_some_and(|url| url.scheme() == "https");
    let around = page.top_level.as_ref().is_some_and(secure);
    if !(secure(&page.origin) || around || sandboxed && came_by_tls) {
        return false;
    }
    let origin = Origin::of(url);
    let loopback = match &origin {
        Origin::Tuple { host, .. } => is_loopback(host),
        Origin::Opaque => false,
    };
    let insecure_loopback = url.scheme() == "http" && loopback;
    !origin.is_potentially_trustworthy() && matches!(url.scheme(), "http" | "ws")
        || insecure_loopback && profile.loopback_is_mixed_content
}

#[cfg(test)]
mod tests {
    use test_case::test_case;
    use url::Url;

    use super::is_mixed_content;
    use crate::origin::Origin;
    use crate::page::Page;
    use crate::profile::Profile;

    #[test_case("http://localhost:8000/", &Profile::SPEC => false; "this machine")]
    #[test_case("http://localhost:8000/", &Profile::WEBKIT => true; "this machine, in WebKit")]
    #[test_case("https://localhost:8000/", &Profile::WEBKIT => false; "this machine, encrypted")]
    #[test_case("http://api.test/", &Profile::WEBKIT => true; "another, not encrypted")]
    #[test_case("https://api.test/", &Profile::WEBKIT => false; "another, encrypted")]
    fn a_secure_page_is_kept_from(url: &str, profile: &Profile) -> bool {
        let page = Page::at(Origin::parse("https://page.test").unwrap());
        is_mixed_content(&page, &Url::parse(url).unwrap(), profile)
    }

    #[test_case("https://page.test/", None => [false, true]; "that came by TLS")]
    #[test_case("http://page.test/", None => [false, false]; "that did not")]
    #[test_case("https://page.test/", Some("https://tab.test") => [true, true]; "in a frame of a secure tab")]
    fn a_sandboxed_page(url: &str, tab: Option<&str>) -> [bool; 2] {
        let page = Page {
            url: Url::parse(url).ok(),
            top_level: tab.and_then(|tab| Origin::parse(tab).ok()),
            ..Page::at(Origin::Opaque)
        };
        let asked = Url::parse("http://api.test/").unwrap();
        [&Profile::SPEC, &Profile::FIREFOX].map(|profile| is_mixed_content(&page, &asked, profile))
    }
}
