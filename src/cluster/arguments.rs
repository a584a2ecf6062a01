//! Options of a command line that replace others.

use std::ffi::OsString;

/// The name of an option, without dashes and value; `None` for a word that is no option.
fn name_of(word: &OsString) -> Option<String> {
    let text = word.to_string_lossy();
    let name = text.strip_prefix("--")?;
    Some(name.split('=').next().unwrap_or_default().to_owned())
}

/// The words of a command line with these options in place of those of the same names.
///
/// An option that is given several times among `new` replaces all of its old places.
pub(super) fn replaced(old: &[OsString], new: &[OsString]) -> Vec<OsString> {
    let renewed: Vec<String> = new.iter().filter_map(name_of).collect();
    let mut words = Vec::new();
    let mut dropping = false;
    for word in old {
        match name_of(word) {
            Some(name) => dropping = renewed.contains(&name),
            // the value of the option before it
            None if dropping => continue,
            None => {}
        }
        if !dropping {
            words.push(word.clone());
        }
    }
    words.extend(new.iter().cloned());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn e10_new_options_replace_old_ones_of_their_names() {
        let old = words("--a 1 --b=2 --log.level agency=info --log.level x=debug --c 3");
        assert_eq!(
            replaced(&old, &words("--log.level agency=trace --b 5")),
            words("--a 1 --c 3 --log.level agency=trace --b 5")
        );
        assert_eq!(replaced(&old, &words("--a=7")).last().unwrap(), "--a=7");
        assert_eq!(replaced(&old, &[]), old);
        assert_eq!(replaced(&words("--flag --a 1"), &words("--flag")), words("--a 1 --flag"));
    }
}
