//! Makes rendered text readable whatever the shape of its templates: indentation by nesting, single blank lines.

const INDENT: &str = "    ";

/// Lines of text with whatever travels along with each of them.
pub(super) type Lines<T> = Vec<(String, T)>;

/// Indents by bracket depth, collapses runs of blank lines and drops those that open or close a block or the text.
pub(super) fn tidy<T: Clone>(lines: &[(String, T)]) -> Lines<T> {
    let mut tidied: Lines<T> = Vec::with_capacity(lines.len());
    let mut depth = 0_usize;
    for (line, origin) in lines {
        let text = line.trim();
        if text.is_empty() {
            let after_opening = tidied
                .last()
                .is_none_or(|(last, _)| last.is_empty() || last.ends_with(['{', '(']));
            if !after_opening {
                tidied.push((String::new(), origin.clone()));
            }
            continue;
        }
        let code = text.split("//").next().unwrap_or_default();
        let leading = code.chars().take_while(|c| is_closing(*c)).count();
        if leading > 0 && tidied.last().is_some_and(|(last, _)| last.is_empty()) {
            tidied.pop();
        }
        tidied.push((
            INDENT.repeat(depth.saturating_sub(leading)) + text,
            origin.clone(),
        ));
        let opened = code.chars().filter(|c| is_opening(*c)).count();
        let closed = code.chars().filter(|c| is_closing(*c)).count();
        depth = (depth + opened).saturating_sub(closed);
    }
    while tidied.last().is_some_and(|(last, _)| last.is_empty()) {
        tidied.pop();
    }
    tidied
}

fn is_opening(c: char) -> bool {
    matches!(c, '{' | '(' | '[')
}

fn is_closing(c: char) -> bool {
    matches!(c, '}' | ')' | ']')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tidied(text: &str) -> String {
        let lines: Vec<_> = text.split('\n').map(|line| (line.to_owned(), ())).collect();
        tidy(&lines)
            .into_iter()
            .map(|(line, ())| line)
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn nesting_sets_the_indentation() {
        assert_eq!(
            tidied("fn f(\na: u32,\n) {\nif (a) {\nb();\n}\n}"),
            "fn f(\n    a: u32,\n) {\n    if (a) {\n        b();\n    }\n}"
        );
    }

    #[test]
    fn brackets_in_comments_do_not_count() {
        assert_eq!(tidied("// (\na();"), "// (\na();");
    }

    #[test]
    fn blank_lines_are_single_and_never_open_or_close_a_block() {
        assert_eq!(tidied("\n\na {\n\nb\n\n\nc\n\n}\n\n"), "a {\n    b\n\n    c\n}");
    }
}
