//! The transport against servers that speak TLS, HTTP/1.1 and HTTP/2: it sends what it was asked
//! to send, and gives what was answered.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;
use std::thread::{self, JoinHandle};

use corspec::transport::{Transport, TransportOptions, Version};
use corspec_fetch::fetch::{ConnectionFailure, HttpRequest, HttpResponse};
use test_case::test_case;
use url::Url;

use self::served::Served;

#[path = "support/served.rs"]
mod served;

const HTTP_1: &[&str] = &["http/1.1"];
const HTTP_1_OR_2: &[&str] = &["h2", "http/1.1"];

/// A GET of `url` with these headers.
async fn get(
    options: &TransportOptions,
    url: &str,
    headers: &[(&str, &str)],
) -> Result<HttpResponse, ConnectionFailure> {
    Transport::new(options).unwrap().send(&request(url, headers)).await
}

fn request(url: &str, headers: &[(&str, &str)]) -> HttpRequest {
    HttpRequest {
        preflight: false,
        method: b"GET".to_vec(),
        url: Url::parse(url).unwrap(),
        headers: headers.iter().map(|&(name, value)| (name, value)).collect(),
        body: None,
    }
}

fn trusting(server: &Served) -> TransportOptions {
    TransportOptions { cacert: Some(server.root()), ..TransportOptions::default() }
}

fn lines(response: &HttpResponse) -> Vec<String> {
    String::from_utf8_lossy(&response.body).lines().map(str::to_owned).collect()
}

fn values(response: &HttpResponse, wanted: &str) -> Vec<String> {
    let named = response.headers.iter().filter(|(name, _)| *name == wanted.as_bytes());
    named.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused_in_clear_words() {
    let server = Served::over_tls("localhost", HTTP_1_OR_2).await;
    let url = server.url("/version");
    let failure = get(&TransportOptions::default(), &url, &[]).await.unwrap_err();
    let message = "could not connect: the server's certificate is not trusted: no authority that is \
        trusted has issued it; trust its authority with `--cacert`, or any certificate with `--insecure`";
    assert_eq!(failure.message, message);
}

/// What `openssl req -x509` makes, which is named as its own authority.
#[tokio::test]
async fn a_certificate_of_an_authority_as_that_of_a_server_is_refused_in_clear_words() {
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.pem");
    std::fs::write(&root, certificate.pem()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            acceptor.accept(stream).await.unwrap_err();
        }
    });
    let options = TransportOptions { cacert: Some(root), ..TransportOptions::default() };
    let failure = get(&options, &url, &[]).await.unwrap_err();
    let message = "could not connect: the server's certificate is not trusted: it is one of an \
        authority, which cannot be a server's own; `--insecure` accepts it";
    assert_eq!(failure.message, message);
}

#[tokio::test]
async fn a_certificate_of_another_host_is_refused_though_its_authority_is_trusted() {
    let server = Served::over_tls("other.test", HTTP_1_OR_2).await;
    let failure = get(&trusting(&server), &server.url("/version"), &[]).await.unwrap_err();
    let start = "could not connect: the server's certificate is not trusted: ";
    assert!(failure.message.starts_with(start), "{}", failure.message);
    assert!(failure.message.contains("other.test"), "{}", failure.message);
}

#[tokio::test]
async fn a_run_says_of_a_certificate_what_a_fetch_says() {
    let server = Served::over_tls("localhost", HTTP_1_OR_2).await;
    let url = server.url("/version");
    let failure = get(&TransportOptions::default(), &url, &[]).await.unwrap_err();
    let transport = Transport::new(&TransportOptions::default()).unwrap();
    let unreachable = transport.reach(&Url::parse(&url).unwrap()).await.unwrap_err();
    assert_eq!(failure.message, format!("could not connect: {unreachable}"));
}

#[tokio::test]
async fn a_server_without_tls_is_said_to_have_none() {
    let server = Served::plain().await;
    let url = server.url("/version").replace("http://", "https://");
    let failure = get(&TransportOptions::default(), &url, &[]).await.unwrap_err();
    let message = "could not connect: the server does not speak TLS there; `http://` may be meant";
    assert_eq!(failure.message, message);
}

