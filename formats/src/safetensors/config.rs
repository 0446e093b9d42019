//! What only the configuration beside a file says.

use std::fs;

use serde_json::Value;

use crate::file::Source;

/// No configuration is longer.
const MOST_BYTES: u64 = 64 << 20;

/// Bits and group size that the `config.json` beside the file gives to a layer, under the key that MLX writes. Layers may have values of
/// their own there.
pub(super) fn quantization(source: &Source, layer: &str) -> Option<(u64, u64)> {
    of_layer(&beside(source, "config.json")?, layer)
}

/// What says, under a key of a configuration, that GPTQ's zero points are stored as they are: the second version of the format, and what auto-round writes of its own.
const PLAIN_ZERO_POINTS: [(&str, &str); 3] = [
    ("checkpoint_format", "gptq_v2"),
    ("packing_format", "auto_round"),
    ("packing_format", "auto_round:gptqmodel"),
];

/// Whether a configuration beside the file says that GPTQ's zero points are stored as they are: in the first version they are one less.
pub(super) fn has_plain_zero_points(source: &Source) -> bool {
    let own = ["quantize_config.json", "quantization_config.json"].map(|name| beside(source, name));
    let all = beside(source, "config.json")
        .and_then(|mut config| config.get_mut("quantization_config").map(Value::take));
    let says = |config: &Value| {
        PLAIN_ZERO_POINTS
            .iter()
            .any(|(key, value)| config.get(key).is_some_and(|given| given == value))
    };
    own.iter().chain([&all]).flatten().any(says)
}

fn beside(source: &Source, name: &str) -> Option<Value> {
    let path = source.folder()?.join(name);
    if fs::metadata(&path).ok()?.len() > MOST_BYTES {
        return None;
    }
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn of_layer(config: &Value, layer: &str) -> Option<(u64, u64)> {
    let all = config
        .get("quantization")
        .or_else(|| config.get("quantization_config"))?;
    let own = all.get(layer);
    let number = |key| {
        own.and_then(|own| own.get(key))
            .or_else(|| all.get(key))?
            .as_u64()
    };
    Some((number("bits")?, number("group_size")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_of_its_own_bits_goes_before_the_model() {
        let config = serde_json::json!({"quantization": {"bits": 4, "group_size": 64, "a.b": {"bits": 8}}});
        assert_eq!(of_layer(&config, "a.b"), Some((8, 64)));
        assert_eq!(of_layer(&config, "a.c"), Some((4, 64)));
        assert_eq!(of_layer(&serde_json::json!({}), "a.c"), None);
    }
}
