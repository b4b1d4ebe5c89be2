//! OpenOPC's options, and how a line of them is taken apart.

/// What a line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Read,
    Write,
    Properties,
    List,
    Flat,
    Info,
    Servers,
    Sessions,
}

impl Action {
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Properties => "properties",
            Self::List | Self::Flat => "list",
            Self::Info => "info",
            Self::Servers | Self::Sessions => "servers",
        }
    }
}

/// An option that is no action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Mode,
    Class,
    Caller,
    Host,
    Server,
    GateHost,
    GatePort,
    Function,
    Source,
    Size,
    Pause,
    Update,
    Timeout,
    Output,
    Repeat,
    Id,
    Append,
    Rotate,
    Verbose,
    Errors,
    Recursive,
}

#[derive(Clone, Copy, Debug)]
enum Meaning {
    Act(Action),
    Set(Name),
    Pipe,
}

use Action::{Flat, Info, List, Properties, Read, Servers, Sessions, Write};
use Meaning::{Act, Pipe, Set};

const OPTIONS: [(char, &str, bool, Meaning); 30] = [
    ('r', "read", false, Act(Read)),
    ('w', "write", false, Act(Write)),
    ('p', "properties", false, Act(Properties)),
    ('l', "list", false, Act(List)),
    ('f', "flat", false, Act(Flat)),
    ('i', "info", false, Act(Info)),
    ('q', "servers", false, Act(Servers)),
    ('S', "sessions", false, Act(Sessions)),
    ('m', "mode", true, Set(Name::Mode)),
    ('C', "class", true, Set(Name::Class)),
    ('n', "name", true, Set(Name::Caller)),
    ('h', "host", true, Set(Name::Host)),
    ('s', "server", true, Set(Name::Server)),
    ('H', "gate-host", true, Set(Name::GateHost)),
    ('P', "gate-port", true, Set(Name::GatePort)),
    ('F', "function", true, Set(Name::Function)),
    ('c', "source", true, Set(Name::Source)),
    ('g', "size", true, Set(Name::Size)),
    ('z', "pause", true, Set(Name::Pause)),
    ('u', "update", true, Set(Name::Update)),
    ('t', "timeout", true, Set(Name::Timeout)),
    ('o', "output", true, Set(Name::Output)),
    ('L', "repeat", true, Set(Name::Repeat)),
    ('y', "id", true, Set(Name::Id)),
    ('a', "append", true, Set(Name::Append)),
    ('x', "rotate", true, Set(Name::Rotate)),
    ('v', "verbose", false, Set(Name::Verbose)),
    ('e', "errors", false, Set(Name::Errors)),
    ('R', "recursive", false, Set(Name::Recursive)),
    ('\0', "pipe", false, Pipe),
];

impl Name {
    fn option(self) -> Option<&'static (char, &'static str, bool, Meaning)> {
        OPTIONS.iter().find(|option| matches!(option.3, Set(name) if name == self))
    }

    pub(super) fn long(self) -> &'static str {
        self.option().map_or("", |option| option.1)
    }

    pub(super) fn short(self) -> String {
        self.option().map_or_else(String::new, |option| format!("-{}", option.0))
    }

    pub(super) fn takes_value(self) -> bool {
        self.option().is_some_and(|option| option.2)
    }

    /// Whether our command for the action has the option; OpenOPC takes all of them everywhere.
    pub(super) fn is_for(self, action: Action) -> bool {
        let reads = action == Read;
        match self {
            Name::Function | Name::Source | Name::Update => reads,
            Name::Size | Name::Pause => matches!(action, Read | Write | Properties),
            Name::Repeat => matches!(action, Read | Info | Properties | List | Flat),
            Name::Append => matches!(action, Read | Properties),
            Name::Id => action == Properties,
            Name::Recursive => action == List,
            _ => true,
        }
    }
}