#[test_case(HTTP_1_OR_2, "HTTP/2.0"; "the server chooses HTTP 2")]
#[test_case(HTTP_1, "HTTP/1.1"; "the server has HTTP 1 only")]
#[test_case(&[], "HTTP/1.1"; "the server does not negotiate")]
#[tokio::test]
async fn a_named_authority_is_trusted_and_the_version_negotiated(alpn: &[&str], version: &str) {
    let server = Served::over_tls("localhost", alpn).await;
    let response = get(&trusting(&server), &server.url("/version"), &[]).await.unwrap();
    assert_eq!(lines(&response), [version]);
}

#[test_case("localhost"; "an unknown authority")]
#[test_case("other.test"; "another host")]
#[tokio::test]
async fn an_insecure_transport_accepts_any_certificate(host: &str) {
    let server = Served::over_tls(host, HTTP_1_OR_2).await;
    let options = TransportOptions { insecure: true, ..TransportOptions::default() };
    assert_eq!(get(&options, &server.url("/version"), &[]).await.unwrap().status, 200);
}

#[test_case(Version::Negotiated, "HTTP/1.1"; "unless asked")]
#[test_case(Version::Http1, "HTTP/1.1"; "and not when asked for HTTP 1")]
#[test_case(Version::Http2, "HTTP/2.0"; "when asked")]
#[tokio::test]
async fn plain_tcp_speaks_http_2_only_when_asked(version: Version, spoken: &str) {
    let server = Served::plain().await;
    let options = TransportOptions { version, ..TransportOptions::default() };
    let response = get(&options, &server.url("/version"), &[]).await.unwrap();
    assert_eq!(lines(&response), [spoken]);
}

#[test_case(Version::Negotiated, "HTTP/2.0"; "what is negotiated")]
#[test_case(Version::Http1, "HTTP/1.1"; "HTTP 1 alone")]
#[test_case(Version::Http2, "HTTP/2.0"; "HTTP 2 alone")]
#[tokio::test]
async fn tls_speaks_the_version_that_is_asked_for(version: Version, spoken: &str) {
    let server = Served::over_tls("localhost", HTTP_1_OR_2).await;
    let options = TransportOptions { version, ..trusting(&server) };
    let response = get(&options, &server.url("/version"), &[]).await.unwrap();
    assert_eq!(lines(&response), [spoken]);
}

#[tokio::test]
async fn a_server_that_negotiates_no_http_2_is_said_to_have_none() {
    let server = Served::over_tls("localhost", HTTP_1).await;
    let options = TransportOptions { version: Version::Http2, ..trusting(&server) };
    let failure = get(&options, &server.url("/version"), &[]).await.unwrap_err();
    let message =
        "could not connect: the server does not speak the version of HTTP that it was asked for";
    assert_eq!(failure.message, message);
}

#[test_case(Version::Http1; "over HTTP 1")]
#[test_case(Version::Http2; "over HTTP 2")]
#[tokio::test]
async fn header_lines_of_one_name_stay_apart(version: Version) {
    let server = Served::plain().await;
    let options = TransportOptions { version, ..TransportOptions::default() };
    let headers = [("x-twice", "sent 1"), ("x-twice", "sent 2, 3")];
    let response = get(&options, &server.url("/echo"), &headers).await.unwrap();
    let sent = lines(&response).into_iter().filter(|it| it.starts_with("x-twice"));
    assert!(sent.eq(["x-twice: sent 1", "x-twice: sent 2, 3"]));
    assert_eq!(values(&response, "x-twice"), ["got 1", "got 2, 3"]);
}

#[test_case(Version::Http1, "GET"; "of HTTP 1")]
#[test_case(Version::Http1, "OPTIONS"; "of HTTP 1 with a method that may have a body")]
#[test_case(Version::Http2, "GET"; "of HTTP 2")]
#[test_case(Version::Http2, "OPTIONS"; "of HTTP 2 with a method that may have a body")]
#[tokio::test]
async fn the_client_adds_nothing_but_the_host_and_what_is_accepted(version: Version, method: &str) {
    let server = Served::plain().await;
    let options = TransportOptions { version, ..TransportOptions::default() };
    let url = server.url("/echo");
    let request = HttpRequest { method: method.into(), ..request(&url, &[]) };
    let response = Transport::new(&options).unwrap().send(&request).await.unwrap();
    let mut sent = lines(&response);
    sent.sort();
    // HTTP/2 has the host in a field of its own.
    let host = format!("host: {}", request.url.authority());
    let host = Some(host).filter(|_| version == Version::Http1);
    assert_eq!(sent, Vec::from_iter(["accept: */*".to_owned()].into_iter().chain(host)));
}

