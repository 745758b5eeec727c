//! The dictionary in an NPY header, by the grammar of what NumPy writes and nothing more:
//!
//! ```text
//! dictionary = '{' { string ':' value ',' } '}' spaces      the last comma may be missing
//! value      = string | 'True' | 'False' | '(' { integer ',' } ')'
//! ```
//!
//! with exactly the keys descr, fortran_order and shape, in any order. NumPy evaluates a Python literal
//! here; a parser of this size cannot be surprised.

use crate::error::ReadError;

/// What the dictionary says.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    pub(super) descr: String,
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<u64>,
}

/// Parses the header's text, trailing spaces and newline included.
pub(super) fn parse(text: &[u8]) -> Result<Header, ReadError> {
    let mut parser = Parser { text, at: 0 };
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    parser.expect(b'{')?;
    while !parser.accept(b'}') {
        let key = parser.string()?;
        parser.expect(b':')?;
        let repeated = match key.as_str() {
            "descr" => descr.replace(parser.descr()?).is_some(),
            "fortran_order" => fortran_order.replace(parser.boolean()?).is_some(),
            "shape" => shape.replace(parser.shape()?).is_some(),
            _ => return Err(parser.fault("the keys descr, fortran_order and shape")),
        };
        if repeated {
            return Err(parser.fault("every key once"));
        }
        if !parser.accept(b',') {
            parser.expect(b'}')?;
            break;
        }
    }
    parser.spaces();
    if parser.at != text.len() {
        return Err(parser.fault("the end of the header"));
    }
    match (descr, fortran_order, shape) {
        (Some(descr), Some(fortran_order), Some(shape)) => Ok(Header { descr, fortran_order, shape }),
        _ => Err(parser.fault("the keys descr, fortran_order and shape")),
    }
}

/// A type that NumPy can store and that is no tensor of numbers.
pub(super) fn foreign_dtype(found: &str) -> ReadError {
    ReadError::NotSupported {
        expected: "bool, 8 to 64-bit integer or float16, float32, float64 elements",
        found: format!("dtype '{}'", found.escape_debug()),
        remedy: "save the array with one of these dtypes",
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn fault(&self, expected: &str) -> ReadError {
        let rest = &self.text[self.at.min(self.text.len())..];
        let found = match rest {
            [] => "its end".into(),
            _ => format!("'{}' at byte {}", rest[..rest.len().min(24)].escape_ascii(), self.at),
        };
        ReadError::header("the dictionary", expected, found)
    }

    fn spaces(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    /// Passes spaces, then the byte if it comes next.
    fn accept(&mut self, byte: u8) -> bool {
        self.spaces();
        let found = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), ReadError> {
        if !self.accept(byte) {
            return Err(self.fault(&format!("'{}'", byte as char)));
        }
        Ok(())
    }

    /// Printable ASCII in single or double quotes, without escapes.
    fn string(&mut self) -> Result<String, ReadError> {
        let quote = match (self.accept(b'\''), self.text.get(self.at)) {
            (true, _) => b'\'',
            (false, Some(b'"')) => {
                self.at += 1;
                b'"'
            }
            _ => return Err(self.fault("a string")),
        };
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|&byte| byte == quote).ok_or_else(|| self.fault("a closing quote"))?;
        let text = &rest[..length];
        if !text.iter().all(|&byte| (b' '..=b'~').contains(&byte) && byte != b'\\') {
            return Err(self.fault("plain characters"));
        }
        self.at += length + 1;
        Ok(text.iter().map(|&byte| byte as char).collect())
    }

    /// A type string; a list instead would describe a record of several fields.
    fn descr(&mut self) -> Result<String, ReadError> {
        if self.accept(b'[') {
            return Err(foreign_dtype("a record of fields"));
        }
        self.string()
    }

    fn boolean(&mut self) -> Result<bool, ReadError> {
        self.spaces();
        for (word, value) in [("True", true), ("False", false)] {
            if self.text[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.fault("True or False"))
    }

    /// A tuple of lengths. One length needs its comma, or it would be a number in brackets.
    fn shape(&mut self) -> Result<Vec<u64>, ReadError> {
        let mut shape = Vec::new();
        self.expect(b'(')?;
        while !self.accept(b')') {
            shape.push(self.length()?);
            if !self.accept(b',') {
                if shape.len() == 1 {
                    return Err(self.fault("','"));
                }
                self.expect(b')')?;
                break;
            }
        }
        Ok(shape)
    }

    /// Decimal digits; Python 2 wrote an L behind them.
    fn length(&mut self) -> Result<u64, ReadError> {
        self.spaces();
        let rest = &self.text[self.at..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let length = rest[..digits]
            .iter()
            .try_fold(0u64, |value, digit| value.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
            .filter(|_| digits > 0)
            .ok_or_else(|| self.fault("an axis length from 0 to 2⁶⁴−1"))?;
        self.at += digits + usize::from(rest.get(digits) == Some(&b'L'));
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_numpy_writes_is_understood() {
        let header = |descr: &str, fortran_order, shape: &[u64]| Header {
            descr: descr.into(),
            fortran_order,
            shape: shape.to_vec(),
        };
        for (text, expected) in [
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }     \n", header("<f4", false, &[2, 3])),
            ("{'descr': '|u1', 'fortran_order': True, 'shape': (3,), }", header("|u1", true, &[3])),
            ("{'descr': '<i8', 'fortran_order': False, 'shape': (), }\n", header("<i8", false, &[])),
            ("{\"shape\":(4L,5L),\"descr\":\">i2\",\"fortran_order\":False}", header(">i2", false, &[4, 5])),
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "{",
            "{}",
            "{'descr': '<f4', 'fortran_order': False}",
            "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
            "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551616,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': [1]}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
            "{'descr': '<f\\x34', 'fortran_order': False, 'shape': (1,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (__import__('os'),)}",
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.code(), "header", "{text}: {error}");
        }
    }
}
