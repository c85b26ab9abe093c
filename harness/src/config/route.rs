//! What a user may say of a server: routes of the suite's with paths of the user's, and abilities.

use corspec_suite::requirement::{ABILITIES, ROUTES};

/// What is wrong with a route or an ability, and what to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WrongName {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Whether it is the name that is wrong, and not the path.
    pub in_name: bool,
}

/// Checks that `name` is a route of the suite and that `path` can stand for it.
///
/// # Errors
///
/// The suite has no such route, `path` is no path, or it lacks the template that the route needs.
pub fn check(name: &str, path: &str) -> Result<(), WrongName> {
    let Some((_, example)) = ROUTES.iter().find(|(route, _)| *route == name) else {
        let names: Vec<_> = ROUTES.iter().map(|(name, _)| *name).collect();
        return Err(WrongName {
            message: format!("`{name}` is not a route of the suite"),
            help: format!("the routes are {}", names.join(", ")),
            in_name: true,
        });
    };
    let wrong = |message: String| WrongName {
        message,
        help: format!("write a path on this server, such as {name} = \"{example}\""),
        in_name: false,
    };
    if !is_path(path) {
        return Err(wrong(format!("`{}` is not a path", path.escape_debug())));
    }
    for template in ["{code}", "{url}"] {
        if example.contains(template) && !path.contains(template) {
            return Err(wrong(format!("the path of `{name}` needs `{template}` in it")));
        }
    }
    Ok(())
}

/// Checks that `name` is an ability that a scenario may require.
///
/// # Errors
///
/// There is no such ability.
pub fn check_ability(name: &str) -> Result<(), WrongName> {
    if ABILITIES.iter().any(|(ability, _)| *ability == name) {
        return Ok(());
    }
    let names: Vec<_> =
        ABILITIES.iter().map(|(name, meaning)| format!("`{name}`: {meaning}")).collect();
    Err(WrongName {
        message: format!("`{name}` is not an ability"),
        help: names.join("; "),
        in_name: true,
    })
}

/// Whether `path`, put after an origin, is a URL of that origin.
pub(super) fn is_path(path: &str) -> bool {
    let unsendable = |it: char| it.is_control() || it.is_whitespace() || "#\\".contains(it);
    path.starts_with('/') && !path.starts_with("//") && !path.contains(unsendable)
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::check;

    #[test_case("resource", "/api/items?page=1" => None; "a path with a query")]
    #[test_case("status", "/s?code={code}" => None; "a template anywhere")]
    #[test_case("missing", "/nothing-here" => None; "what is not there")]
    #[test_case("status", "/status" => Some("the path of `status` needs `{code}` in it".to_owned()); "no code")]
    #[test_case("redirect", "/go" => Some("the path of `redirect` needs `{url}` in it".to_owned()); "no URL")]
    #[test_case("resource", "http://a.test/" => Some("`http://a.test/` is not a path".to_owned()); "a URL")]
    #[test_case("resource", "//a.test/" => Some("`//a.test/` is not a path".to_owned()); "another host")]
    #[test_case("resource", "/a b" => Some("`/a b` is not a path".to_owned()); "a space")]
    #[test_case("resorce", "/" => Some("`resorce` is not a route of the suite".to_owned()); "no route")]
    fn a_route_is_a_known_name_and_a_path_that_fits_it(name: &str, path: &str) -> Option<String> {
        check(name, path).err().map(|wrong| wrong.message)
    }
}
