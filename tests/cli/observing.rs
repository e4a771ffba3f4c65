//! What those see who run it: the log, the metrics, how much data there is.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::process::Place;

/// The answer of a server, whatever its status.
fn get(address: &str, path: &str, headers: &[(&str, &str)]) -> ureq::http::Response<ureq::Body> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let request = agent.get(format!("http://{address}{path}"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.call().expect("an answer")
}

fn id_of(answer: &ureq::http::Response<ureq::Body>) -> &str {
    answer.headers()["x-request-id"].to_str().expect("plain")
}

#[test]
fn every_request_has_a_line_with_its_id_and_nothing_secret() {
    let place = Place::new();
    place.put("config.toml", "[server]\nforwarded_count = 1\n[log]\nformat = \"json\"");
    let serving = place.serve();
    let headers = [
        ("x-request-id", "given-1"),
        ("x-user-id", "secret-1"),
        ("x-auth-token", "secret-2"),
        ("cookie", "secret-3"),
    ];
    let refused = get(&serving.address, "/api/v1/users.info?username=secret-4", &headers);
    assert_eq!((refused.status().as_u16(), id_of(&refused)), (401, "given-1"));
    let lost = get(&serving.address, "/secret-5?secret-6", &[("x-request-id", "not {one}")]);
    assert_eq!(lost.status().as_u16(), 404);
    let made = id_of(&lost).to_owned();
    assert_eq!(made.len(), 17, "{made}");
    let log = serving.stop_for_log();
    assert!(!log.join("\n").contains("secret"), "{log:#?}");
    let lines: Vec<Value> = log.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for (id, endpoint, status) in [("given-1", "users.info", 401), (&made, "none", 404)] {
        let mut of_request = lines.iter().filter(|line| line["span"]["request_id"] == id);
        let line = of_request.next().expect("a line");
        assert_eq!(of_request.next(), None, "one line is enough");
        assert_eq!((&line["level"], &line["method"]), (&"INFO".into(), &"GET".into()), "{line}");
        assert_eq!((&line["endpoint"], &line["status"]), (&endpoint.into(), &status.into()), "{line}");
        assert!(line["ms"].is_f64() && line["timestamp"].is_string(), "{line}");
    }
}

#[test]
fn a_request_that_takes_over_a_second_is_worth_a_warning() {
    let place = Place::new();
    place.put("config.toml", "[log]\nrequests = false");
    let serving = place.serve();
    let mut stream = TcpStream::connect(&serving.address).expect("connected");
    let head = "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{";
    stream.write_all(head.as_bytes()).expect("sent");
    std::thread::sleep(Duration::from_millis(1200));
    stream.write_all(b"}").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let log = serving.stop_for_log();
    let slow: Vec<&String> = log.iter().filter(|line| line.contains("answered")).collect();
    let [slow] = slow.as_slice() else { panic!("{log:#?}") };
    assert!(slow.contains("WARN") && slow.contains("method=POST endpoint=login status=4"), "{slow}");
}

#[test]
fn an_id_of_a_stranger_is_not_taken_over_and_lines_of_requests_can_be_switched_off() {
    let place = Place::new();
    place.put("config.toml", "[log]\nrequests = false");
    let serving = place.serve();
    let answer = get(&serving.address, "/health", &[("x-request-id", "given-1")]);
    assert_ne!(id_of(&answer), "given-1");
    let log = serving.stop_for_log().join("\n");
    assert!(log.contains("stopped") && !log.contains("answered"), "{log}");
}

#[test]
fn metrics_are_on_an_address_of_their_own() {
    let place = Place::new();
    place.put("config.toml", "[metrics]\nlisten = \"127.0.0.1:0\"");
    let serving = place.serve();
    let told = serving.log.iter().find_map(|line| line.split_once("metrics can be read address="));
    let address = told.expect("the address is told").1.trim().to_owned();
    assert_eq!(get(&serving.address, "/metrics", &[]).status().as_u16(), 404, "clients cannot see them");
    assert_eq!(get(&address, "/", &[]).status().as_u16(), 404);
    let mut held = TcpStream::connect(&serving.address).expect("connected");
    held.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
    held.read_exact(&mut [0; 8]).expect("an answer");
    let mut answer = get(&address, "/metrics", &[]);
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = answer.body_mut().read_to_string().expect("a text");
    let counted = r#"roomscribe_requests_total{endpoint="none",method="GET",status="404"} 1"#;
    assert!(text.lines().any(|line| line == counted), "{text}");
    assert!(!text.lines().any(|line| line == "roomscribe_connections 0"), "one is held open: {text}");
    drop(held);
    serving.stop();
    place.put("config.toml", "[metrics]\nlisten = \"everywhere\"");
    let wrong = place.run(&["check"]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.stderr.contains("\"everywhere\" is no address with a port"), "{wrong:?}");
}

#[test]
fn statistics_tell_what_takes_how_much() {
    let place = crate::harbour();
    let plain = place.run(&["check"]);
    assert!(!plain.ok().contains("bytes"), "{}", plain.ok());
    let said = place.run(&["check", "--stats"]);
    let said = said.ok();
    let words: Vec<Vec<&str>> = said.lines().map(|line| line.split_whitespace().collect()).collect();
    let number = |line: &[&str], place: usize| line[place].parse::<u64>().expect("a number");
    let kinds = words.iter().skip(1).take_while(|line| line[2..] != ["all", "records"]);
    let sums =
        kinds.fold((0, 0), |(records, bytes), line| (records + number(line, 0), bytes + number(line, 1)));
    let all = words.iter().find(|line| line.ends_with(&["all", "records"])).expect("a sum");
    assert_eq!((number(all, 0), number(all, 1)), sums, "{said}");
    assert!(words.contains(&vec!["3", "harbour"]), "{said}");
    assert!(
        words.iter().any(|line| line.starts_with(&["oldest", "message", "2024-03-15T10:20:01.000Z,"])),
        "{said}"
    );
    assert!(
        words.iter().any(|line| line.starts_with(&["newest", "message", "2024-03-15T10:20:03.000Z,"])),
        "{said}"
    );
    assert!(said.ends_with("Everything is whole.\n"), "{said}");
}
