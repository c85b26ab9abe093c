//! `{answer:STEP:HEADER}`: what an earlier step was answered, in a header of a later one.

use super::{Action, Case};
use crate::exchange::StepRecord;

/// How the template begins.
const OPENING: &str = "{answer:";

impl Case {
    /// What the step at `index` does, given the records of the steps before it: `{answer:STEP:HEADER}` in its header
    /// values is the value of that header in the last answer to that step.
    ///
    /// # Errors
    /// When there is no such answer, or it has no such header or one that is no text; in words.
    ///
    /// # Panics
    /// When there is no step at `index`.
    pub fn action(&self, index: usize, records: &[StepRecord]) -> Result<Action, String> {
        let mut action = self.steps[index].action.clone();
        let headers = match &mut action {
            Action::Fetch(fetch) => &mut fetch.headers,
            Action::Wire(wire) => &mut wire.headers,
            Action::Differential(_) => return Ok(action),
        };
        for (_, value) in headers {
            *value = self.filled(value, records)?;
        }
        Ok(action)
    }

    fn filled(&self, text: &str, records: &[StepRecord]) -> Result<String, String> {
        let mut filled = text.to_owned();
        for (step, header) in references(text) {
            let value = self.answered(step, header, records)?;
            filled = filled.replace(&format!("{OPENING}{step}:{header}}}"), &value);
        }
        Ok(filled)
    }

    fn answered(&self, step: &str, header: &str, records: &[StepRecord]) -> Result<String, String> {
        let record = self.steps.iter().zip(records).find(|(it, _)| it.name == step);
        record
            .and_then(|(_, record)| record.exchanges.last()?.response.as_ref().ok())
            .and_then(|response| response.headers.get(header))
            .and_then(|value| String::from_utf8(value.to_vec()).ok())
            .filter(|value| !value.contains(OPENING))
            .ok_or_else(|| format!("the answer to the step `{step}` has no `{header}`"))
    }
}

/// Step and header of each `{answer:STEP:HEADER}` in `text`.
pub(crate) fn references(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let inner = text.split(OPENING).skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    inner.filter_map(|inner| inner.split_once(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    use corspec_fetch::header_list::HeaderList;
    use test_case::test_case;

    use crate::case::{Abilities, Instantiated};
    use crate::exchange::{Exchange, SeenResponse, SentRequest};
    use crate::load::Suite;
    use crate::policy::Policy;
    use crate::scenario::AreaFile;

    fn case(value: &str) -> Case {
        let text = format!(
            "area = 's'\nabout = ''\n[[scenario]]\nid = 's/a'\ntitle = ''\nwhy = ''\nimpact = ''\nspec = ''\n\
             basis = 'http'\nlevel = 'observe'\n[[scenario.step]]\nname = 'first'\nwire = {{ route = 'resource' }}\n\
             [[scenario.step]]\nwire = {{ route = 'resource', headers = [['if-none-match', '{value}']] }}\n"
        );
        let area: AreaFile = toml::from_str(&text).unwrap();
        let (suite, policy) = (Suite::embedded().unwrap(), Policy::default());
        match suite.case(&area.scenario[0], ("p", &policy), &Abilities::all()) {
            Instantiated::Case(case) => *case,
            Instantiated::NotApplicable(reason) => panic!("{reason}"),
        }
    }

    fn answer(etag: Option<&'static [u8]>) -> StepRecord {
        let headers = etag.into_iter().map(|etag| (&b"etag"[..], etag)).collect::<HeaderList>();
        let request = SentRequest {
            method: b"GET".to_vec(),
            url: String::new(),
            headers: HeaderList::default(),
            body: None,
        };
        let response =
            SeenResponse { status: 200, status_text: Vec::new(), headers, body: Vec::new() };
        let exchange = Exchange { preflight: false, request, response: Ok(response) };
        StepRecord { exchanges: vec![exchange], ..StepRecord::default() }
    }

    #[test_case("{answer:first:etag}", "1" ; "alone")]
    #[test_case("0, {answer:first:ETag}, {answer:first:etag}", "0, 1, 1" ; "twice, in any case")]
    #[test_case("{answer:first", "{answer:first" ; "unfinished is itself")]
    fn earlier_answers_are_filled_in(value: &str, expected: &str) {
        let Ok(Action::Wire(wire)) = case(value).action(1, &[answer(Some(b"1"))]) else { panic!() };
        assert_eq!(wire.headers[0].1, expected);
    }

    #[test_case(None ; "no such header")]
    #[test_case(Some(b"\xff") ; "no text")]
    #[test_case(Some(b"{answer:first:etag}") ; "a template of its own")]
    fn what_is_missing_is_said(etag: Option<&'static [u8]>) {
        let error = case("{answer:first:etag}").action(1, &[answer(etag)]).unwrap_err();
        assert_eq!(error, "the answer to the step `first` has no `etag`");
    }
}
