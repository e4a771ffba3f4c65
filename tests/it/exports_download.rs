//! `GET /data-export/<id>`: who gets the file of an export, and how.

use roomscribe::domain::JobState;
use serde_json::json;

use crate::support::exports::{accepted, file_of, mail_of, with_export};
use crate::support::{Answer, Caller};

fn get(caller: &Caller<'_>, export: &str, headers: &[(&str, &str)]) -> Answer {
    caller.raw("GET", &format!("/data-export/{export}"), headers, "")
}

fn assert_empty(answer: &Answer, status: u16) {
    assert_eq!((answer.status(), answer.text()), (status, ""));
}

#[test]
fn the_owner_gets_the_file_that_the_export_describes() {
    let (server, id) = with_export();
    let admin = server.as_admin();
    let answer = get(&admin, &id, &[]);
    assert_eq!(answer.status(), 200);
    let bytes = std::fs::read(server.file_of(&server.job(&id))).unwrap();
    assert!(answer.bytes() == bytes, "byte for byte");
    let length = bytes.len().to_string();
    let name = format!("2024-03-15-Administrator-data-{id}.zip");
    let disposition = format!("attachment; filename=\"{name}\"; filename*=UTF-8''{name}");
    let described = admin.get("exports.info", &format!("exportId={id}"));
    let etag = format!("\"{}\"", described.ok()["export"]["file"]["sha256"].as_str().unwrap());
    assert_eq!(described.body()["export"]["file"]["path"], format!("/data-export/{id}"));
    for (header, value) in [
        ("content-type", "application/zip"),
        ("content-length", length.as_str()),
        ("content-disposition", disposition.as_str()),
        ("content-security-policy", "default-src 'none'"),
        ("cache-control", "private, no-store"),
        ("last-modified", "Fri, 15 Mar 2024 10:20:30 GMT"),
        ("accept-ranges", "bytes"),
        ("etag", etag.as_str()),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answer.header(header), value, "{header}");
    }
}

#[test]
fn a_name_that_is_no_ascii_is_encoded() {
    let (server, _) = with_export();
    let mut admin = server.user("admin");
    admin.name = Some("Bärbel \"; x=".to_owned());
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&admin)).unwrap();
    let room = server.app.store.room_by_name("talk").unwrap().unwrap().id;
    let id = accepted(&server.as_admin(), file_of(&room, "html"));
    server.finished(&id);
    let name = format!("2024-03-15-B%C3%A4rbel%20_%3B%20x%3D-{id}.zip");
    let answer = get(&server.as_admin(), &id, &[]);
    let expected = format!("attachment; filename=\"{name}\"; filename*=UTF-8''{name}");
    assert_eq!(answer.header("content-disposition"), expected);
}

#[test]
fn a_part_of_the_file_can_be_fetched() {
    let (server, id) = with_export();
    let admin = server.as_admin();
    let whole = get(&admin, &id, &[]).bytes().to_vec();
    let size = whole.len();
    let last = size - 1;
    for (range, first, end) in [
        ("bytes=0-0".to_owned(), 0, 1),
        ("bytes=2-5".to_owned(), 2, 6),
        (format!("bytes={last}-"), last, size),
        ("bytes=-7".to_owned(), size - 7, size),
        (format!("bytes=3-{}", size + 100), 3, size),
    ] {
        let answer = get(&admin, &id, &[("range", &range)]);
        assert_eq!(answer.status(), 206, "{range}");
        assert!(answer.bytes() == &whole[first..end], "{range}");
        assert_eq!(answer.header("content-range"), format!("bytes {first}-{}/{size}", end - 1));
        assert_eq!(answer.header("content-length"), (end - first).to_string());
        assert_eq!(answer.header("content-type"), "application/zip");
        assert_eq!(answer.header("cache-control"), "private, no-store");
    }
    for range in [format!("bytes={size}-"), "bytes=-0".to_owned()] {
        let answer = get(&admin, &id, &[("range", &range)]);
        assert_empty(&answer, 416);
        assert_eq!(answer.header("content-range"), format!("bytes */{size}"));
    }
    let answer = get(&admin, &id, &[("range", "lines=1-2")]);
    assert_eq!((answer.status(), answer.bytes().len()), (200, size));
}

