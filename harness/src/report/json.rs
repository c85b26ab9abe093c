//! `--format json`: one document.

use std::io::{self, Write};

use schemars::generate::SchemaSettings;

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
    // Of what is written: an empty list may be left out.
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<Document>();
    format!("{:#}\n", schema.to_value())
}
