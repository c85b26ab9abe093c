//! Content codings: a body as a page reads it
//! ([handle content codings](https://fetch.spec.whatwg.org/#handle-content-codings)).

use std::io::{self, Read};

use brotli_decompressor::Decompressor;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;

/// How much is decoded at once.
const BUFFER: usize = 4096;

/// A body without its codings.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Decoded {
    /// The bytes, as far as they could be decoded, and `most` at most.
    pub(super) bytes: Vec<u8>,
    /// Why there are no more.
    pub(super) error: Option<String>,
}

/// Takes the codings that `content_encoding` lists off `bytes`, the last one first. A body with a coding
/// that nobody knows stays as it is.
pub(super) fn decoded(bytes: Vec<u8>, content_encoding: &[u8], most: usize) -> Decoded {
    let codings = content_encoding.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let codings: Vec<_> = codings.map(<[u8]>::to_ascii_lowercase).collect();
    let known = |coding: &Vec<u8>| {
        matches!(coding.as_slice(), b"gzip" | b"x-gzip" | b"deflate" | b"br" | b"zstd")
    };
    let mut decoded = Decoded { bytes, error: None };
    if decoded.bytes.is_empty() || !codings.iter().all(known) {
        return decoded;
    }
    for coding in codings.iter().rev() {
        let name = String::from_utf8_lossy(coding);
        let (bytes, error) = read(reader(coding, &decoded.bytes), most);
        let length = || format!("the body is longer than {most} bytes");
        let long = (bytes.len() > most).then(length);
        let error = error.map(|why| format!("the body is no {name}: {why}"));
        decoded = Decoded { bytes, error: decoded.error.or(error).or(long) };
        decoded.bytes.truncate(most);
    }
    decoded
}

/// What `bytes` are in that coding.
fn reader<'a>(coding: &[u8], bytes: &'a [u8]) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match coding {
        b"br" => Box::new(Decompressor::new(bytes, BUFFER)),
        b"zstd" => Box::new(StreamingDecoder::new(bytes).map_err(io::Error::other)?),
        // Some servers leave the frame of zlib out; its first byte says which method it has.
        b"deflate" if bytes.first().is_some_and(|first| first & 0x0f == 8) => {
            Box::new(ZlibDecoder::new(bytes))
        }
        b"deflate" => Box::new(DeflateDecoder::new(bytes)),
        _ => Box::new(MultiGzDecoder::new(bytes)),
    })
}

/// All of it, and one byte more than `most` at most; and why there is no more.
fn read(reader: io::Result<impl Read>, most: usize) -> (Vec<u8>, Option<io::Error>) {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let read = reader.and_then(|reader| reader.take(limit).read_to_end(&mut bytes));
    (bytes, read.err())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use test_case::test_case;

    use super::decoded;

    const TEXT: &[u8] = b"a body that is longer than what it is packed to, to, to, to, to, to";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// `TEXT` by other programs.
    const BROTLI: &[u8] = include_bytes!("coding/text.br");
    const ZSTD: &[u8] = include_bytes!("coding/text.zst");

    #[test_case("gzip", gzip(TEXT); "gzip")]
    #[test_case("X-GZIP", gzip(TEXT); "its old name, in upper case")]
    #[test_case("deflate", zlib(TEXT); "deflate")]
    #[test_case("deflate", deflate(TEXT); "deflate without its frame")]
    #[test_case("br", BROTLI.to_vec(); "brotli")]
    #[test_case("zstd", ZSTD.to_vec(); "zstd")]
    #[test_case("deflate , gzip", gzip(&zlib(TEXT)); "two, the last one outside")]
    #[test_case("snappy", TEXT.to_vec(); "a coding that nobody knows")]
    #[test_case("gzip, snappy", TEXT.to_vec(); "one that nobody knows outside")]
    #[test_case("", TEXT.to_vec(); "none")]
    fn a_body_is_read_as_a_page_reads_it(content_encoding: &str, bytes: Vec<u8>) {
        let decoded = decoded(bytes, content_encoding.as_bytes(), 1000);
        assert_eq!((decoded.bytes.as_slice(), decoded.error), (TEXT, None));
    }

    #[test_case(b"no gzip", "the body is no gzip: "; "something else")]
    #[test_case(&gzip(TEXT)[..20], "the body is no gzip: "; "a part of it")]
    fn a_body_that_is_not_as_it_says_has_an_error(bytes: &[u8], start: &str) {
        let error = decoded(bytes.to_vec(), b"gzip", 1000).error.unwrap();
        assert!(error.starts_with(start), "{error}");
    }

    #[test]
    fn what_swells_is_cut() {
        let bomb = gzip(&vec![0; 1 << 20]);
        let decoded = decoded(bomb, b"gzip", 1000);
        assert_eq!(decoded.bytes.len(), 1000);
        assert_eq!(decoded.error.unwrap(), "the body is longer than 1000 bytes");
    }
}
