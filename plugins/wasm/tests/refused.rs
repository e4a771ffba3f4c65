//! Files that are no formats: each is named with its reason, and nothing else happens.

mod support;

use std::fs;

use export_sdk::{Look, Registry};

use support::{Folder, frame};

/// Why a file cannot be used.
fn reason(registry: &Registry, file: &str) -> String {
    let found = registry.found().iter().find(|found| found.file == file).expect("seen");
    found.format.as_ref().err().expect("refused").clone()
}

fn reason_of(text: &str) -> String {
    let folder = Folder::bounded("instructions_per_call = 50000000", &[("x.wasm", text)]);
    reason(&folder.registry(), "x.wasm")
}

#[test]
fn the_frame_is_a_format() {
    let registry = Folder::with(&[("x.wasm", &frame(&[]))]).registry();
    assert!(registry.format("x").is_ok());
}

#[test]
fn what_lacks_something_is_told_what() {
    for (text, expected) in [
        ("(module)".to_owned(), "it exports no roomscribe_abi_1, so it is no format"),
        (
            frame(&[]).replace("roomscribe_abi_1", "roomscribe_abi_2"),
            "it speaks the interface roomscribe_abi_2, and this program speaks roomscribe_abi_1: one of them is too old",
        ),
        (frame(&[]).replace(r#"(export "memory")"#, ""), "it exports no memory named `memory`"),
        (
            frame(&[]).replace("roomscribe_write", "roomscribe_wrote"),
            "it exports no function roomscribe_write (i32, i32) -> i64",
        ),
        (
            frame(&[]).replace("(param $length i32) (result i32)\n", "(param $length i64) (result i32)\n"),
            "it exports no function roomscribe_alloc (i32) -> i32",
        ),
    ] {
        assert_eq!(reason_of(&text), expected);
    }
}

#[test]
fn what_wants_more_than_there_is_is_told_what_there_is() {
    for import in [
        r#"(import "env" "abort" (func))"#,
        r#"(import "roomscribe" "read" (func))"#,
        r#"(import "roomscribe" "log" (global i32))"#,
        r#"(import "roomscribe" "log" (func (param i64)))"#,
        r#"(import "wasi_snapshot_preview1" "fd_steal" (func (result i32)))"#,
        r#"(import "wasi_snapshot_preview1" "fd_read" (func))"#,
    ] {
        let reason = reason_of(&frame(&[("imports", import)]));
        let mut quoted = import.split('"').skip(1).step_by(2);
        let name =
            format!("it imports `{}.{}`, which is not there", quoted.next().unwrap(), quoted.next().unwrap());
        assert!(reason.starts_with(&name), "{reason}");
    }
}

#[test]
fn what_misbehaves_when_it_is_asked_what_it_is_is_refused() {
    let endless = "(loop $on (br $on))";
    let too_long = "it took more than the 50000000 instructions";
    for (part, text, expected) in [
        ("more", format!("(func $start {endless}) (start $start)"), too_long),
        ("more", format!(r#"(func (export "_initialize") {endless})"#), too_long),
        ("describe", endless.to_owned(), too_long),
        ("describe", "(unreachable)".to_owned(), "it gave up: "),
        ("more", "(func $start (unreachable)) (start $start)".to_owned(), "it gave up: "),
        (
            "describe",
            "(return (i64.const 0x7fffffffffffffff))".to_owned(),
            "it wrote 4294967295 bytes in one call, of at most 65536",
        ),
        (
            "describe",
            "(return (i64.const 0x7fffffff00000001))".to_owned(),
            "it says that 1 bytes lie outside of its memory",
        ),
        ("describe", "(return (i64.const 0))".to_owned(), "it describes itself wrongly: EOF"),
        (
            "describe",
            "(return (i64.const 0x8000000000000000))".to_owned(),
            "it said that something is wrong, but not what",
        ),
        ("more", r#"(data (i32.const 30) "\ff")"#.to_owned(), "it describes itself wrongly: "),
        ("more", "(table 100000 funcref)".to_owned(), "it asks for more than it may have: "),
    ] {
        let reason = reason_of(&frame(&[(part, &text)]));
        assert!(reason.starts_with(expected), "{text}: {reason}");
    }
    let large = reason_of(&frame(&[]).replace("2 (;memory;)", "60000"));
    assert!(large.starts_with("it asks for more than it may have: ") && large.contains("64 MiB"), "{large}");
    let name = frame(&[(
        "description",
        r#"{"abi":1,"name":"../x","version":"1","description":"X","extension":"x","media_type":"text/x"}"#,
    )]);
    assert!(reason_of(&name).contains("`name` must be"), "{}", reason_of(&name));
}

#[test]
fn what_is_no_module_is_told_so_and_what_has_another_name_is_not_looked_at() {
    let folder = Folder::bounded("file_mb = 1", &[("good.wasm", &frame(&[]))]);
    fs::write(folder.path("text.wasm"), "hello").unwrap();
    fs::write(folder.path("empty.wasm"), "").unwrap();
    fs::write(folder.path("large.wasm"), vec![0; 1024 * 1024 + 1]).unwrap();
    fs::create_dir(folder.path("directory.wasm")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path("gone.wasm")).unwrap();
    for other in ["README.md", ".hidden.wasm", "x.wat", "x.WASM"] {
        fs::write(folder.path(other), "hello").unwrap();
    }
    let registry = folder.registry();
    let files: Vec<&str> = registry.found().iter().map(|found| found.file.as_str()).collect();
    let all = ["directory.wasm", "empty.wasm", "gone.wasm", "good.wasm", "large.wasm", "text.wasm"];
    assert_eq!(files, all);
    for (file, expected) in [
        ("directory.wasm", "it is no file"),
        ("empty.wasm", "it is no WebAssembly module: "),
        ("gone.wasm", "it cannot be read: "),
        ("large.wasm", "it is larger than 1 MiB (file_mb)"),
        ("text.wasm", "it is no WebAssembly module: "),
    ] {
        assert!(reason(&registry, file).starts_with(expected), "{}", reason(&registry, file));
    }
    assert_eq!(registry.formats().count(), 1);
}

#[test]
fn of_two_with_one_name_the_first_stays() {
    let folder = Folder::with(&[("a.wasm", &frame(&[])), ("b.wasm", &frame(&[]))]);
    let registry = folder.registry();
    assert_eq!(registry.format("x").unwrap().origin().unwrap().file, "a.wasm");
    assert_eq!(reason(&registry, "b.wasm"), "it calls itself `x`, as a.wasm does; rename or remove one");
    fs::remove_file(folder.path("a.wasm")).unwrap();
    let registry = registry.look(Look::ForChanges);
    assert_eq!(registry.format("x").unwrap().origin().unwrap().file, "b.wasm");
    fs::remove_dir_all(folder.path("")).unwrap();
    assert!(registry.look(Look::ForChanges).found().is_empty());
}
