//! Which environment variables a script may see.

/// Names of environment variables; one that ends in `*` stands for all that begin like it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names(Vec<String>);

impl Names {
    pub(super) fn add(&mut self, name: String) {
        self.0.push(name);
    }

    pub(super) fn contain(&self, name: &str) -> bool {
        self.0.iter().any(|known| match known.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => known == name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_every_ending() {
        let mut names = Names::default();
        names.add("HOME".to_owned());
        names.add("ARANGO*".to_owned());
        assert!(names.contain("HOME"));
        assert!(!names.contain("HOMES"));
        assert!(names.contain("ARANGOTEST_ROOT_DIR"));
        assert!(!names.contain("PATH"));
    }
}
