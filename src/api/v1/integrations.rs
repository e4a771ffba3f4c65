//! `integrations.*`: webhooks in and out.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, get, post, put};
use crate::api::page::{Paged, sort_by_text};
use crate::api::wire::integration as wire;
use crate::app::App;
use crate::domain::{Integration, IntegrationId, Room, RoomKind};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::integrations::{self, Kind, Wanted};

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        post("integrations.create").returns("integration* object").user(create),
        get("integrations.list").returns("integrations* page, items* number").user(list),
        get("integrations.get").returns("integration* object").user(find),
        put("integrations.update").returns("integration* object").user(update),
        post("integrations.remove").returns("integration* object").user(remove),
        get("integrations.history").returns("history* page, items* number").user(history),
    ]
}

/// What an integration shall be.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Given {
    r#type: Option<String>,
    integration_id: Option<String>,
    name: Option<String>,
    enabled: Option<bool>,
    username: Option<String>,
    channel: Option<String>,
    alias: Option<String>,
    avatar: Option<String>,
    emoji: Option<String>,
    script_enabled: Option<bool>,
    script: Option<String>,
    override_destination_channel_enabled: Option<bool>,
    event: Option<String>,
    urls: Option<Vec<String>>,
    token: Option<String>,
    trigger_words: Option<Vec<String>>,
    trigger_word_anywhere: Option<bool>,
    run_on_edits: Option<bool>,
    target_room: Option<String>,
    impersonate_user: Option<bool>,
    retry_failed_calls: Option<bool>,
    retry_count: Option<u32>,
    retry_delay: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("required" = ["type", "name", "enabled", "username", "scriptEnabled"]))]
struct Create(Given);

#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("required" = ["type", "integrationId"]))]
struct Update(Given);