#[test]
fn credentials_come_by_query_by_cookie_or_by_header() {
    let (server, id) = with_export();
    let (admin, bob, anybody) = (server.as_admin(), server.as_user("bob"), server.anonymous());
    let query = |caller: &Caller<'_>, token: &str| format!("{id}?rc_uid={}&rc_token={token}", caller.id());
    let cookie = |caller: &Caller<'_>, token: &str| format!("rc_uid={}; rc_token={token}", caller.id());
    assert_eq!(get(&anybody, &query(&admin, admin.token()), &[]).status(), 200);
    assert_eq!(get(&anybody, &id, &[("cookie", &cookie(&admin, admin.token()))]).status(), 200);
    let headers = [("x-user-id", admin.id()), ("x-auth-token", admin.token())];
    assert_eq!(get(&anybody, &id, &headers).status(), 200);
    // The query comes before the cookies, and both before the headers.
    assert_eq!(get(&bob, &query(&admin, admin.token()), &[]).status(), 200);
    assert_empty(&get(&admin, &query(&bob, bob.token()), &[]), 403);
    assert_empty(&get(&admin, &id, &[("cookie", &cookie(&bob, bob.token()))]), 403);
    let both = [("cookie", cookie(&bob, bob.token()))].map(|(name, value)| (name, value));
    let both: Vec<(&str, &str)> = both.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(get(&anybody, &query(&admin, admin.token()), &both).status(), 200);
    // None, halves, and wrong ones.
    assert_empty(&get(&anybody, &id, &[]), 403);
    assert_empty(&get(&anybody, &format!("{id}?rc_uid={}", admin.id()), &[]), 403);
    assert_empty(&get(&anybody, &query(&admin, "wrong"), &[]), 403);
    assert_empty(&get(&anybody, &query(&bob, admin.token()), &[]), 403);
    assert_empty(&get(&anybody, &id, &[("cookie", &cookie(&admin, "wrong"))]), 403);
}

#[test]
fn only_the_owner_gets_a_file_and_strangers_learn_nothing() {
    let (server, id) = with_export();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    // Who is nobody does not learn what there is.
    assert_empty(&get(&server.anonymous(), "nope", &[]), 403);
    assert_empty(&get(&admin, "nope", &[]), 404);
    assert_empty(&get(&admin, "..%2f..%2fstore%2fdb", &[]), 404);
    assert_empty(&get(&admin, &format!("{id}/x"), &[]), 404);
    assert_empty(&get(&bob, &id, &[]), 403);
    let mut inactive = server.user("admin");
    inactive.active = false;
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&inactive)).unwrap();
    assert_empty(&get(&admin, &id, &[]), 403);
}

#[test]
fn administrators_can_forbid_downloads() {
    let (server, id) = with_export();
    server.set("UserData_EnableDownload", &json!(false));
    assert_empty(&get(&server.as_admin(), &id, &[]), 403);
    assert_empty(&get(&server.as_admin(), "nope", &[]), 403);
    server.set("UserData_EnableDownload", &json!(true));
    assert_eq!(get(&server.as_admin(), &id, &[]).status(), 200);
}

#[test]
fn there_is_nothing_to_fetch_before_the_end_or_after_the_deletion() {
    let (server, id) = with_export();
    let admin = server.as_admin();
    server.rest();
    let room = server.app.store.room_by_name("talk").unwrap().unwrap().id;
    let waiting = accepted(&admin, file_of(&room, "html"));
    assert_empty(&get(&admin, &waiting, &[]), 404);
    admin.post("exports.cancel", json!({"exportId": waiting})).ok();
    assert_empty(&get(&admin, &waiting, &[]), 404);
    server.work();
    let mailed = accepted(&admin, mail_of(&room, &["a@b.cd"], &["m1"]));
    assert_eq!(server.finished(&mailed).state, JobState::Done);
    assert_empty(&get(&admin, &mailed, &[]), 404);
    admin.post("exports.delete", json!({"exportId": id})).ok();
    assert_empty(&get(&admin, &id, &[]), 404);
    // A file that somebody removed by hand.
    let lost = accepted(&admin, file_of(&room, "html"));
    std::fs::remove_file(server.file_of(&server.finished(&lost))).unwrap();
    assert_empty(&get(&admin, &lost, &[]), 404);
}

#[test]
fn where_a_file_lies_does_not_depend_on_where_the_data_directory_is() {
    let (server, id) = with_export();
    let file = server.job(&id).file.unwrap();
    assert_eq!(file.path, format!("exports/{id}.zip"), "relative to the data directory");
}

#[test]
fn only_a_get_downloads() {
    let (server, id) = with_export();
    let answer = server.as_admin().raw("POST", &format!("/data-export/{id}"), &[], "");
    assert_eq!((answer.status(), &answer.body()["error"]), (404, &json!("API endpoint does not exist")));
    assert_eq!(server.as_admin().raw("GET", "/data-export/", &[], "").status(), 404);
}
