//! What templates know, what they may do, and what not.

use crate::support::{KEY, filled};

#[test]
fn templates_know_the_node_and_the_action() {
    for (template, expected) in [
        ("{{ node.hostname }}.{{ node.domain }}", "r1n01.yard.example.net"),
        ("{{ node.tags | join(',') }}", "control,yard"),
        ("{{ node.labels.role }} {{ node.labels['site'] }}", "control yard"),
        ("{% for k, v in node.labels.items() %}{{ k }}={{ v }};{% endfor %}", "site=yard;role=control;"),
        ("{{ node.network.mgmt.ip }} {{ node.network.mgmt.cidr }}", "10.30.0.21 10.30.0.0/24"),
        ("{{ node.network.default.dns_suffix }}", "yard.example.net"),
        ("{{ node.network.pxe is defined }}", "False"),
        (
            "{% for name in node.interfaces %}{{ name }} {{ node.interfaces[name].sriov }};{% endfor %}",
            "pxe False;mgmt False;",
        ),
        // Without an inventory of the server devices have the names that documents have for them.
        ("{{ node.interfaces.mgmt.slaves | join(',') }} {{ node.devices.bootdisk }}", "nic2 bootdisk"),
        ("{{ action.action_id }}", "01JD6QM000AG3S77C8NJA8EAHW"),
        ("{{ action.action_key }}", KEY),
        ("{{ action.report_url }}", "http://drydock:9000/api/v1.0/bootactions/"),
        ("{{ action.design_ref | urlencode }}", "file%3A///etc/drydock/my%20site.yaml"),
    ] {
        assert_eq!(filled(template).unwrap(), expected, "{template}");
    }
}

#[test]
fn templates_read_as_jinja2_reads_them() {
    for (template, expected) in [
        // One newline at the end goes, and line ends are those of Unix.
        ("a\n\n", "a\n"),
        ("a\r\nb", "a\nb"),
        // What is not defined is nothing; but nothing has no parts.
        ("[{{ node.nothing }}]", "[]"),
        ("{{ node.nothing | default('x') }}", "x"),
        // Nothing is escaped.
        ("{{ '<a & b>' }}", "<a & b>"),
        ("{{ 'a b/c~d=é' | urlencode }}", "a%20b/c~d%3D%C3%A9"),
        ("{{ {'a b': 'c/d', 'e': 1} | urlencode }}", "a+b=c%2Fd&e=1"),
        ("{{ [['a', 'b c']] | urlencode }}", "a=b+c"),
        ("{{ 'a\nb\n\nc' | indent(2) }}", "a\n  b\n\n  c"),
        ("{{ 'a\nb' | indent(width=1, first=True) }}", " a\n b"),
        ("{{ 'Abc'.upper() }} {{ 'a,b'.split(',')[1] }}", "ABC b"),
        ("{{ 'abcabc' | replace('b', 'xy') }} {{ 'aab'.replace('a', '', 1) }}", "axycaxyc ab"),
        (
            "{{ [1, 'a', none] | join('-') }} {{ 'abc' | join(',') }} {{ ', '.join(['x', 'y']) }}",
            "1-a-None a,b,c x, y",
        ),
        ("{{ [{'a': 1}, {'a': 2}] | join(', ', attribute='a') }} {{ [1, 2] | join(d='+') }}", "1, 2 1+2"),
        ("[{{ none | join(',') }}]", "[]"),
        ("{{ '{:>5}|{}|{{{}}}'.format('x', 7, 8) }} {{ '12345 {}'.format(1) }}", "    x|7|{8} 12345 1"),
        ("{% if 'control' in node.tags and not false %}yes{% endif %}", "yes"),
        ("{% set x = 1 %}{{ x + 1 }} {{ True }} {{ none }}", "2 True None"),
        ("{{ {'a': [1, 'x']} | tojson }}", r#"{"a": [1, "x"]}"#),
        ("{#- gone -#} {% raw %}{{ kept }}{% endraw %}", "{{ kept }}"),
    ] {
        assert_eq!(filled(template).unwrap(), expected, "{template}");
    }
}

#[test]
fn templates_may_do_nothing_else() {
    const ENDLESS: &str =
        "{% for a in range(9999) %}{% for b in range(9999) %}{{ b }}{% endfor %}{% endfor %}";
    const LONG: &str = "{% for a in range(1000) %}{{ 'x' * 9000 }}{% endfor %}";
    for (template, expected) in [
        ("{% include '/etc/passwd' %}", "line 1: a template of a boot action stands alone"),
        ("\n{% extends 'base' %}", "line 2: a template of a boot action stands alone"),
        ("{% import 'x' as y %}", "a template of a boot action stands alone"),
        (ENDLESS, "it computes too much"),
        (LONG, "the content has more than 4194304 bytes"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "recursion"),
        ("{{ 'x' * 999999999999 }}", "too large"),
        ("{{ '{:>99999999999999}'.format('x') }}", "a format has widths of three digits"),
        ("{{ '{:>{}}'.format('x', 99999999999) }}", "a format has widths of three digits"),
        ("{{ '{{{:>99999}}}'.format('x') }}", "a format has widths of three digits"),
        // Each of these would be terabytes.
        ("{% set s = 'x' * 4000000 %}{{ s | replace('', s) }}", "a text gets longer"),
        ("{% set s = 'x' * 4000000 %}{{ s.replace('x', s) }}", "a text gets longer"),
        ("{% set s = 'x' * 4000000 %}{{ range(99999) | join(s) }}", "a text gets longer"),
        ("{% set s = 'x' * 4000000 %}{{ s.join([s] * 99999999) }}", "a text gets longer"),
        ("{% set s = 'x' * 4000000 %}{{ ([s] * 99999) | join | length }}", "a text gets longer"),
        ("{{ ('\n' * 4000000) | indent(200, blank=true) }}", "a text gets longer"),
        ("{{ 'x' | indent(999999999) }}", "cannot indent by more than 200"),
        ("{{ [1] | tojson(indent=999999999) }}", "cannot indent by more than 200"),
        ("{{ [1] | batch(999999999, 0) }}", "batch"),
        ("{{ debug() }}", "debug"),
        ("{{ node.nothing.more }}", "undefined"),
        ("{{ '' | no_such_filter }}", "no_such_filter"),
        ("{{ ''.__class__ }}{{ ''.__class__.__mro__ }}", "undefined"),
        ("{% if %}", "syntax error"),
        ("{{ action.action_key.no_method() }}", "no_method"),
        ("{{ action.action_key + 1 }}", ""),
    ] {
        let error = filled(template).unwrap_err();
        let stage = "boot action one, asset /a, data_pipeline[1] template: ";
        let told = error.strip_prefix(stage).unwrap_or_else(|| panic!("{template}: {error}"));
        assert!(told.contains(expected), "{template}: {error}");
        assert!(!error.contains(KEY), "{template}: {error}");
    }
}
