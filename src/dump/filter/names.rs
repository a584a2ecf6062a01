//! Which members of objects hold secrets, by their names.

use crate::agency::path::segments;

/// Names that are secret as a whole, without case, `-`, `_`, `.` and blanks.
const WHOLE: [&str; 5] = ["jwt", "jwtfiles", "authheaders", "httpauthoptions", "authorization"];

/// What makes a name secret wherever it stands in it.
const PARTS: [&str; 7] =
    ["password", "passwd", "passphrase", "secret", "privatekey", "apikey", "credentials"];

/// What makes a name secret at its end.
const ENDINGS: [&str; 2] = ["token", "jwt"];

/// Whether the value of a member of this name is a secret. The name may be a path in the tree, as
/// in the entries of a log: one secret step makes it secret.
pub(super) fn is_secret(name: &str) -> bool {
    segments(name).any(|step| {
        let bare: String = step
            .chars()
            .filter(|letter| !matches!(letter, '-' | '_' | '.' | ' '))
            .flat_map(char::to_lowercase)
            .collect();
        WHOLE.contains(&bare.as_str())
            || PARTS.iter().any(|part| bare.contains(part))
            || ENDINGS.iter().any(|ending| bare.ends_with(ending))
    })
}

/// Pairs of letters of which each secret name has one, in lower case.
const PAIRS: [[u8; 2]; 7] = [*b"wt", *b"ss", *b"cr", *b"ut", *b"ik", *b"ek", *b"ok"];

/// Whether the name, as it stands in JSON, may be secret: quick, and says no for nearly all that are not.
pub(super) fn may_be_secret(name: &[u8]) -> bool {
    let mut begun = 0;
    for byte in name {
        match byte {
            b'\\' => return true,
            b'-' | b'_' | b'.' | b' ' => {}
            _ if begun & ENDS[usize::from(*byte)] != 0 => return true,
            _ => begun = BEGINS[usize::from(*byte)],
        }
    }
    false
}

/// For each byte, the pairs that it begins.
static BEGINS: [u8; 256] = table(0);
/// For each byte, the pairs that it ends.
static ENDS: [u8; 256] = table(1);

const fn table(place: usize) -> [u8; 256] {
    let mut table = [0; 256];
    let mut pair = 0;
    while pair < PAIRS.len() {
        let letter = PAIRS[pair][place];
        table[letter as usize] |= 1 << pair;
        table[letter.to_ascii_uppercase() as usize] |= 1 << pair;
        pair += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [&str; 16] = [
        "JWT",
        "jwtFiles",
        "authHeaders",
        "httpAuthOptions",
        "Authorization",
        "password",
        "server.jwt-secret-keyfile",
        "jwt_secret",
        "secret",
        "secretAccessKey",
        "secret_access_key",
        "PassPhrase",
        "p-a-s-s-w-d",
        "bearerToken",
        "tls.private-key",
        "/arango/Target/Secrets/one",
    ];

    #[test]
    fn m13_names_that_hold_secrets_are_known_in_all_their_spellings() {
        for name in SECRET {
            assert!(is_secret(name), "{name}");
            assert!(may_be_secret(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn other_names_are_not_secret() {
        for name in [
            "Version",
            "key",
            "_key",
            "Current",
            "currentTerm",
            "token_bucket",
            "author",
            "jwtish",
            "/arango/Plan/Collections/db/1",
            "UserVersion",
            "ServerStates",
            "clientId",
            "",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn each_secret_name_has_one_of_the_pairs() {
        for name in WHOLE.iter().chain(&PARTS).chain(&ENDINGS) {
            assert!(may_be_secret(name.as_bytes()), "{name}");
            assert!(may_be_secret(name.to_uppercase().as_bytes()), "{name}");
        }
    }
}
