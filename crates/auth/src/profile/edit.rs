//! Changing the configuration file, which belongs to a person: what they wrote in it stays as they wrote it.
//!
//! Every change reads the file, changes the one thing, reads its own result as any program would, and only then puts
//! it in place of the old file, whole ([`rename`](std::fs::rename)). One change at a time, in one program. Sessions are not
//! touched: who removes a profile signs out of it first.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use toml_edit::{Array, Decor, DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

use super::{
    CotterConfig, LOCAL, OidcConfig, Profile, ProfileError, Profiles, ProviderConfig, Ways,
    WindowSettings, cotter_api_base, cotter_issuer, cotter_sign_in_page, is_name,
    oidc::DEFAULT_SCOPES, read,
};

/// The setting of the window that may be there or not, and goes with the profile that it names.
const START_PROFILE: &str = "start_profile";

/// Held from reading the file to having written it: of two changes at once, the later would undo the earlier, and both
/// would write the same file beside it.
static EDITING: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    // It guards a file, which is replaced whole; a panic cannot leave half of it.
    EDITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds `profile` to the file at `path`, which is made when it does not exist. What was in use stays in use.
///
/// # Errors
///
/// When there is such a profile already, its name or a value of it cannot be used, or the file cannot be read or written.
pub fn add(path: &Path, profile: &Profile) -> Result<(), ProfileError> {
    let _alone = alone();
    replace(path, &with(path, profile)?)
}

/// Whether `profile` could be added to the file at `path`, for who first asks the provider about it.
///
/// # Errors
///
/// As [`add`], but for the writing.
pub fn can_add(path: &Path, profile: &Profile) -> Result<(), ProfileError> {
    with(path, profile).map(drop)
}

/// The text of the file at `path` with `profile` added.
fn with(path: &Path, profile: &Profile) -> Result<String, ProfileError> {
    let name = &profile.name;
    // The bundled provider's sessions are kept under this name.
    if !is_name(name) || name == LOCAL {
        return Err(ProfileError::NotAName { name: name.clone() });
    }
    let mut file = Open::at(path)?;
    if file.profiles.all.contains_key(name) {
        return Err(ProfileError::Exists { name: name.clone() });
    }
    // With a second profile, "the only one" is no longer said by itself.
    if let Ok(Some(only)) = file.profiles.in_use(None) {
        let name = only.name.clone();
        file.say_in_use(&name);
    }
    let table = match &profile.provider {
        ProviderConfig::Cotter(config) => cotter(config),
        ProviderConfig::Oidc(config) => oidc(config),
    };
    file.tables()
        .map_err(|message| ProfileError::NotUsable { message })?
        .insert(name, Item::Table(table));
    let written = file.document.to_string();
    // What cannot be read again is refused here, in the words that it would be refused in later.
    Profiles::parse(&written).map_err(|message| ProfileError::NotUsable { message })?;
    Ok(written)
}

/// Removes the profile called `name`. When one other is left, that one is in use. A window that was to open at it opens
/// where it would otherwise.
///
/// # Errors
///
/// When there is no such profile, or the file cannot be read or written.
pub fn remove(path: &Path, name: &str) -> Result<(), ProfileError> {
    let _alone = alone();
    let mut file = Open::at(path)?;
    let Some(_) = file.profiles.all.remove(name) else {
        return Err(file.profiles.unknown(name));
    };
    let removed = file.tables().ok().and_then(|tables| tables.remove(name));
    if let Some(table) = removed.as_ref().and_then(Item::as_table)
        && let Some(words) = words_above(table.decor())
    {
        file.keep_words(&words, table.position());
    }
    if file.profiles.in_use.as_deref() == Some(name) {
        let mut left = file.profiles.all.keys();
        if let (Some(only), None) = (left.next().cloned(), left.next()) {
            file.say_in_use(&only);
        } else if let Some((key, _)) = file.document.remove_entry("profile")
            && let Some(words) = key.leaf_decor().prefix().and_then(|words| words.as_str())
        {
            file.keep_words(words, None);
        }
    }
    if file.profiles.window.start_profile.as_deref() == Some(name) {
        file.unsay_of_window(START_PROFILE);
    }
    replace(path, &file.document.to_string())
}

