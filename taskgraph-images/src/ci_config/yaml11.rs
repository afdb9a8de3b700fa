//! Plain scalars that a YAML 1.1 reader, such as the generators', takes for something that is written another way.

/// What such a reader makes of a plain scalar, if its text would not come out again.
pub(super) fn misread(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    if matches!(&*lower, "yes" | "no" | "on" | "off" | "true" | "false") {
        return Some("a boolean");
    }
    let number = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    if !number.starts_with(|sign: char| sign.is_ascii_digit()) {
        return None;
    }
    if digits(number) {
        let changes = number.contains('_') || text.starts_with('+') || octal(number);
        return changes.then_some("a number");
    }
    if let Some(rest) = number.strip_prefix("0x") {
        let hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'_';
        return (!rest.is_empty() && rest.bytes().all(hex)).then_some("a number");
    }
    if let Some(rest) = number.strip_prefix("0b") {
        let binary = |byte: u8| matches!(byte, b'0' | b'1' | b'_');
        return (!rest.is_empty() && rest.bytes().all(binary)).then_some("a number");
    }
    if let Some((first, rest)) = number.split_once(':') {
        let part = |part: &str| part.parse::<u8>().is_ok_and(|part| part < 60);
        let times = digits(first) && !first.starts_with('0') && rest.split(':').all(part);
        return times.then_some("a number to the base of 60");
    }
    let (whole, fraction) = number.split_once('.')?;
    let (fraction, exponent) = match fraction.find(['e', 'E']) {
        Some(at) => (&fraction[..at], Some(&fraction[at + 1..])),
        None => (fraction, None),
    };
    // An exponent has a sign, or the whole is text.
    let exponent_is_one = exponent.is_none_or(|exponent| {
        exponent
            .strip_prefix(['-', '+'])
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    });
    if !digits(whole) || !digits(fraction) || !exponent_is_one {
        return None;
    }
    let zeros = fraction.is_empty() || fraction.len() > 1 && fraction.ends_with('0');
    let led = whole.len() > 1 && whole.starts_with('0');
    let changes =
        zeros || led || exponent.is_some() || text.starts_with('+') || number.contains('_');
    changes.then_some("a number")
}

/// Whether digits are read to the base of 8, where it makes a difference.
fn octal(digits: &str) -> bool {
    digits.len() > 1
        && digits.starts_with('0')
        && digits.bytes().all(|byte| (b'0'..b'8').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::misread;

    #[test]
    fn knows_what_changes() {
        // As PyYAML 6 reads them.
        for text in [
            "1.10", "1.", "01.5", "1_000", "012345", "0x1f", "0_1", "0b1", "12:30:45", "yes",
            "Off", "1.5e+3", "+7",
        ] {
            assert!(misread(text).is_some(), "{text}");
        }
        for text in [
            "1.3.5",
            "1.0",
            "1.25",
            "7",
            "-7",
            "0",
            "82415e4",
            "0123abc",
            "0x",
            "089",
            "2026-09-01",
            "12:75",
            "012:30",
            "NA",
            "",
            "alpha",
            "1.5e3",
        ] {
            assert_eq!(misread(text), None, "{text}");
        }
    }
}
