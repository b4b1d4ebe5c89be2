//! Writing the alias file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use openopc::da::Aliases;
use openopc::{FoundBy, TagKind};

use super::look::{Outcome, tag};
use crate::args::{Global, Import};
use crate::connect;
use crate::exit::Failure;
use crate::input::Named;

/// Whether there is a place for the file, before anything is asked of the server.
pub(super) fn check(file: &Path) -> Result<(), Failure> {
    let folder = folder(file);
    if !folder.is_dir() {
        return Err(Failure::Usage(format!("cannot write {}: there is no such folder", file.display())));
    }
    if file.is_dir() || file.file_name().is_none() {
        return Err(Failure::Usage(format!("cannot write {}: it is a folder", file.display())));
    }
    Ok(())
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes the file, if one is asked for; gives how many aliases of the list are in it, or would be.
pub(super) fn save(
    global: &Global,
    args: &Import,
    items: &[Named],
    outcomes: &[Outcome],
) -> Result<usize, Failure> {
    let mut aliases = if args.save.is_some() { connect::aliases(global)? } else { Aliases::default() };
    let mut needed = 0;
    for (item, outcome) in items.iter().zip(outcomes) {
        let Outcome::Placed(location) = outcome else { continue };
        // Only item ids can be aliases; the other kinds of tags say themselves what they mean.
        let is_item = matches!(tag(&item.id).kind(), TagKind::Item(_));
        if is_item && (args.all || location.found_by != FoundBy::Identifier) {
            aliases.insert(item.id.clone(), location.lasting.clone());
            needed += 1;
        }
    }
    if let (Some(file), false) = (&args.save, args.dry_run) {
        write(&aliases, file)?;
    }
    Ok(needed)
}

/// Beside the file first, so that it is never half there.
fn write(aliases: &Aliases, file: &Path) -> Result<(), Failure> {
    let beside = beside(file);
    let failed = |error: std::io::Error| Failure::Usage(format!("cannot write {}: {error}", file.display()));
    let written = aliases.save(&beside).map_err(Failure::Opc).and_then(|()| {
        std::fs::File::open(&beside).and_then(|file| file.sync_all()).map_err(failed)?;
        std::fs::rename(&beside, file).map_err(failed)
    });
    if written.is_err() {
        // What is wrong is told already.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// The same ending, which says what is in it.
fn beside(file: &Path) -> PathBuf {
    let mut name = OsString::from(format!(".{}-", std::process::id()));
    name.push(file.file_name().unwrap_or_default());
    folder(file).join(name)
}
