//! What a request may choose, described for people.

use serde::{Deserialize, Serialize};

/// One option of a plug-in, as `exports.formats` and the command line's help show it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct OptionSpec<'a> {
    /// The key in the request's `options`.
    pub name: &'a str,
    /// What a value looks like: `boolean`, `string`, `integer`, or the words allowed, `a|b`.
    pub kind: &'a str,
    /// The value when the request does not say, written as in the request.
    pub default: &'a str,
    /// One line for people.
    pub help: &'a str,
}

/// The options of a plug-in that has none: any key is refused.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoOptions {}
