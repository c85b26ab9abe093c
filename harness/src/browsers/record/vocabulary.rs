//! What vectors are made of: what pages and servers say, weighted towards what decides.

use corspec_vectors::place::Place;

type Weighted<T> = &'static [(u32, T)];

/// A header line.
pub(super) type Line = (&'static str, &'static str);

pub(super) const METHODS: Weighted<&str> = &[
    (30, "GET"),
    (12, "POST"),
    (10, "PUT"),
    (8, "DELETE"),
    (7, "PATCH"),
    (6, "HEAD"),
    (3, "OPTIONS"),
    (3, "get"),
    (2, "put"),
    (2, "Put"),
    (3, "patch"),
    (2, "delete"),
    (2, "QUERY"),
    (2, "x-custom"),
    (2, "PROPFIND"),
    (1, "post"),
    (1, "head"),
    (1, "TRACE"),
    (1, "CONNECT"),
];

pub(super) const MODES: Weighted<&str> = &[(82, "cors"), (12, "no-cors"), (6, "same-origin")];

pub(super) const CREDENTIALS: Weighted<&str> =
    &[(40, "same-origin"), (42, "include"), (18, "omit")];

pub(super) const REDIRECTS: Weighted<&str> = &[(88, "follow"), (6, "manual"), (6, "error")];

pub(super) const CACHES: Weighted<&str> =
    &[(30, "no-store"), (30, "reload"), (30, "no-cache"), (10, "default")];

pub(super) const POLICIES: &[&str] = &[
    "no-referrer",
    "no-referrer-when-downgrade",
    "same-origin",
    "origin",
    "strict-origin",
    "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
];

pub(super) const BODY_TYPES: &[&str] = &[
    "",
    "application/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain;charset=iso-8859-1",
    "text/csv",
];

/// Digests of the body, right, wrong, and none at all.
pub(super) const INTEGRITIES: &[&str] = &[
    "sha256-I59Z7VXnN8dxR89VrQwbAwttfudIp0JpUvm4UtWpNeU=",
    "sha384-FXAshWoXNarByVcJEwlRxzHl4gY+hTPOdtjUat/geuH11753xhPxKJP+KJcY/8or",
    "sha256-AAAA",
    "sha256-AAAA sha256-I59Z7VXnN8dxR89VrQwbAwttfudIp0JpUvm4UtWpNeU=",
    "sha256-I59Z7VXnN8dxR89VrQwbAwttfudIp0JpUvm4UtWpNeU= sha512-AAAA",
    "sha512-cLM86ckEfjD5F+fqE+Qvd2cAjD9PnJuvSeQ5D8YlVJ6WJe7jm5RUUHTooYJM8/I4RjsRvAPZc0jg/CmZyh//fw==?x",
    "md5-AAAA",
    "",
];

/// What stands in a header of a length that decides.
pub(super) const LONG: &str = "{128}";
pub(super) const LONGER: &str = "{129}";

