//! Text in, text without what must not be seen out.

use std::ops::Range;

use export_sdk::{Error, Patterns, Result};

use crate::find;
use crate::options::{Kind, RedactOptions};

/// The longest replacement.
const LONGEST: usize = 100;
/// What is taken out may join what stood around it to something else. After so many rounds a text
/// that still changes was made to; it goes as a whole.
const ROUNDS: usize = 8;

/// Blacks out what one export asked for.
pub(crate) struct Redactor {
    kinds: Vec<Kind>,
    patterns: Patterns,
    replacement: Option<String>,
}

impl Redactor {
    /// Refuses patterns that do not compile and replacements that would be replaced.
    pub(crate) fn new(options: RedactOptions) -> Result<Self> {
        let patterns = Patterns::compile("patterns", &options.patterns)?;
        if options.kinds.is_empty() && patterns.is_empty() {
            return Err(Error::bad_options("`kinds` is empty; name some, or give `patterns`"));
        }
        if options.replacement.as_ref().is_some_and(|replacement| replacement.len() > LONGEST) {
            return Err(Error::bad_options(format!(
                "`replacement` is too long; give at most {LONGEST} bytes"
            )));
        }
        let kinds = Kind::ALL.into_iter().filter(|kind| options.kinds.contains(kind)).collect();
        let redactor = Self { kinds, patterns, replacement: options.replacement };
        let own = (!redactor.patterns.is_empty()).then(|| redactor.own());
        let labels = redactor.kinds.iter().map(|kind| redactor.label(*kind)).chain(own);
        for label in labels {
            if redactor.round(label).is_some() {
                let message = format!("`replacement`: {label:?} is itself blacked out; choose another one");
                return Err(Error::bad_options(message));
            }
        }
        Ok(redactor)
    }

    /// The text without what must not be seen; `None` if there is nothing of it. What comes back
    /// does not change a second time.
    pub(crate) fn redact(&self, text: &str) -> Option<String> {
        let mut redacted = self.round(text)?;
        for _ in 1..ROUNDS {
            match self.round(&redacted) {
                Some(again) => redacted = again,
                None => return Some(redacted),
            }
        }
        Some(self.own().to_owned())
    }

    fn round(&self, text: &str) -> Option<String> {
        let mut redacted = None;
        for pattern in self.patterns.iter() {
            let text = redacted.as_deref().unwrap_or(text);
            let spans = pattern.find_iter(text).map(|found| found.range()).filter(|span| !span.is_empty());
            redacted = replaced(text, spans.collect(), self.own()).or(redacted);
        }
        for kind in &self.kinds {
            let text = redacted.as_deref().unwrap_or(text);
            let spans = match kind {
                Kind::Email => find::email(text),
                Kind::Phone => find::phone(text),
                Kind::Card => find::card(text),
                Kind::Iban => find::iban(text),
                Kind::Ip => find::ip(text),
            };
            redacted = replaced(text, spans, self.label(*kind)).or(redacted);
        }
        redacted
    }

    fn label(&self, kind: Kind) -> &str {
        self.replacement.as_deref().unwrap_or_else(|| kind.label())
    }

    fn own(&self) -> &str {
        self.replacement.as_deref().unwrap_or("[redacted]")
    }
}

fn replaced(text: &str, spans: Vec<Range<usize>>, label: &str) -> Option<String> {
    if spans.is_empty() {
        return None;
    }
    let mut replaced = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        replaced.push_str(&text[at..span.start]);
        replaced.push_str(label);
        at = span.end;
    }
    replaced.push_str(&text[at..]);
    Some(replaced)
}