/// Makes the profile called `name` the one in use; [`LOCAL`] is the bundled provider's.
///
/// # Errors
///
/// When there is no such profile, or the file cannot be read or written.
pub fn switch_to(path: &Path, name: &str) -> Result<(), ProfileError> {
    let _alone = alone();
    let mut file = Open::at(path)?;
    if name != LOCAL && !file.profiles.all.contains_key(name) {
        return Err(file.profiles.unknown(name));
    }
    file.say_in_use(name);
    replace(path, &file.document.to_string())
}

/// Writes what in `settings` is other than the file at `path` says, which is made when it does not exist. What is as the
/// file says stays as it is written there, or unwritten. Of the time on the clipboard whole seconds are written.
///
/// # Errors
///
/// When a value could not be read again, or the file cannot be read or written.
pub fn set_window(path: &Path, settings: &WindowSettings) -> Result<(), ProfileError> {
    let _alone = alone();
    let mut file = Open::at(path)?;
    let said = file.profiles.window.clone();
    let seconds = settings.clipboard.as_secs();
    let mut changes: Vec<(&str, Option<Value>)> = Vec::new();
    if settings.theme != said.theme {
        changes.push(("theme", Some(settings.theme.word().into())));
    }
    if seconds != said.clipboard.as_secs() {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        changes.push(("clipboard_seconds", Some(seconds.into())));
    }
    if settings.start_profile != said.start_profile {
        let name = settings.start_profile.as_ref().map(Value::from);
        changes.push((START_PROFILE, name));
    }
    if settings.keep_in != said.keep_in {
        changes.push(("keep_in", Some(settings.keep_in.word().into())));
    }
    if settings.refresh_in_background != said.refresh_in_background {
        let value = settings.refresh_in_background.into();
        changes.push(("refresh_in_background", Some(value)));
    }
    if changes.is_empty() {
        return Ok(());
    }
    let unusable = |message| ProfileError::NotUsable { message };
    for (key, value) in changes {
        match value {
            Some(value) => say(file.window().map_err(unusable)?, key, value),
            None => file.unsay_of_window(key),
        }
    }
    let written = file.document.to_string();
    // As a profile is: what cannot be read again is refused here.
    Profiles::parse(&written).map_err(unusable)?;
    replace(path, &written)
}

/// The file twice: as what it means, and as what is written.
struct Open {
    profiles: Profiles,
    document: DocumentMut,
}

impl Open {
    fn at(path: &Path) -> Result<Self, ProfileError> {
        let text = read(path)?;
        let invalid = |message: String| ProfileError::Invalid {
            path: path.to_owned(),
            message,
        };
        Ok(Self {
            profiles: Profiles::parse(&text).map_err(invalid)?,
            document: text
                .parse::<DocumentMut>()
                .map_err(|error| invalid(error.to_string()))?,
        })
    }

    fn window(&mut self) -> Result<&mut dyn TableLike, String> {
        self.document
            .entry("window")
            .or_insert(Item::Table(Table::new()))
            .as_table_like_mut()
            .ok_or_else(|| "`window` is not a table".to_owned())
    }

    /// Takes a setting of the window away, with what stands right above it.
    fn unsay_of_window(&mut self, setting: &str) {
        let Some(item) = self.document.get_mut("window") else {
            return;
        };
        let position = item.as_table().and_then(Table::position);
        let Some(window) = item.as_table_like_mut() else {
            return;
        };
        let words = window
            .key(setting)
            .and_then(|key| words_above(key.leaf_decor()));
        let mut keys = window.iter().map(|(key, _)| key.to_owned());
        let next = keys.find(|key| key == setting).and_then(|_| keys.next());
        drop(keys);
        window.remove(setting);
        let Some(words) = words else {
            return;
        };
        match next.and_then(|key| window.key_mut(&key)) {
            Some(mut key) => put_above(key.leaf_decor_mut(), &words),
            None => self.keep_words(&words, position),
        }
    }

