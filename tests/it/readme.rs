//! What README says is so.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use roomscribe::api::Api;
use roomscribe::api::endpoint::Method;

const README: &str = include_str!("../../README.md");

#[test]
fn the_plug_in_it_shows_is_the_one_that_is_compiled_and_tested() {
    let example = include_str!("../../plugins/sdk/examples/lines.rs");
    assert!(README.contains(example), "copy plugins/sdk/examples/lines.rs into README.md");
}

#[test]
fn every_path_it_links_to_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let links = README.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
        assert!(root.join(link).exists(), "{link}");
    }
}

/// The endpoints by families, as README lists them: `GET` needs no word, the others say theirs.
fn endpoints() -> String {
    let mut families: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for endpoint in Api::new(1).endpoints() {
        let (family, name) = endpoint.terms.path.split_once('.').unwrap_or(("server", endpoint.terms.path));
        let (family, name) =
            if family.contains('/') { ("server", endpoint.terms.path) } else { (family, name) };
        let word = if endpoint.terms.method == Method::Get {
            String::new()
        } else {
            format!("{} ", endpoint.terms.method.word())
        };
        families.entry(family.to_owned()).or_default().push(format!("{word}`{name}`"));
    }
    let rows: usize = families.values().map(Vec::len).sum();
    let mut text = format!("{rows} endpoints; what is not marked otherwise is a `GET`:\n\n");
    for (family, mut names) in families {
        names.sort_by_key(|name| name.rsplit('`').nth(1).map(ToOwned::to_owned));
        let title =
            if family == "server" { "beside the families".to_owned() } else { format!("`{family}.`") };
        writeln!(text, "- **{title}** {}", names.join(", ")).expect("a text takes all");
    }
    text
}

#[test]
fn the_endpoints_it_lists_are_those_of_the_table() {
    let (begin, end) = ("<!-- endpoints -->\n", "<!-- end of endpoints -->");
    let written = README.split(begin).nth(1).and_then(|rest| rest.split(end).next()).expect("both marks");
    if std::env::var_os("UPDATE").is_some() {
        let text = README.replace(&format!("{begin}{written}{end}"), &format!("{begin}{}{end}", endpoints()));
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"), text).unwrap();
        return;
    }
    assert_eq!(written, endpoints(), "run with UPDATE=1");
}
