//! Where a start finds its settings and its data, and what it refuses.

use super::process::Place;

const INITIAL: &str = r#"{"username":"ann","password":"hush hush"}"#;

#[test]
fn wrong_variables_stop_every_command() {
    let place = Place::new();
    for (variable, expected) in [
        ("ROOT_URL=chat.example.org", "ROOT_URL: \"chat.example.org\" is no address of a server"),
        ("ADMIN_PASS=x ADMIN_USERNAME='the boss'", "ADMIN_USERNAME=\"the boss\""),
        ("INITIAL_USER='{}'", "INITIAL_USER must be a JSON object"),
        ("OVERWRITE_SETTING_API_User_Limit=many", "does not suit the setting API_User_Limit"),
    ] {
        let ended = place.shell(&format!("{variable} roomscribe serve"));
        assert!(ended.complaint(2).contains(expected), "{ended:?}");
        assert!(!place.path("data").exists());
    }
    let warned = place.shell("OVERWRITE_SETTING_Nope=1 SETTINGS_BLOCKED=Never roomscribe formats");
    assert_eq!(warned.code, Some(0));
    for id in
        ["OVERWRITE_SETTING_Nope: there is no setting \"Nope\"", "SETTINGS_BLOCKED: there is no setting"]
    {
        assert!(warned.stderr.contains(id), "{warned:?}");
    }
}

#[test]
fn a_wrong_file_is_named_whatever_is_wrong_with_it() {
    let place = Place::new();
    for text in ["[server]\nroot_url = \"nowhere\"", "[plugins.pfd]", "[export]\nworkers = 0"] {
        place.put("mine.toml", text);
        let ended = place.run(&["formats", "--config", "mine.toml"]);
        assert!(ended.stderr.starts_with("roomscribe: mine.toml is not right: "), "{ended:?}");
    }
}

#[test]
fn the_initial_user_is_administrator_enough() {
    let place = Place::new();
    let (code, said) = place.serve_with(&[("INITIAL_USER", INITIAL)]).stop();
    assert_eq!((code, said.as_str()), (Some(0), ""), "no other administrator was made");
    place.run(&["user", "token", "ann"]).ok();
}

#[test]
fn a_new_directory_is_told_and_that_of_others_left_alone() {
    let place = Place::new();
    let told = place.run_with(&["import", "-"], super::room_of(1).as_bytes());
    let data = place.path("data").canonicalize().unwrap();
    let expected = format!("a new data directory was made at {}\n", data.display());
    assert!(told.stderr == expected, "{told:?}");
    assert_eq!(place.run(&["user", "add", "ann"]).stderr, "", "only once");

    std::fs::create_dir(place.path("photos")).unwrap();
    place.put("photos/cat.jpg", "");
    for command in [&["serve"][..], &["import", "-"], &["demo"]] {
        let ended = place.run(&[command, &["--data", "photos"]].concat());
        let expected = "photos holds other things, \"cat.jpg\" for one; choose an empty or a new directory";
        assert!(ended.complaint(3).starts_with(expected), "{ended:?}");
    }
    assert_eq!(std::fs::read_dir(place.path("photos")).unwrap().count(), 1);
    let demo = place.run(&["demo", "--data", "data"]);
    assert!(
        demo.complaint(2).starts_with("there is data in data; the demo needs a new directory"),
        "{demo:?}"
    );
}

#[test]
fn what_a_lost_store_leaves_is_no_directory_of_others() {
    let place = Place::new();
    place.run(&["user", "add", "bob"]).ok();
    assert_eq!(place.serve().stop().0, Some(0));
    std::fs::remove_dir_all(place.path("data/store")).unwrap();
    place.put("data/uploads/kept", "");
    let ended = place.run(&["serve"]);
    assert!(ended.complaint(3).contains("restore the directory from a backup"), "{ended:?}");
}

#[test]
fn an_address_that_is_none_is_refused_with_an_example() {
    let place = Place::new();
    for wrong in ["3000", "localhost", "no such host:80"] {
        let ended = place.run(&["serve", "--listen", wrong]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("127.0.0.1:3000 or localhost:3000"), "{ended:?}");
    }
}
