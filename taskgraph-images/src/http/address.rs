//! Parts of addresses.

/// A part of a path or a query, with everything else than letters, digits and `-._~` written as bytes.
pub fn encode(text: &str) -> String {
    escape(text, b"-._~")
}

/// Some parts of a path: as [`encode`], but that slashes stay.
pub fn encode_path(text: &str) -> String {
    escape(text, b"-._~/")
}

fn escape(text: &str, plain: &[u8]) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    encoded
}
