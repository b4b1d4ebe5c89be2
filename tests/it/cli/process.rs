//! Running `opc` and looking at what it did.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Longer than anything here takes; a program that still runs then has hung.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// What a finished `opc` left behind.
#[derive(Debug)]
pub(crate) struct Done {
    /// `None` where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    /// Stdout with every time replaced.
    pub(crate) fn masked(&self) -> String {
        mask(&self.stdout)
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Done {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }
}

/// An `opc` that runs. Killed when dropped.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: mpsc::Receiver<String>,
}

pub(crate) fn command(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_opc"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in ["OPC_SERVER", "OPC_TIMEOUT", "OPC_CLIENT", "OPC_ALIASES", "OPC_LOG", "COLUMNS"] {
        command.env_remove(variable);
    }
    command
}

pub(crate) fn start(command: &mut Command) -> Running {
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let (sender, stderr) = mpsc::channel();
    // Ends with the program, and reads on though nobody looks.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| _ = sender.send(line)));
    let stdout = child.stdout.take().map(BufReader::new);
    let stdin = child.stdin.take();
    Running { child, stdin, stdout, stderr }
}

/// Runs `opc` to its end.
pub(crate) fn opc(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Done {
    start(&mut command(arguments)).finish()
}

/// Runs `opc` to its end with this on standard input.
pub(crate) fn opc_with(input: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Done {
    let mut running = start(command(arguments).stdin(Stdio::piped()));
    let mut stdin = running.stdin.take().unwrap();
    let input = input.to_owned();
    // Beside the output, of which the pipe holds only so much.
    let writer = std::thread::spawn(move || {
        // One that does not read it to the end has its reasons.
        let _ = stdin.write_all(input.as_bytes());
    });
    let done = running.finish();
    writer.join().unwrap();
    done
}

impl Running {
    /// The next line of stdout; empty at its end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        line
    }

    /// The next line of stderr.
    pub(crate) fn note(&self) -> String {
        self.stderr.recv_timeout(PATIENCE).unwrap()
    }

    /// More on standard input.
    pub(crate) fn send(&mut self, text: &str) {
        self.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// No more on standard input.
    pub(crate) fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Nobody reads stdout any more.
    pub(crate) fn hang_up(&mut self) {
        self.stdout = None;
    }

    /// As the shell's `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Waits for the end, reading on.
    pub(crate) fn finish(mut self) -> Done {
        let (ended, patience) = mpsc::channel::<()>();
        let pid = self.child.id().to_string();
        let watchdog = std::thread::spawn(move || {
            if patience.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = Command::new("kill").args(["-s", "KILL", &pid]).status();
            }
        });
        let mut stdout = String::new();
        if let Some(mut out) = self.stdout.take() {
            out.read_to_string(&mut stdout).unwrap();
        }
        let code = self.child.wait().unwrap().code();
        drop(ended);
        watchdog.join().unwrap();
        let stderr = self.stderr.iter().map(|line| line + "\n").collect();
        Done { code, stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Has no effect on one that has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every RFC 3339 time becomes `TIME`.
pub(crate) fn mask(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, tail) = rest.split_at(at);
        masked.push_str(before);
        let end = tail.find(|c: char| !(c.is_ascii_digit() || "-:.TZ".contains(c))).unwrap_or(tail.len());
        let (word, behind) = tail.split_at(end);
        let is_time = chrono::DateTime::parse_from_rfc3339(word).is_ok();
        masked.push_str(if is_time { "TIME" } else { word });
        rest = behind;
    }
    masked + rest
}
