//! The proof of the suite, on some of the mutants and equivalents; `corspec mutants` has them all.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use corspec::mutants::real::{Real, With};
use corspec::mutants::{Kind, Published, run};
use corspec::report::mutants::published::row_head;
use corspec::transport::{Transport, TransportOptions};
use corspec_fetch::fetch::HttpRequest;
use corspec_suite::load::Suite;
use corspec_suite::scenario::Direction;
use corspec_targets::guardian::Guardian;
use corspec_targets::mutant::{Mutant, Mutants};
use corspec_targets::reference;
use corspec_targets::registry::Registry;
use serde_json::Value;
use test_case::test_case;

/// One of each kind of fault: the lookup, a memory, the policy, an answer in the server's place, edits of answers.
const SOME: [&str; 8] = [
    "allow-origin-twice",
    "credentials-missing",
    "headers-star",
    "memory-every-second",
    "origin-starts-with",
    "own-pages-are-refused",
    "preflight-swallows-options",
    "vary-missing",
];

fn some(all: &[Mutant], names: &[&str]) -> Vec<Mutant> {
    let some: Vec<_> = all.iter().filter(|it| names.contains(&it.name.as_str())).cloned().collect();
    assert_eq!(some.len(), names.len());
    some
}

#[test]
fn faults_are_caught_as_they_state_and_what_is_right_is_not_blamed() {
    let all = Mutants::embedded().unwrap();
    let chosen = Mutants {
        mutants: some(&all.mutants, &SOME),
        equivalents: some(&all.equivalents, &["lists-on-several-lines", "strangers-are-refused"]),
        policies: all.policies,
    };
    let matrix = run(&Suite::embedded().unwrap(), &chosen, false).unwrap();
    assert_eq!(matrix.troubles(false), []);
    assert_eq!(matrix.right(Kind::Reference), (1, 1));
    assert_eq!(matrix.right(Kind::Mutant), (8, 8));
    assert_eq!(matrix.right(Kind::Equivalent), (2, 2));
}

#[tokio::test]
async fn a_client_that_remembers_makes_no_exchange_twice() {
    let fault =
        some(&Mutants::embedded().unwrap().mutants, &["memory-every-second"]).remove(0).fault;
    let suite = Suite::embedded().unwrap();
    let policy = &suite.policies()["single"];
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let router = reference::faulty_router(policy, &fault);
    let server = reference::serve_router(router, address).await.unwrap();
    let request = |origin: &str| HttpRequest {
        preflight: false,
        method: b"GET".to_vec(),
        url: server.base_url().join("resource").unwrap(),
        headers: [("origin", origin)].into_iter().collect(),
        body: None,
    };
    let transport = Transport::new(&TransportOptions::default()).unwrap();
    let shared = async |transport: &Transport, origin: &str| {
        let answer = transport.send(&request(origin)).await.unwrap();
        answer.headers.contains("access-control-allow-origin")
    };
    // The server itself finds the origin in every second request only.
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(shared(&transport, "https://app.example").await);
    }
    assert_eq!(answers, [true, false, true]);
    let remembering = transport.remembering();
    let mut answers = Vec::new();
    for origin in ["https://app.example", "https://app.example", "https://evil.test"] {
        answers.push(shared(&remembering, origin).await);
    }
    assert_eq!(answers, [false, false, false]);
    assert!(shared(&transport.remembering(), "https://app.example").await);
    server.stop().await;
}

