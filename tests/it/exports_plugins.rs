//! Formats that are WebAssembly files in the data directory: used, exchanged, and switched off.

#![cfg(feature = "wasm-plugins")]

use std::fs;

use roomscribe::domain::{JobId, JobState};
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::exports::{accepted, export, file_of};
use crate::support::gate::MANY;
use crate::support::orders::refusal;

const TSV: &str = include_str!("../../plugins/examples/wat/tsv.wat");

/// A server with these modules, given as text, in its data directory.
fn server_with(modules: &[(&str, &str)]) -> TestServer {
    let server = TestServer::start();
    add(&server, modules);
    server
}

/// Puts modules where there are none yet, and has the server begin with exports.
fn add(server: &TestServer, modules: &[(&str, &str)]) {
    fs::create_dir(server.directory().join("plugins")).expect("a new directory");
    for (name, text) in modules {
        put(server, name, text);
    }
    server.as_admin().post("exports.plugins.reload", json!({})).ok();
    server.work();
}

fn put(server: &TestServer, name: &str, text: &str) {
    fs::write(server.directory().join("plugins").join(name), wat::parse_str(text).expect("a module"))
        .expect("a new file");
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
    let formats = answer.ok()["formats"].as_array().expect("a list").clone();
    formats.iter().map(|format| format["id"].as_str().expect("a word").to_owned()).collect()
}

#[test]
fn a_file_is_a_format_like_any_other() {
    let server = server_with(&[("my-tsv.wasm", TSV)]);
    let room = server.talkative_room();
    let admin = server.as_admin();
    let formats = server.as_user("bob").get("exports.formats", "");
    let formats = formats.ok()["formats"].as_array().unwrap();
    let expected = json!({
        "id": "tsv", "description": "Tab-separated values, one line a message",
        "mediaType": "text/tab-separated-values; charset=utf-8", "extension": "tsv", "version": "1.0.0",
        "origin": "my-tsv.wasm", "options": [
            {"name": "header", "kind": "boolean", "default": "true", "help": "The first line names the columns"},
            {"name": "columns", "kind": "full|short", "default": "full", "help": "Which: short leaves out the id"},
        ],
    });
    assert_eq!(formats.last(), Some(&expected));
    assert_eq!(formats[0]["origin"], "built-in");
    let line = "2024-03-01T00:00:00.000Z\tbob\tsecond <b>&</b>\n";
    let exported = server.exported(&admin, file_of(&room, "tsv"));
    let text = String::from_utf8(exported.entries["talk.tsv"].clone()).unwrap();
    assert!(text.starts_with("id\ttime\tsender\ttext\n") && text.contains(line), "{text}");
    let short = json!({"id": "tsv", "options": {"header": false, "columns": "short"}});
    let mut order = json!({"rooms": [room.as_str()], "formats": ["csv", short]});
    let exported = server.made(&admin, &order);
    assert_eq!(exported.names(), ["csv/talk.csv", "tsv/talk.tsv"]);
    assert!(exported.entries["tsv/talk.tsv"].starts_with(b"2024-02-29T23:59:59.999Z\tbob\tfirst\n"));
    order["formats"][1]["options"]["header"] = json!("no");
    assert_eq!(refusal(&admin, &order), "options of `tsv`: `header`: expected a boolean");
}

#[test]
fn only_who_manages_plug_ins_sees_files_and_has_them_read() {
    let server = server_with(&[
        ("tsv.wasm", TSV),
        ("b.wasm", "(module)"),
        ("a.wasm", &changed("\\\"tsv\\\"", "\\\"csv\\\"")),
    ]);
    let expected = json!([
        {"file": "a.wasm", "state": "refused",
            "reason": "it calls itself `csv`, which is a format of the program; rename it"},
        {"file": "b.wasm", "state": "refused", "reason": "it exports no roomscribe_abi_1, so it is no format"},
        {"file": "tsv.wasm", "state": "ready", "format": "tsv", "version": "1.0.0"},
    ]);
    assert_eq!(plugins(&server), expected);
    let bob = server.as_user("bob");
    assert_eq!(bob.get("exports.plugins", "").status(), 403);
    assert_eq!(bob.post("exports.plugins.reload", json!({})).status(), 403);
    server.grant("manage-apps", &["user"]);
    assert_eq!(bob.post("exports.plugins.reload", json!({})).ok()["plugins"], expected);
}

