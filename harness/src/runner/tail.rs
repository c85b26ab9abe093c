//! The end of what a target wrote, as much of it as a report can bear.

/// How many lines are kept.
const LINES: usize = 12;

/// How many characters of a line are kept.
const COLUMNS: usize = 240;

/// The last lines of `output`, long ones cut.
pub(super) fn of(output: &str) -> String {
    let lines: Vec<_> = output.lines().collect();
    let last = &lines[lines.len().saturating_sub(LINES)..];
    let cut = |line: &&str| match line.char_indices().nth(COLUMNS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => (*line).to_owned(),
    };
    last.iter().map(cut).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::of;

    #[test_case("" => ""; "nothing")]
    #[test_case("one\ntwo" => "one\ntwo"; "a little is kept whole")]
    #[test_case(&"x\n".repeat(99) => ["x"; 12].join("\n"); "only the last lines")]
    #[test_case(&"\u{e4}".repeat(999) => format!("{}…", "\u{e4}".repeat(240)); "a long line is cut at a character")]
    fn the_end_is_kept(output: &str) -> String {
        of(output)
    }
}
