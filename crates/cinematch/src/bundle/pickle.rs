//! Writes Python pickles with protocol 4, using only the opcodes that scikit-learn objects need. There is
//! no reader, because loading a pickle can execute arbitrary code.

/// A Python value that can be pickled.
pub(super) enum Value<'a> {
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string.
    Text(&'a str),
    /// A tuple of integers.
    IntTuple(&'a [i64]),
    /// A module attribute, given by module and name.
    Global(&'a str, &'a str),
    /// A dictionary that maps strings to integers.
    IntDict(Vec<(&'a str, i64)>),
    /// A one-dimensional `numpy.ndarray` of `float64`.
    Floats(&'a [f64]),
    /// A one-dimensional `numpy.ndarray` of strings with `dtype=object`.
    Texts(&'a [String]),
    /// An object, given by module, class and state.
    Object(&'a str, &'a str, Vec<(&'a str, Value<'a>)>),
}

/// Serializes `value`.
pub(crate) fn pickle(value: &Value<'_>) -> Vec<u8> {
    let mut out = vec![0x80, 4];
    put(&mut out, value);
    out.push(b'.');
    out
}

fn put(out: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::None => out.push(b'N'),
        Value::Bool(true) => out.push(0x88),
        Value::Bool(false) => out.push(0x89),
        Value::Int(number) => int(out, *number),
        Value::Float(number) => {
            out.push(b'G');
            out.extend_from_slice(&number.to_be_bytes());
        }
        Value::Text(string) => text(out, string),
        Value::IntTuple(numbers) => {
            out.push(b'(');
            numbers.iter().for_each(|number| int(out, *number));
            out.push(b't');
        }
        Value::Global(module, name) => global(out, module, name),
        Value::IntDict(entries) => {
            out.extend_from_slice(b"}(");
            for (key, number) in entries {
                text(out, key);
                int(out, *number);
            }
            out.push(b'u');
        }
        Value::Floats(numbers) => {
            array(out, numbers.len(), ("f8", "<", 0), |out| {
                let data: Vec<u8> =
                    numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
                bytes(out, &data);
            });
        }
        Value::Texts(strings) => array(out, strings.len(), ("O8", "|", 63), |out| {
            out.extend_from_slice(b"](");
            strings.iter().for_each(|string| text(out, string));
            out.push(b'e');
        }),
        Value::Object(module, class, state) => {
            global(out, module, class);
            // An empty argument tuple and NEWOBJ, followed by BUILD with the state.
            out.extend_from_slice(b")\x81}(");
            for (key, value) in state {
                text(out, key);
                put(out, value);
            }
            out.extend_from_slice(b"ub");
        }
    }
}

fn int(out: &mut Vec<u8>, number: i64) {
    if let Ok(small) = i32::try_from(number) {
        out.push(b'J');
        out.extend_from_slice(&small.to_le_bytes());
    } else {
        // LONG1: eight bytes in two's complement.
        out.extend_from_slice(&[0x8a, 8]);
        out.extend_from_slice(&number.to_le_bytes());
    }
}

fn text(out: &mut Vec<u8>, string: &str) {
    out.push(b'X');
    out.extend_from_slice(&(string.len() as u32).to_le_bytes());
    out.extend_from_slice(string.as_bytes());
}

fn bytes(out: &mut Vec<u8>, data: &[u8]) {
    out.push(b'B');
    out.extend_from_slice(&(data.len() as u32).to_le_bytes());
    out.extend_from_slice(data);
}

fn global(out: &mut Vec<u8>, module: &str, name: &str) {
    text(out, module);
    text(out, name);
    out.push(0x93);
}

/// Writes a one-dimensional array as `numpy.core.multiarray._reconstruct(ndarray, (0,), b'b')` with the
/// state (version, shape, dtype, Fortran order, data). Both NumPy 1 and NumPy 2 can load this module
/// path.
fn array(
    out: &mut Vec<u8>,
    length: usize,
    (descr, order, flags): (&str, &str, i64),
    data: impl FnOnce(&mut Vec<u8>),
) {
    global(out, "numpy.core.multiarray", "_reconstruct");
    out.push(b'(');
    global(out, "numpy", "ndarray");
    put(out, &Value::IntTuple(&[0]));
    bytes(out, b"b");
    out.extend_from_slice(b"tR(");
    int(out, 1);
    put(out, &Value::IntTuple(&[length as i64]));
    global(out, "numpy", "dtype");
    out.push(b'(');
    text(out, descr);
    out.extend_from_slice(b"\x89\x88tR(");
    int(out, 3);
    text(out, order);
    out.extend_from_slice(b"NNN");
    int(out, -1);
    int(out, -1);
    int(out, flags);
    out.extend_from_slice(b"tb\x89");
    data(out);
    out.extend_from_slice(b"tb");
}
