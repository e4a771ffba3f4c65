//! The shape of the program: who may use whom, what only one file may name, tables against what
//! they list, and how long a file may be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use roomscribe::api::Api;
use roomscribe::domain::permission::PERMISSIONS;
use roomscribe::export::plugins::PLUGINS;

/// Every module of `src/`, the lowest first as in lib.rs, and whom it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("metrics", &[]),
    ("store", &["domain", "metrics"]),
    ("config", &["domain", "telemetry"]),
    ("error", &["store"]),
    ("export", &["domain", "store", "config"]),
    ("limits", &["domain"]),
    ("mail", &[]),
    ("passwords", &["error"]),
    ("preview", &[]),
    (
        "app",
        &["domain", "metrics", "store", "config", "export", "limits", "passwords", "preview", "telemetry"],
    ),
    ("import", &["domain", "store", "export"]),
    (
        "service",
        &["domain", "store", "config", "error", "export", "limits", "mail", "passwords", "preview", "app"],
    ),
    ("api", &["domain", "store", "error", "export", "limits", "passwords", "app", "service", "telemetry"]),
    ("work", &["domain", "metrics", "store", "config", "error", "export", "mail", "app", "service"]),
    ("web", &["domain", "metrics", "store", "error", "export", "app", "service", "api", "telemetry"]),
    ("server", &["error", "limits", "app", "service", "api", "web"]),
    (
        "cli",
        &[
            "domain",
            "store",
            "config",
            "error",
            "export",
            "passwords",
            "app",
            "import",
            "service",
            "api",
            "work",
            "web",
            "server",
            "telemetry",
        ],
    ),
    ("telemetry", &[]),
    ("main", &["cli"]),
];

/// Of these modules only that part may be used from there.
const ONLY: &[(&str, &str, &[&str])] = &[
    ("api", "export", &["view"]),
    ("api", "passwords", &["PasswordDigest"]),
    ("import", "export", &["bag", "verify"]),
    ("service", "export", &["estimate", "progress", "render", "spool"]),
];

/// What only these files may say.
const SAID_ONLY_BY: &[(&str, &[&str])] = &[
    ("sled::", &["src/store/engine/sled.rs"]),
    ("bincode", &["src/store/codec.rs"]),
    ("export_html", &["src/export/plugins.rs"]),
    ("export_json", &["src/export/plugins.rs"]),
    ("export_ndjson", &["src/export/plugins.rs"]),
    ("export_csv", &["src/export/plugins.rs"]),
    ("export_slack", &["src/export/plugins.rs"]),
    ("export_mattermost", &["src/export/plugins.rs"]),
    ("export_markdown", &["src/export/plugins.rs"]),
    ("export_text", &["src/export/plugins.rs"]),
    ("export_process", &["src/export/plugins.rs"]),
    ("export_wasm", &["src/export/plugins.rs"]),
    ("deliver_", &["src/export/plugins.rs"]),
    ("transform_", &["src/export/plugins.rs"]),
    ("Error::NotLoggedIn =>", &["src/api/methods/answer.rs", "src/api/reply.rs"]),
    ("Error::Forbidden =>", &["src/api/reply.rs"]),
];

/// What plug-ins are made with.
const HELPERS: &[&str] = &["sdk", "outbound", "foreign", "examples"];

/// The longest a source file may be.
const LONGEST_FILE: usize = 400;

/// What may stand at the top of the repository.
const TOP: &[&str] = &[
    ".ci",
    ".git",
    ".gitignore",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "clippy.toml",
    "config.toml",
    "deny.toml",
    "fixtures",
    "fuzz",
    "plugins",
    "rustfmt.toml",
    "src",
    "target",
    "tests",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files under `directory`, with their paths in the repository.
fn rust_files(directory: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> = vec![root().join(directory)];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).expect("inside").to_str().expect("UTF-8").to_owned();
                found.push((name, std::fs::read_to_string(&path).expect("readable")));
            }
        }
    }
    found
}

/// The lines that are shipped code: without comments and without the tests at the foot.
fn code(text: &str) -> String {
    let shipped = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = shipped.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// What follows `crate::` in the text, `{…}` spelt out: `export::view::time` and so on.
fn uses(text: &str) -> Vec<String> {
    let own = ["crate::", "roomscribe::"];
    let places = own.iter().flat_map(|own| text.match_indices(own).map(|(at, own)| at + own.len()));
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    places
        .flat_map(|at| {
            let rest = &text[at..];
            let path = &rest[..rest.find(|c| !part(c)).unwrap_or(rest.len())];
            let Some(group) = rest[path.len()..].strip_prefix('{') else { return vec![path.to_owned()] };
            group_members(group).into_iter().map(|member| format!("{path}{member}")).collect()
        })
        .collect()
}

/// The members of a group whose opening brace was read, without what is inside of them.
fn group_members(text: &str) -> Vec<String> {
    let (mut members, mut depth) = (vec![String::new()], 0);
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => members.push(String::new()),
            c if depth == 0 && !c.is_whitespace() => members.last_mut().expect("at least one").push(c),
            _ => {}
        }
    }
    members.retain(|member| !member.is_empty());
    members
}

