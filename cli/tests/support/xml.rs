//! Whether a text is well-formed XML, as far as the drawings of this program use it.

/// Asserts that all elements are closed in order, attributes quoted, and that nothing stands bare that has a meaning.
pub(crate) fn assert_well_formed(text: &str) {
    let text = text
        .strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
        .unwrap_or_else(|| panic!("no declaration: {text}"));
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text.trim_end();
    let mut roots = 0;
    while let Some((before, tag)) = rest.split_once('<') {
        assert_text(before);
        let (tag, after) = tag.split_once('>').unwrap_or_else(|| panic!("no end of <{tag}"));
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        let element = tag.strip_suffix('/').unwrap_or(tag);
        let (name, attributes) = element.split_once(' ').unwrap_or((element, ""));
        assert!(
            !name.is_empty() && name.chars().all(char::is_alphanumeric),
            "<{tag}>"
        );
        // Names and values take turns: an even number of quotes, with ` name=` before each pair.
        let pieces: Vec<&str> = attributes.split('"').collect();
        assert_eq!(pieces.len() % 2, 1, "<{tag}>");
        for piece in pieces.iter().step_by(2).take(pieces.len() / 2) {
            assert!(piece.trim_start().len() > 1 && piece.ends_with('='), "<{tag}>");
        }
        pieces
            .iter()
            .skip(1)
            .step_by(2)
            .for_each(|value| assert_text(value));
        roots += usize::from(open.is_empty());
        if element == tag {
            open.push(name);
        }
    }
    assert_text(rest);
    assert_eq!((open.len(), roots), (0, 1), "one element holds all others");
}

/// Asserts that text has no `&` but that of an entity.
fn assert_text(text: &str) {
    for piece in text.split('&').skip(1) {
        let entity = piece.split(';').next().unwrap_or_default();
        assert!(["amp", "lt", "gt", "quot"].contains(&entity), "{text}");
    }
}