    fn tables(&mut self) -> Result<&mut dyn TableLike, String> {
        let mut parent = Table::new();
        // `[profiles]` alone says nothing; `[profiles.work]` says it all.
        parent.set_implicit(true);
        self.document
            .entry("profiles")
            .or_insert(Item::Table(parent))
            .as_table_like_mut()
            .ok_or_else(|| "`profiles` is not a table".to_owned())
    }

    /// Writes which profile is in use.
    fn say_in_use(&mut self, name: &str) {
        say(self.document.as_table_mut(), "profile", name.into());
    }

    /// Keeps words that stood above something that is gone: above what comes next. That is the first table behind
    /// `position`, or whatever comes first when it had none; behind the last, they end the file.
    fn keep_words(&mut self, words: &str, position: Option<isize>) {
        let first = self
            .document
            .iter()
            .next()
            .filter(|(_, item)| position.is_none() && item.is_value())
            .map(|(key, _)| key.to_owned());
        if let Some(mut key) = first.and_then(|key| self.document.key_mut(&key)) {
            put_above(key.leaf_decor_mut(), words);
            return;
        }
        let mut tables = Vec::new();
        list_headed(self.document.as_table_mut(), &mut tables);
        let next = tables
            .into_iter()
            .filter(|table| position.is_none() || table.position() > position)
            .min_by_key(|table| table.position());
        if let Some(table) = next {
            put_above(table.decor_mut(), words);
        } else {
            let old = self.document.trailing().as_str().unwrap_or_default();
            let joined = format!("{words}{old}");
            self.document.set_trailing(joined);
        }
    }
}

/// Writes a setting: in its old place, with the comment behind it, if it was said before.
fn say(table: &mut dyn TableLike, key: &str, mut value: Value) {
    if let Some(old) = table.get_mut(key).and_then(Item::as_value_mut) {
        *value.decor_mut() = old.decor().clone();
        *old = value;
    } else {
        table.insert(key, Item::Value(value));
    }
}

/// Every table within `table` that has a header of its own, and so a place for words above it.
fn list_headed<'a>(table: &'a mut Table, found: &mut Vec<&'a mut Table>) {
    for (_, item) in table.iter_mut() {
        let Some(inner) = item.as_table_mut() else {
            continue;
        };
        if inner.is_implicit() || inner.is_dotted() {
            list_headed(inner, found);
        } else {
            // What is further in comes behind it.
            found.push(inner);
        }
    }
}

/// What stands above something and is not about it: everything before the last empty line.
fn words_above(decor: &Decor) -> Option<String> {
    let above = decor.prefix()?.as_str()?;
    let (kept, _) = above.trim_end_matches('\n').rsplit_once("\n\n")?;
    (!kept.trim().is_empty()).then(|| format!("{kept}\n\n"))
}

fn put_above(decor: &mut Decor, words: &str) {
    let old = decor
        .prefix()
        .and_then(|old| old.as_str())
        .unwrap_or_default();
    // One empty line between them is enough.
    let joined = format!("{words}{}", old.strip_prefix('\n').unwrap_or(old));
    decor.set_prefix(joined);
}

fn cotter(config: &CotterConfig) -> Table {
    let mut table = Table::new();
    table["provider"] = value("cotter");
    table["api_key_id"] = value(&config.api_key_id);
    for (key, address, usual) in [
        ("api_base", &config.api_base, cotter_api_base()),
        ("sign_in_page", &config.sign_in_page, cotter_sign_in_page()),
    ] {
        if *address != usual {
            table[key] = value(address.as_str());
        }
    }
    if config.issuer != cotter_issuer() {
        table["issuer"] = value(&config.issuer);
    }
    table
}

