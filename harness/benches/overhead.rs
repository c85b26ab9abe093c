//! What playing the browser costs: a whole run on the reference, beside a bare client that sends the
//! same requests to the same server, as many at once.
//!
//! `cargo bench -p corspec --bench overhead` prints both and the ratio.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has failed")]

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use corspec::event::{Event, ExchangeReport};
use corspec::runner::{Asked, Plan, run};
use corspec::transport::{Transport, TransportOptions};
use corspec_suite::load::Suite;
use corspec_targets::reference;
use corspec_targets::registry::Registry;
use futures_util::stream::{self, StreamExt as _};
use reqwest::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use reqwest::{Client, Method, Request, Url, redirect};

const ROUNDS: usize = 7;
const AT_ONCE: usize = 16;

#[tokio::main]
async fn main() {
    let suite = Suite::embedded().unwrap();
    let registry = Registry::discover(None).unwrap();
    let plan = Plan {
        suite: &suite,
        scenarios: suite.scenarios().iter().collect(),
        policies: suite.policies().iter().map(|(name, it)| (name.as_str(), it)).collect(),
        targets: vec![Asked::new(registry.target("reference").unwrap(), None).unwrap()],
        jobs: AT_ONCE,
        transport: Transport::new(&TransportOptions::default()).unwrap(),
        guardian: None,
        follow_elsewhere: false,
    };
    let mut exchanges: BTreeMap<String, Vec<ExchangeReport>> = BTreeMap::new();
    run(&plan, &mut |event| {
        if let Event::Result(result) = event {
            let of_policy = exchanges.entry(result.policy.clone()).or_default();
            of_policy.extend(result.exchanges.clone());
        }
    })
    .await;
    let (mut runs, mut loops) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        run(&plan, &mut |_| {}).await;
        runs.push(start.elapsed());
        loops.push(bare(&suite, &exchanges).await);
    }
    let (run, bare) = (median(runs), median(loops));
    let requests: usize = exchanges.values().map(Vec::len).sum();
    println!("{requests} requests, the median of {ROUNDS} rounds");
    println!("a run        {run:>10.1?}");
    println!("a bare loop  {bare:>10.1?}");
    println!("ratio        {:>10.2}", run.as_secs_f64() / bare.as_secs_f64());
}

/// How long it takes to send all of it without a browser.
async fn bare(suite: &Suite, exchanges: &BTreeMap<String, Vec<ExchangeReport>>) -> Duration {
    let client = Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .redirect(redirect::Policy::none())
        .build()
        .unwrap();
    let start = Instant::now();
    for (policy, exchanges) in exchanges {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = reference::serve(&suite.policies()[policy], address).await.unwrap();
        let sent = exchanges.iter().map(|exchange| {
            let request = request(exchange, server.base_url());
            let client = &client;
            async move { client.execute(request).await.unwrap().bytes().await.unwrap() }
        });
        stream::iter(sent).buffered(AT_ONCE).collect::<Vec<_>>().await;
        server.stop().await;
    }
    start.elapsed()
}

/// The same request to the server at `base`.
fn request(exchange: &ExchangeReport, base: &Url) -> Request {
    let mut url = Url::parse(&exchange.url).unwrap();
    url.set_port(base.port()).unwrap();
    let method = Method::from_bytes(exchange.method.as_bytes()).unwrap();
    let mut request = Request::new(method, url);
    for (name, value) in &exchange.request_headers {
        let bytes: Vec<u8> = value.chars().map(|it| u8::try_from(it).unwrap()).collect();
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        if name == CONTENT_LENGTH {
            // Reports do not hold the body: another of its length does.
            *request.body_mut() = Some(vec![b'x'; value.parse().unwrap()].into());
        }
        request.headers_mut().append(name, HeaderValue::from_bytes(&bytes).unwrap());
    }
    request
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
