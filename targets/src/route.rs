//! The routes that a target may serve, each with the path that every app serves it under.

/// Name and path of each route, in the order in which they are documented.
///
/// `{code}` stands for a status, `{url}` for a percent-encoded absolute URL. `missing` is a path
/// that no app serves, so that the framework itself answers.
pub const ROUTES: &[(&str, &str)] = &[
    ("resource", "/resource"),
    ("status", "/status/{code}"),
    ("private", "/private"),
    ("session", "/session"),
    ("throws", "/throws"),
    ("redirect", "/redirect?to={url}"),
    ("slash", "/slash"),
    ("vary", "/vary"),
    ("cacheable", "/cacheable"),
    ("document", "/document"),
    ("options", "/options"),
    ("missing", "/no-such-path"),
];

/// The path template of the route of that name, or `None` if there is no such route.
pub fn path(name: &str) -> Option<&'static str> {
    ROUTES.iter().find(|(route, _)| *route == name).map(|(_, path)| *path)
}
