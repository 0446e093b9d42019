//! The linear layers of models.

use q4_kernel::{LayerShape, Shape};

use crate::cli::ModelName;

/// The sizes of a decoder with grouped-query attention and a gated feed-forward block, as the model's own configuration gives them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Architecture {
    pub(crate) name: &'static str,
    /// Features between layers.
    pub(crate) hidden: u32,
    /// Layers.
    pub(crate) layers: u32,
    /// Features within the feed-forward block.
    pub(crate) feed_forward: u32,
    /// Features of the queries of all heads.
    pub(crate) query: u32,
    /// Features of the keys of all heads, and of the values.
    pub(crate) key_value: u32,
    /// Tokens there are.
    pub(crate) vocabulary: u32,
}

/// A matrix that each token, or only the last one, is multiplied by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Matrix {
    pub(crate) name: &'static str,
    pub(crate) shape: LayerShape,
    /// Where its inputs are.
    pub(crate) from: Slot,
    /// Where its outputs go.
    pub(crate) to: Slot,
}

/// Activations that are alive at the same time. Every layer uses the same ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Slot {
    /// What the first layer reads: embeddings.
    Embedded,
    /// What a layer returns, and the next one reads.
    Hidden,
    Query,
    Key,
    Value,
    /// Behind the attention's own output matrix.
    Attended,
    Gate,
    Up,
    /// Of the last row alone.
    Logits,
}

/// <https://huggingface.co/meta-llama/Llama-3.2-1B/blob/main/config.json>
const LLAMA_3_2_1B: Architecture = Architecture {
    name: "llama-3.2-1b",
    hidden: 2048,
    layers: 16,
    feed_forward: 8192,
    query: 2048,
    key_value: 512,
    vocabulary: 128_256,
};

/// <https://huggingface.co/meta-llama/Llama-3.1-8B/blob/main/config.json>
const LLAMA_3_1_8B: Architecture = Architecture {
    name: "llama-3.1-8b",
    hidden: 4096,
    layers: 32,
    feed_forward: 14_336,
    query: 4096,
    key_value: 1024,
    vocabulary: 128_256,
};

/// One that tests have time for.
#[cfg(test)]
pub(crate) const TINY: Architecture = Architecture {
    name: "tiny",
    hidden: 64,
    layers: 2,
    feed_forward: 128,
    query: 64,
    key_value: 32,
    vocabulary: 200,
};

impl Architecture {
    pub(crate) fn of(name: ModelName) -> Self {
        match name {
            ModelName::Llama32_1b => LLAMA_3_2_1B,
            ModelName::Llama31_8b => LLAMA_3_1_8B,
        }
    }

    /// Its matrices in the order in which a token meets them, with weights in groups of a size.
    pub(crate) fn matrices(&self, group_size: u32) -> Vec<Matrix> {
        let matrix = |name, n, k, from, to| Matrix {
            name,
            shape: LayerShape { n, k, group_size },
            from,
            to,
        };
        // What stands between the matrices (attention, norms, gating) is no product with weights. Its results are as large as what stands
        // here in their place.
        let layer = |input| {
            [
                matrix("q", self.query, self.hidden, input, Slot::Query),
                matrix("k", self.key_value, self.hidden, input, Slot::Key),
                matrix("v", self.key_value, self.hidden, input, Slot::Value),
                matrix("o", self.hidden, self.query, Slot::Query, Slot::Attended),
                matrix("gate", self.feed_forward, self.hidden, Slot::Attended, Slot::Gate),
                matrix("up", self.feed_forward, self.hidden, Slot::Attended, Slot::Up),
                matrix("down", self.hidden, self.feed_forward, Slot::Gate, Slot::Hidden),
            ]
        };
        let head = matrix(
            "lm_head",
            self.vocabulary,
            self.hidden,
            Slot::Hidden,
            Slot::Logits,
        );
        let inputs = (0..self.layers).map(|index| if index == 0 { Slot::Embedded } else { Slot::Hidden });
        inputs.flat_map(layer).chain([head]).collect()
    }
}

impl Matrix {
    /// The multiplication of a prompt of so many tokens.
    pub(crate) fn product(&self, prompt: u32) -> Shape {
        let LayerShape { n, k, group_size } = self.shape;
        // A prompt is continued behind its last token only.
        let m = if self.to == Slot::Logits { 1 } else { prompt };
        Shape { m, n, k, group_size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_have_as_many_weights_as_their_names_say() {
        let weights = |architecture: Architecture| -> u64 {
            let matrices = architecture.matrices(32);
            assert_eq!(matrices.len() as u32, 7 * architecture.layers + 1);
            let weights = |matrix: &Matrix| u64::from(matrix.shape.n) * u64::from(matrix.shape.k);
            matrices.iter().map(weights).sum()
        };
        // Its embeddings are its head, and no product reads the 8B model's.
        assert_eq!(weights(LLAMA_3_2_1B), 1_235_746_816);
        assert_eq!(weights(LLAMA_3_1_8B), 7_504_658_432);
    }

    #[test]
    fn a_prompt_is_continued_behind_its_last_token_only() {
        let matrices = LLAMA_3_2_1B.matrices(32);
        let (head, others) = matrices.split_last().unwrap();
        assert_eq!((head.name, head.product(512).m), ("lm_head", 1));
        assert!(others.iter().all(|matrix| matrix.product(512).m == 512));
    }

    #[test]
    fn every_matrix_reads_as_many_features_as_the_one_before_it_wrote() {
        for architecture in [LLAMA_3_2_1B, LLAMA_3_1_8B] {
            let matrices = architecture.matrices(32);
            for (index, matrix) in matrices.iter().enumerate() {
                assert_ne!(matrix.from, matrix.to);
                let written = matrices[..index].iter().rfind(|before| before.to == matrix.from);
                match written {
                    Some(before) => assert_eq!(before.shape.n, matrix.shape.k, "{}", matrix.name),
                    None => assert_eq!(
                        (matrix.from, matrix.shape.k),
                        (Slot::Embedded, architecture.hidden)
                    ),
                }
            }
        }
    }
}