/// What the command prints, in a folder where no snapshot is.
fn printed(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_corspec"));
    let output = command.args(arguments).current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_suite_is_counted_as_a_run_of_the_reference_counts_it() {
    let run = printed(&["run", "reference"]);
    let (scenarios, _) = run.split_once(" scenarios").unwrap();
    let (_, scenarios) = scenarios.rsplit_once(' ').unwrap();
    let cases = run.lines().last().unwrap().replacen(" cases", " cases of the reference", 1);
    let size = format!("\n{scenarios} scenarios · {cases}\n");
    let text = printed(&["mutants", "vary-missing"]);
    assert!(text.contains(&size), "{size}{text}");
    let page = printed(&["mutants", "vary-missing", "--format", "markdown"]);
    assert!(page.contains(&size), "{size}{page}");

    let run: Value =
        serde_json::from_str(&printed(&["run", "reference", "--format", "json"])).unwrap();
    let json = printed(&["mutants", "vary-missing", "--format", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["rows"][0]["summary"], run["summary"]);
    assert_eq!(json["suite"]["scenarios"], run["suite"]["scenarios"]);
}

/// The figures are those of the page in the docs, which `.ci/run` holds to a run.
#[test]
fn the_readme_quotes_what_is_printed_of_all_mutants() {
    let read = |name| {
        std::fs::read_to_string(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(name))
    };
    let page = read("docs/mutants.md").unwrap();
    let count = |line: &str| {
        let cells: Vec<_> = line.trim_matches(['|', ' ']).split(" | ").collect();
        let [what, right, all] = cells.try_into().ok()?;
        all.parse::<usize>().ok()?;
        Some(format!("{what:<44} {right} of {all}\n"))
    };
    let size = page.lines().find(|line| line.contains(" cases of the reference · ")).unwrap();
    let counts: String = page.lines().filter_map(count).collect();
    let quoted = format!("{size}\n{counts}```\n");
    assert!(read("README.md").unwrap().contains(&quoted), "quote it in the README:\n{quoted}");
}

/// What its rows say of a run, `.ci/run` holds to one.
#[test]
fn the_page_of_published_faults_has_a_row_for_each() {
    let (suite, mutants) = (Suite::embedded().unwrap(), Mutants::embedded().unwrap());
    let published = Published::embedded(&suite, &mutants).unwrap();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/published-faults.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows: Vec<_> = page.lines().filter(|line| line.matches(" | ").count() == 7).collect();
    let rows: Vec<_> = rows.into_iter().filter(|row| !row.starts_with("| fault ")).collect();
    assert_eq!(rows.len(), published.faults().count());
    for (row, fault) in rows.into_iter().zip(published.faults()) {
        let head = row_head(fault);
        assert!(row.starts_with(&head), "write the page anew: {head}");
    }
    assert!(page.contains("| missed | 0 |"));
}

#[test_case(&["origin-start-with"], 2, "did you mean `origin-starts-with`?"; "a name that there is not")]
#[test_case(&["origin-starts-sideways-*"], 4, "no mutant matches"; "a glob that matches nothing")]
#[test_case(&["origin-["], 2, "is not a glob"; "no glob")]
fn what_cannot_be_chosen_is_said(arguments: &[&str], code: i32, expected: &str) {
    let corspec =
        Command::new(env!("CARGO_BIN_EXE_corspec")).arg("mutants").args(arguments).output();
    let output = corspec.unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(error.contains(expected), "{error}");
}

/// Every version on demand is there for a published fault, and the other way round; with `--real` they are asked.
#[test]
fn published_faults_name_the_versions_that_are_targets() {
    let (suite, mutants) = (Suite::embedded().unwrap(), Mutants::embedded().unwrap());
    let published = Published::embedded(&suite, &mutants).unwrap();
    let real = published.faults().filter_map(|fault| fault.real.as_ref());
    let named: BTreeSet<_> = real.flat_map(|it| [it.faulty.as_str(), it.fixed.as_str()]).collect();
    let registry =
        Registry::discover(Some(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../targets"))))
            .unwrap();
    let targets = registry.targets().iter().filter(|it| it.is_on_demand());
    assert_eq!(named, targets.map(|it| it.id.as_str()).collect());
}

const ABSENT: &str = "name = 'A'\nlanguage = 'c'\nlibrary = 'a'\nhomepage = 'https://a.example'\nroutes = ['resource']\n\
    [[needs]]\ntool = 'a tool'\ncheck = ['no-such-program-of-corspec']\nget = 'build it'\n";

/// The reference stands for one version, and for the other a target that cannot run: the first has no fault to catch.
#[test_case("reference", "faulty/absent", "origins/suffix-lookalike-is-blocked",
    "reference has it, and origins/suffix-lookalike-is-blocked does not fail: pass"; "a fault that is not there")]
#[test_case("faulty/absent", "reference", "origins/deep-subdomain-is-readable",
    "reference has it no more, and origins/deep-subdomain-is-readable does not pass: not-applicable"; "a scenario that says nothing")]
#[tokio::test]
async fn versions_that_are_not_as_stated_are_told(
    faulty: &str,
    fixed: &str,
    scenario: &str,
    expected: &str,
) {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("faulty/absent");
    std::fs::create_dir_all(&absent).unwrap();
    std::fs::write(absent.join("target.toml"), ABSENT).unwrap();
    let suite = Suite::embedded().unwrap();
    let with = With {
        suite: &suite,
        registry: &Registry::discover(Some(folder.path())).unwrap(),
        transport: Transport::new(&TransportOptions::default()).unwrap(),
        guardian: Guardian::start(env!("CARGO_BIN_EXE_corspec").into()).unwrap(),
    };
    let real = Real {
        faulty: faulty.to_owned(),
        fixed: fixed.to_owned(),
        policy: "single".to_owned(),
        scenarios: BTreeMap::from([(Direction::FailOpen, [scenario.to_owned()].into())]),
    };
    let troubles = real.ask("CVE-1", &with).await.unwrap();
    assert_eq!(troubles.len(), 2, "{troubles:?}");
    let unasked = "CVE-1: faulty/absent could not be asked: a tool is missing: build it";
    assert_eq!(troubles[0].to_string(), unasked);
    assert!(troubles[0].is_unasked());
    assert!(troubles[1].to_string().starts_with(&format!("CVE-1: {expected}")), "{troubles:?}");
    assert!(!troubles[1].is_unasked());
}
