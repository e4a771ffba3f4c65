//! The settings that exist, their defaults, and who may see them.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::setting::{Definition, private, public};

mod accounts;
mod messages;
mod server;

/// The tables, area by area.
const TABLES: &[&[Definition]] = &[SETTINGS, server::SETTINGS, accounts::SETTINGS, messages::SETTINGS];

/// All settings that exist.
pub fn all() -> impl Iterator<Item = &'static Definition> {
    TABLES.iter().copied().flatten()
}

/// The setting of that id.
pub fn definition(id: &str) -> Option<&'static Definition> {
    static BY_ID: LazyLock<HashMap<&str, &Definition>> =
        LazyLock::new(|| all().map(|definition| (definition.id, definition)).collect());
    BY_ID.get(id).copied()
}

/// The settings that the server acts on, and their kin.
///
/// Some defaults differ from Rocket.Chat's on purpose: the rate limit, which at 10 calls a minute
/// makes ordinary clients fail; the second factor by password or, without being asked for, by mail,
/// which no Python client speaks; and previews of links, which are off, for fetching them tells
/// strangers what is talked about.
const SETTINGS: &[Definition] = &[
    // General
    public("Site_Url", r#""""#),
    public("Site_Name", r#""roomscribe""#),
    public("Language", r#""en""#).select(),
    public("uniqueID", r#""""#),
    public("Show_Setup_Wizard", r#""completed""#).select(),
    public("First_Channel_After_Login", r#""""#),
    private("Robot_Instructions_File_Content", r#""User-agent: *\nDisallow: /""#).code(),
    private("Initial_Channel_Created", "true"),
    private("Log_Level", r#""0""#).select(),
    // REST
    private("API_Default_Count", "50"),
    private("API_Upper_Count_Limit", "100"),
    private("API_Allow_Infinite_Count", "true"),
    private("API_Enable_Rate_Limiter", "true"),
    private("API_Enable_Rate_Limiter_Limit_Calls_Default", "600"),
    private("API_Enable_Rate_Limiter_Limit_Time_Default", "60000"),
    private("Rate_Limiter_Limit_RegisterUser", "1"),
    private("API_Enable_CORS", "false"),
    private("API_CORS_Origin", r#""*""#),
    private("API_User_Limit", "500"),
    private("API_Enable_Direct_Message_History_EndPoint", "false"),
    private("API_Enable_Shields", "true"),
    private("API_Shield_Types", r#""*""#),
    private("API_Apply_permission_view-outside-room_on_users-list", "false"),
    // Accounts
    public("Accounts_RegistrationForm", r#""Public""#).select(),
    private("Accounts_RegistrationForm_SecretURL", r#""""#),
    public("Accounts_AllowAnonymousRead", "false"),
    public("Accounts_AllowAnonymousWrite", "false"),
    public("Accounts_AllowDeleteOwnAccount", "false"),
    public("Accounts_AllowUsernameChange", "true"),
    public("Accounts_AllowEmailChange", "true"),
    public("Accounts_AllowPasswordChange", "true"),
    public("Accounts_AllowRealNameChange", "true"),
    public("Accounts_AllowUserProfileChange", "true"),
    public("Accounts_AllowUserAvatarChange", "true"),
    public("Accounts_AllowUserStatusMessageChange", "true"),
    public("Accounts_AllowInvisibleStatusOption", "true"),
    public("Accounts_CustomFields", r#""""#).code(),
    public("Accounts_EmailVerification", "false"),
    public("Accounts_ManuallyApproveNewUsers", "false"),
    private("Accounts_LoginExpiration", "90"),
    public("Accounts_PasswordReset", "true"),
    public("Accounts_RequireNameForSignUp", "true"),
    private("Accounts_Registration_Users_Default_Roles", r#""user""#),
    private("Accounts_SystemBlockedUsernameList", r#""admin,administrator,system,user""#),
    private("Accounts_BlockedUsernameList", r#""""#),
    private("Accounts_AllowedDomainsList", r#""""#),
    private("Accounts_BlockedDomainsList", r#""""#),
    public("Accounts_SearchFields", r#""username, name, bio, nickname""#),
    public("Accounts_AvatarBlockUnauthenticatedAccess", "false"),
    public("Accounts_AvatarSize", "200"),
    public("Accounts_SetDefaultAvatar", "true"),
    public("Accounts_Password_Policy_Enabled", "false"),
    public("Accounts_Password_Policy_MinLength", "7"),
    public("Accounts_Password_Policy_MaxLength", "-1"),
    public("Accounts_Password_Policy_ForbidRepeatingCharacters", "true"),
    public("Accounts_Password_Policy_ForbidRepeatingCharactersCount", "3"),
    public("Accounts_Password_Policy_AtLeastOneLowercase", "true"),
    public("Accounts_Password_Policy_AtLeastOneUppercase", "true"),
    public("Accounts_Password_Policy_AtLeastOneNumber", "true"),
    public("Accounts_Password_Policy_AtLeastOneSpecialCharacter", "true"),
    public("Accounts_TwoFactorAuthentication_Enabled", "true"),
    private("Accounts_TwoFactorAuthentication_Enforce_Password_Fallback", "false"),
    private("Accounts_TwoFactorAuthentication_RememberFor", "1800"),
    private("Accounts_TwoFactorAuthentication_MaxDelta", "1"),
    public("Accounts_TwoFactorAuthentication_By_TOTP_Enabled", "true"),
    public("Accounts_TwoFactorAuthentication_By_Email_Enabled", "true"),
    private("Accounts_TwoFactorAuthentication_By_Email_Auto_Opt_In", "false"),
    private("Accounts_TwoFactorAuthentication_By_Email_Code_Expiration", "3600"),
    private("Accounts_TwoFactorAuthentication_Max_Invalid_Email_Code_Attempts", "5"),
    private("Accounts_Password_History_Enabled", "false"),
    private("Accounts_Password_History_Amount", "5"),
    private("Accounts_Send_Email_When_Activating", "true"),
    private("Accounts_Send_Email_When_Deactivating", "true"),
    private("Block_Multiple_Failed_Logins_Enabled", "true"),
    private("Block_Multiple_Failed_Logins_By_User", "true"),
    private("Block_Multiple_Failed_Logins_Attempts_Until_Block_by_User", "10"),
    private("Block_Multiple_Failed_Logins_Time_To_Unblock_By_User_In_Minutes", "5"),
    private("Block_Multiple_Failed_Logins_By_Ip", "true"),
    private("Block_Multiple_Failed_Logins_Attempts_Until_Block_By_Ip", "50"),
    private("Block_Multiple_Failed_Logins_Time_To_Unblock_By_Ip_In_Minutes", "5"),
    private("Block_Multiple_Failed_Logins_Ip_Whitelist", r#""""#),
    public("Number_of_users_autocomplete_suggestions", "5"),
    // Preferences of users who have set none
    public("Accounts_Default_User_Preferences_enableAutoAway", "true"),
    public("Accounts_Default_User_Preferences_idleTimeLimit", "300"),
    public("Accounts_Default_User_Preferences_desktopNotificationRequireInteraction", "false"),
    public("Accounts_Default_User_Preferences_desktopNotifications", r#""all""#),
    public("Accounts_Default_User_Preferences_pushNotifications", r#""all""#),
    public("Accounts_Default_User_Preferences_unreadAlert", "true"),
    public("Accounts_Default_User_Preferences_useEmojis", "true"),
    public("Accounts_Default_User_Preferences_convertAsciiEmoji", "true"),
    public("Accounts_Default_User_Preferences_autoImageLoad", "true"),
    public("Accounts_Default_User_Preferences_saveMobileBandwidth", "true"),
    public("Accounts_Default_User_Preferences_collapseMediaByDefault", "false"),
    public("Accounts_Default_User_Preferences_hideUsernames", "false"),
    public("Accounts_Default_User_Preferences_hideRoles", "false"),
    public("Accounts_Default_User_Preferences_hideFlexTab", "false"),
    public("Accounts_Default_User_Preferences_displayAvatars", "true"),
    public("Accounts_Default_User_Preferences_sidebarGroupByType", "true"),
    public("Accounts_Default_User_Preferences_themeAppearence", r#""auto""#),
    public("Accounts_Default_User_Preferences_sidebarViewMode", r#""medium""#),
    public("Accounts_Default_User_Preferences_sidebarDisplayAvatar", "true"),
    public("Accounts_Default_User_Preferences_sidebarShowUnread", "false"),
    public("Accounts_Default_User_Preferences_sidebarSortby", r#""activity""#),
    public("Accounts_Default_User_Preferences_showThreadsInMainChannel", "false"),
    public("Accounts_Default_User_Preferences_alsoSendThreadToChannel", r#""default""#),
    public("Accounts_Default_User_Preferences_sidebarShowFavorites", "true"),
    public("Accounts_Default_User_Preferences_sendOnEnter", r#""normal""#),
    public("Accounts_Default_User_Preferences_emailNotificationMode", r#""mentions""#),
    public("Accounts_Default_User_Preferences_newRoomNotification", r#""door""#),
    public("Accounts_Default_User_Preferences_newMessageNotification", r#""chime""#),
    public("Accounts_Default_User_Preferences_muteFocusedConversations", "true"),
    public("Accounts_Default_User_Preferences_notificationsSoundVolume", "100"),
    public("Accounts_Default_User_Preferences_omnichannelTranscriptEmail", "false"),
    public("Accounts_Default_User_Preferences_notifyCalendarEvents", "true"),
    public("Accounts_Default_User_Preferences_enableMobileRinging", "true"),
    public(
        "Accounts_Default_User_Preferences_sidebarSectionsOrder",
        r#"["Incoming_Calls","Incoming_Livechats","Open_Livechats","On_Hold_Chats","Unread","Favorites","Teams",
        "Discussions","Channels","Direct_Messages","Conversations"]"#,
    ),
    public("Accounts_Default_User_Preferences_featuresPreview", r#""[]""#),
    // Messages
    public("Message_AllowEditing", "true"),
    public("Message_AllowEditing_BlockEditInMinutes", "0"),
    public("Message_AllowDeleting", "true"),
    public("Message_AllowDeleting_BlockDeleteInMinutes", "0"),
    public("Message_ShowDeletedStatus", "false"),
    private("Message_KeepHistory", "false"),
    public("Message_MaxAllowedSize", "5000"),
    public("Message_GroupingPeriod", "300"),
    public("Message_AllowPinning", "true"),
    public("Message_AllowStarring", "true"),
    public("Message_QuoteChainLimit", "2"),
    public("Message_ErasureType", r#""Delete""#).select(),
    public("Message_Read_Receipt_Enabled", "false"),
    public("Message_AllowDirectMessagesToYourself", "true"),
    private("Message_CustomFields_Enabled", "false"),
    private("Message_CustomFields", r#""""#).code(),
    public("DirectMesssage_maxUsers", "8"),
    public("Hide_System_Messages", "[]"),
    public("Store_Last_Message", "true"),
    public("Threads_enabled", "true"),
    public("Discussion_enabled", "true"),
    public("Unread_Count", r#""user_and_group_mentions_only""#).select(),
    public("Unread_Count_DM", r#""all_messages""#).select(),
    public("UTF8_User_Names_Validation", r#""[0-9a-zA-Z-_.]+""#),
    public("UTF8_Channel_Names_Validation", r#""[0-9a-zA-Z-_.]+""#),
    public("UI_Use_Real_Name", "false"),
    public("UI_Allow_room_names_with_special_chars", "false"),
    public("E2E_Enable", "false"),
    public("E2E_Allow_Unencrypted_Messages", "true"),
    // Files
    public("FileUpload_Enabled", "true"),
    public("FileUpload_Enabled_Direct", "true"),
    public("FileUpload_MaxFileSize", "104857600"),
    public("FileUpload_MediaTypeWhiteList", r#""""#),
    public("FileUpload_MediaTypeBlackList", r#""image/svg+xml""#),
    public("FileUpload_ProtectFiles", "true"),
    private("FileUpload_Restrict_to_room_members", "true"),
    private("FileUpload_Restrict_to_users_who_can_access_room", "false"),
    // Mail
    private("SMTP_Protocol", r#""smtp""#).select(),
    private("SMTP_Host", r#""""#),
    private("SMTP_Port", r#""""#),
    private("SMTP_IgnoreTLS", "false"),
    private("SMTP_Username", r#""""#),
    private("SMTP_Password", r#""""#).password(),
    private("From_Email", r#""""#),
    private("Email_Header", r#""""#),
    private("Email_Footer", r#""""#),
    private("email_plain_text_only", "false"),
    // Exports
    private("UserData_EnableDownload", "true"),
    // Presence
    public("Presence_broadcast_disabled", "false"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_setting_stands_once_and_its_default_is_json() {
        let mut seen = BTreeSet::new();
        for definition in all() {
            assert!(seen.insert(definition.id), "{} stands twice", definition.id);
            let parsed = serde_json::from_str::<serde_json::Value>(definition.default);
            assert!(parsed.is_ok(), "{}: {}", definition.id, definition.default);
        }
    }

    #[test]
    fn secrets_are_private() {
        for definition in all() {
            let secret = definition.id.starts_with("SMTP_") || definition.id.contains("Secret");
            assert!(!(secret && definition.public), "{}", definition.id);
        }
    }
}
