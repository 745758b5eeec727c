//! NPY headers and NPZ archives that lie.

use flate2::{Compression, Crc, read::DeflateEncoder};
use maskloss_io::{Format, Limits, ReadError, read_bytes};
use std::io::Read;

use crate::support::{bytes, code, patched, read_as, refuse};

/// An NPY file of the given header text and data.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), data].concat()
}

fn array(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    npy(&format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n"), data)
}

#[test]
fn array_headers_that_lie() {
    assert!(read_as("a.npy", &array("u1", "(2, 2)", b"abcd"), None).is_ok());
    let ones = format!("({})", "1,".repeat(33));
    let cases = [
        ("a shape beyond 64 bits", array("|u1", "(4294967296, 4294967296, 2)", b""), "header"),
        ("an axis beyond 64 bits", array("|u1", "(18446744073709551616,)", b""), "header"),
        ("2⁶³ doubles", array("<f8", "(9223372036854775808,)", b""), "oversized"),
        ("4 GiB + 1", array("|u1", "(4294967297,)", b""), "oversized"),
        ("2¹⁶ × 2¹⁶ halves, 16 GiB as float32", array("<f2", "(65536, 32767)", b""), "oversized"),
        ("4 GiB that are not there", array("|u1", "(4294967296,)", b""), "truncated"),
        ("33 axes", array("|u1", &ones, b"a"), "header"),
        ("no byte order", array("|i4", "(1,)", b"abcd"), "header"),
        ("an unknown byte order", array("^i4", "(1,)", b"abcd"), "not-supported"),
        ("text", array("<U4", "(1,)", &[0; 16]), "not-supported"),
        ("complex numbers", bytes("refused_complex.npy"), "not-supported"),
        ("records", bytes("refused_record.npy"), "not-supported"),
        ("objects", bytes("refused_object.npy"), "object-dtype"),
        ("dates", array("<M8[ns]", "(1,)", &[0; 8]), "not-supported"),
        ("no dictionary", npy("(1, 2)", b""), "header"),
        ("half a dictionary", npy("{'descr': '<f4'", b""), "header"),
        ("a header that is not text", npy("\0\0\0\0\0\0\0\0", b""), "header"),
        ("no header", npy("", b""), "header"),
        ("version 0", patched(&array("u1", "(1,)", b"a"), 6, &[0]), "header"),
        ("version 4", patched(&array("u1", "(1,)", b"a"), 6, &[4]), "header"),
        ("a header of 4 GiB", b"\x93NUMPY\x02\0\xff\xff\xff\xff{".to_vec(), "oversized"),
        ("a header of 64 KiB + 1", b"\x93NUMPY\x03\0\x01\0\x01\0{".to_vec(), "oversized"),
        ("a header longer than the file", b"\x93NUMPY\x01\0\xff\xff{".to_vec(), "truncated"),
        ("one byte too few", array("|u1", "(2, 2)", b"abc"), "truncated"),
        ("one byte too many", array("|u1", "(2, 2)", b"abcde"), "trailing-data"),
    ];
    refuse("a.npy", cases.map(|(what, bytes, wanted)| (what.into(), bytes, wanted)).into());
}

/// One entry of an archive, every field as it is to be written.
#[derive(Clone)]
struct Part {
    name: &'static str,
    local_name: &'static str,
    flags: u16,
    method: u16,
    crc: u32,
    size: u32,
    compressed: u32,
    packed: Vec<u8>,
    /// Moves the local header's place in the directory.
    shift: i32,
}

impl Part {
    fn stored(name: &'static str, data: &[u8]) -> Self {
        let mut crc = Crc::new();
        crc.update(data);
        let (crc, size) = (crc.sum(), data.len() as u32);
        Self { name, local_name: name, flags: 0, method: 0, crc, size, compressed: size, packed: data.into(), shift: 0 }
    }

    fn deflated(name: &'static str, data: &[u8]) -> Self {
        let mut packed = Vec::new();
        DeflateEncoder::new(data, Compression::best()).read_to_end(&mut packed).unwrap();
        Self { method: 8, compressed: packed.len() as u32, packed, ..Self::stored(name, data) }
    }

    /// The fields that both headers share: flags, method, time, date, checksum, sizes, length of the name.
    fn fields(&self, name: &str) -> Vec<u8> {
        let short = [self.flags, self.method, 0, 0].map(u16::to_le_bytes).concat();
        let long = [self.crc, self.compressed, self.size].map(u32::to_le_bytes).concat();
        let lengths = [name.len() as u16, 0].map(u16::to_le_bytes).concat();
        [short, long, lengths].concat()
    }
}

fn archive(parts: &[Part]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for part in parts {
        let place = (file.len() as i32 + part.shift) as u32;
        let record = [b"PK\x01\x02\x14\0\x14\0", &part.fields(part.name)[..], &[0; 10], &place.to_le_bytes()].concat();
        directory.extend([&record[..], part.name.as_bytes()].concat());
        let header = [b"PK\x03\x04\x14\0", &part.fields(part.local_name)[..]].concat();
        file.extend([&header[..], part.local_name.as_bytes(), &part.packed].concat());
    }
    let (count, start) = ((parts.len() as u16).to_le_bytes(), (file.len() as u32).to_le_bytes());
    let size = (directory.len() as u32).to_le_bytes();
    file.extend([&directory[..], b"PK\x05\x06\0\0\0\0", &count, &count, &size, &start, &[0, 0]].concat());
    file
}

#[test]
fn archives_that_lie() {
    let data = array("|u1", "(40, 50)", &[7; 2000]);
    let stored = Part::stored("a.npy", &data);
    let deflated = Part::deflated("a.npy", &data);
    for part in [&stored, &deflated] {
        assert!(read_as("a.npz", &archive(std::slice::from_ref(part)), None).is_ok());
    }
    let other = Part::stored("b.npy", &data);
    let length = 30 + 5 + data.len() as i32;
    let one = |what: &str, part: Part, wanted| (what.to_string(), archive(&[part]), wanted);
    let cases = vec![
        one("encrypted", Part { flags: 1, ..stored.clone() }, "not-supported"),
        one("strongly encrypted", Part { flags: 1 << 6, ..stored.clone() }, "not-supported"),
        one("bzip2", Part { method: 12, ..stored.clone() }, "not-supported"),
        one("another checksum", Part { crc: 7, ..stored.clone() }, "checksum"),
        one("another checksum, deflated", Part { crc: 7, ..deflated.clone() }, "checksum"),
        one("stored in two sizes", Part { size: 7, ..stored.clone() }, "corrupt"),
        one("2 GB out of few bytes", Part { size: 1 << 31, ..deflated.clone() }, "corrupt"),
        one("a size too small", Part { size: deflated.size - 1, ..deflated.clone() }, "truncated"),
        one("a size too large", Part { size: deflated.size + 1, ..deflated.clone() }, "trailing-data"),
        one("compressed size too small", Part { compressed: deflated.compressed - 5, ..deflated.clone() }, "truncated"),
        one("compressed size beyond the file", Part { compressed: 1 << 30, ..deflated.clone() }, "corrupt"),
        one("a local header of another name", Part { local_name: "b.npy", ..stored.clone() }, "corrupt"),
        one("a local header elsewhere", Part { shift: 1, ..stored.clone() }, "corrupt"),
        one("a local header beyond the file", Part { shift: 1 << 30, ..stored.clone() }, "corrupt"),
        one("a 64-bit size that is not there", Part { size: u32::MAX, ..deflated.clone() }, "corrupt"),
        one("not an array", Part::stored("a.npy", b"not an array"), "header"),
        one("an archive of objects", Part::stored("a.npy", &bytes("refused_object.npy")), "object-dtype"),
        ("one name twice".into(), archive(&[stored.clone(), stored.clone()]), "corrupt"),
        (
            "entries that overlap".into(),
            archive(&[stored.clone(), Part { name: "b.npy", shift: -length, ..stored.clone() }]),
            "corrupt",
        ),
        (
            "an entry within another".into(),
            archive(&[Part { compressed: stored.size + 35, size: stored.size + 35, ..stored.clone() }, other.clone()]),
            "corrupt",
        ),
        ("two arrays and no key".into(), archive(&[stored.clone(), other.clone()]), "key-needed"),
        ("no arrays".into(), archive(&[]), "key-needed"),
        ("no arrays but other files".into(), archive(&[Part::stored("readme.txt", b"hello")]), "key-needed"),
        (
            "bytes before the archive".into(),
            [&b"PK\x03\x04"[..], &archive(std::slice::from_ref(&stored))].concat(),
            "corrupt",
        ),
    ];
    refuse("a.npz", cases);

    // What follows the deflate stream within an entry is found as well.
    let mut longer = deflated.clone();
    longer.packed.extend([0; 3]);
    longer.compressed += 3;
    assert_eq!(code("a.npz", &archive(&[longer])), "corrupt");
}

#[test]
fn archives_of_too_many_entries() {
    let names: Vec<&'static str> = (0..4097).map(|i| &*format!("{i}.npy").leak()).collect();
    let parts: Vec<Part> = names.iter().map(|name| Part::stored(name, b"")).collect();
    assert_eq!(code("a.npz", &archive(&parts)), "oversized");
    assert_eq!(code("a.npz", &archive(&parts[1..])), "key-needed");
}

#[test]
fn zip64_records_that_lie() {
    let good = bytes("npz_zip64.npz");
    let locator = good.windows(4).position(|record| record == b"PK\x06\x07").unwrap();
    let record = good.windows(4).position(|record| record == b"PK\x06\x06").unwrap();
    let long = |value: u64| value.to_le_bytes();
    let case = |what: &str, at, with: &[u8], wanted| (what.to_string(), patched(&good, at, with), wanted);
    refuse(
        "a.npz",
        vec![
            case("a record beyond the file", locator + 8, &long(u64::MAX), "corrupt"),
            case("a record elsewhere", locator + 8, &long(0), "corrupt"),
            case("a record of another length", record + 4, &long(45), "corrupt"),
            case("2⁶⁴ − 1 entries", record + 24, &[long(u64::MAX), long(u64::MAX)].concat(), "oversized"),
            case("one entry more", record + 24, &[long(3), long(3)].concat(), "corrupt"),
            case("one entry fewer", record + 24, &[long(1), long(1)].concat(), "corrupt"),
            case("a directory of 2⁶⁴ − 1 bytes", record + 40, &long(u64::MAX), "oversized"),
            case("a directory elsewhere", record + 48, &long(u64::MAX), "corrupt"),
            case("one disk of two", record + 16, &[1, 0, 0, 0], "not-supported"),
        ],
    );
}

#[test]
fn keys_are_found_and_listed() {
    let read = |key| read_as("a.npz", &bytes("npz_stored.npz"), key);
    let keys = vec!["labels".to_string(), "scores".to_string()];
    assert_eq!(read(None), Err(ReadError::KeyNeeded { keys: keys.clone() }));
    assert_eq!(read(Some("label")), Err(ReadError::NoSuchKey { key: "label".into(), keys }));
    assert_eq!(
        read(Some("label\n")).unwrap_err().to_string(),
        "Expected an array named 'label\\n' but found 'labels', 'scores'; give one of these as the key"
    );

    // A name in full goes before a name without its extension, whatever the order.
    let [first, second] = [b"1", b"2"].map(|data| array("|u1", "(1,)", data));
    let file = archive(&[Part::stored("x.npy.npy", &first), Part::stored("x.npy", &second)]);
    let chosen = |key| read_bytes(Format::Npz, &file, Some(key), &Limits::default()).unwrap().data;
    assert_eq!((chosen("x"), chosen("x.npy"), chosen("x.npy.npy")), (b"2".to_vec(), b"2".to_vec(), b"1".to_vec()));
}
