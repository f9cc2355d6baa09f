//! The country whose streaming services count.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{Result, bail};

use crate::output::Output;

/// The setting's name in the store.
pub const SETTING: &str = "region";

/// Where the region comes from: a flag or the environment, then what was said before, then the
/// locale. On a terminal the locale is only the suggestion. There is no other default.
pub fn resolve(named: Option<&str>, remembered: Option<String>, output: &Output) -> Result<String> {
    if let Some(named) = named {
        return checked(named);
    }
    if let Some(remembered) = remembered {
        return Ok(remembered);
    }
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let suggested = locale.as_deref().and_then(of_locale);
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        return ask(suggested.as_deref());
    }
    match (suggested, locale) {
        (Some(region), Some(locale)) => {
            output.warn(format_args!(
                "streaming services are those of {region}, after the locale {locale}; --region says \
                 otherwise"
            ));
            Ok(region)
        }
        _ => bail!(
            "which country's streaming services? Name it, for example --region DE or \
             CINEMATCH_REGION=DE in .env (the locale does not say)"
        ),
    }
}

fn ask(suggested: Option<&str>) -> Result<String> {
    let mut answer = String::new();
    loop {
        let hint = suggested.map(|region| format!(" [{region}]")).unwrap_or_default();
        eprint!("In which country do you watch (two letters, such as DE)?{hint} ");
        std::io::stderr().flush()?;
        answer.clear();
        if std::io::stdin().lock().read_line(&mut answer)? == 0 {
            bail!("no country was named; use --region");
        }
        match (answer.trim(), suggested) {
            ("", Some(region)) => return Ok(region.to_owned()),
            (answer, _) => match checked(answer) {
                Ok(region) => return Ok(region),
                Err(error) => eprintln!("{error}"),
            },
        }
    }
}

/// `DE` of `de` or `DE`.
fn checked(text: &str) -> Result<String> {
    let region = text.trim().to_ascii_uppercase();
    if region.len() != 2 || !region.bytes().all(|byte| byte.is_ascii_uppercase()) {
        bail!("`{text}` is no country: expected two letters (ISO 3166-1), such as DE or US");
    }
    Ok(region)
}

/// `DE` of `de_DE.UTF-8`; none of `C`, `POSIX` and `en`.
fn of_locale(locale: &str) -> Option<String> {
    let name = locale.split(['.', '@']).next()?;
    let (_, region) = name.split_once(['_', '-'])?;
    checked(region).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_locale_with_a_country_names_one() {
        let regions = ["de_DE.UTF-8", "pt-BR", "en_US@euro", "C.UTF-8", "POSIX", "en", "eo_XYZ"];
        let regions = regions.map(of_locale);
        let expected = [Some("DE"), Some("BR"), Some("US"), None, None, None, None];
        assert_eq!(regions, expected.map(|region| region.map(str::to_owned)));
        assert_eq!(checked(" gb ").unwrap(), "GB");
        assert!(checked("deu").is_err());
    }
}