impl Given {
    fn kind(&self) -> Result<Kind> {
        kind(self.r#type.as_deref())
    }

    fn wanted(self) -> Wanted {
        Wanted {
            name: self.name,
            enabled: self.enabled,
            username: self.username,
            channel: self.channel,
            alias: self.alias,
            avatar: self.avatar,
            emoji: self.emoji,
            script_enabled: self.script_enabled,
            script: self.script,
            overrides_place: self.override_destination_channel_enabled,
            event: self.event,
            urls: self.urls,
            token: self.token,
            trigger_words: self.trigger_words,
            anywhere: self.trigger_word_anywhere,
            on_edits: self.run_on_edits,
            target_room: self.target_room,
            impersonates: self.impersonate_user,
            retries: self.retry_failed_calls,
            retry_count: self.retry_count,
            retry_delay: self.retry_delay,
        }
    }
}

fn kind(word: Option<&str>) -> Result<Kind> {
    Kind::parse(word.unwrap_or_default()).ok_or_else(|| Error::plain("Invalid integration type."))
}

fn shown(app: &App, integration: &Integration) -> Result<Value> {
    Ok(wire::integration(integration, &integrations::place_words(app, integration)?))
}

fn answer(app: &App, integration: &Integration) -> Result<Value> {
    Ok(json!({"integration": shown(app, integration)?}))
}

fn create(app: &App, caller: &Caller, Create(given): Create) -> Result<Value> {
    let created = integrations::create(app, caller, given.kind()?, given.wanted())?;
    answer(app, &created)
}

fn update(app: &App, caller: &Caller, Update(given): Update) -> Result<Value> {
    let kind = given.kind()?;
    let id = IntegrationId::new(given.integration_id.clone().unwrap_or_default());
    answer(app, &integrations::update(app, caller, kind, &id, given.wanted())?)
}

#[derive(Deserialize, JsonSchema)]
struct Which {
    r#type: Option<String>,
    name: Option<String>,
}

fn list(app: &App, caller: &Caller, asked: Paged<Which>) -> Result<Value> {
    let mut found = integrations::list(app, caller)?;
    let Which { r#type, name } = &asked.params;
    found.retain(|integration| {
        name.as_ref().is_none_or(|name| integration.name == *name)
            && r#type.as_ref().is_none_or(|word| Kind::of(integration).word() == word)
    });
    Ok(with_items(page(app, &asked, &found)?))
}

/// A part of a list, in the order that is asked for.
fn page<P>(app: &App, asked: &Paged<P>, found: &[Integration]) -> Result<Value> {
    let mut rows: Vec<Value> =
        found.iter().map(|integration| shown(app, integration)).collect::<Result<_>>()?;
    for (field, ascending) in asked.sort()?.iter().rev() {
        sort_by_text(&mut rows, field, *ascending);
    }
    Ok(asked.page(app)?.cut("integrations", rows))
}

/// Lists of this family tell their length under another name, too.
fn with_items(mut reply: Value) -> Value {
    reply["items"] = reply["count"].clone();
    reply
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Named {
    integration_id: Option<String>,
    created_by: Option<String>,
}

fn find(app: &App, caller: &Caller, named: Named) -> Result<Value> {
    let id = IntegrationId::new(named.integration_id.unwrap_or_default());
    let found = integrations::get(app, caller, &id)?;
    if id.as_str().is_empty() {
        return Err(Error::plain("The query parameter \"integrationId\" is required."));
    }
    let by = named.created_by.filter(|by| !by.is_empty());
    let found = found.filter(|found| by.is_none_or(|by| found.created_by.as_str() == by));
    answer(app, &found.ok_or_else(|| Error::plain("The integration does not exists."))?)
}

#[derive(Deserialize, JsonSchema)]
struct Remove {
    r#type: Option<String>,
    #[serde(rename = "integrationId")]
    integration_id: Option<String>,
    target_url: Option<String>,
}

fn remove(app: &App, caller: &Caller, params: Remove) -> Result<Value> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (id, url) = (given(params.integration_id), given(params.target_url));
    if id.is_none() && url.is_none() {
        return Err(Error::plain("An integrationId or target_url needs to be provided."));
    }
    let kind = kind(params.r#type.as_deref())?;
    let id = match (id, url) {
        (None, Some(url)) if kind == Kind::Outgoing => integrations::by_url(app, caller, &url)?,
        (id, _) => id.map(IntegrationId::new),
    };
    let id = id.ok_or_else(|| Error::plain("No integration found."))?;
    answer(app, &integrations::remove(app, caller, kind, &id)?)
}

#[derive(Deserialize, JsonSchema)]
struct History {
    id: Option<String>,
}

fn history(app: &App, caller: &Caller, asked: Paged<History>) -> Result<Value> {
    let part = asked.page(app)?;
    let id = IntegrationId::new(asked.params.id.as_deref().unwrap_or_default().trim());
    let (found, total) = integrations::history(app, caller, &id, part.offset, part.count)?;
    if id.as_str().is_empty() {
        return Err(Error::plain("Invalid integration id."));
    }
    let rows: Vec<Value> = found
        .iter()
        .map(|(caused, call, record)| wire::hook_record(id.as_str(), *caused, call, record))
        .collect();
    Ok(with_items(part.wrap("history", rows, usize::try_from(total).unwrap_or(usize::MAX))))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wide {
    include_all_public_channels: Option<bool>,
    include_all_private_groups: Option<bool>,
}

/// `channels.getIntegrations`, `groups.getIntegrations`.
pub(super) fn of_room(app: &App, caller: &Caller, room: Room, asked: Paged<Wide>) -> Result<Value> {
    let Wide { include_all_public_channels, include_all_private_groups } = &asked.params;
    let wide = match room.kind {
        RoomKind::Channel => *include_all_public_channels,
        RoomKind::Group | RoomKind::Direct => include_all_private_groups.or(*include_all_public_channels),
    };
    let found = integrations::of_room(app, caller, &room, wide.unwrap_or(true))?;
    page(app, &asked, &found)
}
