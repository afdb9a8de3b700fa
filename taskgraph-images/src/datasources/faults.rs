//! [`Faults`]: all that is wrong with settings, and what is.

/// What is wrong with settings.
#[derive(Default)]
pub(super) struct Faults(Vec<String>);

impl Faults {
    pub(super) fn into_list(self) -> Vec<String> {
        self.0
    }

    pub(super) fn add(&mut self, fault: String) {
        self.0.push(fault);
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        let is_part = !text.trim().is_empty() && !text.chars().any(char::is_control);
        let climbs = text.split('/').any(|part| matches!(part, "." | ".."));
        if !is_part || climbs {
            self.add(format!("`{name}` is {text:?}: expected a name"));
        }
    }

    pub(super) fn package(&mut self, name: &str, more: &str) {
        let is_known = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
        let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && name.chars().all(is_known)
            && !name.contains("..");
        if !is_name {
            self.add(format!("{name:?} is no name of a package"));
        }
    }

    pub(super) fn repository(&mut self, repository: &str) {
        let is_part = |part: &str| {
            let is_known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !part.is_empty() && part.chars().all(is_known) && !matches!(part, "." | "..")
        };
        let parts = repository.split_once('/');
        if !parts.is_some_and(|(owner, name)| is_part(owner) && is_part(name)) {
            self.add(format!(
                "`repository` is {repository:?}: expected `owner/name`"
            ));
        }
    }

    pub(super) fn address(&mut self, name: &str, address: &str) {
        let url = reqwest::Url::parse(address);
        let has_credentials =
            |url: &reqwest::Url| !url.username().is_empty() || url.password().is_some();
        if url.as_ref().is_ok_and(has_credentials) {
            // They are not repeated here.
            self.add(format!(
                "`{name}` holds credentials: tokens are given to the program, never written down"
            ));
        } else if !url.is_ok_and(|url| matches!(url.scheme(), "https" | "http")) {
            // Plain `http` is for this machine alone, which the client checks.
            self.add(format!(
                "`{name}` is {address:?}: expected an address, `https://…`"
            ));
        }
    }
}
