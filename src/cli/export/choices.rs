//! Formats and transforms with their options, as the command line names them.

use anyhow::anyhow;
use export_sdk::{OptionSpec, Registry};
use serde_json::{Map, Value};

use crate::cli::{Failure, printable, usage};
use crate::service::orders::Asked;

/// What was chosen.
pub(super) struct Choices {
    pub(super) formats: Vec<Asked>,
    pub(super) transforms: Vec<Asked>,
}

/// A plug-in that was chosen, and what is said to it.
struct Chosen<'a> {
    id: &'a str,
    specs: Vec<OptionSpec<'a>>,
    options: Map<String, Value>,
}

impl<'a> Chosen<'a> {
    fn new(id: &'a str, specs: Vec<OptionSpec<'a>>) -> Self {
        Self { id, specs, options: Map::new() }
    }

    /// Takes an option. The same one again is added to a list, and a mistake elsewhere.
    fn put(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        let kind = self.specs.iter().find(|spec| spec.name == name).map_or("", |spec| spec.kind);
        let given = value(kind, text);
        match (self.options.get_mut(name), given) {
            (None, given) => drop(self.options.insert(name.to_owned(), given)),
            (Some(Value::Array(items)), Value::Array(more)) => items.extend(more),
            (Some(_), _) => return Err(usage(anyhow!("--option {}.{name} is given twice", self.id))),
        }
        Ok(())
    }

    fn asked(self) -> Asked {
        let options = if self.options.is_empty() { Value::Null } else { Value::Object(self.options) };
        Asked { id: self.id.to_owned(), options }
    }
}

/// What an option's text stands for: the plug-in says what it expects.
pub(in crate::cli) fn value(kind: &str, text: &str) -> Value {
    let json = serde_json::from_str(text);
    if kind.starts_with("list") {
        // Names and words hold no comma; other texts and expressions may.
        let words = !kind.ends_with("strings") && !kind.ends_with("expressions");
        let items = || {
            if words { text.split(',').map(|item| item.trim().into()).collect() } else { vec![text.into()] }
        };
        json.ok().filter(Value::is_array).unwrap_or_else(|| Value::Array(items()))
    } else if kind.starts_with("boolean") || kind.starts_with("integer") || kind.is_empty() {
        json.unwrap_or_else(|_| text.into())
    } else {
        text.into()
    }
}

/// Gives every `[plugin.]name=value` to the plug-in it is meant for.
pub(super) fn read(
    registry: &Registry,
    formats: &[String],
    transforms: &[String],
    settings: &[String],
) -> Result<Choices, Failure> {
    let mut chosen = Vec::new();
    for id in formats {
        let format = registry.format(id).map_err(|error| usage(with_reasons(registry, id, &error)))?;
        chosen.push(Chosen::new(id, format.options()));
    }
    for id in transforms {
        let transform = registry.transform(id).map_err(usage)?;
        chosen.push(Chosen::new(id, transform.options()));
    }
    for setting in settings {
        let (name, text) = setting
            .split_once('=')
            .ok_or_else(|| usage(anyhow!("--option {setting}: write --option name=value")))?;
        let (plugin, name) = match name.split_once('.') {
            Some((plugin, name)) => (plugin, name),
            None if formats.len() == 1 => {
                if let Some(transform) = only_theirs(&chosen, &formats[0], name) {
                    let text = "an option of a transform stands behind its name";
                    return Err(usage(anyhow!("--option {setting}: {text}: --option {transform}.{setting}")));
                }
                (formats[0].as_str(), name)
            }
            None => {
                let (first, text) = (&formats[0], "there are several formats, so say for which");
                return Err(usage(anyhow!("--option {setting}: {text}: --option {first}.{setting}")));
            }
        };
        let meant = chosen.iter_mut().find(|chosen| chosen.id == plugin);
        let meant = meant.ok_or_else(|| {
            let text = "is chosen neither by --format nor by --transform";
            usage(anyhow!("--option {setting}: {plugin} {text}"))
        })?;
        meant.put(name, text)?;
    }
    let mut asked = chosen.into_iter().map(Chosen::asked);
    let formats = asked.by_ref().take(formats.len()).collect();
    Ok(Choices { formats, transforms: asked.collect() })
}