#[test_case("/packed", b"eighteen bytes, ok", false; "that is what it says")]
#[test_case("/compressed", b"", true; "that is not")]
#[tokio::test]
async fn a_compressed_body_is_read_as_a_page_reads_it(path: &str, body: &[u8], broken: bool) {
    let server = Served::plain().await;
    let response = get(&TransportOptions::default(), &server.url(path), &[]).await.unwrap();
    assert_eq!(values(&response, "content-encoding"), ["gzip"]);
    assert_eq!(response.body, body);
    assert_eq!(response.body_error.is_some(), broken, "{:?}", response.body_error);
}

#[tokio::test]
async fn redirects_are_answers_and_cookies_are_not_kept() {
    let server = Served::plain().await;
    let transport = Transport::new(&TransportOptions::default()).unwrap();
    let mut request = HttpRequest {
        preflight: false,
        method: b"GET".to_vec(),
        url: Url::parse(&server.url("/redirect")).unwrap(),
        headers: std::iter::empty::<(&str, &str)>().collect(),
        body: None,
    };
    let response = transport.send(&request).await.unwrap();
    assert_eq!((response.status, values(&response, "location")), (302, vec!["/echo".to_owned()]));
    assert_eq!(values(&response, "set-cookie"), ["kept=no; Path=/"]);
    request.url.set_path("/echo");
    let response = transport.send(&request).await.unwrap();
    assert!(!lines(&response).iter().any(|it| it.starts_with("cookie")), "{response:?}");
}

#[test_case(18, None; "as long as is read")]
#[test_case(17, Some("the body is longer than 17 bytes"); "longer")]
#[tokio::test]
async fn a_long_body_is_cut_and_that_is_said(max_body: usize, error: Option<&str>) {
    let server = Served::plain().await;
    let options = TransportOptions { max_body, ..TransportOptions::default() };
    let response = get(&options, &server.url("/eighteen"), &[]).await.unwrap();
    assert_eq!(response.body, b"eighteen bytes, ok"[..max_body]);
    assert_eq!(response.body_error.as_deref(), error);
}

/// Answers that many requests on each of its connections in turn, takes one more on each, and closes it.
/// How many requests it took.
fn closing(listener: TcpListener, connections: [usize; 2]) -> JoinHandle<usize> {
    thread::spawn(move || {
        let mut taken = 0;
        for answers in connections {
            let mut connection = BufReader::new(listener.accept().unwrap().0);
            for left in (0..=answers).rev() {
                let mut lines = connection.by_ref().lines().map(Result::unwrap);
                if !lines.any(|line| line.is_empty()) {
                    break;
                }
                taken += 1;
                if left > 0 {
                    let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
                    connection.get_mut().write_all(answer).unwrap();
                }
            }
        }
        taken
    })
}

#[test_case([1, 1], [true, true], 3; "on which another request was answered")]
#[test_case([1, 0], [true, false], 3; "on which another was answered, and the next one as well")]
#[test_case([0, 1], [false, true], 2; "which is new")]
#[tokio::test]
async fn a_request_is_sent_again_where_it_is_lost_on_a_connection(
    connections: [usize; 2],
    want: [bool; 2],
    requests: usize,
) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = closing(listener, connections);
    let transport = Transport::new(&TransportOptions::default()).unwrap();
    for want in want {
        let answer = transport.send(&request(&url, &[])).await;
        assert_eq!(answer.is_ok(), want, "{answer:?}");
        // The connection goes back to the pool when its task is polled next.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
    drop(transport);
    let taken = tokio::task::spawn_blocking(|| server.join()).await.unwrap();
    assert_eq!(taken.unwrap(), requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_proxy_of_the_environment_is_asked() {
    let server = Served::over_tls("localhost", HTTP_1).await;
    let plain = Served::plain().await;
    // A port that nothing listens on any more.
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for url in [server.url("/version"), plain.url("/version")] {
        let mut fetch = Command::new(env!("CARGO_BIN_EXE_corspec"));
        fetch.args(["fetch", &url, "--insecure", "--origin", "https://app.example"]);
        for name in
            ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        {
            fetch.env(name, format!("http://{dead}"));
        }
        let output = tokio::task::spawn_blocking(move || fetch.output()).await.unwrap().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
