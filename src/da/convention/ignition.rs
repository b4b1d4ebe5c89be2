//! Ignition: `[Device]Folder/Tag`.

use super::Candidate;

pub(super) fn candidates(item: &str) -> Vec<Candidate> {
    let mut all = vec![Candidate::anywhere(item)];
    let (device, path) = match item.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((device, path)) => (device, path),
        // Without brackets, the first segment is the device.
        None => match item.split_once(['.', '/']) {
            Some(parts) => parts,
            None => return all,
        },
    };
    if !device.is_empty() && !path.is_empty() {
        // A dot may also be part of a tag's name, or lead to a member of it: the path as it is comes first.
        all.push(Candidate::anywhere(format!("[{device}]{path}")));
        all.push(Candidate::anywhere(format!("[{device}]{}", path.replace('.', "/"))));
    }
    all
}
