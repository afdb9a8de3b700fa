//! [`template`]: the Packer template that a builder's parts and the recipe's steps make.

use minijinja::value::Value as Jinja;
use serde_json::{Map, Value as Json};
use taskgraph_images_transforms::Os;

use crate::formats::context::Reader;
use crate::formats::expression::Expression;
use crate::formats::recipe::{Builders, Step};

/// Puts a template together, of builders that were rendered and the recipe's steps that apply; and says which these
/// are. What fails is noted with the reader.
pub(super) fn template<'r>(
    recipe: &'r Builders,
    platform: Os,
    builders: Json,
    reader: &mut Reader<'_>,
) -> (Json, Vec<&'r Step>) {
    let mut template = Map::new();
    let mut applied = Vec::new();
    template.insert("builders".to_owned(), builders);
    for (name, steps) in [
        ("provisioners", &recipe.provisioners),
        ("post-processors", &recipe.post_processors),
    ] {
        let mut rendered = Vec::new();
        for step in steps {
            if applies(step, platform, reader) {
                applied.push(step);
                rendered.extend(one(step, reader));
            }
        }
        template.insert(name.to_owned(), Json::Array(rendered));
    }
    (Json::Object(template), applied)
}

fn applies(step: &Step, platform: Os, reader: &mut Reader<'_>) -> bool {
    let has_it = step.platforms.is_empty() || step.platforms.iter().any(|os| os.0 == platform);
    if !has_it || !reader.holds(step.when.as_ref()) {
        return false;
    }
    if let Some(when) = &step.when {
        let keys = reader.keys(&when.0);
        reader.note(&keys);
    }
    true
}

/// The step, or one for each item that it is there for.
fn one(step: &Step, reader: &mut Reader<'_>) -> Vec<Json> {
    let Some(each) = &step.each else {
        return vec![reader.value(&step.step)];
    };
    let items = match each.items(reader.environment, &reader.context) {
        Ok(items) => items,
        Err(fault) => {
            reader.fail(fault);
            return Vec::new();
        }
    };
    let outer = reader.context.clone();
    let mut previous = Jinja::from("");
    let mut steps = Vec::new();
    for item in items {
        reader.context =
            minijinja::context! { item => item, previous => previous, ..outer.clone() };
        steps.push(reader.value(&step.step));
        previous = item;
    }
    reader.context = outer;
    steps
}

impl Step {
    /// Whether the step reads a name.
    pub(super) fn uses(&self, name: &str) -> bool {
        let parts = [
            self.when.as_ref().map(|when| &when.0),
            self.each.as_ref().map(|each| &each.0),
            Some(&self.step),
        ];
        parts.into_iter().flatten().any(|part| reads(part, name))
    }
}

/// Whether an expression reads a name.
pub(super) fn reads(expression: &Expression, name: &str) -> bool {
    let environment = crate::formats::expression::environment();
    expression
        .names(&environment)
        .iter()
        .any(|read| read.split('.').next() == Some(name))
}
