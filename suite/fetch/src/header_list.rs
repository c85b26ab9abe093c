//! A header list: ordered lines of name and value, duplicates kept.
//!
//! Names are compared without regard to ASCII case and keep the spelling that
//! they came with. Values are bytes; nothing here assumes that they are text.

use alloc::format;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::byte;

/// A [header list](https://fetch.spec.whatwg.org/#concept-header-list).
///
/// Its lines stand in one piece of memory: lists are copied far more often than they are changed.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct HeaderList {
    /// Name and value of each line, one after another.
    bytes: Vec<u8>,
    /// Where the name and the value of each line end.
    ends: Vec<(usize, usize)>,
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
        match self.position(name.as_ref()) {
            Some(known) => self.bytes.extend_from_within(self.name_at(known)),
            None => self.bytes.extend_from_slice(name.as_ref()),
        }
        // Step 2: at the end.
        self.end_line(value.as_ref());
    }

    /// [Deletes](https://fetch.spec.whatwg.org/#concept-header-list-delete)
    /// every line of that name.
    pub fn delete(&mut self, name: &str) {
        let old = core::mem::take(self);
        for (known, value) in old.iter().filter(|(known, _)| !is_named(known, name)) {
            self.push(known, value);
        }
    }

    /// [Sets](https://fetch.spec.whatwg.org/#concept-header-list-set) a header:
    /// the first line of that name gets the value, further ones go.
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) {
        // Step 1: a known one keeps its place.
        let Some(first) = self.position(name.as_bytes()) else {
            // Step 2: a new header goes to the end.
            return self.append(name, value);
        };
        let old = core::mem::take(self);
        for (index, (known, other)) in old.iter().enumerate() {
            if index == first {
                self.push(known, value.as_ref());
            } else if !is_named(known, name) {
                self.push(known, other);
            }
        }
    }

    /// Puts a line to the end, spelt as it is.
    fn push(&mut self, name: &[u8], value: &[u8]) {
        self.bytes.extend_from_slice(name);
        self.end_line(value);
    }

    /// Ends the line whose name has just been written.
    fn end_line(&mut self, value: &[u8]) {
        let name = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.ends.push((name, self.bytes.len()));
    }

    /// The first line of that name.
    fn position(&self, name: &[u8]) -> Option<usize> {
        self.iter().position(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// Where the name of a line is.
    fn name_at(&self, index: usize) -> Range<usize> {
        let start = if index == 0 { 0 } else { self.ends[index - 1].1 };
        start..self.ends[index].0
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
        self.iter().filter(move |(known, _)| is_named(known, name)).map(|(_, value)| value)
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
        let mut start = 0;
        self.ends.iter().map(move |&(name, end)| {
            let line = (&self.bytes[start..name], &self.bytes[name..end]);
            start = end;
            line
        })
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
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
            self.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
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

fn is_named(known: &[u8], name: &str) -> bool {
    known.eq_ignore_ascii_case(name.as_bytes())
}

impl fmt::Debug for HeaderList {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.iter().map(|(name, value)| (name.escape_ascii(), value.escape_ascii()));
        out.debug_list().entries(lines.map(|(name, value)| format!("{name}: {value}"))).finish()
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
    use alloc::format;
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

    #[test_case("A", "5", &[("A", "5"), ("B", "2"), ("C", "")]; "the first, over another of the name")]
    #[test_case("b", "55", &[("A", "1"), ("B", "55"), ("A", "3"), ("C", "")]; "in the middle, longer")]
    #[test_case("c", "6", &[("A", "1"), ("B", "2"), ("A", "3"), ("C", "6")]; "the last")]
    #[test_case("D", "7", &[("A", "1"), ("B", "2"), ("A", "3"), ("C", ""), ("D", "7")]; "a new one")]
    fn a_header_is_set_in_its_place(name: &str, value: &str, want: &[(&str, &str)]) {
        let mut list = HeaderList::new();
        for (name, value) in [("A", "1"), ("B", "2"), ("a", "3"), ("C", "")] {
            list.append(name, value);
        }
        list.set(name, value);
        let want = want.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        assert_eq!(list.iter().collect::<Vec<_>>(), want.collect::<Vec<_>>());
    }

    #[test_case("A", &[("B", "2")]; "every line of a name")]
    #[test_case("b", &[("A", "1"), ("A", "3")]; "one between others")]
    #[test_case("X", &[("A", "1"), ("B", "2"), ("A", "3")]; "none")]
    fn a_header_is_deleted_whole(name: &str, want: &[(&str, &str)]) {
        let mut list: HeaderList = [("A", "1"), ("B", "2"), ("a", "3")].into_iter().collect();
        list.delete(name);
        let want = want.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        assert_eq!(list.iter().collect::<Vec<_>>(), want.collect::<Vec<_>>());
    }

    #[test]
    fn where_a_name_ends_is_part_of_a_line() {
        let list = |name: &str, value: &str| [(name, value)].into_iter().collect::<HeaderList>();
        assert_ne!(list("ab", "c"), list("a", "bc"));
        assert_eq!(format!("{:?}", list("a", "b\r\n")), r#"["a: b\\r\\n"]"#);
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
