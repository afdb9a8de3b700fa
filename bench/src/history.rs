//! Writing the repository, through `git fast-import`.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::files;
use crate::shape::{FAMILIES, Synthetic, image_name};

/// The commits that the images are spread over.
const COMMITS: usize = 10;

impl Synthetic {
    /// Makes a repository in `directory`, which is created: its history, packed, and a work tree at the last commit;
    /// then `edits` commits of everyday work.
    ///
    /// # Errors
    /// When git fails, or the directory holds a repository already.
    pub fn write(&self, directory: &Path, edits: usize) -> io::Result<()> {
        std::fs::create_dir_all(directory)?;
        if directory.join(".git").exists() {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                format!("`{}` holds a repository", directory.display()),
            ));
        }
        run(git(directory).args(["init", "--quiet", "--initial-branch=main"]))?;
        let mut import = git(directory)
            .args(["fast-import", "--quiet"])
            .stdin(Stdio::piped())
            .spawn()?;
        if let Some(stdin) = import.stdin.take() {
            let mut stream = Stream(BufWriter::new(stdin));
            self.commits(&mut stream)?;
            for edit in self.edits(edits) {
                stream.commit(&edit.message)?;
                stream.file(&edit.path, &edit.content)?;
            }
            stream.0.flush()?;
        }
        if !import.wait()?.success() {
            return Err(io::Error::other("`git fast-import` failed"));
        }
        // What a server sends: deltas against the best of all objects, not in the order of writing.
        run(git(directory).args(["repack", "-a", "-d", "-f", "--quiet"]))?;
        run(git(directory).args(["pack-refs", "--all"]))?;
        run(git(directory).args(["reset", "--quiet", "--hard"]))
    }

    fn commits(&self, stream: &mut Stream<impl Write>) -> io::Result<()> {
        stream.commit("What all images share")?;
        stream.file("README.md", "A synthetic repository, for measurements.\n")?;
        stream.file("image-defs/config.yml", files::CONFIG)?;
        stream.file("image-defs/pins.yml", &files::pins())?;
        stream.file("image-defs/fragments/linux.yml", files::LINUX)?;
        for family in 0..FAMILIES {
            stream.file(
                &format!("image-defs/fragments/family/f{family}.yml"),
                &files::family(family),
            )?;
        }
        let template = "image-defs/packer/linux";
        stream.file(
            &format!("{template}/variables.pkr.hcl"),
            files::TEMPLATE_VARIABLES,
        )?;
        stream.file(
            &format!("{template}/sources.pkr.hcl"),
            &files::template_sources(),
        )?;
        stream.file(
            &format!("{template}/build.pkr.hcl"),
            &files::template_build(),
        )?;
        for at in 0..4 {
            stream.file(
                &format!("image-defs/files/linux/file-{at}.conf"),
                &format!("setting={at}\n"),
            )?;
            stream.file(
                &format!("image-defs/checks/linux/{at}0-check.sh"),
                &files::check(at),
            )?;
        }
        stream.commit("Scripts")?;
        for at in 0..self.scripts.len() {
            stream.file(&script_path(at), &self.script(at))?;
        }
        let each = self.images.len().div_ceil(COMMITS).max(1);
        for at in 0..self.images.len() {
            if at.is_multiple_of(each) {
                stream.commit(&format!("Images from {at} on"))?;
            }
            stream.file(&definition_path(at), &self.definition(at))?;
        }
        let median = self.median();
        stream.commit(&format!("Change {}", files::script_name(median)))?;
        let changed = format!("{}echo \"step {median} is done\"\n", self.script(median));
        stream.file(&script_path(median), &changed)
    }
}

pub(crate) fn definition_path(at: usize) -> String {
    format!(
        "image-defs/images/team-{:03}/{}.yml",
        at / 100,
        image_name(at)
    )
}

pub(crate) fn script_path(at: usize) -> String {
    format!("image-defs/scripts/{}", files::script_name(at))
}

/// The language of `git fast-import`.
struct Stream<W>(W);

impl<W: Write> Stream<W> {
    fn commit(&mut self, message: &str) -> io::Result<()> {
        // Always the same time, so that the same content has the same id.
        write!(
            self.0,
            "commit refs/heads/main\ncommitter Bench <bench@example.org> 1700000000 +0000\ndata {}\n{message}\n",
            message.len()
        )
    }

    fn file(&mut self, path: &str, content: &str) -> io::Result<()> {
        let mode = if path.ends_with(".sh") { "755" } else { "644" };
        write!(
            self.0,
            "M {mode} inline {path}\ndata {}\n{content}\n",
            content.len()
        )
    }
}

/// Git, with nobody's settings but the repository's.
fn git(directory: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE");
    command
}

fn run(command: &mut Command) -> io::Result<()> {
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("{command:?} failed: {status}")))
    }
}
