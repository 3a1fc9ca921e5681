//! Templates that are filled in by a process of their own: the same outcome as within one's own, and an error where that would have ended.

use std::path::Path;

use drydock_core::boot_action::{
    ActionContext, ActionId, Fetched, RenderError, RenderProblem, Renderer, TemplateFiller,
};
use drydock_core::design::Site;
use drydock_core::ingest::{SourceFile, ingest};
use drydock_core::{NodeName, SecretString};
use drydock_server::templates::ChildProcess;

use crate::program::{Ended, run, site, text};

/// What templates are too hungry, too deep or too slow, each with what is told of it. The fuel of none of them runs out.
pub(crate) const HOSTILE: [(&str, &str); 6] = [
    (
        "{% set ns = namespace(t='x') %}{% for i in range(50) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}{{ ns.t | length }}",
        "256 MiB of memory",
    ),
    (
        "{% set ns = namespace(l=['x' * 100000]) %}{% for i in range(60) %}{% set ns.l = (ns.l + ns.l) | map('trim') | list %}{% endfor %}{{ ns.l | length }}",
        "256 MiB of memory",
    ),
    (
        "{% set ns = namespace(t='x') %}{% for i in range(50) %}{% set t %}{{ ns.t }}{{ ns.t }}{% endset %}\
         {% set ns.t = t %}{% endfor %}{{ ns.t | length }}",
        "256 MiB of memory",
    ),
    (
        "{% set ns = namespace(l=[]) %}{% for i in range(25000) %}{% set ns.l = [[[[[[ns.l]]]]]] %}{% endfor %}{{ ns.l | length }}",
        "nested too deeply",
    ),
    ("{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}", "nested too deeply"),
    (
        "{% set t = 'x' * 4000000 %}{% for i in range(30000) %}{% set u = t | upper %}{% endfor %}{{ u | length }}",
        "computes for more than 2 s",
    ),
];

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// What each of these comes to is the same wherever it is filled in, also when it comes to an error.
const ALIKE: [&str; 46] = [
    "{{ node }}",
    "{{ action }}",
    "{{ node | tojson }}",
    "{{ node | tojson(indent=2) }} {{ action.action_id }} {{ action.action_key }} {{ action.report_url }}",
    "{% for key in node %}{{ key }} {% endfor %}",
    "{% for k, v in node.labels.items() %}{{ k }}={{ v }};{% endfor %}{{ node.labels.keys() | list }}",
    "{% for name, net in node.network | items %}{{ name }} {{ net }};{% endfor %}{{ node.network.mgmt.values() | list }}",
    "{% for name in node.interfaces %}{{ name }}: {{ node.interfaces[name] }};{% endfor %}",
    "{{ node.interfaces.pxe.vf_count + 1 }} {{ node.interfaces.pxe.vf_count / 3 }} {{ node.interfaces.pxe.vf_count is integer }}",
    "{{ node.interfaces.pxe.trustedmode }} {{ not node.interfaces.pxe.sriov }} {{ node.interfaces.mgmt.sriov is boolean }}",
    "{{ node.interfaces.mgmt.vf_count is defined }} [{{ node.interfaces.mgmt.vf_count }}]",
    "{{ node.interfaces.pxe.vf_count == 7.0 }} {{ node.interfaces.pxe.vf_count // 2 }} {{ node.interfaces.pxe.vf_count ** 30 }}",
    "{{ node.tags is sequence }} {{ node.tags is mapping }} {{ node.labels is mapping }} {{ node.hostname is string }}",
    "{{ node.tags | sort | join(',') }} {{ node.tags[0] }} {{ node.tags[-1] }} {{ node.tags[1:] }} {{ node.tags | length }}",
    "{{ node.tags + ['x'] }} {{ node.tags == ['control', 'yard'] }} {{ 'yard' in node.tags }}",
    "{{ node.labels | dictsort }} {{ node.labels | length }} {{ node.labels.get('none', 'd') }} {{ node.labels.site.upper() }}",
    "{{ node.labels.unicode }} {{ node.labels.unicode | upper }} {{ node.labels.unicode | length }} {{ node.labels.unicode | tojson }}",
    "{{ node.labels.quotes }} {{ node.labels.quotes | tojson }} {{ node.labels.quotes.split('\\n') }}",
    "{{ node.labels.number + 1 }}",
    "{{ node.labels.number | int + 1 }} {{ node.labels.number | float }} {{ node.labels.yes }}",
    "{{ 0.1 + 0.2 }} {{ 1e300 * 10 }} {{ 1e300 * 1e300 }} {{ -0.0 }} {{ 3.0 }} {{ 7 / 2 }} {{ 1.5 | round }} {{ 1e16 }} {{ 5e-324 }}",
    "{{ 9223372036854775807 + 1 }} {{ 18446744073709551615 }} {{ 170141183460469231731687303715884105727 }} {{ -7 // 2 }} {{ -7 % 3 }}",
    "{{ {'b': 1, 'a': [1.5, none, true, {'é': '\u{1F40B}'}]} | tojson }} {{ {'b': 1, 'a': 2} }}",
    "é \u{1F40B} \u{0} \u{7f} \u{2028} \\u0000 \\ \" '\r\nx\ry\tz\n\n",
    "{{ '\\u0041\\n\\x41' }} {{ '<a & b>' }} {{ '<a>' | escape }} {{ '<a>' | safe }}",
    "[{{ node.nothing }}] {{ node.nothing | default('x') }} {{ node.nothing is defined }} {{ nothing }}",
    "{{ node.nothing.more }}",
    "\n\n{{ node.hostname.nothing() }}",
    "{{ action.action_key.no_method() }}",
    "{{ action.action_key | no_filter }}",
    "{{ action.action_key + 1 }}",
    "{{ action.action_key | int }}",
    "{% if %}",
    "{{ 'é' }}\n{% for x in %}",
    "{% include '/etc/passwd' %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% for a in range(9999) %}{% for b in range(9999) %}{{ b }}{% endfor %}{% endfor %}",
    "{% for a in range(1000) %}{{ 'x' * 9000 }}{% endfor %}",
    "{{ '\u{1}' * 4194304 }}",
    "{{ 'x' * 4194305 }}",
    "{{ ('\u{1F40B}' * 5000) | int }}",
    "{% set s = 'x' * 4000000 %}{{ s | replace('', s) }}",
    "{{ '{:>5}|{:<4}|{:^7}|{:08.3f}'.format('x', 7, 'mid', 3.14159) }} {{ '%s' }}",
    "{{ 1 / 0 }}",
    "{{ node.tags.append('x') }}",
    "",
];

