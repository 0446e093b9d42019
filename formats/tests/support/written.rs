//! Files that tests write themselves, of as many bytes as they need.
#![allow(dead_code, reason = "no test file needs all of it")]

/// One tensor of a safetensors file: name, type, shape, and its data where it matters.
pub(crate) type Tensor<'a> = (&'a str, &'a str, &'a [usize], Option<Vec<u8>>);

/// A header of the tensors and their data, as the container has them.
pub(crate) fn safetensors(tensors: &[Tensor<'_>]) -> Vec<u8> {
    let mut header = serde_json::Map::new();
    let mut data = Vec::new();
    for (name, dtype, shape, bytes) in tensors {
        let size = match *dtype {
            "U8" | "I8" => 1,
            "F16" | "BF16" => 2,
            "I64" => 8,
            _ => 4,
        };
        let length = shape.iter().product::<usize>() * size;
        let begin = data.len();
        let pattern = || (0..length).map(|byte| (byte * 37 % 61) as u8).collect();
        data.extend(bytes.clone().unwrap_or_else(pattern));
        let entry = serde_json::json!({"dtype": dtype, "shape": shape, "data_offsets": [begin, data.len()]});
        header.insert((*name).to_owned(), entry);
    }
    let header = serde_json::Value::Object(header).to_string();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.extend(data);
    file
}

/// Data of words.
pub(crate) fn words(values: impl IntoIterator<Item = u32>) -> Option<Vec<u8>> {
    Some(values.into_iter().flat_map(u32::to_le_bytes).collect())
}

/// Data of floats.
pub(crate) fn floats(values: impl IntoIterator<Item = f32>) -> Option<Vec<u8>> {
    words(values.into_iter().map(f32::to_bits))
}

/// A field of a message of Protocol Buffers.
pub(crate) fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    [
        &[number << 3 | 2, (length & 0x7F) as u8 | 0x80, (length >> 7) as u8],
        content,
    ]
    .concat()
}

/// A field that is a small number.
pub(crate) fn small(number: u8, value: u8) -> Vec<u8> {
    vec![number << 3, value]
}

/// A field for each name.
fn names(number: u8, names: &[&str]) -> Vec<u8> {
    names
        .iter()
        .flat_map(|name| field(number, name.as_bytes()))
        .collect()
}

/// A node of a graph with attributes that are small numbers.
pub(crate) fn node(operation: &str, inputs: &[&str], output: &str, attributes: &[(&str, u8)]) -> Vec<u8> {
    let attributes = attributes
        .iter()
        .flat_map(|(name, value)| field(5, &[field(1, name.as_bytes()), small(3, *value)].concat()));
    let mut node = [
        names(1, inputs),
        names(2, &[output]),
        field(4, operation.as_bytes()),
    ]
    .concat();
    node.extend(attributes);
    field(1, &node)
}

/// A constant of a graph whose data is in a field of this number: 9 is `raw_data`.
pub(crate) fn constant_in(data_field: u8, name: &str, data_type: u8, dims: &[u8], data: &[u8]) -> Vec<u8> {
    let mut tensor: Vec<u8> = dims.iter().flat_map(|size| small(1, *size)).collect();
    tensor.extend(
        [
            small(2, data_type),
            field(8, name.as_bytes()),
            field(data_field, data),
        ]
        .concat(),
    );
    field(5, &tensor)
}

/// A constant of a graph.
pub(crate) fn constant(name: &str, data_type: u8, dims: &[u8], data: &[u8]) -> Vec<u8> {
    constant_in(9, name, data_type, dims, data)
}

/// A constant of a graph whose data another file has, as these pairs say.
pub(crate) fn elsewhere(name: &str, data_type: u8, dims: &[u8], pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut tensor: Vec<u8> = dims.iter().flat_map(|size| small(1, *size)).collect();
    tensor.extend([small(2, data_type), field(8, name.as_bytes()), small(14, 1)].concat());
    for (key, value) in pairs {
        tensor.extend(field(
            13,
            &[field(1, key.as_bytes()), field(2, value.as_bytes())].concat(),
        ));
    }
    field(5, &tensor)
}

/// A model of a graph of these fields.
pub(crate) fn onnx(graph: &[Vec<u8>]) -> Vec<u8> {
    [small(1, 10), field(7, &graph.concat())].concat()
}

/// An empty folder of a test's own.
pub(crate) fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
