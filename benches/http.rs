//! What a request costs: this crate's client, ureq as it comes, and a bare socket.
//!
//! `cargo bench --bench http` starts a small server on a thread of its own and
//! lets the clients take turns, so that noise hits all of them. Only the ratios
//! mean something.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails by panicking"
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use agencysh::client::{AgencyClient, ClientOptions};
use agencysh::deadline::Deadline;
use agencysh::http::{Endpoint, HttpClient, HttpOptions, Request};
use axum::Router;
use axum::routing::post;

/// What a read of one small value looks like on the wire.
const BODY: &str = r#"[["/arango/Plan/Version"]]"#;
const ANSWER: &str = r#"[{"arango":{"Plan":{"Version":1}}}]"#;
const PATH: &str = "/_api/agency/read";
const ROUNDS: usize = 9;
const REQUESTS: u32 = 2000;

/// A name, and what sends one request.
type Contestant<'a> = (&'a str, Box<dyn FnMut() + 'a>);

fn main() {
    let address = start_server();
    let url = format!("http://{address}{PATH}");
    let ours = HttpClient::new(HttpOptions::default()).unwrap();
    let deadline = Deadline::after(Some(Duration::from_secs(600)));
    let bare = ureq::Agent::new_with_defaults();
    let timed = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(10)))
        .build()
        .new_agent();
    let agency = AgencyClient::new(
        ClientOptions {
            endpoints: vec![Endpoint::parse(&format!("tcp://{address}")).unwrap()],
            ..ClientOptions::default()
        },
        deadline.clone(),
    )
    .unwrap();
    let mut socket = TcpStream::connect(&address).unwrap();
    socket.set_nodelay(true).unwrap();

    let mut contestants: Vec<Contestant<'_>> = vec![
        ("bare socket", Box::new(move || by_socket(&mut socket, &address))),
        ("ureq as it comes", Box::new(|| by_ureq(&bare, &url))),
        ("ureq with a timeout", Box::new(|| by_ureq(&timed, &url))),
        (
            "HttpClient::send",
            Box::new(|| {
                let request = Request::new("POST", &url)
                    .header("content-type", "application/json")
                    .body(BODY);
                assert_eq!(ours.send(request, &deadline).unwrap().body.len(), ANSWER.len());
            }),
        ),
        (
            "AgencyClient::get",
            Box::new(|| assert_eq!(agency.get("Plan/Version").unwrap(), Some(1.into()))),
        ),
    ];
    let mut rates: Vec<Vec<f64>> = contestants.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for ((_, request), rates) in contestants.iter_mut().zip(&mut rates) {
            request();
            let begin = Instant::now();
            for _ in 0..REQUESTS {
                request();
            }
            rates.push(f64::from(REQUESTS) / begin.elapsed().as_secs_f64());
        }
    }
    let reference = median(&mut rates[1].clone());
    println!("{:<22}{:>12}{:>18}", "client", "requests/s", "ratio to ureq");
    for ((name, _), rates) in contestants.iter().zip(&mut rates) {
        let rate = median(rates);
        println!("{name:<22}{rate:>12.0}{:>18.2}", rate / reference);
    }
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn by_ureq(agent: &ureq::Agent, url: &str) {
    let mut response =
        agent.post(url).header("content-type", "application/json").send(BODY).unwrap();
    assert_eq!(response.body_mut().read_to_vec().unwrap().len(), ANSWER.len());
}

fn by_socket(socket: &mut TcpStream, address: &str) {
    let request = format!(
        "POST {PATH} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut buffer = [0; 4096];
    let mut filled = 0;
    while !buffer[..filled].ends_with(ANSWER.as_bytes()) {
        let amount = socket.read(&mut buffer[filled..]).unwrap();
        assert!(amount > 0, "the server closed the connection");
        filled += amount;
    }
}

fn start_server() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let app = Router::new().route(
                PATH,
                post(|_: String| async { ([("content-type", "application/json")], ANSWER) }),
            );
            axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), app).await.unwrap();
        });
    });
    address
}
