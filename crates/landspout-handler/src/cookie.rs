//! Reading the `Cookie` header.

use crate::Request;
use http::header::COOKIE;

impl Request {
    /// The value of a cookie, without its quotes. Where a name comes twice, the last one counts.
    ///
    /// A browser's cookies are read as they come (RFC 6265 §4.2.1 with the leniency of §5.2): a
    /// pair that makes no sense or is not UTF-8 is passed over, and no cookie can make a request
    /// fail or hide another one.
    ///
    /// ```
    /// use landspout_handler::Request;
    /// use http::header::COOKIE;
    ///
    /// let request = Request::get("/").with_header(COOKIE, "a=1; theme=\"dark\"".parse()?);
    /// assert_eq!(request.cookie("theme"), Some("dark"));
    /// assert_eq!(request.cookie("absent"), None);
    /// # Ok::<(), landspout_handler::Error>(())
    /// ```
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies().filter(|&(key, _)| key == name).last().map(|(_, value)| value)
    }

    /// Name and value of each cookie, in the order in which they came.
    pub fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        // RFC 9113 §8.2.3: a client may split the header into several.
        let headers = self.headers().get_all(COOKIE).into_iter();
        headers.flat_map(|value| value.as_bytes().split(|&byte| byte == b';')).filter_map(|pair| {
            let (name, value) = std::str::from_utf8(pair).ok()?.split_once('=')?;
            let (name, value) = (name.trim(), value.trim());
            let unquoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            (!name.is_empty()).then_some((name, unquoted.unwrap_or(value)))
        })
    }
}
