//! The one Handlebars engine of this crate, and the helpers that templates may use.

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderErrorReason,
};
use serde_json::Value;

use crate::quote;

/// Strict, without escaping: a missing name is an error, and a value is what it is.
pub(super) fn engine() -> Handlebars<'static> {
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    engine.register_escape_fn(handlebars::no_escape);
    for (name, change) in [
        ("sh", (|value| quote::sh(value.as_str()?)) as Change),
        ("ps", |value| quote::powershell(value.as_str()?)),
        ("lower", |value| Some(value.as_str()?.to_lowercase())),
        ("upper", |value| Some(value.as_str()?.to_uppercase())),
        ("json", |value| Some(value.to_string())),
    ] {
        engine.register_helper(name, Box::new(OneValue { name, change }));
    }
    engine
}

type Change = fn(&Value) -> Option<String>;

/// A helper that changes one value, such as `{{sh name}}`.
struct OneValue {
    name: &'static str,
    change: Change,
}

impl HelperDef for OneValue {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let fault = |why: &str| RenderErrorReason::Other(format!("`{}`: {why}", self.name));
        let param = helper
            .param(0)
            .filter(|param| helper.params().len() == 1 && !param.is_value_missing())
            .ok_or_else(|| fault("expected one value that exists"))?;
        let changed = (self.change)(param.value())
            .ok_or_else(|| fault("the value is not text that can be written so"))?;
        out.write(&changed)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(template: &str, x: &str) -> Result<String, String> {
        engine()
            .render_template(template, &serde_json::json!({"x": x, "n": 1}))
            .map_err(|error| error.reason().to_string())
    }

    #[test]
    fn quoting() {
        assert_eq!(
            render("echo {{sh x}}", "a'; id").unwrap(),
            "echo \"a'; id\""
        );
        assert_eq!(render("echo {{ps x}}", "a'; id").unwrap(), "echo 'a''; id'");
        assert_eq!(
            render("{{json x}} {{json n}}", "a\"b").unwrap(),
            "\"a\\\"b\" 1"
        );
        assert_eq!(render("{{lower x}}{{upper x}}", "aB").unwrap(), "abAB");
        assert_eq!(render("{{x}}", "a && <b>").unwrap(), "a && <b>");
    }

    #[test]
    fn helpers_refuse_what_they_cannot_write() {
        assert!(render("{{sh n}}", "").is_err());
        assert!(render("{{sh y}}", "").is_err());
        assert!(render("{{sh x}}", "a\0").is_err());
        assert!(render("{{sh x x}}", "a").is_err());
    }
}
