//! What runs in a `build` block: taken out of it in the order of the text, and classified.

use std::sync::Arc;

use hcl_edit::structure;

use crate::packer::body::Block;
use crate::packer::compile::Compiler;
use crate::packer::expr::Expr;
use crate::packer::json::STEPS;
use crate::packer::kinds::Component;
use crate::packer::template::Build;
use crate::packer::value::Value;

pub(super) fn hcl_build(compiler: &mut Compiler<'_>, block: &structure::Block) -> Build {
    let mut steps = Vec::new();
    let mut rest = structure::Body::new();
    for item in block.body.iter() {
        match item.as_block() {
            Some(inner) => {
                let ready = compiler.block(inner);
                if STEPS.iter().any(|(name, _)| **name == *ready.name) {
                    steps.push(ready);
                } else {
                    rest.push(item.clone());
                }
            }
            None => rest.push(item.clone()),
        }
    }
    Build {
        body: compiler.body(&rest),
        steps,
        all: false,
    }
}

/// Looks up which attributes of what runs name files.
pub(in crate::packer) fn classify_steps(steps: &mut [Block]) {
    for step in steps {
        let of = match (&step.dynamic, step.labels.first()) {
            (_, Some(label)) => label.clone(),
            (Some(dynamic), None) => match dynamic.labels.first().map(|label| &label.expr) {
                Some(Expr::Const(Value::String(label))) => label.clone(),
                _ => Arc::from("*"),
            },
            (None, None) => Arc::from("*"),
        };
        match &*step.name {
            "source" => {
                let of = of.trim_start_matches("source.");
                let of = of.split('.').next().unwrap_or(of);
                step.body.classify(Component::Source, of);
            }
            "post-processor" => step.body.classify(Component::PostProcessor, &of),
            "post-processors" => classify_steps(&mut step.body.blocks),
            _ => step.body.classify(Component::Provisioner, &of),
        }
    }
}
