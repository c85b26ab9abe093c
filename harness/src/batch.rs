//! `corspec fetch --batch`: a JSON object a line in, one a line out, exact and unredacted.

pub(crate) mod answer;
mod line;

use std::collections::HashMap;
use std::io::{self, BufRead, Write};

use corspec_fetch::agent::UserAgent;
use corspec_fetch::profile::Profile;
use serde_json::{Value, json};

use crate::console;
use crate::driver::{Clock, FollowPolicy, drive};
use crate::escape::json_line;
use crate::exit::Exit;
use crate::transport::Transport;

use self::line::Line;

/// What holds for every line of a batch.
#[derive(Debug)]
pub struct Batch {
    /// What sends the requests.
    pub transport: Transport,
    /// The browser of a line that names none.
    pub profile: &'static Profile,
    /// Whether redirects to other origins are followed.
    pub elsewhere: bool,
}

/// A browser that lines share by its name.
struct Agent {
    browser: UserAgent,
    clock: Clock,
}

impl Batch {
    /// Answers each line of `input` before the next is read, and flushes after each.
    ///
    /// Returns [`Exit::Usage`] when a line was invalid.
    ///
    /// # Errors
    ///
    /// The input cannot be read, or the output cannot be written.
    pub async fn run(&self, mut input: impl BufRead, mut output: impl Write) -> io::Result<Exit> {
        let mut agents = HashMap::new();
        let mut exit = Exit::Expected;
        let mut bytes = Vec::new();
        while input.read_until(b'\n', &mut bytes)? > 0 {
            let answer = match self.answered(&bytes, &mut agents).await {
                Ok(answer) => answer,
                Err(message) => {
                    exit = Exit::Usage;
                    json!({"outcome": "invalid", "message": message})
                }
            };
            writeln!(output, "{}", json_line(&answer))?;
            output.flush()?;
            bytes.clear();
        }
        Ok(exit)
    }

    /// The answer to a line, or why the line is invalid; then no agent has changed.
    async fn answered(
        &self,
        bytes: &[u8],
        agents: &mut HashMap<String, Agent>,
    ) -> Result<Value, String> {
        let line = Line::read(bytes)?;
        let named = line.profile;
        let fresh = || Agent {
            browser: UserAgent::new(named.unwrap_or(self.profile)),
            clock: Clock::default(),
        };
        let mut alone;
        let agent = match &line.agent {
            Some(name) => {
                let agent = agents.entry(name.clone()).or_insert_with(fresh);
                let is = agent.browser.profile().name;
                if let Some(other) = named.filter(|it| it.name != is) {
                    return Err(format!(
                        "agent `{name}` is `{is}`, not `{}`; name another agent",
                        other.name
                    ));
                }
                agent
            }
            None => {
                alone = fresh();
                &mut alone
            }
        };
        agent.clock.advance(line.advance);
        for (url, cookie) in &line.cookies {
            agent.browser.set_cookie(url, cookie, agent.clock.now());
        }
        Ok(self.fetched(&line, agent).await)
    }

    async fn fetched(&self, line: &Line, agent: &mut Agent) -> Value {
        let request = match agent.browser.construct(&line.page, &line.init) {
            Ok(request) => request,
            Err(error) => return json!({"outcome": "type-error", "message": error.to_string()}),
        };
        if line.construct {
            return answer::constructed(&request);
        }
        let follow = FollowPolicy::of(request.url(), self.elsewhere);
        let asked = request.url().clone();
        let fetch = agent.browser.fetch(&line.page, request);
        let Agent { browser, clock } = agent;
        let driven = drive(browser, fetch, &self.transport, clock, &follow).await;
        answer::driven(&driven, console::of(&driven, &line.page, &line.init, &asked), str::to_owned)
    }
}
