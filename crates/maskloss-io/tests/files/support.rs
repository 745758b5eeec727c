//! The fixtures and what is in them; see `fixtures/make.py`.

use std::fs;
use std::path::PathBuf;

use maskloss_io::{Format, Limits, ReadError, Tensor, read_bytes};

/// A line of `expected.tsv`.
pub struct Expected {
    pub file: String,
    pub key: Option<String>,
    pub dtype: String,
    pub shape: Vec<u64>,
    pub spacing: Option<Vec<f64>>,
    pub affine: Option<Vec<f64>>,
    pub elements: Vec<String>,
}

pub fn path(file: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", file].iter().collect()
}

pub fn bytes(file: &str) -> Vec<u8> {
    fs::read(path(file)).unwrap()
}

pub fn format(file: &str) -> Format {
    Format::from_path(file.as_ref()).unwrap()
}

/// Reads bytes as a file of the given name would be read.
pub fn read_as(file: &str, bytes: &[u8], key: Option<&str>) -> Result<Tensor, ReadError> {
    read_bytes(format(file), bytes, key, &Limits::default())
}

/// The code of the error that must come. Its sentence must have the one shape of all sentences.
pub fn code(file: &str, bytes: &[u8]) -> &'static str {
    match read_as(file, bytes, None) {
        Ok(tensor) => panic!("{file} was read: {:?} {:?}", tensor.dtype, tensor.shape),
        Err(error) => {
            let sentence = error.to_string();
            assert!(sentence.starts_with("Expected ") && sentence.contains(" but found "), "{sentence}");
            assert!(sentence.contains("; ") && sentence.len() < 1000, "no remedy: {sentence}");
            assert!(!sentence.contains(|c: char| c.is_control()), "{sentence:?}");
            error.code()
        }
    }
}

/// Runs a table of `(what, file, wanted code)` made from one fixture.
pub fn refuse(file: &str, cases: Vec<(String, Vec<u8>, &str)>) {
    for (what, bytes, wanted) in cases {
        assert_eq!(code(file, &bytes), wanted, "{what}");
    }
}

/// The bytes with others in place of those at `at`.
pub fn patched(bytes: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + with.len()].copy_from_slice(with);
    bytes
}

pub fn expected() -> Vec<Expected> {
    let list = |text: &str| text.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let numbers = |text: &str| (text != "-").then(|| list(text).iter().map(|item| item.parse().unwrap()).collect());
    let table = String::from_utf8(bytes("expected.tsv")).unwrap();
    let expected: Vec<Expected> = table
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            Expected {
                file: fields[0].into(),
                key: (fields[1] != "-").then(|| fields[1].into()),
                dtype: fields[2].into(),
                shape: list(fields[3]).iter().map(|item| item.parse().unwrap()).collect(),
                spacing: numbers(fields[4]),
                affine: numbers(fields[5]),
                elements: list(fields[6]),
            }
        })
        .collect();
    assert!(expected.len() > 80, "only {} fixtures", expected.len());
    expected
}

/// One fixture a file: the first key of an archive.
pub fn files() -> Vec<Expected> {
    let mut files = expected();
    files.dedup_by(|next, kept| next.file == kept.file);
    files
}
