//! Links to the file of an export: for whoever has one, once.

use roomscribe::store::Error;
use serde_json::{Value, json};

use crate::support::exports::{accepted, file_of, mail_of, with_export};
use crate::support::{Answer, Caller, TestServer};

const MINUTE: i64 = 60_000;

fn make(caller: &Caller<'_>, export: &str, minutes: Option<u64>) -> Answer {
    let mut body = json!({"exportId": export});
    if let Some(minutes) = minutes {
        body["minutes"] = minutes.into();
    }
    caller.post("exports.link", body)
}

/// The path and query of a new link.
fn link(server: &TestServer, export: &str) -> String {
    let answer = make(&server.as_admin(), export, None);
    let url = answer.ok()["link"]["url"].as_str().expect("a text");
    url.strip_prefix("http://chat.example").expect("it begins where people reach the server").to_owned()
}

fn open(server: &TestServer, link: &str) -> Answer {
    server.anonymous().raw("GET", link, &[], "")
}

fn assert_refused(server: &TestServer, link: &str) {
    let answer = open(server, link);
    assert_eq!((answer.status(), answer.text()), (403, ""));
}

#[test]
fn a_link_opens_the_file_once_and_without_a_login() {
    let (server, id) = with_export();
    let link = link(&server, &id);
    let answer = open(&server, &link);
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes() == std::fs::read(server.file_of(&server.job(&id))).unwrap(), "byte for byte");
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert_refused(&server, &link);
    // Not even the owner, with their cookies: they have another way.
    assert_eq!(server.as_admin().raw("GET", &link, &[], "").status(), 403);
    assert_eq!(server.as_admin().raw("GET", &format!("/data-export/{id}"), &[], "").status(), 200);
}

#[test]
fn a_link_says_how_long_it_can_be_used() {
    let (server, id) = with_export();
    let admin = server.as_admin();
    let answer = make(&admin, &id, None);
    let said = answer.ok()["link"].as_object().unwrap();
    assert_eq!(said["expiresAt"], "2024-03-15T11:20:30.123Z");
    let url = said["url"].as_str().unwrap();
    let token = url.strip_prefix(&format!("http://chat.example/data-export/{id}?link=")).unwrap();
    assert_eq!(token.len(), 43, "256 bits: {token}");
    assert_eq!(make(&admin, &id, Some(10_080)).ok()["link"]["expiresAt"], "2024-03-22T10:20:30.123Z");
    for minutes in [0, 10_081, u64::MAX] {
        let refusal = make(&admin, &id, Some(minutes));
        assert!(refusal.refusal().contains("`minutes`: write 1 to 10080"), "{}", refusal.text());
    }
}

#[test]
fn a_link_opens_nothing_once_its_time_is_over() {
    let (server, id) = with_export();
    let (first, second) = (link(&server, &id), link(&server, &id));
    server.clock.advance(60 * MINUTE - 1);
    assert_eq!(open(&server, &first).status(), 200);
    server.clock.advance(1);
    assert_refused(&server, &second);
}

#[test]
fn a_browser_is_told_why_it_gets_nothing() {
    let (server, id) = with_export();
    let browser = [("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")];
    for (path, heading) in [
        (format!("/data-export/{id}?link=used"), "This link does not work any more"),
        (format!("/data-export/{id}"), "There is no file here for you"),
    ] {
        let page = server.anonymous().raw("GET", &path, &browser, "");
        assert_eq!((page.status(), page.header("content-type")), (403, "text/html; charset=utf-8"));
        assert!(page.text().contains(heading), "{}", page.text());
        assert_refused(&server, &path);
    }
}

#[test]
fn looking_does_not_use_a_link_up_but_a_part_does() {
    let (server, id) = with_export();
    let link = link(&server, &id);
    for _ in 0..2 {
        let look = server.anonymous().raw("HEAD", &link, &[], "");
        assert_eq!((look.status(), look.header("content-type")), (200, "application/zip"));
    }
    // Nor does an answer without bytes.
    let etag = server.anonymous().raw("HEAD", &link, &[], "").header("etag").to_owned();
    for (header, value, status) in [
        ("if-none-match", etag.as_str(), 304),
        ("range", "bytes=999999999-", 416),
        ("range", "bytes=-0", 416),
    ] {
        assert_eq!(server.anonymous().raw("GET", &link, &[(header, value)], "").status(), status);
    }
    let part = server.anonymous().raw("GET", &link, &[("range", "bytes=0-3")], "");
    assert_eq!((part.status(), part.bytes().len()), (206, 4));
    assert_refused(&server, &link);
    assert_eq!(server.anonymous().raw("HEAD", &link, &[], "").status(), 403);
}

#[test]
fn a_link_opens_no_other_file_and_a_made_up_one_none() {
    let (server, id) = with_export();
    let room = server.app.store.room_by_name("talk").unwrap().unwrap().id;
    let other = accepted(&server.as_admin(), file_of(&room, "html"));
    server.finished(&other);
    let link = link(&server, &id);
    assert_refused(&server, &link.replace(&id, &other));
    assert_refused(&server, &link.replace(&id, "nope"));
    for token in ["", "x", &"A".repeat(43)] {
        assert_refused(&server, &format!("/data-export/{id}?link={token}"));
    }
    assert_eq!(open(&server, &link).status(), 200, "none of these has used it up");
}

