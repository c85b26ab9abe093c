//! The kill matrix as a page of the docs.

use std::io::{self, Write};

use super::{counts, name, scenarios, size, words};
use crate::mutants::{Kind, Matrix, Published};

/// Writes the matrix as Markdown. `whole` are the published faults where every mutant was asked.
///
/// # Errors
///
/// The output cannot be written.
pub fn markdown(matrix: &Matrix, whole: Option<&Published>, mut out: impl Write) -> io::Result<()> {
    writeln!(out, "# Mutants: what the suite catches, and whom it does not blame")?;
    writeln!(
        out,
        "\nWritten by `corspec mutants --format markdown`; CI holds it to what a run gives."
    )?;
    writeln!(
        out,
        "A mutant is the reference server with one fault, an equivalent is the reference in another way that is right too.\n\
         Both are data in [`targets/mutants/`](../targets/mutants).\n"
    )?;
    if let Some(size) = size(matrix) {
        writeln!(out, "{size}\n")?;
    }
    writeln!(out, "| | | of |\n|---|---:|---:|")?;
    for (what, right, all) in counts(matrix, whole) {
        writeln!(out, "| {what} | {right} | {all} |")?;
    }
    for trouble in matrix.troubles(whole.is_some()) {
        writeln!(out, "\n- {}", cell(&words(&trouble)))?;
    }
    writeln!(
        out,
        "\n## Mutants\n\n| mutant | fault | direction | scenarios | among them |\n|---|---|---|---:|---|"
    )?;
    for row in matrix.of(Kind::Mutant) {
        let direction = row.direction.map_or("", name);
        writeln!(
            out,
            "| `{}` | {} | {direction} | {} | {} |",
            row.name,
            cell(&row.says),
            row.caught.len(),
            scenarios(row)
        )?;
    }
    writeln!(out, "\n## Equivalents\n\n| equivalent | how it differs |\n|---|---|")?;
    for row in matrix.of(Kind::Equivalent) {
        writeln!(out, "| `{}` | {} |", row.name, cell(&row.says))?;
    }
    writeln!(
        out,
        "\n## Scenarios\n\nEvery `must` and `should`, and the mutants that it catches.\n"
    )?;
    writeln!(out, "| scenario | mutants | one of them |\n|---|---:|---|")?;
    for scenario in &matrix.scenarios {
        let one = scenario.catches.first().map_or(String::new(), |name| format!("`{name}`"));
        writeln!(out, "| {} | {} | {one} |", scenario.id, scenario.catches.len())?;
    }
    out.flush()
}

/// A text that stands in a table's cell.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