/// Everything that a module of `src/` uses of the others, with the file that does.
fn used() -> BTreeMap<String, Vec<(String, String)>> {
    let mut used: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (file, text) in rust_files("src") {
        let module =
            file["src/".len()..].split('/').next().expect("a part").trim_end_matches(".rs").to_owned();
        if module == "lib" {
            continue;
        }
        let paths = uses(&code(&text)).into_iter();
        let others = paths.filter(|path| path.split("::").next() != Some(module.as_str()));
        used.entry(module.clone()).or_default().extend(others.map(|path| (path, file.clone())));
    }
    used
}

#[test]
fn modules_use_only_whom_they_may() {
    let modules: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let used = used();
    assert_eq!(
        used.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        modules.keys().copied().collect(),
        "put new modules into the table of who may use whom, and into lib.rs"
    );
    let mut wrong = Vec::new();
    for (module, paths) in &used {
        for (path, file) in paths {
            let mut parts = path.split("::");
            let (other, part) = (parts.next().unwrap(), parts.next().unwrap_or_default());
            let only = ONLY.iter().find(|(from, to, _)| from == module && *to == other);
            let fits = only.is_none_or(|(.., only)| only.contains(&part));
            if !modules[module.as_str()].contains(&other) || !fits {
                wrong.push(format!("{file} uses {path}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nobody_uses_whom_lib_rs_names_later() {
    let modules: Vec<&str> = MAY_USE.iter().map(|(module, _)| *module).collect();
    let library = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let named = library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let named: Vec<&str> = named.chain(["main"]).collect();
    assert_eq!(named, modules, "lib.rs and the table name the modules in the same order");
    for (place, (module, others)) in MAY_USE.iter().enumerate() {
        for other in *others {
            let other_place = modules.iter().position(|known| known == other);
            // The log is below everybody.
            let earlier = other_place.is_some_and(|other| other < place) || *other == "telemetry";
            assert!(earlier, "{module} may not use {other}: a circle may begin there");
        }
    }
}

#[test]
fn imports_are_read_in_every_spelling() {
    let text =
        "use crate::a::b;\npub use crate::{c::{d, e}, f};\nlet x = crate::g::h();\nuse crate::i::{self, j};";
    assert_eq!(uses(text), ["a::b", "c::", "f", "g::h", "i::self", "i::j"]);
}

#[test]
fn what_one_file_hides_no_other_says() {
    for (word, sayers) in SAID_ONLY_BY {
        for (file, text) in rust_files("src") {
            let text = code(&text);
            let may = sayers.contains(&file.as_str());
            // `engine::sled::SledEngine` is our own.
            let says = text.replace("engine::sled::", "").replace("engine::{sled::", "");
            let says = says.replace("sled::SledEngine", "").contains(word);
            assert!(may || !says, "{file} says {word}");
        }
        for sayer in *sayers {
            let text = std::fs::read_to_string(root().join(sayer)).unwrap();
            assert!(
                text.contains(word),
                "{sayer} does not say {word}: the table of this test is out of date"
            );
        }
    }
}

#[test]
fn every_plug_in_is_on_the_list() {
    let listed: BTreeSet<String> = PLUGINS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let directories = std::fs::read_dir(root().join("plugins")).unwrap().map(|entry| entry.unwrap().path());
    let directories = directories.filter(|path| path.is_dir());
    let names = directories.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
    let present: BTreeSet<String> =
        names.filter(|name| !HELPERS.contains(&name.as_str()) && !name.starts_with("template-")).collect();
    // The other way round there may be more: a plug-in may live in a repository of its own.
    let missing: Vec<_> = present.difference(&listed).collect();
    assert!(missing.is_empty(), "a line in src/export/plugins.rs is missing for {missing:?}");
}

#[test]
fn files_are_short_enough_to_be_read() {
    let files = ["src", "plugins", "tests", "fuzz"].into_iter().flat_map(rust_files);
    let long: Vec<String> = files
        .filter_map(|(file, text)| {
            let lines = text.lines().count();
            (lines > LONGEST_FILE).then(|| format!("{file}: {lines} lines"))
        })
        .collect();
    assert!(long.is_empty(), "split by noun what is longer than {LONGEST_FILE} lines: {long:#?}");
}

#[test]
fn endpoints_are_unique_and_need_permissions_that_exist() {
    let known: BTreeSet<&str> =
        PERMISSIONS.iter().flat_map(|(_, permissions)| permissions.iter().copied()).collect();
    let api = Api::new(1);
    let mut seen = BTreeSet::new();
    for endpoint in api.endpoints() {
        let name = format!("{} {}", endpoint.terms.method.word(), endpoint.terms.path);
        for permission in endpoint.terms.needs.iter().copied().chain(endpoint.terms.needs_in_room) {
            assert!(known.contains(permission), "{name} needs {permission:?}, which is no permission");
        }
        assert!(seen.insert(name.clone()), "{name} stands twice");
    }
    assert!(!seen.is_empty());
}

#[test]
fn the_top_level_holds_what_belongs_there() {
    let names = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name());
    let strange: Vec<_> =
        names.filter(|name| name.to_str().is_none_or(|name| !TOP.contains(&name))).collect();
    assert!(strange.is_empty(), "does this belong at the top? {strange:?}");
}
