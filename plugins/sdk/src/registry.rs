//! The plug-ins of a running server, and the erased form in which it calls them.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use serde_json::{Map, Value};

use crate::{
    Attempt, Delivery, Error, ErrorKind, Export, ExportFormat, FormatSource, FormatWriter, Found, Look,
    OptionSpec, Order, Origin, Output, Packaging, Receipt, Result, Scope, Transform, Transformer,
};

/// All formats, transforms and deliveries, in the order of their registration, and then the formats
/// that were found.
#[derive(Default, Clone)]
pub struct Registry {
    formats: Vec<Arc<dyn AnyFormat>>,
    transforms: Vec<Arc<dyn AnyTransform>>,
    deliveries: Vec<Arc<dyn AnyDelivery>>,
    sources: Vec<Arc<dyn FormatSource>>,
    found: Vec<Found>,
}

impl Registry {
    /// Adds a format. A second one of the same id is an error.
    pub fn add_format(&mut self, format: impl ExportFormat) -> Result<()> {
        check_id("format", format.id(), self.formats().map(AnyFormat::id))?;
        self.formats.push(Arc::new(format));
        Ok(())
    }

    /// Adds a transform. A second one of the same id is an error.
    pub fn add_transform(&mut self, transform: impl Transform) -> Result<()> {
        check_id("transform", transform.id(), self.transforms.iter().map(|known| known.id()))?;
        self.transforms.push(Arc::new(transform));
        Ok(())
    }

    /// Adds a delivery. A second one of the same id is an error.
    pub fn add_delivery(&mut self, delivery: impl Delivery) -> Result<()> {
        check_id("delivery", delivery.id(), self.deliveries.iter().map(|known| known.id()))?;
        self.deliveries.push(Arc::new(delivery));
        Ok(())
    }

    /// Adds a place where formats are found. [`look`](Self::look) makes them known.
    pub fn add_source(&mut self, source: impl FormatSource) {
        self.sources.push(Arc::new(source));
    }

    /// The same plug-ins with the formats that there are now in every source. Where two have one id,
    /// the first stays, and one that is part of the program always does.
    #[must_use]
    pub fn look(&self, look: Look) -> Self {
        let mut looked = Self { found: Vec::new(), ..self.clone() };
        for mut found in self.sources.iter().flat_map(|source| source.look(look)) {
            if let Ok(format) = &found.format
                && let Err(error) = looked.check_found(format.id())
            {
                found.format = Err(error);
            }
            looked.found.push(found);
        }
        looked
    }

    fn check_found(&self, id: &str) -> Result<(), String> {
        if self.formats.iter().any(|known| known.id() == id) {
            return Err(format!("it calls itself `{id}`, which is a format of the program; rename it"));
        }
        let other = self.found.iter().find(|other| other.format.as_ref().is_ok_and(|other| other.id() == id));
        if let Some(other) = other {
            return Err(format!("it calls itself `{id}`, as {} does; rename or remove one", other.file));
        }
        check_id("format", id, std::iter::empty()).map_err(|error| error.to_string())
    }

    /// Every file that should be a format, usable or not.
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// The format of that id; the error lists the known ones.
    pub fn format(&self, id: &str) -> Result<&dyn AnyFormat> {
        let found = self.formats().find(|format| format.id() == id);
        found.ok_or_else(|| unknown("format", id, self.formats().map(AnyFormat::id)))
    }

    /// The transform of that id; the error lists the known ones.
    pub fn transform(&self, id: &str) -> Result<&dyn AnyTransform> {
        let found = self.transforms.iter().find(|transform| transform.id() == id);
        found
            .map(|transform| &**transform)
            .ok_or_else(|| unknown("transform", id, self.transforms.iter().map(|t| t.id())))
    }

    /// The delivery of that id; the error lists the known ones.
    pub fn delivery(&self, id: &str) -> Result<&dyn AnyDelivery> {
        let found = self.deliveries.iter().find(|delivery| delivery.id() == id);
        found
            .map(|delivery| &**delivery)
            .ok_or_else(|| unknown("delivery", id, self.deliveries.iter().map(|d| d.id())))
    }

    /// All formats.
    pub fn formats(&self) -> impl Iterator<Item = &dyn AnyFormat> {
        let found = self.found.iter().filter_map(|found| found.format.as_ref().ok());
        self.formats.iter().chain(found).map(|format| &**format)
    }

