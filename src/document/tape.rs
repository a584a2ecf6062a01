//! The text of a document and the index over it.

/// Above this many members a key is looked for by halving.
const FEW: u32 = 8;

/// A stretch of the text, or of the decoded strings, which are thought to follow it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    pub(super) at: u32,
    pub(super) length: u32,
}

/// A stretch of the elements or of the members.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub(super) at: u32,
    pub(super) length: u32,
}

impl Range {
    pub(super) fn len(self) -> usize {
        self.length as usize
    }

    fn indices(self) -> std::ops::Range<usize> {
        let at = self.at as usize;
        at..at + self.len()
    }
}

/// One value, in 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(Span),
    Array(Range),
    Object(Range),
}

/// A member of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) key: Span,
    pub(super) node: Node,
}

/// What all parts of a document share.
#[derive(Debug)]
pub(super) struct Tape {
    text: String,
    /// Strings with escapes, decoded.
    decoded: String,
    items: Vec<Node>,
    /// The members of each object lie side by side, sorted by key.
    members: Vec<Member>,
}

impl Tape {
    pub(super) fn new(
        text: String,
        decoded: String,
        items: Vec<Node>,
        members: Vec<Member>,
    ) -> Self {
        Self { text, decoded, items, members }
    }

    pub(super) fn text(&self, span: Span) -> &str {
        text_of(&self.text, &self.decoded, span)
    }

    pub(super) fn text_len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn items(&self, range: Range) -> &[Node] {
        self.items.get(range.indices()).unwrap_or_default()
    }

    pub(super) fn members(&self, range: Range) -> &[Member] {
        self.members.get(range.indices()).unwrap_or_default()
    }

    pub(super) fn find(&self, range: Range, key: &str) -> Option<Node> {
        let members = self.members(range);
        if range.length <= FEW {
            return members.iter().find(|one| self.text(one.key) == key).map(|one| one.node);
        }
        let place = members.binary_search_by(|one| self.text(one.key).cmp(key)).ok()?;
        members.get(place).map(|one| one.node)
    }
}

/// The characters of `span`, which lies in `text`, or behind its end in `decoded`.
pub(super) fn text_of<'a>(text: &'a str, decoded: &'a str, span: Span) -> &'a str {
    let (at, length) = (span.at as usize, span.length as usize);
    let (from, at) = match at.checked_sub(text.len()) {
        Some(at) => (decoded, at),
        None => (text, at),
    };
    from.get(at..at + length).unwrap_or_default()
}