pub(super) const REQUEST_HEADERS: Weighted<Line> = &[
    (14, ("X-One", "1")),
    (8, ("X-Two", "2")),
    (12, ("Authorization", "Basic YTpi")),
    (4, ("Authorization", "Bearer t")),
    (8, ("Content-Type", "application/json")),
    (6, ("Content-Type", "text/plain")),
    (3, ("Content-Type", "text/plain;charset=utf-8")),
    (2, ("Content-Type", "TEXT/Plain; x=y")),
    (2, ("Content-Type", "multipart/form-data; boundary=x")),
    (2, ("Content-Type", "application/x-www-form-urlencoded")),
    (1, ("Content-Type", "text/plain, text/plain")),
    (1, ("Content-Type", "text/plain; x=\"a(b\"")),
    (1, ("Content-Type", "text")),
    (1, ("Content-Type", "")),
    (4, ("Accept", "application/json")),
    (2, ("Accept", "text/html,(x)")),
    (2, ("Accept", LONG)),
    (2, ("Accept", LONGER)),
    (2, ("Accept", "")),
    (3, ("Accept-Language", "de")),
    (2, ("Accept-Language", "de;q=0.5, *")),
    (2, ("Accept-Language", "de_DE")),
    (2, ("Accept-Language", LONGER)),
    (3, ("Content-Language", "en-US")),
    (2, ("Content-Language", "en@x")),
    (3, ("Range", "bytes=0-")),
    (3, ("Range", "bytes=0-10")),
    (2, ("Range", "bytes=-5")),
    (2, ("Range", "bytes=10-0")),
    (2, ("Range", "bytes=0-10, 20-30")),
    (2, ("Cache-Control", "no-cache")),
    (1, ("Pragma", "no-cache")),
    (2, ("If-None-Match", "\"a\"")),
    (1, ("If-Modified-Since", "Sat, 29 Oct 1994 19:43:31 GMT")),
    (2, ("X-Requested-With", "XMLHttpRequest")),
    (2, ("X-Empty", "")),
    (1, ("x-lower", "1")),
    (1, ("DPR", "2")),
    (1, ("Save-Data", "on")),
    (1, ("Downlink", "1.5")),
    (1, ("Viewport-Width", "300")),
    (1, ("User-Agent", "other")),
    (1, ("Cookie", "x=1")),
    (1, ("Origin", "https://evil.test")),
    (1, ("Sec-Own", "1")),
    (1, ("Proxy-Own", "1")),
    (1, ("X-HTTP-Method-Override", "TRACE")),
    (1, ("X-HTTP-Method-Override", "PUT")),
    (1, ("Access-Control-Request-Method", "PUT")),
    (1, ("Upgrade-Insecure-Requests", "1")),
    (1, ("Date", "now")),
    (1, ("Expect", "100-continue")),
    (1, ("Last-Event-ID", "7")),
    (1, ("X-Byte", "\u{e9}")),
    (1, ("X-Tab", "a\tb")),
];

pub(super) const STATUSES: Weighted<u16> = &[
    (60, 200),
    (4, 201),
    (3, 202),
    (4, 204),
    (3, 206),
    (2, 205),
    (2, 299),
    (3, 300),
    (2, 304),
    (1, 305),
    (1, 306),
    (3, 400),
    (3, 401),
    (3, 403),
    (3, 404),
    (2, 405),
    (2, 407),
    (1, 410),
    (1, 416),
    (2, 429),
    (4, 500),
    (2, 503),
    (1, 599),
];

pub(super) const PREFLIGHT_STATUSES: Weighted<u16> = &[
    (40, 200),
    (40, 204),
    (3, 201),
    (2, 202),
    (2, 206),
    (2, 299),
    (2, 300),
    (2, 301),
    (2, 302),
    (1, 304),
    (1, 307),
    (1, 308),
    (2, 400),
    (2, 401),
    (2, 403),
    (2, 404),
    (2, 405),
    (1, 407),
    (2, 500),
];

pub(super) const REDIRECT_STATUSES: Weighted<u16> =
    &[(20, 301), (30, 302), (18, 303), (22, 307), (10, 308)];

pub(super) const ALLOWED_ORIGINS: Weighted<&[&str]> = &[
    (10, &["*"]),
    (6, &[]),
    (6, &["null"]),
    (4, &["{O}", "{O}"]),
    (3, &["*", "{O}"]),
    (3, &["{O}, {O}"]),
    (3, &["{O}, *"]),
    (3, &["{O}/"]),
    (3, &["{AU}"]),
    (3, &["{A}"]),
    (3, &["{E}"]),
    (3, &["{S}"]),
    (3, &[" {O}\t"]),
    (2, &["*\t "]),
    (2, &["{O},"]),
    (2, &["\"{O}\""]),
    (2, &["{O} {O}"]),
    (2, &["Null"]),
    (2, &["{O}\u{e9}"]),
    (2, &["{O}", ""]),
    (2, &["", "{O}"]),
    (2, &[""]),
    (2, &["**"]),
    (2, &["https://*.example.com"]),
    (1, &["{O}\u{b}"]),
    (1, &["{O}\u{7f}"]),
    (1, &["'{O}'"]),
];

pub(super) const ALLOWED_CREDENTIALS: Weighted<&[&str]> = &[
    (8, &[]),
    (5, &["True"]),
    (3, &["TRUE"]),
    (4, &["true", "true"]),
    (3, &["true, true"]),
    (3, &["false"]),
    (2, &["1"]),
    (2, &[" true\t"]),
    (2, &["true,"]),
    (2, &["\"true\""]),
    (2, &[""]),
    (2, &["true", ""]),
    (2, &["", "true"]),
    (2, &["true;"]),
    (2, &["tru\u{e9}"]),
];

