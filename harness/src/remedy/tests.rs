//! What must be true of the hints, and which of them is chosen.

use corspec_fetch::cause::CAUSES;
use test_case::test_case;

use super::*;

/// What there is a remedy for.
fn slugs() -> BTreeSet<&'static str> {
    let findings = [HEADER_NOT_EXPOSED, VARY_LACKS_ORIGIN];
    CAUSES.iter().map(|cause| cause.slug).chain(findings).collect()
}

fn is_sentence(text: &str) -> bool {
    text.ends_with('.') && !text.contains("  ") && !text.contains(char::is_control)
}

#[test]
fn something_can_be_done_about_every_cause_and_finding_and_nothing_else() {
    let known: BTreeSet<_> = HINTS.remedies.keys().map(String::as_str).collect();
    assert_eq!(known, slugs());
    for (slug, text) in &HINTS.remedies {
        assert!(is_sentence(text), "{slug}: {text:?}");
    }
}

#[test]
fn a_preflights_remedy_speaks_of_the_preflight() {
    for cause in CAUSES.iter().filter(|it| it.slug.starts_with("preflight-allow-")) {
        let text = remedy(cause.slug, None, None).map_or("", |it| it.text);
        assert!(text.contains("preflight") || text.contains("OPTIONS"), "{}", cause.slug);
    }
}

#[test]
fn what_is_no_cause_has_no_remedy() {
    assert_eq!(remedy("preflight-allow", None, framework("nginx")), None);
}

#[test]
fn a_group_names_causes_and_is_used() {
    for (name, group) in &HINTS.groups {
        let strange: Vec<_> = group.iter().filter(|it| !slugs().contains(it.as_str())).collect();
        assert!(strange.is_empty(), "{name}: {strange:?}");
        assert!(!slugs().contains(name.as_str()), "{name} is a cause");
        let mut hints = frameworks().iter().flat_map(|it| &it.hint);
        assert!(hints.any(|hint| hint.mends.contains(name)), "{name}");
    }
}

#[test]
fn every_hint_mends_causes_that_there_are_and_says_how() {
    for it in frameworks() {
        assert!(!it.what.is_empty() && !it.hint.is_empty(), "{}", it.name);
        for hint in &it.hint {
            let shown = format!("{}: {hint:?}", it.name);
            assert!(!hint.mends.is_empty(), "{shown}");
            assert!(hint.mended().all(|slug| slugs().contains(slug)), "{shown}");
            assert!(!hint.setting.trim().is_empty(), "{shown}");
            assert!(!hint.setting.contains(char::is_control), "{shown}");
            assert!(is_sentence(&hint.note), "{shown}");
            let docs = hint.docs.as_ref().unwrap_or(&it.docs);
            assert!(docs.starts_with("https://") && url::Url::parse(docs).is_ok(), "{shown}");
        }
    }
}

#[test]
fn a_framework_has_one_setting_for_a_cause_and_an_answer() {
    for it in frameworks() {
        for slug in slugs() {
            let hints: Vec<_> = it.hints(slug).collect();
            assert!(
                hints.iter().filter(|hint| hint.on.is_empty()).count() < 2,
                "{}: {slug}",
                it.name
            );
            for answer in [Answer::Redirect, Answer::Error] {
                let own = hints.iter().filter(|hint| hint.on.contains(&answer)).count();
                assert!(own < 2, "{}: {slug} on {}", it.name, answer.words());
            }
        }
    }
}

#[test]
fn every_name_is_that_of_one_framework() {
    let mut names = BTreeSet::new();
    for name in frameworks().iter().flat_map(Framework::names) {
        assert!(!name.trim().is_empty());
        assert_eq!(
            name,
            name.to_ascii_lowercase(),
            "a name that is nearest is looked for in these"
        );
        assert!(names.insert(name), "{name}");
    }
}

#[test_case("Django-CORS-Headers", Some("django-cors-headers"); "in capitals")]
#[test_case("FastAPI", Some("starlette"); "by another name")]
#[test_case("cors ", None; "not quite")]
fn a_framework_is_found_by_each_of_its_names(name: &str, found: Option<&str>) {
    assert_eq!(framework(name).map(Framework::name), found);
}

#[test]
fn the_nearest_names_are_those_that_are_written_most_alike() {
    assert_eq!(nearest("djano", 1), ["django"]);
    assert_eq!(nearest("FASTAPY", 1), ["starlette"]);
    assert_eq!(nearest("spring", 3).len(), 3);
}

#[test_case("allow-origin-missing", Some(200), "CORS_ALLOWED_ORIGINS"; "of a success")]
#[test_case("allow-origin-missing", None, "CORS_ALLOWED_ORIGINS"; "without an answer")]
#[test_case("allow-origin-missing", Some(304), "CORS_ALLOWED_ORIGINS"; "of what is no redirect")]
#[test_case("allow-origin-missing", Some(302), "MIDDLEWARE"; "of a redirect")]
#[test_case("allow-origin-missing", Some(500), "MIDDLEWARE"; "of an error")]
#[test_case("preflight-method-not-allowed", Some(200), "CORS_ALLOW_METHODS"; "of a group")]
#[test_case("header-not-exposed", Some(200), "CORS_EXPOSE_HEADERS"; "of a finding")]
fn the_setting_is_that_for_the_answer(slug: &str, status: Option<u16>, starts: &str) {
    let remedy = remedy(slug, status, framework("django-cors-headers")).unwrap();
    let setting = remedy.setting.unwrap();
    assert!(setting.line.starts_with(starts), "{setting:?}");
    assert_eq!(setting.framework, "django-cors-headers");
}

#[test]
fn where_no_setting_is_known_the_remedy_stands_alone() {
    let remedy = remedy("bad-port", None, framework("django-cors-headers")).unwrap();
    assert_eq!(remedy.setting, None);
    assert!(remedy.text.contains("another port"));
}
