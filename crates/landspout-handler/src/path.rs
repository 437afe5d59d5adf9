//! Path parameters as serde reads them.

use crate::Error;
use http::StatusCode;
use percent_encoding::percent_decode_str;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use std::borrow::Cow;
use std::fmt;

/// Reads a `T` from name and percent-encoded value of each parameter.
pub(crate) fn deserialize<'de, T, I>(parameters: I) -> Result<T, Error>
where
    T: DeserializeOwned,
    I: ExactSizeIterator<Item = (&'de str, &'de str)> + Clone,
{
    let read = T::deserialize(Parameters(parameters));
    read.map_err(|error| match error {
        ParameterError::Value(message) => {
            Error::with_status(StatusCode::BAD_REQUEST, format!("path: {message}"))
        }
        ParameterError::Shape(message) => Error::internal(message),
    })
}

/// What can be wrong: a value, which the client chose, or the type, which the handler did.
#[derive(Debug)]
enum ParameterError {
    Value(String),
    Shape(String),
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ParameterError::Value(message) | ParameterError::Shape(message)) = self;
        f.write_str(message)
    }
}

impl std::error::Error for ParameterError {}

impl de::Error for ParameterError {
    /// A type refuses its value, as `IpAddr` does: the client chose that. What is wrong with the
    /// type itself has functions of its own, below.
    fn custom<T: fmt::Display>(message: T) -> ParameterError {
        ParameterError::Value(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> ParameterError {
        ParameterError::Shape(format!("the handler wants {expected}, and the path has {found}"))
    }

    fn invalid_length(len: usize, expected: &dyn Expected) -> ParameterError {
        ParameterError::Shape(format!(
            "the handler wants {expected}, and the path has {len} parameters"
        ))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> ParameterError {
        ParameterError::Shape(format!("the handler has no field for the parameter `{field}`"))
    }

    fn missing_field(field: &'static str) -> ParameterError {
        ParameterError::Shape(format!("the path has no parameter `{field}`"))
    }
}

impl ParameterError {
    /// Says which parameter the value is of.
    fn of(self, name: &str) -> ParameterError {
        match self {
            ParameterError::Value(message) => ParameterError::Value(format!("`{name}`: {message}")),
            shape => shape,
        }
    }
}

/// All parameters: a map, a sequence, or one value if there is just one.
struct Parameters<I>(I);

impl<'de, I: ExactSizeIterator<Item = (&'de str, &'de str)> + Clone> Parameters<I> {
    fn values(self) -> impl Iterator<Item = Parameter<'de>> {
        self.0.map(|(name, encoded)| Parameter { name, encoded })
    }

    fn check_count(&self, wanted: usize) -> Result<(), ParameterError> {
        let count = self.0.len();
        if count == wanted {
            return Ok(());
        }
        let message = format!("the path has {count} parameters, and the handler wants {wanted}");
        Err(ParameterError::Shape(message))
    }

    fn only(self) -> Result<Parameter<'de>, ParameterError> {
        self.check_count(1)?;
        Ok(self.values().next().expect("there is one parameter"))
    }
}

/// Forwards what reads a single value to the only parameter.
macro_rules! only_parameter {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
            self.only()?.$method(visitor)
        }
    )*};
}

impl<'de, I> de::Deserializer<'de> for Parameters<I>
where
    I: ExactSizeIterator<Item = (&'de str, &'de str)> + Clone,
{
    type Error = ParameterError;

    only_parameter! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option
        deserialize_identifier
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        visitor.visit_map(MapDeserializer::new(
            self.0.map(|(name, encoded)| (name, Parameter { name, encoded })),
        ))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        visitor.visit_seq(SeqDeserializer::new(self.values()))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        self.check_count(len)?;
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        self.check_count(0)?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }
}

/// One parameter, still percent-encoded.
#[derive(Clone, Copy)]
struct Parameter<'de> {
    name: &'de str,
    encoded: &'de str,
}

impl<'de> Parameter<'de> {
    #[inline]
    fn decode(&self) -> Result<Cow<'de, str>, ParameterError> {
        // Values are short: a search that is made for long texts takes longer to begin.
        match self.encoded.bytes().any(|byte| byte == b'%') {
            true => self.decode_escapes(),
            false => Ok(Cow::Borrowed(self.encoded)),
        }
    }

    #[cold]
    fn decode_escapes(&self) -> Result<Cow<'de, str>, ParameterError> {
        percent_decode_str(self.encoded).decode_utf8().map_err(|_| {
            let Parameter { name, encoded } = self;
            ParameterError::Value(format!("`{name}` must be UTF-8, and is {}", quoted(encoded)))
        })
    }

    fn parse<T: std::str::FromStr>(&self, wanted: &str) -> Result<T, ParameterError> {
        // Most values have no escapes, and what has one reads as none of these types.
        if let Ok(value) = self.encoded.parse() {
            return Ok(value);
        }
        let value = self.decode()?;
        value.parse().map_err(|_| {
            let name = self.name;
            ParameterError::Value(format!("`{name}` must be {wanted}, and is {}", quoted(&value)))
        })
    }
}

impl<'de> IntoDeserializer<'de, ParameterError> for Parameter<'de> {
    type Deserializer = Parameter<'de>;

    fn into_deserializer(self) -> Parameter<'de> {
        self
    }
}

/// Reads a value of a type that has `FromStr`, and says what was wanted where it does not read.
macro_rules! parsed {
    ($($method:ident $visit:ident $wanted:literal)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
            let name = self.name;
            visitor.$visit(self.parse($wanted)?).map_err(|error: ParameterError| error.of(name))
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Parameter<'de> {
    type Error = ParameterError;

    parsed! {
        deserialize_bool visit_bool "true or false"
        deserialize_i8 visit_i8 "a whole number from -128 to 127"
        deserialize_i16 visit_i16 "a whole number from -32768 to 32767"
        deserialize_i32 visit_i32 "a whole number of up to 32 bits"
        deserialize_i64 visit_i64 "a whole number of up to 64 bits"
        deserialize_i128 visit_i128 "a whole number of up to 128 bits"
        deserialize_u8 visit_u8 "a whole number from 0 to 255"
        deserialize_u16 visit_u16 "a whole number from 0 to 65535"
        deserialize_u32 visit_u32 "a whole number up to 4294967295"
        deserialize_u64 visit_u64 "a whole number up to 18446744073709551615"
        deserialize_u128 visit_u128 "a whole number of up to 128 bits"
        deserialize_f32 visit_f32 "a number"
        deserialize_f64 visit_f64 "a number"
        deserialize_char visit_char "one character"
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        let visited = match self.decode()? {
            Cow::Borrowed(value) => visitor.visit_borrowed_str(value),
            Cow::Owned(value) => visitor.visit_string(value),
        };
        visited.map_err(|error: ParameterError| error.of(self.name))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        let value = self.decode()?;
        if !variants.contains(&&*value) {
            let name = self.name;
            let value = quoted(&value);
            let message = format!("`{name}` must be one of {variants:?}, and is {value}");
            return Err(ParameterError::Value(message));
        }
        visitor.visit_enum(de::value::CowStrDeserializer::new(value))
    }

    forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

/// A value in quotes, and only the beginning of a long one: the message goes into a page and a log.
fn quoted(value: &str) -> String {
    const SHOWN: usize = 80;
    match value.char_indices().nth(SHOWN) {
        None => format!("{value:?}"),
        Some((end, _)) => format!("{:?}, and so on", &value[..end]),
    }
}
