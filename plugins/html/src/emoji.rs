//! Short names of emoji. What nobody knows stays as it was typed.

use std::borrow::Cow;

use emojis::{Emoji, SkinTone};

/// No name is longer; what is longer between two colons is not looked up.
pub(crate) const LONGEST: usize = 48;

/// The character for a short name without its colons.
pub(crate) fn emoji(name: &str) -> Option<&'static str> {
    if name.len() > LONGEST {
        return None;
    }
    let spelling = if name.contains('-') { Cow::from(name.replace('-', "_")) } else { Cow::from(name) };
    let found = emojis::get_by_shortcode(name).or_else(|| named(&spelling)).or_else(|| toned(&spelling));
    found.map(Emoji::as_str)
}

fn named(name: &str) -> Option<&'static Emoji> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
    emojis::get_by_shortcode(alias.map_or(name, |(_, known)| known))
        .or_else(|| emojis::get_by_shortcode(name.strip_suffix("_face")?))
        .or_else(|| emojis::get_by_shortcode(&format!("{name}_face")))
        .or_else(|| flag(name.strip_prefix("flag_")?))
}

/// `thumbsup_tone3`.
fn toned(name: &str) -> Option<&'static Emoji> {
    let (name, tone) = name.rsplit_once("_tone")?;
    let tone = match tone {
        "1" => SkinTone::Light,
        "2" => SkinTone::MediumLight,
        "3" => SkinTone::Medium,
        "4" => SkinTone::MediumDark,
        "5" => SkinTone::Dark,
        _ => return None,
    };
    named(name)?.with_skin_tone(tone)
}

/// The flag of a country's two letters: each has a character of its own.
fn flag(country: &str) -> Option<&'static Emoji> {
    let letter = |byte: u8| char::from_u32(0x1f1e6 + u32::from(byte.checked_sub(b'a')?));
    let &[first, second] = country.as_bytes() else { return None };
    emojis::get(&String::from_iter([letter(first)?, letter(second)?]))
}

/// Names that Rocket.Chat knows and GitHub, whose names the crate has, does not.
const ALIASES: &[(&str, &str)] = &[
    ("call_me", "call_me_hand"),
    ("cowboy", "cowboy_hat_face"),
    ("fingers_crossed", "crossed_fingers"),
    ("first_place", "1st_place_medal"),
    ("hand_splayed", "raised_hand_with_fingers_splayed"),
    ("head_bandage", "face_with_head_bandage"),
    ("heart_exclamation", "heavy_heart_exclamation"),
    ("hugging", "hugs"),
    ("left_facing_fist", "fist_left"),
    ("medal", "medal_sports"),
    ("party", "partying_face"),
    ("person_facepalming", "facepalm"),
    ("person_shrugging", "shrug"),
    ("right_facing_fist", "fist_right"),
    ("rolling_eyes", "roll_eyes"),
    ("salute", "saluting_face"),
    ("second_place", "2nd_place_medal"),
    ("slight_frown", "slightly_frowning_face"),
    ("slight_smile", "slightly_smiling_face"),
    ("thermometer_face", "face_with_thermometer"),
    ("third_place", "3rd_place_medal"),
    ("vulcan", "vulcan_salute"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_names_are_found_however_they_are_spelt() {
        for (name, expected) in [
            ("tada", "🎉"),
            ("cow", "🐮"),
            ("postal_horn", "📯"),
            ("star-struck", "🤩"),
            ("e-mail", "📧"),
            ("-1", "👎"),
            ("thumbsup", "👍"),
            ("thumbsup_tone3", "👍🏽"),
            ("bow", "🙇"),
            ("infinity", "♾️"),
            ("clock3", "🕒"),
            ("robot_face", "🤖"),
            ("upside_down", "🙃"),
            ("flag-is", "🇮🇸"),
        ] {
            assert_eq!(emoji(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn other_names_are_not() {
        let long = "x".repeat(1000);
        for name in
            ["no_such_emoji", "", "_face", "flag_zz", "flag_", "flag_é", "tada_tone3", "a_tone9", &long]
        {
            assert_eq!(emoji(name), None, "{name}");
        }
    }

    #[test]
    fn every_alias_leads_to_an_emoji_and_is_needed() {
        for (alias, known) in ALIASES {
            assert!(emojis::get_by_shortcode(known).is_some(), "{known}");
            assert!(emojis::get_by_shortcode(alias).is_none(), "{alias}");
        }
    }
}