/// A line of OpenOPC's.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// `None` is to read.
    pub(super) action: Option<Action>,
    pub(super) options: Vec<(Name, String)>,
    pub(super) items: Vec<String>,
    pub(super) pipe: bool,
}

impl Given {
    pub(super) fn value(&self, name: Name) -> Option<&str> {
        self.options.iter().rfind(|(other, _)| *other == name).map(|(_, value)| value.as_str())
    }

    fn take(&mut self, meaning: Meaning, value: &str) {
        match meaning {
            // The last one counts.
            Act(action) => self.action = Some(action),
            Set(name) => self.options.push((name, value.to_owned())),
            Pipe => self.pipe = true,
        }
    }
}

/// Whose line it is.
#[derive(Debug)]
pub(super) enum Parsed {
    /// OpenOPC's.
    Old(Given),
    /// One that names a command, or that OpenOPC could not have read.
    Ours,
    /// It begins as one of OpenOPC's that reads this tag, and goes on with an option that is only ours.
    Mixed(String),
}

/// Takes a line apart as GNU getopt does, options before and behind items.
pub(super) fn parse(arguments: &[&str], commands: &[String]) -> Parsed {
    let mut given = Given::default();
    match given.all(arguments, commands) {
        Some(()) => Parsed::Old(given),
        None => match given.items.into_iter().next() {
            Some(tag) if given.action.is_none() => Parsed::Mixed(tag),
            _ => Parsed::Ours,
        },
    }
}

impl Given {
    /// `None` where one of `commands` is named, or something is none of OpenOPC's.
    fn all(&mut self, arguments: &[&str], commands: &[String]) -> Option<()> {
        let mut arguments = arguments.iter().copied();
        while let Some(argument) = arguments.next() {
            if argument == "--" {
                self.items.extend(arguments.by_ref().map(str::to_owned));
            } else if argument == "-" {
                self.pipe = true;
            } else if let Some(long) = argument.strip_prefix("--") {
                self.long(long, &mut arguments)?;
            } else if is_cluster(argument) {
                self.cluster(argument, &mut arguments)?;
            } else {
                let first = self.action.is_none() && self.items.is_empty() && !self.pipe;
                if first && commands.iter().any(|command| command == argument) {
                    return None;
                }
                self.items.push(argument.to_owned());
            }
        }
        Some(())
    }

    /// `--output=csv` or `--output csv`.
    fn long<'a>(&mut self, long: &'a str, rest: &mut impl Iterator<Item = &'a str>) -> Option<()> {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let (_, _, takes_value, meaning) = find_long(name)?;
        let value = match (takes_value, value) {
            (true, None) => rest.next()?,
            (true, Some(value)) => value,
            (false, None) => "",
            (false, Some(_)) => return None,
        };
        self.take(*meaning, value);
        Some(())
    }

    /// `-rv`, `-o csv` or `-ocsv`.
    fn cluster<'a>(&mut self, cluster: &'a str, rest: &mut impl Iterator<Item = &'a str>) -> Option<()> {
        let mut letters = cluster.chars();
        letters.next();
        while let Some(letter) = letters.next() {
            let (_, _, takes_value, meaning) = OPTIONS.iter().find(|option| option.0 == letter)?;
            if *takes_value {
                let glued = letters.as_str();
                let value = if glued.is_empty() { rest.next()? } else { glued };
                self.take(*meaning, value);
                break;
            }
            self.take(*meaning, "");
        }
        Some(())
    }
}

/// An option by its name, or by as much of its name as no other one begins with.
fn find_long(name: &str) -> Option<&'static (char, &'static str, bool, Meaning)> {
    let mut begin = OPTIONS.iter().filter(|option| !name.is_empty() && option.1.starts_with(name));
    OPTIONS.iter().find(|option| option.1 == name).or_else(|| begin.next().filter(|_| begin.next().is_none()))
}

/// Not a negative number, which is a value to write.
fn is_cluster(argument: &str) -> bool {
    argument.strip_prefix('-').is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
}
