//! Finding, starting and stopping the foreign programs.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// A foreign stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stack {
    Asyncua,
    NodeOpcua,
    Open62541,
}

/// What the programs may take to start on a small machine that compiles at the same time.
const PATIENCE: Duration = Duration::from_secs(90);

impl Stack {
    fn file(self) -> (&'static str, &'static str) {
        match self {
            Stack::Asyncua => ("asyncua", "py"),
            Stack::NodeOpcua => ("node_opcua", "js"),
            Stack::Open62541 => ("o6", "py"),
        }
    }

    /// The program with its interpreter; `None`, with a word about it, where the stack is not installed.
    fn command(self, role: &str) -> Option<Command> {
        let dir = std::env::var_os("OPENOPC_PEERS")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers"), PathBuf::from);
        let (name, extension) = self.file();
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/interop/peers")
            .join(format!("{name}_{role}.{extension}"));
        let (interpreter, needed) = match extension {
            "js" => (PathBuf::from("node"), dir.join("node_modules/node-opcua")),
            _ => (dir.join("venv/bin/python"), dir.join("venv/bin/python")),
        };
        if !needed.exists() {
            let message =
                format!("{self:?} is not installed: run tests/interop/peers/install.sh {}", dir.display());
            assert!(std::env::var_os("CI").is_none(), "{message}");
            // Past the test harness, which keeps what passing tests print to itself.
            let _ = writeln!(std::io::stderr(), "SKIPPED: {message}");
            return None;
        }
        let mut command = Command::new(interpreter);
        command.arg(script).env("NODE_PATH", dir.join("node_modules")).env("PYTHONUNBUFFERED", "1");
        Some(command)
    }

    /// Starts the stack's server and waits until it accepts connections.
    pub(crate) fn server(self) -> Option<Server> {
        self.server_at("0")
    }

    /// As [`server`](Self::server), on this port.
    pub(crate) fn server_at(self, port: &str) -> Option<Server> {
        self.start("server", port)
    }

    /// As [`server`](Self::server), the one that has a past.
    pub(crate) fn historian(self) -> Option<Server> {
        self.start("history", "0")
    }

    /// As [`server_at`](Self::server_at), the one that signs and encrypts, with a new certificate each time.
    pub(crate) fn secure(self, port: &str) -> Option<Server> {
        self.start("secure", port)
    }

    fn start(self, role: &str, port: &str) -> Option<Server> {
        let mut command = self.command(role)?;
        let mut child = command
            .arg(port)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start the {self:?} {role}: {error}"));
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("it is piped");
        let (sender, line) = mpsc::channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(stdout).lines();
            let _ = sender.send(lines.next());
            // Reading on keeps the pipe from filling.
            lines.for_each(drop);
        });
        let url = match line.recv_timeout(PATIENCE) {
            Ok(Some(Ok(url))) => url,
            other => panic!("the {self:?} {role} did not start: {other:?}"),
        };
        Some(Server { url, child, _stdin: stdin })
    }

    /// Runs the stack's client against `url` and shows what it checked.
    pub(crate) fn client(self, url: &str) {
        self.run("client", url);
    }

    /// As [`client`](Self::client), the one for this.
    pub(crate) fn run(self, role: &str, url: &str) {
        let Some(mut command) = self.command(role) else { return };
        let mut child = command
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start the {self:?} client: {error}"));
        let mut errors = child.stderr.take().expect("it is piped");
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = errors.read_to_string(&mut text);
            text
        });
        let stdout = child.stdout.take().expect("it is piped");
        let mut checks = 0;
        let mut failed = Vec::new();
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            println!("{self:?} client: {line}");
            checks += 1;
            let ok = serde_json::from_str(&line).is_ok_and(|check: serde_json::Value| check["ok"] == true);
            if !ok {
                failed.push(line);
            }
        }
        let status = child.wait().expect("it was started");
        let errors = errors.join().unwrap_or_default();
        assert!(
            failed.is_empty() && status.success(),
            "{self:?} client: {status}, failed: {failed:#?}\n{errors}"
        );
        assert!(checks >= 12, "{self:?} client made only {checks} checks\n{errors}");
    }
}

/// A running server; ends when dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    child: Child,
    _stdin: Option<ChildStdin>,
}

impl Server {
    /// Ends it without a goodbye of any kind.
    pub(crate) fn kill(&mut self) {
        // It ends by itself when its standard input does; a hanging one must not keep the tests.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Runs `opc` against it; stdout, stderr and the exit code.
    pub(crate) fn opc<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
        input: &str,
    ) -> (String, String, i32) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_opc"))
            .args(arguments)
            .env("OPC_SERVER", &self.url)
            .env_remove("OPC_LOG")
            .env_remove("OPC_ALIASES")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it was built");
        let mut stdin = child.stdin.take().expect("it is piped");
        let input = input.to_owned();
        let writer = std::thread::spawn(move || _ = stdin.write_all(input.as_bytes()));
        let output = child.wait_with_output().expect("it ends");
        writer.join().expect("it writes");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (text(output.stdout), text(output.stderr), output.status.code().unwrap_or(-1))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