#[test]
fn an_export_under_way_keeps_what_it_began_with_and_one_that_waits_does_not() {
    let (server, gate) = TestServer::start_gated();
    fs::create_dir(server.directory().join("plugins")).unwrap();
    put(&server, "x.wasm", TSV);
    let admin = server.as_admin();
    let reload = || admin.post("exports.plugins.reload", json!({})).ok().clone();
    reload();
    let room = server.long_room("talk");
    let under_way = accepted(&admin, file_of(&room, "tsv"));
    // The older one is taken up first.
    server.later(1);
    let waiting = accepted(&admin, file_of(&room, "tsv"));
    gate.close_after(MANY / 3 * 2);
    server.work();
    server.wait_until("its rendering has begun", || {
        server.app.running.of(&JobId::new(&under_way)).is_some_and(|progress| progress.messages() > 0)
    });
    put(&server, "x.wasm", &changed("\\\"name\\\":\\\"tsv\\\"", "\\\"name\\\":\\\"new\\\""));
    let (reloaded, ids, refused) = (reload(), ids(&server), export(&admin, file_of(&room, "tsv")));
    gate.open();
    assert_eq!(reloaded["plugins"][0]["format"], "new");
    assert_eq!(ids.last().map(String::as_str), Some("new"));
    assert_eq!(refused.refusal(), "[error-invalid-format]");
    assert_eq!(server.finished(&under_way).state, JobState::Done);
    let failed = server.finished(&waiting);
    assert_eq!(failed.state, JobState::Failed);
    assert!(failed.failure.unwrap().starts_with("no format `tsv`; known: html, "));
    assert_eq!(server.exported(&admin, file_of(&room, "new")).job.messages, MANY);
}

#[test]
fn what_fails_three_times_is_switched_off_until_it_is_read_again() {
    let stops = TSV.replace(
        "(func (export \"roomscribe_finish\") (result i64)",
        "(func (export \"roomscribe_finish\") (result i64) (unreachable)",
    );
    let server = server_with(&[("tsv.wasm", &stops)]);
    let room = server.talkative_room();
    let admin = server.as_admin();
    let why = "the format `tsv` (tsv.wasm) gave up: it came to code that it calls unreachable, as by a panic";
    for _ in 0..3 {
        let job = server.finished(&accepted(&admin, file_of(&room, "tsv")));
        assert_eq!((job.state, job.failure.as_deref()), (JobState::Failed, Some(why)));
    }
    let refused = export(&admin, file_of(&room, "tsv"));
    assert!(refused.refusal().starts_with("the format `tsv` (tsv.wasm) is switched off"), "{refused:?}");
    let plugin = plugins(&server)[0].clone();
    assert_eq!((&plugin["state"], &plugin["format"]), (&json!("off"), &json!("tsv")));
    assert!(plugin["reason"].as_str().unwrap().contains("three times in a row; the last time it gave up"));
    assert_eq!(server.exported(&admin, file_of(&room, "csv")).job.messages, 3, "others go on");
    put(&server, "tsv.wasm", TSV);
    admin.post("exports.plugins.reload", json!({})).ok();
    assert_eq!(plugins(&server)[0]["state"], "ready");
    assert_eq!(server.exported(&admin, file_of(&room, "tsv")).job.messages, 3);
}

#[test]
fn others_are_answered_while_a_format_does_not_come_to_an_end() {
    let endless = TSV.replace(
        "(func (export \"roomscribe_finish\") (result i64)",
        "(func (export \"roomscribe_finish\") (result i64) (loop $on (br $on))",
    );
    // As good as no bounds: only the cancelling ends it.
    let settings = format!("call_milliseconds = 600000\ninstructions_per_call = {}", u64::MAX / 4);
    let server = TestServer::start_with(|config| {
        config.plugins.insert("wasm".to_owned(), settings.parse().expect("TOML"));
    });
    add(&server, &[("tsv.wasm", &endless)]);
    let room = server.talkative_room();
    let admin = server.as_admin();
    let id = accepted(&admin, file_of(&room, "tsv"));
    let at_work = || server.app.running.of(&JobId::new(&id)).is_some();
    server.wait_until("it is at work", at_work);
    let bob = server.as_user("bob");
    for _ in 0..3 {
        bob.get("me", "").ok();
    }
    assert!(at_work(), "it was not waited for");
    admin.post("exports.cancel", json!({"exportId": id})).ok();
    assert_eq!(server.finished(&id).state, JobState::Cancelled);
}
