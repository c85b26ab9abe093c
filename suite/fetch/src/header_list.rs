//! A header list: ordered lines of name and value, duplicates kept.
//!
//! Names are compared without regard to ASCII case and keep the spelling that
//! they came with. Values are bytes; nothing here assumes that they are text.

use alloc::vec::Vec;

use crate::byte;

/// A [header list](https://fetch.spec.whatwg.org/#concept-header-list).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HeaderList {
    lines: Vec<(Vec<u8>, Vec<u8>)>,
}

/// What [extracting header list values] gives: null, failure and an empty list
/// are three different things.
///
/// [extracting header list values]: https://fetch.spec.whatwg.org/#extract-header-list-values
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Extracted {
    /// The list has no header of that name.
    Null,
    /// A line does not parse by the header's ABNF.
    Failure,
    /// The values of all lines, in order.
    Values(Vec<Vec<u8>>),
}

impl Extracted {
    /// The values, where null counts as none; `None` on failure.
    #[must_use]
    pub fn values(&self) -> Option<&[Vec<u8>]> {
        match self {
            Self::Null => Some(&[]),
            Self::Failure => None,
            Self::Values(values) => Some(values),
        }
    }
}

impl HeaderList {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// [Appends](https://fetch.spec.whatwg.org/#concept-header-list-append) a
    /// line; a name that is there already lends it its spelling.
    pub fn append(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        // Step 1: the spelling of the first line of that name.
        let known = self.lines.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.as_ref()));
        let name = known.map_or_else(|| name.as_ref().to_vec(), |(known, _)| known.clone());
        // Step 2: at the end.
        self.lines.push((name, value.as_ref().to_vec()));
    }

    /// [Deletes](https://fetch.spec.whatwg.org/#concept-header-list-delete)
    /// every line of that name.
    pub fn delete(&mut self, name: &str) {
        self.lines.retain(|(known, _)| !known.eq_ignore_ascii_case(name.as_bytes()));
    }

    /// [Sets](https://fetch.spec.whatwg.org/#concept-header-list-set) a header:
    /// the first line of that name gets the value, further ones go.
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let same = |(known, _): &(Vec<u8>, Vec<u8>)| known.eq_ignore_ascii_case(name.as_bytes());
        // Step 1: a known one keeps its place.
        let Some(first) = self.lines.iter().position(same) else {
            // Step 2: a new header goes to the end.
            return self.append(name, value);
        };
        self.lines[first].1 = value.as_ref().to_vec();
        let mut index = 0;
        self.lines.retain(|line| {
            index += 1;
            index - 1 <= first || !same(line)
        });
    }

    /// [Gets](https://fetch.spec.whatwg.org/#concept-header-list-get) the values
    /// of a name, combined with a comma and a space; `None` where there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Vec<u8>> {
        let mut values = self.get_all(name);
        // Step 1: null where there is none.
        let mut combined = values.next()?.to_vec();
        // Step 2: all values, in order.
        for value in values {
            combined.extend_from_slice(b", ");
            combined.extend_from_slice(value);
        }
        Some(combined)
    }

    /// The values of a name, one a line.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let same = move |known: &[u8]| known.eq_ignore_ascii_case(name.as_bytes());
        self.iter().filter(move |(known, _)| same(known)).map(|(_, value)| value)
    }

    /// The list without the empty lines beside others of the same name, but those of `kept`.
    #[must_use]
    pub(crate) fn without_empty_repeats(&self, kept: &str) -> Self {
        let full = |name: &[u8]| {
            let mut same = self.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
            same.any(|(_, value)| !value.is_empty())
        };
        let stays = |(name, value): &(&[u8], &[u8])| {
            !value.is_empty() || !full(name) || name.eq_ignore_ascii_case(kept.as_bytes())
        };
        self.iter().filter(stays).collect()
    }

    /// Whether a line has that name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get_all(name).next().is_some()
    }

    /// Every line, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// [Extracts header list values](https://fetch.spec.whatwg.org/#extract-header-list-values)
    /// of a header whose value is a list of tokens.
    ///
    /// Empty members are no values, as RFC 9110 section 5.6.1 has it.
    #[must_use]
    pub fn extract_tokens(&self, name: &str) -> Extracted {
        // Step 1: a name that is not there is null.
        if !self.contains(name) {
            return Extracted::Null;
        }
        // Step 3: no values yet.
        let mut values = Vec::new();
        // Step 4: parse each line; one that does not parse fails them all.
        for line in self.get_all(name) {
            for item in line.split(|&byte| byte == b',') {
                let item = byte::trim(item, |byte| matches!(byte, b'\t' | b' '));
                if item.is_empty() {
                    continue;
                }
                if !byte::is_token(item) {
                    return Extracted::Failure;
                }
                values.push(item.to_vec());
            }
        }
        // Step 5: the values of all lines.
        Extracted::Values(values)
    }

    /// [Sorts and combines](https://fetch.spec.whatwg.org/#concept-header-list-sort-and-combine)
    /// as a script sees it when it walks a `Headers`: lower-case names in byte
    /// order, values of a name combined, `Set-Cookie` apart.
    #[must_use]
    pub fn sort_and_combine(&self) -> Self {
        // Step 1: start empty.
        let mut sorted = Self::new();
        // Step 2: every name once, lower-cased and sorted.
        let mut names: Vec<Vec<u8>> =
            self.lines.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.sort();
        names.dedup();
        // Step 3: `Set-Cookie` keeps its lines, all others are combined.
        for name in names {
            let Ok(text) = core::str::from_utf8(&name) else { continue };
            if text == "set-cookie" {
                for value in self.get_all(text) {
                    sorted.append(&name, value);
                }
            } else if let Some(value) = self.get(text) {
                sorted.append(&name, value);
            }
        }
        // Step 4: that is the list.
        sorted
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for HeaderList {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(lines: I) -> Self {
        let mut list = Self::new();
        for (name, value) in lines {
            list.append(name, value);
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use test_case::test_case;

    use super::{Extracted, HeaderList};

    #[test_case(&[], None; "absent")]
    #[test_case(&[""], Some(&[]); "an empty line is an empty list, not null")]
    #[test_case(&["PUT"], Some(&["PUT"]); "one token")]
    #[test_case(&[",PUT,, DELETE\t,"], Some(&["PUT", "DELETE"]); "empty members and space are fine")]
    #[test_case(&["PUT", "*"], Some(&["PUT", "*"]); "lines combine")]
    #[test_case(&["'x-a'"], Some(&["'x-a'"]); "an apostrophe is a token character")]
    fn lists_of_tokens_parse(lines: &[&str], want: Option<&[&str]>) {
        let list: HeaderList = lines.iter().map(|line| ("X", line)).collect();
        let want = want.map_or(Extracted::Null, |values| {
            Extracted::Values(values.iter().map(|value| value.as_bytes().to_vec()).collect())
        });
        assert_eq!(list.extract_tokens("x"), want);
    }

    #[test_case(&["x-ok,Bad value"]; "a space within")]
    #[test_case(&["PUT", "\"GET\""]; "a quoted string in another line")]
    #[test_case(&["PUT;"]; "a semicolon")]
    #[test_case(&["PUT\u{b}"]; "a vertical tab")]
    fn one_bad_member_fails_the_whole(lines: &[&str]) {
        let list: HeaderList = lines.iter().map(|line| ("X", line)).collect();
        assert_eq!(list.extract_tokens("x"), Extracted::Failure);
    }

    #[test]
    fn lines_are_counted_one_by_one() {
        let list: HeaderList = [("A", "1"), ("a", "2")].into_iter().collect();
        assert_eq!((list.len(), list.is_empty()), (2, false));
        assert_eq!((HeaderList::new().len(), HeaderList::new().is_empty()), (0, true));
    }

    #[test]
    fn setting_replaces_the_first_line_and_drops_the_others() {
        let mut list: HeaderList = [("A", "1"), ("B", "2"), ("a", "3")].into_iter().collect();
        list.set("a", "4");
        let lines: Vec<_> = list.iter().collect();
        assert_eq!(lines, [(&b"A"[..], &b"4"[..]), (b"B", b"2")]);
    }

    #[test]
    fn a_script_sees_names_sorted_and_values_combined() {
        let list: HeaderList =
            [("X-B", "2"), ("Set-Cookie", "a"), ("x-a", "1"), ("X-b", ""), ("set-cookie", "b")]
                .into_iter()
                .collect();
        let seen = list.sort_and_combine();
        let want = vec![
            (&b"set-cookie"[..], &b"a"[..]),
            (b"set-cookie", b"b"),
            (b"x-a", b"1"),
            (b"x-b", b"2, "),
        ];
        assert_eq!(seen.iter().collect::<Vec<_>>(), want);
    }
}
