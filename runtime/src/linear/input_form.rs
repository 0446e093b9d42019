//! Which inputs lie in which form on the device, while several multiplications are recorded one behind the other.

use super::input_pass::InputPass;

/// Inputs in a form, in a buffer of their own. `B` is a buffer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InputForm<B> {
    pub(super) pass: InputPass,
    pub(super) rows: u32,
    /// Elements of a row of either.
    pub(super) columns: [u32; 2],
    /// What they are made of: a buffer, and the bytes before them.
    pub(super) from: (B, u64),
    pub(super) to: B,
    /// What is bound beside them.
    pub(super) order: Option<B>,
}

/// What has been made so far and still stands.
#[derive(Debug)]
pub(super) struct Standing<'a, B>(Vec<&'a InputForm<B>>);

impl<'a, B: PartialEq> Standing<'a, B> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Whether a form is still to be made; from then on it stands.
    pub(super) fn lacks(&mut self, form: &'a InputForm<B>) -> bool {
        if self.0.contains(&form) {
            return false;
        }
        self.overwrite(&form.to);
        self.0.push(form);
        true
    }

    /// A buffer is written: neither what lay in it nor what was made of it is what it was.
    pub(super) fn overwrite(&mut self, buffer: &B) {
        self.0.retain(|form| form.to != *buffer && form.from.0 != *buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: u32 = 0;
    const ROOM: u32 = 1;
    const Y: u32 = 2;

    fn rounded(from: u32, to: u32) -> InputForm<u32> {
        InputForm {
            pass: InputPass::Round,
            rows: 5,
            columns: [128, 256],
            from: (from, 0),
            to,
            order: None,
        }
    }

    #[test]
    fn the_same_inputs_are_brought_into_the_same_form_once() {
        let (first, second) = (rounded(X, ROOM), rounded(X, ROOM));
        let mut standing = Standing::new();
        assert!(standing.lacks(&first));
        standing.overwrite(&Y);
        assert!(!standing.lacks(&second));
    }

    #[test]
    fn other_inputs_rows_or_columns_are_brought_into_a_form_of_their_own() {
        let first = rounded(X, ROOM);
        let others = [
            rounded(Y, ROOM),
            InputForm {
                rows: 6,
                ..rounded(X, ROOM)
            },
            InputForm {
                columns: [128, 384],
                ..rounded(X, ROOM)
            },
            InputForm {
                from: (X, 16),
                ..rounded(X, ROOM)
            },
        ];
        for other in &others {
            let mut standing = Standing::new();
            assert!(standing.lacks(&first));
            assert!(standing.lacks(other), "{other:?}");
            assert!(standing.lacks(&first), "{other:?} lies where it lay");
        }
    }

    #[test]
    fn inputs_that_were_written_anew_are_brought_into_form_anew() {
        let first = rounded(X, ROOM);
        let mut standing = Standing::new();
        assert!(standing.lacks(&first));
        standing.overwrite(&X);
        assert!(standing.lacks(&first));
    }

    #[test]
    fn what_is_made_of_ordered_inputs_falls_with_them() {
        let gathered = |order| InputForm {
            pass: InputPass::Gather,
            order: Some(order),
            ..rounded(X, Y)
        };
        let (first, second, of_either) = (gathered(7), gathered(8), rounded(Y, ROOM));
        let mut standing = Standing::new();
        assert!(standing.lacks(&first));
        assert!(standing.lacks(&of_either));
        assert!(!standing.lacks(&first));
        assert!(standing.lacks(&second));
        assert!(standing.lacks(&of_either));
    }
}