    /// All transforms.
    pub fn transforms(&self) -> impl Iterator<Item = &dyn AnyTransform> {
        self.transforms.iter().map(|transform| &**transform)
    }

    /// All deliveries.
    pub fn deliveries(&self) -> impl Iterator<Item = &dyn AnyDelivery> {
        self.deliveries.iter().map(|delivery| &**delivery)
    }
}

fn check_id<'a>(what: &str, id: &str, mut known: impl Iterator<Item = &'a str>) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || !id.chars().all(plain) {
        let message = format!("{what} id {id:?}: use lower-case letters, digits and '-'");
        return Err(Error::new(ErrorKind::BadSettings, message));
    }
    if known.any(|other| other == id) {
        return Err(Error::new(ErrorKind::BadSettings, format!("two plug-ins bring a {what} `{id}`")));
    }
    Ok(())
}

fn unknown<'a>(what: &str, id: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let known = known.collect::<Vec<_>>().join(", ");
    let known = if known.is_empty() { "none" } else { &known };
    Error::bad_options(format!("no {what} `{id}`; known: {known}"))
}

/// An [`ExportFormat`] whose options are still JSON. Authors never see it.
pub trait AnyFormat: Send + Sync {
    /// See [`ExportFormat::id`].
    fn id(&self) -> &str;
    /// See [`ExportFormat::media_type`].
    fn media_type(&self) -> &str;
    /// See [`ExportFormat::extension`].
    fn extension(&self) -> &str;
    /// See [`ExportFormat::describe`].
    fn describe(&self) -> &str;
    /// See [`ExportFormat::options`].
    fn options(&self) -> Vec<OptionSpec<'_>>;
    /// See [`ExportFormat::order`].
    fn order(&self) -> Order;
    /// See [`ExportFormat::wants_top`].
    fn wants_top(&self) -> bool;
    /// See [`ExportFormat::origin`].
    fn origin(&self) -> Option<Origin<'_>>;
    /// See [`ExportFormat::switched_off`].
    fn switched_off(&self) -> Option<String>;
    /// Whether [`start`](Self::start) will accept these options (null or an object).
    fn check(&self, options: &Value) -> Result<()>;
    /// See [`ExportFormat::start`].
    fn start<'run>(
        &'run self,
        options: &Value,
        scope: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>>;
}

impl<F: ExportFormat> AnyFormat for F {
    fn id(&self) -> &str {
        ExportFormat::id(self)
    }

    fn media_type(&self) -> &str {
        ExportFormat::media_type(self)
    }

    fn extension(&self) -> &str {
        ExportFormat::extension(self)
    }

    fn describe(&self) -> &str {
        ExportFormat::describe(self)
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        ExportFormat::options(self)
    }

    fn order(&self) -> Order {
        ExportFormat::order(self)
    }

    fn wants_top(&self) -> bool {
        ExportFormat::wants_top(self)
    }

    fn origin(&self) -> Option<Origin<'_>> {
        ExportFormat::origin(self)
    }

    fn switched_off(&self) -> Option<String> {
        ExportFormat::switched_off(self)
    }

    fn check(&self, options: &Value) -> Result<()> {
        ExportFormat::check(self, &parse(ExportFormat::id(self), options)?)
    }

    fn start<'run>(
        &'run self,
        options: &Value,
        scope: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>> {
        ExportFormat::start(self, parse(ExportFormat::id(self), options)?, scope, output)
    }
}

/// A [`Transform`] whose options are still JSON. Authors never see it.
pub trait AnyTransform: Send + Sync {
    /// See [`Transform::id`].
    fn id(&self) -> &str;
    /// See [`Transform::describe`].
    fn describe(&self) -> &str;
    /// See [`Transform::options`].
    fn options(&self) -> Vec<OptionSpec<'_>>;
    /// Whether [`start`](Self::start) will accept these options (null or an object).
    fn check(&self, options: &Value) -> Result<()>;
    /// See [`Transform::start`].
    fn start<'run>(&'run self, options: &Value) -> Result<Box<dyn Transformer + 'run>>;
}

impl<T: Transform> AnyTransform for T {
    fn id(&self) -> &str {
        Transform::id(self)
    }

    fn describe(&self) -> &str {
        Transform::describe(self)
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        Transform::options(self)
    }

    fn check(&self, options: &Value) -> Result<()> {
        AnyTransform::start(self, options).map(drop)
    }

    fn start<'run>(&'run self, options: &Value) -> Result<Box<dyn Transformer + 'run>> {
        Transform::start(self, parse(Transform::id(self), options)?)
    }
}