pub(super) const ALLOWED_METHODS: Weighted<&[&str]> = &[
    (10, &["*"]),
    (6, &[]),
    (6, &["GET, POST"]),
    (5, &["GET, PUT, PATCH, DELETE, QUERY, x-custom, PROPFIND, OPTIONS"]),
    (4, &["put, patch, delete"]),
    (3, &["PUT,DELETE", "PATCH"]),
    (3, &["GET PUT DELETE"]),
    (3, &["PUT;DELETE"]),
    (2, &["{RM},"]),
    (2, &[",{RM}"]),
    (2, &[", ,{RM} , "]),
    (2, &[""]),
    (2, &["\"{RM}\""]),
    (2, &["{RM}, (x)"]),
    (2, &["{RM}", "x y"]),
    (2, &["*, {RM}"]),
    (2, &["\t{RM}\t"]),
    (2, &["{RM}\u{e9}"]),
    (1, &["{RM}", ""]),
    (1, &["{RM}\u{b}"]),
];

pub(super) const ALLOWED_HEADERS: Weighted<&[&str]> = &[
    (10, &["*"]),
    (6, &[]),
    (5, &["x-one"]),
    (5, &["X-ONE, X-Two, Content-Type"]),
    (4, &["*, authorization"]),
    (3, &["{RH}", "x-other"]),
    (3, &["x-one,x-two", "authorization, content-type, range"]),
    (3, &["{RH},"]),
    (2, &[",{RH}"]),
    (2, &[", , {RH}"]),
    (2, &["{RH}, (x)"]),
    (2, &["{RH}", "x y"]),
    (2, &["x-one x-two"]),
    (2, &["{RH};"]),
    (2, &[""]),
    (2, &["\"{RH}\""]),
    (2, &["{RH}\u{e9}"]),
    (1, &["{RH}\u{b}"]),
    (1, &["authorization"]),
];

pub(super) const EXPOSED_HEADERS: Weighted<&[&str]> = &[
    (10, &["*"]),
    (10, &["x-one"]),
    (6, &["X-ONE, X-Two"]),
    (3, &["x-one", "x-two"]),
    (3, &["*, x-one"]),
    (3, &["set-cookie, x-one"]),
    (2, &["x-one,"]),
    (2, &[", x-one"]),
    (2, &["x-one (x)"]),
    (2, &["x-one, x two"]),
    (2, &["x-one", "x two"]),
    (2, &["\"x-one\""]),
    (2, &["x-one;x-two"]),
    (2, &[""]),
    (2, &["x-byte, x-double"]),
    (2, &["access-control-allow-origin, content-length"]),
    (1, &["x-one\u{e9}, x-two"]),
    (1, &["x-one\t,\tx-two"]),
];

pub(super) const MAX_AGES: Weighted<&[&str]> = &[
    (30, &["600"]),
    (8, &["0"]),
    (6, &["-1"]),
    (4, &["abc"]),
    (4, &[""]),
    (4, &["600abc"]),
    (3, &["600.5"]),
    (3, &["+600"]),
    (3, &["600, 600"]),
    (3, &["600", "600"]),
    (3, &["0", "600"]),
    (3, &["600", "0"]),
    (3, &[" 600 "]),
    (3, &["\"600\""]),
    (3, &["99999999999999999999"]),
    (2, &["0600"]),
    (2, &["1e3"]),
    (2, &["0x10"]),
    (2, &["6 00"]),
    (2, &["600;"]),
    (1, &["-0"]),
    (1, &["600", "abc"]),
];

pub(super) const RESOURCE_POLICIES: &[&[&str]] = &[
    &["same-origin"],
    &["same-site"],
    &["cross-origin"],
    &["same-origin", "same-origin"],
    &["cross-origin", "cross-origin"],
    &["cross-origin, cross-origin"],
    &["Same-Origin"],
    &["same-origin\t"],
    &["other"],
    &[""],
    &["same-site", "cross-origin"],
];

