//! What a request may choose, described for people.

use serde::{Deserialize, Serialize};

/// One option of a plug-in, as `exports.formats` and the command line's help show it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct OptionSpec {
    /// The key in the request's `options`.
    pub name: &'static str,
    /// What a value looks like: `boolean`, `string`, `integer`, or the words allowed, `a|b`.
    pub kind: &'static str,
    /// The value when the request does not say, written as in the request.
    pub default: &'static str,
    /// One line for people.
    pub help: &'static str,
}

/// The options of a plug-in that has none: any key is refused.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoOptions {}