fn two_racks(actions: &str) -> Site {
    let racks = include_str!("../fixtures/sites/two-racks.yaml");
    let sriov = "slaves: [nic1], networks: [pxe], sriov: {vf_count: 7, trustedmode: true}}";
    let racks = racks.replacen("slaves: [nic1], networks: [pxe]}", sriov, 1);
    assert!(racks.contains(sriov));
    let labels = "owner_data: {unicode: 'Straße \u{1F40B}', quotes: \"a\\\"b'c\\\\\\nd\\te\", number: '12', yes: 'true', ";
    let racks = racks.replace("owner_data: {", labels);
    assert!(racks.contains(labels));
    let files = [("two-racks.yaml", racks.as_bytes()), ("actions.yaml", actions.as_bytes())];
    let files = files.map(|(name, bytes)| SourceFile { name, bytes });
    Site::new(ingest(&files).unwrap().design).unwrap()
}

/// A boot action whose one file is this template.
fn action(template: &str) -> String {
    // YAML takes a DEL only as an escape.
    let quoted = serde_json::to_string(template).unwrap().replace('\u{7f}', "\\u007f");
    format!(
        "schema: drydock/BootAction/v1\nmetadata: {{name: one}}\ndata:\n  assets:\n  - {{type: file, path: /a, data: {quoted}, \
         data_pipeline: [utf8_decode, template]}}\n"
    )
}

