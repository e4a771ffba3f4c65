//! SIGHUP: a server looks for formats again, and goes on.

use std::fs;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::server::Server;

const TSV: &str = include_str!("../../plugins/examples/wat/tsv.wat");
const PATIENCE: Duration = Duration::from_secs(60);

fn has_tsv(client: &Client) -> bool {
    let reply = client.get("exports.formats", "").done();
    reply["formats"].as_array().expect("a list").iter().any(|format| format["id"] == "tsv")
}

#[test]
fn a_server_that_is_hung_up_on_looks_for_formats_again() {
    let directory = tempfile::TempDir::new().unwrap();
    let server = Server::start(directory.path());
    let admin = server.log_in("admin");
    fs::create_dir(directory.path().join("plugins")).unwrap();
    fs::write(directory.path().join("plugins/tsv.wasm"), wat::parse_str(TSV).unwrap()).unwrap();
    assert!(!has_tsv(&admin), "nobody has told it");
    server.hang_up();
    let began = Instant::now();
    while !has_tsv(&admin) {
        assert!(began.elapsed() < PATIENCE, "it did not look again");
        std::thread::sleep(Duration::from_millis(50));
    }
    server.stop();
}
