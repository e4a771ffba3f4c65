//! `roomscribe compact`.

use super::process::Place;
use super::{harbour, texts};

#[test]
fn a_store_is_compacted_while_no_server_runs() {
    let place = harbour();
    let ended = place.run(&["compact"]);
    assert!(ended.ok().starts_with("The store took ") && ended.stdout.ends_with(" now.\n"), "{ended:?}");
    assert_eq!(ended.stderr, "", "nobody watches, so no progress is shown");
    assert!(place.run(&["check"]).ok().contains("Everything is whole."));
    assert_eq!(texts(&place), ["Hello"; 3]);

    let serving = place.serve();
    assert!(place.run(&["compact"]).complaint(3).contains("another roomscribe is using data"));
    assert_eq!(serving.stop().0, Some(0));
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_made() {
    let place = Place::new();
    assert!(place.run(&["compact"]).complaint(3).contains("there is no data in data"));
    assert!(!place.path("data").exists());

    let place = harbour();
    place.put("config.toml", "[export]\nkeep_free_mb = 1000000000000");
    let ended = place.run(&["compact"]);
    assert!(ended.complaint(1).ends_with("make room"), "{ended:?}");
    assert!(!place.path("data/store.unfinished").exists());
    assert_eq!(texts(&place), ["Hello"; 3]);
}

#[test]
fn a_start_finishes_what_a_crash_cut_short() {
    for name in ["store.finished", "store.replaced"] {
        let place = harbour();
        std::fs::rename(place.path("data/store"), place.path(&format!("data/{name}"))).unwrap();
        assert!(place.run(&["check"]).ok().contains("Everything is whole."), "{name}");
        assert!(place.path("data/store/db").exists() && !place.path(&format!("data/{name}")).exists());
    }
}
