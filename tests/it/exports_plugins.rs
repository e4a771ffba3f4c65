//! Formats that are WebAssembly files in the data directory: used, exchanged, and switched off.

#![cfg(feature = "wasm-plugins")]

use std::fs;

use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::exports::{create, ordered};

const TSV: &str = include_str!("../../plugins/wasm/examples/tsv.wat");

/// A server with these modules, given as text, in its data directory.
fn server_with(modules: &[(&str, &str)]) -> TestServer {
    let server = TestServer::start();
    fs::create_dir(server.directory().join("plugins")).unwrap();
    for (name, text) in modules {
        put(&server, name, text);
    }
    server.as_admin().post("exports.plugins.reload", json!({})).ok();
    server
}

fn put(server: &TestServer, name: &str, text: &str) {
    fs::write(server.directory().join("plugins").join(name), wat::parse_str(text).unwrap()).unwrap();
}

/// The example, as if somebody had changed it.
fn changed(from: &str, to: &str) -> String {
    assert_eq!(from.len(), to.len(), "the length of the description stands in it");
    assert!(TSV.contains(from));
    TSV.replace(from, to)
}

fn plugins(server: &TestServer) -> Value {
    server.as_admin().get("exports.plugins", "").ok()["plugins"].clone()
}

fn ids(server: &TestServer) -> Vec<String> {
    let answer = server.as_user("bob").get("exports.formats", "");
    let formats = answer.ok()["formats"].as_array().unwrap().clone();
    formats.iter().map(|format| format["id"].as_str().unwrap().to_owned()).collect()
}
