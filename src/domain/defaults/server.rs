//! Settings of the server as a whole: limits, logs, mail, exports, retention, layout.

use crate::domain::setting::{Definition, Kind, private, public};

pub(super) const SETTINGS: &[Definition] = &[
    // REST
    private("API_Embed", "false"),
    private("API_EmbedIgnoredHosts", r#""localhost, 127.0.0.1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16""#),
    private("API_EmbedSafePorts", r#""80, 443""#),
    private("API_Shield_user_require_auth", "false"),
    // Calls over WebSocket and method.call
    private("DDP_Rate_Limit_IP_Enabled", "true"),
    private("DDP_Rate_Limit_IP_Requests_Allowed", "120000"),
    private("DDP_Rate_Limit_IP_Interval_Time", "60000"),
    private("DDP_Rate_Limit_User_Enabled", "true"),
    private("DDP_Rate_Limit_User_Requests_Allowed", "1200"),
    private("DDP_Rate_Limit_User_Interval_Time", "60000"),
    private("DDP_Rate_Limit_Connection_Enabled", "true"),
    private("DDP_Rate_Limit_Connection_Requests_Allowed", "600"),
    private("DDP_Rate_Limit_Connection_Interval_Time", "60000"),
    private("DDP_Rate_Limit_User_By_Method_Enabled", "true"),
    private("DDP_Rate_Limit_User_By_Method_Requests_Allowed", "20"),
    private("DDP_Rate_Limit_User_By_Method_Interval_Time", "10000"),
    private("DDP_Rate_Limit_Connection_By_Method_Enabled", "true"),
    private("DDP_Rate_Limit_Connection_By_Method_Requests_Allowed", "10"),
    private("DDP_Rate_Limit_Connection_By_Method_Interval_Time", "10000"),
    // Logs
    private("Log_Trace_Methods", "false"),
    private("Log_Trace_Methods_Filter", r#""""#),
    private("Log_Trace_Subscriptions", "false"),
    private("Log_Trace_Subscriptions_Filter", r#""""#),
    // Mail
    private("SMTP_Pool", "true"),
    private("SMTP_Test_Button", r#""sendSMTPTestEmail""#).as_kind(Kind::Action),
    // Copies of one's own data
    private("UserData_FileSystemPath", r#""""#),
    private("UserData_FileSystemZipPath", r#""""#),
    private("UserData_ProcessingFrequency", "2"),
    private("UserData_MessageLimitPerRequest", "1000"),
    // Retention
    public("RetentionPolicy_Enabled", "false"),
    public("RetentionPolicy_AppliesToChannels", "false"),
    public("RetentionPolicy_AppliesToGroups", "false"),
    public("RetentionPolicy_AppliesToDMs", "false"),
    public("RetentionPolicy_TTL_Channels", "2592000000"),
    public("RetentionPolicy_TTL_Groups", "2592000000"),
    public("RetentionPolicy_TTL_DMs", "2592000000"),
    public("RetentionPolicy_DoNotPrunePinned", "false"),
    public("RetentionPolicy_DoNotPruneDiscussion", "true"),
    public("RetentionPolicy_DoNotPruneThreads", "true"),
    public("RetentionPolicy_FilesOnly", "false"),
    private("RetentionPolicy_Precision", r#""0""#).select(),
    // Layout
    public("Layout_Home_Title", r#""Home""#),
    public("Layout_Home_Body", r#""""#).code(),
    public("Layout_Sidenav_Footer", r#""""#).code(),
    public("Layout_Sidenav_Footer_Dark", r#""""#).code(),
    public("Layout_Terms_of_Service", r#""""#).code(),
    public("Layout_Privacy_Policy", r#""""#).code(),
    public("Layout_Login_Terms", r#""""#).code(),
    public("Layout_Legal_Notice", r#""""#).code(),
    public("Layout_Login_Hide_Title", "false"),
    public("Layout_Login_Template", r#""horizontal-template""#).select(),
    public("Layout_Show_Home_Button", "true"),
    public("theme-custom-css", r#""""#).code(),
    public("theme-color-rc-color-button-primary", r##""#1d74f5""##).as_kind(Kind::Color),
    public("theme-color-rc-color-primary-background", r##""#1f2329""##).as_kind(Kind::Color),
    public("UI_DisplayRoles", "true"),
    public("UI_Click_Direct_Message", "false"),
    public("UI_Unread_Counter_Style", r#""Different_Style_For_User_Mentions""#).select(),
    // Calls
    public("VoIP_Enabled", "false"),
    // Pushing to devices
    public("Push_enable", "false"),
    private("Push_enable_gateway", "false"),
    private("Push_gateway", r#""""#).code(),
    public("Push_show_username_room", "true"),
    public("Push_show_message", "true"),
];