/// What a template comes to on `r1n01`; by whom nobody says, within this process.
fn filled(template: &str, filler: Option<&dyn TemplateFiller>) -> Result<Vec<u8>, RenderError> {
    let (site, key) = (two_racks(&action(template)), SecretString::from(KEY));
    let node = site.node(&NodeName::new("r1n01").unwrap()).unwrap();
    let renderer = Renderer::new(&site, node, |_| ActionContext {
        id: ActionId::NONE,
        key: &key,
        report_url: "http://drydock:9000/api/v1.0/bootactions/",
        design_ref: "file:///etc/drydock/my site.yaml",
    });
    let renderer = match filler {
        Some(filler) => renderer.by(filler),
        None => renderer,
    };
    renderer.files(&Fetched::new()).map(|files| files.into_iter().next().unwrap().content)
}

fn drydock() -> ChildProcess {
    ChildProcess::new(env!("CARGO_BIN_EXE_drydock").into())
}

#[test]
fn a_template_comes_to_the_same_here_and_in_a_process_of_its_own() {
    let drydock = drydock();
    let (mut fine, mut wrong) = (0, 0);
    for template in ALIKE {
        let (here, there) = (filled(template, None), filled(template, Some(&drydock)));
        assert!(here == there, "{template}: {here:?}\n{there:?}");
        match here {
            Ok(_) => fine += 1,
            Err(error) => {
                wrong += 1;
                let error = error.to_string();
                assert!(!error.contains(KEY) && error.len() < 3000, "{template}: {error}");
            }
        }
    }
    assert!(fine > 20 && wrong > 12, "{fine} are fine and {wrong} wrong");
}

#[test]
fn many_templates_are_filled_in_at_once() {
    let drydock = drydock();
    std::thread::scope(|scope| {
        let fillings: Vec<_> = (0..12)
            .map(|number| {
                let drydock = &drydock;
                scope.spawn(move || {
                    filled(&format!("{{{{ node.hostname }}}} {number}"), Some(drydock)).unwrap()
                })
            })
            .collect();
        for (number, filling) in fillings.into_iter().enumerate() {
            assert_eq!(String::from_utf8(filling.join().unwrap()).unwrap(), format!("r1n01 {number}"));
        }
    });
}

#[test]
fn a_program_that_fills_in_nothing_is_told_and_may_be_tried_again() {
    for (program, expected) in [
        ("/no/such/program", "cannot start /no/such/program for it"),
        ("/bin/false", "the process that does it"),
        ("/bin/echo", "/bin/echo gave no answer that can be read"),
    ] {
        let error = filled("x", Some(&ChildProcess::new(program.into()))).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.problem.is_passing() && matches!(error.problem, RenderProblem::NoFiller(_)), "{error}");
    }
}

fn render(folder: &Path, site: &Path, template: &str) -> Ended {
    let path = folder.join("action.yaml");
    std::fs::write(&path, action(template)).unwrap();
    run(&["design", "render", "r1n01", "one", "--design", text(site), "--design", text(&path)])
}

#[test]
fn a_template_that_takes_too_much_is_an_error_of_render() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(folder.path());
    for (template, expected) in HOSTILE {
        let ended = render(folder.path(), &site, template);
        assert_eq!(ended.code, Some(1), "{template}: {ended:?}");
        let place = "boot action one, asset /a, data_pipeline[1] template: the template was stopped: ";
        assert!(ended.stderr.contains(place) && ended.stderr.contains(expected), "{template}: {ended:?}");
    }
    let ended = render(folder.path(), &site, "on {{ node.hostname }}");
    assert!(ended.code == Some(0) && ended.stdout.contains("\non r1n01\n"), "{ended:?}");
}

#[test]
fn the_command_that_fills_in_is_no_command_for_people() {
    let ended = run(&["fill-template"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.is_empty() && ended.stderr.contains("standard input holds no job"), "{ended:?}");
    assert!(!run(&["--help"]).stdout.contains("fill-template"));
}