/// Only what is not as it would be anyway: a file says what is special.
fn oidc(config: &OidcConfig) -> Table {
    let mut table = Table::new();
    table["provider"] = value("oidc");
    table["issuer"] = value(&config.issuer);
    table["client_id"] = value(&config.client_id);
    for (key, text) in [
        ("issuer_name", &config.issuer_name),
        ("audience", &config.audience),
        ("acr_values", &config.acr_values),
        ("prompt", &config.prompt),
    ] {
        if let Some(text) = text {
            table[key] = value(text);
        }
    }
    if config.scopes != DEFAULT_SCOPES {
        table["scopes"] = value(config.scopes.iter().collect::<Array>());
    }
    if !config.resource.is_empty() {
        table["resource"] = value(
            config
                .resource
                .iter()
                .map(url::Url::as_str)
                .collect::<Array>(),
        );
    }
    if !config.parameters.is_empty() {
        table["parameters"] = value(config.parameters.iter().collect::<InlineTable>());
    }
    if config.ways != Ways::default() {
        table["ways"] = value(config.ways.word());
    }
    if !config.loopback_ports.is_empty() {
        let ports = config.loopback_ports.iter().copied().map(i64::from);
        table["loopback_ports"] = value(ports.collect::<Array>());
    }
    if let Some(file) = &config.ca_file {
        table["ca_file"] = value(file.to_string_lossy().into_owned());
    }
    table
}

/// Puts `text` in place of the file at `path`: a reader sees the old one or the new one, never half of it.
fn replace(path: &Path, text: &str) -> Result<(), ProfileError> {
    write_whole(path, text).map_err(|source| ProfileError::NotWritten {
        path: path.to_owned(),
        source,
    })
}

fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    // Behind a link, as people keep their settings, lies the file to replace.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = target.with_extension(format!("toml.{}", std::process::id()));
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&beside)?;
        file.write_all(text.as_bytes())?;
        if let Ok(old) = fs::metadata(&target) {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&beside, &target)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, time::Duration};

    use super::*;
    use crate::profile::{KeepIn, Theme};

    const WRITTEN_BY_A_PERSON: &str = "\
# My settings, do not touch.

profile = \"work\"   # usually

