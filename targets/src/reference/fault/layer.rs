//! The layer around a faulty server: edits requests, answers in its place, and edits its responses.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use corspec_suite::policy::Policy;

use super::{Answer, Asked, Fault, Name, ResponseRule};
use crate::reference::preflight;

/// A fault at work in one server.
pub(in crate::reference) struct Faulty {
    fault: Fault,
    policy: Policy,
    memory: Mutex<Memory>,
}

/// What a server keeps from one request to the next, and should not.
#[derive(Default)]
struct Memory {
    count: usize,
    last_origin: Option<String>,
}

impl Faulty {
    /// `fault` in a server whose declared policy is `policy`.
    pub(in crate::reference) fn new(fault: &Fault, policy: &Policy) -> Self {
        Self { fault: fault.clone(), policy: policy.clone(), memory: Mutex::default() }
    }

    fn asked(&self, request: &Request) -> Asked {
        let headers = request.headers().clone();
        let origin = headers.get(ORIGIN).and_then(|it| it.to_str().ok()).map(str::to_owned);
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let previous_origin = memory.last_origin.clone();
        if origin.is_some() {
            memory.count += 1;
            memory.last_origin = origin;
        }
        Asked {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            preflight: preflight::is_preflight(request),
            headers,
            count: memory.count,
            previous_origin,
        }
    }

    /// The first answer in the server's place, of those inside the CORS layer or of those outside.
    fn answer(&self, asked: &Asked, shared: bool) -> Option<Response> {
        let fits = |it: &&Answer| it.shared == shared && it.when.asked(asked, &self.policy);
        let answer = self.fault.answer.iter().find(fits)?;
        let status = StatusCode::from_u16(answer.status).ok()?;
        let mut response = status.into_response();
        for (name, value) in &answer.headers {
            if let Some(value) = value.fill(asked, &self.policy) {
                response.headers_mut().append(name.0.clone(), value);
            }
        }
        Some(response)
    }
}

/// The layer outside the CORS layer.
pub(in crate::reference) async fn outside(
    State(faulty): State<Arc<Faulty>>,
    mut request: Request,
    next: Next,
) -> Response {
    let asked = faulty.asked(&request);
    for rule in faulty.fault.request.iter().filter(|it| it.when.asked(&asked, &faulty.policy)) {
        for name in &rule.remove {
            request.headers_mut().remove(&name.0);
        }
        for (name, value) in &rule.set {
            if let Some(value) = value.fill(&asked, &faulty.policy) {
                request.headers_mut().insert(name.0.clone(), value);
            }
        }
    }
    let mut response = match faulty.answer(&asked, false) {
        Some(response) => response,
        None => {
            request.extensions_mut().insert(asked.clone());
            next.run(request).await
        }
    };
    for rule in faulty.fault.response.iter().filter(|it| it.when.asked(&asked, &faulty.policy)) {
        if rule.when.answered(response.status(), response.headers()) {
            edit(&mut response, rule, &asked, &faulty.policy);
        }
    }
    response
}

/// The layer inside the CORS layer.
pub(in crate::reference) async fn inside(
    State(faulty): State<Arc<Faulty>>,
    request: Request,
    next: Next,
) -> Response {
    let answer = request.extensions().get().and_then(|asked| faulty.answer(asked, true));
    match answer {
        Some(response) => response,
        None => next.run(request).await,
    }
}

/// Makes the edits of `rule`.
fn edit(response: &mut Response, rule: &ResponseRule, asked: &Asked, policy: &Policy) {
    if let Some(status) = rule.status.and_then(|it| StatusCode::from_u16(it).ok()) {
        *response.status_mut() = status;
        if status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
            *response.body_mut() = Body::empty();
        }
    }
    let headers = response.headers_mut();
    if rule.bare {
        let of_cors = |name: &&HeaderName| name.as_str().starts_with("access-control-");
        let names: Vec<_> = headers.keys().filter(of_cors).cloned().collect();
        names.iter().for_each(|name| drop(headers.remove(name)));
        members(headers, &VARY, |list| list.retain(|it| !it.eq_ignore_ascii_case("origin")));
    }
    rule.remove.iter().for_each(|name| drop(headers.remove(&name.0)));
    for (from, to) in &rule.rename {
        let lines = lines(headers, &from.0);
        headers.remove(&from.0);
        append(headers, &to.0, lines);
    }
    for (name, value) in &rule.set {
        if let Some(value) = value.fill(asked, policy) {
            headers.insert(name.0.clone(), value);
        }
    }
    for (name, value) in &rule.append {
        if let Some(value) = value.fill(asked, policy) {
            headers.append(name.0.clone(), value);
        }
    }
    for (name, value) in &rule.inject {
        if let Some(value) = value.fill(asked, policy) {
            inject(headers, &name.0, value.to_str().unwrap_or_default());
        }
    }
    edit_values(headers, rule);
    edit_lists(headers, rule, asked, policy);
}

