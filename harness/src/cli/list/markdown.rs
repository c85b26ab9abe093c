//! The list as Markdown: the reference of all scenarios in the docs.

use std::fmt::Write as _;

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
        if !self.shows_policies {
            return page;
        }
        page += "\n## Policies\n\n| policy | allows |\n| --- | --- |\n";
        for (name, policy) in &self.policies {
            let _ = writeln!(page, "| `{name}` | {} |", text(&policy_in_words(policy)));
        }
        page
    }
}
