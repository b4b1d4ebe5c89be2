//! `security`, `[users]` and `allow_anonymous`

use super::finding::Sheet;
use super::section::{Section, text};
use crate::Security;
use crate::engine::server::User;

/// Who may connect, and how.
pub(super) struct Access {
    pub(super) security: Option<Security>,
    pub(super) users: Vec<User>,
    pub(super) allow_anonymous: Option<bool>,
}

pub(super) fn access(sheet: &mut Sheet<'_>, section: &mut Section<'_>) -> Access {
    let security = section.text(sheet, "security").and_then(|(name, span)| {
        let security = name.parse();
        if security.is_err() {
            sheet.error(
                span,
                format!("`security` is \"none\", \"sign\", \"sign-and-encrypt\" or \"best\", not \"{name}\""),
            );
        }
        security.ok()
    });
    let mut users: Vec<User> = Vec::new();
    let entry = section.get("users");
    if let Some(section) = entry.and_then(|entry| Section::of(sheet, entry, "`users`")) {
        for (name, entry) in section.table() {
            if name.get_ref().is_empty() {
                sheet.error(name.span(), "a user needs a name: without one nobody can log in");
            }
            if let Some(password) = text(sheet, entry, name.get_ref()) {
                users.push(User { name: name.get_ref().to_string(), password: password.to_owned() });
            }
        }
    }
    let allow_anonymous = section.get("allow_anonymous").and_then(|entry| {
        let yes = entry.get_ref().as_bool();
        match yes {
            None => sheet.error(entry.span(), "`allow_anonymous` is true or false"),
            Some(false) if users.is_empty() => {
                sheet.error(entry.span(), "nobody could log in: no anonymous users, and no [users]");
            }
            Some(_) => {}
        }
        yes
    });
    Access { security, users, allow_anonymous }
}
