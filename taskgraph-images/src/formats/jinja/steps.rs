//! [`template`]: the Packer template that a builder's parts and the recipe's steps make.

use minijinja::value::Value as Jinja;
use serde_json::{Map, Value as Json};
use taskgraph_images_transforms::Os;

use crate::formats::context::Reader;
use crate::formats::recipe::{Builders, Step};

/// A template as Packer reads it, and as it counts.
pub(super) struct Template {
    pub(super) printed: Json,
    pub(super) means: Json,
}

/// Puts a template together. What fails is noted with the reader.
pub(super) fn template(
    recipe: &Builders,
    platform: Os,
    builders: Vec<Json>,
    reader: &mut Reader<'_>,
) -> Template {
    let (mut printed, mut means) = (Map::new(), Map::new());
    for part in [&mut printed, &mut means] {
        part.insert("builders".to_owned(), Json::Array(builders.clone()));
    }
    for (name, steps) in [
        ("provisioners", &recipe.provisioners),
        ("post-processors", &recipe.post_processors),
    ] {
        let (mut as_printed, mut as_meant) = (Vec::new(), Vec::new());
        for step in steps {
            for (step, meaning) in one(step, platform, reader) {
                as_printed.push(step);
                as_meant.push(meaning);
            }
        }
        printed.insert(name.to_owned(), Json::Array(as_printed));
        means.insert(name.to_owned(), Json::Array(as_meant));
    }
    Template {
        printed: Json::Object(printed),
        means: Json::Object(means),
    }
}

/// What a step is there for: as printed, and as it counts.
fn one(step: &Step, platform: Os, reader: &mut Reader<'_>) -> Vec<(Json, Json)> {
    let applies = step.platforms.is_empty() || step.platforms.iter().any(|os| os.0 == platform);
    if !applies || !reader.holds(step.when.as_ref()) {
        return Vec::new();
    }
    if let Some(when) = &step.when {
        let keys = reader.keys(&when.0);
        reader.note(&keys);
    }
    let Some(each) = &step.each else {
        return vec![pair(step, reader)];
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
        steps.push(pair(step, reader));
        previous = item;
    }
    reader.context = outer;
    steps
}

fn pair(step: &Step, reader: &mut Reader<'_>) -> (Json, Json) {
    let printed = reader.value(&step.step);
    let means = match &step.means {
        Some(means) => reader.value(means),
        None => printed.clone(),
    };
    (printed, means)
}

impl Step {
    /// Whether the step reads a name.
    pub(super) fn uses(&self, name: &str) -> bool {
        let environment = crate::formats::expression::environment();
        let parts = [
            self.when.as_ref().map(|when| &when.0),
            self.each.as_ref().map(|each| &each.0),
            Some(&self.step),
            self.means.as_ref(),
        ];
        parts.into_iter().flatten().any(|part| {
            part.names(&environment)
                .iter()
                .any(|read| read.split('.').next() == Some(name))
        })
    }
}
