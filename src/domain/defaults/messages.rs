//! Settings of messages and files that the main table does not have.

use crate::domain::setting::{Definition, private, public};

pub(super) const SETTINGS: &[Definition] = &[
    public("Message_AllowBadWordsFilter", "false"),
    private("Message_BadWordsFilterList", r#""""#),
    private("Message_BadWordsWhitelist", r#""""#),
    public("Message_AlwaysSearchRegExp", "false"),
    public("Message_Attachments_Thumbnails_Enabled", "true"),
    public("Message_Attachments_Thumbnails_Width", "480"),
    public("Message_Attachments_Thumbnails_Height", "360"),
    public("Message_Attachments_Strip_Exif", "true"),
    public("FileUpload_RotateImages", "true"),
    private("FileUpload_Enable_json_web_token_for_files", "true"),
    private("FileUpload_Storage_Type", r#""FileSystem""#).select(),
    public("E2E_Enable_Encrypt_Files", "true"),
];
