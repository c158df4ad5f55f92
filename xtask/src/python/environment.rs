//! The virtual environment of the Python suites.
//!
//! It is made once, in the target folder, from `python/tests/requirements.txt`, and used again until that file or the
//! Python below it changes. pip is asked as it is configured (an index, a folder of wheels). Nothing is skipped where
//! it does not succeed: a suite that does not run has not passed.

use crate::Outcome;
use crate::command;
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: &str = "python/tests/requirements.txt";

/// A virtual environment with all that the suites need, and the package of this workspace.
pub struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
    /// Its Python, in `root`.
    pub fn python(&self, root: &Path) -> Command {
        let mut command = Command::new(self.folder.join("bin").join("python"));
        command.current_dir(root).env("VIRTUAL_ENV", &self.folder);
        // What a user's shell has set is not what is tested.
        command.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
        command
    }
}

/// The environment, made or brought up to date if it has to be.
pub fn ready(root: &Path) -> Outcome<Environment> {
    let environment = Environment { folder: command::target_folder(root).join("python") };
    let path = root.join(REQUIREMENTS);
    let wanted = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut version = Command::new("python3");
    version.args([
        "-c",
        "import sys; assert sys.version_info >= (3, 11), 'Python 3.11 or newer is needed'; print(sys.version)",
    ]);
    let version =
        command::output(version).map_err(|failure| format!("the Python suites need Python 3.11: {failure}"))?;
    let made_of = format!("{version}{}\n{wanted}", root.display());
    let stamp = environment.folder.join("made-of");
    if std::fs::read_to_string(&stamp).is_ok_and(|old| old == made_of) {
        return Ok(environment);
    }
    println!("making {}: pip installs what {REQUIREMENTS} names", environment.folder.display());
    let mut make = Command::new("python3");
    command::run({
        // `--clear`: what an older file of requirements has left behind is gone.
        make.args(["-m", "venv", "--clear"]).arg(&environment.folder);
        make
    })?;
    let mut install = environment.python(root);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]);
    command::run(install).map_err(|failure| {
        format!(
            "{failure}\n  The Python suites did not run: pip could not install {REQUIREMENTS}. It needs an index that \
             it can reach (PIP_INDEX_URL) or a folder of wheels (PIP_FIND_LINKS, PIP_NO_INDEX=1); try `python3 -m pip \
             download numpy`."
        )
    })?;
    // The package itself stays where it is. A line of a `.pth` file also holds for processes that clear their
    // environment, as a PYTHONPATH would not.
    let mut place = environment.python(root);
    place.args(["-c", "import sysconfig; print(sysconfig.get_path('purelib'), end='')"]);
    let packages = PathBuf::from(command::output(place)?);
    let write =
        |path: &Path, text: &str| std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()));
    write(&packages.join("phalanx.pth"), &format!("{}\n", root.join("python").display()))?;
    // Last: an environment that was not finished is made again.
    write(&stamp, &made_of)?;
    Ok(environment)
}
