//! Files written by NumPy, Nibabel and Pillow are read as those libraries read them.

use crate::support::{Expected, bytes, expected, path, read_as};
use maskloss_io::{DType, Limits, Tensor, read};

/// Every element as an exact decimal or the shortest float that reads back.
fn elements(tensor: &Tensor) -> Vec<String> {
    fn print<const N: usize, T: ToString>(data: &[u8], number: fn([u8; N]) -> T) -> Vec<String> {
        let (elements, rest) = data.as_chunks();
        assert!(rest.is_empty());
        elements.iter().map(|&element| number(element).to_string()).collect()
    }
    let data = tensor.data.as_slice();
    match tensor.dtype {
        DType::U8 => print(data, u8::from_ne_bytes),
        DType::I8 => print(data, i8::from_ne_bytes),
        DType::U16 => print(data, u16::from_ne_bytes),
        DType::I16 => print(data, i16::from_ne_bytes),
        DType::U32 => print(data, u32::from_ne_bytes),
        DType::I32 => print(data, i32::from_ne_bytes),
        DType::U64 => print(data, u64::from_ne_bytes),
        DType::I64 => print(data, i64::from_ne_bytes),
        DType::F32 => print(data, |bytes| f64::from(f32::from_ne_bytes(bytes))),
        DType::F64 => print(data, f64::from_ne_bytes),
    }
}

fn same_numbers(found: &[String], expected: &[String]) -> bool {
    let same = |(found, expected): (&String, &String)| {
        found == expected
            || match (found.parse::<f64>(), expected.parse::<f64>()) {
                // Integers beyond 2⁵³ were compared as text; only floats have two spellings.
                (Ok(a), Ok(b)) => expected.contains(['.', 'e', 'n']) && (a == b || a.is_nan() && b.is_nan()),
                _ => false,
            }
    };
    found.len() == expected.len() && found.iter().zip(expected).all(same)
}

fn close(found: &[f64], expected: &[f64]) -> bool {
    found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-12 * b.abs().max(1.0))
}

fn check(tensor: &Tensor, expected: &Expected) {
    let file = &expected.file;
    assert_eq!(tensor.dtype.name(), expected.dtype, "{file}");
    assert_eq!(tensor.shape, expected.shape, "{file}");
    let found = elements(tensor);
    assert!(same_numbers(&found, &expected.elements), "{file}: found {found:?}, expected {:?}", expected.elements);
    assert_eq!(tensor.spacing, expected.spacing, "{file}");
    match (&tensor.affine, &expected.affine) {
        (None, None) => {}
        (Some(found), Some(wanted)) => {
            assert!(close(found, wanted), "{file}: found {found:?}, expected {wanted:?}")
        }
        (found, wanted) => panic!("{file}: found affine {found:?}, expected {wanted:?}"),
    }
    assert_eq!(tensor.format, crate::support::format(file), "{file}");
}

#[test]
fn every_fixture_is_read_from_the_file_and_from_memory() {
    for expected in expected() {
        let key = expected.key.as_deref();
        let tensor = read(&path(&expected.file), key, &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
        check(&tensor, &expected);
        assert_eq!(tensor.data.len(), tensor.data.capacity(), "{}: memory beyond the data", expected.file);
        check(&read_as(&expected.file, &bytes(&expected.file), key).unwrap(), &expected);
    }
}

/// The engine compares a prediction and a reference, so the same array must be the same tensor from any file.
#[test]
fn byte_order_version_and_compression_leave_no_trace() {
    let data = |file: &str| read(&path(file), None, &Limits::default()).unwrap().data;
    for code in ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"] {
        assert_eq!(data(&format!("nifti1_{code}_le.nii")), data(&format!("nifti1_{code}_be.nii")), "{code}");
    }
    assert_eq!(data("nifti1_i2_le.nii"), data("nifti2_i2_le.nii"));
    assert_eq!(data("npy_f4_le.npy"), data("npy_f4_be.npy"));
    assert_eq!(data("npy_f4_le.npy"), data("npz_only.npz"));
}
