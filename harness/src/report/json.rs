//! `--format json`: one document.

use std::io::{self, Write};

use crate::escape::json_line;
use crate::report::document::Document;

/// Writes the document as one line of JSON.
///
/// # Errors
///
/// The output cannot be written.
pub fn write(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let value = serde_json::to_value(document)?;
    writeln!(out, "{}", json_line(&value))
}

/// The JSON Schema of the document, as text that ends with a line feed.
#[must_use]
pub fn schema() -> String {
    let schema = schemars::schema_for!(Document);
    format!("{:#}\n", schema.to_value())
}
