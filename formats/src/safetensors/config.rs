//! What only the configuration beside a file says.

use std::fs;

use serde_json::Value;

use crate::file::Source;

/// No configuration is longer.
const MOST_BYTES: u64 = 64 << 20;

/// Bits and group size that the `config.json` beside the file gives to a layer, under the key that MLX writes. Layers may have values of
/// their own there.
pub(super) fn quantization(source: &Source, layer: &str) -> Option<(u64, u64)> {
    let path = source.path().parent()?.join("config.json");
    if fs::metadata(&path).ok()?.len() > MOST_BYTES {
        return None;
    }
    of_text(&fs::read(path).ok()?, layer)
}

fn of_text(json: &[u8], layer: &str) -> Option<(u64, u64)> {
    let config: Value = serde_json::from_slice(json).ok()?;
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
        let config = br#"{"quantization": {"bits": 4, "group_size": 64, "a.b": {"bits": 8}}}"#;
        assert_eq!(of_text(config, "a.b"), Some((8, 64)));
        assert_eq!(of_text(config, "a.c"), Some((4, 64)));
        assert_eq!(of_text(b"{}", "a.c"), None);
        assert_eq!(of_text(b"\xFF", "a.c"), None);
    }
}
