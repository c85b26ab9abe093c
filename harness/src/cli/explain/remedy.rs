//! What to do about each cause: for most, what the server must answer instead.

/// What to do about the cause of this slug; `None` where there is no such cause.
pub(super) fn remedy(slug: &str) -> Option<&'static str> {
    let (of_preflight, check) = match slug.strip_prefix("preflight-") {
        Some(check) if check.starts_with("allow-") => (true, check),
        _ => (false, slug),
    };
    match (of_preflight, cors_check(check)) {
        (true, Some((_, remedy))) | (false, Some((remedy, _))) => Some(remedy),
        (_, None) => preflight(slug).or_else(|| redirect(slug)).or_else(|| other(slug)),
    }
}

/// Of the answer itself, and of the preflight's.
fn cors_check(slug: &str) -> Option<(&'static str, &'static str)> {
    Some(match slug {
        "allow-origin-missing" => (
            "If the page may read the answer, send `Access-Control-Allow-Origin` with its origin, on error answers too: \
             a proxy, an exception or an early answer often passes by what adds it. If the page may not, nothing is wrong.",
            "If the page may send the request, answer OPTIONS with `Access-Control-Allow-Origin` and its origin, before \
             routing and authentication. If the page may not, nothing is wrong.",
        ),
        "allow-origin-multiple" => (
            "Send the header once, with one origin: find the second layer that adds it (a proxy beside the application, \
             say) and take it out of one. Several origins are allowed by repeating the one that asks.",
            "Answer the preflight with the header once, with one origin: find the second layer that adds it and take it \
             out of one.",
        ),
        "allow-origin-wildcard-with-credentials" => (
            "Name the origin that asks instead of `*`, from a list of those allowed, with `Vary: Origin`; or have the page \
             send no credentials.",
            "Answer the preflight with the origin that asks instead of `*`, from a list of those allowed; or have the page \
             send no credentials.",
        ),
        "allow-origin-mismatch" => (
            "If the page may read the answer, send exactly its origin: scheme, host and port as in `Origin`, without a slash \
             at the end. A cache without `Vary: Origin` may also have kept another page's answer.",
            "If the page may send the request, answer OPTIONS with exactly its origin: scheme, host and port as in `Origin`, \
             without a slash at the end.",
        ),
        "allow-credentials-missing" => (
            "If the page may use the visitor's cookies, send `Access-Control-Allow-Credentials: true`; else have the page \
             send no credentials.",
            "If the page may use the visitor's cookies, answer the preflight with `Access-Control-Allow-Credentials: true` \
             as well, not the request alone; else have the page send no credentials.",
        ),
        "allow-credentials-not-true" => (
            "Send `Access-Control-Allow-Credentials: true` once, in small letters; to forbid credentials, leave the header \
             out.",
            "Answer the preflight with `Access-Control-Allow-Credentials: true` once, in small letters; to forbid \
             credentials, leave the header out.",
        ),
        _ => return None,
    })
}

fn preflight(slug: &str) -> Option<&'static str> {
    Some(match slug {
        "preflight-connection-failed" => {
            "Look whether the server runs, and whether it or a firewall drops OPTIONS requests."
        }
        "preflight-redirect" => {
            "Answer OPTIONS where it is asked, with 200 or 204: take preflights out of redirects to a login, to https or to \
             a path with a slash, or have the page ask the final URL."
        }
        "preflight-status" => {
            "Answer OPTIONS with 200 or 204, before routing and without authentication: browsers send preflights without \
             credentials."
        }
        "preflight-methods-unparsable" => {
            "Send method names with commas between and nothing else, as `Access-Control-Allow-Methods: GET, PUT`."
        }
        "preflight-headers-unparsable" => {
            "Send header names with commas between and nothing else, as `Access-Control-Allow-Headers: content-type, x-a`."
        }
        "preflight-method-not-allowed" => {
            "If the method is to be allowed, name it in `Access-Control-Allow-Methods`, in capitals as it is sent."
        }
        "preflight-method-wildcard-with-credentials" => {
            "List the methods by name instead of `*`, or have the page send no credentials."
        }
        "preflight-authorization-not-listed" => {
            "If pages may set it, name `Authorization` in `Access-Control-Allow-Headers`, beside `*` too."
        }
        "preflight-header-not-allowed" => {
            "If pages may set the header, name it in `Access-Control-Allow-Headers`; letter case does not matter."
        }
        "preflight-header-wildcard-with-credentials" => {
            "List the headers by name instead of `*`, or have the page send no credentials."
        }
        _ => return None,
    })
}

fn redirect(slug: &str) -> Option<&'static str> {
    Some(match slug {
        "redirect-mode-error" => "Have the page ask the final URL, or follow redirects.",
        "redirect-location-unparsable" => "Send a `Location` that is a URL, absolute or relative.",
        "redirect-scheme" => "Redirect to an http or https URL; other schemes are for navigations.",
        "too-many-redirects" => {
            "Find the loop: often http and https, or a host with and without www, each lead to the other."
        }
        "redirect-credentials-cross-origin" | "redirect-credentials" => {
            "Take the user name and the password out of `Location`."
        }
        _ => return None,
    })
}

fn other(slug: &str) -> Option<&'static str> {
    Some(match slug {
        "bad-port" => {
            "Serve on another port: browsers refuse those of mail and other old services."
        }
        "mixed-content" => "Serve the URL over https; browsers block http from a secure page.",
        "same-origin-mode" => {
            "Have the page fetch in the mode `cors` if it means another origin's answer."
        }
        "no-cors-redirect-mode" => "Have the page follow redirects, or fetch in the mode `cors`.",
        "unsupported-scheme" => "Have the page ask an http or https URL.",
        "connection-failed" => {
            "Look whether the server runs, listens at that address and speaks HTTP, and whether its certificate is trusted."
        }
        "response-header-with-nul" => "Take the NUL byte out of the header's value.",
        "cross-origin-resource-policy" => {
            "If other sites may embed the resource, send `Cross-Origin-Resource-Policy: cross-origin`, or `same-site` for \
             those of the same site; or share it by CORS and have the page fetch in the mode `cors`."
        }
        "embedder-policy" => {
            "Send `Cross-Origin-Resource-Policy: cross-origin` on what that page may embed, or share it by CORS."
        }
        "keepalive-quota" => "Have the page send less than 64 KiB, or without keepalive.",
        "only-if-cached" => "Have the page fetch in another cache mode.",
        "proxy-authentication" => {
            "Answer 401 where the server asks for a password; 407 is for proxies."
        }
        "integrity-opaque" => {
            "Have the page fetch in the mode `cors`, from a server that shares it."
        }
        "integrity-mismatch" => {
            "Send the bytes that the digest was made of, or give the page the digest of those that are sent."
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use corspec_fetch::cause::CAUSES;

    use super::remedy;

    #[test]
    fn something_can_be_done_about_every_cause() {
        for cause in &CAUSES {
            let remedy = remedy(cause.slug).unwrap_or_default();
            assert!(remedy.ends_with('.') && !remedy.contains("  "), "{}: {remedy:?}", cause.slug);
        }
    }

    #[test]
    fn a_preflights_remedy_speaks_of_the_preflight() {
        for cause in CAUSES.iter().filter(|it| it.slug.starts_with("preflight-allow-")) {
            let remedy = remedy(cause.slug).unwrap_or_default();
            assert!(remedy.contains("preflight") || remedy.contains("OPTIONS"), "{}", cause.slug);
        }
    }

    #[test]
    fn what_is_no_cause_has_no_remedy() {
        assert_eq!(remedy("preflight-allow"), None);
    }
}
