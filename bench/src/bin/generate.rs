//! Writes a synthetic repository: `generate IMAGES DIRECTORY`. Prints the labels that its last commit affects.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use taskgraph_images_bench::Synthetic;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [images, directory] = &arguments[..] else {
        let _ = writeln!(io::stderr(), "usage: generate IMAGES DIRECTORY");
        return ExitCode::from(2);
    };
    let Ok(size) = images.parse() else {
        let _ = writeln!(io::stderr(), "`{images}` is not a number of images");
        return ExitCode::from(2);
    };
    match generate(size, Path::new(directory)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn generate(size: usize, directory: &Path) -> io::Result<()> {
    let synthetic = Synthetic::new(size);
    synthetic.write(directory)?;
    let mut out = io::BufWriter::new(io::stdout());
    for label in synthetic.labels() {
        writeln!(out, "{label}")?;
    }
    out.flush()
}