/// A boxed future, as the erased traits return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A [`Delivery`] whose options are still JSON. Authors never see it.
pub trait AnyDelivery: Send + Sync {
    /// See [`Delivery::id`].
    fn id(&self) -> &str;
    /// See [`Delivery::describe`].
    fn describe(&self) -> &str;
    /// See [`Delivery::options`].
    fn options(&self) -> Vec<OptionSpec<'_>>;
    /// See [`Delivery::packaging`].
    fn packaging(&self, options: &Value, formats: &[String]) -> Result<Packaging>;
    /// Parses the options (null or an object) and asks [`Delivery::check`].
    fn check(&self, options: &Value) -> Result<()>;
    /// See [`Delivery::deliver`].
    fn deliver<'a>(
        &'a self,
        options: &Value,
        export: &'a Export,
        attempt: &'a Attempt<'a>,
    ) -> BoxFuture<'a, Result<Receipt>>;
}

impl<D: Delivery> AnyDelivery for D {
    fn id(&self) -> &str {
        Delivery::id(self)
    }

    fn describe(&self) -> &str {
        Delivery::describe(self)
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        Delivery::options(self)
    }

    fn packaging(&self, options: &Value, formats: &[String]) -> Result<Packaging> {
        Ok(Delivery::packaging(self, &parse(Delivery::id(self), options)?, formats))
    }

    fn check(&self, options: &Value) -> Result<()> {
        Delivery::check(self, &parse(Delivery::id(self), options)?)
    }

    fn deliver<'a>(
        &'a self,
        options: &Value,
        export: &'a Export,
        attempt: &'a Attempt<'a>,
    ) -> BoxFuture<'a, Result<Receipt>> {
        match parse(Delivery::id(self), options) {
            Ok(options) => Box::pin(Delivery::deliver(self, options, export, attempt)),
            Err(error) => Box::pin(async move { Err(error) }),
        }
    }
}

/// No options at all mean the defaults. The error names the option.
fn parse<T: DeserializeOwned>(plugin: &str, options: &Value) -> Result<T> {
    let none = Map::new();
    let given = match options {
        Value::Null => &none,
        Value::Object(given) => given,
        _ => {
            return Err(Error::bad_options(format!(
                "options of `{plugin}`: write an object, {{name: value}}"
            )));
        }
    };
    let (mut entries, reading) = (given.iter(), Cell::new(None));
    let entries = std::iter::from_fn(|| {
        let entry = entries.next();
        reading.set(entry.map(|(name, _)| name.as_str()));
        entry.map(|(name, value)| (name.as_str(), value))
    });
    T::deserialize(MapDeserializer::new(entries)).map_err(|error: serde_json::Error| {
        let error = error.to_string();
        let name = reading.get().filter(|name| !error.contains(&format!("`{name}`")));
        let name = name.map_or_else(String::new, |name| format!("`{name}`: "));
        Error::bad_options(format!("options of `{plugin}`: {name}{error}"))
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Options {
        bom: bool,
        names: Vec<String>,
    }

    #[derive(Debug, Deserialize)]
    struct Needy {
        #[expect(dead_code, reason = "only its absence counts")]
        url: String,
    }

    #[test]
    fn what_is_wrong_with_options_is_said_with_the_name_of_the_option() {
        let said = |options: Value| parse::<Options>("csv", &options).unwrap_err().to_string();
        let expected = "options of `csv`: `bom`: invalid type: string \"x\", expected a boolean";
        assert_eq!(said(json!({"bom": "x", "names": ["a"]})), expected);
        assert!(said(json!({"bom": true, "names": ["a", 5]})).starts_with("options of `csv`: `names`: "));
        let unknown = said(json!({"bon": 1}));
        assert!(unknown.starts_with("options of `csv`: unknown field `bon`, expected"), "{unknown}");
        assert_eq!(said(json!(["bom"])), "options of `csv`: write an object, {name: value}");
        let missing = parse::<Needy>("webhook", &json!({"other": 1})).unwrap_err().to_string();
        assert_eq!(missing, "options of `webhook`: missing field `url`");
    }

    #[test]
    fn no_options_and_an_empty_object_are_the_defaults() {
        for options in [json!(null), json!({})] {
            assert_eq!(parse::<Options>("csv", &options).unwrap(), Options::default());
        }
        assert!(parse::<Options>("csv", &json!({"bom": true})).unwrap().bom);
    }
}
