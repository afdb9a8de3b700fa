//! Writes a synthetic repository: `generate IMAGES DIRECTORY`. Prints the labels that its last commit affects. With a
//! number of commits as third argument, so many commits of everyday work follow.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use taskgraph_images_bench::Synthetic;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (images, directory, edits) = match &arguments[..] {
        [images, directory] => (images, directory, "0"),
        [images, directory, edits] => (images, directory, edits.as_str()),
        _ => {
            let _ = writeln!(io::stderr(), "usage: generate IMAGES DIRECTORY [COMMITS]");
            return ExitCode::from(2);
        }
    };
    let (Ok(size), Ok(edits)) = (images.parse(), edits.parse()) else {
        let _ = writeln!(io::stderr(), "`{images}` or `{edits}` is no number");
        return ExitCode::from(2);
    };
    match generate(size, Path::new(directory), edits) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn generate(size: usize, directory: &Path, edits: usize) -> io::Result<()> {
    let synthetic = Synthetic::new(size);
    synthetic.write(directory, edits)?;
    let mut out = io::BufWriter::new(io::stdout());
    for label in synthetic.labels() {
        writeln!(out, "{label}")?;
    }
    out.flush()
}
