//! `known.toml`, rewritten as a run has found the target.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TomlError, Value};

use super::{Entry, Known, KnownError};

/// What stands in a new file before its entries.
const HEAD: &str = "# What this target is known to fail, and why. \
                    An entry that passes is an error until it is removed.\n\n";

/// Cases, as pairs of scenario and policy.
pub type Cases = BTreeSet<(String, String)>;

/// The text of a `known.toml` that lists `failing` and nothing else, out of all that were `asked`.
///
/// What stands in `text` and still fails stays, with its comments and reasons. What passes goes.
/// What is new gets an empty reason, which a person has to fill in before the file can be used.
///
/// # Errors
///
/// `text` is no `known.toml`; `name` is how the error calls it.
pub fn rewrite(
    name: &str,
    text: &str,
    asked: &Cases,
    failing: &Cases,
) -> Result<String, Box<KnownError>> {
    let known = Known::parse(name, text)?;
    let wrong = |error: TomlError| known.wrong(error.message().to_owned(), error.span());
    let mut document: DocumentMut = text.parse().map_err(wrong)?;
    let mut old = match document.remove("known") {
        Some(Item::ArrayOfTables(tables)) => tables,
        _ => ArrayOfTables::new(),
    };
    let head = old.iter_mut().next().and_then(without_head).unwrap_or_else(|| HEAD.to_owned());
    let mut left = failing.clone();
    let mut tables = Vec::new();
    for (entry, table) in known.entries().iter().zip(old) {
        let (still, others): (Cases, Cases) =
            left.into_iter().partition(|(id, policy)| entry.matches(id, policy));
        left = others;
        if entry.is_exactly(&still, asked) {
            tables.push(table);
        } else {
            tables.extend(groups(&still, asked).into_iter().map(|group| group.of(&table)));
        }
    }
    let mut blank = Table::new();
    blank.decor_mut().set_prefix("\n");
    blank.insert("reason", Item::Value(Value::from("")));
    tables.extend(groups(&left, asked).into_iter().map(|group| group.of(&blank)));
    Ok(written(document, &head, tables))
}

impl Entry {
    /// Whether it speaks of `still`, with nothing idle in it, and of nothing else of `asked`.
    fn is_exactly(&self, still: &Cases, asked: &Cases) -> bool {
        let cases: Vec<_> = still.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
        let alone = Known { entries: vec![self.clone()], ..Known::default() };
        let of_asked = asked.iter().filter(|(id, policy)| self.matches(id, policy));
        alone.check_matches(&cases).is_ok() && of_asked.eq(still)
    }
}

/// Scenarios that fail under the same policies.
struct Group {
    scenarios: Vec<String>,
    /// None: all that they were asked under.
    policies: Vec<String>,
}

impl Group {
    /// The entry `table`, about this group.
    fn of(&self, table: &Table) -> Table {
        let mut narrowed = Table::new();
        *narrowed.decor_mut() = table.decor().clone();
        narrowed.insert("scenario", names(&self.scenarios, true));
        if !self.policies.is_empty() {
            narrowed.insert("policy", names(&self.policies, false));
        }
        for (key, value) in table.iter().filter(|(key, _)| !matches!(*key, "scenario" | "policy")) {
            narrowed.insert(key, value.clone());
        }
        narrowed
    }
}

fn groups(cases: &Cases, asked: &Cases) -> Vec<Group> {
    let mut under: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (id, policy) in cases {
        under.entry(id).or_default().push(policy.clone());
    }
    let mut groups: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for (id, policies) in under {
        let everywhere = asked.iter().filter(|case| case.0 == id).count() == policies.len();
        groups.entry(if everywhere { Vec::new() } else { policies }).or_default().push(id.into());
    }
    groups.into_iter().map(|(policies, scenarios)| Group { scenarios, policies }).collect()
}

/// One name as a string, several as a list, with a line for each where they are `long`.
fn names(names: &[String], long: bool) -> Item {
    if let [name] = names {
        return Item::Value(Value::from(name.as_str()));
    }
    let mut list: Array = names.iter().map(String::as_str).collect();
    if long {
        list.iter_mut().for_each(|name| name.decor_mut().set_prefix("\n    "));
        list.set_trailing("\n");
        list.set_trailing_comma(true);
    }
    Item::Value(Value::Array(list))
}

/// Takes from the first entry what stands before its own comments: the head of the file.
fn without_head(first: &mut Table) -> Option<String> {
    let prefix = first.decor().prefix()?.as_str()?.to_owned();
    let at = prefix.rfind("\n\n")? + 2;
    first.decor_mut().set_prefix(&prefix[at - 1..]);
    Some(prefix[..at].to_owned())
}

fn written(mut document: DocumentMut, head: &str, tables: Vec<Table>) -> String {
    let mut known = ArrayOfTables::new();
    for (at, mut table) in tables.into_iter().enumerate() {
        if at == 0 {
            let own = table.decor().prefix().and_then(|it| it.as_str()).unwrap_or_default();
            let prefix = format!("{head}{}", own.trim_start());
            table.decor_mut().set_prefix(prefix);
        }
        table.set_position(None);
        known.push(table);
    }
    if known.is_empty() {
        return format!("{}\n", head.trim_end());
    }
    document.insert("known", Item::ArrayOfTables(known));
    document.to_string()
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::{Cases, HEAD, rewrite};

    const TEXT: &str = "\
# The head.

# Of this library.
[[known]]
scenario = ['a/1', \"a/2\"]
policy = ['p', 'q'] # both
reason = 'r'

[[known]]
scenario = 'b/*'
reason = 's'
expires = 2027-06-30
";

    fn cases(words: &str) -> Cases {
        let pair = |word: &str| word.split_once('@').map(|(id, it)| (id.into(), it.into()));
        words.split_whitespace().filter_map(pair).collect()
    }

    fn rewritten(text: &str, failing: &str) -> String {
        let asked = cases("a/1@p a/1@q a/2@p a/2@q b/1@p b/2@p c/1@p c/1@q d/1@p");
        rewrite("known.toml", text, &asked, &cases(failing)).unwrap()
    }

    #[test]
    fn what_is_still_true_stays_to_the_letter() {
        assert_eq!(rewritten(TEXT, "a/1@p a/1@q a/2@p a/2@q b/1@p b/2@p"), TEXT);
    }

    #[test]
    fn what_passes_goes_and_the_rest_keeps_its_reason() {
        let want = "\
# The head.

# Of this library.
[[known]]
scenario = \"a/2\"
reason = 'r'

# Of this library.
[[known]]
scenario = \"a/1\"
policy = \"p\"
reason = 'r'
";
        assert_eq!(rewritten(TEXT, "a/1@p a/2@p a/2@q"), want);
    }

    #[test]
    fn what_is_new_asks_for_a_reason() {
        let want = format!(
            "{HEAD}[[known]]\nscenario = [\n    \"c/1\",\n    \"d/1\",\n]\nreason = \"\"\n\n\
             [[known]]\nscenario = \"a/1\"\npolicy = \"q\"\nreason = \"\"\n"
        );
        assert_eq!(rewritten("", "c/1@p c/1@q d/1@p a/1@q"), want);
    }

    #[test_case("", HEAD.trim_end(); "a new file")]
    #[test_case(TEXT, "# The head."; "an old file")]
    fn where_nothing_fails_only_the_head_is_left(text: &str, want: &str) {
        assert_eq!(rewritten(text, ""), format!("{want}\n"));
    }
}
