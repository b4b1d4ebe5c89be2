//! [`IntoUrls`]: one URL, or several.

use std::borrow::Cow;

use sealed::Sealed;

/// The URL of a server, or those of several that stand in for each other, the preferred one first: a `&str` or `String`, or an
/// array, a slice or a `Vec` of either. Only this crate implements it.
pub trait IntoUrls: Sealed {}

impl<T: Sealed> IntoUrls for T {}

mod sealed {
    pub trait Sealed {
        fn into_urls(self) -> Vec<String>;
    }
}

impl Sealed for String {
    fn into_urls(self) -> Vec<String> {
        vec![self]
    }
}

macro_rules! one {
    ($($text:ty),*) => {$(
        impl Sealed for $text {
            fn into_urls(self) -> Vec<String> {
                vec![self.to_string()]
            }
        }
    )*};
}

one!(&str, &String, Box<str>, Cow<'_, str>);

impl<T: AsRef<str>> Sealed for &[T] {
    fn into_urls(self) -> Vec<String> {
        self.iter().map(|url| url.as_ref().to_owned()).collect()
    }
}

impl<T: AsRef<str>> Sealed for Vec<T> {
    fn into_urls(self) -> Vec<String> {
        self.as_slice().into_urls()
    }
}

impl<T: AsRef<str>> Sealed for &Vec<T> {
    fn into_urls(self) -> Vec<String> {
        self.as_slice().into_urls()
    }
}

impl<T: AsRef<str>, const N: usize> Sealed for [T; N] {
    fn into_urls(self) -> Vec<String> {
        self.as_slice().into_urls()
    }
}

impl<T: AsRef<str>, const N: usize> Sealed for &[T; N] {
    fn into_urls(self) -> Vec<String> {
        self.as_slice().into_urls()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(urls: impl IntoUrls) -> Vec<String> {
        urls.into_urls()
    }

    #[test]
    fn one_or_several() {
        let owned = String::from("a");
        for one in [urls("a"), urls(&owned), urls(owned.clone()), urls(["a"]), urls(vec![owned.clone()])] {
            assert_eq!(one, ["a"]);
        }
        let (array, vec) = (["a", "b"], Vec::from(["a", "b"]));
        let lent = &array;
        for two in [urls(array), urls(lent), urls(&vec), urls(array.to_vec()), urls(&array[..])] {
            assert_eq!(two, ["a", "b"]);
        }
    }
}