# The company's.
[profiles.work]
provider = 'cotter'   # for now
api_key_id = 'K'
";

    struct Home(tempfile::TempDir);

    impl Home {
        fn with(text: &str) -> Self {
            let home = Self(tempfile::tempdir().unwrap());
            fs::write(home.file(), text).unwrap();
            home
        }

        fn file(&self) -> PathBuf {
            self.0.path().join("config.toml")
        }

        fn text(&self) -> String {
            fs::read_to_string(self.file()).unwrap()
        }
    }

    fn profile(name: &str) -> Profile {
        Profile {
            name: name.to_owned(),
            provider: ProviderConfig::Oidc(OidcConfig::new("https://issuer.test/oidc", "I")),
        }
    }

    #[test]
    fn what_a_person_wrote_stays() {
        let home = Home::with(WRITTEN_BY_A_PERSON);
        add(&home.file(), &profile("home")).unwrap();
        let added = "\n[profiles.home]\nprovider = \"oidc\"\n\
                     issuer = \"https://issuer.test/oidc\"\nclient_id = \"I\"\n";
        assert_eq!(home.text(), format!("{WRITTEN_BY_A_PERSON}{added}"));
        remove(&home.file(), "home").unwrap();
        assert_eq!(home.text(), WRITTEN_BY_A_PERSON);
    }

    #[test]
    fn a_switch_changes_one_word() {
        let home = Home::with(WRITTEN_BY_A_PERSON);
        add(&home.file(), &profile("home")).unwrap();
        let before = home.text();
        switch_to(&home.file(), "home").unwrap();
        let changed = before.replace("profile = \"work\"", "profile = \"home\"");
        assert_eq!(home.text(), changed);
        switch_to(&home.file(), LOCAL).unwrap();
        let profiles = Profiles::load(&home.file()).unwrap();
        assert_eq!(profiles.in_use(None).unwrap(), None);
    }

    #[test]
    fn the_first_profile_makes_the_file_and_is_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyfob").join("config.toml");
        add(&path, &profile("home")).unwrap();
        let profiles = Profiles::load(&path).unwrap();
        assert_eq!(profiles.in_use(None).unwrap(), Some(&profile("home")));
        assert_eq!(
            fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }

    #[test]
    fn a_second_profile_leaves_the_first_in_use_and_a_removal_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        add(&path, &profile("one")).unwrap();
        add(&path, &profile("two")).unwrap();
        let in_use = || {
            let profiles = Profiles::load(&path).unwrap();
            profiles.in_use(None).unwrap().unwrap().name.clone()
        };
        assert_eq!(in_use(), "one");
        remove(&path, "one").unwrap();
        assert_eq!(in_use(), "two");
        remove(&path, "two").unwrap();
        assert!(Profiles::load(&path).unwrap().names().next().is_none());
    }

    #[test]
    fn words_on_top_of_the_file_outlive_the_profile_below_them() {
        let two = WRITTEN_BY_A_PERSON.replace("profile = \"work\"   # usually\n\n", "");
        let home = Home::with(&two);
        add(&home.file(), &profile("home")).unwrap();
        remove(&home.file(), "work").unwrap();
        assert!(home.text().contains("# My settings, do not touch."));
        assert!(!home.text().contains("# The company's."));
    }

    #[test]
    fn words_between_two_tables_stay_between_them() {
        let text = |work: &str| {
            format!(
                "# Mine.\n\nprofile = \"home\"\n\n[window]\ntheme = 'dark'\n# keep_in = 'this-run'\n\n{work}\
                 # At home.\n[profiles.home]\nprovider = 'cotter'\napi_key_id = 'K'\n"
            )
        };
        let work = "# At work.\n[profiles.work]\nprovider = 'cotter'\napi_key_id = 'K'\n\n";
        let home = Home::with(&text(work));
        remove(&home.file(), "work").unwrap();
        assert_eq!(home.text(), text(""));
    }

    #[test]
    fn everything_that_can_be_set_is_written_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let everything = Profile {
            name: "all".to_owned(),
            provider: ProviderConfig::Oidc(OidcConfig {
                issuer_name: Some("https://old.test".to_owned()),
                scopes: vec!["openid".to_owned(), "x:y".to_owned()],
                audience: Some("https://api.test".to_owned()),
                resource: vec!["https://api.test/v1".parse().unwrap()],
                acr_values: Some("phr".to_owned()),
                prompt: Some(String::new()),
                parameters: [("organization".to_owned(), "o".to_owned())].into(),
                ways: Ways::Loopback,
                loopback_ports: vec![41017, 41018],
                ca_file: Some("/etc/ssl/company.pem".into()),
                ..OidcConfig::new("https://issuer.test", "I")
            }),
        };
        add(&path, &everything).unwrap();
        assert_eq!(Profiles::load(&path).unwrap().get("all"), Some(&everything));
        let local = Profile {
            name: "copy".to_owned(),
            ..Profile::local(&"http://127.0.0.1:4100".parse().unwrap())
        };
        add(&path, &local).unwrap();
        assert_eq!(Profiles::load(&path).unwrap().get("copy"), Some(&local));
    }

    const OF_THE_WINDOW: &str = "\
# My settings.

[window]   # mine
# It is dark here.
theme = 'dark'   # for now
clipboard_seconds = 60

# keep_in = 'this-run'

