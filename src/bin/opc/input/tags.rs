//! [`Tags`]: the tags of a command, as they come.

use tokio::sync::mpsc;

use openopc::Tag;

use super::{Broken, Line, Parser, STDIN, blocks, tag, unreadable};
use crate::args::Which;
use crate::exit::Failure;

/// How many blocks of standard input may wait to be taken.
const BLOCKS: usize = 4;

/// What one block of standard input completes.
type Block = Result<Vec<Result<Line, Broken>>, Failure>;

/// The tags of a command: its arguments, with what stdin has in place of `-`, each with every text of `append`.
pub(crate) struct Tags {
    append: Vec<String>,
    /// Those that are there, of which so many were taken.
    here: Vec<Tag>,
    taken: usize,
    /// Those that are yet to come.
    stdin: Option<mpsc::Receiver<Block>>,
    /// The arguments behind the `-`.
    last: Vec<Tag>,
    /// Why there are no more.
    failed: Option<Failure>,
    /// They are taken more than once.
    kept: bool,
}

impl Tags {
    /// Begins to read standard input where the arguments say so.
    pub(crate) fn of(which: &Which) -> Result<Tags, Failure> {
        let Which { tags: arguments, pipe, append } = which;
        let dash =
            arguments.iter().position(|argument| argument == STDIN).or(pipe.then_some(arguments.len()));
        let (first, last) = arguments.split_at(dash.unwrap_or(arguments.len()));
        let mut tags = Tags {
            append: append.clone(),
            here: Vec::new(),
            taken: 0,
            stdin: None,
            last: Vec::new(),
            failed: None,
            kept: false,
        };
        tags.here = tags.named(first)?;
        tags.last = tags.named(last)?;
        if dash.is_some() {
            tags.stdin = Some(read().map_err(Failure::Start)?);
        }
        Ok(tags)
    }

    /// The tags of arguments. Standard input can be read only once, so a second `-` is nothing.
    fn named(&self, arguments: &[String]) -> Result<Vec<Tag>, Failure> {
        let names = arguments.iter().filter(|argument| *argument != STDIN);
        let tags = names.flat_map(|name| self.appended(name, None)).collect::<Result<_, _>>();
        tags.map_err(Failure::Usage)
    }

    fn appended(&self, name: &str, line: Option<u64>) -> Vec<Result<Tag, String>> {
        if self.append.is_empty() {
            return vec![tag(name, line)];
        }
        self.append.iter().map(|text| tag(&format!("{name}{text}"), line)).collect()
    }

    /// How many there are in all, where that is known.
    pub(crate) fn total(&self) -> Option<usize> {
        self.stdin.is_none().then_some(self.here.len())
    }

    /// Waits until there is at least one.
    pub(crate) async fn ready(&mut self) -> Result<(), Failure> {
        if !self.more().await? {
            return Err(Failure::Usage("no tags: standard input is empty".to_owned()));
        }
        Ok(())
    }

    /// Waits for all of them.
    pub(crate) async fn all(&mut self) -> Result<&[Tag], Failure> {
        self.ready().await?;
        while self.stdin.is_some() {
            self.receive().await;
        }
        if let Some(failure) = self.failed.take() {
            return Err(failure);
        }
        self.kept = true;
        Ok(&self.here)
    }

    /// From the first again, where [`all`](Self::all) were waited for.
    pub(crate) fn rewind(&mut self) {
        if self.kept {
            self.taken = 0;
        }
    }

    /// The next ones, up to so many, as soon as there are any; none at the end.
    pub(crate) async fn next(&mut self, size: usize) -> Result<&[Tag], Failure> {
        let from = if self.more().await? { self.taken } else { self.here.len() };
        self.taken = from.saturating_add(size).min(self.here.len());
        Ok(self.here.get(from..self.taken).unwrap_or_default())
    }

    /// Whether it is known by now that no more come.
    pub(crate) fn ended(&mut self) -> bool {
        if self.taken == self.here.len()
            && let Some(stdin) = &mut self.stdin
        {
            match stdin.try_recv() {
                Err(mpsc::error::TryRecvError::Empty) => {}
                Ok(block) => self.take(Some(block)),
                Err(mpsc::error::TryRecvError::Disconnected) => self.take(None),
            }
        }
        self.taken == self.here.len() && self.stdin.is_none()
    }

    /// Waits until there is one that was not taken, or none are left.
    async fn more(&mut self) -> Result<bool, Failure> {
        while self.taken == self.here.len() && self.stdin.is_some() {
            self.receive().await;
        }
        if self.taken < self.here.len() {
            return Ok(true);
        }
        match self.failed.take() {
            Some(failure) => Err(failure),
            None => Ok(false),
        }
    }

    async fn receive(&mut self) {
        if let Some(stdin) = &mut self.stdin {
            let block = stdin.recv().await;
            self.take(block);
        }
    }

    /// Takes over a block, or the end. What stands before a broken line counts.
    fn take(&mut self, block: Option<Block>) {
        if self.taken == self.here.len() && !self.kept && block.is_some() {
            self.here.clear();
            self.taken = 0;
        }
        let lines = match block {
            Some(Ok(lines)) => lines,
            Some(Err(failure)) => return self.end(Some(failure)),
            None => {
                let last = std::mem::take(&mut self.last);
                self.here.extend(last);
                return self.end(None);
            }
        };
        for line in lines {
            let tags = match line {
                Ok(line) => self.appended(&line.tag, Some(line.number)),
                Err(broken) => vec![Err(broken.to_string())],
            };
            for tag in tags {
                match tag {
                    Ok(tag) => self.here.push(tag),
                    Err(why) => return self.end(Some(Failure::Usage(why))),
                }
            }
        }
    }

    fn end(&mut self, failed: Option<Failure>) {
        self.stdin = None;
        self.failed = failed;
    }
}

/// Reads standard input on a thread of its own, which nobody waits for: a terminal or a pipe may never end.
fn read() -> std::io::Result<mpsc::Receiver<Block>> {
    let (sender, receiver) = mpsc::channel(BLOCKS);
    std::thread::Builder::new().name("stdin".into()).spawn(move || {
        let mut parser = Parser::default();
        let end = blocks(|bytes| {
            let lines = parser.push(bytes);
            lines.is_empty() || sender.blocking_send(Ok(lines)).is_ok()
        });
        // Nobody may be there to take it.
        let _ = sender.blocking_send(end.map(|()| parser.finish()).map_err(unreadable));
    })?;
    Ok(receiver)
}
