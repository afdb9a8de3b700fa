//! [`hunks`]: what differs between the two texts of an edit, as unified diffs have it.

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use super::FileEdit;

/// How many equal lines stand around a change.
const CONTEXT: usize = 3;

/// What stands below a last line that no line end follows.
const NO_NEWLINE: &str = "\\ No newline at end of file\n";

/// Changed lines with those around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// The number of its first line in the old text; of the line before it, where it has none there.
    pub old_start: usize,
    /// How many lines it has of the old text.
    pub old_lines: usize,
    /// The number of its first line in the new text, likewise.
    pub new_start: usize,
    /// How many lines it has of the new text.
    pub new_lines: usize,
    /// How many lines are added.
    pub added: usize,
    /// How many lines are removed.
    pub removed: usize,
    /// Whether it has the last line of the old text, and no line end follows that.
    pub old_is_unended: bool,
    /// Whether it has the last line of the new text, and no line end follows that.
    pub new_is_unended: bool,
    /// The lines, each behind a space, `-` or `+`.
    pub text: String,
}

/// What an edit changes, line by line. Lines end with a line feed alone, as they do for git: a carriage return belongs
/// to its line.
pub fn hunks(edit: &FileEdit) -> Vec<Hunk> {
    let old: Vec<&str> = edit
        .old
        .as_deref()
        .unwrap_or_default()
        .split_inclusive('\n')
        .collect();
    let new: Vec<&str> = edit.new.split_inclusive('\n').collect();
    let mut ops = capture_diff_slices(Algorithm::Myers, &old, &new);
    set_places(&mut ops);
    let groups = group_diff_ops(ops, CONTEXT);
    let hunks = groups.iter().map(|ops| hunk(ops, &old, &new));
    hunks.filter(|hunk| hunk.added + hunk.removed > 0).collect()
}

/// Sets where each operation stands in the text that it has no lines of: the library moves operations to where they
/// read better, and leaves those places as they were.
fn set_places(ops: &mut [DiffOp]) {
    let (mut old, mut new) = (0, 0);
    for op in ops {
        match op {
            DiffOp::Insert { old_index, .. } => *old_index = old,
            DiffOp::Delete { new_index, .. } => *new_index = new,
            DiffOp::Equal { .. } | DiffOp::Replace { .. } => {}
        }
        (old, new) = (op.old_range().end, op.new_range().end);
    }
}

fn hunk(ops: &[DiffOp], old: &[&str], new: &[&str]) -> Hunk {
    let start = |at: usize, lines: usize| if lines == 0 { at } else { at + 1 };
    let first = ops
        .first()
        .map_or((0, 0), |op| (op.old_range().start, op.new_range().start));
    let last = ops
        .last()
        .map_or((0, 0), |op| (op.old_range().end, op.new_range().end));
    let (old_lines, new_lines) = (last.0 - first.0, last.1 - first.1);
    let is_unended = |lines: &[&str], end: usize| {
        end == lines.len() && lines.last().is_some_and(|line| !line.ends_with('\n'))
    };
    let mut hunk = Hunk {
        old_start: start(first.0, old_lines),
        old_lines,
        new_start: start(first.1, new_lines),
        new_lines,
        added: 0,
        removed: 0,
        old_is_unended: old_lines > 0 && is_unended(old, last.0),
        new_is_unended: new_lines > 0 && is_unended(new, last.1),
        text: String::new(),
    };
    for op in ops {
        if let DiffOp::Equal { old_index, len, .. } = *op {
            hunk.push(' ', &old[old_index..old_index + len]);
        } else {
            hunk.removed += op.old_range().len();
            hunk.added += op.new_range().len();
            hunk.push('-', &old[op.old_range()]);
            hunk.push('+', &new[op.new_range()]);
        }
    }
    hunk
}

impl Hunk {
    /// Its first line: where it belongs.
    pub fn header(&self) -> String {
        let range = |start: usize, lines: usize| match lines {
            1 => start.to_string(),
            lines => format!("{start},{lines}"),
        };
        format!(
            "@@ -{} +{} @@\n",
            range(self.old_start, self.old_lines),
            range(self.new_start, self.new_lines)
        )
    }

    fn push(&mut self, mark: char, lines: &[&str]) {
        for line in lines {
            self.text.push(mark);
            self.text += line;
            if !line.ends_with('\n') {
                self.text.push('\n');
                self.text += NO_NEWLINE;
            }
        }
    }
}