# Most days.
start_profile = 'work'
refresh_in_background = false
";

    fn window_of(home: &Home) -> WindowSettings {
        Profiles::load(&home.file()).unwrap().window().clone()
    }

    #[test]
    fn a_setting_of_the_window_changes_in_its_place() {
        let home = Home::with(OF_THE_WINDOW);
        let settings = WindowSettings {
            theme: Theme::Light,
            clipboard: Duration::from_secs(30),
            start_profile: Some(LOCAL.to_owned()),
            refresh_in_background: true,
            ..window_of(&home)
        };
        set_window(&home.file(), &settings).unwrap();
        let changed = OF_THE_WINDOW
            .replace("'dark'", "\"light\"")
            .replace("= 60", "= 30")
            .replace("'work'", "\"local\"")
            .replace("= false", "= true");
        assert_eq!(home.text(), changed);
        assert_eq!(window_of(&home), settings);
    }

    #[test]
    fn what_the_window_does_not_change_is_not_written() {
        for text in [OF_THE_WINDOW, WRITTEN_BY_A_PERSON, "window = { }", ""] {
            let home = Home::with(text);
            let settings = window_of(&home);
            set_window(&home.file(), &settings).unwrap();
            assert_eq!(home.text(), text);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        set_window(&path, &WindowSettings::default()).unwrap();
        assert!(!path.exists(), "there is nothing to say");
    }

    #[test]
    fn the_first_setting_of_the_window_makes_the_table_and_the_file() {
        let dark = WindowSettings {
            theme: Theme::Dark,
            ..WindowSettings::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyfob").join("config.toml");
        set_window(&path, &dark).unwrap();
        let table = "[window]\ntheme = \"dark\"\n";
        assert_eq!(fs::read_to_string(&path).unwrap(), table);
        assert!(!Profiles::load(&path).unwrap().says_which());

        let home = Home::with(WRITTEN_BY_A_PERSON);
        set_window(&home.file(), &dark).unwrap();
        assert_eq!(home.text(), format!("{WRITTEN_BY_A_PERSON}\n{table}"));
    }

    #[test]
    fn a_start_that_is_unsaid_leaves_the_words_of_others() {
        let home = Home::with(OF_THE_WINDOW);
        let settings = WindowSettings {
            start_profile: None,
            ..window_of(&home)
        };
        set_window(&home.file(), &settings).unwrap();
        let without = OF_THE_WINDOW.replace("# Most days.\nstart_profile = 'work'\n", "");
        assert_eq!(home.text(), without);

        let (head, last) = OF_THE_WINDOW.split_once("# Most days.\n").unwrap();
        let (said, _) = last.split_once('\n').unwrap();
        for behind in ["", "\n[profiles]\n"] {
            let home = Home::with(&format!("{head}# Most days.\n{said}\n{behind}"));
            let settings = WindowSettings {
                start_profile: None,
                ..window_of(&home)
            };
            set_window(&home.file(), &settings).unwrap();
            let kept = format!("{}\n{behind}", head.trim_end());
            assert_eq!(home.text().trim_end(), kept.trim_end());
        }
    }

    #[test]
    fn settings_of_the_window_are_read_again_however_they_were_written() {
        let every = WindowSettings {
            theme: Theme::Light,
            clipboard: Duration::from_secs(5),
            start_profile: Some("work".to_owned()),
            keep_in: KeepIn::ThisRun,
            refresh_in_background: false,
        };
        for text in [
            "",
            "# Mine.\n",
            OF_THE_WINDOW,
            WRITTEN_BY_A_PERSON,
            "window = { theme = 'dark', start_profile = 'x' } # all\n",
            "window.theme = 'dark'\n\n# Where.\nwindow.start_profile = 'x'\n",
        ] {
            let home = Home::with(text);
            for settings in [&every, &WindowSettings::default(), &every] {
                set_window(&home.file(), settings).unwrap();
                assert_eq!(window_of(&home), *settings, "{text}");
            }
            for comment in ["# Mine.", "# all", "# for now", "# The company's."] {
                assert_eq!(
                    home.text().contains(comment),
                    text.contains(comment),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_removed_profile_is_no_longer_where_the_window_opens() {
        let home = Home::with(&format!("{WRITTEN_BY_A_PERSON}\n{OF_THE_WINDOW}"));
        add(&home.file(), &profile("home")).unwrap();
        remove(&home.file(), "home").unwrap();
        assert_eq!(window_of(&home).start_profile.as_deref(), Some("work"));
        remove(&home.file(), "work").unwrap();
        assert_eq!(window_of(&home).start_profile, None);
        assert!(home.text().contains("# keep_in = 'this-run'"));
    }

    #[test]
    fn what_is_done_to_profiles_leaves_the_window_as_it_is() {
        let home = Home::with(OF_THE_WINDOW);
        let path = home.file();
        add(&path, &profile("home")).unwrap();
        add(&path, &profile("work")).unwrap();
        switch_to(&path, "work").unwrap();
        switch_to(&path, LOCAL).unwrap();
        let settings = OF_THE_WINDOW.split_once("[window]").unwrap().1;
        assert!(home.text().contains(settings), "{}", home.text());
    }

    #[test]
    fn the_bundled_provider_can_be_chosen_before_there_is_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyfob").join("config.toml");
        switch_to(&path, LOCAL).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "profile = \"local\"\n");
        let profiles = Profiles::load(&path).unwrap();
        assert!(profiles.says_which());
        assert_eq!(profiles.in_use(None).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_done_changes_nothing() {
        let home = Home::with(WRITTEN_BY_A_PERSON);
        let path = home.file();
        let unusable = Profile {
            name: "bad".to_owned(),
            provider: ProviderConfig::Oidc(OidcConfig::new("http://issuer.test", "I")),
        };
        let stays = |seconds| WindowSettings {
            clipboard: Duration::from_secs(seconds),
            ..WindowSettings::default()
        };
        for outcome in [
            add(&path, &profile("work")),
            add(&path, &profile("local")),
            add(&path, &profile("a b")),
            add(&path, &unusable),
            can_add(&path, &unusable),
            remove(&path, "nobody"),
            switch_to(&path, "nobody"),
            set_window(&path, &stays(4)),
            set_window(&path, &stays(601)),
            set_window(&path, &stays(u64::MAX)),
        ] {
            outcome.unwrap_err();
            assert_eq!(home.text(), WRITTEN_BY_A_PERSON);
        }
        can_add(&path, &profile("home")).unwrap();
        assert_eq!(home.text(), WRITTEN_BY_A_PERSON);
    }

    #[test]
    fn changes_at_once_lose_nothing() {
        let home = Home::with(WRITTEN_BY_A_PERSON);
        let path = &home.file();
        for number in 0..8 {
            add(path, &profile(&format!("old-{number}"))).unwrap();
        }
        std::thread::scope(|scope| {
            for number in 0..8 {
                scope.spawn(move || add(path, &profile(&format!("new-{number}"))).unwrap());
                scope.spawn(move || remove(path, &format!("old-{number}")).unwrap());
            }
            scope.spawn(|| switch_to(path, LOCAL).unwrap());
            let dark = WindowSettings {
                theme: Theme::Dark,
                ..WindowSettings::default()
            };
            scope.spawn(move || set_window(path, &dark).unwrap());
        });
        let profiles = Profiles::load(path).unwrap();
        let new = (0..8).map(|number| format!("new-{number}"));
        let expected: Vec<String> = new.chain(["work".to_owned()]).collect();
        assert!(profiles.names().eq(&expected), "{}", home.text());
        assert_eq!(profiles.in_use(None).unwrap(), None);
        assert_eq!(profiles.window().theme, Theme::Dark);
        assert_eq!(fs::read_dir(home.0.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_behind_a_link_is_replaced_there_with_its_permissions() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let home = Home::with(WRITTEN_BY_A_PERSON);
        let real = home.0.path().join("real.toml");
        fs::rename(home.file(), &real).unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&real, home.file()).unwrap();
        add(&home.file(), &profile("home")).unwrap();
        assert!(home.file().is_symlink());
        assert!(
            fs::read_to_string(&real)
                .unwrap()
                .contains("[profiles.home]")
        );
        let mode = fs::metadata(&real).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