/// Writes `value` as it comes once its encoded line breaks are real ones: each line behind the first is a header.
fn inject(headers: &mut HeaderMap, name: &HeaderName, value: &str) {
    let mut lines = value.split("%0d%0a");
    if let Some(Ok(first)) = lines.next().map(HeaderValue::from_str) {
        headers.insert(name, first);
    }
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.trim().parse()) {
            headers.append(name, value);
        }
    }
}

/// The edits that change each value by itself.
fn edit_values(headers: &mut HeaderMap, rule: &ResponseRule) {
    for (name, before, behind) in &rule.wrap {
        values(headers, name, |text| format!("{before}{text}{behind}"));
    }
    for (name, from, to) in &rule.replace {
        values(headers, name, |text| text.replace(from.as_str(), to));
    }
    rule.upper.iter().for_each(|name| values(headers, name, |text| text.to_ascii_uppercase()));
    rule.lower.iter().for_each(|name| values(headers, name, |text| text.to_ascii_lowercase()));
    for name in &rule.double {
        let lines = lines(headers, &name.0);
        append(headers, &name.0, lines);
    }
}

/// The edits that read a value as a list.
fn edit_lists(headers: &mut HeaderMap, rule: &ResponseRule, asked: &Asked, policy: &Policy) {
    for (name, member) in &rule.drop {
        let Some(member) = member.fill(asked, policy) else { continue };
        members(headers, &name.0, |list| {
            list.retain(|it| !it.as_bytes().eq_ignore_ascii_case(member.as_bytes()));
        });
    }
    let method = asked.header(&ACCESS_CONTROL_REQUEST_METHOD).unwrap_or_default();
    let all = asked.lines(&ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default();
    let first = asked.header(&ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default();
    for (names, asked_for) in [(&rule.keep_asked, all.as_str()), (&rule.keep_first_asked, first)] {
        let is_asked = |it: &str| {
            let mut asked_for = asked_for.split(',').chain([method]);
            it == "*" || asked_for.any(|one| one.trim().eq_ignore_ascii_case(it))
        };
        for name in names {
            members(headers, &name.0, |list| list.retain(|it| is_asked(it)));
        }
    }
    for name in &rule.reverse {
        members(headers, &name.0, |list| list.reverse());
    }
    for name in &rule.split {
        let mut all = Vec::new();
        members(headers, &name.0, |list| all.append(list));
        append(headers, &name.0, all.iter().filter_map(|it| HeaderValue::from_str(it).ok()));
    }
}

fn lines(headers: &HeaderMap, name: &HeaderName) -> Vec<HeaderValue> {
    headers.get_all(name).iter().cloned().collect()
}

fn append(
    headers: &mut HeaderMap,
    name: &HeaderName,
    lines: impl IntoIterator<Item = HeaderValue>,
) {
    for line in lines {
        headers.append(name.clone(), line);
    }
}

/// Changes the value of every line of `name`; what becomes no header value stays as it was.
fn values(headers: &mut HeaderMap, name: &Name, change: impl Fn(&str) -> String) {
    let changed = lines(headers, &name.0).into_iter().map(|line| {
        let text = line.to_str().ok().map(&change);
        text.and_then(|text| HeaderValue::from_str(&text).ok()).unwrap_or(line)
    });
    let changed: Vec<_> = changed.collect();
    headers.remove(&name.0);
    append(headers, &name.0, changed);
}

/// Changes the list in the lines of `name`, which comes back as one line, or not at all where it has become empty.
fn members(headers: &mut HeaderMap, name: &HeaderName, change: impl FnOnce(&mut Vec<String>)) {
    let lines = lines(headers, name);
    if lines.is_empty() {
        return;
    }
    let texts = lines.iter().filter_map(|line| line.to_str().ok());
    let mut list: Vec<String> =
        texts.flat_map(|text| text.split(',')).map(|it| it.trim().to_owned()).collect();
    change(&mut list);
    headers.remove(name);
    if let (false, Ok(value)) = (list.is_empty(), HeaderValue::from_str(&list.join(", "))) {
        headers.insert(name, value);
    }
}
