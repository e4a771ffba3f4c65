//! `shield.svg`: a small picture for other sites that leads people here.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, Limit, get};
use crate::api::people::Person;
use crate::app::App;
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::{settings, statistics};

/// The row.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("shield.svg").limited(Limit::Calls(60)).media_type("image/svg+xml;charset=utf-8").anybody(shield),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    name: String,
    channel: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    icon: Option<String>,
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
}

const GREY: &str = "#5d5d66";
const GREEN: &str = "#1c7c3a";

fn shield(app: &App, caller: Option<&Caller>, wanted: Wanted) -> Result<Value> {
    if !settings::is_on(app, "API_Enable_Shields")? {
        return Err(Error::Refused {
            code: "error-endpoint-disabled".to_owned(),
            reason: "This endpoint is disabled".to_owned(),
            details: json!({"route": "/api/v1/shield.svg"}),
        });
    }
    let types = settings::text(app, "API_Shield_Types")?;
    let kind = wanted.kind.as_deref().unwrap_or_default();
    let listed = types.split(',').any(|known| known.trim() == kind);
    if types.trim() != "*" && !listed {
        return Err(Error::refused("error-shield-disabled", "This shield type is disabled"));
    }
    let with_icon = wanted.icon.as_deref() != Some("false");
    if !with_icon && wanted.name.trim().is_empty() {
        return Err(Error::plain("Name cannot be empty when icon is hidden"));
    }
    let (text, color) = match kind {
        "online" => (format!("{} Online", statistics::users(app)?.present()), GREEN),
        "channel" => (format!("#{}", wanted.channel), GREEN),
        "user" => person(app, caller, &wanted)?,
        _ => ("JOIN CHAT".to_owned(), GREEN),
    };
    Ok(Value::String(draw(&shorten(&wanted.name), &shorten(&text), color, with_icon)))
}

fn person(app: &App, caller: Option<&Caller>, wanted: &Wanted) -> Result<(String, &'static str)> {
    if caller.is_none() && settings::is_on(app, "API_Shield_user_require_auth")? {
        return Err(Error::plain("You must be logged in to do this."));
    }
    let named = json!({"userId": wanted.user_id, "username": wanted.username, "user": wanted.user});
    let user = crate::api::lenient::parse::<Person>(named)?.find(app)?;
    let text = match &user.name {
        Some(name) if settings::is_on(app, "UI_Use_Real_Name")? => name.clone(),
        Some(_) | None => format!("@{}", user.username),
    };
    let color = match user.status.as_str() {
        "online" => GREEN,
        "away" => "#a06a00",
        "busy" => "#b3261e",
        _ => GREY,
    };
    Ok((text, color))
}

/// Nobody reads more on a shield.
fn shorten(text: &str) -> String {
    text.chars().take(100).collect()
}

/// Left a label, right a text, and a bubble before both.
fn draw(name: &str, text: &str, color: &str, with_icon: bool) -> String {
    const LETTER: usize = 7;
    const MARGIN: usize = 8;
    let icon = if with_icon { 22 } else { 0 };
    let label = if name.is_empty() { icon } else { icon + name.chars().count() * LETTER + 2 * MARGIN };
    let right = text.chars().count() * LETTER + 2 * MARGIN;
    let width = label + right;
    let bubble = if with_icon { r##"<path d="M4 5h14v8h-7l-4 3v-3H4z" fill="#fff"/>"## } else { "" };
    let (name_at, text_at) = (icon + MARGIN, label + MARGIN);
    let (name, text) = (escape(name), escape(text));
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img"><title>{name} {text}</title><rect width="{width}" height="20" rx="3" fill="{GREY}"/><rect x="{label}" width="{right}" height="20" rx="3" fill="{color}"/>{bubble}<g fill="#fff" font-family="Verdana,sans-serif" font-size="11"><text x="{name_at}" y="14">{name}</text><text x="{text_at}" y="14">{text}</text></g></svg>"##
    )
}

/// Text as it may stand in the picture: markup, and what XML cannot hold, is gone.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        let drawn = draw("<script>\u{0}", "a\"&'b", GREEN, true);
        assert!(!drawn.contains("<script>") && !drawn.contains('\u{0}'));
        assert!(drawn.contains("&lt;script&gt;") && drawn.contains("a&quot;&amp;&#39;b"));
    }

    #[test]
    fn the_bubble_can_be_left_out() {
        assert!(draw("x", "y", GREEN, true).contains("<path"));
        assert!(!draw("x", "y", GREEN, false).contains("<path"));
    }
}
