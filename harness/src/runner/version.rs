//! What HTTP/2 has no place for: such a case is not asked over it.

use corspec_suite::case::Instantiated;
use corspec_suite::scenario::Scenario;

/// Header fields of one connection, which HTTP/2 does without but for `TE: trailers`
/// ([RFC 9113 section 8.2.2](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2)), and the host, which is in a field
/// of its own there (section 8.3.1).
const OF_HTTP_1: [&str; 7] =
    ["connection", "host", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];

/// The header field of one of the scenario's requests that HTTP/2 does not have, if there is one.
pub(crate) fn field_of_http_1(scenario: &Scenario) -> Option<&str> {
    let is_of_http_1 = |name: &str, value: &str| {
        let is_named = OF_HTTP_1.iter().any(|it| it.eq_ignore_ascii_case(name));
        is_named && !value.eq_ignore_ascii_case("trailers")
    };
    let wires = scenario.step.iter().filter_map(|step| step.wire.as_ref());
    let mut fields = wires.flat_map(|it| &it.headers);
    fields.find(|(name, value)| is_of_http_1(name, value)).map(|(name, _)| name.as_str())
}

/// What a scenario comes to where it is asked over HTTP/2.
pub(super) fn over_http2(scenario: &Scenario, case: Instantiated) -> Instantiated {
    match (field_of_http_1(scenario), case) {
        (Some(name), Instantiated::Case(_)) => Instantiated::NotApplicable(format!(
            "requests over HTTP/2 have no header field `{name}`; `--http1.1` asks it"
        )),
        (_, case) => case,
    }
}

#[cfg(test)]
mod tests {
    use corspec_suite::scenario::AreaFile;
    use test_case::test_case;

    use super::field_of_http_1;

    #[test_case("Host", "a.test", true; "the host")]
    #[test_case("X-Forwarded-Host", "a.test", false; "a host that was forwarded")]
    #[test_case("connection", "close", true; "one of the connection")]
    #[test_case("TE", "gzip", true; "what is taken of codings")]
    #[test_case("TE", "trailers", false; "that trailers are taken")]
    fn a_field_is_of_http_1(name: &str, value: &str, is_of_http_1: bool) {
        let text = format!(
            "area = 's'\nabout = ''\n[[scenario]]\nid = 's/a'\ntitle = ''\nwhy = ''\nimpact = ''\n\
             spec = ''\nbasis = 'http'\nlevel = 'observe'\n[[scenario.step]]\n\
             wire = {{ route = 'resource', headers = [['x-a', '1'], ['{name}', '{value}']] }}"
        );
        let area: AreaFile = toml::from_str(&text).unwrap();
        let field = field_of_http_1(&area.scenario[0]);
        assert_eq!(field, is_of_http_1.then_some(name));
    }
}
