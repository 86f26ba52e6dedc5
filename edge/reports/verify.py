"""Prove an incident bundle 警情档案包 without the hub: `python3 verify.py [FOLDER or ZIP]`, Python's own library only.

It shows that no byte of a file differs from the manifest, that the facts of the journal extract hash into the links of
its chain, that none in between is missing, that people's words are those that were hashed (erased ones are named), and
that alarms, orders and all other cases of the bundle are what their last facts say. What it cannot show without the
hub is that the first link is the journal's own: compare the two anchors it prints with the hub's journal.

Exit 0: all fits. 1: something does not. 2: there is nothing to check.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

Files = dict[str, bytes]

MANIFEST = "manifest.json"
FACTS = "journal/facts.jsonl"
CHAIN = "journal/chain.json"
CASES = "cases.json"
_SHA = re.compile(r"[0-9a-f]{64}")


def verify(files: Files) -> tuple[list[str], list[str]]:
    """(problems, notes) of a bundle, one sentence each. files: name -> bytes."""
    problems: list[str] = []
    notes: list[str] = []
    try:
        manifest = json.loads(files[MANIFEST])
        listed = dict(manifest["files"])
        whole = {key: value for key, value in manifest.items() if key != "seal"}
        if manifest["seal"] != _seal(whole) or files[MANIFEST] != dumped(manifest):
            problems.append("manifest.json was altered: its seal does not fit")
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        return [f"manifest.json is missing or cannot be read ({error})"], notes
    notes.append(f"seal {manifest['seal']} over {len(listed)} files")
    strange = sorted(files.keys() - listed.keys() - {MANIFEST})
    problems += [f"{name}: the file is missing" for name in sorted(listed.keys() - files.keys())]
    problems += [f"{name}: the file does not belong to the bundle" for name in strange]
    problems += [
        f"{name}: differs from what was exported"
        for name in sorted(listed.keys() & files.keys())
        if hashlib.sha256(files[name]).hexdigest() != listed[name]
    ]
    try:
        facts = _chain(files, problems, notes)
        _cases(files, facts, problems, notes)
        _photos(files, facts, problems, notes)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        problems.append(f"the bundle cannot be read ({type(error).__name__}: {error})")
    return problems, notes


def dumped(value: Any) -> bytes:
    """JSON as the bundle's files are written."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def seal(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest with its own hash."""
    return {**manifest, "seal": _seal(manifest)}