#[test]
fn of_many_who_open_a_link_at_once_one_gets_the_file() {
    let (server, id) = with_export();
    for _ in 0..10 {
        let link = link(&server, &id);
        let mut statuses = std::thread::scope(|scope| {
            let all: Vec<_> = (0..6).map(|_| scope.spawn(|| open(&server, &link).status())).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 403, 403, 403, 403, 403]);
    }
}

#[test]
fn only_the_owner_makes_links_and_not_too_many() {
    let (server, id) = with_export();
    let unknown = "There is no such export of yours [error-invalid-export]";
    assert_eq!(make(&server.as_user("bob"), &id, None).refusal(), unknown);
    assert_eq!(make(&server.anonymous(), &id, None).status(), 401);
    let links: Vec<String> = (0..10).map(|_| link(&server, &id)).collect();
    let refusal = "This export has 10 links that wait to be used. Wait until one is. [error-too-many-links]";
    assert_eq!(make(&server.as_admin(), &id, None).refusal(), refusal);
    assert_eq!(open(&server, &links[3]).status(), 200);
    link(&server, &id);
    assert_eq!(make(&server.as_admin(), &id, None).refusal(), refusal);
    server.clock.advance(60 * MINUTE);
    link(&server, &id);
}

#[test]
fn there_are_no_links_where_there_is_no_file() {
    let (server, id) = with_export();
    let admin = server.as_admin();
    server.rest();
    let room = server.app.store.room_by_name("talk").unwrap().unwrap().id;
    let refusal = "This export has no file: not yet, not any more, or never [error-no-export-file]";
    for body in [file_of(&room, "html"), mail_of(&room, &["a@b.cd"], &["m1"])] {
        let waiting = accepted(&admin, body);
        assert_eq!(make(&admin, &waiting, None).refusal(), refusal);
    }
    let link = link(&server, &id);
    admin.post("exports.delete", json!({"exportId": id})).ok();
    assert_refused(&server, &link);
    assert_eq!(server.app.store.links_of(&roomscribe::domain::JobId::new(&id)).unwrap(), []);
}

#[test]
fn links_go_with_the_file_and_a_file_that_is_lost_uses_none_up() {
    let (server, id) = with_export();
    let link = link(&server, &id);
    let file = server.file_of(&server.job(&id));
    let aside = server.directory().join("aside");
    std::fs::rename(&file, &aside).unwrap();
    assert_eq!(open(&server, &link).status(), 404);
    std::fs::rename(&aside, &file).unwrap();
    assert_eq!(open(&server, &link).status(), 200);
    let week = make(&server.as_admin(), &id, Some(10_080));
    let week = week.ok()["link"]["url"].as_str().unwrap().replace("http://chat.example", "");
    server.clock.advance(30 * 24 * 60 * MINUTE);
    while roomscribe::work::sweep::sweep_some(&server.app).unwrap() {}
    assert_refused(&server, &week);
    assert_eq!(server.app.store.links_of(&roomscribe::domain::JobId::new(&id)).unwrap(), []);
}

#[test]
fn administrators_can_forbid_links_and_a_locked_account_opens_none() {
    let (server, id) = with_export();
    let link = link(&server, &id);
    server.set("UserData_EnableDownload", &json!(false));
    assert_refused(&server, &link);
    let refusal = "Administrators have switched downloads off [error-not-allowed]";
    assert_eq!(make(&server.as_admin(), &id, None).refusal(), refusal);
    server.set("UserData_EnableDownload", &json!(true));
    let mut owner = server.user("admin");
    owner.active = false;
    server.app.store.write::<_, Error>(|batch| batch.put_user(&owner)).unwrap();
    assert_refused(&server, &link);
    owner.active = true;
    server.app.store.write::<_, Error>(|batch| batch.put_user(&owner)).unwrap();
    assert_eq!(open(&server, &link).status(), 200);
}

#[test]
fn a_link_is_used_up_on_disk_before_the_first_byte_leaves() {
    for fail in [|disk: &Disk| disk.fail_writes_after(0), |disk: &Disk| disk.fail_flushes_after(0)] {
        let (server, disk) = TestServer::start_faulty();
        let room = server.talkative_room();
        server.work();
        let id = accepted(&server.as_admin(), file_of(&room, "json"));
        server.finished(&id);
        let (first, second) = (link(&server, &id), link(&server, &id));
        assert_eq!(open(&server, &first).status(), 200);
        fail(&disk);
        let answer = open(&server, &second);
        assert_eq!(answer.status(), 500, "{}", answer.text());
        assert_eq!(answer.body()["success"], Value::Bool(false), "no byte of the file");
        server.rest();
        // It is part of the store, which is closed now.
        drop(disk);
        let server = server.reopen();
        assert_refused(&server, &first);
    }
}

type Disk = roomscribe::store::engine::fault::FaultEngine<roomscribe::store::engine::sled::SledEngine>;
