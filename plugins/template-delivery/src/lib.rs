//! The delivery `template-delivery`: puts the zip into one of the directories that the administrator
//! has named, such as a mounted share.
//!
//! A small but whole delivery, to copy and change. README, "Add a delivery", says how a copy becomes
//! a plug-in of one's own.

mod part;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use export_sdk::{
    Attempt, Delivery, Error, ErrorKind, Export, OptionSpec, Packaging, Receipt, Registry, Result, Settings,
};
use serde::Deserialize;

use part::Part;

/// Adds the delivery. This is all that a plug-in crate exports; the server calls it once, at start.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let DirectorySettings { directories } = settings.parse()?;
    // A relative path begins in the server's data directory.
    let directories =
        directories.into_iter().map(|(name, path)| (name, settings.data_dir().join(path))).collect();
    registry.add_delivery(Directories(directories))
}

/// What the administrator decides, in the table `[plugins.template-delivery]` of config.toml.
///
/// Settings are trusted, requests are not: paths, hosts and passwords belong here, and a request
/// chooses among them by name.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DirectorySettings {
    directories: BTreeMap<String, PathBuf>,
}

/// What a request chooses in `deliveryOptions`. Without `default`, a missing key is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectoryOptions {
    to: String,
}

/// The same options for people: `roomscribe formats` and `exports.formats` show them.
const OPTIONS: &[OptionSpec] = &[OptionSpec {
    name: "to",
    kind: "string",
    default: "",
    help: "The name of a directory in [plugins.template-delivery.directories]",
}];

/// Built once and shared by all exports: what belongs to one lives in `deliver`.
struct Directories(BTreeMap<String, PathBuf>);

impl Directories {
    fn named(&self, options: &DirectoryOptions) -> Result<&Path> {
        if let Some(directory) = self.0.get(&options.to) {
            return Ok(directory);
        }
        // Whoever reads this wants to know what to do now.
        let advice = if self.0.is_empty() {
            "none is; the administrator must set [plugins.template-delivery.directories] in config.toml"
                .to_owned()
        } else {
            format!("known: {}", self.0.keys().cloned().collect::<Vec<_>>().join(", "))
        };
        Err(Error::bad_options(format!("`to`: no directory {:?} is known here; {advice}", options.to)))
    }
}

impl Delivery for Directories {
    type Options = DirectoryOptions;

    fn id(&self) -> &'static str {
        "template-delivery"
    }

    fn describe(&self) -> &'static str {
        "Puts the zip into a directory that the administrator has named"
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        OPTIONS.to_vec()
    }

    /// One zip, whatever was chosen. `Packaging::Loose` gives all files as the format wrote them.
    fn packaging(&self, _: &DirectoryOptions, _: &[String]) -> Packaging {
        Packaging::SingleFile
    }

    /// Called while the requester waits: what is refused here never becomes a failed job.
    fn check(&self, options: &DirectoryOptions) -> Result<()> {
        self.named(options).map(drop)
    }

    /// May run again for the same export: after an error, or because the server was killed before it
    /// noted the success. And it may be dropped at any `.await`, which is how an export is cancelled.
    async fn deliver(
        &self,
        options: DirectoryOptions,
        export: &Export,
        attempt: &Attempt<'_>,
    ) -> Result<Receipt> {
        // Again: the settings may have changed since the request.
        let directory = self.named(&options)?;
        let [artifact] = export.artifacts.as_slice() else {
            return Err(Error::new(ErrorKind::Internal, "one zip was expected"));
        };
        // The key is the same for every try, another for every export, and a safe name. The room's
        // title is none of these.
        let name = format!("{}.zip", attempt.key);
        let target = directory.join(&name);
        let found = tokio::fs::metadata(&target).await;
        if !found.is_ok_and(|found| found.len() == artifact.size) {
            // A share that is not mounted may be mounted later: `Unavailable` means "try again", all
            // other kinds fail the job.
            if !tokio::fs::try_exists(directory).await.unwrap_or(false) {
                let message = format!("the directory `{}` is not there at the moment", options.to);
                return Err(Error::new(ErrorKind::Unavailable, message));
            }
            let part = Part::beside(&target, attempt.number);
            part.fill(artifact).await?;
            part.rename(&target).await?;
        }
        Ok(Receipt::new(format!("put into {} as {name}", options.to)))
    }
}