/// There is no such format; a plug-in that was meant to be it says why. It is known by its file only.
fn with_reasons(registry: &Registry, id: &str, error: &export_sdk::Error) -> anyhow::Error {
    let refused =
        registry.found().iter().filter_map(|found| Some((&found.file, found.format.as_ref().err()?)));
    let (meant, others): (Vec<_>, Vec<_>) = refused.partition(|(file, _)| file.contains(id));
    let mut words = vec![error.to_string()];
    words.extend(meant.iter().map(|(file, reason)| format!("{file} cannot be used: {}", printable(reason))));
    if meant.is_empty() && !others.is_empty() {
        words.push("there are plug-ins that cannot be used, and `roomscribe formats` says why".to_owned());
    }
    anyhow!(words.join("; "))
}

/// The transform that has such an option, where the format has none.
fn only_theirs<'a>(chosen: &[Chosen<'a>], format: &str, name: &str) -> Option<&'a str> {
    let has = |chosen: &&Chosen<'a>| chosen.specs.iter().any(|spec| spec.name == name);
    let found = chosen.iter().find(has)?;
    (found.id != format && !chosen.iter().any(|chosen| chosen.id == format && has(&chosen)))
        .then_some(found.id)
}

#[cfg(test)]
mod tests {
    use export_sdk::{FormatSource, Found, Look};
    use serde_json::json;

    use super::*;

    /// A file that is no format.
    struct Broken;

    impl FormatSource for Broken {
        fn look(&self, _: Look) -> Vec<Found> {
            vec![Found { file: "letters.wasm".to_owned(), format: Err("it has no memory".to_owned()) }]
        }
    }

    #[test]
    fn a_plug_in_that_cannot_be_used_says_why() {
        let mut registry = Registry::default();
        let said = |registry: &Registry, id: &str| {
            let Err(Failure { code: 2, error }) = read(registry, &[id.to_owned()], &[], &[]) else {
                panic!("refused as wrong usage")
            };
            error.to_string()
        };
        assert_eq!(said(&registry, "letters"), "no format `letters`; known: none");
        registry.add_source(Broken);
        let registry = registry.look(Look::Afresh);
        assert_eq!(
            said(&registry, "letters"),
            "no format `letters`; known: none; letters.wasm cannot be used: it has no memory"
        );
        let other = said(&registry, "words");
        assert!(other.ends_with("`roomscribe formats` says why") && !other.contains("letters"), "{other}");
    }

    #[test]
    fn a_text_stays_one_where_a_text_is_wanted() {
        assert_eq!(value("string", "123"), json!("123"));
        assert_eq!(value("neutralise|keep", "true"), json!("true"));
        assert_eq!(value("boolean", "true"), json!(true));
        assert_eq!(value("boolean", "maybe"), json!("maybe"));
        assert_eq!(value("list of strings", "a, b"), json!(["a, b"]));
        assert_eq!(value("list of regular expressions", "a{1,2}"), json!(["a{1,2}"]));
        assert_eq!(value("list of usernames", "ann, bob"), json!(["ann", "bob"]));
        assert_eq!(value("list of strings", r#"["a","b"]"#), json!(["a", "b"]));
        assert_eq!(value("", "7"), json!(7));
    }

    #[test]
    fn lists_grow_and_nothing_else_is_said_twice() {
        let specs = [OptionSpec { name: "from", kind: "list of strings", default: "", help: "" }];
        let mut chosen = Chosen::new("drop", specs.to_vec());
        assert!(chosen.put("from", "bob").is_ok() && chosen.put("from", "al").is_ok());
        assert!(chosen.put("bom", "true").is_ok());
        let Err(Failure { code, error }) = chosen.put("bom", "true") else { panic!("refused") };
        assert_eq!((code, error.to_string().as_str()), (2, "--option drop.bom is given twice"));
        assert_eq!(chosen.asked().options, json!({"from": ["bob", "al"], "bom": true}));
    }
}
