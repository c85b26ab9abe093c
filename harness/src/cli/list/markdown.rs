//! The list as Markdown: the reference of all scenarios in the docs.

use std::fmt::Write as _;

use corspec_suite::scenario::Scenario;
use corspec_suite::words::{key, spec_link};

use super::{Listed, direction, policy_in_words};
use crate::report::markdown::text;

impl Listed<'_> {
    /// A table for each area, and one of the policies.
    pub(super) fn markdown(&self) -> String {
        // Without a count, which every new scenario would change.
        let mut page = "# Scenarios\n\n<!-- Written by `corspec list --format markdown`. -->\n\n\
                        `corspec explain ID` tells of each why it matters, what is done and what must come of it.\n"
            .to_owned();
        for (name, about, scenarios) in self.areas() {
            // Writing to a string cannot fail, here and below.
            let _ = write!(page, "\n## {name}\n\n{}\n\n", text(about));
            page += "| scenario | holds when it passes | level | a failure is | standard |\n";
            page += "| --- | --- | --- | --- | --- |\n";
            for it in scenarios {
                let (level, direction) = (key(&it.level), direction(it));
                let (title, spec) = (text(&it.title), text(&it.spec));
                let spec =
                    spec_link(&it.spec).map_or(spec.clone(), |link| format!("[{spec}]({link})"));
                let _ =
                    writeln!(page, "| `{}` | {title} | {level} | {direction} | {spec} |", it.id);
            }
        }
        page += &self.debates();
        if !self.shows_policies {
            return page;
        }
        page += "\n## Policies\n\n| policy | allows |\n| --- | --- |\n";
        for (name, policy) in &self.policies {
            let _ = writeln!(page, "| `{name}` | {} |", text(&policy_in_words(policy)));
        }
        page
    }

    /// Where practice is divided, with the threads in which it is; nothing where it is nowhere.
    fn debates(&self) -> String {
        let debated = self.scenarios.iter().filter(|it| !it.debate.is_empty());
        let row = |it: &&Scenario| {
            let threads: Vec<_> =
                it.debate.iter().map(|link| format!("[{}]({link})", text(&thread(link)))).collect();
            format!("| `{}` | {} |\n", it.id, threads.join(", "))
        };
        let rows: String = debated.map(row).collect();
        if rows.is_empty() {
            return rows;
        }
        "\n## Where practice is divided\n\n\
         These only observe, or name the variants that they accept.\n\n\
         | scenario | where it is debated |\n| --- | --- |\n"
            .to_owned()
            + &rows
    }
}

/// A short name for a thread: `owner/repository#number` on GitHub, elsewhere the link itself.
fn thread(link: &str) -> String {
    let path = link.strip_prefix("https://github.com/").unwrap_or_default();
    match path.split('/').collect::<Vec<_>>()[..] {
        [owner, repository, "issues" | "pull", number] => format!("{owner}/{repository}#{number}"),
        _ => link.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    #[test_case("https://github.com/rs/cors/issues/113" => "rs/cors#113"; "an issue")]
    #[test_case("https://github.com/rs/cors/pull/121" => "rs/cors#121"; "a pull request")]
    #[test_case("https://github.com/rs/cors/blob/master" => "https://github.com/rs/cors/blob/master"; "a file")]
    #[test_case("https://bugs.example/issues/1" => "https://bugs.example/issues/1"; "elsewhere")]
    fn a_thread_has_the_name(link: &str) -> String {
        super::thread(link)
    }
}
