//! A library that puts itself before the system's clock and its writing to files, in the processes of a cluster: clocks
//! jump and disks are slow when a file says so.

use phalanx_engine::{Error, Result};
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
/* Seconds that clocks are ahead, and nanoseconds that a write to a file takes. */
static volatile long *said(void) {
    static volatile long *mapped;
    if (!mapped) {
        int file = open(getenv("CHAOS_PRELOAD"), O_RDONLY);
        mapped = mmap(0, 2 * sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    }
    return mapped;
}
int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, time);
    if (clock == CLOCK_REALTIME) time->tv_sec += said()[0];
    return result;
}
int gettimeofday(struct timeval *time, void *zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}
static void wait_for_disk(int file) {
    struct stat status;
    long delay = said()[1];
    if (delay && !fstat(file, &status) && S_ISREG(status.st_mode)) {
        struct timespec pause = {delay / 1000000000, delay % 1000000000};
        nanosleep(&pause, 0);
    }
}
ssize_t write(int file, const void *bytes, size_t count) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    wait_for_disk(file);
    return real(file, bytes, count);
}
ssize_t writev(int file, const struct iovec *parts, int count) {
    static ssize_t (*real)(int, const struct iovec *, int);
    if (!real) real = dlsym(RTLD_NEXT, "writev");
    wait_for_disk(file);
    return real(file, parts, count);
}
"#;

/// The library, and the file that it reads.
#[derive(Debug)]
pub struct Preload {
    folder: tempfile::TempDir,
}

impl Preload {
    /// Compiles it.
    ///
    /// # Errors
    /// `Unsupported`: there is no compiler of C.
    pub fn build() -> Result<Self> {
        let folder = tempfile::tempdir().map_err(|error| cant(&error))?;
        let preload = Self { folder };
        std::fs::write(preload.at("preload.c"), SOURCE).map_err(|error| cant(&error))?;
        std::fs::write(preload.at("said"), [0; 16]).map_err(|error| cant(&error))?;
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-o"]).args([preload.at("preload.so"), preload.at("preload.c")]).arg("-ldl");
        match compiler.status() {
            Ok(status) if status.success() => Ok(preload),
            _ => Err(Error::unsupported("a library in C can't be built here")),
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What goes before the command of a process that loads it.
    pub fn command(&self) -> Vec<OsString> {
        let variable = |name: &str, file: &str| format!("{name}={}", self.at(file).display()).into();
        vec!["env".into(), variable("LD_PRELOAD", "preload.so"), variable("CHAOS_PRELOAD", "said")]
    }

    /// Clocks are so many seconds ahead from now on.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn jump(&self, seconds: i64) -> Result<()> {
        self.say(0, seconds)
    }

    /// A write to a file takes so long from now on.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn delay_writes(&self, delay: Duration) -> Result<()> {
        self.say(8, i64::try_from(delay.as_nanos()).unwrap_or(i64::MAX))
    }

    /// In place: the processes have mapped it.
    fn say(&self, at: u64, number: i64) -> Result<()> {
        let said = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().write(true).open(self.at("said"))?;
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&number.to_ne_bytes())
        };
        said().map_err(|error| cant(&error))
    }
}

fn cant(error: &std::io::Error) -> Error {
    Error::resources("a library to be preloaded can't be made").caused_by(error)
}
