//! `level-mismatch`: a level-1 image where level 3 boots it. Whoever can make level-1 images could then run in level 3.
//!
//! What an image's level is, is told by its manifest, by what is declared of its project, by the name of its project and
//! by its own name. Where none of them tells, the project of an image tells it by company: one that level-1 providers
//! use too, while other images for the level-3 provider are in a project of its own.

use std::collections::BTreeSet;

use taskgraph_images_transforms::Level;

use super::{Context, Draft, Rule};
use crate::ci_config::{Location, Pool, Reference, level_in, level_of_group};

pub(super) const RULE: Rule = Rule {
    id: "level-mismatch",
    summary: "an image of one level is booted at another",
    run,
};

fn run(context: &mut Context<'_>) {
    images(context);
    pools(context);
}

fn images(context: &mut Context<'_>) {
    let projects = Projects::new(context);
    for (image, location) in context.locations() {
        let Some(level) = level_of(context, location) else {
            continue;
        };
        let mut reasons: Vec<(Level, String)> = Vec::new();
        // A run of level 3 makes the images of every level: what it published says nothing against level 1.
        if let Some(published) = context.published(location)
            && published.level < level
        {
            reasons.push((
                published.level,
                format!("its manifest says level {}", published.level),
            ));
        }
        let project = project(location);
        if let Some(project) = project {
            let options = context.options;
            if let Some(level) = options.project_levels.get(project) {
                reasons.push((
                    *level,
                    format!("the project `{project}` is of level {level}"),
                ));
            } else if let Some(level) = level_in(project) {
                reasons.push((level, format!("the project `{project}` is named so")));
            }
        }
        if let Some((name, level)) = location
            .reference
            .names()
            .into_iter()
            .find_map(|name| Some((name, level_in(name)?)))
        {
            reasons.push((level, format!("its name `{name}` says level {level}")));
        }
        if level == Level::Three
            && reasons.iter().all(|(said, _)| *said != level)
            && let Some(project) = project
            && projects.are_of_level_one(location, project)
        {
            reasons.push((
                Level::One,
                format!("level-1 providers use the project `{project}` too"),
            ));
        }
        let other: Vec<&(Level, String)> =
            reasons.iter().filter(|(said, _)| *said != level).collect();
        let Some((said, _)) = other.first() else {
            continue;
        };
        let why: Vec<&str> = other.iter().map(|(_, why)| why.as_str()).collect();
        let message = format!(
            "`{}` has an image of level {said} for the level-{level} provider `{}`: {}; {}",
            image.name,
            location.provider,
            why.join(", "),
            context.users(&image.name, &location.provider)
        );
        let draft = if level == Level::Three {
            Draft::error(&image.name, &location.place).hint(
                "level 3 boots only what level 3 built: name its own image, or remove the line",
            )
        } else {
            Draft::warning(&image.name, &location.place)
                .hint("what is on a level-3 image may be none of level 1's business")
        };
        context.find(draft.say(message));
    }
}

/// Pools whose group says another level than their provider.
fn pools(context: &mut Context<'_>) {
    let config = context.config;
    for pool in &config.pools {
        let Some(group) = level_of_group(pool.group()) else {
            continue;
        };
        let message = match config.levels.of(&pool.provider) {
            Some(level) if level != group => format!(
                "the pool `{}` of level {group} is on the level-{level} provider `{}`",
                pool.id, pool.provider
            ),
            // A provider that nobody knows the level of has that of its company.
            None if group == Level::Three && serves_level_one(&config.pools, pool) => format!(
                "the pool `{}` of level 3 is on the provider `{}`, which serves pools of level 1 too",
                pool.id, pool.provider
            ),
            _ => continue,
        };
        let draft = if group == Level::Three {
            Draft::error(&pool.id, &pool.place)
                .hint("use the provider of its level, or declare the provider's level")
        } else {
            Draft::warning(&pool.id, &pool.place).hint("use the provider of its level")
        };
        context.find(draft.say(message));
    }
}

fn serves_level_one(pools: &[Pool], pool: &Pool) -> bool {
    pool.cloud.is_some()
        && pools.iter().any(|other| {
            other.provider == pool.provider && level_of_group(other.group()) == Some(Level::One)
        })
}

/// The level at which a location is booted.
fn level_of(context: &Context<'_>, location: &Location) -> Option<Level> {
    context.config.levels.of(&location.provider)
}

fn project(location: &Location) -> Option<&str> {
    match &location.reference {
        Reference::Google { project, .. } => project.as_deref(),
        _ => None,
    }
}

/// Which projects providers of each level use.
struct Projects<'a> {
    level_one: BTreeSet<&'a str>,
    /// By provider of level 3.
    level_three: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Projects<'a> {
    fn new(context: &Context<'a>) -> Self {
        let mut projects = Self {
            level_one: BTreeSet::new(),
            level_three: BTreeSet::new(),
        };
        for (_, location) in context.locations() {
            let Some(project) = project(location) else {
                continue;
            };
            match level_of(context, location) {
                Some(Level::One) => projects.level_one.insert(project),
                Some(Level::Three) => projects.level_three.insert((&location.provider, project)),
                None => continue,
            };
        }
        projects
    }

    /// Whether level-1 providers use the project, and the location's provider has another that they do not.
    fn are_of_level_one(&self, location: &Location, project: &str) -> bool {
        self.level_one.contains(project)
            && self.level_three.iter().any(|(provider, other)| {
                *provider == location.provider && !self.level_one.contains(other)
            })
    }
}