def _seal(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(dumped(manifest)).hexdigest()


def _chain(files: Files, problems: list[str], notes: list[str]) -> list[dict[str, Any]]:
    """Facts by number, after their hashes were checked."""
    chain = json.loads(files[CHAIN])
    facts = [json.loads(line) for line in files[FACTS].decode().splitlines()]
    previous, at, erased, withheld = bytes.fromhex(chain["before"]), 0, 0, 0
    after = None
    for first, last, expected in chain["links"]:
        digest = hashlib.sha256(previous)
        if after is not None and first != after + 1:
            notes.append(
                f"facts {after + 1} to {first - 1} never reached the journal; the chain goes on without them"
            )
        begun = at
        while at < len(facts) and first <= facts[at]["number"] <= last:
            digest.update(_row(facts[at]))
            at += 1
        if digest.hexdigest() != expected:
            problems.append(
                f"journal: facts {first} to {last} do not fit their link of the chain ({at - begun} found)"
            )
        previous, after = bytes.fromhex(expected), last
    if at != len(facts):
        problems.append(f"journal: {len(facts) - at} facts stand outside of the chain")
    for fact in facts:
        withheld += bool(fact.get("withheld"))
        own = fact.get("words")
        said = {"salt": fact["salt"], "text": fact["text"]} if "text" in fact else None
        for shown, known in ((said, fact["note"]), (own, _hashed(json.loads(fact["body"])))):
            if shown is None:
                erased += known is not None and not fact.get("withheld")
            elif _salted(shown) != known:
                problems.append(f"journal: the words of fact {fact['number']} are not those that were hashed")
    notes.append(
        f"{len(facts)} facts in {len(chain['links'])} links, {erased} with erased words, "
        f"{withheld} with words that belong to other matters"
    )
    if chain["links"]:
        ends = chain["links"][0][0], chain["links"][-1][1]
        notes.append(
            f"anchors: {chain['before']} before fact {ends[0]}, {previous.hex()} after fact {ends[1]}"
        )
    return facts


def _salted(words: dict[str, str]) -> str:
    return hashlib.sha256(bytes.fromhex(words["salt"]) + words["text"].encode()).hexdigest()


def _hashed(body: dict[str, Any]) -> str | None:
    """The hash of the words that were taken out of a body."""
    known = body.get("words")
    return known if isinstance(known, str) and _SHA.fullmatch(known) else None


def _row(fact: dict[str, Any]) -> bytes:
    """A fact as the journal's chain hashes it; its body is the canonical JSON itself."""
    return (
        f'{{"body":{fact["body"]},"by":{json.dumps(fact["by"])},"kind":{json.dumps(fact["kind"])},'
        f'"note":{json.dumps(fact["note"])},"seq":"{fact["epoch"]}-{fact["number"]}",'
        f'"subject":{json.dumps(fact["subject"])},"time":{fact["time"]}}}\n'
    ).encode()


def _cases(files: Files, facts: list[dict[str, Any]], problems: list[str], notes: list[str]) -> None:
    """Each alarm and case is the body of the last fact about it."""
    last: dict[tuple[str, str], Any] = {}
    for fact in facts:
        body = json.loads(fact["body"])
        if "id" in body:
            own = json.loads(fact["words"]["text"]) if "words" in fact else {}
            bare = {key: value for key, value in body.items() if key != "words" or _hashed(body) is None}
            last[fact["subject"], body["id"]] = {**bare, **own}
    shown, lost = json.loads(files[CASES]), set(json.loads(files[CHAIN])["lost"])
    proved = 0
    for subject, bodies in shown.items():
        for body in bodies:
            told, name = last.get((subject, body["id"])), f"{subject} {body['id']}"
            if told is None:
                notes.append(f"{name}: no fact of the extract tells of it, it is shown unproved")
            elif told != body and not lost.isdisjoint({body["id"], f"{subject}/{body['id']}"}):
                notes.append(f"{name}: its last facts never reached the journal, it is shown unproved")
            elif told != body:
                problems.append(f"{name}: differs from what its last fact says")
            else:
                proved += 1
    notes.append(f"{proved} alarms and cases are what their last facts say")


def _photos(files: Files, facts: list[dict[str, Any]], problems: list[str], notes: list[str]) -> None:
    """Each photo is the one whose hash stands in the facts."""
    known: set[str] = set()
    for fact in facts:
        known.update(_SHA.findall(fact["body"]))
    photos = [name for name in files if name.startswith("photos/")]
    told = {name: hashlib.sha256(files[name]).hexdigest() in known for name in photos}
    problems += [f"{name}: no fact tells of this picture" for name in photos if not told[name]]
    notes.append(f"{len(photos)} photos")


def read(path: Path) -> Files:
    """The files of a bundle, name -> bytes, from a folder or a .zip; ValueError when it is neither."""
    if path.is_dir():
        return {
            found.relative_to(path).as_posix(): found.read_bytes()
            for found in sorted(path.rglob("*"))
            if found.is_file() and "__pycache__" not in found.parts
        }
    try:
        with zipfile.ZipFile(path) as bundle:
            names = bundle.namelist()
            # Of two files of one name a reader shows one and another reader the other.
            twice = {f"{name} (again)": b"" for name in names if names.count(name) > 1}
            return {name: bundle.read(name) for name in names if not name.endswith("/")} | twice
    except (OSError, zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"{path} is no whole bundle: {error}") from error


def main(arguments: list[str]) -> int:
    """Check the bundle in the folder of this script, or the folder or .zip that is named."""
    path = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    try:
        files = read(path)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if not files:
        sys.stderr.write(f"{path}: nothing to check\n")
        return 2
    problems, notes = verify(files)
    result = "DOES NOT FIT / 校验不通过" if problems else "FITS / 校验通过"
    sys.stdout.writelines(
        f"{line}\n" for line in (*notes, *(f"!! {problem}" for problem in problems), result)
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
