//! What comes with the program is sound.

use super::recipe::shipped_path;
use super::{Recipe, shipped_names, shipped_text};

#[test]
fn every_recipe_can_be_read() {
    for name in shipped_names() {
        let text = shipped_text(name).unwrap();
        let recipe = Recipe::read(&shipped_path(name), text.as_bytes()).unwrap();
        assert_eq!(recipe.name, name);
    }
}
