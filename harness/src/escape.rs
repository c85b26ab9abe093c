//! Escaping of bytes that others chose, for terminals and for JSON.

use std::fmt::Write as _;

use serde_json::Value;

/// The text with every control character, U+007F to U+009F too, and every
/// character that reorders text written as `\u{…}`.
#[must_use]
pub fn for_terminal(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for it in text.chars() {
        if it.is_control()
            || matches!(it, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            shown.extend(it.escape_unicode());
        } else {
            shown.push(it);
        }
    }
    shown
}

/// The bytes for a terminal: what is not printable ASCII is written as `\x…`.
#[must_use]
pub fn bytes_for_terminal(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b' '..=b'~' => shown.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(shown, "\\x{byte:02x}")),
        }
    }
    shown
}

/// The text with a character for each byte.
#[must_use]
pub fn latin1(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => text.to_owned(),
        _ => bytes.iter().copied().map(char::from).collect(),
    }
}

/// The bytes of a text with a character for each byte; `None` where a
/// character is above U+00FF.
#[must_use]
pub fn from_latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|it| u8::try_from(it).ok()).collect()
}

/// The value as one line of JSON, with U+007F to U+009F escaped as well.
#[must_use]
pub fn json_line(value: &Value) -> String {
    let text = value.to_string();
    let mut line = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            // Such characters stand only within strings.
            '\u{7f}'..='\u{9f}' => drop(write!(line, "\\u{:04x}", u32::from(it))),
            _ => line.push(it),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{bytes_for_terminal, for_terminal, from_latin1, json_line, latin1};

    #[test]
    fn no_control_character_reaches_a_terminal() {
        assert_eq!(for_terminal("a\u{1b}[31m\u{9b}é\n"), r"a\u{1b}[31m\u{9b}é\u{a}");
        assert_eq!(bytes_for_terminal(b"a\x1b\x7f\xe9"), r"a\x1b\x7f\xe9");
    }

    #[test]
    fn json_escapes_every_control_character() {
        let line = json_line(&json!({"a": "\u{1}\u{7f}\u{9f}\u{a0}"}));
        assert_eq!(line, "{\"a\":\"\\u0001\\u007f\\u009f\u{a0}\"}");
    }

    #[test]
    fn a_character_stands_for_a_byte() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(from_latin1(&latin1(&bytes)), Some(bytes));
        assert_eq!(from_latin1("Ā"), None);
    }
}
