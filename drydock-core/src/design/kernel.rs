//! Kernel parameters: references to the hardware profile, and the command line that they come to.

use indexmap::IndexMap;

use super::HardwareProfile;

const REFERENCE: &str = "hardwareprofile:";

/// What a parameter's value stands for, if it refers to the hardware profile: `hardwareprofile:cpuset.<set>`,
/// `hardwareprofile:hugepages.<set>.size` and `.count`. None if it is no reference, or one that leads nowhere.
fn referred(value: &str, profile: &HardwareProfile) -> Option<String> {
    let reference = value.strip_prefix(REFERENCE)?;
    if let Some(set) = reference.strip_prefix("cpuset.") {
        return profile.cpu_sets.get(set).cloned();
    }
    let (set, field) = reference.strip_prefix("hugepages.")?.rsplit_once('.')?;
    let pages = profile.hugepages.get(set)?;
    match field {
        "size" => pages.size.clone(),
        "count" => pages.count.map(|count| count.to_string()),
        _ => None,
    }
}

/// The parameters with all references replaced that lead somewhere; others stay as written.
pub(super) fn resolved(
    mut params: IndexMap<String, String>,
    profile: Option<&HardwareProfile>,
) -> IndexMap<String, String> {
    let Some(profile) = profile else { return params };
    for value in params.values_mut() {
        if let Some(found) = referred(value, profile) {
            *value = found;
        }
    }
    params
}

/// The parameters as one line, as a boot loader passes them: `hugepagesz=1G hugepages=300 quiet console=ttyS2`.
/// The size of huge pages stands before their number, or the kernel would count pages of another size.
pub(super) fn command_line(params: &IndexMap<String, String>) -> String {
    const FIRST: [&str; 2] = ["hugepagesz", "hugepages"];
    let first = FIRST.into_iter().filter_map(|key| params.get_key_value(key));
    let rest = params.iter().filter(|(key, _)| !FIRST.contains(&key.as_str()));
    let words = first.chain(rest).map(|(key, value)| match value.as_str() {
        "True" => key.clone(),
        _ => format!("{key}={value}"),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(words: &[(&str, &str)]) -> IndexMap<String, String> {
        words.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_command_line_has_flags_and_huge_pages_first() {
        for (words, expected) in [
            (&[][..], ""),
            (&[("quiet", "True"), ("console", "ttyS2")], "quiet console=ttyS2"),
            (&[("a", "1"), ("hugepages", "300"), ("hugepagesz", "1G")], "hugepagesz=1G hugepages=300 a=1"),
            (&[("a", "False"), ("hugepages", "6")], "hugepages=6 a=False"),
        ] {
            assert_eq!(command_line(&params(words)), expected);
        }
    }
}
