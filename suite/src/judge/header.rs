//! Operators over header values.

use corspec_fetch::header_list::HeaderList;

use super::Add;
use crate::exchange::{Exchange, StepRecord};
use crate::policy::is_token;
use crate::scenario::{HeaderExpect, On, Operator};
use crate::words::key;

/// Checks one clause on the answers that it is about; `other` is the step that it compares with.
pub(super) fn check(
    clause: &HeaderExpect,
    record: &StepRecord,
    other: Option<&StepRecord>,
    add: &mut Add<'_>,
) {
    let code = format!("{} {} {}", clause.name, key(&clause.is), operands(clause).join(", "));
    let exchanges = chosen(clause.on, record);
    if exchanges.is_empty() {
        add(code, clause.words(), "there was no such request".to_owned());
        return;
    }
    for exchange in exchanges {
        let lines = lines(exchange, &clause.name);
        let holds = match (clause.is, other) {
            (Operator::SameAs | Operator::DiffersFrom, Some(other)) => {
                let mut theirs = chosen(clause.on, other).into_iter();
                let same = theirs.next().is_some_and(|it| self::lines(it, &clause.name) == lines);
                same == (clause.is == Operator::SameAs)
            }
            _ => holds(clause, &lines, &exchange.request.headers),
        };
        if !holds {
            let seen = match lines.as_slice() {
                [] => format!("no `{}`", clause.name),
                lines => seen(&clause.name, &lines.join(&b", "[..]), lines.len()),
            };
            add(code.clone(), clause.words(), seen);
        }
    }
}

/// The values of the lines with this name; an answer that never came has none.
fn lines<'a>(exchange: &'a Exchange, name: &'a str) -> Vec<&'a [u8]> {
    let response = exchange.response.as_ref();
    response.map_or_else(|_| Vec::new(), |it| it.headers.get_all(name).collect())
}

fn seen(name: &str, value: &[u8], lines: usize) -> String {
    let lines = if lines == 1 { String::new() } else { format!(" on {lines} lines") };
    // What a cookie holds is nobody's business.
    let value =
        if name.eq_ignore_ascii_case("set-cookie") { "…".to_owned() } else { shown(value) };
    format!("`{name}: {value}`{lines}")
}

/// `bytes` as text, with every control character and every byte beyond ASCII escaped.
pub(crate) fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn operands(clause: &HeaderExpect) -> Vec<&str> {
    clause.value.iter().chain(&clause.values).map(String::as_str).collect()
}

fn chosen(on: On, record: &StepRecord) -> Vec<&Exchange> {
    let mut of_kind = record.exchanges.iter().filter(|e| e.preflight == (on == On::Preflight));
    match on {
        On::Every => record.exchanges.iter().collect(),
        On::Response => record.exchanges.last().into_iter().collect(),
        On::First | On::Preflight => of_kind.next().into_iter().collect(),
        On::Actual => of_kind.next_back().into_iter().collect(),
    }
}

fn holds(clause: &HeaderExpect, lines: &[&[u8]], request: &HeaderList) -> bool {
    let operands = operands(clause);
    let combined = (!lines.is_empty()).then(|| lines.join(&b", "[..]));
    let equals = |value: &&str| combined.as_deref() == Some(value.as_bytes());
    let by_case = clause.name.eq_ignore_ascii_case("access-control-allow-methods");
    let members = || lines.iter().flat_map(|line| list(line));
    let same = |member: &[u8], value: &[u8]| {
        member == value || (!by_case && member.eq_ignore_ascii_case(value))
    };
    let contains = |value: &&str| members().any(|member| same(member, value.as_bytes()));
    let is_within = |member: &[u8]| {
        operands
            .iter()
            .any(|value| list(value.as_bytes()).any(|it| same(member, it) || begins_as(member, it)))
    };
    match clause.is {
        Operator::Absent => lines.is_empty(),
        Operator::Present => !lines.is_empty(),
        Operator::Once => lines.len() == 1,
        Operator::Equals => operands.iter().any(equals),
        Operator::NotEquals => !operands.iter().any(equals),
        Operator::Origin => combined.is_some() && combined == request.get("origin"),
        Operator::ListContains => operands.iter().all(contains),
        Operator::ListLacks => !operands.iter().any(contains),
        Operator::ListWithin => members().filter(|it| !it.is_empty()).all(is_within),
        // Readers of a list must take empty members (RFC 9110, section 5.6.1.2).
        Operator::TokenList => members().filter(|it| !it.is_empty()).all(is_token),
        Operator::DeltaSeconds => match lines {
            [] => true,
            [line] => !line.is_empty() && line.iter().all(u8::is_ascii_digit),
            _ => false,
        },
        Operator::AtMost => {
            let most = operands.iter().filter_map(|value| number(value.as_bytes())).min();
            lines.iter().filter_map(|line| number(line)).all(|it| Some(it) <= most)
        }
        Operator::HasAttributes => {
            let has = |line: &&[u8]| operands.iter().all(|value| has_attribute(line, value));
            !lines.is_empty() && lines.iter().all(has)
        }
        Operator::VaryNames => contains(&"*") || operands.iter().all(contains),
        // Both need another step, which loading makes sure of.
        Operator::SameAs | Operator::DiffersFrom => false,
    }
}

/// Whether `pattern` is the beginning of names, up to a hyphen and with `*` behind it, and `member` one of these names.
fn begins_as(member: &[u8], pattern: &[u8]) -> bool {
    let prefix = pattern.strip_suffix(b"*").filter(|prefix| prefix.ends_with(b"-"));
    prefix.is_some_and(|prefix| {
        member.get(..prefix.len()).is_some_and(|it| it.eq_ignore_ascii_case(prefix))
    })
}

/// The number that `digits` are, the largest there is for more of them; nothing if they are something else.
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let more = |sum: u64, digit: &u8| sum.saturating_mul(10).saturating_add((digit - b'0').into());
    is_number.then(|| digits.iter().fold(0, more))
}

/// Whether a cookie's line has `attribute` after its name and value.
fn has_attribute(line: &[u8], attribute: &str) -> bool {
    let attributes = line.split(|byte| *byte == b';').skip(1).map(<[u8]>::trim_ascii);
    attributes.into_iter().any(|it| it.eq_ignore_ascii_case(attribute.as_bytes()))
}

/// The members of a comma-separated list, without the white space around them.
pub(crate) fn list(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}