/// What else an answer may carry.
pub(super) const MORE_ANSWERED: &[Line] = &[
    ("X-Byte", "\u{e9}\u{ff}"),
    ("X-Double", "a"),
    ("X-Empty", ""),
    ("Content-Language", "de"),
    ("Content-Type", "text/plain"),
    ("Content-Type", "application/json;charset=utf-8"),
    ("Content-Type", "text/html"),
    ("Expires", "0"),
    ("Last-Modified", "Sat, 29 Oct 1994 19:43:31 GMT"),
    ("Pragma", "no-cache"),
    ("ETag", "\"a\""),
    ("X-Content-Type-Options", "nosniff"),
    ("Timing-Allow-Origin", "*"),
    ("Vary", "Origin"),
    ("Cache-Control", "no-cache"),
    ("Cache-Control", "max-age=0"),
    ("Referrer-Policy", "no-referrer"),
    ("Access-Control-Allow-Methods", "PUT"),
];

/// `Set-Cookie` lines; paths keep vectors apart.
pub(super) const COOKIES: Weighted<&str> = &[
    (10, "k=1; Path={P}"),
    (4, "k=2"),
    (6, "n=1; Path={P}; SameSite=None; Secure"),
    (4, "n=1; Path={P}; SameSite=None"),
    (5, "l=1; Path={P}; SameSite=Lax"),
    (5, "s=1; Path={P}; SameSite=Strict"),
    (4, "e=1; Path={P}; Secure"),
    (4, "d=1; Path={P}; Domain=example.com"),
    (3, "d=2; Path={P}; Domain=.example.com; SameSite=Strict"),
    (2, "d=3; Path={P}; Domain=com"),
    (2, "d=4; Path={P}; Domain=example.net; SameSite=None; Secure"),
    (2, "d=5; Path={P}; Domain=localhost"),
    (3, "h=1; Path={P}; HttpOnly"),
    (3, "__Secure-a=1; Path={P}; Secure"),
    (2, "__Secure-b=1; Path={P}"),
    (2, "__Host-a=1; Path={P}; Secure"),
    (2, "__secure-c=1; Path={P}"),
    (2, "p=1; Path={P}/0"),
    (2, "p=2; Path={P}/1"),
    (2, "m=1; Path={P}; Max-Age=0"),
    (2, "m=2; Path={P}; Max-Age=600"),
    (2, "k=; Path={P}; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
    (2, "=v; Path={P}"),
    (2, "bare; Path={P}"),
    (1, "k=\u{e9}; Path={P}"),
    (1, "q=\"a b\"; Path={P}"),
    (1, "w=1; Path={P}; SameSite=Other"),
    (2, "t=1; Path={P}; SameSite=None; Secure; Partitioned"),
    (1, "k=3; path={P} ; SECURE ;samesite = lax"),
];

/// Where a redirect leads that is not the next hop.
pub(super) const LOCATIONS: Weighted<&[&str]> = &[
    (6, &[]),
    (4, &[""]),
    (3, &["{P}/{next}#fragment"]),
    (3, &["//api.example.com{P}/{next}"]),
    (3, &["{next}"]),
    (3, &["?q"]),
    (2, &["data:text/plain,x"]),
    (2, &["ftp://api.example.com/"]),
    (2, &["about:blank"]),
    (2, &["http://"]),
    (2, &["https://api.example.com:65536/"]),
    (2, &["{next@}"]),
    (1, &["{P}/{next}", "{P}/{next}"]),
    (1, &["{A}:25/"]),
];

/// From where pages of each origin fetch what.
pub(super) const FROM_ENCRYPTED: Weighted<Place> = &[
    (24, Place::A),
    (26, Place::B),
    (34, Place::C),
    (8, Place::G),
    (2, Place::D),
    (2, Place::E),
    (2, Place::F),
    (1, Place::S),
    (1, Place::X),
];
pub(super) const FROM_PLAIN: Weighted<Place> = &[
    (22, Place::E),
    (20, Place::D),
    (26, Place::F),
    (10, Place::A),
    (8, Place::B),
    (10, Place::C),
    (2, Place::S),
    (2, Place::X),
];
pub(super) const FROM_LOCALHOST: Weighted<Place> =
    &[(28, Place::S), (26, Place::Y), (30, Place::X), (6, Place::C), (6, Place::F), (4, Place::A)];
