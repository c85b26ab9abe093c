//! The JSON Schema of scenario files, for editors.

use crate::scenario::AreaFile;

/// The schema as indented JSON, as it is checked in at `suite/scenarios/schema.json`.
#[must_use]
pub fn scenario_file() -> String {
    let schema = schemars::schema_for!(AreaFile);
    format!("{:#}\n", schema.as_value())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// To write it anew: `UPDATE_SCHEMA=1 cargo test -p corspec-suite schema`.
    #[test]
    fn the_checked_in_schema_is_that_of_the_types() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/schema.json");
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(path, scenario_file()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), scenario_file());
    }
}
