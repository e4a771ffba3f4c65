//! What new passwords must be like, if the settings ask for it.

use serde_json::json;

use super::settings;
use crate::app::App;
use crate::error::{Error, Result};

/// The rules that are on.
#[derive(Default)]
pub struct Policy {
    min_length: Option<u64>,
    max_length: Option<u64>,
    /// So many equal characters in a row are allowed.
    repetition: Option<u64>,
    /// There must be a character of each of these.
    classes: Vec<&'static Class>,
}

/// A kind of characters.
struct Class {
    setting: &'static str,
    rule: &'static str,
    error: &'static str,
    word: &'static str,
    is: fn(char) -> bool,
}

const CLASSES: [Class; 4] = [
    Class {
        setting: "AtLeastOneLowercase",
        rule: "mustContainAtLeastOneLowercase",
        error: "oneLowercase",
        word: "lowercase",
        is: |letter| letter.is_ascii_lowercase(),
    },
    Class {
        setting: "AtLeastOneUppercase",
        rule: "mustContainAtLeastOneUppercase",
        error: "oneUppercase",
        word: "uppercase",
        is: |letter| letter.is_ascii_uppercase(),
    },
    Class {
        setting: "AtLeastOneNumber",
        rule: "mustContainAtLeastOneNumber",
        error: "oneNumber",
        word: "numerical",
        is: |letter| letter.is_ascii_digit(),
    },
    Class {
        setting: "AtLeastOneSpecialCharacter",
        rule: "mustContainAtLeastOneSpecialCharacter",
        error: "oneSpecial",
        word: "special",
        is: |letter| !letter.is_ascii_alphanumeric() && letter != ' ',
    },
];

/// A rule as it is told to people who choose a password: its name, and what is counted how often.
pub type Rule = (&'static str, Option<(&'static str, u64)>);

/// The policy, if it is on.
pub fn load(app: &App) -> Result<Option<Policy>> {
    let on = |rule: &str| settings::is_on(app, &format!("Accounts_Password_Policy_{rule}"));
    let limit = |rule: &str| settings::limit(app, &format!("Accounts_Password_Policy_{rule}"));
    if !on("Enabled")? {
        return Ok(None);
    }
    let repetition =
        if on("ForbidRepeatingCharacters")? { limit("ForbidRepeatingCharactersCount")? } else { None };
    let mut classes = Vec::new();
    for class in &CLASSES {
        if on(class.setting)? {
            classes.push(class);
        }
    }
    let (min_length, max_length) = (limit("MinLength")?, limit("MaxLength")?);
    Ok(Some(Policy { min_length, max_length, repetition, classes }))
}

/// Refuses a password that breaks the policy, or is blank.
pub fn check(app: &App, password: &str) -> Result<()> {
    let details = match load(app)? {
        _ if password.trim().is_empty() => serde_json::Value::Null,
        None => return Ok(()),
        Some(policy) => {
            let broken = policy.broken(password);
            if broken.is_empty() {
                return Ok(());
            }
            let told = |(rule, text): (&str, String)| json!({"error": format!("error-password-policy-not-met-{rule}"), "message": text});
            broken.into_iter().map(told).collect()
        }
    };
    Err(Error::Typed {
        text: "The password provided does not meet the server's password policy.".to_owned(),
        kind: "error-password-policy-not-met".to_owned(),
        details,
    })
}

impl Policy {
    /// Every rule that the password breaks, and what to say about it.
    fn broken(&self, password: &str) -> Vec<(&'static str, String)> {
        let length = password.chars().count() as u64;
        let mut broken = Vec::new();
        if self.min_length.is_some_and(|min| length < min) {
            let text = "The password does not meet the minimum length password policy.";
            broken.push(("minLength", text.to_owned()));
        }
        if self.max_length.is_some_and(|max| length > max) {
            let text = "The password does not meet the maximum length password policy.";
            broken.push(("maxLength", text.to_owned()));
        }
        if self.repetition.is_some_and(|allowed| longest_run(password) > allowed) {
            let text = "The password contains repeating characters which is against the password policy.";
            broken.push(("repeatingCharacters", text.to_owned()));
        }
        for class in self.classes.iter().filter(|class| !password.contains(class.is)) {
            let text = format!(
                "The password does not contain at least one {} character which is against the password policy.",
                class.word
            );
            broken.push((class.error, text));
        }
        broken
    }

    /// The rules in words that clients translate.
    pub fn rules(&self) -> Vec<Rule> {
        let mut rules: Vec<Rule> = Vec::new();
        if let Some(min) = self.min_length {
            rules.push(("minLength", Some(("minLength", min))));
        }
        if let Some(max) = self.max_length {
            rules.push(("maxLength", Some(("maxLength", max))));
        }
        if let Some(count) = self.repetition {
            rules.push(("forbidRepeatingCharacters", None));
            rules.push(("forbidRepeatingCharactersCount", Some(("forbidRepeatingCharactersCount", count))));
        }
        rules.extend(self.classes.iter().map(|class| (class.rule, None)));
        rules
    }
}

/// How often the most repeated character stands in a row.
fn longest_run(text: &str) -> u64 {
    let (mut longest, mut run, mut last) = (0, 0, None);
    for letter in text.chars() {
        run = if last == Some(letter) { run + 1 } else { 1 };
        longest = longest.max(run);
        last = Some(letter);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        Policy {
            min_length: Some(7),
            max_length: Some(12),
            repetition: Some(3),
            classes: CLASSES.iter().collect(),
        }
    }

    fn names(password: &str) -> Vec<&'static str> {
        policy().broken(password).into_iter().map(|(rule, _)| rule).collect()
    }

    #[test]
    fn every_broken_rule_is_told_in_order() {
        assert_eq!(names("Aa1!Aa1!"), [""; 0]);
        assert_eq!(
            names("    "),
            ["minLength", "repeatingCharacters", "oneLowercase", "oneUppercase", "oneNumber", "oneSpecial"]
        );
        assert_eq!(names("Aa1!Aa1!Aa1!x"), ["maxLength"]);
        assert_eq!(names("Aaaa1!x"), [""; 0], "three in a row are allowed");
        assert_eq!(names("Aaaaa1!x"), ["repeatingCharacters"]);
    }

    #[test]
    fn a_policy_without_rules_allows_everything() {
        assert!(Policy::default().broken("").is_empty());
        assert!(Policy::default().rules().is_empty());
    }
}
