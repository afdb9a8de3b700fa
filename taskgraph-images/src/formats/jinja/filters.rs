//! Filters as Jinja has them in Python, where the engine's own differ.

use minijinja::Error;
use minijinja::value::Kwargs;

/// Indents all lines but the first: `indent(width=4, first=False, blank=False)`.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the engine hands filters their values"
)]
pub(super) fn indent(text: String, width: Option<usize>, kwargs: Kwargs) -> Result<String, Error> {
    /// More would only fill memory.
    const WIDEST: usize = 200;
    let width = match kwargs.get::<Option<usize>>("width")? {
        Some(named) => named,
        None => width.unwrap_or(4),
    };
    let first: Option<bool> = kwargs.get("first")?;
    let blank: Option<bool> = kwargs.get("blank")?;
    kwargs.assert_all_used()?;
    let margin = " ".repeat(width.min(WIDEST));
    let mut out = String::with_capacity(text.len());
    // A line break at the end stays one; Python's `splitlines` sees no line after it.
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.push('\n');
        }
        let indented = match at {
            0 => first == Some(true),
            _ => !line.is_empty() || blank == Some(true),
        };
        if indented {
            out.push_str(&margin);
        }
        out.push_str(line);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use minijinja::Environment;

    fn check(template: &str) -> String {
        let mut engine = Environment::new();
        engine.add_filter("indent", super::indent);
        engine.render_str(template, ()).unwrap()
    }

    #[test]
    fn lines_are_indented_as_in_python() {
        let text = "{% filter indent(width=2, first=False) %}a\n\n  b\n{% endfilter %}";
        assert_eq!(check(text), "a\n\n    b\n");
        assert_eq!(
            check("{{ 'a\nb' | indent(2, first=True, blank=True) }}"),
            "  a\n  b"
        );
        assert_eq!(check("{{ 'a\nb' | indent }}"), "a\n    b");
        assert!(
            minijinja::Environment::new()
                .render_str("{{ 'a' | indent(nonsense=1) }}", ())
                .is_err()
        );
    }
}
