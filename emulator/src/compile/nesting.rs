//! How deep statements and calls nest, found without recursion: compiling recurses as deep.

use naga::{Block, Span, Statement};

/// Levels of blocks that are open at once when everything that an entry point calls is inlined, and the statement of
/// the entry point that leads deepest.
pub(super) fn depth(module: &naga::Module, entry: &naga::EntryPoint) -> (u32, Span) {
    // Callees precede callers in a valid module, so that their depth is known.
    let mut functions: Vec<u32> = Vec::with_capacity(module.functions.len());
    for (_, function) in module.functions.iter() {
        let (depth, _) = body_depth(&function.body, &functions);
        functions.push(depth);
    }
    body_depth(&entry.function.body, &functions)
}

fn body_depth(body: &Block, functions: &[u32]) -> (u32, Span) {
    let mut deepest = (1, Span::UNDEFINED);
    let mut blocks = vec![(body, 1u32)];
    while let Some((block, level)) = blocks.pop() {
        for (statement, &span) in block.span_iter() {
            let mut below = level;
            match statement {
                Statement::Block(block) => blocks.push((block, level + 1)),
                Statement::If { accept, reject, .. } => {
                    blocks.extend([(accept, level + 1), (reject, level + 1)])
                }
                Statement::Switch { cases, .. } => {
                    blocks.extend(cases.iter().map(|case| (&case.body, level + 1)))
                }
                Statement::Loop { body, continuing, .. } => {
                    blocks.extend([(body, level + 1), (continuing, level + 1)]);
                }
                Statement::Call { function, .. } => {
                    let callee = functions.get(function.index()).copied().unwrap_or(0);
                    below = level.saturating_add(callee);
                }
                _ => {}
            }
            if below > deepest.0 {
                deepest = (below, span);
            }
        }
    }
    deepest
}
