//! What README says is so.

const README: &str = include_str!("../../README.md");

#[test]
fn the_plug_in_it_shows_is_the_one_that_is_compiled_and_tested() {
    let example = include_str!("../../plugins/sdk/examples/lines.rs");
    assert!(README.contains(example), "copy plugins/sdk/examples/lines.rs into README.md");
}

#[test]
fn every_path_it_links_to_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let links = README.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
        assert!(root.join(link).exists(), "{link}");
    }
}
