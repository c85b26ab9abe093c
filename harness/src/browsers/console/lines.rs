//! The lines of a console, taken out of what each browser says of them.

use serde_json::Value;

use crate::browsers::engine::Engine;

/// What a line starts with that ends what was printed of a provocation.
const MARK: &str = "Error: corspec ends";

/// A line of a console.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Line(pub(super) String);

/// The error that the page throws after the provocation `id`.
pub(super) fn mark(id: &str) -> String {
    format!("corspec ends {id}:")
}

/// The lines that Chromium or Firefox says were printed, in order.
pub(super) fn of(engine: Engine, printed: &Value) -> Vec<Line> {
    let all = printed.as_array().into_iter().flatten();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let lines = all.filter_map(|entry| match engine {
        Engine::Chromium => {
            // A URL, a place in it, and the text.
            let message = text(entry, "message");
            let (source, rest) = message.split_once(' ')?;
            let (_, text) = rest.split_once(' ')?;
            Some((source.to_owned(), text.to_owned()))
        }
        _ => Some((text(entry, "source"), text(entry, "text"))),
    });
    let own = ["chrome:", "resource:"];
    let by_page = lines.filter(|(source, _)| own.iter().all(|it| !source.starts_with(it)));
    by_page.map(|(_, text)| Line(text.trim_end().to_owned())).collect()
}

/// The lines that WebKit has written to its standard output.
pub(super) fn of_webkit(output: &str) -> Vec<Line> {
    const LEVELS: [&str; 5] = ["ERROR ", "WARNING ", "INFO ", "LOG ", "DEBUG "];
    let lines = output.lines().filter_map(|line| {
        // A URL and a place in it, where it comes from, how bad it is, and the text.
        let (_, rest) = line.split_once("CONSOLE ")?;
        let (at, level) =
            LEVELS.iter().filter_map(|it| Some((rest.find(it)?, it))).min_by_key(|(at, _)| *at)?;
        Some(Line(rest[at + level.len()..].to_owned()))
    });
    lines.collect()
}

/// What the page saw of the provocation `id`, and what was printed of it; `None` where that has not
/// come to its end.
pub(super) fn between(lines: &[Line], id: &str) -> Option<(String, Vec<String>)> {
    let mark = mark(id);
    let end = lines.iter().position(|Line(line)| line.contains(&mark))?;
    let (_, seen) = lines[end].0.split_once(&mark)?;
    let start = lines[..end].iter().rposition(|Line(line)| line.contains(MARK));
    let own = &lines[start.map_or(0, |it| it + 1)..end];
    Some((seen.trim().to_owned(), own.iter().map(|Line(line)| line.clone()).collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(lines: &[Line]) -> Vec<&str> {
        lines.iter().map(|Line(text)| text.as_str()).collect()
    }

    #[test]
    fn a_line_of_chromium_is_what_follows_its_place() {
        let log = json!([
            {"level": "SEVERE", "message": "https://app.test/page - Access to fetch at 'x'"},
            {"level": "SEVERE", "message": "https://app.test/page 7:9 Unsafe attempt to load\n"},
            {"level": "INFO", "message": "chrome://new-tab-page/ 0:0 Slow network is detected."},
        ]);
        let lines = of(Engine::Chromium, &log);
        assert_eq!(texts(&lines), ["Access to fetch at 'x'", "Unsafe attempt to load"]);
    }

    #[test]
    fn what_firefox_says_of_itself_is_no_line() {
        let messages = json!([
            {"text": "of itself", "source": "resource://gre/modules/A.sys.mjs"},
            {"text": "of a page", "source": "https://app.test/page"},
        ]);
        assert_eq!(texts(&of(Engine::Firefox, &messages)), ["of a page"]);
    }

    #[test]
    fn a_line_of_webkit_is_what_follows_its_level() {
        let output = "https://app.test/page:1:20: CONSOLE JS ERROR Error: an ERROR of its own\n\
                      (MiniBrowser:1): Gtk-WARNING **: no console\n\
                      CONSOLE SECURITY ERROR Not allowed";
        assert_eq!(texts(&of_webkit(output)), ["Error: an ERROR of its own", "Not allowed"]);
    }

    #[test]
    fn what_stands_between_two_marks_is_of_the_second() {
        let line = |text: &str| Line(text.to_owned());
        let ended = |id: &str, seen: &str| line(&format!("Uncaught Error: {} {seen}", mark(id)));
        let lines =
            [line("early"), ended("a/b", "cors 200"), line("own"), ended("c/d", "TypeError")];
        let first = ("cors 200".to_owned(), vec!["early".to_owned()]);
        assert_eq!(between(&lines, "a/b"), Some(first));
        let second = ("TypeError".to_owned(), vec!["own".to_owned()]);
        assert_eq!(between(&lines, "c/d"), Some(second));
        assert_eq!(between(&lines[..3], "c/d"), None);
    }
}
