//! [`Options`]: what the command line asks for.

use std::time::{Duration, SystemTime};

use crate::Failure;

pub(crate) struct Options {
    pub(crate) span: Duration,
    pub(crate) seed: u64,
    pub(crate) tags: usize,
}

impl Options {
    pub(crate) fn of_arguments() -> Result<Options, Failure> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let mut options = Options { span: Duration::from_secs(300), seed: now.as_secs(), tags: 200 };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("`{name}` needs a value"))?;
            match name.as_str() {
                "--for" => options.span = span(&value)?,
                "--seed" => options.seed = value.parse().map_err(|_| format!("`{value}` is no seed"))?,
                "--tags" => {
                    options.tags = value.parse().map_err(|_| format!("`{value}` is no number of tags"))?;
                }
                _ => return Err(format!("`{name}`: there are --for, --seed and --tags").into()),
            }
        }
        Ok(options)
    }
}

/// `90s`, `5m`, `1h`.
fn span(text: &str) -> Result<Duration, Failure> {
    let wrong = || format!("`{text}` is no span of time: write 90s, 5m or 1h");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(wrong().into()),
    };
    Ok(Duration::from_secs(number.parse::<u64>().map_err(|_| wrong())? * seconds))
}
