#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""manual.py BUILD_DIR: the manual pages and the programs' --help name the same verbs, words and
options, both ways; chock-state(5) has every file of the state directory; every page has its sections
in order, and mandoc finds nothing wrong with it."""

import os
import re
import subprocess
import sys
import unittest

import command_lines

_PAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../man")
_LAYOUT = os.path.join(_PAGES, "../../common/state/layout.h")
_SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "FILES", "SIGNALS", "EXIT STATUS",
             "ENVIRONMENT", "EXAMPLES", "DETAILED OPERATION", "SEE ALSO"]
# What scdoc writes whatever the source says: a paragraph too many around every heading and list,
# lines as long as the source's, and the page's name as it is spelt.
_SCDOCS_OWN = re.compile("skipping paragraph macro|input text line longer than 80 bytes"
                         "|lower case character in document title")
BUILD = sys.argv.pop(1) if len(sys.argv) > 1 else "build/release"


def _read(page):
    with open(os.path.join(_PAGES, page + ".scd"), encoding="utf-8") as file:
        return file.read().replace("\\_", "_")


def _options_of(text):
    """{("-b", "--bundle"): "DIR"} of lines like `*-b*, *--bundle* _DIR_`."""
    options = {}
    for line in text.splitlines():
        if line.startswith("*-"):
            names = tuple(re.findall(r"\*(-[^*]+)\*", line))
            label = re.search(r"\*(?: |\[=)_([^ ]+)_", line)
            options[names] = label.group(1) if label else ""
    return options


def _names_in_state_directories():
    with open(_LAYOUT, encoding="utf-8") as file:
        paragraphs = file.read().split("\n\n")
    return {name for paragraph in paragraphs
            if not re.match(r"// In a (bundle|checkpoint's directory)\.", paragraph)
            for name in re.findall(r'^inline constexpr char \w+\[\] = "(.+?)";', paragraph, re.M)}


def _program(name):
    return os.path.join(BUILD, name)


class Manual(unittest.TestCase):
    maxDiff = None

    def test_chock(self):
        parts = re.split(r"^## chock (.+)$", _read("chock.1").split("\n# FILES")[0], flags=re.M)
        documented = {}
        for heading, text in zip(parts[1::2], parts[2::2]):
            name, _, words = heading.partition(" [OPTIONS]")
            documented[name] = (words.strip(), _options_of(text))
        chock = command_lines.Chock(_program("chock"))
        self.assertEqual(_options_of(parts[0]), chock.global_options)
        self.assertEqual(sorted(documented), sorted(chock.verbs))
        for name, described in documented.items():
            with self.subTest(verb=name):
                self.assertEqual(described, chock.verbs[name])

    def test_chock_shim(self):
        text = _read("chock-shim.8")
        words, options = command_lines.shim_usage(_program("chock-shim"))
        self.assertIn("*chock-shim* " + " ".join(f"_{word}_" for word in words), text)
        self.assertEqual(_options_of(text), options)
        for names in _options_of(text):
            for name in names:
                with self.subTest(option=name):
                    subprocess.run([_program("chock-shim"), name], check=True,
                                   stdout=subprocess.DEVNULL)

    def test_chock_containerd(self):
        documented = {tuple(sorted(names, key=len)) for names in
                      _options_of(_read("chock-containerd.8"))}
        self.assertEqual(documented, command_lines.containerd_flags(_program("chock-containerd")))

    def test_chock_state(self):
        files = re.search(r"^# FILES\n(.*?)^# ", _read("chock-state.5"), re.M | re.S).group(1)
        described = {name.rstrip("/") for line in re.findall(r"^_.*_$", files, re.M)
                     for name in re.findall(r"_([^ _]+)_", line)}
        names = _names_in_state_directories()
        self.assertIn("shim.lock", names)
        self.assertLessEqual(names, described)

    def test_sections(self):
        for page in _pages():
            with self.subTest(page=page):
                self.assertEqual(re.findall(r"^# (.+)$", _read(page), re.M), _SECTIONS)

    def test_lint(self):
        for page in _pages():
            with self.subTest(page=page), open(f"{_PAGES}/{page}.scd", "rb") as source:
                roff = subprocess.run(["scdoc"], stdin=source, check=True, stdout=subprocess.PIPE)
                lint = subprocess.run(["mandoc", "-Tlint"], input=roff.stdout, check=False,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                found = [line for line in lint.stdout.decode().splitlines()
                         if not _SCDOCS_OWN.search(line)]
                self.assertEqual(found, [])


def _pages():
    pages = sorted(name.removesuffix(".scd") for name in os.listdir(_PAGES))
    assert pages, f"no pages in {_PAGES}"
    return pages


if __name__ == "__main__":
    unittest.main()
