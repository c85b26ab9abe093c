//! Makes Cargo look again when a scenario or policy file is added or taken away: the crate embeds both folders.

fn main() {
    println!("cargo:rerun-if-changed=scenarios");
    println!("cargo:rerun-if-changed=policies");
}
