//! The directives of `Cache-Control`.

use corspec_fetch::header_list::HeaderList;

/// The directives of a message, their names in lower case.
///
/// Source: RFC 9111, section 5.2.
pub(super) struct Directives(Vec<(String, Option<String>)>);

impl Directives {
    /// Those in the lines of the header `name`.
    pub(super) fn of(headers: &HeaderList, name: &str) -> Self {
        let items = headers.get_all(name).flat_map(split);
        Self(items.filter(|item| !item.is_empty()).map(|item| directive(&item)).collect())
    }

    /// Whether the directive `name` is there, with or without a value.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The seconds of the directive `name`, where it is there: 0 where its value is none, and the least of several
    /// (section 4.2.1).
    pub(super) fn seconds(&self, name: &str) -> Option<u64> {
        let values = self.0.iter().filter(|(known, _)| known == name);
        values.map(|(_, value)| delta_seconds(value.as_deref().unwrap_or_default())).min()
    }
}

/// The seconds that `text` says (section 1.2.2): too many are as many as there can be, and what is no number is none.
pub(super) fn delta_seconds(text: &str) -> u64 {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().unwrap_or(u64::MAX) } else { 0 }
}

/// The members of a list whose members may have quoted values.
fn split(line: &[u8]) -> Vec<String> {
    let mut members = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for character in String::from_utf8_lossy(line).chars() {
        if character == ',' && !quoted {
            members.push(String::new());
            continue;
        }
        quoted ^= character == '"' && !escaped;
        escaped = quoted && character == '\\' && !escaped;
        if let Some(member) = members.last_mut() {
            member.push(character);
        }
    }
    members.into_iter().map(|member| member.trim().to_owned()).collect()
}

fn directive(member: &str) -> (String, Option<String>) {
    match member.split_once('=') {
        Some((name, value)) => {
            let value = value.trim().trim_matches('"').to_owned();
            (name.trim().to_ascii_lowercase(), Some(value))
        }
        None => (member.to_ascii_lowercase(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use test_case::test_case;

    #[test_case("max-age=60", Some(60) ; "plain")]
    #[test_case("public , MAX-AGE = \"60\"", Some(60) ; "quoted and in capitals")]
    #[test_case("max-age=60, max-age=5", Some(5) ; "the least of several")]
    #[test_case("max-age=soon", Some(0) ; "no number")]
    #[test_case("max-age", Some(0) ; "no value")]
    #[test_case("max-age=99999999999999999999999", Some(u64::MAX) ; "too many")]
    #[test_case("private=\"x, max-age=60\"", None ; "within a quoted value")]
    #[test_case("private=\"x\\\", max-age=60\"", None ; "after an escaped quote")]
    #[test_case("x=\"a\", max-age=60", Some(60) ; "after a quoted value")]
    #[test_case("xy=\"a, max-age=5\"", None ; "within a quoted value of a shorter name")]
    #[test_case("x=\"a\\\\\", max-age=60", Some(60) ; "after an escaped backslash")]
    #[test_case(",, x-max-age=60", None ; "another name")]
    fn seconds_are_read(line: &str, expected: Option<u64>) {
        let headers: HeaderList = [("cache-control", line)].into_iter().collect();
        assert_eq!(Directives::of(&headers, "cache-control").seconds("max-age"), expected);
    }
}
